"""Compiled parts of replica exchange: what the swaps need of a configuration, the swaps, and the loop around a kernel.

On small lattices a sweep of a whole ladder takes some microseconds, less than one call from Python; the loop over
sweeps and swaps is therefore compiled too. It calls the kernels as they are.
"""

import math

from numba import float64, int8, int64, uint32, uint64

from mcsco.engine.jit import inlined, kernel
from mcsco.engine.lattice_kernel import sweeps_serial
from mcsco.engine.random_numbers import EXCHANGE, philox, when
from mcsco.engine.replica_kernel import replica_sweeps

# An int8 counter holds up to 3 units a string for this many strings.
_FLUSH = 42


@inlined
def write_quantities(sums, bonds, bias, energies, coordination, n_bonds, n_sites, three, x):
    """(H at zero pressure and field, dH/dP, dH/dh) of every lane in K, into `x`, shape (R, 3)."""
    enthalpy, J, K, Gamma, K_inf, L = energies
    for r in range(sums.shape[0]):
        n, u = sums[r, 0], sums[r, 1] if three else 0
        gamma, eta = n / n_sites, u / n_sites
        bonds_spin = 4 * bonds[r, 0] - 2 * coordination * n + n_bonds
        bonds_u = bonds[r, 1] if three else 0
        far = Gamma * gamma * (1.0 - gamma) - 0.5 * K_inf * eta**2 - L * gamma * eta**2
        x[r, 0] = enthalpy * n - J * bonds_spin - K * bonds_u + n_sites * far
        x[r, 1] = bias[0] * n + bias[1] * u
        x[r, 2] = -bias[2] * u


@inlined
def count_bonds(packed, geometry, row_neighbours, counters, bonds):
    """Σ_<ij> n n' and Σ_<ij> s s' of every lane into `bonds`, shape (R, 2), string by string in int8.

    `counters` are two strings of int8, zero before and after.
    """
    n_rows, n_columns, n_replicas, offset, stride, _, _ = geometry
    of_n, of_s = counters
    s = packed.reshape(-1)
    plane = (n_rows + 1) * stride
    bonds[:, :] = 0
    for parity in range(2):
        n_k = (n_columns + 1 - parity) // 2
        n = uint64(n_k * n_replicas)
        unflushed = 0
        for row in range(n_rows):
            here = uint64(parity * plane + row * stride + offset)
            beside = uint64((1 - parity) * plane + row * stride + offset + parity * n_replicas)
            below = uint64(parity * plane + row_neighbours[row, 0] * stride + offset)
            behind = uint64(parity * plane + row_neighbours[row, 2] * stride + offset)
            for i in range(n):
                t, a, b, c = s[here + i], s[beside + i], s[below + i], s[behind + i]
                sum_s = int8(int8(a + b) + c)
                sum_n = int8(int8(int8(a & int8(1)) + int8(b & int8(1))) + int8(c & int8(1)))
                signed = sum_s if t > int8(0) else int8(-sum_s)
                of_s[i] = int8(of_s[i] + (signed if t != int8(0) else int8(0)))
                of_n[i] = int8(of_n[i] + (sum_n if t != int8(0) else int8(0)))
            unflushed += 1
            if unflushed == _FLUSH or row == n_rows - 1:
                for k in range(n_k):
                    for r in range(n_replicas):
                        bonds[r, 0] += int64(of_n[k * n_replicas + r])
                        bonds[r, 1] += int64(of_s[k * n_replicas + r])
                        of_n[k * n_replicas + r] = int8(0)
                        of_s[k * n_replicas + r] = int8(0)
                unflushed = 0


@inlined
def count_lane_bonds(codes, neighbours, bonds):
    """The same for the replica kernel's codes, shape (N + 1, R)."""
    n_replicas = codes.shape[1]
    s = codes.reshape(-1)
    flat = bonds.reshape(-1)
    bonds[:, :] = 0
    for site in range(codes.shape[0] - 1):
        here = uint64(site * n_replicas)
        for i in range(0, neighbours.shape[1], 2):  # one of the two directions of each axis
            there = uint64(neighbours[site, i] * n_replicas)
            for r in range(uint64(n_replicas)):
                a, b = s[here + r], s[there + r]
                flat[2 * r] += int64(int8(a & int8(1)) & b)
                flat[2 * r + 1] += int64(int8(a * b))


@inlined
def uniform(high, low):
    """A uniform number between 0 and 1, both excluded, with 53 bits of two random words."""
    return (float64((high << uint64(21)) | (low >> uint64(11))) + 0.5) * 2.0**-53


@inlined
def follow_walkers(lane, direction, passages, flow):
    """Turn round the walkers that are at an end of their ladder, and count who moves up and who down at every rung."""
    top = lane.shape[1] - 1
    for ladder in range(lane.shape[0]):
        first, last = lane[ladder, 0], lane[ladder, top]
        passages[first] += int64(direction[first] < 0)
        passages[last] += int64(direction[last] > 0)
        direction[first], direction[last] = int8(1), int8(-1)
        for k in range(top + 1):
            way = direction[lane[ladder, k]]
            flow[ladder, k, 0] += int64(way > 0)
            flow[ladder, k, 1] += int64(way < 0)


@kernel()
def swap_pairs(x, beta, walkers, counts, parity, sweep, key):
    """Offer neighbouring rungs k, k+1 with k = parity, parity + 2, ... to exchange their lanes.

    The weight of a configuration on rung k is g^N_HS exp(−Σ_c beta_kc x_c) with x = (H₀, dH/dP, dH/dh) and
    beta_k = (1, P_k, h_k)/T_k. The factor g^N_HS goes with the configuration whatever the rung and cancels, so that
    lanes i and j on the rungs k and k+1 change places with the probability

        min(1, exp Σ_c (beta_kc − beta_k+1,c) (x_ic − x_jc)).
    """
    lane, rung, direction = walkers
    attempts, accepted, chance, passages, flow = counts
    n_ladders, n_rungs = lane.shape
    c2, c3 = when(sweep, EXCHANGE)
    k0, k1 = uint32(key[0]), uint32(key[1])
    for ladder in range(n_ladders):
        for k in range(parity, n_rungs - 1, 2):
            i, j = lane[ladder, k], lane[ladder, k + 1]
            log_ratio = 0.0
            for c in range(3):
                log_ratio += (beta[k, c] - beta[k + 1, c]) * (x[i, c] - x[j, c])
            p = math.exp(log_ratio) if log_ratio < 0.0 else 1.0
            attempts[ladder, k] += 1
            chance[ladder, k] += p
            if (k - parity) % 4 == 0:  # four words serve two pairs
                w0, w1, w2, w3 = philox(k // 4, ladder, c2, c3, k0, k1)
                u = uniform(w0, w1)
            else:
                u = uniform(w2, w3)
            if u < p:
                accepted[ladder, k] += 1
                lane[ladder, k], lane[ladder, k + 1] = j, i
                rung[i], rung[j] = k + 1, k
    follow_walkers(lane, direction, passages, flow)


@inlined
def set_controls(start, rung, points):
    """Give every lane the controls of its rung."""
    for r in range(rung.size):
        for c in range(3):
            start[r, c] = points[rung[r], c]


@kernel()
def lattice_quantities(packed, geometry, row_neighbours, sums, about, counters, bonds, x):
    """`write_quantities` for the lattice kernel."""
    energies, bias, coordination, n_bonds, n_sites, three = about
    if energies[1] != 0.0 or energies[2] != 0.0:
        count_bonds(packed, geometry, row_neighbours, counters, bonds)
    write_quantities(sums, bonds, bias, energies, coordination, n_bonds, n_sites, three, x)


@kernel()
def replica_quantities(codes, neighbours, sums, about, bonds, x):
    """`write_quantities` for the replica kernel."""
    energies, bias, coordination, n_bonds, n_sites, three = about
    if energies[1] != 0.0 or energies[2] != 0.0:
        count_lane_bonds(codes, neighbours, bonds)
    write_quantities(sums, bonds, bias, energies, coordination, n_bonds, n_sites, three, x)


@kernel()
def lattice_exchange(
    packed, geometry, row_neighbours, items, passes, sums, controls, n_sweeps, sweep, energies, three, dynamics, key,
    site_fields, fields, chances, scratch, about, counters, bonds, x, points, beta, walkers, counts, every,
):  # fmt: skip
    """`n_sweeps` of the lattice kernel, with swaps after every sweep whose number divides by `every`.

    The 0 is typed, so that the kernel is not compiled once more for a literal one.
    """
    done = 0
    while done < n_sweeps:
        n = min(n_sweeps - done, every - (sweep + done) % every)
        set_controls(controls[0], walkers[1], points)
        sweeps_serial(
            packed, geometry, row_neighbours, items, passes, sums, controls, int64(0), n, sweep + done, energies,
            three, dynamics, key, site_fields, fields, chances, scratch,
        )  # fmt: skip
        done += n
        now = sweep + done
        if now % every == 0:
            lattice_quantities(packed, geometry, row_neighbours, sums, about, counters, bonds, x)
            swap_pairs(x, beta, walkers, counts, now // every % 2, now, key)


@kernel()
def replica_exchange(
    codes, neighbours, sums, controls, n_sweeps, sweep, energies, three, heat_bath, key, lanes, scratch, about, bonds,
    x, points, beta, walkers, counts, every,
):  # fmt: skip
    """`n_sweeps` of the replica kernel, with swaps after every sweep whose number divides by `every`."""
    done = 0
    while done < n_sweeps:
        n = min(n_sweeps - done, every - (sweep + done) % every)
        set_controls(controls[0], walkers[1], points)
        replica_sweeps(
            codes, neighbours, sums, controls, int64(0), n, sweep + done, energies, three, heat_bath, key, lanes,
            scratch,
        )  # fmt: skip
        done += n
        now = sweep + done
        if now % every == 0:
            replica_quantities(codes, neighbours, sums, about, bonds, x)
            swap_pairs(x, beta, walkers, counts, now // every % 2, now, key)
