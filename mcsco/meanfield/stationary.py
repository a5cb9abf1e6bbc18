"""All stationary points of the free energy at one temperature, by a dense scan of every sheet and then polishing.

A root of r(ℓ) can only lie where |ℓ| ≤ ln w + β·(largest local field), and r varies fast only where γ does, so that
one grid in ℓ catches everything. The extrema of r are located first: between two of them r is monotonic, and a pair
of roots that is about to merge is not overlooked.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mcsco.meanfield.parameters import Parameters
from mcsco.meanfield.potential import Array, enthalpy, entropy
from mcsco.meanfield.site import Local, aligned, coupling, fold_of_sheets, fraction, local, opposed

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


def roots(p: Parameters, temperature: float) -> list[Root]:
    """Every stationary point at `temperature` in K; y ≥ 0 only at zero field, where (q, −η) mirrors (q, η)."""
    beta = 1.0 / temperature
    b = beta * abs(p.field)
    found = aligned_roots(p, temperature)
    if not p.distorts:
        return found
    for interval in _bistable(p, temperature * fold_of_sheets(b)):
        if p.field != 0:
            found += _scan(p, beta, interval, lambda a: opposed(a, b, outer=True))
        found += _scan(p, beta, interval, lambda a: opposed(a, b, outer=False))
    return found


def aligned_roots(p: Parameters, temperature: float) -> list[Root]:
    """The stationary points on the aligned sheet at `temperature` in K, by rising γ."""
    beta = 1.0 / temperature
    b = beta * abs(p.field)
    return _scan(p, beta, (-np.inf, np.inf), lambda a: aligned(a, b))


def stationary_points(p: Parameters, temperature: float, unit: float) -> tuple[StationaryPoint, ...]:
    """`StationaryPoint` of every root, by rising q; energies in K times `unit`."""
    sign = -1.0 if p.field < 0 else 1.0
    points = []
    for root in roots(p, temperature):
        q, eta = order_parameters(root.ell, sign * root.y)
        phi = float(enthalpy(p, q, eta) - temperature * entropy(p, q, eta))
        points.append((q, eta, phi, root.minima))
    lowest = min(phi for _, _, phi, minima in points if minima == 2) + DEGENERATE * p.scale
    names = {1: "saddle" if p.distorts else "unstable", 0: "unstable"}

    def kind(phi: float, minima_: int) -> str:
        return names[minima_] if minima_ < 2 else "stable" if phi <= lowest else "metastable"

    return tuple(StationaryPoint(q, eta, phi * unit, kind(phi, count)) for q, eta, phi, count in sorted(points))


def order_parameters(ell: float, y: float) -> tuple[float, float]:
    """(q, η) of (ℓ, y)."""
    return float(np.tanh(ell / 2)), float(fraction(np.asarray(ell)) * np.tanh(y))


def _bistable(p: Parameters, a_times_T: float) -> list[tuple[float, float]]:
    """Intervals of ℓ where γ(K + 2Lγ) ≥ `a_times_T`, i.e. where the opposed sheets exist."""
    edges = [0.0, *sorted(x for x in _quadratic(2 * p.L, p.K, -a_times_T) if 0 < x < 1), 1.0]
    pairs = [(lo, hi) for lo, hi in pairwise(edges) if coupling(p, np.asarray((lo + hi) / 2)) >= a_times_T]
    return [(_logit(lo), _logit(hi)) for lo, hi in pairs]


def _logit(n: float) -> float:
    return -np.inf if n <= 0 else np.inf if n >= 1 else float(np.log(n) - np.log1p(-n))


def _quadratic(a: float, b: float, c: float) -> list[float]:
    """Real roots of a x² + b x + c without cancellation."""
    if a == 0:
        return [] if b == 0 else [-c / b]
    square = b * b - 4 * a * c
    if square < 0:
        return []
    t = -(b + np.copysign(np.sqrt(square), b)) / 2
    return [float(t / a)] + ([float(c / t)] if t != 0 else [])


def _grid(p: Parameters, beta: float, interval: tuple[float, float]) -> Array:
    reach = abs(p.ln_w) + beta * (
        abs(p.enthalpy) + abs(p.Gamma) + 3 * abs(p.L) + abs(p.K) + abs(p.field)
    )  # bounds |ln w + ln cosh y − β ε|
    reach += 1.0
    n = np.linspace(0, 1, LINEAR_POINTS + 2)[1:-1]
    dense = min(DENSE_LOGIT, reach)
    kinks = [_logit(x) for x in _quadratic(2 * p.L, p.K, -1 / beta) if 0 < x < 1]
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


def _scan(p: Parameters, beta: float, interval: tuple[float, float], solve: Callable[[Array], Array]) -> list[Root]:
    """Every root of r on the sheet that `solve` (y from the effective coupling a) describes."""
    from scipy.optimize import brentq

    def at(ell: Array) -> tuple[Array, Local]:
        y = solve(beta * coupling(p, fraction(ell)))
        return y, local(p, ell, beta, y)

    def value(name: str) -> Callable[[float], float]:
        return lambda ell: float(getattr(at(np.array([ell]))[1], name)[0])

    grid = _grid(p, beta, interval)
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
