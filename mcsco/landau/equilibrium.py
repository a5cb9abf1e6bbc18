"""Where the minima are at a given temperature, and where they are lost or change places."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mcsco.landau.arrays import Array
from mcsco.landau.curve import Branch, solve_stationary

if TYPE_CHECKING:
    from mcsco.landau.potential import Potential


def follow(p: Potential, T: Array, branch: Branch) -> tuple[Array, Array]:
    """(q, η) of a branch, shape of `T`; nan beyond its ends."""
    exists = (branch.cold.T <= T) & (branch.hot.T >= T)
    q = np.where(exists, solve_stationary(p, T, branch.cold, branch.hot), np.nan)
    return q, np.asarray(p.eta(q, T))


def lowest(p: Potential, T: Array) -> tuple[Array, Array]:
    """(q, η) of the branch with the lowest G, shape of `T`."""
    q = np.stack([follow(p, T, branch)[0] for branch in p.branches])
    G = np.asarray(p.effective_free_energy(q, T))
    best = np.take_along_axis(q, np.nanargmin(G, axis=0)[np.newaxis], axis=0)[0]
    return best, np.asarray(p.eta(best, T))


def saddle(p: Potential, T: Array) -> tuple[Array, Array]:
    """(q, η) of the highest maximum between the LS and the HS branch, shape of `T`; nan outside the loop."""
    LS, HS = p.branches[0], p.branches[-1]
    top, height = np.full(T.shape, np.nan), np.full(T.shape, -np.inf)
    for left, right in pairwise(p.branches):
        exists = (max(right.cold.T, HS.cold.T) <= T) & (min(left.hot.T, LS.hot.T) >= T)
        q = np.where(exists, solve_stationary(p, T, left.hot, right.cold), np.nan)
        G = np.asarray(p.effective_free_energy(q, T))
        higher = exists & (height < G)
        top, height = np.where(higher, q, top), np.where(higher, G, height)
    return top, np.asarray(p.eta(top, T))


def spinodals(p: Potential) -> tuple[float, float]:
    """(T_down, T_up), K; nan where there is no such temperature above 0 K."""
    if len(p.branches) == 1:
        return np.nan, np.nan
    T_down, T_up = p.branches[-1].cold.T, p.branches[0].hot.T
    return T_down if T_down > 0 else np.nan, T_up if T_up > 0 else np.nan


def maxwell_temperature(p: Potential, lower: Branch, upper: Branch) -> float:
    """Temperature above 0 K at which two branches have the same G, K; nan if there is none.

    The difference G_upper − G_lower falls with slope −ΔS < 0, because the branch of higher q has the higher
    entropy, so that Newton's method inside a shrinking bracket always ends at the one root.
    """
    low, high = max(lower.cold.T, upper.cold.T, 0.0), min(lower.hot.T, upper.hot.T)
    if lower == upper or low > high:
        return np.nan

    def difference(T: float) -> tuple[float, float]:
        states = [follow(p, np.asarray(T), branch) for branch in (lower, upper)]
        G = [float(p.free_energy(q, eta, T)) for q, eta in states]
        S = [float(p.entropy(q, eta)) for q, eta in states]
        return G[1] - G[0], S[0] - S[1]

    if not difference(low)[0] >= 0 >= difference(high)[0]:
        return np.nan
    T = (low + high) / 2.0
    for _ in range(100):
        dG, gradient = difference(T)
        low, high = (T, high) if dG > 0 else (low, T)
        newton = T - dG / gradient
        following = newton if low <= newton <= high else (low + high) / 2.0
        if abs(following - T) <= 1e-13 * T:
            return following
        T = following
    return T
