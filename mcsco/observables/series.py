"""A mean and what is known about it."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mcsco.observables.autocorrelation import statistical_inefficiency
from mcsco.observables.chains import as_chains, is_constant

MIN_EFFECTIVE = 25
"""Effective samples below which no error is given: 50 integrated autocorrelation times."""


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error. What the data cannot tell is NaN, and `reason` says why."""

    value: float
    error: float
    """Standard error of `value` (one standard deviation of its distribution, not of the data)."""
    tau: float = math.nan
    """Integrated autocorrelation time τ = 1/2 + Σ_t ρ(t), in measurements; 1/2 for independent ones."""
    n_effective: float = math.nan
    """Number of independent measurements with the same error, N/2τ."""
    reason: str = ""
    """Why a part is NaN, or a remark on the error; empty if there is nothing to say."""

    def scaled(self, factor: float) -> "Estimate":
        """The estimate of `factor` times the value."""
        return replace(self, value=factor * self.value, error=abs(factor) * self.error)

    def __str__(self) -> str:
        if not math.isfinite(self.error) or self.error == 0:
            text = f"{self.value:.6g} ± {self.error:g}"
        else:
            digits = max(0, 1 - math.floor(math.log10(self.error)))
            text = f"{self.value:.{digits}f} ± {self.error:.{digits}f}"
        return f"{text} ({self.reason})" if self.reason else text


def unknown(reason: str, value: float = math.nan) -> Estimate:
    """An estimate without error, and by default without value."""
    return Estimate(value, math.nan, reason=reason)


def shortage(n_samples: int, n_effective: float) -> str:
    """Why `n_effective` is too small for an error, or an empty string if it is not."""
    if n_effective >= MIN_EFFECTIVE:
        return ""
    return (
        f"{n_samples} measurements are worth {n_effective:.1f} independent ones: an error needs {MIN_EFFECTIVE}, "
        "i.e. 50 autocorrelation times; run longer or add replicas"
    )


CONSTANT = "the series never changes, so that it tells nothing about its error"


def estimate(series: Any) -> Estimate:
    """Mean of a stationary series, with the error that its autocorrelation allows.

    The error is √(2τ var/N); 2τ is pymbar's statistical inefficiency. Replicas are independent chains about a
    common mean: if they disagree beyond their own fluctuations, the error rests on their scatter.

    Parameters
    ----------
    series : array_like, shape (step,) or (replica, step)

    Returns
    -------
    Estimate
        With NaN as `error`, and a `reason`, if the series is constant or worth fewer than 25 independent
        measurements.

    Raises
    ------
    InputError
        If the series is empty, has a wrong shape, or contains NaN or infinity.
    """
    x = as_chains(series)
    mean = float(x.mean())
    if x.size == 1:
        return unknown("one measurement has no error", mean)
    if is_constant(x):
        return unknown(CONSTANT, mean)
    two_tau = statistical_inefficiency(x)
    n_effective = x.size / two_tau
    reason = shortage(x.size, n_effective)
    error = math.nan if reason else float(np.sqrt(x.var() / n_effective))
    return Estimate(mean, error, two_tau / 2, n_effective, reason)


def mean_over_replicas(values: Any, reason: str = "", resolution: float = 0.0) -> Estimate:
    """Mean of one number per replica, with the standard error of their scatter.

    Parameters
    ----------
    values : array_like, shape (replica,)
        NaN where a replica has no value.
    reason : str
        Why a replica has no value.
    resolution : float
        Distance of the points between which a value cannot be told. All replicas share them, so no number of
        replicas brings the error below resolution/√12.
    """
    v = np.asarray(values, dtype=np.float64)
    found = v[np.isfinite(v)]
    if found.size == 0:
        return unknown(reason)
    mean = float(found.mean())
    if v.size == 1:
        return unknown("one replica: an error needs independent repetitions", mean)
    if found.size < v.size:
        return unknown(f"found in {found.size} of {v.size} replicas only, which biases the mean: {reason}", mean)
    error = float(found.std(ddof=1) / np.sqrt(found.size))
    floor = resolution / math.sqrt(12)
    if error <= 64 * np.finfo(np.float64).eps * abs(mean) and floor == 0.0:
        error, note = math.nan, f"all {v.size} replicas agree to the last digit"
    elif error <= floor:
        error, note = floor, "error set by the spacing of the measured points"
    else:
        note = ""
    return Estimate(mean, error, 0.5, float(found.size), note)
