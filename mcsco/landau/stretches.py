"""The parts of a branch between its second-order transitions, each with one symmetry."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mcsco.landau.curve import Branch, Point, noise, ordering_cubic, stationary_temperature
from mcsco.landau.polynomials import real_roots

if TYPE_CHECKING:
    from mcsco.landau.potential import Potential


class Stretch(NamedTuple):
    """Part of a branch in which η is zero throughout or nonzero throughout."""

    cold: Point
    hot: Point
    is_ordered: bool
    """Whether η ≠ 0."""


def find_stretches(p: Potential, branch: Branch) -> tuple[Stretch, ...]:
    """Split a branch where η sets in or vanishes continuously, in the order of rising T."""
    q = real_roots(ordering_cubic(p), branch.cold.q, branch.hot.q)
    interior = list(map(Point, q.tolist(), stationary_temperature(p, q).tolist()))
    T_cold, T_hot = stationary_temperature(p, [-1.0, 1.0]).tolist()
    if p.a0:  # on the verticals of the clip A is linear in T and vanishes once
        before, after = (Point(bound, p.T_c - (2.0 * p.D * bound + p.E) / p.a0) for bound in (-1.0, 1.0))
        if np.isinf(branch.cold.T) and T_cold > before.T:
            interior.insert(0, before)
        if np.isinf(branch.hot.T) and T_hot < after.T:
            interior.append(after)

    cuts = [branch.cold]
    for point in interior:
        if cuts[-1].T + noise(p) < point.T < branch.hot.T - noise(p):
            cuts.append(point)
    cuts.append(branch.hot)

    parts: list[Stretch] = []
    for cold, hot in pairwise(cuts):
        is_ordered = _is_ordered(p, cold, hot)
        if parts and parts[-1].is_ordered == is_ordered:  # A touched zero without changing sign
            cold = parts.pop().cold
        parts.append(Stretch(cold, hot, is_ordered))
    return tuple(parts)


def paraelastic_temperature(p: Potential) -> float:
    """Temperature of HSls → HShs on the HS branch, K; nan if there is none above 0 K."""
    parts = find_stretches(p, p.branches[-1])
    found = len(parts) > 1 and not parts[-1].is_ordered and parts[-1].cold.T > 0
    return parts[-1].cold.T if found else np.nan


def lshs_limit(p: Potential) -> float:
    """Lowest temperature at which LShs is a minimum, K; nan if there is none."""
    parts = (part for branch in p.branches for part in find_stretches(p, branch))
    start = next((s.cold for s in parts if not s.is_ordered and s.hot.T > 0 and s.cold.q < 0), None)
    return np.nan if start is None else max(start.T, 0.0)


def _is_ordered(p: Potential, cold: Point, hot: Point) -> bool:
    if cold.q < hot.q:
        return bool(np.polyval(ordering_cubic(p), (cold.q + hot.q) / 2.0) < 0)
    # On a vertical the sign of A is the same everywhere between two cuts: one kelvin inside an open end will do.
    T = hot.T - 1.0 if np.isinf(cold.T) else cold.T + 1.0 if np.isinf(hot.T) else (cold.T + hot.T) / 2.0
    return bool(p.a0 / 2 * (T - p.T_c) + (p.D + p.E / 2 * cold.q) * cold.q < 0)
