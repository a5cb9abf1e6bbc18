"""The shape in which every estimator takes its measurements: independent chains, one a row."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError

Chains: TypeAlias = npt.NDArray[np.float64]
"""Measurements, shape (replica, step)."""


def as_chains(series: Any, name: str = "series") -> Chains:
    """`series` as floats of shape (replica, step), or `InputError` if it is empty, not 1-D or 2-D, or not finite."""
    dims = getattr(series, "dims", ())
    if len(dims) == 2 and set(dims) == {"replica", "step"}:
        series = series.transpose("replica", "step")
    try:
        x = np.asarray(series, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: must be an array of real numbers; replicas must have equal lengths") from None
    if x.ndim not in (1, 2) or x.size == 0:
        raise InputError(f"{name} has shape {x.shape}: must be (step,) or (replica, step), and not empty")
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        where = ", ".join(str(i) for i in bad[0])
        raise InputError(f"{name}[{where}] = {x[tuple(bad[0])]}: must be finite; {len(bad)} of {x.size} values are not")
    return np.atleast_2d(x)


def is_constant(x: npt.NDArray[np.float64]) -> bool:
    """Whether `x` does not change beyond the rounding of its largest value."""
    return bool(np.ptp(x) <= 64 * np.finfo(np.float64).eps * np.abs(x).max())
