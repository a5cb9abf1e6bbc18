"""The two sublattices of a crystal in tables and figures, and models that have no mean field of one sublattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.errors import InputError
from mcsco.meanfield import MeanField
from mcsco.observables import loop
from mcsco.report.row import NAN, Row

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

_LINES = {"gamma_a": ("first centres", (0, (4, 1.5))), "gamma_b": ("second centres", (0, (1, 1.2)))}


def mean_field_of(config: RunConfig) -> MeanField | None:
    """The mean field of the model at the beginning of the run, or None if it has none with one sublattice."""
    try:
        return MeanField(config.model.build(), config.begin.pressure, config.begin.field)
    except InputError:
        return None


def half_conversions(dataset: xarray.Dataset) -> list[Row]:
    """T½ of all molecules on heating and on cooling, and of each sublattice where they are told apart."""
    names = ["gamma", *(name for name in _LINES if name in dataset)]
    rows = []
    for name in names:
        cross = loop(dataset.assign(q=2 * dataset[name] - 1)).q.T_cross
        of = f" ({name[-1]})" if name in _LINES else ""
        for sense, value in (("heating", cross.up), ("cooling", cross.down)):
            rows.append(Row(f"T½{of} on {sense}", "K", value, NAN, NAN, NAN))
    return rows


def draw_sublattices(
    dataset: xarray.Dataset, x: npt.NDArray[np.float64], on: npt.NDArray[np.bool_], axes: Axes, colour: str, label: bool
) -> None:
    """Mean γ of the two sublattices over `x` on the steps `on` of a leg, if the run has them."""
    for name, (text, dashes) in _LINES.items():
        if name in dataset:
            mean = dataset[name].values[:, on].mean(axis=0)
            axes.plot(x[on], mean, color=colour, lw=0.9, ls=dashes, label=text if label else None)
