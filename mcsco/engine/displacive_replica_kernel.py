"""Kernel (b) for continuous distortions: replicas as the innermost index, running sums, random-sequential order.

The moves are those of `mcsco.engine.displacive_rows`; the order of visits, the running sums and the cost of the
infinite-range terms are those of `mcsco.engine.replica_kernel`. The running Σu is counted anew before every sweep, so
that it is a function of the configuration and needs no memory.
"""

import math

import numpy as np
from numba import float32, float64, int8, int32, int64, uint32, uint64

from mcsco.engine.displacive_kernel import set_lanes
from mcsco.engine.elementary import log2
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import ORDER, SITES, fill_words, when
from mcsco.engine.replica_kernel import STEPS, change_cost

_ZERO, _ONE, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)


@inlined
def site_energy(n, u, P_low, softer, Q, cross):
    """The part of a site's energy that its surroundings do not enter, without the bias of HS; log2 units."""
    square = float32(u * u)
    P = float32(P_low + float32(n * softer))
    return float32(float32(square * float32(P + float32(Q * square))) + float32(float32(n * cross) * u))


@inlined
def is_less_likely(word, cost):
    """Whether the upper 31 bits of a word, as a uniform number, lie below 2^−cost."""
    uniform = float32(float32(int32(word >> uint32(1))) + _HALF)
    return float32(float32(31.0) - log2(uniform)) > cost


@kernel()
def displacive_replica_sweeps(
    codes, distortion, neighbours, sums, controls, first, n_sweeps, sweep, energies, well, table, key, fields, lanes,
    scratch,
):  # fmt: skip
    """Advance a batch by `n_sweeps` of N attempts each.

    `codes` (n) and `distortion` (u) have the shape (N + 1, R); their last rows are zero.
    """
    n_sites, n_replicas = codes.shape[0] - 1, codes.shape[1]
    z = neighbours.shape[1]
    start, step, control = controls
    field_n, field_u, near_n, near_u, far_Gamma, far_K, far_L = fields
    bias, square, softer, quartic, cross, centre, ratio, inverse, reach = lanes
    words, order, lane_n, lane_u, visited = scratch
    k0, k1 = uint32(key[0]), uint32(key[1])
    d_h, ln_g, J, K, Gamma, K_inf, L = energies
    near = J != 0.0 or K != 0.0
    per_site = float32(1.0 / n_sites)
    s, v = codes.reshape(-1), distortion.reshape(-1)
    for i in range(6):  # missing directions point to the rows of zeros
        visited[i] = n_sites * n_replicas
    for t in range(n_sweeps):
        for r in range(n_replicas):
            before = control[r, 0]
            for c in range(3):
                control[r, c] = start[r, c] + step[r, c] * (first + t + 1)
            T, work, h = control[r, 0], control[r, 1], control[r, 2]
            if t == 0 or before != T:
                set_lanes(T, r, 1, n_replicas, well, table, lanes)
            scale = 1.0 / (T * math.log(2.0))
            field_n[r] = float32((d_h + work - T * ln_g + 2.0 * J * z) * scale) + bias[r]
            field_u[r] = float32(h * scale)
            near_n[r] = float32(-4.0 * J * scale)
            near_u[r] = float32(K * scale)
            far_Gamma[r], far_K[r], far_L[r] = float32(Gamma * scale), float32(K_inf * scale), float32(L * scale)
            lane_n[r], lane_u[r] = int32(sums[r, 0]), 0.0
        for site in range(n_sites):
            for r in range(n_replicas):
                lane_u[r] += float64(distortion[site, r])
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
                    sum_n = int8(
                        int8(int8(s[v0 + r] + s[v1 + r]) + int8(s[v2 + r] + s[v3 + r])) + int8(s[v4 + r] + s[v5 + r])
                    )
                    sum_u = float32(v[v0 + r] + v[v1 + r])
                    sum_u = float32(sum_u + float32(v[v2 + r] + v[v3 + r]))
                    sum_u = float32(sum_u + float32(v[v4 + r] + v[v5 + r]))
                    A = float32(field_n[r] + float32(near_n[r] * float32(sum_n)))
                    B = float32(field_u[r] + float32(near_u[r] * sum_u))
                    gamma, eta = float32(float32(lane_n[r]) * per_site), float32(float32(lane_u[r]) * per_site)
                    first_word, second_word = words[at + r], words[at + uint64(n_replicas) + r]
                    old_n, old_u = s[here + r], v[here + r]
                    # Joint move: to the same place in a well of the other spin.
                    rises = old_n == int8(0)
                    old_sign = _ONE if old_u >= _ZERO else float32(-1.0)
                    sign = (_ONE if int32(first_word & uint32(1)) == int32(0) else float32(-1.0)) if rises else old_sign
                    up = float32(float32(sign * centre[r]) + float32(ratio[r] * old_u))
                    down = float32(float32(old_u - float32(sign * centre[r])) * inverse[r])
                    u = up if rises else down
                    d_n = _ONE if rises else float32(-1.0)
                    n = float32(float32(old_n) + d_n)
                    d_u = float32(u - old_u)
                    P_low, Q, soft, X = square[r], quartic[r], softer[r], cross[r]
                    energy = site_energy(float32(old_n), old_u, P_low, soft, Q, X)
                    moved = site_energy(n, u, P_low, soft, Q, X)
                    cost = change_cost(d_n, d_u, A, B, gamma, eta, far_Gamma[r], far_K[r], far_L[r], per_site)
                    cost = float32(cost + float32(moved - energy))
                    possible = not rises or float32(up * sign) >= _ZERO
                    flips = is_less_likely(first_word, cost) and possible
                    n = n if flips else float32(old_n)
                    u = u if flips else old_u
                    energy = moved if flips else energy
                    gamma = float32(gamma + float32(d_n * per_site)) if flips else gamma
                    eta = float32(eta + float32(d_u * per_site)) if flips else eta
                    # Distortion alone.
                    whole = int32(int32(int32(second_word >> uint32(1)) & int32(2046)) - int32(1023))
                    far = reach[r] if n != _ZERO else float32(reach[r] * inverse[r])
                    mirrored = float32(_ZERO - u) if int32(second_word & uint32(3)) == int32(0) else u
                    tried = float32(mirrored + float32(float32(float32(whole) * float32(2.0**-10)) * far))
                    moved = site_energy(n, tried, P_low, soft, Q, X)
                    cost = change_cost(
                        _ZERO, float32(tried - u), A, B, gamma, eta, far_Gamma[r], far_K[r], far_L[r], per_site
                    )
                    cost = float32(cost + float32(moved - energy))
                    word = uint32(second_word ^ uint32(first_word & uint32(4095)))
                    u = tried if is_less_likely(word, cost) else u
                    lane_n[r] = int32(lane_n[r] + int32(int32(n) - int32(old_n)))
                    lane_u[r] = lane_u[r] + float64(u) - float64(old_u)
                    s[here + r] = int8(n)
                    v[here + r] = u
        for r in range(n_replicas):
            sums[r, 0] = int64(lane_n[r])


@kernel()
def displacive_replica_sums(codes, distortion, neighbours, out):
    """The sums of `N_SUMS` (see `displacive_kernel`) of every replica into `out`, shape (R, N_SUMS)."""
    out[:, :] = 0.0
    for site in range(codes.shape[0] - 1):
        for r in range(codes.shape[1]):
            n, u = float64(codes[site, r]), float64(distortion[site, r])
            sum_n, sum_u = 0.0, 0.0
            for i in range(0, neighbours.shape[1], 2):  # one of the two directions of each axis
                sum_n += float64(codes[neighbours[site, i], r])
                sum_u += float64(distortion[neighbours[site, i], r])
            square = u * u
            out[r, 0] += u
            out[r, 1] += n * sum_n
            out[r, 2] += u * sum_u
            out[r, 3] += square
            out[r, 4] += n * square
            out[r, 5] += square * square
