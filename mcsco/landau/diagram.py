"""How the transition temperatures move with one parameter."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.landau.potential import Potential
from mcsco.landau.retune import vary


class Diagram(NamedTuple):
    """Transition temperatures against one parameter; every array has the shape of `values`."""

    parameter: str
    values: npt.NDArray[np.float64]
    T_down: npt.NDArray[np.float64]
    """Lower spinodal, K; nan where it does not exist."""
    T_maxwell: npt.NDArray[np.float64]
    """Equal free energies, K."""
    T_up: npt.NDArray[np.float64]
    """Upper spinodal, K."""
    T_onset: npt.NDArray[np.float64]
    """Lowest temperature, K, at which η sets in continuously on heating; nan where it jumps."""
    sequence: tuple[str, ...]
    """`Potential.phase_sequence` on heating."""


def phase_diagram(potential: Potential, parameter: str, values: npt.ArrayLike) -> Diagram:
    """Transition temperatures of the potential while one parameter takes each of the `values`.

    Parameters
    ----------
    potential : Potential
    parameter : str
        Name of the parameter, or "D,E" for a common factor of both couplings.
    values : array-like
        One-dimensional.

    Raises
    ------
    InputError
        If the parameter is unknown or a value breaks its rule.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or given.size == 0:
        raise InputError(f"values of shape {given.shape}: must be a non-empty list of numbers")
    rows, sequence = [], []
    for value in given.tolist():
        p = vary(potential, parameter, check_real(parameter, value))
        onset = (t.temperature for t in p.transitions() if t.order == 2 and t.after.endswith("ls"))
        rows.append([*p.spinodals(), p.maxwell_temperature(), next(onset, np.nan)])
        sequence.append(p.phase_sequence())
    T_down, T_up, T_maxwell, T_onset = np.array(rows).T
    return Diagram(parameter, given, T_down, T_maxwell, T_up, T_onset, tuple(sequence))
