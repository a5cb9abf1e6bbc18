"""Laws of the size: crossings of two crystals, extrapolation to an infinite one, and powers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.curves import Curves
from mcsco.observables.resampling import errors, summarize
from mcsco.observables.series import Estimate, unknown

Floats = npt.NDArray[np.float64]

CORRECTIONS = {"extent": (1.0, 2.0, 3.0), "molecules": (0.5, 1.0, 1.5)}
"""Powers of 1/size among which the correction to an extrapolated value is sought."""


class Crossing(NamedTuple):
    """Where a quantity of two crystals has the same value."""

    sizes: tuple[float, float]
    at: Estimate
    """Temperature in K, pressure in GPa or field in kJ/mol."""
    height: Estimate
    """The common value."""
    copies_at: Floats
    copies_height: Floats


class Limit(NamedTuple):
    """A quantity of infinite crystals, y(ℓ) = y∞ + a ℓ^(−p)."""

    value: Estimate
    """Its error contains the scatter of the copies and half the range of the limits for the powers p that were
    tried."""
    by_power: dict[float, float]
    """Limit for each power p."""
    copies: Floats
    """Of the value for the middle power, shape (1 + copies,)."""


class Power(NamedTuple):
    """y = A ℓ^exponent by weighted least squares of the logarithms."""

    exponent: Estimate
    """Its error is widened by √(χ²/degrees of freedom) where that exceeds 1."""
    amplitude: float
    chi2: float
    """χ² per degree of freedom; NaN for two sizes."""
    local: tuple[Estimate, ...]
    """Exponents between neighbouring sizes: a drift shows corrections to scaling."""


def crossing(
    small: Curves, large: Curves, sizes: tuple[float, float], name: str = "binder", order: str = "eta"
) -> Crossing:
    """Crossing of a quantity of two crystals on the same path.

    Of several roots, which noise makes far from the transition, `separating` chooses.

    Raises
    ------
    InputError
        If the paths or the numbers of copies differ.
    """
    if small.x.shape != large.x.shape or not np.allclose(small.x, large.x):
        raise InputError("crossing of curves on different paths: reweight both to the same conditions")
    a, b = small.quantity(name, order), large.quantity(name, order)
    if len(a) != len(b):
        raise InputError(f"curves with {len(a) - 1} and {len(b) - 1} copies: give all crystals the same 'resamples'")
    at, height = np.full(len(a), np.nan), np.full(len(a), np.nan)
    for c, (low, high) in enumerate(zip(a, b, strict=True)):
        at[c], height[c] = _root(small.x, low, high)
    reason = f"{name} of sizes {sizes[0]:g} and {sizes[1]:g} does not cross between {small.x[0]:g} and {small.x[-1]:g}"
    return Crossing(sizes, summarize(at, reason), summarize(height, reason), at, height)


def _root(x: Floats, a: Floats, b: Floats) -> tuple[float, float]:
    from scipy.interpolate import CubicSpline

    good = np.isfinite(a) & np.isfinite(b)
    if good.sum() < 4:
        return math.nan, math.nan
    difference = CubicSpline(x[good], (b - a)[good])
    roots = difference.roots(extrapolate=False)
    if roots.size == 0:
        return math.nan, math.nan
    root = separating(difference, roots)
    return root, float(CubicSpline(x[good], a[good])(root))


def separating(difference: Any, roots: Floats) -> float:
    """The root that separates best: with the largest |∫ before − ∫ after| of a spline, as a change of sign has it.

    The steepest root would often be one that noise makes at the end of the path, where samples are few.
    """
    area = difference.antiderivative()
    first, last = area(difference.x[0]), area(difference.x[-1])
    return float(roots[np.abs(2 * area(roots) - first - last).argmax()])


def limit(sizes: Sequence[float], copies: Sequence[Floats], powers: Sequence[float] = CORRECTIONS["extent"]) -> Limit:
    """Value for infinite size of quantities that have corrections ℓ^(−p) with an unknown p.

    For each p of `powers` a weighted straight line in ℓ^(−p) is fitted; the middle power gives the value, the others
    the systematic error. Three sizes at least; with two the value of the larger one is returned, without an error that
    could be defended.

    Parameters
    ----------
    sizes : sequence of float
        ℓ of each quantity, for a crossing the smaller of its two.
    copies : sequence of array, shape (1 + copies,)
    """
    y, ell, sigma = _fit_data(sizes, copies)
    if y.shape[1] < 3:
        last = y[:, -1] if y.shape[1] else np.full(1, np.nan)
        reason = f"{y.shape[1]} sizes with errors: an extrapolation needs 3"
        return Limit(unknown(reason, float(last[0])), {}, last)
    fits = {p: _linear(ell**-p, y, sigma)[0] for p in powers}
    middle = fits[powers[len(powers) // 2]]
    by_power = {p: float(values[0]) for p, values in fits.items()}
    systematic = (max(by_power.values()) - min(by_power.values())) / 2
    scatter = summarize(middle)
    statistical = scatter.error if middle.size > 1 else 0.0  # exact data have none
    return Limit(Estimate(scatter.value, math.hypot(statistical, systematic), reason=scatter.reason), by_power, middle)


def power_law(sizes: Sequence[float], copies: Sequence[Floats]) -> Power:
    """Exponent of the size.

    Parameters
    ----------
    sizes : sequence of float
    copies : sequence of array, shape (1 + copies,)
        Positive quantities.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        y, ell, sigma = _fit_data(sizes, [np.log(np.asarray(c, dtype=np.float64)) for c in copies])
    if y.shape[1] < 2:
        return Power(unknown(f"{y.shape[1]} sizes with errors: an exponent needs 2"), math.nan, math.nan, ())
    x = np.log(ell)
    offset, slope = _linear(x, y, sigma)
    freedom = y.shape[1] - 2
    residual = (y[0] - offset[0] - slope[0] * x) / sigma
    chi2 = float(residual @ residual) / freedom if freedom and np.all(sigma > 0) else math.nan
    exponent = summarize(slope)
    if chi2 > 1:
        exponent = Estimate(exponent.value, exponent.error * math.sqrt(chi2), reason=exponent.reason)
    steps = [summarize((y[:, j] - y[:, i]) / (x[j] - x[i])) for i, j in pairwise(range(y.shape[1]))]
    return Power(exponent, math.exp(float(offset[0])), chi2, tuple(steps))


def _fit_data(sizes: Sequence[float], copies: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """Quantities (copy, size), sizes and errors of those that are known; equal errors for exact data."""
    table = np.stack([np.asarray(c, dtype=np.float64) for c in copies], axis=1)
    sigma = errors(table) if len(table) > 2 else np.ones(table.shape[1])
    good = np.isfinite(table[0]) & np.isfinite(sigma) & (sigma > 0)
    return table[:, good], np.asarray(sizes, dtype=np.float64)[good], sigma[good]


def _linear(x: Floats, y: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Offset and slope of every copy; copies with missing values give NaN."""
    design = np.stack([np.ones_like(x), x], axis=1) / sigma[:, None]
    whole = np.all(np.isfinite(y), axis=1)
    out = np.full((2, len(y)), np.nan)
    out[:, whole] = np.linalg.lstsq(design, (y[whole] / sigma).T, rcond=None)[0]
    return out[0], out[1]
