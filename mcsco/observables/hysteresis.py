"""The thermal loop: transition temperatures, width, area and abruptness, for q and for η, each with its error."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.observables.branches import Levels, loop_area, parts_of_maximum, read_branches, spin_levels
from mcsco.observables.chains import Chains
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.legs import Leg, monotone_legs
from mcsco.observables.series import Estimate, unknown
from mcsco.observables.transition import MIN_TEMPERATURES

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Branches:
    """One quantity on the two branches of a loop."""

    up: Estimate
    """On heating."""
    down: Estimate
    """On cooling."""


@dataclass(frozen=True)
class OrderLoop:
    """The loop of one order parameter; every value is a mean over replicas with its standard error."""

    T_up: Estimate
    """Temperature of the steepest change on heating, K."""
    T_down: Estimate
    """Temperature of the steepest change on cooling, K."""
    width: Estimate
    """T_up − T_down, K."""
    T_half: Estimate
    """(T_up + T_down)/2, K."""
    area: Estimate
    """∫ (x on cooling − x on heating) dT, K."""
    dT80: Branches
    """T(90 %) − T(10 %) on each branch, K: of γ for q, of the branch's own maximum for |η|."""
    T_cross: Branches
    """Temperature of q = 0 (γ = 1/2) on each branch, or of half the branch's own maximum for |η|, K."""

    def __str__(self) -> str:
        lines = []
        for field in fields(self):
            value = getattr(self, field.name)
            parts = {"": value} if isinstance(value, Estimate) else {" up": value.up, " down": value.down}
            lines += [f"{field.name + name:<12} {part} K" for name, part in parts.items()]
        return "\n".join(lines)


@dataclass(frozen=True)
class Loop:
    """Thermal loop of the spin state, `q`, and of the broken symmetry, `eta`."""

    q: OrderLoop
    eta: OrderLoop

    @property
    def T_up(self) -> Estimate:
        """`q.T_up`."""
        return self.q.T_up

    @property
    def T_down(self) -> Estimate:
        """`q.T_down`."""
        return self.q.T_down

    @property
    def width(self) -> Estimate:
        """`q.width`."""
        return self.q.width

    @property
    def area(self) -> Estimate:
        """`q.area`."""
        return self.q.area

    def __str__(self) -> str:
        return f"q\n{self.q}\n|η|\n{self.eta}"


def loop(dataset: xr.Dataset) -> Loop:
    """Read the thermal loop off a simulated series.

    Heating and cooling legs are told by the direction in which `temperature` runs. Legs of fewer than 8 temperatures,
    holds and quenches, are no branches. With several cycles a replica counts with the mean over its legs: cycles
    of one crystal are not taken as independent, replicas are.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `q` and `eta` on (replica, step), or on (step,), and the coordinate `temperature` in K on `step`.
        Measurements are instantaneous; η enters by its magnitude, measurement by measurement. Without `eta` its loop
        is NaN with a reason.

    Returns
    -------
    Loop
        Values are NaN with a reason where a leg is missing, where a branch shows no transition, and errors are NaN
        where there is only one replica.

    Raises
    ------
    InputError
        If `q` or `temperature` is missing, has a wrong shape, or is not finite.
    """
    T = coordinate(dataset, "temperature")
    q = variable(dataset, "q")
    eta = np.abs(variable(dataset, "eta")) if "eta" in dataset else np.zeros_like(q)
    legs = [leg for leg in monotone_legs(T) if np.unique(T[leg.steps]).size >= MIN_TEMPERATURES]
    return Loop(_order_loop(T, q, legs, spin_levels), _order_loop(T, eta, legs, parts_of_maximum))


def _order_loop(T: npt.NDArray[np.float64], x: Chains, legs: list[Leg], levels: Levels) -> OrderLoop:
    if not x.any():
        nothing = unknown("the order parameter is zero throughout")
        both = Branches(nothing, nothing)
        return OrderLoop(nothing, nothing, nothing, nothing, unknown(nothing.reason, 0.0), both, both)
    up, down = (
        read_branches(T, x, [leg for leg in legs if leg.direction == direction], levels, f"no {name} leg")
        for direction, name in ((1, "heating"), (-1, "cooling"))
    )
    pairs = [(a, b) for a, b in zip(legs[::2], legs[1::2], strict=False) if a.direction == -b.direction]
    return OrderLoop(
        T_up=up.steepest.estimate(),
        T_down=down.steepest.estimate(),
        width=up.steepest.minus(down.steepest).estimate(),
        T_half=up.steepest.middle(down.steepest).estimate(),
        area=loop_area(T, x, pairs).estimate(),
        dT80=Branches(up.dT80.estimate(), down.dT80.estimate()),
        T_cross=Branches(up.half.estimate(), down.half.estimate()),
    )
