"""Kernel (b): replicas as the innermost index, running sums, random-sequential order.

At every step one site, drawn with replacement, is visited in all replicas at once; each replica has its own
temperature, random numbers and running sums Σn and Σu, from which every infinite-range term, of any sign and mixed
ones too, is exact at each step. Any lattice is served through its neighbour table. It shares with kernel (a) only the
random numbers and the elementary functions: the two are each other's test.

For a change (d_n, d_u) of one site the infinite-range energy N [Γγ(1−γ) − (K∞/2)η² − Lγη²] changes by

    Γ d_n (1 − 2γ − d_n/N) − K∞ (η d_u + d_u²/2N) − L (d_n η² + 2γη d_u + γ d_u²/N + 2η d_n d_u/N + d_n d_u²/N²),

written out because the difference of two extensive numbers would lose all digits in single precision.
"""

import math

from numba import float32, int8, int32, int64, uint32, uint64

from mcsco.engine.dynamics import LAZY
from mcsco.engine.elementary import exp2_negative, log2
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import ORDER, SITES, fill_words, when

STEPS = 64
"""Steps whose random words are made together."""


@inlined
def change_cost(d_n, d_u, A, B, gamma, eta, Gamma, K_inf, L, per_site):
    """Cost of a change in log2 units; all arguments float32, the last is 1/N."""
    near = float32(float32(d_n * A) - float32(d_u * B))
    spin = float32(Gamma * float32(d_n * float32(float32(1.0) - float32(gamma + gamma) - float32(d_n * per_site))))
    square = float32(float32(d_u * d_u) * per_site)
    distortion = float32(K_inf * float32(float32(eta * d_u) + float32(float32(0.5) * square)))
    mixed = float32(float32(d_n * float32(eta * eta)) + float32(float32(gamma + gamma) * float32(eta * d_u)))
    mixed = float32(mixed + float32(gamma * square))
    mixed = float32(mixed + float32(d_n * float32(float32(float32(eta + eta) * d_u) * per_site)))
    mixed = float32(mixed + float32(float32(d_n * square) * per_site))
    return float32(float32(near + spin) - float32(distortion + float32(L * mixed)))


@inlined
def other_states(old, three):
    """The two other states of three, in cyclic order; for plain spins the other one of two, twice."""
    first = int32(int32(old) + int32(1))
    first = int32(-1) if first > int32(1) else first
    second = int32(int32(old) - int32(1))
    second = int32(1) if second < int32(-1) else second
    if not three:
        first = int32(int32(1) - int32(old))
        second = first
    return first, second


@inlined
def settle(old, first, second, cost_1, cost_2, word, three, heat_bath, lazy):
    """The state after a visit, from the costs of the other two in log2 units and one random word."""
    half = int32(word >> uint32(1))
    if heat_bath:
        top = float32(min(float32(0.0), min(cost_1, cost_2)))
        w_1 = exp2_negative(float32(top - cost_1))
        w_2 = exp2_negative(float32(top - cost_2)) if three else float32(0.0)
        total = float32(float32(w_1 + w_2) + exp2_negative(top))
        low = float32(float32(float32(half) + float32(0.5)) * float32(2.0**-31))
        high = float32(float32(float32(int32(2147483647) - half) + float32(0.5)) * float32(2.0**-31))
        now = second if float32(high * total) < w_2 else old
        now = first if float32(low * total) < w_1 else now
    else:
        take_second = int32(word & uint32(1)) == int32(1)
        cost = cost_2 if take_second else cost_1
        proposal = second if take_second else first
        uniform = float32(float32(half) + float32(0.5))
        threshold = float32(float32(max(cost, float32(0.0))) + lazy)
        now = proposal if float32(float32(31.0) - log2(uniform)) > threshold else old
    return now


@kernel()
def replica_sweeps(
    codes, neighbours, sums, controls, first, n_sweeps, sweep, energies, three, heat_bath, key, lanes, scratch
):
    """Advance a batch by `n_sweeps` of N attempts each; `codes` has shape (N + 1, R), its last row is zero."""
    n_sites, n_replicas = codes.shape[0] - 1, codes.shape[1]
    z = neighbours.shape[1]
    start, step, control = controls
    field_n, field_u, near_n, near_u, far_Gamma, far_K, far_L = lanes
    words, order, lane_n, lane_u, visited = scratch
    k0, k1 = uint32(key[0]), uint32(key[1])
    d_h, ln_g, J, K, Gamma, K_inf, L = energies
    near = J != 0.0 or K != 0.0
    per_site = float32(1.0 / n_sites)
    lazy = float32(0.0) if three else float32(-math.log2(LAZY))
    s = codes.reshape(-1)
    for r in range(n_replicas):
        lane_n[r], lane_u[r] = int32(sums[r, 0]), int32(sums[r, 1])
    for i in range(6):  # missing directions point to the row of zeros
        visited[i] = n_sites * n_replicas
    for t in range(n_sweeps):
        for r in range(n_replicas):
            for c in range(3):
                control[r, c] = start[r, c] + step[r, c] * (first + t + 1)
            T, work, h = control[r, 0], control[r, 1], control[r, 2]
            scale = 1.0 / (T * math.log(2.0))
            field_n[r] = float32((d_h + work - T * ln_g + 2.0 * J * z) * scale)
            field_u[r] = float32(h * scale)
            near_n[r] = float32(-4.0 * J * scale)
            near_u[r] = float32(K * scale)
            far_Gamma[r], far_K[r], far_L[r] = float32(Gamma * scale), float32(K_inf * scale), float32(L * scale)
        c2, c3 = when(sweep + t, SITES)
        c3_order = when(sweep + t, ORDER)[1]
        for chunk in range((n_sites + STEPS - 1) // STEPS):
            n_steps = min(STEPS, n_sites - chunk * STEPS)
            fill_words(order, n_steps, chunk, c2, c3_order, k0, k1)
            fill_words(words, n_steps * n_replicas, chunk, c2, c3, k0, k1)
            for k in range(n_steps):
                site = int64((uint64(order[k]) * uint64(n_sites)) >> uint64(32))
                here = uint64(site * n_replicas)
                at = uint64(k * n_replicas)
                if near:
                    for i in range(z):
                        visited[i] = neighbours[site, i] * n_replicas
                v0, v1, v2 = uint64(visited[0]), uint64(visited[1]), uint64(visited[2])
                v3, v4, v5 = uint64(visited[3]), uint64(visited[4]), uint64(visited[5])
                for r in range(uint64(n_replicas)):
                    old = s[here + r]
                    a, b, c, d, e, f = s[v0 + r], s[v1 + r], s[v2 + r], s[v3 + r], s[v4 + r], s[v5 + r]
                    sum_u = int8(int8(int8(a + b) + int8(c + d)) + int8(e + f))
                    sum_n = int8(
                        int8(int8(a & int8(1)) + int8(b & int8(1)))
                        + int8(
                            int8(int8(c & int8(1)) + int8(d & int8(1))) + int8(int8(e & int8(1)) + int8(f & int8(1)))
                        )
                    )
                    A = float32(field_n[r] + float32(near_n[r] * float32(sum_n)))
                    B = float32(field_u[r] + float32(near_u[r] * float32(sum_u)))
                    gamma, eta = float32(float32(lane_n[r]) * per_site), float32(float32(lane_u[r]) * per_site)
                    old_n = int32(int32(old) & int32(1))
                    word = words[at + r]
                    first_other, second_other = other_states(old, three)
                    n_1, n_2 = int32(first_other & int32(1)), int32(second_other & int32(1))
                    cost_1 = change_cost(
                        float32(n_1 - old_n), float32(first_other - int32(old)) if three else float32(0.0),
                        A, B, gamma, eta, far_Gamma[r], far_K[r], far_L[r], per_site,
                    )  # fmt: skip
                    cost_2 = change_cost(
                        float32(n_2 - old_n), float32(second_other - int32(old)) if three else float32(0.0),
                        A, B, gamma, eta, far_Gamma[r], far_K[r], far_L[r], per_site,
                    )  # fmt: skip
                    now = settle(int32(old), first_other, second_other, cost_1, cost_2, word, three, heat_bath, lazy)
                    lane_n[r] = int32(lane_n[r] + int32(int32(now & int32(1)) - old_n))
                    lane_u[r] = int32(lane_u[r] + int32(now - int32(old)))
                    s[here + r] = int8(now)
    for r in range(n_replicas):
        sums[r, 0], sums[r, 1] = int64(lane_n[r]), int64(lane_u[r])


@kernel()
def replica_bond_sums(codes, neighbours, out):
    """Σ_<ij> n n' and Σ_<ij> s s' of every replica into `out`, shape (R, 2); each bond once."""
    out[:, :] = 0
    for site in range(codes.shape[0] - 1):
        for i in range(0, neighbours.shape[1], 2):  # one of the two directions of each axis
            for r in range(codes.shape[1]):
                s, other = codes[site, r], codes[neighbours[site, i], r]
                out[r, 0] += int64(s & int8(1)) * int64(other & int8(1))
                out[r, 1] += int64(s) * int64(other)
