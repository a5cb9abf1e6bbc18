"""How domains grow after a quench: the exponent of a length against time."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.observables.chains import as_chains
from mcsco.observables.leave_one_out import leave_one_out
from mcsco.observables.series import Estimate, mean_over_replicas, unknown

Floats = npt.NDArray[np.float64]

MIN_TIMES = 4
"""Times in the window below which no exponent is fitted."""


def _nothing() -> Floats:
    return np.empty(0)


@dataclass(frozen=True)
class GrowthExponent(Estimate):
    """Exponent n of R = A t^n, and what tells whether there is one."""

    amplitude: float = math.nan
    """A, so that the fit can be drawn."""
    window: tuple[float, float] = (math.nan, math.nan)
    """First and last time that entered the fit."""
    drift: Estimate = field(default_factory=lambda: unknown("not measured"))
    """Exponent of the later half of ln t less that of the earlier half; zero for a power law."""
    time: Floats = field(default_factory=_nothing)
    """Times at which `local` is given, geometric means of neighbours."""
    local: Floats = field(default_factory=_nothing)
    """Local exponents Δln R/Δln t between neighbouring times, over all times and not only the window."""
    local_error: Floats = field(default_factory=_nothing)
    """Standard error of `local` over replicas, NaN with one."""


def growth_exponent(time: npt.ArrayLike, length: Any, window: tuple[float, float] | None = None) -> GrowthExponent:
    """Fit R ~ t^n to a length that grows.

    A straight line through ln of the mean of R over replicas against ln t, in which equal stretches of ln t weigh
    alike, however densely they were measured. The error is a jackknife over replicas: the lengths of one crystal at
    successive times are not independent, so that the scatter about the line of one replica is no error.

    Parameters
    ----------
    time : array_like, shape (step,)
        Time since the quench, in MCS or any other unit, increasing. Points at t = 0 are left out.
    length : array_like, shape (step,) or (replica, step)
        R > 0.
    window : (float, float), optional
        First and last time of the fit, inclusive; by default all times. Early times, when domains are still forming,
        and late ones, when they feel the size of the crystal, follow no power law: look at `local` and `drift`.

    Returns
    -------
    GrowthExponent
        An `Estimate` of n. With one replica its error is NaN.

    Raises
    ------
    InputError
        If the arrays do not fit, times do not increase, a length is not positive, or the window holds fewer than
        4 times.
    """
    R = as_chains(length, "length")
    t = as_chains(time, "time")
    if t.shape != (1, R.shape[1]):
        raise InputError(f"time has shape {np.shape(time)} and length {np.shape(length)}: must have equal steps")
    if np.any(np.diff(t[0]) <= 0) or t[0, 0] < 0:
        raise InputError("time: must increase from step to step and not be negative")
    if not np.all(R > 0):
        raise InputError(f"length = {R.min():g} at one step: must be positive everywhere")
    later = t[0] > 0
    x, R = np.log(t[0, later]), R[:, later]
    inside = _inside(x, window)
    if inside.sum() < MIN_TIMES:
        raise InputError(
            f"window = {window!r}: holds {inside.sum()} of {x.size} times; a fit needs {MIN_TIMES}, widen it"
        )
    fitted, fit_R = x[inside], R[:, inside]
    value = mean_over_replicas(leave_one_out(lambda mean: _slope(fitted, np.log(mean)), fit_R))
    y = np.log(fit_R.mean(axis=0))
    weight = _weights(fitted)
    amplitude = math.exp(float(np.average(y, weights=weight) - value.value * np.average(fitted, weights=weight)))
    local = leave_one_out(lambda mean: np.diff(np.log(mean)) / np.diff(x), R)
    n = len(local)
    return GrowthExponent(
        value.value,
        value.error,
        value.tau,
        value.n_effective,
        value.reason,
        amplitude=amplitude,
        window=(float(np.exp(fitted[0])), float(np.exp(fitted[-1]))),
        drift=_drift(fitted, fit_R),
        time=np.exp((x[1:] + x[:-1]) / 2),
        local=local.mean(axis=0),
        local_error=local.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(x.size - 1, np.nan),
    )


def _inside(x: Floats, window: tuple[float, float] | None) -> npt.NDArray[np.bool_]:
    """Which of the ln t lie in the window."""
    if window is None:
        return np.ones(x.size, dtype=np.bool_)
    try:
        low, high = window
    except (TypeError, ValueError):
        raise InputError(f"window = {window!r}: must be two times, (first, last)") from None
    first = check_real("window start", low, above=0.0)
    last = check_real("window end", high, above=first)
    margin = 1e-12  # exp(log(t)) is t only to rounding
    return np.asarray((x >= math.log(first) - margin) & (x <= math.log(last) + margin))


def _weights(x: Floats) -> Floats:
    """Half the distance between the neighbours of each point."""
    edges = np.concatenate([x[:1], (x[1:] + x[:-1]) / 2, x[-1:]])
    return np.diff(edges)


def _slope(x: Floats, y: Floats) -> float:
    """Slope of the straight line that fits best, equal stretches of x weighted alike."""
    w = _weights(x)
    dx = x - np.average(x, weights=w)
    return float(np.sum(w * dx * y) / np.sum(w * dx**2))


def _drift(x: Floats, R: Floats) -> Estimate:
    """Slope of the later half less that of the earlier half."""
    middle = (x[0] + x[-1]) / 2
    halves = [np.flatnonzero(x <= middle), np.flatnonzero(x >= middle)]
    if min(half.size for half in halves) < 2:
        return unknown("one half of the window has fewer than two times")

    def difference(mean: Floats) -> float:
        early, late = (_slope(x[half], np.log(mean[half])) for half in halves)
        return late - early

    return mean_over_replicas(leave_one_out(difference, R))
