"""Phase diagram in pressure and temperature, and where a crystal switches under pressure at constant temperature.

Pressure enters as P ΔV γ alone, so that the line of equal free energies obeys Clausius and Clapeyron,
dT/dP = ΔV Δγ / ΔS, with the differences Δγ and ΔS of the two coexisting states (strains of an elastic model under
pressure add to ΔV, and u may have a volume too).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.meanfield.potential import Array
from mcsco.meanfield.theory import MeanField
from mcsco.model import Model

_STEPS = 13


class PressureDiagram(NamedTuple):
    """Lines of the P-T diagram, each of shape (pressure,); NaN where a line does not exist."""

    pressure: Array
    """GPa."""
    T_down: Array
    """Where HS loses its stability on cooling, K."""
    T_up: Array
    """Where LS loses its stability on heating, K."""
    T_equilibrium: Array
    """Equal free energies of LS and HS, K; of a gradual model its half conversion."""
    slope: Array
    """dT_equilibrium/dP in K/GPa by Clausius and Clapeyron; NaN of a gradual model."""


def pressure_diagram(model: Model, pressure: npt.ArrayLike, field: float = 0.0) -> PressureDiagram:
    """The P-T diagram of a model's mean field.

    Parameters
    ----------
    model : Model
    pressure : array_like, shape (pressure,)
        GPa.
    field : float
        h, kJ/mol.

    Raises
    ------
    InputError
        If a pressure is not finite, or the model has no mean field.
    """
    P = np.array([check_real("pressure", x, unit="GPa") for x in np.atleast_1d(pressure)])
    lines = np.full((4, P.size), np.nan)
    for i, p in enumerate(P.tolist()):
        theory = MeanField(model, p, field)
        if theory.is_gradual:
            lines[2, i] = theory.half_conversion_temperature()
            continue
        lines[0, i], lines[1, i] = theory.spinodals()
        T = lines[2, i] = theory.maxwell_temperature()
        lines[3, i] = _clausius_clapeyron(theory, T)
    return PressureDiagram(P, *lines)


def _clausius_clapeyron(theory: MeanField, T: float) -> float:
    """ΔV Δγ/ΔS in K/GPa: 1 GPa cm3/mol is 1 kJ/mol, and entropies are in J/(mol K)."""
    (q_ls, eta_ls), (q_hs, eta_hs) = (theory.branch(T, which) for which in ("LS", "HS"))
    gap = float(theory.entropy(q_hs, eta_hs) - theory.entropy(q_ls, eta_ls))
    v_n, v_u = _volumes(theory.model)
    return 1000.0 * (v_n * (q_hs - q_ls) / 2 + v_u * (eta_hs - eta_ls)) / gap


def _volumes(model: Model) -> tuple[float, float]:
    """What a HS molecule and u = 1 add to the volume, cm3/mol."""
    pairs = model.pair_terms
    elastic = (0.0, 0.0) if pairs is None else pairs.per_pressure
    return float(model.spin.volume + elastic[0]), float(elastic[1])


class PressureTransitions(NamedTuple):
    """Pressures in GPa at which a crystal switches at constant temperature; NaN if it does not in the range."""

    P_up: float
    """HS loses its stability on compression."""
    P_down: float
    """LS loses its stability on release."""
    P_half: float
    """Equal free energies of LS and HS, or half conversion where the transition is gradual."""


def pressure_transitions(model: Model, temperature: float, pressure: tuple[float, float]) -> PressureTransitions:
    """Limits of stability and equilibrium under pressure at one temperature.

    Parameters
    ----------
    model : Model
    temperature : float
        K.
    pressure : tuple of float
        Range to search, GPa.

    Raises
    ------
    InputError
        If the range is empty or the temperature not positive.
    """
    T = check_real("temperature", temperature, above=0.0, unit="K")
    low, high = sorted(check_real("pressure", p, unit="GPa") for p in pressure)
    if low == high:
        raise InputError(f"pressure = {(low, high)}: the range to search is empty; give two different pressures")
    lines = (lambda theory: _spinodal(theory, 0), lambda theory: _spinodal(theory, 1), _equilibrium)
    return PressureTransitions(*(_where(model, T, low, high, line) for line in lines))


def _spinodal(theory: MeanField, line: int) -> float:
    return float("nan") if theory.is_gradual else theory.spinodals()[line]


def _equilibrium(theory: MeanField) -> float:
    return theory.half_conversion_temperature() if theory.is_gradual else theory.maxwell_temperature()


def coercive_field(model: Model, temperature: float, pressure: float = 0.0, largest: float = 100.0) -> float:
    """The field in kJ/mol against which a domain stays locally stable; 0 where there is no spontaneous distortion.

    Parameters
    ----------
    model : Model
        With a distortion.
    temperature : float
        K.
    pressure : float
        GPa.
    largest : float
        Field, kJ/mol, beyond which is not searched.

    Returns
    -------
    float
        NaN if the domain is stable up to `largest`.
    """

    def opposes(field: float) -> bool:
        points = MeanField(model, pressure, field).stationary_points(temperature)
        return any(point.kind in ("stable", "metastable") and point.eta < -1e-9 for point in points)

    low, high = 1e-9, check_real("largest", largest, above=0.0, unit="kJ/mol")
    if not opposes(low):
        return 0.0
    if opposes(high):
        return float("nan")
    while high - low > 1e-9 * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if opposes(middle) else (low, middle)
    return low


def _where(model: Model, T: float, low: float, high: float, line: Callable[[MeanField], float]) -> float:
    """The lowest pressure in GPa at which a line of the P-T diagram passes T."""
    from scipy.optimize import brentq

    def above(P: float) -> float:
        return line(MeanField(model, P)) - T

    grid = np.linspace(low, high, _STEPS)
    first, f = grid[0], above(float(grid[0]))
    for last in grid[1:]:
        g = above(float(last))
        if f * g <= 0.0:  # false if one is NaN
            return float(brentq(above, first, last, xtol=1e-12, rtol=1e-12))
        first, f = last, g
    return float("nan")
