"""Least squares with a covariance and an honest account of the residuals.

The curve is χT(T) = γ(T) (χT)_HS + (1 − γ(T)) (χT)_LS. Errors come from the curvature of the sum of squares at its
minimum. If the error of a point is not given it is taken from the residuals, with as many degrees of freedom as are
left, and so is right only if the model is; residuals that follow one another (their lag-one correlation is reported)
say that it is not, and then errors are too small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.observables import Estimate, Measured

Floats = npt.NDArray[np.float64]

PLATEAUS = ("chi_t_hs", "chi_t_ls")
"""χT of the pure phases, cm3 K/mol: parameters of every fit."""

UNITS = {
    "enthalpy": "kJ/mol",
    "entropy": "J/(mol K)",
    "cooperativity": "kJ/mol",
    "n_d": "molecules",
    "T_half": "K",
    "T_sc": "K",
    "T_c": "K",
    **dict.fromkeys(PLATEAUS, "cm3 K/mol"),
}
"""Units of parameters that have one; energies of a model's terms are in kJ/mol."""


@dataclass(frozen=True, eq=False)
class CurveFit:
    """A fitted curve."""

    what: str
    """``"Slichter-Drickamer"`` and so on."""
    names: tuple[str, ...]
    """Parameters that were free."""
    values: Floats
    """Their values, shape (free,)."""
    covariance: Floats
    """Shape (free, free)."""
    fixed: Mapping[str, float]
    """Parameters that were held, with their values."""
    derived: Mapping[str, Estimate]
    """What follows from the parameters, e.g. ``T_half``, with propagated errors."""
    temperature: Floats
    """K, shape (point,)."""
    chi_t: Floats
    """Measured, cm3 K/mol."""
    curve: Floats
    """Fitted χT at every point, cm3 K/mol."""
    gamma: Floats
    """Fitted HS fraction at every point."""
    leg: npt.NDArray[np.int64]
    """Index of the heating or cooling sweep of every point."""
    sigma: float
    """Standard error of a point, cm3 K/mol: given, or the root mean square of the residuals."""
    chi2: float
    """Σ (residual/σ)²; equal to `dof` where σ was taken from the residuals."""
    dof: int
    """Points less free parameters."""
    correlation: float
    """Lag-one correlation of the residuals along the sweeps; near 0 if the curve describes the data."""

    @property
    def residuals(self) -> Floats:
        """Measured less fitted, in standard errors of a point."""
        return np.asarray((self.chi_t - self.curve) / self.sigma)

    def __getitem__(self, name: str) -> Estimate:
        """A parameter, free or fixed, or a derived quantity."""
        if name in self.derived:
            return self.derived[name]
        if name in self.fixed:
            return Estimate(self.fixed[name], 0.0, reason="held")
        if name not in self.names:
            raise InputError(f"{name!r}: no parameter of this fit; it has {', '.join([*self.names, *self.fixed])}")
        i = self.names.index(name)
        return Estimate(float(self.values[i]), float(np.sqrt(self.covariance[i, i])))

    @property
    def verdict(self) -> str:
        """What the residuals say of the fit, in words."""
        limit = 2.0 / np.sqrt(max(self.temperature.size, 1))
        if self.correlation > limit + 0.1:
            return (
                f"residuals follow one another (correlation {self.correlation:.2f}): the curve does not describe all "
                "of the data, and errors are lower limits"
            )
        return "residuals look like noise"

    def __str__(self) -> str:
        rows = [(name, self[name]) for name in (*self.names, *self.derived)]
        lines = [f"{name:<24} {value} {UNITS.get(name, '')}".rstrip() for name, value in rows]
        lines += [f"{name:<24} {value:g} {UNITS.get(name, '')} (held)" for name, value in self.fixed.items()]
        spread = f"{self.sigma:.3g} cm3 K/mol a point, {self.dof} degrees of freedom"
        return "\n".join([self.what, *lines, f"{'residuals':<24} {spread}; {self.verdict}"])


def check_curve(measured: Measured) -> None:
    """Raise `InputError` unless the curve has points to fit."""
    if not isinstance(measured, Measured):
        raise InputError(f"measured = {type(measured).__name__}: must be what observables.read_measured returns")
    if measured.temperature.size < 5:
        raise InputError(f"measured: has {measured.temperature.size} points; a fit needs at least 5")


def directions(measured: Measured) -> npt.NDArray[np.int64]:
    """+1 (heating) or −1 (cooling) of every point."""
    return np.array(measured.direction, dtype=np.int64)[measured.leg]


def is_low(measured: Measured, start: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """Whether a point lies below half conversion, and so is held against the low-spin branch of a loop.

    Where a crystal jumps is not fitted, since it may do so before the end of a branch. This also keeps the sum of
    squares free of steps.
    """
    return np.asarray(measured.chi_t < 0.5 * (start["chi_t_hs"] + start["chi_t_ls"]))


def on_branches(low: Floats, high: Floats, lower: npt.NDArray[np.bool_]) -> Floats:
    """The low branch where `lower`, else the high one, at ascending temperatures; beyond its end the end counts."""
    both = [branch[_nearest_known(branch)] if np.isfinite(branch).any() else None for branch in (low, high)]
    first, second = both[0] if both[0] is not None else both[1], both[1] if both[1] is not None else both[0]
    if first is None or second is None:
        raise InputError("the model has no branch at the measured temperatures; check start values")
    return np.asarray(np.where(lower, first, second))


def _nearest_known(branch: Floats) -> npt.NDArray[np.int64]:
    """Index of the nearest entry that is not NaN, for every entry."""
    known = np.flatnonzero(np.isfinite(branch))
    return np.asarray(known[np.abs(np.arange(branch.size)[:, None] - known).argmin(axis=1)])


def fit_curve(
    what: str,
    measured: Measured,
    gamma: Callable[[Mapping[str, float]], Floats],
    start: Mapping[str, float],
    held: Mapping[str, float],
    sigma: float | None,
    bounds: Mapping[str, tuple[float, float]],
) -> CurveFit:
    """Fit γ(parameters) and the plateaus to a measured curve.

    Parameters
    ----------
    what : str
    measured : Measured
    gamma : callable
        HS fraction at every measured point from all parameters.
    start : mapping
        First values of the parameters, the plateaus among them.
    held : mapping
        Parameters that keep a value.
    sigma : float or None
        Standard error of a point, cm3 K/mol; from the residuals if None.
    bounds : mapping
        Limits of parameters.

    Raises
    ------
    InputError
        If there are as many parameters as points, or the fit does not converge.
    """
    from scipy.optimize import least_squares

    names = tuple(name for name in start if name not in held)
    if measured.temperature.size <= len(names):
        raise InputError(f"measured: {measured.temperature.size} points cannot fix {len(names)} parameters")
    if sigma is not None:
        check_real("sigma", sigma, above=0.0, unit="cm3 K/mol")

    def all_of(x: Floats) -> dict[str, float]:
        return {**dict(zip(names, x.tolist(), strict=True)), **held}

    def curve(x: Floats) -> Floats:
        p = all_of(x)
        g = gamma(p)
        return np.asarray(g * p["chi_t_hs"] + (1.0 - g) * p["chi_t_ls"])

    def residuals(x: Floats) -> Floats:
        return np.asarray(measured.chi_t - curve(x))

    first = np.array([start[name] for name in names])
    limits = np.array([bounds.get(name, (-np.inf, np.inf)) for name in names])
    first = np.clip(first, *limits.T)
    found = least_squares(
        residuals, first, bounds=tuple(limits.T), x_scale=np.maximum(np.abs(first), 1e-3),
        xtol=1e-12, ftol=1e-12, gtol=1e-12, max_nfev=400, jac="3-point",
    )  # fmt: skip
    if found.status <= 0:
        raise InputError(f"{what}: the fit did not converge ({found.message}); give start values or hold a parameter")
    dof = measured.temperature.size - len(names)
    spread = float(np.sqrt(2.0 * found.cost / dof)) if sigma is None else sigma
    information = found.jac.T @ found.jac
    values = found.x
    return CurveFit(
        what=what, names=names, values=values, covariance=np.linalg.pinv(information) * spread**2,
        fixed=dict(held), derived={}, temperature=measured.temperature, chi_t=measured.chi_t,
        curve=curve(values), gamma=gamma(all_of(values)), leg=measured.leg, sigma=spread,
        chi2=float(2.0 * found.cost / spread**2), dof=dof, correlation=_correlation(residuals(values), measured.leg),
    )  # fmt: skip


def _correlation(residuals: Floats, leg: npt.NDArray[np.int64]) -> float:
    """Correlation of neighbouring residuals of the same sweep."""
    same = leg[1:] == leg[:-1]
    total = float(np.mean(residuals**2))
    return float(np.mean(residuals[1:][same] * residuals[:-1][same]) / total) if total and same.any() else 0.0


def propagated(fit: CurveFit, function: Callable[[Mapping[str, float]], float]) -> Estimate:
    """A function of the parameters with the error that their covariance gives it, to first order."""
    steps = np.sqrt(np.diag(fit.covariance)) * 1e-3
    gradient = np.zeros(len(fit.names))
    for i, step in enumerate(steps):
        if step > 0:
            ends = []
            for side in (1, -1):
                x = fit.values.copy()
                x[i] += side * step
                ends.append(function({**dict(zip(fit.names, x.tolist(), strict=True)), **fit.fixed}))
            gradient[i] = (ends[0] - ends[1]) / (2 * step)
    value = function({**dict(zip(fit.names, fit.values.tolist(), strict=True)), **fit.fixed})
    return Estimate(value, float(np.sqrt(gradient @ fit.covariance @ gradient)))
