"""What a fitted potential says of the transition, with the errors of its coefficients carried along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from mcsco.errors import InputError, check_integer, check_real
from mcsco.landau.arrays import Array

if TYPE_CHECKING:
    from mcsco.landau.fit import Fit
    from mcsco.landau.potential import Potential

BRANCHES: tuple[Literal["LS"], Literal["HS"]] = ("LS", "HS")

LEAST_SHARE = 0.95
"""Share of the draws in which a quantity has to exist for an error to be given."""


class Prediction(NamedTuple):
    """A quantity of the fitted potential."""

    name: str
    unit: str
    value: float
    """nan if the fitted potential does not have it."""
    error: float
    """Standard deviation over the draws; nan where it exists in fewer than 95 % of them."""
    share: float
    """Part of the draws in which it exists."""

    def __str__(self) -> str:
        """Value ± error."""
        if np.isnan(self.value):
            return "–"
        if np.isnan(self.error):
            return f"{self.value:.6g} ± –"
        digits = max(0, 1 - int(np.floor(np.log10(self.error)))) if self.error > 0 else 6
        return f"{self.value:.{digits}f} ± {self.error:.{digits}f}"


class Predictions(NamedTuple):
    """Everything that was predicted, by name, and how often the transition had which sequence."""

    values: dict[str, Prediction]
    sequence: str
    """`Potential.phase_sequence` of the fitted potential, empty if it has none."""
    sequence_share: float
    """Part of the draws with the same sequence."""


def predict(fit: Fit, barriers_at: Sequence[float] = (), n_draws: int = 200, seed: int = 0) -> Predictions:
    """T_down, T_up, width, T_M, jumps and barriers of a fitted potential.

    The value is that of the fitted coefficients, the error the standard deviation over `n_draws` sets of coefficients
    from their normal distribution. The clip −1 ≤ q ≤ 1 is part of the potential in every draw.

    Parameters
    ----------
    fit : Fit
    barriers_at : sequence of float
        Temperatures in K at which to give both barriers, besides T_M.
    n_draws, seed : int

    Raises
    ------
    InputError
        If an argument is not what it should be.
    """
    n_draws = check_integer("n_draws", n_draws, minimum=2)
    temperatures = [check_real("barriers_at", T, above=0.0, unit="K") for T in barriers_at]
    names = _names(temperatures)
    here, sequence = _quantities(fit.parameters, temperatures)
    has_errors = bool(np.isfinite(fit.theta_covariance).all())
    drawn = [_quantities(row, temperatures) for row in fit.draws(n_draws, seed)] if has_errors else []
    table = np.array([row for row, _ in drawn]).reshape(len(drawn), len(names))
    values = {}
    for i, (name, unit) in enumerate(names):
        found = table[np.isfinite(table[:, i]), i]
        share = found.size / len(drawn) if drawn else np.nan
        error = float(found.std(ddof=1)) if share >= LEAST_SHARE else np.nan
        values[name] = Prediction(name, unit, float(here[i]), error, share)
    same = float(np.mean([s == sequence for _, s in drawn])) if drawn else np.nan
    return Predictions(values, sequence, same)


def _names(temperatures: list[float]) -> list[tuple[str, str]]:
    fixed = [("T_down", "K"), ("T_up", "K"), ("width", "K"), ("T_M", "K"), ("q_LS at T_M", ""), ("q_HS at T_M", "")]
    fixed += [("η_HS at T_M", ""), ("barrier at T_M", "J/mol")]
    for T in temperatures:
        fixed += [(f"G_LH at {T:g} K", "J/mol"), (f"G_HL at {T:g} K", "J/mol")]
    return fixed


def _quantities(parameters: Array, temperatures: list[float]) -> tuple[list[float], str]:
    """The numbers in the order of `_names`, nan where there is none, and the phase sequence."""
    nothing = [np.nan] * len(_names(temperatures))
    try:
        p = make_potential(parameters)
        T_down, T_up = p.spinodals()
        sequence = p.phase_sequence()
    except InputError:  # no lower bound, or an entropy that falls with q
        return nothing, ""
    T_M = p.maxwell_temperature()
    has_T_M = bool(np.isfinite(T_M))
    at = T_M if has_T_M else 1.0  # any temperature, its values are not used
    (q_LS, _), (q_HS, eta_HS) = (_pair(p.branch(at, which)) for which in BRANCHES)
    up, down = (1000.0 * np.asarray(height) for height in p.barriers(np.array([at, *temperatures])))
    at_T_M = [T_M, q_LS, q_HS, eta_HS, float(up[0])] if has_T_M else [np.nan] * 5
    return [T_down, T_up, T_up - T_down, *at_T_M, *np.stack([up[1:], down[1:]], axis=1).ravel().tolist()], sequence


def _pair(state: tuple[float | Array, float | Array]) -> tuple[float, float]:
    return float(state[0]), float(state[1])


def make_potential(parameters: Array) -> Potential:
    """The potential with `parameters` in the order of `mcsco.landau.design.PARAMETERS`."""
    from mcsco.landau.design import PARAMETERS
    from mcsco.landau.potential import Potential

    return Potential(**dict(zip(PARAMETERS, parameters.tolist(), strict=True)))
