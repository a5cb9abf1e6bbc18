"""Kernel (b) with a weight on the number of HS molecules: random walks over the whole range of γ.

A state has the weight of Boltzmann times 2^−w(N_HS). While `rise` is not zero, every step adds it to the lane's w
(Wang and Landau, DOI 10.1103/PhysRevLett.86.2050), lane after lane, so that the order is fixed; with zero the weights
stand still and the update leaves its distribution invariant. Metropolis moves only.
"""

import math

from numba import float32, int8, int32, int64, uint32, uint64

from mcsco.engine.dynamics import LAZY
from mcsco.engine.elementary import log2
from mcsco.engine.jit import kernel
from mcsco.engine.random_numbers import ORDER, SITES, fill_words, when
from mcsco.engine.replica_kernel import STEPS, change_cost


@kernel()
def flat_sweeps(
    codes, neighbours, sums, controls, n_sweeps, sweep, energies, three, key, lanes, scratch, table, visits, rise
):
    """Advance a batch by `n_sweeps` of N attempts each; `codes` has shape (N + 1, R), its last row is zero."""
    n_sites, n_replicas = codes.shape[0] - 1, codes.shape[1]
    z = neighbours.shape[1]
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
        T, work, h = controls[r, 0], controls[r, 1], controls[r, 2]
        scale = 1.0 / (T * math.log(2.0))
        field_n[r] = float32((d_h + work - T * ln_g + 2.0 * J * z) * scale)
        field_u[r] = float32(h * scale)
        near_n[r] = float32(-4.0 * J * scale)
        near_u[r] = float32(K * scale)
        far_Gamma[r], far_K[r], far_L[r] = float32(Gamma * scale), float32(K_inf * scale), float32(L * scale)
    for i in range(6):  # missing directions point to the row of zeros
        visited[i] = n_sites * n_replicas
    for t in range(n_sweeps):
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
                for r in range(uint64(n_replicas)):
                    old = s[here + r]
                    sum_n, sum_u = int32(0), int32(0)
                    if near:
                        for i in range(z):
                            code = s[uint64(visited[i]) + r]
                            sum_n += int32(code & int8(1))
                            sum_u += int32(code)
                    A = float32(field_n[r] + float32(near_n[r] * float32(sum_n)))
                    B = float32(field_u[r] + float32(near_u[r] * float32(sum_u)))
                    gamma, eta = float32(float32(lane_n[r]) * per_site), float32(float32(lane_u[r]) * per_site)
                    word = words[at + r]
                    half = int32(word >> uint32(1))
                    # One of the two other states of three; for plain spins the other one of two.
                    new = int32(int32(1) - int32(old))
                    if three:
                        new = int32(int32(old) - int32(1)) if word & uint32(1) else int32(int32(old) + int32(1))
                        new = int32(-1) if new > int32(1) else new
                        new = int32(1) if new < int32(-1) else new
                    d_n = int32(int32(new & int32(1)) - int32(int32(old) & int32(1)))
                    cost = change_cost(
                        float32(d_n), float32(new - int32(old)) if three else float32(0.0),
                        A, B, gamma, eta, far_Gamma[r], far_K[r], far_L[r], per_site,
                    )  # fmt: skip
                    cost = float32(cost + float32(table[lane_n[r] + d_n] - table[lane_n[r]]))
                    uniform = float32(float32(half) + float32(0.5))
                    threshold = float32(max(cost, float32(0.0)) + lazy)
                    if float32(float32(31.0) - log2(uniform)) > threshold:
                        lane_n[r] += d_n
                        lane_u[r] += int32(new - int32(old))
                        s[here + r] = int8(new)
                    if rise != 0.0:
                        table[lane_n[r]] += rise
                        visits[lane_n[r]] += 1
    for r in range(n_replicas):
        sums[r, 0], sums[r, 1] = int64(lane_n[r]), int64(lane_u[r])
