"""What is read off crystals that light or a quench has trapped in HS: temperatures and intensities of change."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.observables.branches import PerReplica
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.series import Estimate, unknown
from mcsco.observables.transition import crossing_temperature, steepest_temperature

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def relaxation_temperature(dataset: xr.Dataset, leg: int = 0) -> Estimate:
    """T(LIESST) or T(TIESST): where dγ/dT is most negative on warming from a trapped HS state, K.

    Mean over replicas with its standard error; NaN with a reason where γ does not fall. The value depends on the rate
    of warming, by convention 0.3 K/min (Létard, DOI 10.1039/b603473b).

    Parameters
    ----------
    dataset : xarray.Dataset
        With `gamma` on (replica, step) and `temperature` on `step`.
    leg : int
        The part of the protocol in which the temperature rises.
    """
    T, gamma = _scan(dataset, leg)
    if T[-1] <= T[0]:
        raise InputError(f"leg = {leg}: cools; T(LIESST) and T(TIESST) are read on warming")
    if gamma.mean(axis=0)[0] - gamma.mean(axis=0)[-1] < 0.1:
        return unknown(f"γ falls by less than 0.1 between {T[0]:g} and {T[-1]:g} K: warm further")
    readings = [steepest_temperature(T, row) for row in gamma]
    return _estimate([reading.value for reading in readings], [reading.reason for reading in readings])


class LightLoop(NamedTuple):
    """Thermal hysteresis under light (LITH), of γ = 1/2."""

    T_up: Estimate
    """On warming, where the HS state relaxes, K."""
    T_down: Estimate
    """On cooling, where light takes over, K."""
    width: Estimate
    """T_up − T_down, K."""


def light_induced_loop(dataset: xr.Dataset, warming: int, cooling: int) -> LightLoop:
    """Light-induced thermal hysteresis from two parts of a protocol under constant light.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `gamma` on (replica, step), and `temperature` and `light` on `step`.
    warming, cooling : int
        The two parts.

    Raises
    ------
    InputError
        If the temperature does not rise in one and fall in the other, or the light differs.
    """
    light = coordinate(dataset, "light", 0.0)
    index = coordinate(dataset, "leg", 0.0)
    intensity = np.unique(light[(index == warming) | (index == cooling)])
    if intensity.size != 1:
        raise InputError(f"light = {intensity.tolist()} 1/s: must be the same on warming and on cooling")
    found = []
    for leg, sense in ((warming, 1.0), (cooling, -1.0)):
        T, gamma = _scan(dataset, leg)
        if (T[-1] - T[0]) * sense <= 0:
            raise InputError(f"leg = {leg}: its temperature must {'rise' if sense > 0 else 'fall'}")
        found.append([crossing_temperature(T, row, 0.5) for row in gamma])
    up, down = (np.array([reading.value for reading in one]) for one in found)
    reasons = [[reading.reason for reading in one] for one in found]
    return LightLoop(
        _estimate(up, reasons[0]), _estimate(down, reasons[1]), _estimate(up - down, reasons[0] + reasons[1])
    )


class Threshold(NamedTuple):
    """Where the stationary γ under light passes a level, between two of the intensities that were simulated."""

    value: float
    """Rate of LS → HS by light, 1/s; NaN with a reason if it is not passed."""
    low: float
    high: float
    """The two intensities that bracket it, 1/s."""
    reason: str = ""


def threshold_intensity(
    datasets: Iterable[xr.Dataset], leg: int = 0, level: float = 0.5, tail: float = 0.25
) -> Threshold:
    """The intensity above which light takes the crystal to HS.

    Parameters
    ----------
    datasets : iterable of xarray.Dataset
        One for each intensity, with `gamma` on (replica, step) and `light` on `step`, from the same initial state.
    leg : int
        The part of the protocol under light.
    level : float
        γ that is to be passed.
    tail : float
        Last part of the leg over which γ is averaged.

    Returns
    -------
    Threshold
        The geometric mean of the bracket: a jump is not resolved better than the intensities that were simulated.

    Raises
    ------
    InputError
        If fewer than two intensities are given, or one of them is zero.
    """
    check_real("level", level, above=0.0)
    points = []
    for dataset in datasets:
        chosen = np.flatnonzero(coordinate(dataset, "leg", 0.0) == leg)
        rates = np.unique(coordinate(dataset, "light", 0.0)[chosen])
        if rates.size != 1 or rates[0] <= 0:
            raise InputError(f"light = {rates.tolist()} 1/s: must be one positive rate in leg {leg}")
        gamma = variable(dataset, "gamma")[:, chosen]
        points.append((float(rates[0]), float(gamma[:, -max(1, round(tail * chosen.size)) :].mean())))
    points.sort()
    if len({rate for rate, _ in points}) < 2:
        raise InputError(f"{len(points)} dataset(s): a threshold needs at least two intensities")
    crossings = [
        (a, b) for (a, below), (b, above) in itertools.pairwise(points) if below < level <= above
    ]  # fmt: skip
    if len(crossings) != 1:
        reason = f"γ passes {level:g} {len(crossings)} times between {points[0][0]:g} and {points[-1][0]:g} 1/s"
        return Threshold(math.nan, math.nan, math.nan, f"{reason}; widen the range, or simulate for longer")
    low, high = crossings[0]
    return Threshold(math.sqrt(low * high), low, high)


def select(dataset: xr.Dataset, leg: int) -> npt.NDArray[np.int64]:
    """Measurements of one part of a protocol, or `InputError` if there is none."""
    chosen = np.flatnonzero(coordinate(dataset, "leg", 0.0) == leg)
    if not chosen.size:
        raise InputError(f"leg = {leg}: the dataset has no such part; they are counted from 0")
    return chosen


def _scan(dataset: xr.Dataset, leg: int) -> tuple[Floats, Floats]:
    chosen = select(dataset, leg)
    return coordinate(dataset, "temperature")[chosen], variable(dataset, "gamma")[:, chosen]


def _estimate(values: npt.ArrayLike, reasons: Iterable[str]) -> Estimate:
    x = np.asarray(values, dtype=np.float64)
    if np.isnan(x).any():
        return unknown(next((reason for reason in reasons if reason), "not found in every replica"))
    return PerReplica(x).estimate()
