"""Fit of a model's mean field to χT(T)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mcsco.errors import InputError
from mcsco.fits.curve_fit import PLATEAUS, CurveFit, Floats, check_curve, fit_curve, is_low, on_branches
from mcsco.meanfield import MeanField
from mcsco.model import Model
from mcsco.observables import Measured


def fit_mean_field(
    measured: Measured,
    model: Model,
    free: Iterable[str] = ("spin.enthalpy", "spin.entropy"),
    *,
    pressure: float = 0.0,
    field: float = 0.0,
    chi_t_hs: float | None = None,
    chi_t_ls: float | None = None,
    sigma: float | None = None,
) -> CurveFit:
    """Fit parameters of a model so that its mean field follows a measured χT(T).

    Points below half conversion are held against the LS branch, the others against the HS branch; where the crystal
    jumps is not fitted.

    Parameters
    ----------
    measured : Measured
    model : Model
        Start values, and everything that is not free.
    free : iterable of str
        Dotted names of numbers of ``model.to_dict()``, e.g. ``"spin.enthalpy"`` or ``"interactions.0.distortion"``.
    pressure, field : float
        GPa and kJ/mol during the measurement.
    chi_t_hs, chi_t_ls : float, optional
        χT of the pure phases, cm3 K/mol, held if given.
    sigma : float, optional
        Standard error of a point, cm3 K/mol.

    Returns
    -------
    CurveFit
        `fitted_model` builds the model of its parameters.

    Raises
    ------
    InputError
        If a name is no number of the model, or the fit does not converge.
    """
    check_curve(measured)
    names = tuple(free)
    data = model.to_dict()
    start = {name: _get(data, name) for name in names}
    start |= {
        "chi_t_hs": float(np.max(measured.chi_t)) if chi_t_hs is None else chi_t_hs,
        "chi_t_ls": float(np.min(measured.chi_t)) if chi_t_ls is None else chi_t_ls,
    }
    held = {name: value for name, value in zip(PLATEAUS, (chi_t_hs, chi_t_ls), strict=True) if value is not None}
    lower = is_low(measured, start)
    order = np.argsort(measured.temperature, kind="stable")
    back = np.argsort(order, kind="stable")

    def gamma(p: Mapping[str, float]) -> Floats:
        theory = MeanField(_with(model, {name: p[name] for name in names}), pressure, field)
        q = [theory.branch_curve(measured.temperature[order], which).q for which in ("LS", "HS")]
        return (1 + on_branches(q[0], q[1], lower[order])[back]) / 2

    return fit_curve("mean field", measured, gamma, start, held, sigma, {})


def fitted_model(fit: CurveFit, model: Model) -> Model:
    """The model with the fitted parameters in it."""
    values = dict(zip(fit.names, fit.values.tolist(), strict=True))
    return _with(model, {name: value for name, value in values.items() if name not in PLATEAUS})


def _with(model: Model, values: Mapping[str, float]) -> Model:
    data = model.to_dict()
    for name, value in values.items():
        *path, last = name.split(".")
        _step(data, path)[_key(last)] = value
    return Model.from_dict(data)


def _get(data: Any, name: str) -> float:
    *path, last = name.split(".")
    try:
        value = _step(data, path)[_key(last)]
    except (KeyError, IndexError, TypeError):
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"free = {name!r}: is no number of the model; e.g. 'spin.enthalpy', 'interactions.0.spin'")
    return float(value)


def _step(data: Any, path: list[str]) -> Any:
    for part in path:
        data = data[_key(part)]
    return data


def _key(part: str) -> str | int:
    return int(part) if part.isdecimal() else part
