"""Kernels of the auxiliary fields that carry long-range interactions: noise in k-space, and the way there and back."""

import math

import numpy as np
from numba import float32, int8, int32, uint32, uint64

from mcsco.engine.fourier_lanes import folded
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import WAVES, philox, when

WAVE_BLOCK = 64
"""Waves whose noise is made together."""

# Chebyshev interpolants. −2 ln(1 + t) / t for |t| ≤ 1/3: absolute error of the logarithm 1e-6.
_L0, _L1, _L2, _L3, _L4, _L5, _L6 = (
    np.float32(c)
    for c in (
        -2.0,
        1.0000440971871434,
        -0.6667060086880383,
        0.4968605193701196,
        -0.397199746795867,
        0.38795581623551156,
        -0.3343982441318468,
    )
)
# √½ sin(2πt)/t and √½ cos(2πt) in t² for |t| ≤ 1/8: errors 1.7e-09 and 3.4e-11.
_S0, _S1, _S2, _S3 = (
    np.float32(c) for c in (4.442882924464081, -29.232969949160424, 57.69464035857655, -53.31699165610609)
)
_C0, _C1, _C2, _C3, _C4 = (
    np.float32(c)
    for c in (0.7071067811529524, -13.957728291763555, 45.91903080520083, -60.417214875471885, 41.87498317847073)
)
_TWO_THIRDS_BITS, _EXPONENT, _MANTISSA = np.int32(0x3F2AAAAB), np.int32(23), np.int32(0x7FFFFFFF)
_SIGN, _ONE, _TWO, _BITS = np.int32(-(2**31)), np.int32(1), np.int32(2), np.int32(31)


@inlined
def radius_of(word):
    """√(−2 ln U) with U = (x + ½) / 2^31 of the lower 31 bits x of a word."""
    x = float32(float32(np.int32(word & _MANTISSA)) + float32(0.5))
    bits = np.int32(np.float32(x).view(np.int32))
    exponent = np.int32(np.int32(bits - _TWO_THIRDS_BITS) >> _EXPONENT)
    mantissa = np.int32(bits - np.int32(exponent << _EXPONENT)).view(np.float32)  # in [2/3, 4/3)
    t = float32(mantissa - float32(1.0))
    # Pairs of terms, so that the eight products do not wait for one another.
    t2 = float32(t * t)
    high = float32(_L6 * t2 + float32(_L5 * t + _L4))
    low = float32(float32(_L3 * t + _L2) * t2 + float32(_L1 * t + _L0))
    p = float32(high * float32(t2 * t2) + low)
    square = float32(p * t + float32(float32(2.0 * math.log(2.0)) * float32(np.int32(_BITS - exponent))))
    return float32(math.sqrt(float32(max(square, float32(0.0)))))  # rounding can make it a tiny negative number


@inlined
def on_circle(word, radius):
    """A point of a circle: two bits of a word choose the quadrant, the others the angle in it, from −π/4 to π/4."""
    t = float32(float32(np.int32(word << _TWO)) * float32(2.0**-34))
    y = float32(t * t)
    y2 = float32(y * y)
    s = float32(float32(float32(_S3 * y + _S2) * y2 + float32(_S1 * y + _S0)) * t)
    c = float32(float32(_C4 * y2 + float32(_C3 * y + _C2)) * y2 + float32(_C1 * y + _C0))
    a, b = float32(radius * float32(c - s)), float32(radius * float32(c + s))  # turned by 45 degrees: both positive
    a_bits, b_bits = np.int32(np.float32(a).view(np.int32)), np.int32(np.float32(b).view(np.int32))
    a = np.int32(a_bits ^ np.int32(word & _SIGN)).view(np.float32)
    b = np.int32(b_bits ^ np.int32(np.int32(word << _ONE) & _SIGN)).view(np.float32)
    return a, b


@folded
def fill_normals(drawn, words, first, where, c2, c3, k0, k1):
    """Two pairs of normal deviates for each of `WAVE_BLOCK` waves into `drawn`, shape (4, WAVE_BLOCK).

    Box and Muller in single precision (DOI 10.1214/aoms/1177706645). The four words of wave `first + i` are those of
    its own counter; uniform numbers have 31 bits, so that deviates end at 6.6 standard deviations. `words`, int32 of
    the same shape, is scratch: words in a loop of their own leave the floats all lanes of a vector.
    """
    a, b, c, d = drawn[0], drawn[1], drawn[2], drawn[3]
    e, f, g, h = words[0], words[1], words[2], words[3]
    for i in range(uint64(WAVE_BLOCK)):
        w0, w1, w2, w3 = philox(uint64(first) + i, where, c2, c3, k0, k1)
        e[i], f[i], g[i], h[i] = int32(w0), int32(w1), int32(w2), int32(w3)
    for i in range(uint64(WAVE_BLOCK)):
        a[i], b[i] = on_circle(f[i], radius_of(e[i]))
        c[i], d[i] = on_circle(h[i], radius_of(g[i]))


@kernel()
def read_theta(packed, real, geometry, theta):
    """N and u of every site, as float32 of shape (2, R, rows, columns), or n alone of shape (1, ...).

    U comes from `real` if it is not empty, else from the codes.
    """
    n_rows, n_columns, n_replicas, offset, _, _, _ = geometry
    for parity in range(2):
        n_k = (n_columns + 1 - parity) // 2
        for row in range(n_rows):
            for r in range(n_replicas):
                for k in range(n_k):
                    s = packed[parity, row, offset + k * n_replicas + r]
                    theta[0, r, row, 2 * k + parity] = float32(s & int8(1))
                    if theta.shape[0] == 2:
                        u = real[parity, row, offset + k * n_replicas + r] if real.size > 0 else float32(s)
                        theta[1, r, row, 2 * k + parity] = u


@kernel()
def draw_waves(modes, J, root, noise, sweep, key, drawn, words):
    """Replace θ_k by J'(k) θ_k + √(T N) A(k) ξ_k, A A = J'; in place.

    `modes` has shape (components, R, K, 2), the last axis real and imaginary part; `J` and `root` have shape (3, K),
    the components nn, nu, uu (or one of them alone, if there is one component); `noise` = √(T N) has shape (R,);
    `drawn` and `words`, shape (4, WAVE_BLOCK), are scratch.
    """
    n_components, n_replicas, n_waves = modes.shape[0], modes.shape[1], modes.shape[2]
    k0, k1 = uint32(key[0]), uint32(key[1])
    c2, c3 = when(sweep, WAVES)
    x0, y0, x1, y1 = drawn[0], drawn[1], drawn[2], drawn[3]
    for r in range(n_replicas):
        scale = noise[r]
        for block in range((n_waves + WAVE_BLOCK - 1) // WAVE_BLOCK):
            begin = block * WAVE_BLOCK
            n = uint64(min(WAVE_BLOCK, n_waves - begin))
            fill_normals(drawn, words, begin, r, c2, c3, k0, k1)
            if n_components == 2:
                p, q = modes[0, r, begin:], modes[1, r, begin:]
                J_nn, J_nu, J_uu = J[0, begin:], J[1, begin:], J[2, begin:]
                A_nn, A_nu, A_uu = root[0, begin:], root[1, begin:], root[2, begin:]
                for k in range(n):
                    a, b, c, d = p[k, 0], p[k, 1], q[k, 0], q[k, 1]
                    u, v, w = J_nn[k], J_nu[k], J_uu[k]
                    e, f, g = float32(scale * A_nn[k]), float32(scale * A_nu[k]), float32(scale * A_uu[k])
                    p[k, 0] = float32(float32(u * a + v * c) + float32(e * x0[k] + f * x1[k]))
                    p[k, 1] = float32(float32(u * b + v * d) + float32(e * y0[k] + f * y1[k]))
                    q[k, 0] = float32(float32(v * a + w * c) + float32(f * x0[k] + g * x1[k]))
                    q[k, 1] = float32(float32(v * b + w * d) + float32(f * y0[k] + g * y1[k]))
            else:
                p, J_0, A_0 = modes[0, r, begin:], J[0, begin:], root[0, begin:]
                for k in range(n):
                    e = float32(scale * A_0[k])
                    p[k, 0] = float32(float32(J_0[k] * p[k, 0]) + float32(e * x0[k]))
                    p[k, 1] = float32(float32(J_0[k] * p[k, 1]) + float32(e * y0[k]))


@kernel()
def write_fields(h_n, h_u, geometry, on_site, scale, field_n, field_u):
    """Site fields of the lattice kernel from the drawn ones (K, shape (R, rows, columns)).

    `on_site`, shape (R, 2), holds the terms that are the same everywhere; `scale`, shape (R,), is 1 / (T ln 2).
    """
    n_rows, n_columns, n_replicas, offset, stride, _, _ = geometry
    for parity in range(2):
        n_k = (n_columns + 1 - parity) // 2
        for row in range(n_rows):
            at = (parity * (n_rows + 1) + row) * stride + offset
            for r in range(n_replicas):
                A, B, b = on_site[r, 0], on_site[r, 1], scale[r]
                for k in range(n_k):
                    field_n[at + k * n_replicas + r] = float32(b * float32(A - h_n[r, row, 2 * k + parity]))
                    field_u[at + k * n_replicas + r] = float32(b * float32(B + h_u[r, row, 2 * k + parity]))
