# ruff: noqa: NPY002 - NumPy's old generator is the one that numba compiles, and what such programs use
"""What the sampled field replaces: one random site after the other, and a flip that updates the field of all sites."""

import math

import numpy as np
from numba import njit


@njit
def direct_flips(u, h, J, n_updates, gap, T):
    """Metropolis for u ∈ {−1, 0, +1} on a periodic square; returns the number of flips.

    E = gap Σ u² − ½ Σ_ij u_i J(i − j) u_j, and h_i = Σ_j J(i − j) u_j is kept up to date. `J`, float32 of shape
    (L, 2 L), holds every row of the coupling twice, so that each row of the update is one contiguous run.
    """
    L = u.shape[0]
    flips = 0
    for _ in range(n_updates):
        x, y = np.random.randint(L), np.random.randint(L)
        old = u[x, y]
        new = (old + 1 + np.random.randint(1, 3)) % 3 - 1
        step = new - old
        dE = gap * (new * new - old * old) - step * h[x, y] - 0.5 * step * step * J[0, 0]
        if dE <= 0.0 or np.random.random() < math.exp(-dE / T):
            u[x, y] = new
            flips += 1
            change = np.float32(step)
            for row in range(L):
                target, coupling, shift = h[row], J[(row - x) % L], L - y
                for column in range(L):
                    target[column] += change * coupling[column + shift]
    return flips
