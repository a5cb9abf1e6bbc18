"""Kernel (a): sweeps of the packed lattice, one pass of independent strings after the other.

Infinite-range couplings act through one Gaussian number each (Hubbard, DOI 10.1103/PhysRevLett.3.77), drawn
before every pass from the exact conditional distribution

    x ~ N(γ, T / (2 Γ N)),   y ~ N(η, T / (K∞ N)),

given which the sites see the uniform fields 2 Γ x and K∞ y: the chain leaves the joint Boltzmann distribution
invariant. Freezing γ and η over a pass instead would be wrong. It needs Γ ≥ 0, K∞ ≥ 0 and L = 0; the replica kernel
serves the rest.
"""

import math

from numba import float32, int8, int64, prange, uint16, uint32, uint64

from mcsco.engine.dynamics import HEAT_BATH, LAZY, METROPOLIS
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import FIELDS, SITES, TIES, fill_words, normal_pair, when
from mcsco.engine.rows import flip_plain, heat_bath_three, metropolis_three, move_plain

# An int8 counter holds changes of up to 2 units a string for this many strings.
_FLUSH = 60


@inlined
def set_fields(control, r, energies, z, x, y):
    """(field_n, field_u, near_n, near_u) of replica r in units of T ln 2; x, y are the auxiliary fields."""
    T, work, h = control[r, 0], control[r, 1], control[r, 2]
    d_h, ln_g, J, K, Gamma, K_inf = energies[0], energies[1], energies[2], energies[3], energies[4], energies[5]
    scale = 1.0 / (T * math.log(2.0))
    return (
        (d_h + work + Gamma - T * ln_g - 2.0 * Gamma * x + 2.0 * J * z) * scale,
        (h + K_inf * y) * scale,
        -4.0 * J * scale,
        K * scale,
    )


@inlined
def set_chances(field_n, near_n, r, n_lanes, n_replicas, dynamics, chance, rest, least, turn, bound):
    """Flip probabilities of replica r for s = 0, 1 and Σ s' = 0..6, as 16 + 32 bits, along the string.

    `least`, `turn` and `bound` say the same in the form that `flip_plain` reads.
    """
    below = 0
    for total in range(7):
        cost = field_n + near_n * total  # of s = 1 against s = 0, in log2
        below += int64(cost < 0.0)
        ratio = 2.0 ** -min(abs(cost), 200.0)
        if dynamics == METROPOLIS:
            small, large = int64(LAZY * ratio * 2.0**48), int64(LAZY * 2.0**48)
        else:  # odd, so that the upper halves of the two always add up to 2^16 − 1
            small = int64(ratio / (1.0 + ratio) * 2.0**48) | 1
            large = 2**48 - small
        low = 7 * int64(cost < 0.0) + total  # the flip that costs energy starts from s = 1 where s = 1 is favoured
        high = 7 * int64(cost >= 0.0) + total
        for k in range(n_lanes):
            i = k * n_replicas + r
            chance[low, i], rest[low, i] = uint16(small >> 32), uint32(small & 0xFFFFFFFF)
            chance[high, i], rest[high, i] = uint16(large >> 32), uint32(large & 0xFFFFFFFF)
            least[total, i] = uint16(small >> 32)
    for k in range(n_lanes):  # the cost is monotonic in Σ s': s = 1 is favoured below a bound, or above one
        turn[k * n_replicas + r] = int8(0) if near_n >= 0.0 else int8(-1)
        bound[k * n_replicas + r] = int8(below) if near_n >= 0.0 else int8(below - 7)


@inlined
def flush(change, n_lanes, n_replicas, total, column):
    """Add the counters of a worker to its sums, replica by replica, and reset them."""
    for r in range(n_replicas):
        added = int64(0)
        for k in range(n_lanes):
            added += int64(change[k * n_replicas + r])
            change[k * n_replicas + r] = int8(0)
        total[r, column] += added


def _sweeps(
    packed, geometry, row_neighbours, items, passes, sums, controls, first, n_sweeps, sweep, energies, three,
    dynamics, key, site_fields, fields, chances, scratch,
):  # fmt: skip
    """Advance a batch by `n_sweeps`; see `LatticeBatch.advance` for the arguments."""
    n_rows, n_columns, n_replicas, offset, stride, n_sites, z = geometry
    field_n, field_u, near_n, near_u = fields
    chance, rest, least, turn, bound = chances
    # How `flip_plain` finds the larger probability of a pair: always LAZY, or what the smaller one leaves of 1.
    most = uint16(LAZY * 2.0**16 if dynamics == METROPOLIS else 2.0**16 - 1.0)
    complement = uint16(0 if dynamics == METROPOLIS else 2**16 - 1)
    all_words, all_words16, all_new, all_change_n, all_change_u, worker_sums = scratch
    start, step, control = controls
    lazy = float32(-math.log2(LAZY))
    k0, k1 = uint32(key[0]), uint32(key[1])
    Gamma, K_inf = energies[4], energies[5]
    far = Gamma != 0.0 or K_inf != 0.0
    n_workers = worker_sums.shape[0]
    s = packed.reshape(-1)
    n_lanes = (n_columns + 1) // 2
    plane = (n_rows + 1) * stride
    for t in range(n_sweeps):
        for r in range(n_replicas):
            for c in range(3):
                control[r, c] = start[r, c] + step[r, c] * (first + t + 1)
        c2, c3 = when(sweep + t, SITES)
        c3_ties = when(sweep + t, TIES)[1]
        c3_fields = when(sweep + t, FIELDS)[1]
        for p in range(passes.size - 1):
            if p == 0 or far:
                for r in range(n_replicas):
                    x, y = 0.0, 0.0
                    if far:
                        g0, g1 = normal_pair(r, p, c2, c3_fields, k0, k1)
                        if Gamma != 0.0:
                            x = sums[r, 0] / n_sites + g0 * math.sqrt(control[r, 0] / (2.0 * Gamma * n_sites))
                        if K_inf != 0.0:
                            y = sums[r, 1] / n_sites + g1 * math.sqrt(control[r, 0] / (K_inf * n_sites))
                    f_n, f_u, k_n, k_u = set_fields(control, r, energies, z, x, y)
                    if site_fields:
                        for k in range(n_lanes):
                            near_n[k * n_replicas + r] = float32(k_n)
                            near_u[k * n_replicas + r] = float32(k_u)
                    elif three:
                        for k in range(n_lanes):
                            field_n[k * n_replicas + r] = float32(f_n)
                            field_u[k * n_replicas + r] = float32(f_u)
                            near_n[k * n_replicas + r] = float32(k_n)
                            near_u[k * n_replicas + r] = float32(k_u)
                    else:
                        set_chances(f_n, k_n, r, n_lanes, n_replicas, dynamics, chance, rest, least, turn, bound)
            n_items = passes[p + 1] - passes[p]
            for worker in prange(n_workers):
                words, words16, new = all_words[worker], all_words16[worker], all_new[worker]
                change_n, change_u, total = all_change_n[worker], all_change_u[worker], worker_sums[worker]
                begin = passes[p] + n_items * worker // n_workers
                end_item = passes[p] + n_items * (worker + 1) // n_workers
                unflushed = 0
                for item in range(begin, end_item):
                    row, parity, k_begin, k_end = items[item, 0], items[item, 1], items[item, 2], items[item, 3]
                    n = (k_end - k_begin) * n_replicas
                    skip = offset + k_begin * n_replicas
                    here = uint64(parity * plane + row * stride + skip)
                    other = (1 - parity) * plane + row * stride + skip
                    left = uint64(other - n_replicas + parity * n_replicas)
                    right = uint64(other + parity * n_replicas)
                    base = parity * plane + skip
                    r0 = uint64(base + row_neighbours[row, 0] * stride)
                    r1 = uint64(base + row_neighbours[row, 1] * stride)
                    r2 = uint64(base + row_neighbours[row, 2] * stride)
                    r3 = uint64(base + row_neighbours[row, 3] * stride)
                    where = 4 * row + 2 * int64(k_begin > 0) + parity
                    f0 = here if site_fields else uint64(0)
                    if three:
                        fill_words(words, n, where, c2, c3, k0, k1)
                        if dynamics == METROPOLIS:
                            metropolis_three(
                                s,
                                here,
                                left,
                                right,
                                r0,
                                r1,
                                r2,
                                r3,
                                n,
                                f0,
                                field_n,
                                field_u,
                                near_n,
                                near_u,
                                words,
                                new,
                            )
                        else:
                            heat_bath_three(
                                s,
                                here,
                                left,
                                right,
                                r0,
                                r1,
                                r2,
                                r3,
                                n,
                                f0,
                                field_n,
                                field_u,
                                near_n,
                                near_u,
                                words,
                                new,
                            )
                    elif site_fields:
                        fill_words(words, n, where, c2, c3, k0, k1)
                        move_plain(
                            s, here, left, right, r0, r1, r2, r3, n, f0, field_n, near_n, words,
                            dynamics == HEAT_BATH, lazy, new,
                        )  # fmt: skip
                    else:
                        fill_words(words, (n + 1) // 2, where, c2, c3, k0, k1)
                        flip_plain(
                            s, here, left, right, r0, r1, r2, r3, n, (least, turn, bound, most, complement),
                            chance, rest, words16, where, c2, c3_ties, k0, k1, new,
                        )  # fmt: skip
                    for i in range(uint64(n)):
                        old, now = s[here + i], new[i]
                        change_u[i] = int8(change_u[i] + int8(now - old))
                        change_n[i] = int8(change_n[i] + int8(int8(now & int8(1)) - int8(old & int8(1))))
                        s[here + i] = now
                    # Ghosts: the last column before the first odd one, column 0 after the last column.
                    even, odd = row * stride + offset, plane + row * stride + offset
                    last = even + (n_columns - 1) // 2 * n_replicas + (plane if n_columns % 2 == 0 else 0)
                    end = even + n_columns // 2 * n_replicas + (plane if n_columns % 2 else 0)
                    for r in range(n_replicas):
                        s[odd - n_replicas + r] = s[last + r]
                        s[end + r] = s[even + r]
                    unflushed += 1
                    if unflushed == _FLUSH:
                        flush(change_n, n_lanes, n_replicas, total, 0)
                        flush(change_u, n_lanes, n_replicas, total, 1)
                        unflushed = 0
                flush(change_n, n_lanes, n_replicas, total, 0)
                flush(change_u, n_lanes, n_replicas, total, 1)
            for worker in range(n_workers):
                for r in range(n_replicas):
                    for c in range(2):
                        sums[r, c] += worker_sums[worker, r, c]
                        worker_sums[worker, r, c] = 0


sweeps_serial = kernel()(_sweeps)
"""One thread; releases the GIL, so that several batches can run in Python threads."""

sweeps_parallel = kernel(parallel=True)(_sweeps)
"""As many threads as there are workers; the same numbers."""


@kernel()
def bond_sums(packed, geometry, row_neighbours, out):
    """Σ_<ij> n n' and Σ_<ij> s s' of every replica into `out`, shape (R, 2); each bond once."""
    n_rows, n_columns, n_replicas, offset, _, _, _ = geometry
    out[:, :] = 0
    for parity in range(2):
        n_k = (n_columns + 1 - parity) // 2
        for row in range(n_rows):
            for k in range(n_k):
                at = offset + k * n_replicas
                for r in range(n_replicas):
                    s = packed[parity, row, at + r]
                    beside = packed[1 - parity, row, at + parity * n_replicas + r]
                    sum_n, sum_s = int64(beside & int8(1)), int64(beside)
                    for side in (0, 2):  # one of the two directions of each further axis
                        other = packed[parity, row_neighbours[row, side], at + r]
                        sum_n += int64(other & int8(1))
                        sum_s += int64(other)
                    out[r, 0] += int64(s & int8(1)) * sum_n
                    out[r, 1] += int64(s) * sum_s


@kernel()
def lane_sums(codes, out):
    """Σ n and Σ s of every replica into `out`, shape (R, 2), recounted from codes of shape (R, N)."""
    for r in range(codes.shape[0]):
        sum_n, sum_s = int64(0), int64(0)
        for i in range(codes.shape[1]):
            sum_n += int64(codes[r, i] & int8(1))
            sum_s += int64(codes[r, i])
        out[r, 0], out[r, 1] = sum_n, sum_s
