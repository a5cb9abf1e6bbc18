"""Slow, obvious twins of the engine, written from the formulas and sharing no code with it.

Codes are s = u ∈ {−1, 0, +1} for models with a distortion and s = n ∈ {0, 1} for plain ones, as in the engine.
Energies are taken in K per molecule, H/R, and log-probabilities in units of 1, unless a name says ``log2``.
"""

import itertools
import math
from functools import lru_cache

import numpy as np
from scipy import stats

from mcsco.model import Model, State

R = 8.31446261815324  # J/(mol K)


def bonds(shape):
    """Pairs of neighbouring sites (C order) of the periodic lattice, each bond once; an extent of 2 gives two bonds."""
    sites = list(itertools.product(*map(range, shape)))
    number = {site: i for i, site in enumerate(sites)}
    pairs = []
    for site in sites:
        for axis, extent in enumerate(shape):
            neighbour = list(site)
            neighbour[axis] = (neighbour[axis] + 1) % extent
            pairs.append((number[site], number[tuple(neighbour)]))
    return pairs


def energy(model, codes, pressure=0.0, field=0.0):
    """H in kJ/mol of one configuration, with a loop over sites and a loop over bonds."""
    s = [int(code) for code in np.ravel(codes)]
    N, spin = len(s), model.spin
    u = s if model.distortion else [0] * N
    n = [abs(code) for code in s]
    sigma = [2 * occupied - 1 for occupied in n]
    gamma, eta = sum(n) / N, sum(u) / N
    H = 0.0
    for i in range(N):
        H += n[i] * (spin.enthalpy + pressure * spin.volume) - field * u[i]
    for i, j in bonds(model.lattice.shape):
        for term in model.interactions:
            if type(term).__name__ == "NearestNeighbours":
                H -= term.spin * sigma[i] * sigma[j] + term.distortion * u[i] * u[j]
    for term in model.interactions:
        if type(term).__name__ == "InfiniteRange":
            H += N * (term.spin * gamma * (1 - gamma) - term.distortion / 2 * eta**2 - term.mixed * gamma * eta**2)
    return H


def to_state(model, codes):
    """The configuration as `Model.energy` wants it."""
    codes = np.asarray(codes, dtype=np.int8).reshape(model.lattice.shape)
    u = codes if model.distortion else np.zeros_like(codes)
    return State((2 * np.abs(codes) - 1).astype(np.int8), u)


def values(model):
    """What a site can be."""
    return (-1, 0, 1) if model.distortion else (0, 1)


def configurations(model):
    """All configurations, shape (M, N); row number = `label`."""
    return np.array(list(itertools.product(values(model), repeat=model.lattice.n_sites)), dtype=np.int8)


def label(model, codes):
    """Row in `configurations` of each of many configurations, shape (R, ...)."""
    base = len(values(model))
    digits = codes.reshape(len(codes), -1).astype(np.int64) - min(values(model))
    return digits @ base ** np.arange(model.lattice.n_sites - 1, -1, -1)


@lru_cache(maxsize=64)
def boltzmann(model: Model, temperature: float, pressure: float = 0.0, field: float = 0.0):
    """Probability of every configuration, exp(ln g Σn − H/RT) / Z, with H from `Model.energy`."""
    log_weight = np.array(
        [
            model.spin.ln_g * np.count_nonzero(codes)
            - model.energy(to_state(model, codes), pressure, field) / (R / 1000 * temperature)
            for codes in configurations(model)
        ]
    )
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def chi_squared(counts, probabilities):
    """P-value of Pearson's test; classes that are expected less than ten times are pooled."""
    expected = probabilities * counts.sum()
    rare = expected < 10
    observed, expected = (np.append(x[~rare], x[rare].sum()) for x in (counts, expected))
    if expected[-1] < 10:
        observed, expected = (np.append(x[:-2], x[-2:].sum()) for x in (observed, expected))
    statistic = np.sum((observed - expected) ** 2 / expected)
    return stats.chi2.sf(statistic, len(expected) - 1)


def site_matrix(model, probabilities, site, dynamics, lazy=1.0):
    """Transition matrix of one attempt at one site: Metropolis (a different state is proposed) or heat bath."""
    M = len(probabilities)
    stride = len(values(model)) ** (model.lattice.n_sites - 1 - site)
    at = configurations(model)[:, site].astype(np.int64) - min(values(model))
    P = np.zeros((M, M))
    for i in range(M):
        others = [i + (v - at[i]) * stride for v in range(len(values(model))) if v != at[i]]
        for j in others:
            if dynamics == "metropolis":
                P[i, j] = lazy / len(others) * min(1.0, probabilities[j] / probabilities[i])
            else:
                P[i, j] = probabilities[j] / (probabilities[i] + probabilities[others].sum())
        P[i, i] = 1.0 - P[i].sum()
    return P


def pass_matrix(model, sites, dynamics, temperature, noise=1.0, n_nodes=61):
    """Transition matrix of a pass over sites without bonds, the auxiliary fields integrated out numerically.

    x ~ N(γ, T/2ΓN) and y ~ N(η, T/K∞N); `noise` = 0 freezes the mean instead, which is wrong.
    """
    T, N = temperature, model.lattice.n_sites
    d_h, J, K, Gamma, K_inf = in_kelvin(model)
    all_codes = configurations(model)
    M, allowed = len(all_codes), values(model)
    grid = np.linspace(-8.0, 8.0, n_nodes)
    weight = np.exp(-(grid**2) / 2)
    weight /= weight.sum()
    P = np.zeros((M, M))
    for i, codes in enumerate(all_codes):
        n, u = np.abs(codes).astype(float), codes * (1.0 if model.distortion else 0.0)
        x = n.mean() + noise * grid[:, None] * (math.sqrt(T / (2 * Gamma * N)) if Gamma else 0.0)
        y = u.mean() + noise * grid[None, :] * (math.sqrt(T / (K_inf * N)) if K_inf else 0.0)
        chances = []  # of every value, at every site of the pass, on the grid of (x, y)
        for site in sites:
            around = [b if a == site else a for a, b in bonds(model.lattice.shape) if site in (a, b)]
            up = d_h - T * model.spin.ln_g + Gamma - 2 * Gamma * x - 2 * J * np.sum(2 * n[around] - 1)
            h = K_inf * y + K * u[around].sum()
            w = [np.exp(-(abs(v) * up - (v * h if model.distortion else 0 * h)) / T) for v in allowed]
            old = allowed.index(codes[site])
            if dynamics == "heat-bath":
                p = [w_v / sum(w) for w_v in w]
            else:
                p = [np.minimum(1.0, w_v / w[old]) / (len(allowed) - 1) for w_v in w]
                p[old] = 1.0 - sum(p[v] for v in range(len(allowed)) if v != old)
            chances.append(p)
        for new in itertools.product(range(len(allowed)), repeat=len(sites)):
            after = codes.copy()
            after[list(sites)] = [allowed[v] for v in new]
            joint = np.prod([np.broadcast_to(p[v], (n_nodes, n_nodes)) for p, v in zip(chances, new, strict=True)], 0)
            P[i, label(model, after[None])[0]] += weight @ joint @ weight
    return P


def in_kelvin(model):
    """(ΔH, J, K, Γ, K∞) in K per molecule."""
    c = model.couplings
    return tuple(1000 / R * E for E in (model.spin.enthalpy, c.J, c.K, c.Gamma, c.K_inf))


def single_site_sweep(model, labels, probabilities, dynamics, rng):
    """N attempts, each at a random site of each replica, with acceptance from the table of probabilities."""
    base, N = len(values(model)), model.lattice.n_sites
    for _ in range(N):
        stride = base ** rng.integers(0, N, labels.shape)
        digit = labels // stride % base
        if dynamics == "metropolis":
            proposal = labels + ((digit + rng.integers(1, base, labels.shape)) % base - digit) * stride
            accepted = rng.random(labels.shape) < probabilities[proposal] / probabilities[labels]
            labels = np.where(accepted, proposal, labels)
        else:
            lowest = labels - digit * stride
            chance = probabilities[lowest + np.arange(base)[:, None] * stride]
            cumulative = np.cumsum(chance, axis=0) / chance.sum(axis=0)
            drawn = (rng.random(labels.shape) > cumulative[:-1]).sum(axis=0)
            labels = lowest + drawn * stride
    return labels


def colour_sweep(model, codes, temperature, rng, noise=1.0, bond_factor=1.0):
    """Heat-bath sweep of an even lattice with three states a site, colour by colour, shape (R, *lattice).

    Infinite-range terms act through sampled fields. `noise` = 0 (frozen means) and `bond_factor` ≠ 1 are mistakes
    that a test must notice.
    """
    T, N = temperature, model.lattice.n_sites
    d_h, J, K, Gamma, K_inf = in_kelvin(model)
    axes = tuple(range(1, codes.ndim))
    colour = np.indices(model.lattice.shape).sum(axis=0) % 2
    for now in range(2):
        n, u = codes**2, codes
        around_n, around_u = (
            bond_factor * sum(np.roll(x, shift, axis) for axis in axes for shift in (1, -1)) for x in (n, u)
        )
        gamma, eta = (x.mean(axis=axes, keepdims=True) for x in (n, u))
        if Gamma:
            gamma = gamma + noise * math.sqrt(T / (2 * Gamma * N)) * rng.normal(size=gamma.shape)
        if K_inf:
            eta = eta + noise * math.sqrt(T / (K_inf * N)) * rng.normal(size=eta.shape)
        z = model.lattice.coordination * bond_factor
        up = d_h - T * model.spin.ln_g + Gamma * (1 - 2 * gamma) - 2 * J * (2 * around_n - z)
        h = K_inf * eta + K * around_u
        w = np.stack([np.exp((-up - h) / T), np.ones(codes.shape), np.exp((-up + h) / T)])
        drawn = (rng.random(codes.shape) > (np.cumsum(w, axis=0) / w.sum(axis=0))[:2]).sum(axis=0) - 1
        codes = np.where(colour == now, drawn, codes).astype(np.int8)
    return codes


SITES, TIES, FIELDS, ORDER = range(4)


def philox(counter, key):
    """Philox4x32-10 for arrays of counters: four arrays of 32-bit words (as uint64)."""
    low = np.uint64(0xFFFFFFFF)
    x = [np.asarray(c, dtype=np.uint64) & low for c in np.broadcast_arrays(*counter)]
    k0, k1 = (int(k) for k in key)
    for _ in range(10):
        a, b = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = [(b >> np.uint64(32)) ^ x[1] ^ np.uint64(k0), b & low, (a >> np.uint64(32)) ^ x[3] ^ np.uint64(k1), a & low]
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return x


def when(sweep, stream):
    """Counter words 2 and 3."""
    return sweep % 2**32, (stream << 24) + sweep // 2**32


def words(n, where, sweep, stream, key):
    """Word j of a string: blocks of 64 words come from 16 counters, first all first words, then all second ones."""
    j = np.arange(n)
    four = np.stack(philox((j // 64 * 16 + j % 16, where, *when(sweep, stream)), key))
    return four[j % 64 // 16, j]


def normals(n, p, sweep, key):
    """Two normal deviates for each of n replicas in pass p (Box-Muller)."""
    x = [w.astype(object) for w in philox((np.arange(n), p, *when(sweep, FIELDS)), key)]
    radius = np.array(
        [math.sqrt(-2 * math.log(((a * 2**21 + b // 2**11) + 0.5) / 2**53)) for a, b in zip(*x[:2], strict=True)]
    )
    angle = np.array([2 * math.pi * (a / 2**32 + b / 2**64) for a, b in zip(*x[2:], strict=True)])
    return radius * np.cos(angle), radius * np.sin(angle)


def strings(shape):
    """The passes of a sweep, each a list of strings (row number, counter word, columns) that share no bond."""
    rows = list(itertools.product(*map(range, shape[:-1])))
    L = shape[-1]
    if all(extent % 2 == 0 for extent in shape):
        return [
            [
                (number, 4 * number + (colour + sum(row)) % 2, list(range((colour + sum(row)) % 2, L, 2)))
                for number, row in enumerate(rows)
            ]
            for colour in range(2)
        ]

    def kind(row):  # even, odd, or the last of an odd extent, along each axis
        return [2 if extent % 2 and x == extent - 1 else x % 2 for x, extent in zip(row, shape, strict=False)]

    inner = L - L % 2
    columns = [(0, list(range(0, inner, 2))), (1, list(range(1, inner, 2)))] + ([(2, [L - 1])] if L % 2 else [])
    kinds = sorted({tuple(kind(row)) for row in rows})
    return [
        [(number, 4 * number + word, where) for number, row in enumerate(rows) if tuple(kind(row)) == wanted]
        for wanted in kinds
        for word, where in columns
    ]


def lattice_sweep(model, codes, temperature, sweep, key, dynamics, pressure=0.0, field=0.0):
    """One sweep of the lattice kernel; returns new codes and the replicas whose every decision was clear.

    `temperature`, `pressure` and `field` have shape (R,).
    """
    n_replicas, shape, N = len(codes), model.lattice.shape, model.lattice.n_sites
    T, h0 = temperature, field * 1000 / R
    d_h, J, K, Gamma, K_inf = in_kelvin(model)
    clear = np.ones(n_replicas, dtype=bool)
    codes = codes.astype(np.int64).copy()
    for p, items in enumerate(strings(shape)):
        u, n = codes, codes**2
        x, y = (v.reshape(n_replicas, -1).mean(axis=1) for v in (n, u))
        g0, g1 = normals(n_replicas, p, sweep, key)
        x = x + (np.sqrt(T / (2 * Gamma * N)) * g0 if Gamma else 0.0)
        y = y + (np.sqrt(T / (K_inf * N)) * g1 if K_inf else 0.0)
        n_around, u_around = (
            sum(np.roll(v, shift, axis) for axis in range(1, v.ndim) for shift in (1, -1)) for v in (n, u)
        )
        up = d_h + pressure * model.spin.volume * 1000 / R - T * model.spin.ln_g + Gamma - 2 * Gamma * x
        scale = 1 / (T * math.log(2))
        flat, n_flat, u_flat = (v.reshape(n_replicas, -1, shape[-1]) for v in (codes, n_around, u_around))
        for row, where, columns in items:
            old = flat[:, row, columns]  # (R, k)
            z = model.lattice.coordination
            A = (up[:, None] - 2 * J * (2 * n_flat[:, row, columns] - z)) * scale[:, None]
            B = (h0 + K_inf * y)[:, None] * scale[:, None] + K * u_flat[:, row, columns] * scale[:, None]
            size = old.size
            if model.distortion:
                word = words(size, where, sweep, SITES, key).reshape(old.T.shape).T
                choose = metropolis_choice if dynamics == "metropolis" else heat_bath_choice
                new, sure = choose(
                    old, (old + 2) % 3 - 1, (old + 3) % 3 - 1, lambda s, A=A, B=B: abs(s) * A - s * B, word
                )
            else:
                half = words((size + 1) // 2, where, sweep, SITES, key).astype(np.uint32).view(np.uint16)[:size]
                tie = philox((np.arange(size), where, *when(sweep, TIES)), key)[0]
                number = (half.astype(np.int64) * 2**32 + tie.astype(np.int64)).reshape(old.T.shape).T
                cost = (1 - 2 * old) * A
                chance = 15 / 16 * 2.0 ** np.minimum(0.0, -cost) if dynamics == "metropolis" else 1 / (1 + 2.0**cost)
                new, sure = np.where(number < (chance * 2.0**48).astype(np.int64), 1 - old, old), True
            flat[:, row, columns] = new
            clear &= np.all(sure, axis=1) if np.ndim(sure) else True
    return codes.astype(np.int8), clear


def replica_sweep(model, codes, temperature, sweep, key, dynamics, pressure=0.0, field=0.0):
    """One sweep of the replica kernel; arguments and result as for `lattice_sweep`."""
    n_replicas, N = len(codes), model.lattice.n_sites
    T, h0 = temperature, field * 1000 / R
    d_h, J, K, Gamma, K_inf = in_kelvin(model)
    L = model.couplings.L * 1000 / R
    s = codes.reshape(n_replicas, N).astype(np.int64).copy()
    clear = np.ones(n_replicas, dtype=bool)
    neighbours = [[] for _ in range(N)]
    for i, j in bonds(model.lattice.shape):
        neighbours[i].append(j)
        neighbours[j].append(i)

    def extensive(n, u):
        gamma, eta = n / N, u / N
        return N * (Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2)

    for step in range(N):
        chunk, k = divmod(step, 64)
        site = int(words(64, chunk, sweep, ORDER, key)[k]) * N >> 32
        size = min(64, N - 64 * chunk) * n_replicas
        word = words(size, chunk, sweep, SITES, key).reshape(-1, n_replicas)[k]
        old, around = s[:, site], s[:, neighbours[site]]
        n_total, u_total = (s**2).sum(axis=1), s.sum(axis=1) * bool(model.distortion)

        def cost(new, old=old, around=around, n_total=n_total, u_total=u_total):
            d_n, d_u = new**2 - old**2, (new - old) * bool(model.distortion)
            change = d_n * (d_h + pressure * model.spin.volume * 1000 / R - T * model.spin.ln_g) - h0 * d_u
            change = change - J * 2 * d_n * np.sum(2 * around**2 - 1, axis=1) - K * d_u * np.sum(around, axis=1)
            change = change + extensive(n_total + d_n, u_total + d_u) - extensive(n_total, u_total)
            return change / (T * math.log(2))

        three = bool(model.distortion)
        first, second = ((old + 2) % 3 - 1, (old + 3) % 3 - 1) if three else (1 - old, 1 - old)
        if dynamics == "metropolis":
            s[:, site], sure = metropolis_choice(old, first, second, cost, word, 1.0 if three else 15 / 16)
        else:
            s[:, site], sure = draw(old, [(first, cost(first))], [(second, cost(second))] if three else [], word)
        clear &= sure
    return s.reshape(codes.shape).astype(np.int8), clear


def uniform(word):
    """31 bits of a word as a number in (0, 1); the lowest bit is left for another choice."""
    return ((word >> np.uint64(1)).astype(float) + 0.5) / 2.0**31


def metropolis_choice(old, first, second, cost, word, lazy=1.0):
    """Accept the proposal, `second` if the lowest bit is set, with lazy · min(1, 2^−cost)."""
    proposal = np.where(word & np.uint64(1), second, first)
    change = np.maximum(cost(proposal) - cost(old), 0.0) - np.log2(lazy)
    threshold = -np.log2(uniform(word))
    return np.where(threshold > change, proposal, old), np.abs(threshold - change) > 1e-5


def heat_bath_choice(old, first, second, cost, word):
    """+1 from the lower end of the unit interval, −1 from the upper, else 0."""
    zero = np.zeros_like(old)
    return draw(zero, [(zero + 1, cost(zero + 1))], [(zero - 1, cost(zero - 1))], word)


def draw(rest, low, high, word):
    """Draw from weights 2^−cost, `low` from the lower end of the unit interval, `high` from the upper, else `rest`."""
    u = uniform(word)
    total = 1 + sum(2.0**-cost for _, cost in low + high)
    new, sure = rest, True
    for outcomes, position in ((low, u), (high, 1 - u)):
        for state, cost in outcomes:
            p = 2.0**-cost / total
            new = np.where(position < p, state, new)
            sure &= np.abs(position - p) > 1e-5 * p + 1e-9
    return new, sure
