"""Access to a simulated series: an `xarray.Dataset` with dimensions `replica` and `step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.chains import Chains, as_chains

if TYPE_CHECKING:
    import xarray as xr


def variable(dataset: xr.Dataset, name: str) -> Chains:
    """A measured quantity as (replica, step), finite."""
    if name not in dataset:
        known = ", ".join(sorted(str(k) for k in dataset.variables))
        raise InputError(f"dataset has no variable {name!r}: it has {known}; give what mcsco.simulate returned")
    array = dataset[name]
    if "step" not in array.dims or not {"replica", "step"}.issuperset(str(d) for d in array.dims):
        raise InputError(f"{name} has dimensions {array.dims}: must be ('replica', 'step') or ('step',)")
    return as_chains(array, name)


def coordinate(dataset: xr.Dataset, name: str, default: float | None = None) -> npt.NDArray[np.float64]:
    """A quantity that the protocol sets, shape (step,), finite; `default` everywhere if it is missing."""
    if name not in dataset.variables and default is not None:
        return np.full(dataset.sizes["step"], default)
    row = variable(dataset, name)
    if row.shape[0] != 1:
        raise InputError(f"{name} differs between replicas: one dataset holds one protocol; analyse them apart")
    values: npt.NDArray[np.float64] = row[0]
    return values
