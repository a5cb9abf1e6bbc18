"""Slow, obvious twins of the moves of continuous distortions, and what is known exactly about small crystals.

As in `naive`: double precision, energies in K per molecule, no code shared with the engine. The centre, ratio and reach
of proposals at a temperature are taken from the engine's table, since every choice of them is right.
"""

import math

import naive
import numpy as np
from naive import ORDER, SITES, R


def in_kelvin(model):
    """(ΔH, J, K, Γ, K∞, L, ε, κ) in K per molecule."""
    c, well = model.couplings, model.distortion
    energies = (model.spin.enthalpy, *c, well.barrier, well.stiffness)
    return tuple(1000 / R * E for E in energies)


def potential(model, n, u):
    """V_n(u) in K."""
    *_, barrier, stiffness = in_kelvin(model)
    return np.where(n == 1, barrier * (u**2 - 1) ** 2, stiffness / 2 * u**2 + barrier * u**4)


def proposals(table, T):
    """Centre, ratio and reach at temperatures T, from the engine's table."""
    log_T = table[0, 0] + np.arange(len(table) - 1) / table[0, 1]
    return tuple(np.interp(np.log2(T), log_T, column) for column in table[1:].T)


def flip(n, u, positive, centre, ratio):
    """The joint move: new n and u, and whether it is possible; `positive` chooses the HS well on the way up."""
    sign = np.where(n == 1, np.where(u >= 0, 1.0, -1.0), np.where(positive, 1.0, -1.0))
    moved = np.where(n == 1, (u - sign * centre) / ratio, sign * centre + ratio * u)
    return 1 - n, moved, (n == 1) | (moved * sign >= 0)


def flip_ratio(n, ratio, jacobian=True):
    """What the ratio of the weights is multiplied by: both wells are tried with ½, and du becomes ρ du."""
    up = 2.0 * ratio if jacobian else 2.0
    return np.where(n == 1, 1.0 / up, up)


def both_moves(n, u, H, T, table, first, second, mistake=""):
    """The moves of a site with energy H(n, u) (K) and its two random words; new n, u, and whether all was clear.

    `mistake` names one that a test must notice.
    """
    centre, ratio, reach = proposals(table, T)
    new_n, new_u, possible = flip(n, u, first & np.uint64(1) == 0, centre, ratio)
    if mistake == "no refusal":
        possible = np.ones_like(possible)
    correction = {"no density": 1.0, "no volume": np.where(n == 1, 0.5, 2.0)}.get(mistake, flip_ratio(n, ratio))
    cost = (H(new_n, new_u) - H(n, u)) / (T * math.log(2)) - np.log2(correction)
    threshold = -np.log2(naive.uniform(first))
    clear = ~possible | (np.abs(threshold - cost) > 2e-4)
    flips = possible & (threshold > cost)
    n, u = np.where(flips, new_n, n), np.where(flips, new_u, u)
    step = (2 * (second.astype(np.int64) // 4 % 1024) - 1023) / 1024 * reach / np.where(n == 1, 1.0, ratio)
    if mistake == "step by place":
        step = step * (1.0 + 0.2 * np.abs(u))
    tried = np.where(second % 4 == 0, -u, u) + step
    cost = (H(n, tried) - H(n, u)) / (T * math.log(2))
    threshold = -np.log2(naive.uniform(second ^ (first & np.uint64(4095))))
    clear &= np.abs(threshold - cost) > 2e-4
    return n, np.where(threshold > cost, tried, u), clear


def lattice_sweep(model, codes, table, temperature, sweep, key, pressure, field):
    """One sweep of the lattice kernel; new n and u, and the replicas whose every decision was clear."""
    n_replicas, shape, N = len(codes), model.lattice.shape, model.lattice.n_sites
    T, h0, z = temperature, field * 1000 / R, model.lattice.coordination
    d_h, J, K, Gamma, K_inf, *_ = in_kelvin(model)
    clear = np.ones(n_replicas, dtype=bool)
    n, u = codes["n"].astype(np.int64), codes["u"].astype(float)
    for p, items in enumerate(naive.strings(shape)):
        x, y = (v.reshape(n_replicas, -1).mean(axis=1) for v in (n, u))
        g0, g1 = naive.normals(n_replicas, p, sweep, key)
        x = x + (np.sqrt(T / (2 * Gamma * N)) * g0 if Gamma else 0.0)
        y = y + (np.sqrt(T / (K_inf * N)) * g1 if K_inf else 0.0)
        around_n, around_u = (
            sum(np.roll(v, shift, axis) for axis in range(1, v.ndim) for shift in (1, -1)) for v in (n, u)
        )
        up = d_h + pressure * model.spin.volume * 1000 / R - T * model.spin.ln_g + Gamma - 2 * Gamma * x
        flat_n, flat_u, near_n, near_u = (v.reshape(n_replicas, -1, shape[-1]) for v in (n, u, around_n, around_u))
        for row, where, columns in items:
            A = up[:, None] - 2 * J * (2 * near_n[:, row, columns] - z)
            B = (h0 + K_inf * y)[:, None] + K * near_u[:, row, columns]

            def H(n, u, A=A, B=B):
                return n * A - u * B + potential(model, n, u)

            first, second = (
                naive.words(A.size, 2 * where + i, sweep, SITES, key).reshape(A.T.shape).T for i in range(2)
            )
            new_n, new_u, sure = both_moves(
                flat_n[:, row, columns], flat_u[:, row, columns], H, T[:, None], table, first, second
            )
            flat_n[:, row, columns], flat_u[:, row, columns] = new_n, new_u
            clear &= np.all(sure, axis=1)
    return n, u, clear


def replica_sweep(model, codes, table, temperature, sweep, key, pressure, field):
    """One sweep of the replica kernel; as `lattice_sweep`."""
    n_replicas, N = len(codes), model.lattice.n_sites
    T, h0 = temperature, field * 1000 / R
    d_h, J, K, Gamma, K_inf, L, *_ = in_kelvin(model)
    n, u = codes["n"].reshape(n_replicas, N).astype(np.int64), codes["u"].reshape(n_replicas, N).astype(float)
    clear = np.ones(n_replicas, dtype=bool)
    neighbours = [[] for _ in range(N)]
    for i, j in naive.bonds(model.lattice.shape):
        neighbours[i].append(j)
        neighbours[j].append(i)
    for step in range(N):
        chunk, k = divmod(step, 64)
        site = int(naive.words(64, chunk, sweep, ORDER, key)[k]) * N >> 32
        size = 2 * min(64, N - 64 * chunk) * n_replicas
        first, second = naive.words(size, chunk, sweep, SITES, key).reshape(-1, 2, n_replicas)[k]
        old_n, old_u, sigma = n[:, site].copy(), u[:, site].copy(), 2 * n[:, neighbours[site]] - 1
        around = u[:, neighbours[site]].sum(axis=1)
        total_n, total_u = n.sum(axis=1), u.sum(axis=1)

        def H(new_n, new_u, old_n=old_n, old_u=old_u, sigma=sigma, around=around, total=(total_n, total_u)):
            gamma, eta = (total[0] + new_n - old_n) / N, (total[1] + new_u - old_u) / N
            far = N * (Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2)
            up = d_h + pressure * model.spin.volume * 1000 / R - T * model.spin.ln_g - 2 * J * sigma.sum(axis=1)
            return new_n * up - new_u * (h0 + K * around) + far + potential(model, new_n, new_u)

        n[:, site], u[:, site], sure = both_moves(old_n, old_u, H, T, table, first, second)
        clear &= sure
    return n.reshape(codes.shape), u.reshape(codes.shape), clear


GRID = np.linspace(-2.6, 2.6, 521)
"""Where densities of u are tabulated; smooth ones that vanish at the ends are summed to all digits."""


def one_site(model, T, field=0.0):
    """Unnormalised weights of (n, u) on `GRID`, shape (2, u), without any coupling."""
    n = np.array([[0], [1]])
    energy = n * model.spin.enthalpy * 1000 / R + potential(model, n, GRID) - field * 1000 / R * GRID
    return np.exp(n * model.spin.ln_g - energy / T)


def free_averages(model, T, field=0.0):
    """⟨n⟩, ⟨u⟩, ⟨u²⟩, ⟨u⁴⟩ and ⟨n u²⟩ of a molecule without coupling."""
    w = one_site(model, T, field)
    w /= w.sum()
    return [
        float((w * x).sum()) for x in (np.array([[0], [1]]), GRID, GRID**2, GRID**4, np.array([[0], [1]]) * GRID**2)
    ]


def ring_averages(model, T, field=0.0):
    """⟨n⟩, ⟨u⟩, ⟨u²⟩, ⟨u⁴⟩, ⟨n u²⟩, ⟨nn'⟩ and ⟨uu'⟩ of a 2x2 crystal with nearest neighbours only.

    Its four sites form a ring in which every two neighbours are joined twice: the trace of the fourth power of a
    transfer matrix.
    """
    _, J, K, *_ = in_kelvin(model)
    n, u = (np.broadcast_to(x, (2, GRID.size)).ravel() for x in (np.array([[0.0], [1.0]]), GRID))
    root = np.sqrt(one_site(model, T, field).ravel())
    keep = root > 1e-12 * root.max()
    n, u, root = n[keep], u[keep], root[keep]
    sigma = 2 * n - 1
    M = root[:, None] * np.exp(2 * (J * np.outer(sigma, sigma) + K * np.outer(u, u)) / T) * root
    M3 = M @ M @ M
    pair = M * M3.T
    pair /= pair.sum()
    site = pair.sum(axis=1)
    return [float(site @ x) for x in (n, u, u**2, u**4, n * u**2)] + [float(x @ pair @ x) for x in (n, u)]


def far_averages(model, T, bins=2**14):
    """⟨n⟩, ⟨n²⟩, ⟨|η|⟩, ⟨η²⟩ of whole crystals, n and η per site, without nearest neighbours.

    The density of Σu for each number of HS molecules is the convolution of one-site densities.
    """
    d_h, _, _, Gamma, K_inf, L, *_ = in_kelvin(model)
    N = model.lattice.n_sites
    width = 2 * 2.6 * N / bins
    u = (np.arange(bins) - bins // 2) * width
    n = np.array([[0], [1]])
    p = np.exp(-potential(model, n, u) / T + n * (model.spin.ln_g - d_h / T))
    p[:, np.abs(u) > 2.6] = 0.0
    norm = p.sum(axis=1)
    waves = np.fft.fft(np.fft.ifftshift(p / norm[:, None], axes=1))
    rows = []
    for k in range(N + 1):
        density = np.maximum(np.fft.fftshift(np.fft.ifft(waves[1] ** k * waves[0] ** (N - k)).real), 1e-300)
        gamma, eta = k / N, u / N
        E = N * (Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2)
        choose = math.lgamma(N + 1) - math.lgamma(k + 1) - math.lgamma(N - k + 1)
        log_w = np.log(density) - E / T + choose + k * math.log(norm[1]) + (N - k) * math.log(norm[0])
        rows.append(np.where(density > 1e-13 * density.max(), log_w, -np.inf))  # below lies round-off
    w = np.exp(np.array(rows) - np.max(rows))
    w /= w.sum()
    gamma, eta = np.arange(N + 1)[:, None] / N, u / N
    return [float((w * x).sum()) for x in (gamma, gamma**2, np.abs(eta), eta**2)]
