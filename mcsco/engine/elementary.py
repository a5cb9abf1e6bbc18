"""log2, exp2, sine and cosine in single precision, as polynomials that vectorise (a call into libm does not)."""

import numpy as np
from numba import float32, int32

from mcsco.engine.jit import inlined

# Chebyshev interpolants on the interval of the reduced argument: relative error 2.9e-8 and 2.5e-9.
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8 = (
    np.float32(c)
    for c in (
        1.4426950408889627,
        -0.7213465601474617,
        0.480897471050972,
        -0.36078819064253514,
        0.2886433725062964,
        -0.23681147191366494,
        0.20278251230186953,
        -0.2220923951464119,
        0.1983461732310564,
    )
)
_E1, _E2, _E3, _E4, _E5, _E6 = (
    np.float32(c)
    for c in (
        0.6931472067028329,
        0.24022650922289554,
        0.05550327226669895,
        0.00961805667843204,
        0.0013400428177711937,
        0.00015461444724808513,
    )
)
# Of sin(2πt)/t and cos(2πt) in t² for |t| ≤ 1/4: errors 1.1e-10 and 7.5e-13.
_S0, _S1, _S2, _S3, _S4, _S5 = (
    np.float32(c)
    for c in (
        6.283185307072258,
        -41.341702116741764,
        81.6052261738358,
        -76.70427986968328,
        42.00977921610078,
        -14.39396588007609,
    )
)
_C1, _C2, _C3, _C4, _C5, _C6 = (
    np.float32(c)
    for c in (
        -19.739208800999542,
        64.93939372062428,
        -85.45678817841585,
        60.24331181762473,
        -26.394948750734322,
        7.536600657871792,
    )
)
_ONE, _HALF = np.float32(1.0), np.float32(0.5)
_TWO_THIRDS_BITS, _ONE_BITS = np.int32(0x3F2AAAAB), np.int32(127)


@inlined
def log2(x):
    """Base-2 logarithm of a positive normal float32."""
    bits = np.float32(x).view(np.int32)
    exponent = int32(int32(bits - _TWO_THIRDS_BITS) >> int32(23))
    mantissa = np.int32(bits - int32(exponent << int32(23))).view(np.float32)  # in [2/3, 4/3)
    t = float32(mantissa - _ONE)
    p = float32(_L8 * t + _L7)
    p = float32(p * t + _L6)
    p = float32(p * t + _L5)
    p = float32(p * t + _L4)
    p = float32(p * t + _L3)
    p = float32(p * t + _L2)
    p = float32(p * t + _L1)
    p = float32(p * t + _L0)
    return float32(float32(p * t) + float32(exponent))


@inlined
def exp2_negative(x):
    """2^x for a float32 x ≤ 0; below −126 it stays at 2^−126."""
    y = float32(max(x, float32(-126.0)))
    whole = int32(float32(y - _HALF))  # truncation towards zero rounds a negative number to the nearest integer
    f = float32(y - float32(whole))
    p = float32(_E6 * f + _E5)
    p = float32(p * f + _E4)
    p = float32(p * f + _E3)
    p = float32(p * f + _E2)
    p = float32(p * f + _E1)
    p = float32(p * f + _ONE)
    scale = np.int32(int32(whole + _ONE_BITS) << int32(23)).view(np.float32)
    return float32(p * scale)


@inlined
def turn(t):
    """(sin 2πt, cos 2πt) for a float32 t in [−1/2, 1/2]."""
    half_turns = int32(float32(float32(2.0) * t) + (_HALF if t >= float32(0.0) else float32(-0.5)))
    x = float32(t - float32(_HALF * float32(half_turns)))
    sign = float32(1.0) if half_turns == int32(0) else float32(-1.0)
    y = float32(x * x)
    s = float32(_S5 * y + _S4)
    s = float32(s * y + _S3)
    s = float32(s * y + _S2)
    s = float32(s * y + _S1)
    s = float32(s * y + _S0)
    c = float32(_C6 * y + _C5)
    c = float32(c * y + _C4)
    c = float32(c * y + _C3)
    c = float32(c * y + _C2)
    c = float32(c * y + _C1)
    c = float32(c * y + _ONE)
    return float32(sign * float32(s * x)), float32(sign * c)
