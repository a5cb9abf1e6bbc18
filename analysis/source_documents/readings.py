"""Numbers read off series: values at a temperature of a branch, trends with the rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mcsco.observables import Estimate
from mcsco.observables.series import mean_over_replicas, unknown

if TYPE_CHECKING:
    import xarray

Floats = npt.NDArray[np.float64]
Way = Literal["heating", "cooling"]


def replicas_at(dataset: xarray.Dataset, name: str, T: float, way: Way, within: float = 1.0) -> Floats:
    """Mean of a series within some kelvin of T on one way, replica by replica; |η| measurement by measurement."""
    temperature, leg = dataset["temperature"].values, dataset["leg"].values
    sign = 1 if way == "heating" else -1
    legs = [i for i in np.unique(leg) if sign * (temperature[leg == i][-1] - temperature[leg == i][0]) > 0]
    on = np.isin(leg, legs) & (np.abs(temperature - T) <= within)
    x = dataset[name].values[:, on]
    if not x.size:
        return np.full(dataset.sizes["replica"], np.nan)
    mean: Floats = (np.abs(x) if name == "eta" else x).mean(axis=1)
    return mean


def at(dataset: xarray.Dataset, name: str, T: float, way: Way, within: float = 1.0) -> Estimate:
    """The same as a mean over replicas with its standard error."""
    values = replicas_at(dataset, name, T, way, within)
    return unknown(f"not measured at {T:g} K") if np.isnan(values).all() else mean_over_replicas(values)


def spread(dataset: xarray.Dataset, low: float, high: float, way: Way = "cooling") -> Estimate:
    """Relative change of |η| between two temperatures of the HS branch, η(high)/η(low) − 1."""
    first, last = (replicas_at(dataset, "eta", T, way) for T in (low, high))
    return mean_over_replicas(last / first - 1.0)


def trend(x: Sequence[float], values: Sequence[Estimate]) -> Estimate:
    """Slope of a straight line through values with errors, by weighted least squares."""
    y = np.array([value.value for value in values])
    error = np.array([value.error for value in values])
    if not np.all(np.isfinite(y)) or not np.all(error > 0):
        return unknown(next((value.reason for value in values if value.reason), "a value has no error"))
    slope, covariance = np.polyfit(np.asarray(x), y, 1, w=1 / error, cov="unscaled")
    chi2 = float(np.sum(((y - np.polyval(slope, x)) / error) ** 2)) / max(len(values) - 2, 1)
    # Points that miss the line make its slope less certain than their own errors say.
    return Estimate(float(slope[0]), float(math.sqrt(covariance[0, 0] * max(chi2, 1.0))))


def ratio(a: Estimate, b: Estimate) -> Estimate:
    """a/b of independent estimates."""
    value = a.value / b.value
    return Estimate(value, abs(value) * math.hypot(a.error / a.value, b.error / b.value))
