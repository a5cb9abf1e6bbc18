"""Update of one string of sites that share no bond: local fields in, new site states out.

Weight of a site in a given surrounding, in units of log2 so that no conversion stands in the loop:

    w(s) = 2^(−n A + s B),   A = field_n + near_n Σ n',   B = field_u + near_u Σ s'

Every function reads the flat packed lattice `s` at five places (the string itself from `here`, its two
neighbours in the row from `left` and `right`, the four neighbouring rows) and writes the new codes to `new`. Fields are
read from `f0` on: 0 where they are the same in all rows.
Indices are unsigned: a signed index costs a test for wrap-around, and the loop would not vectorise.
"""

from numba import float32, int8, int32, uint16, uint32, uint64

from mcsco.engine.elementary import exp2_negative, log2
from mcsco.engine.jit import inlined
from mcsco.engine.random_numbers import philox


@inlined
def metropolis_three(s, here, left, right, r0, r1, r2, r3, n, f0, field_n, field_u, near_n, near_u, words, new):
    """Metropolis for s ∈ {−1, 0, +1}: one of the other two states is proposed, accepted with min(1, w'/w).

    One word a site: its lowest bit chooses the proposal, the other 31 are compared with the ratio in the
    logarithm, which keeps the relative precision of small probabilities.
    """
    for i in range(uint64(n)):
        old = s[here + i]
        a, b, c, d, e, f = s[left + i], s[right + i], s[r0 + i], s[r1 + i], s[r2 + i], s[r3 + i]
        sum_u = int8(int8(int8(a + b) + int8(c + d)) + int8(e + f))
        sum_n = int8(
            int8(int8(a & int8(1)) + int8(b & int8(1)))
            + int8(int8(int8(c & int8(1)) + int8(d & int8(1))) + int8(int8(e & int8(1)) + int8(f & int8(1))))
        )
        A = float32(field_n[f0 + i] + float32(near_n[i] * float32(sum_n)))
        B = float32(field_u[f0 + i] + float32(near_u[i] * float32(sum_u)))
        word = words[i]
        shifted = int32(int32(old) + int32(2) + int32(word & uint32(1)))
        shifted = shifted - int32(3) if shifted >= int32(3) else shifted
        proposal = int32(shifted - int32(1))
        d_n = int32(int32(proposal & int32(1)) - int32(int32(old) & int32(1)))
        d_u = int32(proposal - int32(old))
        cost = float32(float32(float32(d_n) * A) - float32(float32(d_u) * B))
        uniform = float32(float32(int32(word >> uint32(1))) + float32(0.5))
        new[i] = int8(proposal) if float32(float32(31.0) - log2(uniform)) > cost else old


@inlined
def heat_bath_three(s, here, left, right, r0, r1, r2, r3, n, f0, field_n, field_u, near_n, near_u, words, new):
    """Heat bath for s ∈ {−1, 0, +1}: the new state is drawn from w/Σw, whatever the old one was.

    +1 is taken from the lower end of the unit interval and −1 from the upper, so that both keep their relative
    precision when they are rare.
    """
    for i in range(uint64(n)):
        a, b, c, d, e, f = s[left + i], s[right + i], s[r0 + i], s[r1 + i], s[r2 + i], s[r3 + i]
        sum_u = int8(int8(int8(a + b) + int8(c + d)) + int8(e + f))
        sum_n = int8(
            int8(int8(a & int8(1)) + int8(b & int8(1)))
            + int8(int8(int8(c & int8(1)) + int8(d & int8(1))) + int8(int8(e & int8(1)) + int8(f & int8(1))))
        )
        A = float32(field_n[f0 + i] + float32(near_n[i] * float32(sum_n)))
        B = float32(field_u[f0 + i] + float32(near_u[i] * float32(sum_u)))
        plus, minus = float32(B - A), float32(float32(0.0) - float32(B + A))
        top = float32(max(float32(0.0), max(plus, minus)))
        w_plus = exp2_negative(float32(plus - top))
        w_minus = exp2_negative(float32(minus - top))
        w_zero = exp2_negative(float32(float32(0.0) - top))
        total = float32(float32(w_plus + w_minus) + w_zero)
        half = int32(words[i] >> uint32(1))
        low = float32(float32(float32(half) + float32(0.5)) * float32(2.0**-31))
        high = float32(float32(float32(int32(2147483647) - half) + float32(0.5)) * float32(2.0**-31))
        drawn = int8(-1) if float32(high * total) < w_minus else int8(0)
        new[i] = int8(1) if float32(low * total) < w_plus else drawn


@inlined
def flip_plain(s, here, left, right, r0, r1, r2, r3, n, chance, rest, words16, where, c2, c3, k0, k1, new):
    """Two states, s ∈ {0, 1}: flip with the probability that a table gives for (s, Σ s').

    The probability has 48 bits. Its upper 16 (`chance[7 s + Σ s']`) are compared with a 16-bit number, which decides
    all but 1 of 65536 sites; those are compared with the lower 32 bits (`rest`) afterwards.
    """
    none, ties = uint16(0), uint16(0)
    for i in range(uint64(n)):
        old = s[here + i]
        sum_n = int8(int8(int8(s[left + i] + s[right + i]) + int8(s[r0 + i] + s[r1 + i])) + int8(s[r2 + i] + s[r3 + i]))
        # The 14 entries are masked and added up: LLVM turns a choice between loads into a gather, ten times slower.
        is0, is1, is2, is3 = sum_n == int8(0), sum_n == int8(1), sum_n == int8(2), sum_n == int8(3)
        is4, is5, is6 = sum_n == int8(4), sum_n == int8(5), sum_n == int8(6)
        u0, u1, u2, u3 = chance[0, i], chance[1, i], chance[2, i], chance[3, i]
        u4, u5, u6 = chance[4, i], chance[5, i], chance[6, i]
        d0, d1, d2, d3 = chance[7, i], chance[8, i], chance[9, i], chance[10, i]
        d4, d5, d6 = chance[11, i], chance[12, i], chance[13, i]
        up = uint16(
            uint16((u0 if is0 else none) | (u1 if is1 else none))
            | uint16((u2 if is2 else none) | (u3 if is3 else none))
        )
        up = uint16(up | uint16(uint16((u4 if is4 else none) | (u5 if is5 else none)) | (u6 if is6 else none)))
        down = uint16(
            uint16((d0 if is0 else none) | (d1 if is1 else none))
            | uint16((d2 if is2 else none) | (d3 if is3 else none))
        )
        down = uint16(down | uint16(uint16((d4 if is4 else none) | (d5 if is5 else none)) | (d6 if is6 else none)))
        p = uint16((up if old == int8(0) else none) | (down if old != int8(0) else none))
        word = words16[i]
        new[i] = int8(int8(1) - old) if word < p else old
        ties = uint16(ties | (uint16(1) if word == p else uint16(0)))
    if ties:
        for i in range(uint64(n)):
            old = s[here + i]
            sum_n = s[left + i] + s[right + i] + s[r0 + i] + s[r1 + i] + s[r2 + i] + s[r3 + i]
            if words16[i] == chance[7 * old + sum_n, i]:
                word = philox(i, where, c2, c3, k0, k1)[0]
                if word < rest[7 * old + sum_n, i]:
                    new[i] = int8(int8(1) - old)


@inlined
def move_plain(s, here, left, right, r0, r1, r2, r3, n, f0, field_n, near_n, words, heat_bath, lazy, new):
    """Two states, s ∈ {0, 1}, in fields that differ from site to site.

    `lazy` is the largest probability to accept (see `mcsco.engine.dynamics.LAZY`), in log2 and with its sign turned.
    """
    for i in range(uint64(n)):
        old = s[here + i]
        sum_n = int8(int8(int8(s[left + i] + s[right + i]) + int8(s[r0 + i] + s[r1 + i])) + int8(s[r2 + i] + s[r3 + i]))
        A = float32(field_n[f0 + i] + float32(near_n[i] * float32(sum_n)))
        cost = A if old == int8(0) else float32(float32(0.0) - A)
        uniform = float32(float32(int32(words[i] >> uint32(1))) + float32(0.5))
        if heat_bath:
            flip = exp2_negative(float32(float32(0.0) - max(cost, float32(0.0))))
            stay = exp2_negative(float32(min(cost, float32(0.0))))
            accepted = float32(float32(uniform * float32(2.0**-31)) * float32(flip + stay)) < flip
        else:
            accepted = float32(float32(31.0) - log2(uniform)) > float32(float32(max(cost, float32(0.0))) + lazy)
        new[i] = int8(int8(1) - old) if accepted else old
