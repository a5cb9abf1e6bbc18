"""Where a branch, an order parameter against temperature with noise on it, changes."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError

Floats = npt.NDArray[np.float64]

MIN_TEMPERATURES = 8
"""Distinct temperatures below which a leg is not a branch (a quench has two)."""
SIGNIFICANT = 6.0  # a contrast below so many standard deviations is noise: thousands of windows reach 4 by chance
JUMP = 8.0  # enough to ask whether the change is a jump
SMOOTH = 20.0  # enough to place the maximum of a smooth slope
GROWTH = 1.25  # doubling the window leaves the contrast of a jump as it is and doubles that of a slope
TOP = 5.0  # the parabola goes through the peak down to so many standard deviations below it, 5 to 25 % of its height


class Reading(NamedTuple):
    """A temperature read off a branch; NaN with a reason if the branch does not tell it."""

    value: float
    """K."""
    spacing: float
    """Distance of the measured temperatures, K."""
    reason: str = ""


def branch(temperature: npt.ArrayLike, x: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Temperatures in ascending order, and the mean of `x` at each."""
    T, index = np.unique(np.asarray(temperature, dtype=np.float64), return_inverse=True)
    values = np.asarray(x, dtype=np.float64)
    if values.shape != index.shape or T.size == 0 or not np.all(np.isfinite(values)) or not np.all(np.isfinite(T)):
        raise InputError("branch: temperature and values must be finite and of one length, and not empty")
    return T, np.bincount(index, weights=values) / np.bincount(index)


def steepest_temperature(temperature: npt.ArrayLike, x: npt.ArrayLike, unit: str = "K") -> Reading:
    """Temperature of the steepest change of a noisy branch.

    The contrast D(T) is the mean of the n measured temperatures above T less that of the n below: n times the slope of
    a smooth curve, or the height of a jump. n is the smallest window in which the largest |D| is clear of the noise: 20
    standard deviations, or 8 where doubling the window does not raise it, which is the mark of a jump. The place is
    the vertex of a parabola through the top of the peak. A jump is so found between the two
    temperatures that bracket it, and a gradual curve at its inflection. The noise is measured on second differences.

    Parameters
    ----------
    temperature : array_like, shape (step,)
        K, in any order; values at equal temperatures are averaged.
    x : array_like, shape (step,)
        q, or |η|.
    unit : str
        For what is said when nothing is found; another where pressure or field is driven.

    Returns
    -------
    Reading
        NaN with a reason if there are fewer than 8 temperatures, no change beyond the noise, or the steepest
        point is at an end of the range.

    Raises
    ------
    InputError
        If the arrays are empty, not finite or of different lengths.
    """
    T, y = _uniform(*branch(temperature, x))
    K = T.size
    if K < MIN_TEMPERATURES:
        return Reading(math.nan, math.nan, f"{K} points: a branch needs {MIN_TEMPERATURES}; measure more often")
    spacing = (T[-1] - T[0]) / (K - 1)
    n_max = K // 4
    n, noise = 1, math.inf
    D = np.empty(0)
    while n < n_max and (n == 1 or not _resolved(y, D, noise, n, n_max)):
        n = min(n_max, n + max(1, int(0.4 * n)))
        D = _contrast(y, n)
        noise = _noise(y, n)
    k = int(np.abs(D).argmax())
    peak = abs(D[k])
    if peak <= SIGNIFICANT * noise or peak == 0.0:
        return Reading(math.nan, spacing, "no change beyond the noise: widen the range or average more")
    if k in (0, D.size - 1):
        return Reading(math.nan, spacing, f"steepest at the end of the range, {T[0]:g} to {T[-1]:g} {unit}: widen it")
    rise = D * np.sign(D[k])
    low = high = k
    bottom = peak - np.clip(TOP * noise, 0.05 * peak, 0.25 * peak)
    while low > 0 and rise[low - 1] >= bottom:
        low -= 1
    while high < D.size - 1 and rise[high + 1] >= bottom:
        high += 1
    low, high = min(low, k - 1), max(high, k + 1)
    s = np.arange(low, high + 1) - k
    curvature, slope, _ = np.polyfit(s, rise[low : high + 1], 2)
    vertex = np.clip(-slope / (2 * curvature), s[0], s[-1]) if curvature < 0 else 0.0
    return Reading(float(T[0] + (n - 0.5 + k + vertex) * spacing), float(spacing))


def crossing_temperature(temperature: npt.ArrayLike, x: npt.ArrayLike, level: float, unit: str = "K") -> Reading:
    """Temperature at which a branch with one transition crosses `level`.

    The crossing of the monotone (isotonic) regression of the data: the place that maximises the sum of the distances
    by which the points on either side are on their right side of the level. Noise that crosses the level
    several times therefore gives one answer. Between the two temperatures that bracket it, it is interpolated.

    Parameters
    ----------
    temperature, x : array_like, shape (step,)
        As for `steepest_temperature`.
    level : float
    unit : str
        As for `steepest_temperature`.

    Returns
    -------
    Reading
        NaN with a reason if the level is not crossed with 3 temperatures left on either side.

    Raises
    ------
    InputError
        If the arrays are empty, not finite or of different lengths.
    """
    T, y = branch(temperature, x)
    K = T.size
    if K < MIN_TEMPERATURES:
        return Reading(math.nan, math.nan, f"{K} points: a branch needs {MIN_TEMPERATURES}; measure more often")
    spacing = float((T[-1] - T[0]) / (K - 1))
    rising = 1.0 if np.dot(T - T.mean(), y) >= 0 else -1.0
    below = rising * (level - y)
    j = int(np.concatenate(([0.0], np.cumsum(below))).argmax())  # points before the crossing
    if j < 3 or j > K - 3:
        return Reading(
            math.nan, spacing, f"{level:.3g} is not crossed between {T[0]:g} and {T[-1]:g} {unit}: widen the range"
        )
    a, b = below[j - 1], below[j]  # a >= 0 >= b at a maximum of the sum
    part = a / (a - b) if a > b else 0.5
    return Reading(float(T[j - 1] + part * (T[j] - T[j - 1])), spacing)


def _contrast(y: Floats, n: int) -> Floats:
    """Mean of the n points after each inner boundary less that of the n points before, shape (K − 2n + 1,)."""
    c = np.concatenate(([0.0], np.cumsum(y)))
    return np.asarray((c[2 * n :] - 2 * c[n:-n] + c[: -2 * n]) / n)


def _noise(y: Floats, n: int) -> float:
    """Standard deviation of the contrast of windows of n points, apart from the transition.

    From second differences of window means, where a straight slope drops out. On narrow windows their 0.9 quantile is
    taken, which a jump does not reach, nor a saturated stretch without any noise; on wide ones, of which a jump
    touches up to a quarter, the median. The wide ones catch noise that is correlated in time.
    """
    c = np.concatenate(([0.0], np.cumsum(y)))
    found, m = 0.0, 1
    while m == 1 or (m <= n and 12 * m <= y.size):
        mean = (c[m:] - c[:-m]) / m
        second = np.abs(mean[2 * m :] - 2 * mean[m:-m] + mean[: -2 * m])
        sigma = np.quantile(second, 0.9) / 1.645 if 40 * m <= y.size or m == 1 else np.median(second) / 0.6745
        found = max(
            found, float(sigma) * math.sqrt(m / n / 3)
        )  # var(second) = 6 var(mean), var(contrast) = 2 var(mean)
        m *= 2
    return found


def _resolved(y: Floats, D: Floats, noise: float, n: int, n_max: int) -> bool:
    """Whether the window is wide enough."""
    peak = np.abs(D).max()
    if peak >= SMOOTH * noise:
        return True
    # A slow fluctuation, too, does not grow with the window: a jump must also stand out of the wide windows' noise,
    # which is a lower bound for that of narrower ones.
    wide = max(n, y.size // 12)
    return bool(
        peak >= JUMP * max(noise, _noise(y, wide))
        and 2 * n <= n_max
        and np.abs(_contrast(y, 2 * n)).max() < GROWTH * peak
    )


def _uniform(T: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The branch on equal steps: as it is if its steps are equal, else interpolated at their median."""
    steps = np.diff(T)
    if T.size < 3 or steps.max() <= 1.01 * steps.min():
        return T, y
    n = min(10 * T.size, 1 + round((T[-1] - T[0]) / float(np.median(steps))))
    grid = np.linspace(T[0], T[-1], n)
    return grid, np.interp(grid, T, y)
