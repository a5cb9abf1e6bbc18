"""Correlations within a chain: statistical inefficiency and the end of equilibration.

Both rest on the statistical inefficiency of Chodera et al. (DOI 10.1021/ct0502864) as pymbar.timeseries has it, which
of the small libraries has the least bias on short chains. pymbar takes lag by lag, and half a millisecond on twenty
samples; verdicts ask for dozens of them, so all lags are computed at once here, and pymbar is what the tests hold it
against. A long chain is first averaged into bins: the variance of the mean, which is what is wanted, does not change
by that.
"""

import numpy as np
import numpy.typing as npt

from mcsco.observables.chains import Chains, as_chains, is_constant

MAX_BINS = 2048  # per chain: at 50 autocorrelation times a bin is still 20 times shorter than the correlations
MAX_BINS_ALL = 16384  # over all replicas
MIN_BINS = 128
_ROUNDING = 1e-13  # of ρ, by transforms in double precision
STARTS = (0, 1 / 64, 1 / 32, 3 / 64, 1 / 16, 3 / 32, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2)  # parts of the series given up


def _bin_length(x: Chains, n_bins: int) -> int:
    """Shortest bins of which a chain has at most `n_bins`."""
    return -(-int(x.shape[1]) // n_bins)


def _binned(x: Chains, length: int) -> Chains:
    """Means of bins of `length` samples in each chain; the last samples that fill no bin are left out."""
    n = x.shape[1] // length
    means: Chains = x[:, : n * length].reshape(x.shape[0], n, length).mean(axis=2)
    return means


def statistical_inefficiency(x: Chains) -> float:
    """Number of samples that are worth one independent sample, 2τ = 1 + 2 Σ_t ρ(t) ≥ 1.

    Replicas share one mean, so chains that are stuck in different states show up as a 2τ of the length of the chain,
    and the error of their mean falls back on the scatter between replicas.

    Parameters
    ----------
    x : array, shape (replica, step)
        Finite and not constant.
    """
    length = _bin_length(x, min(max(MAX_BINS_ALL // x.shape[0], MIN_BINS), MAX_BINS))
    if length == 1:
        return summed_correlations(x)
    b = _binned(x, length)
    if is_constant(b):
        return 1.0  # everything averages out within a bin
    # var(mean) = g var(b)/n_b = 2τ var(x)/n
    return max(1.0, float(summed_correlations(b) * x.shape[1] / b.shape[1] * b.var() / x.var()))


def summed_correlations(b: Chains) -> float:
    """1 + 2 Σ_t (1 − t/n) ρ(t) of chains about a common mean, to where ρ falls to zero; at least 1.

    The sum does not end within the first few lags, where short chains scatter most: 3 of one chain, 10 of several.
    """
    R, n = b.shape
    sums, variance = _lagged(b - b.sum() / b.size)
    rho = sums.sum(axis=0) / (R * np.arange(n - 1, 1, -1) * variance.mean())
    return float(_to_first_zero(rho[None], np.array([n]), 3 if R == 1 else 10)[0])


def _lagged(deviations: Chains) -> tuple[Chains, npt.NDArray[np.float64]]:
    """Σ_i d_i d_{i+t} of every row for t = 1 … n − 2, and its mean square."""
    n = deviations.shape[1]
    modes = np.fft.rfft(deviations, 1 << (2 * n - 1).bit_length(), axis=1)  # so long that no lag wraps round
    sums = np.fft.irfft(modes.real**2 + modes.imag**2, axis=1)
    return sums[:, 1 : n - 1], sums[:, 0] / n


def _to_first_zero(rho: Chains, n: npt.NDArray[np.int64], least: int) -> npt.NDArray[np.float64]:
    """1 + 2 Σ_t (1 − t/n) ρ(t) of every row of length n to the first ρ ≤ 0 beyond lag `least`; at least 1."""
    lags, n = np.arange(1, rho.shape[1] + 1), n[:, None]
    ended = np.logical_or.accumulate(((rho <= _ROUNDING) & (lags > least)) | (lags >= n - 1), axis=1)
    total: npt.NDArray[np.float64] = np.sum(np.where(ended, 0.0, rho * (1.0 - lags / n)), axis=1)
    return np.maximum(1.0, 1.0 + 2.0 * total)


def equilibrated_start(series: npt.ArrayLike) -> int:
    """Index of the first measurement that belongs to equilibrium.

    The start from which the mean has the smallest standard error, √(2τ var/n), among those that give up no more than
    half of the series; of starts within a quarter of the smallest error squared, the earliest. Replicas of one protocol
    relax alike, so their mean is searched, where the common transient stands out.

    The criterion is that of White (DOI 10.1177/003754979706900601) with the autocorrelation counted. The largest number
    of effective samples (pymbar's `detect_equilibration`) was not taken: on a stationary chain of 8 times 2τ it throws
    away a third of the data on average and 98 % at times, and it keeps a transient that is shorter than τ.

    Parameters
    ----------
    series : array_like, shape (step,) or (replica, step)

    Returns
    -------
    int
        0 for a series that is stationary from the start, and for a constant one.

    Raises
    ------
    InputError
        If the series is empty, has a wrong shape, or contains NaN or infinity.
    """
    x = as_chains(series).mean(axis=0, keepdims=True)
    length = _bin_length(x, MAX_BINS)
    b = _binned(x, length)
    if b.shape[1] < 16 or is_constant(b):
        return 0
    starts = np.unique((np.array(STARTS) * b.shape[1]).astype(int))
    errors = squared_errors(b[0], starts)
    first = int(np.argmax(errors <= 1.25 * errors.min()))
    return int(starts[first] * length)


def squared_errors(x: npt.NDArray[np.float64], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Squared standard errors of the means of what comes after each of the `starts`.

    0 for a constant tail: what came before it is a transient.
    """
    after = np.arange(x.size) >= starts[:, None]
    n = x.size - starts
    means = np.where(after, x, 0.0).sum(axis=1) / n
    deviations = np.where(after, x - means[:, None], 0.0)  # zeros in front add nothing to any lag
    sums, variance = _lagged(deviations)
    variance = variance * x.size / n
    moves = np.array([not is_constant(x[start:]) for start in starts])
    lags = np.arange(1, x.size - 1)
    scale = np.maximum(n[:, None] - lags, 1) * np.where(moves, variance, 1.0)[:, None]
    return np.where(moves, variance * _to_first_zero(sums / scale, n, 3) / n, 0.0)
