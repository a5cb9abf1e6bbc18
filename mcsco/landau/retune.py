"""Solve for the parameter that gives a wanted temperature."""

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np

from mcsco.errors import InputError, check_real
from mcsco.landau.potential import Potential

PARAMETERS = (*(field.name for field in fields(Potential)), "D,E")
"""What `vary` and `retune` can change; "D,E" is a common factor of the two couplings."""


def vary(potential: Potential, parameter: str, value: float) -> Potential:
    """A copy of the potential with one parameter set, or with D and E multiplied by `value` for "D,E".

    Raises
    ------
    InputError
        If the parameter is unknown or the value breaks its rule.
    """
    check_parameter(parameter)
    if parameter == "D,E":
        return replace(potential, D=potential.D * value, E=potential.E * value)
    return replace(potential, **{parameter: value})


def check_parameter(parameter: str) -> None:
    """Raise `InputError` unless `vary` knows the parameter."""
    if parameter not in PARAMETERS:
        raise InputError(f"parameter = {parameter!r}: must be one of {'; '.join(PARAMETERS)}")


def retune(potential: Potential, T_down: float, parameter: str = "B") -> Potential:
    """Change one parameter so that the HS branch is lost at `T_down` on cooling.

    With a0 = 0, B ≥ 0 and a simultaneous transition T_up stays at T_sc, so that this fits the width of the
    loop.

    Parameters
    ----------
    potential : Potential
        Must have a loop; the search starts from it and moves both ways.
    T_down : float
        Wanted lower spinodal, K.
    parameter : str
        Name of the parameter, or "D,E" to scale both couplings by one factor.

    Raises
    ------
    InputError
        If the potential has no loop, or no value within reach gives `T_down`.

    Examples
    --------
    >>> from mcsco import landau
    >>> p = landau.retune(landau.source_paper(), T_down=220, parameter="B")
    >>> print(f"{p.B:.6f}")
    3.580097
    """
    from scipy.optimize import brentq  # 1 s to import, and only this function needs it

    wanted = check_real("T_down", T_down, above=0.0, unit="K")
    check_parameter(parameter)
    start = 1.0 if parameter == "D,E" else getattr(potential, parameter)

    def miss(value: float) -> float:
        return vary(potential, parameter, float(value)).spinodals()[0] - wanted

    if np.isnan(miss(start)):
        raise InputError("potential: has no lower spinodal to start from; begin with a potential that has a loop")
    bracket = _bracket(miss, start, step=0.01 * (abs(start) or potential.C / 10.0))
    if bracket is None:
        raise InputError(f"T_down = {wanted:g} K: no value of {parameter} gives it; vary another parameter")
    return vary(potential, parameter, brentq(miss, *bracket, xtol=1e-13, rtol=1e-14))


def _bracket(miss: Callable[[float], float], start: float, step: float) -> tuple[float, float] | None:
    """Two neighbouring values between which `miss` changes sign, found by growing steps from `start` either way."""
    first = miss(start)
    for towards in (step, -step):
        here = start
        for _ in range(60):
            try:
                value = miss(here + towards)
            except InputError:
                value = np.nan
            if np.isnan(value):  # beyond a critical point, or of a forbidden sign
                towards /= 2.0
            elif value * first <= 0:
                return here, here + towards
            else:
                here, towards = here + towards, 1.5 * towards
    return None
