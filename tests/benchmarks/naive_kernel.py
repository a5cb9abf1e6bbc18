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
