"""Runs in seconds: γ against time, or against the temperature of a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.observables import Estimate, relaxation_fit, relaxation_temperature
from mcsco.observables.series import mean_over_replicas
from mcsco.report.row import NAN, Row
from mcsco.report.style import COOLING, HEATING, STYLE, size
from mcsco.report.sublattices import draw_sublattices
from mcsco.report.view import View

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_UNITS = ((172800.0, 86400.0, "days"), (7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


def kinetic_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """What the curve tells: the relaxation temperature, or the law of relaxation, and where it ends."""
    return part_rows(config.protocol, dataset)


def part_rows(p: Any, dataset: xarray.Dataset, leg: int = 0) -> list[Row]:
    """The rows of one part of a run, whose section is `p`."""
    gamma = dataset["gamma"].values[:, dataset["leg"].values == leg]
    rows = [
        Row("γ at the beginning", "", mean_over_replicas(gamma[:, 0]), NAN, NAN, NAN),
        Row("γ at the end", "", mean_over_replicas(gamma[:, -1]), NAN, NAN, NAN),
    ]
    if p.kind == "temperature-scan" and p.temperature[1] > p.temperature[0]:
        for name, of in (("gamma", ""), ("gamma_a", " (a)"), ("gamma_b", " (b)")):
            if name in dataset:
                steepest = relaxation_temperature(dataset.assign(gamma=dataset[name]), leg)
                rows.append(Row(f"steepest fall of γ{of}", "K", steepest, NAN, NAN, NAN))
    if p.kind == "relaxation":
        fit = relaxation_fit(dataset, leg)
        law = getattr(fit, "exponential" if fit.verdict == "none" else fit.verdict)
        remark = fit.reason or f"{fit.verdict} relaxation"
        rate: Estimate = law.rate
        rows.append(Row("rate k", "1/s", Estimate(rate.value, rate.error, reason=rate.reason or remark), NAN, NAN, NAN))
        if fit.verdict in ("stretched", "sigmoidal"):
            symbol = "exponent β" if fit.verdict == "stretched" else "acceleration α"
            rows.append(Row(symbol, "", law.shape, NAN, NAN, NAN))
    return rows


def draw_kinetics(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """γ, and |η| where there is one, against time or temperature."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    names = ["gamma", "eta"] if bool(dataset["eta"].values.any()) else ["gamma"]
    x, label, is_logarithmic = abscissa(config.protocol, dataset)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 4.6 if len(names) == 2 else 2.9), layout="constrained")
        axes = list(figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0])
        for axis, name in zip(axes, names, strict=True):
            y = np.abs(dataset[name].values)
            colour = HEATING if name == "gamma" else COOLING
            axis.plot(x, y.T, color=colour, lw=0.3, alpha=0.4, rasterized=True)
            axis.plot(x, y.mean(axis=0), color=colour, lw=1.4)
            if name == "gamma" and "gamma_a" in dataset:
                draw_sublattices(dataset, x, np.ones(x.size, dtype=np.bool_), axis, colour, label=True)
                axis.legend()
            axis.set(ylabel={"gamma": "HS fraction γ", "eta": "|η|"}[name], ylim=(-0.04, 1.04))
        if is_logarithmic:
            axes[-1].set_xscale("log")
        axes[-1].set(xlabel=label, xlim=(float(x.min()), float(x.max())))
        crystal = size(config.model.build())
        title = f"{crystal}, {config.run.replicas} replicas, {condition(config.protocol)}"
        axes[0].set_title(title, loc="left", fontsize=7.5)
        return figure


def abscissa(p: Any, dataset: xarray.Dataset, leg: int = 0) -> tuple[npt.NDArray[np.float64], str, bool]:
    """Values, label and whether the scale is logarithmic of one part: temperatures of a scan, else its time."""
    on = dataset["leg"].values == leg
    if p.kind == "temperature-scan":
        return dataset["temperature"].values[on], "temperature (K)", False
    times = dataset["time"].values
    time = times[on] - (times[dataset["leg"].values < leg].max() if leg else 0.0)
    if p.spacing == "logarithmic":
        return time, "time (s)", True
    _, unit, name = next(row for row in _UNITS if time[-1] >= row[0])
    return time / unit, f"time ({name})", False


def condition(p: Any) -> str:
    """Temperature or rate, and light, of one part."""
    light = f", light {p.rate * p.quantum_yield:g} 1/s" if getattr(p, "rate", 0.0) else ""
    if p.kind == "temperature-scan":
        return f"{p.kelvin_per_minute:g} K/min{light}"
    return f"{p.temperature:g} K{light}"


def way_of(p: Any) -> str:
    """What was done in one part, after "… molecules were"."""
    light = ""
    if getattr(p, "rate", 0.0):
        light = f", under light that takes a LS molecule to HS {p.rate * p.quantum_yield:g} times a second"
    if p.kind == "temperature-scan":
        first, last = p.temperature
        verb = "warmed" if last > first else "cooled"
        return f"{verb} from {first:g} to {last:g} K at {p.kelvin_per_minute:g} K/min{light}"
    return f"held at {p.temperature:g} K for {p.duration:g} s{light}"


KINETICS = View(
    name="kinetics",
    rows=kinetic_rows,
    draw=draw_kinetics,
    way=lambda config: way_of(config.protocol),
    label="HS fraction in real time",
    caption="Replicas (thin) and their mean.",
    table="Mean over replicas ± standard error.",
)
