"""Update of one string of displacive sites: a joint move of spin and distortion, then a move of the distortion alone.

Weight of a site in a given surrounding, in units of log2:

    w(n, u) = 2^−E,   E = n A + P u² + Q u⁴ − G u,   A = field_n + near_n Σ n',   B = field_u + near_u Σ u',
    P = P_LS + n (P_HS − P_LS),   G = B − n X

*Joint move.* The spin flips and u goes with it, from the LS well to the same place in a HS well and back:

    LS → HS:  u' = ±c + ρ u with either sign, refused unless u' has that sign,
    HS → LS:  u' = (u ∓ c)/ρ with the sign of u.

The two maps are each other's inverse; a volume du becomes ρ du, and the sign has the chance ½ on the way up and 1 on
the way down, so that LS → HS is accepted with min(1, 2ρ w(1, u')/w(0, u)) and HS → LS with the reciprocal ratio.

*Distortion alone.* u' = ±u + (step of uniform chance, symmetric about 0), with the minus sign once in four times. The
proposal is as likely as its reverse, so that min(1, w(n, u')/w(n, u)) is right.

Two random words a site. The upper 31 bits of each are compared with a ratio of weights, in the logarithm, which keeps
the relative precision of small probabilities; the last bit of the first one chooses the well, and the last twelve of
the second one the step. These are covered by those of the first word in the comparison: they are independent of
the step, and matter for the first comparison only once in a million times, for the second likewise.
"""

import numpy as np
from numba import float32, int8, int32, uint32, uint64

from mcsco.engine.elementary import log2
from mcsco.engine.jit import inlined

_SIGN = np.int32(-(2**31))
_ZERO, _HALF, _TOP, _STEP = np.float32(0.0), np.float32(0.5), np.float32(31.0), np.float32(2.0**-10)
_NEVER = np.float32(1e30)


@inlined
def negative_log2(word):
    """−log2 of the uniform number that the upper 31 bits of a word make."""
    return float32(_TOP - log2(float32(float32(int32(word >> uint32(1))) + _HALF)))


@inlined
def make_decisions(first, second, n, joint, alone, step):
    """What the random words of n sites say: two thresholds for the costs of moves, and a step in (−1, 1).

    `first` is left with the sign of the well in its highest bit and, in its lowest, whether u is mirrored. In a loop of
    its own, this keeps the constants of the logarithm in registers, and the next loop those of the molecule.
    """
    for i in range(uint64(n)):
        word, last = first[i], second[i]
        joint[i] = negative_log2(word)
        alone[i] = negative_log2(uint32(last ^ uint32(word & uint32(4095))))
        # Odd numbers from −1023 to 1023.
        step[i] = float32(float32(int32(int32(last >> uint32(1)) & int32(2046)) - int32(1023)) * _STEP)
        both_zero = uint32(uint32(~uint32(last | uint32(last >> uint32(1)))) & uint32(1))
        first[i] = uint32(uint32(word << uint32(31)) | both_zero)


@inlined
def move_site(is_high, u, A, G_low, lane, bits, joint, alone, step):
    """Both moves of one site: whether it is HS now, and its u."""
    square, softer, quartic, cross, centre, ratio, inverse, reach = lane
    G_high = float32(G_low - cross)
    P_high = float32(square + softer)
    P, G = (P_high, G_high) if is_high else (square, G_low)
    y = float32(u * u)
    E = float32(u * float32(float32(u * float32(P + float32(quartic * y))) - G))
    # The well, as the sign bit: of the random word on the way up, of u on the way down.
    well = int32((np.float32(u).view(np.int32) if is_high else int32(bits)) & _SIGN)
    c = np.int32(int32(np.float32(centre).view(np.int32)) | well).view(np.float32)
    up = float32(c + float32(ratio * u))
    moved = float32(float32(u - c) * inverse) if is_high else up
    P_new, G_new = (square, G_low) if is_high else (P_high, G_high)
    y = float32(moved * moved)
    E_new = float32(moved * float32(float32(moved * float32(P_new + float32(quartic * y))) - G_new))
    cost = float32(float32(E_new - E) + (float32(_ZERO - A) if is_high else A))
    inside = is_high or int32(int32(np.float32(up).view(np.int32)) ^ well) >= int32(0)
    flips = joint > (cost if inside else _NEVER)
    is_high = is_high != flips
    u = moved if flips else u
    E = E_new if flips else E
    P = P_new if flips else P
    G = G_new if flips else G
    far = reach if is_high else float32(reach * inverse)
    mirrored = np.int32(int32(np.float32(u).view(np.int32)) ^ int32(int32(bits) << int32(31))).view(np.float32)
    moved = float32(mirrored + float32(step * far))
    y = float32(moved * moved)
    cost = float32(float32(moved * float32(float32(moved * float32(P + float32(quartic * y))) - G)) - E)
    return is_high, (moved if alone > cost else u)


@inlined
def surroundings(s, v, left, right, r0, r1, r2, r3, i):
    """Σ n' and Σ u' of the neighbours of site i of a string."""
    sum_n = int8(int8(int8(s[left + i] + s[right + i]) + int8(s[r0 + i] + s[r1 + i])) + int8(s[r2 + i] + s[r3 + i]))
    sum_u = float32(v[left + i] + v[right + i])
    sum_u = float32(sum_u + float32(v[r0 + i] + v[r1 + i]))
    return float32(sum_n), float32(sum_u + float32(v[r2 + i] + v[r3 + i]))


@inlined
def move_displacive(
    s, v, here, left, right, r0, r1, r2, r3, n, f0, fields, lanes, uniform, bits, decided, new_n, new_u
):
    """Both moves of n sites; `s` holds n and `v` holds u of the whole lattice, flat and packed alike.

    Where the temperature is the same for all replicas (`uniform`), what depends on it alone is kept out of the loop.
    """
    field_n, field_u, near_n, near_u = fields
    bias, square, softer, quartic, cross, centre, ratio, inverse, reach = lanes
    joint, alone, step = decided
    if uniform:
        k_n, k_u, b = near_n[0], near_u[0], bias[0]
        lane = (square[0], softer[0], quartic[0], cross[0], centre[0], ratio[0], inverse[0], reach[0])
        for i in range(uint64(n)):
            sum_n, sum_u = surroundings(s, v, left, right, r0, r1, r2, r3, i)
            A = float32(float32(field_n[f0 + i] + float32(k_n * sum_n)) + b)
            G = float32(field_u[f0 + i] + float32(k_u * sum_u))
            is_high, u = move_site(
                s[here + i] != int8(0), v[here + i], A, G, lane, bits[i], joint[i], alone[i], step[i]
            )
            new_u[i] = u
            new_n[i] = int8(1) if is_high else int8(0)
    else:
        for i in range(uint64(n)):
            sum_n, sum_u = surroundings(s, v, left, right, r0, r1, r2, r3, i)
            A = float32(float32(field_n[f0 + i] + float32(near_n[i] * sum_n)) + bias[i])
            G = float32(field_u[f0 + i] + float32(near_u[i] * sum_u))
            lane = (
                square[i], softer[i], quartic[i], cross[i], centre[i], ratio[i], inverse[i], reach[i]
            )  # fmt: skip
            is_high, u = move_site(
                s[here + i] != int8(0), v[here + i], A, G, lane, bits[i], joint[i], alone[i], step[i]
            )
            new_u[i] = u
            new_n[i] = int8(1) if is_high else int8(0)
