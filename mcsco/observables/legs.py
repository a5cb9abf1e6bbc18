"""Heating and cooling legs of a temperature programme, from the temperatures alone."""

from bisect import bisect_right
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Leg(NamedTuple):
    """A stretch over which the temperature does not turn."""

    direction: int
    """+1 heating, −1 cooling, 0 if the temperature never changes."""
    steps: slice


def monotone_legs(temperature: npt.NDArray[np.float64], tolerance: float = 0.0) -> list[Leg]:
    """Split a temperature programme where it turns.

    A hold belongs to the leg before it, one at the start to the first leg.

    Parameters
    ----------
    temperature : array, shape (step,)
        K.
    tolerance : float
        Reversals up to this many kelvin are jitter, not turns.
    """
    T = temperature
    # Only the steps at which the temperature changes can turn.
    changes = [int(i) for i in np.flatnonzero(np.diff(T)) + 1]
    starts, directions = [0], [0]
    extreme = 0
    for i in changes:
        dT = T[i] - T[extreme]
        direction = directions[-1]
        if direction == 0:
            if abs(dT) > tolerance:
                directions[-1] = int(np.sign(dT))
                extreme = i
        elif direction * dT >= 0:
            extreme = i
        elif abs(dT) > tolerance:
            # The leg ends with the last measurement at its extreme temperature.
            starts.append(changes[bisect_right(changes, extreme)])
            directions.append(-direction)
            extreme = i
    stops = [*starts[1:], T.size]
    return [Leg(d, slice(a, b)) for d, a, b in zip(directions, starts, stops, strict=True)]
