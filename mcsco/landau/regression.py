"""Weighted linear least squares whose errors, and whose test of goodness, allow for correlated noise.

The weights are those of the diagonal, which costs a little efficiency and no truth: the estimate is unbiased for any
noise. Its covariance is that of the diagonal if the noise is independent, else the scatter of the same estimate over
resampled copies of the data. χ² of correlated residuals is not χ² distributed; its mean and variance over the copies
are matched by a scaled χ² (Satterthwaite, DOI 10.2307/3002019).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mcsco.errors import InputError
from mcsco.landau.arrays import Array

_SINGULAR = 1e-10


class Missing(NamedTuple):
    """A term that the model does not have, were it added alone."""

    name: str
    z: float
    """Its coefficient in standard errors; nan if the data have no errors."""
    share: float
    """Part of χ² that it would take away."""


class Solution(NamedTuple):
    """Coefficients of the columns and how well they describe the data."""

    coefficients: Array
    """Shape (k,)."""
    covariance: Array
    """Shape (k, k); nan without errors."""
    residuals: Array
    """Data − model, shape (n,)."""
    chi2: float
    """Σ (residual/error)²; nan without errors."""
    expected: float
    """Its mean if the model is true: n − k for independent noise."""
    dof: float
    """Effective degrees of freedom: n − k for independent noise, fewer for correlated noise."""
    p_value: float
    """Probability of a larger χ² if the model is true."""
    missing: tuple[Missing, ...]
    """By falling share."""


def solve(
    design: Array, y: Array, error: Array | None, copies: Array | None, candidates: dict[str, Array], names: list[str]
) -> Solution:
    """Fit y = design · coefficients.

    Parameters
    ----------
    design : array, shape (n, k)
    y, error : array, shape (n,)
        Data and their standard errors, None if they have none.
    copies : array, shape (m, n), optional
        Resampled data.
    candidates : dict of array, shape (n,)
        Terms to test one by one.
    names : list of str
        What the columns are called in a message.

    Raises
    ------
    InputError
        If there are not more data than columns, or they do not determine every coefficient.
    """
    n, k = design.shape
    if n <= k:
        raise InputError(f"window: holds {n} measured bins for {k} unknowns; widen it")
    weight = np.ones(n) if error is None else 1.0 / error
    X, Y = design * weight[:, np.newaxis], y * weight
    _check_rank(X, names)
    Q, triangle = np.linalg.qr(X)
    inverse = np.linalg.inv(triangle)
    coefficients = inverse @ (Q.T @ Y)
    r = Y - Q @ (Q.T @ Y)
    noise = (
        None if copies is None else (copies - copies.mean(axis=0)) * weight * np.sqrt(len(copies) / (len(copies) - 1))
    )
    if noise is not None:
        scatter = (noise @ Q) @ inverse.T
        covariance = scatter.T @ scatter / len(noise)
    else:
        covariance = inverse @ inverse.T * (1.0 if error is not None else np.nan)
    chi2 = float(r @ r)
    if error is None:
        expected = dof = p_value = np.nan
    else:
        expected, dof = _expectation(n - k, noise, Q)
        p_value = _survival(chi2 * dof / expected, dof)
    missing = _missing(candidates, weight, Q, r, noise, has_errors=error is not None)
    return Solution(
        coefficients, covariance, r / weight, chi2 if error is not None else np.nan, expected, dof, p_value, missing
    )


def _deviations(copies: Array) -> Array:
    """Copies about their mean, scaled so that their mean square is the unbiased variance."""
    m = len(copies)
    return np.asarray((copies - copies.mean(axis=0)) * np.sqrt(m / (m - 1)))


def _expectation(degrees: int, noise: Array | None, Q: Array) -> tuple[float, float]:
    """Mean of χ² and its effective degrees of freedom."""
    if noise is None:
        return float(degrees), float(degrees)
    chi2 = np.einsum("mn,mn->m", noise, noise) - np.einsum("mk,mk->m", noise @ Q, noise @ Q)
    mean = float(chi2.mean())
    return mean, float(2.0 * mean**2 / chi2.var(ddof=1))


def _survival(x: float, dof: float) -> float:
    from scipy.special import gammaincc  # 0.2 s to import

    return float(gammaincc(dof / 2.0, x / 2.0))


def _missing(
    candidates: dict[str, Array], weight: Array, Q: Array, r: Array, noise: Array | None, *, has_errors: bool
) -> tuple[Missing, ...]:
    found = []
    for name, term in candidates.items():
        x = term * weight
        new = x - Q @ (Q.T @ x)
        size2 = float(new @ new)
        if size2 <= _SINGULAR * float(x @ x):
            continue
        pull = float(new @ r)
        spread = np.sqrt(size2) if noise is None else float(np.std(noise @ new))
        found.append(Missing(name, pull / spread if has_errors else np.nan, pull**2 / size2 / float(r @ r)))
    return tuple(sorted(found, key=lambda term: -term.share))


def _check_rank(X: Array, names: list[str]) -> None:
    scale = np.linalg.norm(X, axis=0)
    empty = [name for name, size in zip(names, scale.tolist(), strict=True) if size == 0]
    if empty:
        raise InputError(f"window: tells nothing about {', '.join(empty)}; widen it or fix them")
    singular, right = np.linalg.svd(X / scale, full_matrices=False)[1:]
    if singular[-1] > _SINGULAR * singular[0]:
        return
    mixed = [name for name, part in zip(names, right[-1].tolist(), strict=True) if abs(part) > 0.05]
    raise InputError(
        f"window: does not tell {', '.join(mixed)} apart; widen it, give more temperatures, or fix one of them"
    )
