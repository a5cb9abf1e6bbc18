"""From fits at several sizes to the infinite crystal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.landau.arrays import Array
from mcsco.landau.design import PARAMETERS

if TYPE_CHECKING:
    from mcsco.landau.fit import Coefficient, Fit


class Extrapolation(NamedTuple):
    """Coefficients at 1/N → 0."""

    coefficients: dict[str, Coefficient]
    chi2: float
    """Of the straight lines in 1/N together."""
    dof: int
    p_value: float
    """Probability of a larger χ² if the coefficients are linear in 1/N; nan with two sizes."""


def extrapolate(fits: Sequence[Fit]) -> Extrapolation:
    """Coefficients of the infinite crystal, linear in 1/N, by generalised least squares with the fits' covariances.

    −(RT/N) ln P differs from the free energy of the infinite crystal by terms of order 1/N (the prefactor of P), and so
    do the coefficients (see `mcsco.meanfield.counting_term` for the part that is known).

    Raises
    ------
    InputError
        If there are fewer than two sizes, a size or the errors are unknown, or different coefficients were fixed.
    """
    sizes = [fit.surface.n_sites for fit in fits]
    if len(set(sizes)) < 2 or None in sizes:
        raise InputError(f"n_sites of the fits = {sizes}: must be known and of at least two sizes")
    free = np.diag(fits[0].covariance) > 0
    if any(fit.fixed != fits[0].fixed for fit in fits):
        raise InputError("fixed: differs between the fits; fix the same coefficients at all sizes")
    if not all(np.isfinite(fit.covariance).all() for fit in fits):
        raise InputError("surface: has no errors, so that sizes cannot be weighted; give free_energy_error")
    k = int(free.sum())
    normal, right, chi2 = np.zeros((2 * k, 2 * k)), np.zeros(2 * k), 0.0
    for fit in fits:
        x = np.array([1.0, 1.0 / (fit.surface.n_sites or 1)])
        weight = np.linalg.inv(fit.covariance[np.ix_(free, free)])
        values = fit.parameters[free]
        normal += np.kron(np.outer(x, x), weight)
        right += np.kron(x, weight @ values)
        chi2 += float(values @ weight @ values)
    scale = 1.0 / np.sqrt(np.diag(normal))  # coefficients differ by many orders of magnitude
    covariance = np.linalg.inv(normal * np.outer(scale, scale)) * np.outer(scale, scale)
    solution = covariance @ right
    chi2 -= float(right @ solution)
    dof = k * (len(fits) - 2)
    return Extrapolation(_named(fits[0], free, solution[:k], covariance), chi2, dof, _p_value(chi2, dof))


def _named(like: Fit, free: npt.NDArray[np.bool_], values: Array, covariance: Array) -> dict[str, Coefficient]:
    parameters, errors = like.parameters.copy(), np.zeros(len(PARAMETERS))
    parameters[free], errors[free] = values, np.sqrt(np.diag(covariance)[: len(values)])
    return {
        name: like.coefficients[name]._replace(value=float(value), error=float(error))
        for name, value, error in zip(PARAMETERS, parameters, errors, strict=True)
    }


def _p_value(chi2: float, dof: int) -> float:
    from scipy.special import gammaincc

    return float(gammaincc(dof / 2.0, max(chi2, 0.0) / 2.0)) if dof else np.nan
