"""All stationary points of the free energy at one temperature, by a dense scan of every sheet and then polishing.

A root of r(ℓ) can only lie where |ℓ| ≤ ln w + β·(largest local field), and r varies fast only where γ does, so that
one grid in ℓ catches everything. The extrema of r are located first: between two of them r is monotonic, and a pair
of roots that is about to merge is not overlooked.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mcsco.meanfield.potential import Array
from mcsco.meanfield.site import Local, Site, fraction

LOGIT_POINTS = 1201
LINEAR_POINTS = 1201
DENSE_LOGIT = 40.0
DEGENERATE = 1e-13
"""Minima whose free energies differ by less, in units of the largest energy, are equally stable."""


class StationaryPoint(NamedTuple):
    """A state where the free energy is stationary."""

    q: float
    eta: float
    free_energy: float
    """kJ/mol."""
    kind: str
    """``stable`` (lowest minimum), ``metastable`` (other minimum), ``saddle`` (unstable in one direction of two) or
    ``unstable`` (maximum)."""


class Root(NamedTuple):
    """A solution of r = 0 in the variables of one sheet."""

    ell: float
    y: float
    minima: int
    """Number of stable directions out of two; a model without distortion has η stable."""


def roots(site: Site, temperature: float) -> list[Root]:
    """Every stationary point at `temperature` in K; y ≥ 0 only at zero field, where (q, −η) mirrors (q, η)."""
    beta = 1.0 / temperature
    found = aligned_roots(site, temperature)
    if not site.p.distorts:
        return found
    for low, high in site.opposed_intervals(beta):
        interval = (_logit(low), _logit(high))
        if site.p.field != 0:
            found += _scan(site, beta, interval, lambda n: site.opposed(n, beta, outer=True))
        found += _scan(site, beta, interval, lambda n: site.opposed(n, beta, outer=False))
    return found


def aligned_roots(site: Site, temperature: float) -> list[Root]:
    """The stationary points on the aligned sheet at `temperature` in K, by rising γ."""
    beta = 1.0 / temperature
    return _scan(site, beta, (-np.inf, np.inf), lambda n: site.aligned(n, beta))


def stationary_points(site: Site, temperature: float, unit: float) -> tuple[StationaryPoint, ...]:
    """`StationaryPoint` of every root, by rising q; energies in K times `unit`."""
    p = site.p
    sign = -1.0 if p.field < 0 else 1.0
    points = []
    for root in roots(site, temperature):
        q, eta = site.order_parameters(root.ell, 1 / temperature, sign * root.y)
        points.append((q, eta, float(site.free_energy(q, eta, temperature)), root.minima))
    lowest = min(phi for _, _, phi, minima in points if minima == 2) + DEGENERATE * p.scale
    names = {1: "saddle" if p.distorts else "unstable", 0: "unstable"}

    def kind(phi: float, minima_: int) -> str:
        return names[minima_] if minima_ < 2 else "stable" if phi <= lowest else "metastable"

    return tuple(StationaryPoint(q, eta, phi * unit, kind(phi, count)) for q, eta, phi, count in sorted(points))


def _logit(n: float) -> float:
    return -np.inf if n <= 0 else np.inf if n >= 1 else float(np.log(n) - np.log1p(-n))


def _grid(site: Site, beta: float, interval: tuple[float, float]) -> Array:
    reach = site.reach(beta)
    n = np.linspace(0, 1, LINEAR_POINTS + 2)[1:-1]
    dense = min(DENSE_LOGIT, reach)
    kinks = [_logit(x) for x in site.softness_roots(beta)]
    points = np.concatenate(
        [
            np.linspace(-dense, dense, LOGIT_POINTS),
            np.log(n) - np.log1p(-n),
            np.linspace(-reach, reach, 201),
            kinks,
            [x for x in interval if np.isfinite(x)],
        ]
    )
    lo, hi = max(interval[0], -reach), min(interval[1], reach)
    return np.unique(points[(points >= lo) & (points <= hi)])


def _scan(site: Site, beta: float, interval: tuple[float, float], solve: Callable[[Array], Array]) -> list[Root]:
    """Every root of r on the sheet that `solve` (y from γ) describes."""
    from scipy.optimize import brentq

    def at(ell: Array) -> tuple[Array, Local]:
        y = solve(fraction(ell))
        return y, site.local(ell, beta, y)

    def value(name: str) -> Callable[[float], float]:
        return lambda ell: float(getattr(at(np.array([ell]))[1], name)[0])

    grid = _grid(site, beta, interval)
    if grid.size < 2:
        return []
    tight = {"xtol": 1e-14, "rtol": 8.9e-16}
    slope = at(grid)[1].r_ell
    turns = [brentq(value("r_ell"), grid[i], grid[i + 1], **tight) for i in _sign_changes(slope)]
    grid = np.unique(np.concatenate([grid, turns]))
    r = at(grid)[1].r
    found = [brentq(value("r"), grid[i], grid[i + 1], **tight) for i in _sign_changes(r)]
    found += [float(x) for x in grid[r == 0]]
    if not found:
        return []
    ell = np.array(sorted(found))
    y, here = at(ell)
    stable_eta = here.stiffness_eta > 0
    stable_gamma = here.r_ell > 0
    return [Root(float(ell[i]), float(y[i]), int(stable_eta[i]) + int(stable_gamma[i])) for i in range(ell.size)]


def _sign_changes(f: Array) -> list[int]:
    """Indices i with f of opposite, nonzero sign at i and i+1."""
    sign = np.sign(f)
    return [int(i) for i in np.flatnonzero(sign[:-1] * sign[1:] < 0)]
