"""Loops at constant temperature, against pressure or field: table and figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.errors import InputError
from mcsco.meanfield import MeanField, PressureTransitions, coercive_field, pressure_transitions
from mcsco.observables import DrivenLoop, Estimate, driven_loop
from mcsco.report.row import NAN, Row
from mcsco.report.style import COOLING, HEATING, MEAN_FIELD, STYLE, size
from mcsco.report.sublattices import draw_mean_field_ways, draw_sublattices, half_conversions, mean_field_ways
from mcsco.report.view import View

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

_POINTS = 81


def pressure_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """Where the crystal switches on compression and on release, beside the mean field."""
    found = driven_loop(dataset, "q")
    theory = _transitions(config)
    is_gradual = bool(np.isnan(theory.P_up) and np.isnan(theory.P_down))
    name = "P½" if is_gradual else "P_switch"
    expected = (theory.P_half,) * 2 if is_gradual else (theory.P_up, theory.P_down)
    rows = [
        _row(f"{name} on {sense}", "GPa", value, reference)
        for sense, value, reference in zip(
            ("compression", "release"), (found.cross.up, found.cross.down), expected, strict=True
        )
    ]
    if not config.model.build().is_uniform:
        rows = half_conversions(config, dataset, "pressure")
    rows += [
        _row(f"P(γ = 0.1) − P(γ = 0.9) on {sense}", "GPa", value)
        for sense, value in (("compression", found.span80.up), ("release", found.span80.down))
    ]
    if config.protocol.kind == "pressure-ramp":
        first, last = config.protocol.pressure
        return rows[::2] if last > first else rows[1::2]
    return [*rows, _row("width", "GPa", found.width, expected[0] - expected[1])]


def field_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """Coercive fields and what is left of η at zero field."""
    found: DrivenLoop = driven_loop(dataset, "eta")
    coercive, remanent = _of_domain(config)
    return [
        _row("coercive field, rising", "kJ/mol", found.cross.up, coercive),
        _row("coercive field, falling", "kJ/mol", found.cross.down, -coercive),
        _row("width", "kJ/mol", found.width, 2 * coercive),
        _row("η at zero field, rising", "", found.remanence.up, -remanent),
        _row("η at zero field, falling", "", found.remanence.down, remanent),
        _row("area ∮ η dh", "kJ/mol", found.area),
    ]


def _row(quantity: str, unit: str, value: Estimate, mean_field: float = NAN) -> Row:
    return Row(quantity, unit, value, mean_field, NAN, NAN)


def _transitions(config: RunConfig) -> PressureTransitions:
    p: Any = config.protocol
    try:
        return pressure_transitions(config.model.build(), p.temperature, p.pressure)
    except InputError:  # a model without mean field
        return PressureTransitions(NAN, NAN, NAN)


def _of_domain(config: RunConfig) -> tuple[float, float]:
    """Coercive field (kJ/mol) and |η| at zero field of the HS phase in mean field."""
    p: Any = config.protocol
    model = config.model.build()
    try:
        eta = MeanField(model, p.pressure).branch(p.temperature, "HS")[1]
        return coercive_field(model, p.temperature, p.pressure), abs(eta)
    except InputError:
        return NAN, NAN


def draw_pressure(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """γ, and |η| where there is one, against pressure."""
    return _draw(config, dataset, "pressure", "pressure (GPa)", ("compression", "release"))


def draw_field(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """η with its sign, and γ, against the field."""
    return _draw(config, dataset, "field", "field h (kJ/mol)", ("rising field", "falling field"))


def _draw(config: RunConfig, dataset: xarray.Dataset, along: str, label: str, senses: tuple[str, str]) -> Figure:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    names = ["gamma", "eta"] if bool(dataset["eta"].values.any()) else ["gamma"]
    if along == "field":
        names = ["eta", "gamma"]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 5.0 if len(names) == 2 else 3.0), layout="constrained")
        axes: list[Axes] = list(figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0])
        _draw_mean_field(config, along, dict(zip(names, axes, strict=True)))
        drive, index = dataset[along].values, dataset["leg"].values
        for number, leg in enumerate(config.legs):
            rises = getattr(leg.end, along) > getattr(leg.begin, along)
            colour, sense = (HEATING, senses[0]) if rises else (COOLING, senses[1])
            on = index == number
            for axis, name in zip(axes, names, strict=True):
                x = dataset[name].values[:, on]
                x = np.abs(x) if along == "pressure" else x
                text = f"simulation, {sense}" if number < 2 and axis is axes[0] else None
                axis.plot(drive[on], x.T, color=colour, lw=0.3, alpha=0.35, rasterized=True)
                axis.plot(drive[on], x.mean(axis=0), color=colour, lw=1.3, label=text)
                if name == "gamma":
                    draw_sublattices(dataset, drive, on, axis, colour, number == 0)
        for axis, name in zip(axes, names, strict=True):
            axis.set_ylabel({"gamma": "HS fraction γ", "eta": "η" if along == "field" else "|η|"}[name])
            axis.set_ylim(-0.04 if name == "gamma" or along == "pressure" else None, 1.06 if name == "gamma" else None)
        axes[-1].set_xlabel(label)
        axes[-1].set_xlim(float(drive.min()), float(drive.max()))
        crystal = size(config.model.build())
        p: Any = config.protocol
        axes[0].set_title(f"{crystal}, {config.run.replicas} replicas, {p.temperature:g} K", loc="left", fontsize=7.5)
        figure.legend(loc="outside upper left", ncols=2, handlelength=1.6, columnspacing=1.2)
        return figure


def _draw_mean_field(config: RunConfig, along: str, panels: dict[str, Axes]) -> None:
    """Both branches of the mean field; against a field, the state on the side that the field favours."""
    p: Any = config.protocol
    model = config.model.build()
    ways = mean_field_ways(config, along) if along == "pressure" else None
    if ways is not None:
        draw_mean_field_ways(config, ways, along, panels, MEAN_FIELD)
        return
    low, high = sorted(getattr(p, along))
    grid = np.linspace(low, high, _POINTS)
    style: dict[str, Any] = {"color": MEAN_FIELD, "lw": 0.9, "zorder": 3}
    label: str | None = "mean field"
    for which in ("LS", "HS"):
        try:
            states = np.array([_state(model, p, along, float(x), which) for x in grid])
        except InputError:
            return
        for name, axis in panels.items():
            x = (1 + states[:, 0]) / 2 if name == "gamma" else states[:, 1]
            if along == "field":  # η jumps where the field changes its sign
                x = np.where(np.diff(np.sign(grid), append=np.sign(grid[-1])) != 0, np.nan, x)
            axis.plot(grid, np.abs(x) if along == "pressure" else x, label=label, **style)
            label = None


def _state(model: Any, p: Any, along: str, drive: float, which: str) -> tuple[float, float]:
    pressure, field = (drive, p.field) if along == "pressure" else (p.pressure, drive)
    return MeanField(model, pressure, field).branch(p.temperature, which)


def _way_of_pressure(config: RunConfig) -> str:
    p: Any = config.protocol
    first, last = p.pressure
    back = " and back" if p.kind == "pressure-cycle" else ""
    text = f"taken from {first:g} to {last:g} GPa{back}{_times(p)} at {p.temperature:g} K and {p.sweeps_per_gpa:g} "
    return f"{text}Monte Carlo steps (MCS) per GPa" + (f", in a field of {p.field:g} kJ/mol" if p.field else "")


def _way_of_field(config: RunConfig) -> str:
    p: Any = config.protocol
    first, last = p.field
    text = f"taken through fields from {first:g} to {last:g} kJ/mol and back{_times(p)} at {p.temperature:g} K, "
    return f"{text}{p.sweeps} Monte Carlo steps (MCS) a branch" + (f", at {p.pressure:g} GPa" if p.pressure else "")


def _times(p: Any) -> str:
    cycles = getattr(p, "cycles", 1)
    return f" {cycles} times" if cycles > 1 else ""


PRESSURE = View(
    name="pressure_loop",
    rows=pressure_rows,
    draw=draw_pressure,
    way=_way_of_pressure,
    label="HS fraction against pressure, simulation and mean field",
    caption="Replicas (thin) and their mean, on the branches of the mean field.",
    table="Pressures of half conversion, mean over replicas ± standard error; mean field: limits of stability.",
)
FIELD = View(
    name="field_loop",
    rows=field_rows,
    draw=draw_field,
    way=_way_of_field,
    label="Distortion against its conjugate field, simulation and mean field",
    caption="Replicas (thin) and their mean; mean field: the states on the side that the field favours.",
    table="Fields at which η changes its sign, mean over replicas ± standard error.",
)
