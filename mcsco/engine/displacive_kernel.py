"""Kernel (a) for continuous distortions: sweeps of the packed lattice, as in `mcsco.engine.lattice_kernel`.

n and u of a site are stored in two arrays of one layout, int8 and float32. Infinite-range couplings act through the
same Gaussian numbers, drawn before every pass. Σu, which they need, is added up string by string in double precision
and in a fixed order, so that no trajectory depends on the number of threads or on how a run is cut into calls.
"""

import math

from numba import float32, float64, int8, int64, prange, uint32, uint64

from mcsco.engine.displacive_rows import make_decisions, move_displacive
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.lattice_kernel import flush, set_fields
from mcsco.engine.random_numbers import FIELDS, SITES, fill_words, normal_pair, when

# An int8 counter holds changes of one unit a string for this many strings.
_FLUSH = 120


@inlined
def proposals_at(T, table):
    """(c, ρ, half range of a HS step) at a temperature, from `Wells.table`."""
    x = (math.log2(T) - table[0, 0]) * table[0, 1]
    x = min(max(x, 0.0), table[0, 2] - 1e-9)
    row = int(x)
    f = x - row
    a = table[row + 1, 0] + f * (table[row + 2, 0] - table[row + 1, 0])
    b = table[row + 1, 1] + f * (table[row + 2, 1] - table[row + 1, 1])
    c = table[row + 1, 2] + f * (table[row + 2, 2] - table[row + 1, 2])
    return a, b, c


@inlined
def set_lanes(T, r, n_lanes, n_replicas, well, table, lanes):
    """Everything of replica r that depends on its temperature alone, along the string, in units of T ln 2."""
    bias, square, softer, quartic, cross, centre, ratio, inverse, reach = lanes
    barrier, low, high, mixed = well
    scale = 1.0 / (T * math.log(2.0))
    c, rho, step = proposals_at(T, table)
    for k in range(n_lanes):
        i = k * n_replicas + r
        bias[i] = float32(barrier * scale - math.log2(2.0 * rho))
        square[i] = float32(0.5 * low * scale)
        softer[i] = float32(0.5 * (high - low) * scale)
        quartic[i] = float32(barrier * scale)
        cross[i] = float32(mixed * scale)
        centre[i], ratio[i], inverse[i], reach[i] = float32(c), float32(rho), float32(1.0 / rho), float32(step)


@inlined
def string_sums(v, here, n, n_replicas, lanes, out, item):
    """Σ u of a string of n numbers into out[item], replica by replica; `lanes` holds a multiple of the replicas."""
    width = lanes.size
    lanes[:] = 0.0
    for block in range(n // width):
        begin = uint64(here + uint64(block * width))
        for j in range(uint64(width)):
            lanes[j] += float64(v[begin + j])
    done = n // width * width
    for j in range(uint64(n - done)):
        lanes[j] += float64(v[here + uint64(done) + j])
    for r in range(n_replicas):
        total = 0.0
        for j in range(r, width, n_replicas):
            total += lanes[j]
        out[item, r] = total


def _sweeps(
    packed, distortion, geometry, row_neighbours, items, passes, sums, controls, first, n_sweeps, sweep, energies,
    well, table, key, site_fields, fields, lanes, scratch,
):  # fmt: skip
    """Advance a batch by `n_sweeps`; see `DisplaciveLatticeBatch` for the arguments."""
    n_rows, n_columns, n_replicas, offset, stride, n_sites, z = geometry
    field_n, field_u, near_n, near_u = fields
    words, all_decided, all_new_n, all_new_u, all_change, worker_sums, all_totals, strings = scratch
    start, step, control = controls
    k0, k1 = uint32(key[0]), uint32(key[1])
    Gamma, K_inf = energies[4], energies[5]
    far = Gamma != 0.0 or K_inf != 0.0
    n_workers = worker_sums.shape[0]
    s, v = packed.reshape(-1), distortion.reshape(-1)
    n_lanes = (n_columns + 1) // 2
    plane = (n_rows + 1) * stride
    for t in range(n_sweeps):
        for r in range(n_replicas):
            before = control[r, 0]
            for c in range(3):
                control[r, c] = start[r, c] + step[r, c] * (first + t + 1)
            if t == 0 or control[r, 0] != before:
                set_lanes(control[r, 0], r, n_lanes, n_replicas, well, table, lanes)
        uniform = True
        for r in range(1, n_replicas):
            uniform = uniform and control[r, 0] == control[0, 0]
        c2, c3 = when(sweep + t, SITES)
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
                            total_u = 0.0
                            for item in range(strings.shape[0]):
                                total_u += strings[item, r]
                            y = total_u / n_sites + g1 * math.sqrt(control[r, 0] / (K_inf * n_sites))
                    f_n, f_u, k_n, k_u = set_fields(control, r, energies, z, x, y)
                    for k in range(n_lanes):
                        i = k * n_replicas + r
                        near_n[i], near_u[i] = float32(k_n), float32(k_u)
                        if not site_fields:
                            field_n[i], field_u[i] = float32(f_n), float32(f_u)
            n_items = passes[p + 1] - passes[p]
            for worker in prange(n_workers):
                first_words, second_words = words[0, worker], words[1, worker]
                decided = all_decided[0, worker], all_decided[1, worker], all_decided[2, worker]
                new_n, new_u, change = all_new_n[worker], all_new_u[worker], all_change[worker]
                total, totals = worker_sums[worker], all_totals[worker]
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
                    where = 2 * (4 * row + 2 * int64(k_begin > 0) + parity)
                    f0 = here if site_fields else uint64(0)
                    fill_words(first_words, n, where, c2, c3, k0, k1)
                    fill_words(second_words, n, where + 1, c2, c3, k0, k1)
                    make_decisions(first_words, second_words, n, decided[0], decided[1], decided[2])
                    move_displacive(
                        s, v, here, left, right, r0, r1, r2, r3, n, f0, fields, lanes, uniform, first_words, decided,
                        new_n, new_u,
                    )  # fmt: skip
                    for i in range(uint64(n)):
                        change[i] = int8(change[i] + int8(new_n[i] - s[here + i]))
                        s[here + i] = new_n[i]
                        v[here + i] = new_u[i]
                    if K_inf != 0.0:
                        string_sums(v, here, n, n_replicas, totals, strings, item)
                    # Ghosts: the last column before the first odd one, column 0 after the last column.
                    even, odd = row * stride + offset, plane + row * stride + offset
                    last = even + (n_columns - 1) // 2 * n_replicas + (plane if n_columns % 2 == 0 else 0)
                    end = even + n_columns // 2 * n_replicas + (plane if n_columns % 2 else 0)
                    for r in range(n_replicas):
                        s[odd - n_replicas + r], v[odd - n_replicas + r] = s[last + r], v[last + r]
                        s[end + r], v[end + r] = s[even + r], v[even + r]
                    unflushed += 1
                    if unflushed == _FLUSH:
                        flush(change, n_lanes, n_replicas, total, 0)
                        unflushed = 0
                flush(change, n_lanes, n_replicas, total, 0)
            for worker in range(n_workers):
                for r in range(n_replicas):
                    sums[r, 0] += worker_sums[worker, r, 0]
                    worker_sums[worker, r, 0] = 0


displacive_serial = kernel()(_sweeps)
"""One thread; releases the GIL, so that several batches can run in Python threads."""

displacive_parallel = kernel(parallel=True)(_sweeps)
"""As many threads as there are workers; the same numbers."""


@kernel()
def all_string_sums(distortion, geometry, items, totals, strings):
    """Σ u of every string of a sweep, as the sweeps keep them."""
    n_rows, _, n_replicas, offset, stride, _, _ = geometry
    v = distortion.reshape(-1)
    for item in range(items.shape[0]):
        row, parity, k_begin, k_end = items[item, 0], items[item, 1], items[item, 2], items[item, 3]
        here = uint64((parity * (n_rows + 1) + row) * stride + offset + k_begin * n_replicas)
        string_sums(v, here, (k_end - k_begin) * n_replicas, n_replicas, totals, strings, item)


N_SUMS = 6
"""Σu, Σnn', Σuu', Σu², Σnu² and Σu⁴: what `displacive_sums` adds up."""


@kernel()
def displacive_sums(packed, distortion, geometry, row_neighbours, lanes, out):
    """The sums of `N_SUMS` of every replica into `out`, shape (R, N_SUMS), each bond once.

    `lanes`, shape (N_SUMS, longest string), holds one sum for each place of a string, so that the loop over places is
    free of dependences and the order of additions fixed.
    """
    n_rows, n_columns, n_replicas, offset, stride, _, _ = geometry
    s, v = packed.reshape(-1), distortion.reshape(-1)
    plane = (n_rows + 1) * stride
    u_1, n_n, u_u, u_2, n_u_2, u_4 = lanes[0], lanes[1], lanes[2], lanes[3], lanes[4], lanes[5]
    lanes[:, :] = 0.0
    for parity in range(2):
        length = (n_columns + 1 - parity) // 2 * n_replicas
        for row in range(n_rows):
            here = uint64(parity * plane + row * stride + offset)
            beside = uint64((1 - parity) * plane + row * stride + offset + parity * n_replicas)
            # One of the two directions of each further axis.
            above = uint64(parity * plane + row_neighbours[row, 0] * stride + offset)
            behind = uint64(parity * plane + row_neighbours[row, 2] * stride + offset)
            for i in range(uint64(length)):
                n, u = s[here + i], float64(v[here + i])
                sum_n = int8(int8(s[beside + i] + s[above + i]) + s[behind + i])
                sum_u = float64(v[beside + i]) + float64(v[above + i]) + float64(v[behind + i])
                y = u * u
                u_1[i] += u
                n_n[i] += float64(int8(n * sum_n))
                u_u[i] += u * sum_u
                u_2[i] += y
                n_u_2[i] += y * float64(n)
                u_4[i] += y * y
    out[:, :] = 0.0
    for c in range(N_SUMS):
        for i in range(lanes.shape[1]):
            out[i % n_replicas, c] += lanes[c, i]
