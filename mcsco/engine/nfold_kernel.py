"""Rejection-free activated dynamics in continuous time: the n-fold way.

Bortz, Kalos and Lebowitz, J. Comput. Phys. 17, 10 (1975), DOI 10.1016/0021-9991(75)90060-1. Molecules of one replica
are sorted into classes (kind of site, state, n of the partner, Σn of the neighbours, Σu of the neighbours), whose
members have the same rates; what no coupling asks for is left out. Before every event the rates of all occupied classes
are computed from the running sums, so that infinite-range couplings, which change all of them, are exact. The time to
the event is exponential with the total rate, its class is drawn by rate, its molecule by chance.

The members of all classes stand in one array, sorted by class; `starts` says where each class begins. A molecule
changes its class by swaps across the borders in between, without any search and in memory of N numbers.

An event is a function of (key, replica, number of draws so far): nothing depends on how a way is cut into calls.
"""

import math

from numba import float64, int64, uint32, uint64

from mcsco.engine.arrhenius_rates import far_energy
from mcsco.engine.jit import inlined, kernel
from mcsco.engine.random_numbers import EVENTS, philox, when
from mcsco.engine.site_kinds import STILL, TURNING


@inlined
def change_class(order, position, starts, classes, r, site, target):
    """Take a molecule from its class to another one."""
    c = classes[r, site]
    while c < target:  # it becomes the last of its class, then the border passes it
        last = starts[r, c + 1] - 1
        at, other = position[r, site], order[r, last]
        order[r, at], order[r, last] = other, site
        position[r, other], position[r, site] = at, last
        starts[r, c + 1] = last
        c += 1
    while c > target:
        begin = starts[r, c]
        at, other = position[r, site], order[r, begin]
        order[r, at], order[r, begin] = other, site
        position[r, other], position[r, site] = at, begin
        starts[r, c] = begin + 1
        c -= 1
    classes[r, site] = target


@kernel()
def count_neighbours(codes, kinds, neighbours, widths, classes):
    """The class of every molecule from its kind, its state and its neighbours', shape (R, N).

    The last column of `neighbours` (N, z + 1) is the partner.
    """
    width_p, width_n, width_u = widths
    z = neighbours.shape[1] - 1
    for r in range(codes.shape[0]):
        for site in range(codes.shape[1]):
            sum_n, sum_u = int64(0), int64(0)
            for i in range(z):
                s = int64(codes[r, neighbours[site, i]])
                sum_n += s * s
                sum_u += s
            c = int64(3 * kinds[site]) + int64(codes[r, site]) + 1
            c = c * width_p + (int64(codes[r, neighbours[site, z]] & 1) if width_p > 1 else int64(0))
            c = c * width_n + (sum_n if width_n > 1 else int64(0))
            classes[r, site] = c * width_u + (sum_u + z if width_u > 1 else int64(0))


@kernel()
def sort_classes(classes, order, position, starts):
    """Sort molecules by class, in the order of their numbers within a class."""
    n_classes = starts.shape[1] - 1
    for r in range(classes.shape[0]):
        starts[r, :] = 0
        for site in range(classes.shape[1]):
            starts[r, classes[r, site] + 1] += 1
        for c in range(n_classes):
            starts[r, c + 1] += starts[r, c]
        for site in range(classes.shape[1]):
            at = starts[r, classes[r, site]]
            order[r, at], position[r, site] = site, at
            starts[r, classes[r, site]] += 1
        for c in range(n_classes, 0, -1):
            starts[r, c] = starts[r, c - 1]
        starts[r, 0] = 0


@kernel()
def nfold_events(
    codes, neighbours, kinds, sums, sorted_by, elapsed, draws, events, control, duration, budget, energies, barriers,
    light, three, widths, key, rates,
):  # fmt: skip
    """Move every replica on until `elapsed` is `duration` (s), or for `budget` draws of random numbers.

    `codes`, and `order`, `position`, `classes` of `sorted_by`, have shape (R, N); the last column of
    `neighbours` (N, z + 1) is the partner; `kinds` is the table of `SiteKinds`; `sums` (R, 3) holds Σn, Σu and Σ±n;
    `control` (R, 3) holds T, the unit of work and the field in K; `energies` in K end with J_m and Γ_s;
    `light` is (LS → HS, HS → LS) in 1/s; `rates` (classes, 2) is scratch.
    """
    order, position, starts, classes = sorted_by
    n_replicas, n_sites = codes.shape
    z = neighbours.shape[1] - 1
    n_kinds = kinds.shape[0]
    width_p, width_n, width_u = widths
    block = width_p * width_n * width_u
    _, _, J, K, Gamma, K_inf, L, J_m, Gamma_s = energies
    near_spin = width_p > 1 or width_n > 1
    ln_k, E_a, ln_k_f, E_f = barriers
    pump, reverse = light
    per_site = 1.0 / n_sites
    k0, k1 = uint32(key[0]), uint32(key[1])
    for r in range(n_replicas):
        T, work, h = control[r, 0], control[r, 1], control[r, 2]
        beta = 1.0 / T
        left = budget
        while elapsed[r] < duration and left > 0:
            left -= 1
            total = 0.0
            for kind in range(n_kinds):
                if kinds[kind, 4] == STILL:
                    continue
                d_h, ln_g, volume, sign = kinds[kind, 0], kinds[kind, 1], kinds[kind, 2], kinds[kind, 3]
                base, at_zero = d_h + work * volume, ln_k + ln_g
                for state in range(3):
                    first = (3 * kind + state) * block
                    if starts[r, first] == starts[r, first + block]:
                        continue
                    s = state - 1
                    far_a, far_b = far_energy(
                        float64(sums[r, 0] - s * s), float64(sums[r, 1] - s), per_site, Gamma, K_inf, L
                    )
                    if Gamma_s != 0.0:
                        far_a -= Gamma_s * per_site * (2.0 * sign * (float64(sums[r, 2]) - sign * s * s) + 1.0)
                    for c in range(first, first + block):
                        count = starts[r, c + 1] - starts[r, c]
                        if count == 0:
                            continue
                        A, B = base + far_a, 0.0
                        if near_spin:
                            around = (c - first) // width_u
                            if width_p > 1:
                                A -= 4.0 * J_m * float64(around // width_n)  # 2 J_m stands in ΔH
                                around %= width_n
                            A -= 2.0 * J * float64(2 * around - z)
                        if three:
                            B = far_b - h
                            if width_u > 1:
                                B -= K * float64(c % width_u - z)
                        if s == 0 and three:  # to u = +1, to u = −1
                            one = math.exp(at_zero - (E_a + 0.5 * (A + B)) * beta) + 0.5 * pump
                            two = math.exp(at_zero - (E_a + 0.5 * (A - B)) * beta) + 0.5 * pump
                        elif s == 0:
                            one, two = math.exp(at_zero - (E_a + 0.5 * A) * beta) + pump, 0.0
                        else:  # to LS, to −u
                            one = math.exp(ln_k - (E_a - 0.5 * (A + s * B)) * beta) + reverse
                            two = math.exp(ln_k_f - (E_f - s * B) * beta) if three else 0.0
                            if kinds[kind, 4] == TURNING:
                                one = 0.0
                        rates[c, 0], rates[c, 1] = one * count, two * count
                        total += rates[c, 0] + rates[c, 1]
            c2, c3 = when(draws[r], EVENTS)
            x0, x1, x2, x3 = philox(r, 0, c2, c3, k0, k1)
            draws[r] += 1
            if total == 0.0:
                elapsed[r] = duration
                continue
            # 53 bits each
            u = (float64((uint64(x0) << uint64(21)) | (uint64(x1) >> uint64(11))) + 0.5) * 2.0**-53
            elapsed[r] -= math.log(u) / total
            if elapsed[r] >= duration:  # no event before the end, after which waiting begins anew
                elapsed[r] = duration
                continue
            events[r] += 1
            rest = float64((uint64(x2) << uint64(21)) | (uint64(x3) >> uint64(11))) * 2.0**-53 * total
            chosen, way = -1, 0
            for kind in range(n_kinds):
                if kinds[kind, 4] == STILL:
                    continue
                for state in range(3):
                    first = (3 * kind + state) * block
                    if starts[r, first] == starts[r, first + block] or rest < 0.0:
                        continue
                    for c in range(first, first + block):
                        if starts[r, c + 1] == starts[r, c]:
                            continue
                        for i in range(2):
                            if rest >= 0.0 and rates[c, i] > 0.0:  # the last one where rounding leaves a rest
                                chosen, way = c, i
                                rest -= rates[c, i]
            x0, x1, _, _ = philox(r, 1, c2, c3, k0, k1)
            v = float64((uint64(x0) << uint64(21)) | (uint64(x1) >> uint64(11))) * 2.0**-53
            count = starts[r, chosen + 1] - starts[r, chosen]
            site = order[r, starts[r, chosen] + min(int64(v * count), count - 1)]
            old = int64(codes[r, site])
            new = (1 if way == 0 else -1) if old == 0 else (0 if way == 0 else -old)
            d_n, d_u = new * new - old * old, new - old
            codes[r, site] = new
            sums[r, 0] += d_n
            sums[r, 1] += d_u
            if Gamma_s != 0.0:
                sums[r, 2] += int64(kinds[chosen // (3 * block), 3]) * d_n
            change_class(order, position, starts, classes, r, site, classes[r, site] + d_u * block)
            if width_p > 1 and d_n != 0:
                other = neighbours[site, z]
                change_class(order, position, starts, classes, r, other, classes[r, other] + d_n * width_n * width_u)
            if block > 1:
                shift = (d_n * width_u if width_n > 1 else 0) + (d_u if width_u > 1 else 0)
                if shift != 0:
                    for i in range(z):
                        other = neighbours[site, i]
                        change_class(order, position, starts, classes, r, other, classes[r, other] + shift)
