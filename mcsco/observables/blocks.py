"""Errors from blocks of consecutive measurements: binning analysis and jackknife."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.autocorrelation import statistical_inefficiency
from mcsco.observables.chains import as_chains, is_constant
from mcsco.observables.series import CONSTANT, Estimate, shortage, unknown

MIN_BINS = 32  # the error of a binning level with n bins is itself uncertain by 1/√(2n) = 13 %
MAX_BLOCKS = 400  # more blocks do not sharpen a jackknife error, but each costs one pass over the data
MIN_BLOCKS = 10
GOOD_BLOCKS = 20


@dataclass(frozen=True)
class Binning:
    """Naive error of the mean of bins, level by level; it grows with the bin length up to a plateau, the true error."""

    length: npt.NDArray[np.int64]
    """Measurements in a bin: 1, 2, 4, ..."""
    n_bins: npt.NDArray[np.int64]
    error: npt.NDArray[np.float64]
    uncertainty: npt.NDArray[np.float64]
    """Standard error of `error`, error/√(2(n_bins − 1))."""

    @property
    def plateau(self) -> float:
        """First error that all later levels, two at least, confirm within twice their uncertainty; else NaN."""
        for k in range(self.error.size - 2):
            if np.all(np.abs(self.error[k + 1 :] - self.error[k]) <= 2 * self.uncertainty[k + 1 :]):
                return float(self.error[k])
        return math.nan


def binning(series: Any) -> Binning:
    """Binning analysis (Flyvbjerg and Petersen, DOI 10.1063/1.457480), down to 32 bins.

    A check by eye of `estimate`, which does not need a plateau to be found. Bins do not cross replicas.

    Parameters
    ----------
    series : array_like, shape (step,) or (replica, step)

    Raises
    ------
    InputError
        If the series is not usable, or has fewer than 32 measurements.
    """
    x = as_chains(series)
    if x.size < MIN_BINS:
        raise InputError(f"series of {x.size} measurements: a binning analysis needs at least {MIN_BINS}; run longer")
    length, n_bins, error = [], [], []
    b, size = x, 1
    while b.size >= MIN_BINS:
        length.append(size)
        n_bins.append(b.size)
        error.append(float(b.std(ddof=1) / np.sqrt(b.size)))
        even = b.shape[1] // 2 * 2
        b, size = (b[:, 0:even:2] + b[:, 1:even:2]) / 2, 2 * size
    n, e = np.array(n_bins), np.array(error)
    return Binning(np.array(length), n, e, e / np.sqrt(2.0 * (n - 1)))


def jackknife(function: Callable[..., float], *series: Any) -> Estimate:
    """A quantity derived from averages, with its error and with most of its bias of order 1/N removed.

    Blocks of at least 2τ, if possible 4τ, are left out in turn. The pseudo-values n f − (n−1) f₋ᵢ make a series
    themselves: their mean is the value, and what correlation is left between neighbouring blocks enters the error as
    for any series.

    Parameters
    ----------
    function : callable
        Takes as many 1-D arrays of measurements as there are series, all of one length, and returns a number.
    *series : array_like, shape (step,) or (replica, step)
        Measured together: equal shapes. Their fluctuations must carry those of the function: for a function even in a
        series that changes sign, give its square or its magnitude.

    Returns
    -------
    Estimate
        `tau` and `n_effective` are those of the slowest series.

    Raises
    ------
    InputError
        If no series is given, shapes differ, or a value is not finite.
    """
    chains = [as_chains(s) for s in series]
    if not chains or any(x.shape != chains[0].shape for x in chains):
        raise InputError(
            f"jackknife of series with shapes {[x.shape for x in chains]}: give one or more of equal shape"
        )
    n_replicas, n_steps = chains[0].shape
    whole = float(function(*(x.ravel() for x in chains)))
    moving = [x for x in chains if not is_constant(x)]
    if not moving:
        return unknown(CONSTANT, whole)
    two_tau = max(statistical_inefficiency(x) for x in moving)
    n_effective = chains[0].size / two_tau
    n_blocks = _n_blocks(n_replicas, n_steps, two_tau)
    reason = shortage(chains[0].size, n_effective)
    if not reason and n_replicas * n_blocks < MIN_BLOCKS:
        reason = f"{n_replicas * n_blocks} blocks of 2τ: a jackknife needs {MIN_BLOCKS}; run longer or add replicas"
    if reason:
        return Estimate(whole, math.nan, two_tau / 2, n_effective, reason)
    pseudo = _pseudo_values(function, chains, n_blocks)
    if not np.all(np.isfinite(pseudo)):
        return unknown("the function is not finite on every set of blocks")
    value = float(pseudo.mean())
    if is_constant(pseudo):
        return Estimate(value, math.nan, two_tau / 2, n_effective, "the function does not depend on the data")
    variance = pseudo.var(ddof=1) * statistical_inefficiency(pseudo)
    return Estimate(value, float(np.sqrt(variance / pseudo.size)), two_tau / 2, n_effective)


def _n_blocks(n_replicas: int, n_steps: int, two_tau: float) -> int:
    """Blocks in each replica: of 4τ, which keep a quarter of the bias, or of 2τ where those would be too few."""
    n_blocks = 1
    for length in (math.ceil(2 * two_tau), math.ceil(two_tau)):
        n_blocks = max(1, n_steps // length)
        if n_replicas * n_blocks >= GOOD_BLOCKS:
            break
    return min(n_blocks, max(1, MAX_BLOCKS // n_replicas))


def _pseudo_values(
    function: Callable[..., float], chains: list[npt.NDArray[np.float64]], n_blocks: int
) -> npt.NDArray[np.float64]:
    """Jackknife pseudo-values, shape (replica, block); the first measurements that fill no block are left out."""
    n_replicas, n_steps = chains[0].shape
    length = n_steps // n_blocks
    n = n_replicas * n_blocks
    blocks = [x[:, n_steps - n_blocks * length :].reshape(n, length) for x in chains]
    whole = function(*(b.ravel() for b in blocks))
    left = np.array([function(*(np.delete(b, i, axis=0).ravel() for b in blocks)) for i in range(n)])
    return np.asarray(n * whole - (n - 1) * left, dtype=np.float64).reshape(n_replicas, n_blocks)
