"""Activated dynamics in steps of equal time: the replica kernel's order of visits, with rates for acceptances.

In one sweep N molecules, drawn with replacement and the same in all replicas, are visited. A visit takes the molecule
to another state with the probability W/W_max, where W_max bounds every rate at the present temperature, pressure and
field; a sweep lasts 1/W_max seconds. In the limit W ≪ W_max this is the master equation of the rates.
"""

import math

from numba import float32, float64, int32, int64, uint32, uint64

from mcsco.engine.arrhenius_rates import far_energy, largest_rate
from mcsco.engine.elementary import exp2_negative
from mcsco.engine.jit import kernel
from mcsco.engine.random_numbers import ORDER, SITES, fill_words, when

STEPS = 64
"""Steps whose random words are made together."""


@kernel()
def arrhenius_sweeps(
    codes, neighbours, sums, seconds, controls, first, n_sweeps, sweep, energies, barriers, three, key, lanes, scratch
):
    """Advance a batch by `n_sweeps`; `codes` has shape (N + 1, R), its last row is zero; `seconds` (R,) is counted on.

    `lanes` has shape (6, R), float64: 1/2T log2 e, the controls of A and B in K, and the logarithms to base 2 of
    prefactor e^{−E/T} / W_max of the ways up, down, and between u = ±1.
    """
    n_sites, n_replicas = codes.shape[0] - 1, codes.shape[1]
    z = neighbours.shape[1]
    start, step, control = controls
    words, order, visited = scratch
    half_beta, work_lane, field_lane, up_lane, down_lane, flip_lane = lanes
    k0, k1 = uint32(key[0]), uint32(key[1])
    d_h, ln_g, J, K, Gamma, K_inf, L = energies
    ln_k, E_a, ln_k_f, E_f = barriers
    near = J != 0.0 or K != 0.0
    per_site = 1.0 / n_sites
    to_log2 = 1.0 / math.log(2.0)
    s = codes.reshape(-1)
    for i in range(6):  # missing directions point to the row of zeros
        visited[i] = n_sites * n_replicas
    for t in range(n_sweeps):
        for r in range(n_replicas):
            for c in range(3):
                control[r, c] = start[r, c] + step[r, c] * (first + t + 1)
            T, work, h = control[r, 0], control[r, 1], control[r, 2]
            top = largest_rate(T, work, h, ln_g, z, per_site, energies, barriers, three)
            seconds[r] += math.exp(-top)
            half_beta[r] = 0.5 / T * to_log2
            work_lane[r] = d_h + work + 2.0 * J * z
            field_lane[r] = h
            up_lane[r] = (ln_k + ln_g - E_a / T - top) * to_log2
            down_lane[r] = (ln_k - E_a / T - top) * to_log2
            flip_lane[r] = max((ln_k_f - E_f / T - top) * to_log2, -1e30)
        c2, c3 = when(sweep + t, SITES)
        c3_order = when(sweep + t, ORDER)[1]
        for chunk in range((n_sites + STEPS - 1) // STEPS):
            n_steps = min(STEPS, n_sites - chunk * STEPS)
            fill_words(order, n_steps, chunk, c2, c3_order, k0, k1)
            fill_words(words, 2 * n_steps * n_replicas, chunk, c2, c3, k0, k1)
            for k in range(n_steps):
                site = int64((uint64(order[k]) * uint64(n_sites)) >> uint64(32))
                here = uint64(site * n_replicas)
                at = uint64(2 * k * n_replicas)
                if near:
                    for i in range(z):
                        visited[i] = neighbours[site, i] * n_replicas
                v0, v1, v2 = uint64(visited[0]), uint64(visited[1]), uint64(visited[2])
                v3, v4, v5 = uint64(visited[3]), uint64(visited[4]), uint64(visited[5])
                for r in range(uint64(n_replicas)):
                    old = int32(s[here + r])
                    a, b, c = int32(s[v0 + r]), int32(s[v1 + r]), int32(s[v2 + r])
                    d, e, f = int32(s[v3 + r]), int32(s[v4 + r]), int32(s[v5 + r])
                    sum_u = float64(a + b + c + d + e + f)
                    sum_n = float64(a * a + b * b + c * c + d * d + e * e + f * f)
                    old_n = old * old
                    far_a, far_b = far_energy(
                        float64(sums[r, 0] - old_n), float64(sums[r, 1] - old), per_site, Gamma, K_inf, L
                    )
                    A = work_lane[r] - 4.0 * J * sum_n + far_a
                    B = -field_lane[r] - K * sum_u + far_b if three else 0.0
                    # The two other states of three, in cyclic order; for plain spins the other one of two.
                    one = old + int32(1)
                    one = int32(-1) if one > int32(1) else one
                    two = old - int32(1)
                    two = int32(1) if two < int32(-1) else two
                    if not three:
                        one = int32(1) - old
                        two = one
                    energy = float64(old_n) * A + float64(old) * B
                    up, down, flip = up_lane[r], down_lane[r], flip_lane[r]
                    base = (down if one == int32(0) else flip) if old_n == int32(1) else up
                    x = base - half_beta[r] * (float64(one * one) * A + float64(one) * B - energy)
                    p_one = float64(exp2_negative(float32(x)))
                    base = (down if two == int32(0) else flip) if old_n == int32(1) else up
                    x = base - half_beta[r] * (float64(two * two) * A + float64(two) * B - energy)
                    p_two = p_one + float64(exp2_negative(float32(x))) if three else p_one
                    u = float64(words[at + r]) + (float64(words[at + uint64(n_replicas) + r]) + 0.5) * 2.0**-32
                    u *= 2.0**-32
                    now = one if u < p_one else (two if u < p_two else old)
                    sums[r, 0] += int64(now * now - old_n)
                    sums[r, 1] += int64(now - old)
                    s[here + r] = now
