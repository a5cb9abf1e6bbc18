"""The two sublattices of a crystal in tables and figures, and models that have no mean field of one sublattice."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.errors import InputError
from mcsco.meanfield import MeanField, SublatticeCurve, SublatticeMeanField
from mcsco.model import Model
from mcsco.observables import driven_loop, loop
from mcsco.report.row import NAN, Row

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

_LINES = {"gamma_a": ("first centres", (0, (4, 1.5))), "gamma_b": ("second centres", (0, (1, 1.2)))}


def mean_field_of(config: RunConfig) -> MeanField | None:
    """The mean field of the model at the beginning of the run, or None if it has none with one sublattice."""
    try:
        return MeanField(config.model.build(), config.begin.pressure, config.begin.field)
    except InputError:
        return None


def stable_state(config: RunConfig, theory: MeanField | None, T: float) -> tuple[float, float]:
    """(q, η) of the stable phase at `T` in K; nan for a model without mean field."""
    if theory is not None:
        return theory.equilibrium(T)
    try:
        state = SublatticeMeanField(config.model.build(), config.begin.pressure, config.begin.field).equilibrium(T)
    except InputError:
        return NAN, NAN
    return 2 * state.gamma - 1, state.eta


class Ways(NamedTuple):
    """The mean field of two sublattices as the drive rises from its lowest value, and as it falls again."""

    up: SublatticeCurve
    down: SublatticeCurve


_POINTS = 61
_FINE = 31
"""Points between two points of a curve among which a crossing is looked for."""


def mean_field_ways(config: RunConfig, along: str) -> Ways | None:
    """Both ways along ``"temperature"`` or ``"pressure"``, or None for a model with a mean field of one sublattice."""
    model = config.model.build()
    if model.is_uniform:
        return None
    protocol: Any = config.protocol
    drive = np.atleast_1d(getattr(protocol, along)).astype(float)
    other = config.begin.pressure if along == "temperature" else config.begin.temperature
    try:
        return _ways(model, along, float(drive.min()), float(drive.max()), other, config.begin.field)
    except InputError:
        return None


@lru_cache(maxsize=4)
def _ways(model: Model, along: str, low: float, high: float, other: float, field: float) -> Ways:
    grid = np.linspace(low, high, _POINTS) if high > low else np.array([low])
    first, last = ("LS", "HS") if along == "temperature" else ("HS", "LS")  # compression favours LS
    return Ways(_follow(model, along, other, field, grid, first), _follow(model, along, other, field, grid[::-1], last))


def _follow(model: Model, along: str, other: float, field: float, grid: Floats, start: str) -> SublatticeCurve:
    if along == "temperature":
        return SublatticeMeanField(model, other, field).curve(grid, start)
    return SublatticeMeanField(model, 0.0, field).pressure_curve(grid, other, start)


def half_conversions(config: RunConfig, dataset: xarray.Dataset, along: str = "temperature") -> list[Row]:
    """T½ or P½ of all molecules both ways, and of each sublattice where they are told apart, beside the mean field."""
    symbol, unit, senses = {
        "temperature": ("T½", "K", ("heating", "cooling")),
        "pressure": ("P½", "GPa", ("compression", "release")),
    }[along]
    names = ["gamma", *(name for name in _LINES if name in dataset)]
    ways, rows = mean_field_ways(config, along), []
    for name in names:
        of_name = dataset.assign(q=2 * dataset[name] - 1)
        cross = loop(of_name).q.T_cross if along == "temperature" else driven_loop(of_name, "q").cross
        of = f" ({name[-1]})" if name in _LINES else ""
        for index, value in enumerate((cross.up, cross.down)):
            theory = _crossing(config, ways[index], along, name) if ways else NAN
            rows.append(Row(f"{symbol}{of} on {senses[index]}", unit, value, theory, NAN, NAN))
    return rows


def _crossing(config: RunConfig, curve: SublatticeCurve, along: str, name: str, is_coarse: bool = True) -> float:
    """Where a fraction of a curve first passes ½; nan if it does not."""
    drive, fraction = getattr(curve, along), getattr(curve, name)
    steps = np.flatnonzero((fraction[:-1] > 0.5) != (fraction[1:] > 0.5))
    if not steps.size:
        return NAN
    i = int(steps[0])
    if is_coarse:  # from the beginning again, so that the crystal arrives on the same branch, with finer steps here
        grid = np.concatenate([drive[:1], np.linspace(drive[i], drive[i + 1], _FINE)])
        model, begin, rises = config.model.build(), config.begin, drive[-1] > drive[0]
        other = begin.pressure if along == "temperature" else begin.temperature
        fine = _follow(model, along, other, begin.field, grid, "LS" if rises == (along == "temperature") else "HS")
        return _crossing(config, fine, along, name, is_coarse=False)
    part = (0.5 - fraction[i]) / (fraction[i + 1] - fraction[i])
    return float(drive[i] + part * (drive[i + 1] - drive[i]))


def draw_mean_field_ways(ways: Ways, along: str, panels: dict[str, Axes], colour: str) -> None:
    """Both ways in the panels of γ and |η|; the sublattices in the line styles of the simulation."""
    for number, curve in enumerate(ways):
        x = getattr(curve, along)
        panels["gamma"].plot(x, curve.gamma, color=colour, lw=0.9, zorder=3, label=None if number else "mean field")
        if not np.array_equal(curve.gamma_a, curve.gamma_b):
            for name, (_, dashes) in _LINES.items():
                panels["gamma"].plot(x, getattr(curve, name), color=colour, lw=0.7, ls=dashes, zorder=3)
        if "eta" in panels:
            panels["eta"].plot(x, np.abs(curve.eta_a + curve.eta_b) / 2, color=colour, lw=0.9, zorder=3)


def draw_sublattices(
    dataset: xarray.Dataset, x: npt.NDArray[np.float64], on: npt.NDArray[np.bool_], axes: Axes, colour: str, label: bool
) -> None:
    """Mean γ of the two sublattices over `x` on the steps `on` of a leg, if the run has them."""
    for name, (text, dashes) in _LINES.items():
        if name in dataset:
            mean = dataset[name].values[:, on].mean(axis=0)
            axes.plot(x[on], mean, color=colour, lw=0.9, ls=dashes, label=text if label else None)
