"""Fit of the Landau potential to χT(T)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

import numpy as np

from mcsco.errors import InputError
from mcsco.fits.curve_fit import PLATEAUS, CurveFit, Floats, check_curve, fit_curve, is_low, on_branches
from mcsco.landau import Potential
from mcsco.observables import Measured


def fit_landau(
    measured: Measured,
    potential: Potential,
    free: Iterable[str] = ("a1", "T_sc", "b"),
    *,
    chi_t_hs: float | None = None,
    chi_t_ls: float | None = None,
    sigma: float | None = None,
) -> CurveFit:
    """Fit coefficients of the Landau potential so that its branches follow a measured χT(T), γ = (1 + q)/2.

    χT alone sees q(T) and not η, nor the scale of the energy: of the coefficients of eq. (4) it fixes the ratios
    a1/C, D²/(b C) and D E/(b C) at most, so that some must be held.

    Parameters
    ----------
    measured : Measured
    potential : Potential
        Start values, and everything that is not free.
    free : iterable of str
        Names of coefficients.
    chi_t_hs, chi_t_ls : float, optional
        χT of the pure phases, cm3 K/mol, held if given.
    sigma : float, optional
        Standard error of a point, cm3 K/mol.

    Raises
    ------
    InputError
        If a name is no coefficient, or the fit does not converge.
    """
    check_curve(measured)
    names, known = tuple(free), asdict(potential)
    for name in names:
        if name not in known:
            raise InputError(f"free = {name!r}: is no coefficient of the potential; known are {', '.join(known)}")
    start = {name: float(known[name]) for name in names}
    start |= {
        "chi_t_hs": float(np.max(measured.chi_t)) if chi_t_hs is None else chi_t_hs,
        "chi_t_ls": float(np.min(measured.chi_t)) if chi_t_ls is None else chi_t_ls,
    }
    held = {name: value for name, value in zip(PLATEAUS, (chi_t_hs, chi_t_ls), strict=True) if value is not None}
    lower = is_low(measured, start)
    order = np.argsort(measured.temperature, kind="stable")
    back = np.argsort(order, kind="stable")

    def gamma(p: Mapping[str, float]) -> Floats:
        trial = replace(potential, **{name: p[name] for name in names})
        q = [np.asarray(trial.branch(measured.temperature[order], which)[0]) for which in ("LS", "HS")]
        return (1 + on_branches(q[0], q[1], lower[order])[back]) / 2

    return fit_curve("Landau potential", measured, gamma, start, held, sigma, {})
