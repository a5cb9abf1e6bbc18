"""Data collapse: the curves of all sizes on one scaling function, as a fit with errors.

Finite-size scaling says y(s, ℓ) = ℓ^κ f((s − s_c) ℓ^(1/ν)) for a quantity y of crystals of size ℓ near s_c. How well
the data obey it is measured as by Houdayer and Hartmann (DOI 10.1103/PhysRevB.70.014418), after Kawashima and Ito: for
every point (x_i, y_i, dy_i) of one size the master curve Y_i ± dY_i is the weighted straight line through the points
of the other sizes that bracket x_i, and

    S = ⟨(y_i − Y_i)²/(dy_i² + dY_i²)⟩

is about 1 for a collapse within errors of independent points, and much larger without. Reweighted points of one size
are correlated, which lowers S but does not bias the place of its minimum. Errors of the fitted numbers are the scatter
of the fits of the bootstrap copies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.curves import Curves
from mcsco.observables.resampling import errors, summarize
from mcsco.observables.series import Estimate

Floats = npt.NDArray[np.float64]

MAX_COPIES = 30
"""Copies that are fitted."""
POINTS = 24
"""Points of each curve within the reach."""


class Collapse(NamedTuple):
    """The best data collapse of one quantity."""

    quantity: str
    critical: Estimate
    """s_c: K, GPa or kJ/mol."""
    nu: Estimate
    kappa: Estimate
    """κ of y = ℓ^κ f: 0 for U4, γ/ν for χ, −β/ν for ⟨|m|⟩; fixed where its error is 0."""
    quality: float
    """S at the minimum."""
    points: tuple[tuple[float, Floats, Floats, Floats], ...]
    """For each size ℓ, scaled x, scaled y and error of y."""


MIN_SHARED = 0.5
"""Part of the points that must lie between those of other sizes: curves moved apart have nothing to differ in."""


def quality(scaled: Sequence[tuple[Floats, Floats, Floats]]) -> float:
    """S of scaled points (x, y, dy) of several sizes, each in ascending x; NaN if half of them lie apart."""
    total, count = 0.0, 0
    for i, (x, y, dy) in enumerate(scaled):
        sums = np.zeros((5, x.size))  # Σw, Σwx, Σwy, Σwx², Σwxy of the bracketing points
        for j, (x_, y_, dy_) in enumerate(scaled):
            if j == i:
                continue
            k = np.searchsorted(x_, x)
            inside = (k > 0) & (k < x_.size)
            for shift in (-1, 0):
                near = np.clip(k + shift, 0, x_.size - 1)
                # About x, so that the intercept is the value and its variance is not a difference of large numbers.
                u, v, w = x_[near] - x, y_[near], np.where(inside, 1 / dy_[near] ** 2, 0.0)
                sums += np.array([w, w * u, w * v, w * u * u, w * u * v])
        w, wx, wy, wxx, wxy = sums
        determinant = w * wxx - wx**2
        good = determinant > 1e-12 * np.maximum(w * wxx, 1e-300)
        if not good.any():
            continue
        Y = (wxx * wy - wx * wxy)[good] / determinant[good]
        dY2 = wxx[good] / determinant[good]
        total += float(np.sum((y[good] - Y) ** 2 / (dy[good] ** 2 + dY2)))
        count += int(good.sum())
    return total / count if count > MIN_SHARED * sum(x.size for x, _, _ in scaled) else math.nan


def collapse(
    curves: Sequence[Curves],
    sizes: Sequence[float],
    start: tuple[float, float, float],
    name: str = "binder",
    order: str = "eta",
    *,
    reach: float = 1.0,
    fit_kappa: bool | None = None,
) -> Collapse:
    """Fit s_c, ν and κ so that the curves of all sizes fall on one.

    Parameters
    ----------
    curves : sequence of Curves
    sizes : sequence of float
        ℓ of each.
    start : tuple of float
        First guess of s_c, ν and κ.
    name, order : str
        The quantity, see `Curves.quantity`.
    reach : float
        Only points with |s − s_c| ℓ^(1/ν) below this times the smallest extent of all curves about the first guess are
        used: less reach, less corrections to scaling, larger errors.
    fit_kappa : bool, optional
        By default κ is kept for U4 and fitted for everything else.

    Raises
    ------
    InputError
        If there are fewer than three sizes, or the path misses the first guess of s_c.
    """
    if len(curves) < 3:
        raise InputError(f"{len(curves)} sizes: a data collapse needs 3")
    fitted = name != "binder" if fit_kappa is None else fit_kappa
    _, nu, kappa = start
    tables = _select(curves, sizes, start, name, order, reach)
    n_copies = min(len(table[2]) for table in tables)
    scale = min(float(np.ptp(s)) for _, s, _, _ in tables)
    unit = np.array([0.05 * scale, 0.05 * nu, 0.05 * max(abs(kappa), 0.2)])[: 3 if fitted else 2]
    first = np.zeros(unit.size)
    fits = np.full((min(n_copies, 1 + MAX_COPIES), 3), np.nan)
    for c in range(len(fits)):
        shift, _ = _minimum(tables, c, np.array(start), unit, first)
        fits[c] = np.array(start) + np.pad(shift * unit, (0, 3 - unit.size))
        if c == 0:
            first = shift
    best = fits[0]
    points = _scaled(tables, 0, best)
    reason = "the collapse of some copies does not converge"
    critical, nu_, kappa_ = (summarize(column, reason) for column in fits.T)
    if not fitted:
        kappa_ = Estimate(kappa, 0.0)
    shown = tuple((table[0], *point) for table, point in zip(tables, points, strict=True))
    return Collapse(name, critical, nu_, kappa_, quality(points), shown)


Table = tuple[float, Floats, Floats, Floats]
"""Size, s (point,), y (copy, point), dy (point,)."""


def _select(
    curves: Sequence[Curves],
    sizes: Sequence[float],
    start: tuple[float, float, float],
    name: str,
    order: str,
    reach: float,
) -> list[Table]:
    s_c, nu, _ = start
    whole = []
    for ell, one in zip(sizes, curves, strict=True):
        y = one.quantity(name, order)
        good = np.isfinite(y[0])
        dy = errors(y) if len(y) > 2 else np.full(y.shape[1], 1e-3 * np.nanmax(np.abs(y[0])))
        good &= np.isfinite(dy) & (dy > 0)
        whole.append((float(ell), one.x[good], y[:, good], dy[good]))
    ends = [min((s_c - s.min()) * ell ** (1 / nu), (s.max() - s_c) * ell ** (1 / nu)) for ell, s, _, _ in whole]
    if not min(ends) > 0:
        raise InputError(f"first guess {s_c:g} of the critical condition lies outside the path of a crystal: widen it")
    tables = []
    for ell, s, y, dy in whole:
        inside = np.flatnonzero(np.abs(s - s_c) * ell ** (1 / nu) <= reach * min(ends))
        thin = inside[:: max(1, inside.size // POINTS)]
        tables.append((ell, s[thin], y[:, thin], dy[thin]))
    if min(t[1].size for t in tables) < 4:
        raise InputError("a crystal has fewer than 4 points within reach of s_c: refine the path, or widen 'reach'")
    return tables


def _scaled(tables: Sequence[Table], copy: int, p: Floats) -> list[tuple[Floats, Floats, Floats]]:
    s_c, nu, kappa = p
    return [((s - s_c) * ell ** (1 / nu), y[copy] * ell**-kappa, dy * ell**-kappa) for ell, s, y, dy in tables]


def _minimum(tables: Sequence[Table], copy: int, start: Floats, unit: Floats, first: Floats) -> tuple[Floats, float]:
    """Shift from `start` in `unit`s at the smallest S, and S."""
    from scipy.optimize import minimize

    def S(shift: Floats) -> float:
        p = start + np.pad(shift * unit, (0, 3 - unit.size))
        found = quality(_scaled(tables, copy, p)) if p[1] > 0.05 else math.nan
        return found if math.isfinite(found) else 1e12

    options = {"xatol": 1e-3, "fatol": 1e-6, "maxiter": 300}
    corner, smallest = first, math.inf
    for _ in range(2 if copy == 0 else 1):  # a second simplex leaves a stuck first one; copies begin near
        simplex = np.vstack([corner, corner + np.eye(corner.size)])
        best = minimize(S, corner, method="Nelder-Mead", options={**options, "initial_simplex": simplex})
        corner, smallest = np.asarray(best.x, dtype=np.float64), float(best.fun)
    return (corner if smallest < 1e11 else np.full(unit.size, np.nan)), smallest
