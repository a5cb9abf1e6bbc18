"""Quantities carried together with their bootstrap copies: the first entry belongs to the data, the others to copies.

Whatever is derived from averages - a maximum, a crossing, a fitted exponent - is derived from every copy in the same
way, and its error is the scatter of the copies (Efron, DOI 10.1214/aos/1176344552). Correlations between quantities
that come from the same measurements are so carried along to the end.
"""

import math

import numpy as np
import numpy.typing as npt

from mcsco.observables.series import Estimate, unknown

Floats = npt.NDArray[np.float64]

MAX_LOST = 0.1
"""Part of the copies in which a quantity may be missing; more means that the data hardly tell it."""


def summarize(copies: npt.ArrayLike, reason: str = "") -> Estimate:
    """Value and standard error of a quantity with copies.

    Parameters
    ----------
    copies : array_like, shape (1 + copies,)
        NaN where it could not be told.
    reason : str
        Why it could not.
    """
    x = np.asarray(copies, dtype=np.float64)
    value, others = float(x[0]), x[1:]
    if not math.isfinite(value):
        return unknown(reason or "not determined by the data")
    if others.size == 0:
        return unknown("no copies: exact data have no statistical error", value)
    found = others[np.isfinite(others)]
    if found.size < (1 - MAX_LOST) * others.size:
        lost = f"missing in {others.size - found.size} of {others.size} copies"
        return unknown(f"{lost}: {reason}" if reason else lost, value)
    return Estimate(value, float(found.std(ddof=1)), n_effective=math.nan)


def errors(copies: Floats) -> Floats:
    """Standard errors of an array of quantities, shape (1 + copies, ...) → (...); NaN without copies."""
    if len(copies) < 3:
        return np.full(copies.shape[1:], np.nan)
    missing = np.isnan(copies[1:]).mean(axis=0) > MAX_LOST
    scatter = np.nanstd(np.where(missing, 0.0, copies[1:]), axis=0, ddof=1)
    return np.asarray(np.where(missing, np.nan, scatter))
