"""What a hold tells, for the table and the figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mcsco.errors import InputError
from mcsco.observables import Estimate, equilibrium, estimate

if TYPE_CHECKING:
    import xarray


class HoldPoint(NamedTuple):
    """One hold."""

    leg: int
    temperature: float
    """K."""
    gamma: Estimate
    eta: Estimate
    """|η|."""


def hold_points(dataset: xarray.Dataset) -> list[HoldPoint]:
    """Equilibrium averages of every hold; the plain mean, without an error, where a hold is too short for them."""
    try:
        return [HoldPoint(hold.leg, hold.temperature, hold.gamma, hold.eta) for hold in equilibrium(dataset)]
    except InputError:  # fewer measurements than an equilibration can be searched in
        pass
    points = []
    for leg in np.unique(dataset["leg"].values).tolist():
        part = dataset.isel(step=dataset["leg"].values == leg)
        T = float(part["temperature"].values[0])
        points.append(HoldPoint(leg, T, estimate(part["gamma"].values), estimate(np.abs(part["eta"].values))))
    return points
