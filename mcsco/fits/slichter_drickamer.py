"""The curve of Slichter and Drickamer, with domains after Sorai and Seki, and its fit.

    (1/n_d) ln[(1 − γ)/γ] = [ΔH + Γ (1 − 2γ)]/(R T) − ΔS/R

Γ > 0 is cooperative, Γ < 0 anticooperative; a loop opens for n_d Γ > 2 R T½ (to leading order). n_d = 1 is Slichter
and Drickamer (DOI 10.1063/1.1677511), Γ = 0 with n_d molecules that change together is Sorai and Seki
(DOI 10.1016/S0022-3697(74)80215-7).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.fits.curve_fit import PLATEAUS, CurveFit, Floats, check_curve, directions, fit_curve, is_low, propagated
from mcsco.observables import Measured

_HALVINGS = 60
_ENTROPIES = (40.0, 60.0, 80.0, 100.0)


def hs_fraction(
    temperature: npt.ArrayLike,
    enthalpy: float,
    entropy: float,
    cooperativity: float = 0.0,
    n_d: float = 1.0,
    heating: npt.ArrayLike = False,
) -> Floats:
    """γ(T) of the curve.

    Parameters
    ----------
    temperature : array_like
        K.
    enthalpy, cooperativity : float
        ΔH and Γ, kJ/mol.
    entropy : float
        ΔS, J/(mol K).
    n_d : float
        Molecules that change together.
    heating : bool or array_like of bool
        Which branch is taken inside a loop: on heating the one of low γ.

    Returns
    -------
    ndarray
        Of the shape of `temperature`.
    """
    T, up = np.broadcast_arrays(np.asarray(temperature, dtype=np.float64), np.asarray(heating, dtype=bool))
    curve = _Curve(T, enthalpy, entropy, cooperativity, n_d)
    lower, upper = curve.excess(-curve.turn) <= 0.0, curve.excess(curve.turn) >= 0.0
    return curve.fraction(np.where(lower & upper, up, lower))


class _Curve:
    """The equation of the curve in ell = ln γ/(1−γ), which keeps the digits of small γ and 1 − γ."""

    def __init__(self, T: Floats, enthalpy: float, entropy: float, cooperativity: float, n_d: float) -> None:
        self.a, self.b = 1e3 * enthalpy / (units.R * T), 1e3 * cooperativity / (units.R * T)
        self.c, self.n_d = entropy / units.R, n_d
        # Stable branches end where γ(1−γ) = 1/(2 n_d b): the lower one at −turn, the upper one at turn.
        ratio = np.clip(1.0 - 2.0 / np.maximum(n_d * self.b, 1e-300), 0.0, 1.0 - 1e-15)
        self.folds = n_d * self.b > 2.0
        self.turn = 2.0 * np.arctanh(np.sqrt(ratio))

    def excess(self, ell: Floats) -> Floats:
        """Zero on the curve; falls with ell where a branch is stable."""
        return np.asarray(self.c - ell / self.n_d - self.a - self.b * np.tanh(-0.5 * ell))

    def fraction(self, lower: npt.NDArray[np.bool_]) -> Floats:
        """γ on the lower or the upper branch; at its end where T is beyond it."""
        far = self.n_d * (abs(self.c) + np.abs(self.a) + np.abs(self.b)) + 1.0
        low, high = np.where(lower | ~self.folds, -far, self.turn), np.where(lower & self.folds, -self.turn, far)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            rising = self.excess(middle) > 0.0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        return np.asarray(np.exp(-np.logaddexp(0.0, -0.5 * (low + high))))


def fit_slichter_drickamer(
    measured: Measured,
    *,
    enthalpy: float | None = None,
    entropy: float | None = None,
    cooperativity: float | None = None,
    n_d: float | None = 1.0,
    chi_t_hs: float | None = None,
    chi_t_ls: float | None = None,
    sigma: float | None = None,
) -> CurveFit:
    """Fit the curve of Slichter and Drickamer to χT(T).

    Every parameter that is given is held at this value; the others are free. For domains after Sorai and Seki give
    ``cooperativity=0.0, n_d=None`` and the calorimetric ``enthalpy``: the curve knows the product n_d ΔH only.

    Parameters
    ----------
    measured : Measured
        From `mcsco.observables.read_measured`; with a loop, both sweeps.
    enthalpy, cooperativity : float, optional
        ΔH and Γ, kJ/mol.
    entropy : float, optional
        ΔS, J/(mol K).
    n_d : float or None
        Molecules that change together.
    chi_t_hs, chi_t_ls : float, optional
        χT of the pure phases, cm3 K/mol.
    sigma : float, optional
        Standard error of a point, cm3 K/mol.

    Returns
    -------
    CurveFit
        With ``T_half`` = ΔH/ΔS derived.

    Raises
    ------
    InputError
        If there are fewer points than parameters, or n_d and ΔH are both free.
    """
    check_curve(measured)
    given = {
        "enthalpy": enthalpy, "entropy": entropy, "cooperativity": cooperativity, "n_d": n_d,
        "chi_t_hs": chi_t_hs, "chi_t_ls": chi_t_ls,
    }  # fmt: skip
    held = {name: check_real(name, value) for name, value in given.items() if value is not None}
    if not {"n_d", "enthalpy"} & held.keys():
        raise InputError("n_d = None: the curve knows n_d ΔH only, not both; give enthalpy, e.g. from calorimetry")
    loop = _loop_of(measured, held)
    starts = [_start(measured, held)] if loop is None else _starts_of_loop(measured, held, loop)
    # ΔH and ΔS are all but proportional to each other along the valley of the sum of squares; ΔH and T½ are not.
    by_T_half = "entropy" not in held and "enthalpy" not in held
    if by_T_half:
        starts = [_by_T_half(start) for start in starts]
    lower = is_low(measured, starts[0])

    def gamma(p: Mapping[str, float]) -> Floats:
        dS = 1e3 * p["enthalpy"] / p["T_half"] if by_T_half else p["entropy"]
        return _Curve(measured.temperature, p["enthalpy"], dS, p["cooperativity"], p["n_d"]).fraction(lower)

    bounds = {"enthalpy": (1e-6, np.inf), "entropy": (1e-6, np.inf), "T_half": (1.0, np.inf), "n_d": (1e-3, 1e5)}
    what = "Slichter-Drickamer" if held.get("n_d") == 1.0 else "Slichter-Drickamer with domains (Sorai-Seki)"
    fits = [fit_curve(what, measured, gamma, start, held, sigma, bounds) for start in starts]
    found = min(fits, key=lambda fit: float(np.sum((fit.chi_t - fit.curve) ** 2)))
    return _in_public_parameters(found) if by_T_half else _with_T_half(found)


def _by_T_half(start: Mapping[str, float]) -> dict[str, float]:
    """The same start with T½ in place of ΔS, in the same order."""
    renamed = {("T_half" if name == "entropy" else name): value for name, value in start.items()}
    return renamed | {"T_half": 1e3 * start["enthalpy"] / start["entropy"]}


def _half_way(measured: Measured, held: Mapping[str, float], which: npt.NDArray[np.bool_]) -> float:
    """Temperature in K at which γ passes 1/2 on some of the points."""
    low = held.get("chi_t_ls", float(np.min(measured.chi_t)))
    high = held.get("chi_t_hs", float(np.max(measured.chi_t)))
    order = np.argsort(measured.temperature[which])
    part = np.maximum.accumulate((measured.chi_t[which][order] - low) / (high - low if high > low else 1.0))
    return float(np.interp(0.5, part, measured.temperature[which][order]))


def _loop_of(measured: Measured, held: Mapping[str, float]) -> tuple[float, float] | None:
    """(T_down, T_up) if the curve has a loop wider than the spacing of its points."""
    up = directions(measured) > 0
    if up.all() or not up.any():
        return None
    T_up, T_down = _half_way(measured, held, up), _half_way(measured, held, ~up)
    n = min(int(np.count_nonzero(up)), int(np.count_nonzero(~up)))
    spacing = float(np.ptp(measured.temperature)) / max(n - 1, 1)
    return (T_down, T_up) if T_up - T_down > 3 * spacing else None


def _starts_of_loop(measured: Measured, held: Mapping[str, float], loop: tuple[float, float]) -> list[dict[str, float]]:
    """For several ΔS the ΔH and Γ whose branches end where the loop does."""
    from scipy.optimize import brentq

    n_d, first, starts = held.get("n_d", 1.0), _start(measured, held), []
    ratio = math.log(loop[1] / loop[0])
    for dS in [held["entropy"]] if "entropy" in held else _ENTROPIES:

        def too_wide(x: float, dS: float = dS) -> float:
            T_down, T_up = _ends(1.0, dS, x, n_d)
            return math.log(T_up / T_down) - ratio

        # Temperatures are proportional to ΔH at a given Γ/ΔH, so that their ratio fixes it.
        if too_wide(0.95) < 0.0:
            continue
        x = float(brentq(too_wide, 1e-4, 0.95))
        dH = loop[1] / _ends(1.0, dS, x, n_d)[1]
        found = {"enthalpy": dH, "entropy": dS, "cooperativity": x * dH, "n_d": n_d}
        starts.append(first | found | {name: held[name] for name in found if name in held})
    return starts or [first]


def _ends(enthalpy: float, entropy: float, cooperativity: float, n_d: float) -> tuple[float, float]:
    """(T_down, T_up) in K, the extrema of T(γ); equal without a loop."""
    gamma = 1.0 / (1.0 + np.exp(np.linspace(12.0, -12.0, 4001)))
    entropies = entropy + units.R / n_d * np.log((1 - gamma) / gamma)
    energies = 1e3 * (enthalpy + cooperativity * (1 - 2 * gamma))
    positive = (entropies > 0.0) & (energies > 0.0)  # beyond are states of no temperature
    T = energies[positive] / entropies[positive]
    turns = np.flatnonzero(np.diff(np.sign(np.diff(T))) != 0) + 1
    return (float(T[turns[-1]]), float(T[turns[0]])) if turns.size >= 2 else (1.0, 1.0)


def _start(measured: Measured, held: Mapping[str, float]) -> dict[str, float]:
    """First values from the half-way point of the curve and its slope there."""
    T, y = measured.temperature, measured.chi_t
    low = held.get("chi_t_ls", float(np.min(y)))
    high = held.get("chi_t_hs", float(np.max(y)))
    order = np.argsort(T)
    part = np.clip((y[order] - low) / (high - low if high > low else 1.0), 0.0, 1.0)
    T_half = float(np.interp(0.5, np.maximum.accumulate(part), T[order]))
    width = float(np.interp(0.8, np.maximum.accumulate(part), T[order])) - float(
        np.interp(0.2, np.maximum.accumulate(part), T[order])
    )
    # Between γ = 0.2 and 0.8 a curve without cooperativity needs 2 ln 4 R T½²/ΔH.
    dH = 2.0 * np.log(4.0) * units.R * T_half**2 / max(width, 0.02 * T_half) / 1e3
    dH = float(np.clip(dH, 2.0, 60.0)) if held.get("n_d", None) == 1.0 else 15.0
    first = {"enthalpy": dH, "cooperativity": 0.0, "n_d": 3.0, "chi_t_hs": high, "chi_t_ls": low}
    first["entropy"] = 1e3 * held.get("enthalpy", dH) / T_half
    return {name: held.get(name, first[name]) for name in ("enthalpy", "entropy", "cooperativity", "n_d", *PLATEAUS)}


def _in_public_parameters(fit: CurveFit) -> CurveFit:
    """From (ΔH, T½, …) to (ΔH, ΔS, …), the covariance with it."""
    i, j = fit.names.index("enthalpy"), fit.names.index("T_half")
    dH, T_half = fit.values[i], fit.values[j]
    change = np.eye(len(fit.names))
    change[j, i], change[j, j] = 1e3 / T_half, -1e3 * dH / T_half**2
    values = fit.values.copy()
    values[j] = 1e3 * dH / T_half
    names = tuple("entropy" if name == "T_half" else name for name in fit.names)
    return _with_T_half(replace(fit, names=names, values=values, covariance=change @ fit.covariance @ change.T))


def _with_T_half(fit: CurveFit) -> CurveFit:
    T_half = propagated(fit, lambda p: 1e3 * p["enthalpy"] / p["entropy"])
    return replace(fit, derived={**fit.derived, "T_half": T_half})
