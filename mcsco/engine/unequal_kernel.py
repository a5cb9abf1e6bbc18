"""Kernel (b) for sites that differ: second centres, sublattice couplings, pinned and empty sites, random ΔH.

All replicas share one realisation of the disorder, so that whatever belongs to a site is one number for all lanes of
the inner loop. Beside the Σn and Σu of `mcsco.engine.replica_kernel` it keeps Σ±n, with + on the first sublattice and −
on the second: a change d_n at a site of sign ς changes −N (Γ_s/4) δ², δ = (2/N) Σ±n, by −Γ_s (ς d_n δ + d_n²/N).
"""

import math

from numba import float32, int8, int32, int64, uint32, uint64

from mcsco.engine.dynamics import LAZY
from mcsco.engine.jit import kernel
from mcsco.engine.random_numbers import ORDER, SITES, fill_words, when
from mcsco.engine.replica_kernel import STEPS, change_cost, other_states, settle
from mcsco.model.disorder import EMPTY, PINNED

# Cost of what a pinned molecule may not do, in log2 units: beyond any random number.
_NEVER = 1000.0


@kernel()
def unequal_sweeps(
    codes, neighbours, sums, controls, first, n_sweeps, sweep, couplings, tables, three, heat_bath, key, lanes, scratch
):
    """Advance a batch by `n_sweeps` of N attempts each; `codes` has shape (N + 1, R), its last row is zero.

    `couplings` are J, K, Γ, K∞, L, J_m, Γ_s in K; the controls are T in K, P in GPa and the field in K; `tables` are
    energy (K), ln g, work per GPa (K), kind, sign and partner of every site. `sums` has shape (R, 3).
    """
    n_sites, n_replicas = codes.shape[0] - 1, codes.shape[1]
    z = neighbours.shape[1]
    start, step, control = controls
    scale, pressure, field_u, near_n, near_u, inner, far_Gamma, far_K, far_L, far_S = lanes
    energy, ln_g, work, kind, sign, partner = tables
    words, order, lane_n, lane_u, lane_s, visited = scratch
    k0, k1 = uint32(key[0]), uint32(key[1])
    J, K, Gamma, K_inf, L, J_m, Gamma_s = couplings
    near = J != 0.0 or K != 0.0
    per_site = float32(1.0 / n_sites)
    twice = float32(2.0 / n_sites)
    lazy = float32(0.0) if three else float32(-math.log2(LAZY))
    s = codes.reshape(-1)
    for r in range(n_replicas):
        lane_n[r], lane_u[r], lane_s[r] = int32(sums[r, 0]), int32(sums[r, 1]), int32(sums[r, 2])
    for i in range(6):  # missing directions point to the row of zeros
        visited[i] = n_sites * n_replicas
    for t in range(n_sweeps):
        for r in range(n_replicas):
            for c in range(3):
                control[r, c] = start[r, c] + step[r, c] * (first + t + 1)
            T, P, h = control[r, 0], control[r, 1], control[r, 2]
            to_log2 = 1.0 / (T * math.log(2.0))
            scale[r], pressure[r] = float32(to_log2), float32(P)
            field_u[r] = float32(h * to_log2)
            near_n[r], near_u[r], inner[r] = (
                float32(-4.0 * J * to_log2),
                float32(K * to_log2),
                float32(-4.0 * J_m * to_log2),
            )
            far_Gamma[r], far_K[r], far_L[r] = float32(Gamma * to_log2), float32(K_inf * to_log2), float32(L * to_log2)
            far_S[r] = float32(Gamma_s * to_log2)
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
                pinned = kind[site] == PINNED
                if kind[site] == EMPTY or (pinned and (not three or s[here] == 0)):
                    continue  # a pinned LS molecule is LS in all lanes
                if near:
                    for i in range(z):
                        visited[i] = neighbours[site, i] * n_replicas
                v0, v1, v2 = uint64(visited[0]), uint64(visited[1]), uint64(visited[2])
                v3, v4, v5 = uint64(visited[3]), uint64(visited[4]), uint64(visited[5])
                mate = uint64(partner[site] * n_replicas)
                cost_of_n, gain_of_n = float32(energy[site] + 2.0 * J * z), float32(ln_g[site] / math.log(2.0))
                work_of_n, side = float32(work[site]), float32(sign[site])
                barred = float32(_NEVER) if pinned else float32(0.0)
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
                    on_site = float32(float32(cost_of_n + float32(work_of_n * pressure[r])) * scale[r])
                    stagger = float32(float32(lane_s[r]) * twice)
                    A = float32(float32(on_site - gain_of_n) + float32(near_n[r] * float32(sum_n)))
                    A = float32(A + float32(inner[r] * float32(s[mate + r] & int8(1))))
                    A = float32(A - float32(far_S[r] * float32(side * stagger)))
                    B = float32(field_u[r] + float32(near_u[r] * float32(sum_u)))
                    gamma, eta = float32(float32(lane_n[r]) * per_site), float32(float32(lane_u[r]) * per_site)
                    old_n = int32(int32(old) & int32(1))
                    word = words[at + r]
                    first_other, second_other = other_states(old, three)
                    n_1, n_2 = int32(first_other & int32(1)), int32(second_other & int32(1))
                    # d_n² is 1 where n changes: what a pin forbids, and the square of the change of δ.
                    on_change = float32(barred - float32(far_S[r] * per_site))
                    cost_1 = change_cost(
                        float32(n_1 - old_n), float32(first_other - int32(old)) if three else float32(0.0),
                        A, B, gamma, eta, far_Gamma[r], far_K[r], far_L[r], per_site,
                    )  # fmt: skip
                    cost_1 = float32(cost_1 + (on_change if n_1 != old_n else float32(0.0)))
                    cost_2 = change_cost(
                        float32(n_2 - old_n), float32(second_other - int32(old)) if three else float32(0.0),
                        A, B, gamma, eta, far_Gamma[r], far_K[r], far_L[r], per_site,
                    )  # fmt: skip
                    cost_2 = float32(cost_2 + (on_change if n_2 != old_n else float32(0.0)))
                    now = settle(int32(old), first_other, second_other, cost_1, cost_2, word, three, heat_bath, lazy)
                    d_n = int32(int32(now & int32(1)) - old_n)
                    lane_n[r] = int32(lane_n[r] + d_n)
                    lane_u[r] = int32(lane_u[r] + int32(now - int32(old)))
                    lane_s[r] = int32(lane_s[r] + int32(int32(side) * d_n))
                    s[here + r] = int8(now)
    for r in range(n_replicas):
        sums[r, 0], sums[r, 1], sums[r, 2] = int64(lane_n[r]), int64(lane_u[r]), int64(lane_s[r])
