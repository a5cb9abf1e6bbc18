"""Two phases in one distribution: coexisting densities, and the free energy of the valley between them.

At a transition of first order a crystal of finite size is found in either phase, and rarely between them, where walls
cost free energy. With P(x) the distribution of the density x that is conjugate to the condition that changes (the
energy for the temperature, γ for the pressure, η for the field), a change of the condition adds a straight line to
ln P. The condition of equal peaks is therefore the double tangent of ln P, a facet of its concave hull, whose ends
are the coexisting densities, and the largest distance of ln P below it is the barrier ΔF/RT of the walls (DOI
10.1103/PhysRevLett.65.137): it grows as L^(d−1) with neighbours, as N with couplings of infinite range, and at a
continuous transition not at all.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.observables.combined_holds import MAX_BINS, Distribution, Reweighting
from mcsco.observables.curves import maxima
from mcsco.observables.resampling import summarize
from mcsco.observables.series import Estimate

Floats = npt.NDArray[np.float64]

MIN_COUNTS = 10.0
"""Independent samples in a bin below which it ends the distribution."""
PER_BIN, MIN_BINS = 40, 16
"""Independent samples that a bin should hold on average, and bins that are taken with fewer."""
WINDOW = 2
"""Bins on either side of the one that is smoothed."""

CONJUGATE = {"temperature": "energy", "pressure": "gamma", "field": "eta"}
"""Density that is conjugate to a condition."""


class Bimodality(NamedTuple):
    """The two peaks of a distribution at the condition where they are equally high."""

    barrier: Estimate
    """ΔF/RT of the valley below the peaks; about 0 with one peak, NaN if the valley was never visited."""
    low: Estimate
    """Density of one phase, kJ/mol for the energy."""
    high: Estimate
    at: float
    """Condition at which the distribution was read: K, GPa or kJ/mol."""
    distribution: Distribution
    copies_barrier: Floats
    copies_gap: Floats
    """Distance of the peaks; with the energy the latent heat per molecule, kJ/mol."""

    @property
    def gap(self) -> Estimate:
        """Distance of the peaks: for the energy the latent heat, kJ/mol."""
        return summarize(self.copies_gap)


def bimodality(data: Reweighting, path: npt.ArrayLike, control: str = "temperature", **fixed: float) -> Bimodality:
    """Barrier and coexisting densities where fluctuations are largest along a path.

    Parameters
    ----------
    data : Reweighting
    path : array_like, shape (point,)
        Conditions among which the maximum of the fluctuations is sought.
    control : str
        ``"temperature"``, ``"pressure"`` or ``"field"``: what `path` holds.
    **fixed : float
        The other conditions.
    """
    name = CONJUGATE[control]
    x = np.asarray(path, dtype=np.float64)
    spread = np.array([data.variance(name, *_conditions(control, value, fixed)) for value in x])[None]
    at = float(maxima(x, spread)[0][0])
    if not math.isfinite(at):
        at = float(x[np.argmax(spread[0])])
    T, P, h = (float(c) for c in _conditions(control, at, fixed))
    max_bins = int(np.clip(data.weights.n_effective(data.coefficients(T, P, h)) / PER_BIN, MIN_BINS, MAX_BINS))
    return read_bimodality(data.distribution(name, T, P, h, max_bins), at)


def _conditions(control: str, x: Any, fixed: dict[str, float]) -> tuple[Any, Any, Any]:
    """T, P and h, one of them `x`."""
    given = {"temperature": math.nan, "pressure": 0.0, "field": 0.0} | fixed | {control: x}
    return given["temperature"], given["pressure"], given["field"]


def read_bimodality(distribution: Distribution, at: float = math.nan) -> Bimodality:
    """Barrier and densities of a distribution in which both phases are present."""
    x, P, n_effective = distribution
    width = x[1] - x[0]
    chosen = _inner(P[0] * n_effective * width)
    floor = 0.5 / (n_effective * width)  # half a sample, where a copy has none by chance
    found = np.array([_valley(x[chosen], np.maximum(row[chosen], floor)) for row in P])
    barrier, low, high = found.T
    reason = "the valley between the two peaks was never visited: more sweeps, smaller crystals, or biased sampling"
    depth, left, right = (summarize(copies, reason) for copies in (barrier, low, high))
    return Bimodality(depth, left, right, at, distribution, barrier, high - low)


def _inner(counts: Floats) -> npt.NDArray[np.int64]:
    """Bins between the tails, none if the valley between them was never visited."""
    enough = np.flatnonzero(counts >= MIN_COUNTS)
    if enough.size < 5:
        return np.empty(0, dtype=np.int64)
    inner = np.arange(enough[0], enough[-1] + 1)
    seen = counts[inner]
    # A level that cannot occur, such as the one above the ground state of Ising spins, has frequent neighbours.
    impossible = np.zeros(inner.size, dtype=bool)
    impossible[1:-1] = (seen[1:-1] < 1) & (np.minimum(seen[:-2], seen[2:]) >= MIN_COUNTS)
    visited = np.all(seen[~impossible] >= 1)
    return inner[~impossible] if visited else np.empty(0, dtype=np.int64)


def _valley(x: Floats, P: Floats) -> tuple[float, float, float]:
    """Barrier and ends of the facet of the concave hull of ln P that hides the deepest valley."""
    if x.size < 5:
        return math.nan, math.nan, math.nan
    y = _smooth(np.log(P), P)
    best = (0.0, x[int(y.argmax())], x[int(y.argmax())])
    hull = _upper_hull(x, y)
    for i, j in pairwise(hull):
        if j > i + 1:
            line = np.interp(x[i : j + 1], [x[i], x[j]], [y[i], y[j]])
            depth = float((line - y[i : j + 1]).max())
            if depth > best[0]:
                slope = (y[j] - y[i]) / (x[j] - x[i])
                best = (depth, _vertex(x, y - slope * x, i), _vertex(x, y - slope * x, j))
    return best


def _vertex(x: Floats, y: Floats, k: int) -> float:
    """Place of the maximum at index k, between the bins."""
    if not 0 < k < x.size - 1:
        return float(x[k])
    at = maxima(x[k - 1 : k + 2], y[None, k - 1 : k + 2])[0][0]
    return float(at) if math.isfinite(at) else float(x[k])


def _smooth(y: Floats, weight: Floats) -> Floats:
    """Value at each bin of the parabola through it and its neighbours, weighted by their counts."""
    out = np.empty_like(y)
    for k in range(y.size):
        near = slice(max(0, k - WINDOW), min(y.size, k + WINDOW + 1))
        s = np.arange(near.start, near.stop) - k
        out[k] = np.polyfit(s, y[near], 2, w=np.sqrt(weight[near] / weight[near].max()))[2]
    return out


def _upper_hull(x: Floats, y: Floats) -> list[int]:
    """Indices of the concave hull, left to right."""
    hull: list[int] = []
    for k in range(x.size):
        while len(hull) > 1:
            i, j = hull[-2:]
            if (y[j] - y[i]) * (x[k] - x[i]) > (y[k] - y[i]) * (x[j] - x[i]):
                break
            hull.pop()
        hull.append(k)
    return hull
