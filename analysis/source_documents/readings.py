"""Numbers read off series: values at a temperature of a branch, and what follows from two of them."""

from __future__ import annotations

import math
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


def counted(values: Floats, n_sites: int) -> Estimate:
    """Mean over replicas of a fraction of molecules; where all replicas agree, with the error of a single molecule."""
    estimate = mean_over_replicas(values)
    if values.size > 1 and math.isnan(estimate.error) and np.ptp(values) < 1 / (values.size * n_sites):
        return Estimate(estimate.value, 1 / (values.size * n_sites))
    return estimate


def spread(dataset: xarray.Dataset, low: float, high: float, way: Way = "cooling") -> Estimate:
    """Relative change of |η| between two temperatures of the HS branch, η(high)/η(low) − 1."""
    first, last = (replicas_at(dataset, "eta", T, way) for T in (low, high))
    return mean_over_replicas(last / first - 1.0)


def difference(a: Estimate, b: Estimate) -> Estimate:
    """Difference of independent estimates."""
    return Estimate(a.value - b.value, math.hypot(a.error, b.error), reason=a.reason or b.reason)


def ratio(a: Estimate, b: Estimate) -> Estimate:
    """Quotient of independent estimates."""
    value = a.value / b.value
    return Estimate(value, abs(value) * math.hypot(a.error / a.value, b.error / b.value))
