"""Loops at constant temperature: the spin state against pressure, the distortion against its conjugate field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.branches import Levels, PerReplica, loop_area, parts_of_maximum, read_branches, spin_levels
from mcsco.observables.chains import Chains
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.hysteresis import Branches
from mcsco.observables.legs import Leg, monotone_legs
from mcsco.observables.series import Estimate, unknown
from mcsco.observables.transition import MIN_TEMPERATURES, branch

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

UNITS = {"pressure": "GPa", "field": "kJ/mol"}
"""What can be driven at constant temperature, in which unit."""


@dataclass(frozen=True)
class DrivenLoop:
    """Loop of one order parameter; every value is a mean over replicas with its standard error.

    ``up`` is the branch on which the drive rises. Units are those of the drive, GPa or kJ/mol.
    """

    along: str
    """``"pressure"`` or ``"field"``."""
    of: str
    """``"q"``, ``"eta"`` (signed) or ``"eta_abs"``."""
    steepest: Branches
    """Where the order parameter changes fastest."""
    cross: Branches
    """Where it passes its middle: q = 0 (γ = 1/2), η = 0 (the coercive field), half the maximum of |η|."""
    span80: Branches
    """Distance between 10 % and 90 % of the change (of γ; between ∓0.8 of the largest |η|)."""
    width: Estimate
    """Distance between the two `cross`, counted positive where the loop is a delay."""
    remanence: Branches
    """The order parameter where the drive passes zero on its way."""
    area: Estimate
    """∫ (x falling − x rising) d(drive)."""

    def __str__(self) -> str:
        unit = UNITS[self.along]
        lines = [f"{self.of} against {self.along} ({unit})"]
        for name in ("steepest", "cross", "span80", "remanence"):
            both: Branches = getattr(self, name)
            lines += [
                f"{name + sense:<18} {value}" for sense, value in ((", rising", both.up), (", falling", both.down))
            ]
        return "\n".join([*lines, f"{'width':<18} {self.width}", f"{'area':<18} {self.area}"])


def driven_loop(dataset: xr.Dataset, of: str | None = None) -> DrivenLoop:
    """Read a pressure or field loop off a series simulated at constant temperature.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `q` and `eta` on (replica, step) and the coordinates `temperature`, `pressure` and `field` on `step`, of
        which either pressure or field changes.
    of : str, optional
        ``"q"``, ``"eta"`` (with its sign) or ``"eta_abs"``; by default q against pressure and η against field.

    Returns
    -------
    DrivenLoop
        NaN with a reason where a branch is missing or does not change.

    Raises
    ------
    InputError
        If both or none of pressure and field change, temperature does, or `of` is unknown.
    """
    along, drive = _drive(dataset)
    of = {"pressure": "q", "field": "eta"}[along] if of is None else of
    if of not in _LEVELS:
        raise InputError(f"of = {of!r}: must be one of {', '.join(_LEVELS)}")
    x = variable(dataset, "q" if of == "q" else "eta")
    x = np.abs(x) if of == "eta_abs" else x
    legs = [leg for leg in monotone_legs(drive) if np.unique(drive[leg.steps]).size >= MIN_TEMPERATURES]
    return _loop(along, of, drive, x, legs)


def _drive(dataset: xr.Dataset) -> tuple[str, Floats]:
    """What changes, and how."""
    drives = {name: coordinate(dataset, name, 0.0) for name in UNITS}
    moving = [name for name, values in drives.items() if np.ptp(values) > 0]
    T = coordinate(dataset, "temperature")
    if np.ptp(T) > 0 or len(moving) != 1:
        raise InputError(
            f"dataset: temperature runs over {np.ptp(T):g} K and {len(moving)} of pressure and field change; a driven "
            "loop needs a constant temperature and one of them changing, as PressureCycle and FieldCycle give"
        )
    return moving[0], drives[moving[0]]


def signed_levels(y: Floats) -> tuple[float, float, float]:
    """−0.8, 0 and 0.8 of the largest |η| of a branch; a mean of neighbours, since single points exaggerate it."""
    top = parts_of_maximum(np.abs(y))[2] / 0.9
    return -0.8 * top, 0.0, 0.8 * top


_LEVELS: dict[str, Levels] = {"q": spin_levels, "eta": signed_levels, "eta_abs": parts_of_maximum}


def _loop(along: str, of: str, drive: Floats, x: Chains, legs: list[Leg]) -> DrivenLoop:
    unit = UNITS[along]
    up, down = (
        read_branches(drive, x, [leg for leg in legs if leg.direction == direction], _LEVELS[of], missing, unit)
        for direction, missing in ((1, f"no leg of rising {along}"), (-1, f"no leg of falling {along}"))
    )
    pairs = [(a, b) for a, b in zip(legs[::2], legs[1::2], strict=False) if a.direction == -b.direction]
    return DrivenLoop(
        along=along,
        of=of,
        steepest=Branches(up.steepest.estimate(), down.steepest.estimate()),
        cross=Branches(up.half.estimate(), down.half.estimate()),
        span80=Branches(_size(up.dT80), _size(down.dT80)),
        width=up.half.minus(down.half).estimate(),
        remanence=Branches(*(_at_zero(drive, x, legs, direction) for direction in (1, -1))),
        area=loop_area(drive, x, pairs).estimate(),
    )


def _size(difference: PerReplica) -> Estimate:
    """A distance: pressure turns HS into LS, so that 90 % comes before 10 %."""
    return difference._replace(values=np.abs(difference.values)).estimate()


def _at_zero(drive: Floats, x: Chains, legs: list[Leg], direction: int) -> Estimate:
    """The order parameter at zero drive on the legs of one direction, a mean over replicas."""
    crossing = [
        leg for leg in legs
        if leg.direction == direction and drive[leg.steps].min() < 0.0 < drive[leg.steps].max()
    ]  # fmt: skip
    if not crossing:
        return unknown("the drive does not pass zero")
    values = np.array([[np.interp(0.0, *branch(drive[leg.steps], row[leg.steps])) for leg in crossing] for row in x])
    return PerReplica(values.mean(axis=1)).estimate()
