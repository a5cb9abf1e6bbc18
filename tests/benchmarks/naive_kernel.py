# ruff: noqa: NPY002 - NumPy's old generator is the one that numba compiles, and what such programs use
"""The textbook program: one random site after the other, NumPy's generator, double precision, an exp a proposal."""

import math

import numpy as np
from numba import njit


@njit
def naive_three(s, n_updates, field, J, K, T):
    """Metropolis for s = u ∈ {−1, 0, +1}, n = s², on a periodic square.

    H = field Σ n − J Σ σσ' − K Σ uu' with σ = 2n − 1; `field` = ΔH − T ln g, and all energies are in units of T's.
    """
    L = s.shape[0]
    for _ in range(n_updates):
        i, j = np.random.randint(L), np.random.randint(L)
        old = s[i, j]
        new = (old + 1 + np.random.randint(1, 3)) % 3 - 1
        up, down, left, right = s[(i - 1) % L, j], s[(i + 1) % L, j], s[i, (j - 1) % L], s[i, (j + 1) % L]
        sum_sigma = 2 * (up * up + down * down + left * left + right * right) - 4
        sum_u = up + down + left + right
        d_n = new * new - old * old
        dE = field * d_n - 2.0 * J * d_n * sum_sigma - K * (new - old) * sum_u
        if dE <= 0.0 or np.random.random() < math.exp(-dE / T):
            s[i, j] = new


@njit
def naive_plain(s, n_updates, J, T):
    """Metropolis for σ = ±1 on a periodic square, H = −J Σ σσ'."""
    L = s.shape[0]
    for _ in range(n_updates):
        i, j = np.random.randint(L), np.random.randint(L)
        sum_sigma = s[(i - 1) % L, j] + s[(i + 1) % L, j] + s[i, (j - 1) % L] + s[i, (j + 1) % L]
        dE = 2.0 * J * s[i, j] * sum_sigma
        if dE <= 0.0 or np.random.random() < math.exp(-dE / T):
            s[i, j] = -s[i, j]


@njit
def naive_displacive(n, u, n_updates, field, J, K, barrier, stiffness, centre, ratio, reach, T):
    """The two moves of a continuous distortion, flip with a change of well and step, on a periodic square.

    H = field Σ n + Σ V_n(u) − J Σ σσ' − K Σ uu'; proposals as in `mcsco.engine.displacive_rows`.
    """
    L = n.shape[0]
    for _ in range(n_updates):
        i, j = np.random.randint(L), np.random.randint(L)
        up, down, left, right = (i - 1) % L, (i + 1) % L, (j - 1) % L, (j + 1) % L
        sum_sigma = 2 * (n[up, j] + n[down, j] + n[i, left] + n[i, right]) - 4
        h = K * (u[up, j] + u[down, j] + u[i, left] + u[i, right])
        old, x = n[i, j], u[i, j]
        ls, hs = 0.5 * stiffness * x**2 + barrier * x**4, barrier * (x**2 - 1.0) ** 2
        E = (hs if old else ls) - h * x
        if old:
            new = (x - math.copysign(centre, x)) / ratio
            cost = 0.5 * stiffness * new**2 + barrier * new**4 - h * new - E - field + 2.0 * J * sum_sigma
            factor, possible = 0.5 / ratio, True
        else:
            c = centre if np.random.random() < 0.5 else -centre
            new = c + ratio * x
            cost = barrier * (new**2 - 1.0) ** 2 - h * new - E + field - 2.0 * J * sum_sigma
            factor, possible = 2.0 * ratio, new * c >= 0.0
        if possible and np.random.random() < factor * math.exp(-cost / T):
            n[i, j] = 1 - old
            u[i, j] = new
        old, x = n[i, j], u[i, j]
        new = (-x if np.random.random() < 0.25 else x) + (2.0 * np.random.random() - 1.0) * (
            reach if old else reach / ratio
        )
        if old:
            cost = barrier * ((new**2 - 1.0) ** 2 - (x**2 - 1.0) ** 2)
        else:
            cost = 0.5 * stiffness * (new**2 - x**2) + barrier * (new**4 - x**4)
        cost -= h * (new - x)
        if cost <= 0.0 or np.random.random() < math.exp(-cost / T):
            u[i, j] = new
