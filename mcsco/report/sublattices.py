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
from mcsco.report.snapshots import model_of

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

_DASHES = ((0, (4, 1.5)), (0, (1, 1.2)))


class Pair(NamedTuple):
    """γ of the two sublattices: of first and second centres, or of the richer and the poorer one of equal centres."""

    names: tuple[str, str]
    """For figures."""
    marks: tuple[str, str]
    """For tables."""
    values: tuple[Floats, Floats]


def sublattices_of(model: Model, gamma_a: npt.ArrayLike, gamma_b: npt.ArrayLike) -> Pair:
    """The two sublattices of a model, told apart: equal ones switch in either order, replica by replica."""
    a, b = np.asarray(gamma_a, dtype=np.float64), np.asarray(gamma_b, dtype=np.float64)
    if model.second is not None:
        return Pair(("first centres", "second centres"), ("a", "b"), (a, b))
    return Pair(("richer sublattice", "poorer sublattice"), ("richer", "poorer"), (np.maximum(a, b), np.minimum(a, b)))


def mean_field_of(config: RunConfig) -> MeanField | None:
    """The mean field of the model at the beginning of the run, or None if it has none with one sublattice."""
    model = config.model.build()
    try:
        if model.has_sublattices and has_sublattice_theory(model):
            return None  # uniform states need not be stable
        return MeanField(model, config.begin.pressure, config.begin.field)
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


def has_sublattice_theory(model: Model) -> bool:
    """Whether there is a mean field of two sublattices of the model."""
    try:
        SublatticeMeanField(model)
    except InputError:
        return False
    return True


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
    if model.is_uniform and not model.has_sublattices:
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
    ways, rows = mean_field_ways(config, along), []
    model = config.model.build()
    fractions = {"": dataset["gamma"].values}
    if "gamma_a" in dataset:
        pair = sublattices_of(model, dataset["gamma_a"], dataset["gamma_b"])
        fractions |= {f" ({mark})": gamma for mark, gamma in zip(pair.marks, pair.values, strict=True)}
    for mark, gamma in fractions.items():
        of_mark = dataset.assign(q=(dataset["q"].dims, 2 * gamma - 1))
        if mark == " (richer)":  # it falls again where the order ends: only the way to its largest value is of interest
            drive = dataset[along].values
            peak = drive[gamma.mean(axis=0).argmax()]
            of_mark = of_mark.isel(step=drive <= peak if along == "temperature" else drive >= peak)
        cross = loop(of_mark).q.T_cross if along == "temperature" else driven_loop(of_mark, "q").cross
        for index, value in enumerate((cross.up, cross.down)):
            theory = _crossing(config, ways[index], along, mark) if ways else NAN
            rows.append(Row(f"{symbol}{mark} on {senses[index]}", unit, value, theory, NAN, NAN))
    return rows


def _fraction(model: Model, curve: SublatticeCurve, mark: str) -> Floats:
    """γ of all molecules of a curve, or of the sublattice of a row's mark."""
    if not mark:
        return curve.gamma
    pair = sublattices_of(model, curve.gamma_a, curve.gamma_b)
    return pair.values[pair.marks.index(mark.strip(" ()"))]


def _crossing(config: RunConfig, curve: SublatticeCurve, along: str, mark: str, is_coarse: bool = True) -> float:
    """Where a fraction of a curve first passes ½; nan if it does not."""
    drive, fraction = getattr(curve, along), _fraction(config.model.build(), curve, mark)
    steps = np.flatnonzero((fraction[:-1] > 0.5) != (fraction[1:] > 0.5))
    if not steps.size:
        return NAN
    i = int(steps[0])
    if is_coarse:  # from the beginning again, so that the crystal arrives on the same branch, with finer steps here
        grid = np.concatenate([drive[:1], np.linspace(drive[i], drive[i + 1], _FINE)])
        model, begin, rises = config.model.build(), config.begin, drive[-1] > drive[0]
        other = begin.pressure if along == "temperature" else begin.temperature
        fine = _follow(model, along, other, begin.field, grid, "LS" if rises == (along == "temperature") else "HS")
        return _crossing(config, fine, along, mark, is_coarse=False)
    part = (0.5 - fraction[i]) / (fraction[i + 1] - fraction[i])
    return float(drive[i] + part * (drive[i + 1] - drive[i]))


def draw_mean_field_ways(config: RunConfig, ways: Ways, along: str, panels: dict[str, Axes], colour: str) -> None:
    """Both ways in the panels of γ and |η|; the sublattices in the line styles of the simulation."""
    for number, curve in enumerate(ways):
        x = getattr(curve, along)
        panels["gamma"].plot(x, curve.gamma, color=colour, lw=0.9, zorder=3, label=None if number else "mean field")
        if not np.allclose(curve.gamma_a, curve.gamma_b, rtol=0, atol=1e-4):
            pair = sublattices_of(config.model.build(), curve.gamma_a, curve.gamma_b)
            for gamma, dashes in zip(pair.values, _DASHES, strict=True):
                panels["gamma"].plot(x, gamma, color=colour, lw=0.7, ls=dashes, zorder=3)
        if "eta" in panels:
            panels["eta"].plot(x, np.abs(curve.eta_a + curve.eta_b) / 2, color=colour, lw=0.9, zorder=3)


def draw_sublattices(
    dataset: xarray.Dataset, x: Floats, on: npt.NDArray[np.bool_], axes: Axes, colour: str, label: bool
) -> None:
    """Mean γ of the two sublattices over `x` on the steps `on` of a leg, if the run has them."""
    if "gamma_a" not in dataset:
        return
    pair = sublattices_of(model_of(dataset), dataset["gamma_a"].values[:, on], dataset["gamma_b"].values[:, on])
    for name, gamma, dashes in zip(pair.names, pair.values, _DASHES, strict=True):
        axes.plot(x[on], gamma.mean(axis=0), color=colour, lw=0.9, ls=dashes, label=name if label else None)
