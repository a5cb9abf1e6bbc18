"""Update of one string of sites that share no bond: local fields in, new site states out.

Weight of a site in a given surrounding, in units of log2 so that no conversion stands in the loop:

    w(s) = 2^(−n A + s B),   A = field_n + near_n Σ n',   B = field_u + near_u Σ s'

Every function reads the flat packed lattice `s` at five places (the string itself from `here`, its two
neighbours in the row from `left` and `right`, the four neighbouring rows) and writes the new codes to `new`. Fields are
read from `f0` on: 0 where they are the same in all rows.
Indices are unsigned: a signed index costs a test for wrap-around, and the loop would not vectorise.
"""

from numba import float32, int8, int16, int32, uint16, uint32, uint64

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
def mask(total, value):
    """All 16 bits where the int8 `total` has the value."""
    return uint16(-int16(total == int8(value)))


@inlined
def flip_plain(s, here, left, right, r0, r1, r2, r3, n, table, chance, rest, words16, where, c2, c3, k0, k1, new):
    """Two states, s ∈ {0, 1}: flip with the probability that a table gives for (s, Σ s').

    The probability has 48 bits. Its upper 16 are compared with a 16-bit number, which decides all but 1 of 65536 sites;
    those are looked up again in full (`chance[7 s + Σ s']` and `rest`) afterwards.

    The loop knows the smaller probability of each pair s → 1 − s, `least[Σ s']`. The larger one, that of the
    flip that lowers the energy, is ``most - (least & complement)``. Energy favours s = 1 where
    ``(Σ s' ^ turn) < bound``.
    """
    least, turn, bound, most, complement = table
    ties = uint16(0)
    for i in range(uint64(n)):
        old = s[here + i]
        sum_n = int8(int8(int8(s[left + i] + s[right + i]) + int8(s[r0 + i] + s[r1 + i])) + int8(s[r2 + i] + s[r3 + i]))
        # All entries are masked and added up: a choice between loads would become a gather, ten times slower. The masks
        # are computed, since a conditional load of 16 bits would keep the loop scalar on CPUs without AVX-512.
        q = uint16(uint16(least[0, i] & mask(sum_n, 0)) | uint16(least[1, i] & mask(sum_n, 1)))
        q = uint16(q | uint16(uint16(least[2, i] & mask(sum_n, 2)) | uint16(least[3, i] & mask(sum_n, 3))))
        q = uint16(q | uint16(uint16(least[4, i] & mask(sum_n, 4)) | uint16(least[5, i] & mask(sum_n, 5))))
        q = uint16(q | uint16(least[6, i] & mask(sum_n, 6)))
        up = int8(1) if int8(sum_n ^ turn[i]) < bound[i] else int8(0)
        p = uint16(most - uint16(q & complement)) if int8(up ^ old) != int8(0) else q
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
