"""Replica exchange: averages along the ladder beside theory, how walkers move on it, and the figure of both."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.errors import InputError
from mcsco.meanfield import FiniteSize, MeanField
from mcsco.model import Model
from mcsco.observables import (
    Estimate,
    Exchange,
    as_holds,
    equilibrium,
    exchange,
)
from mcsco.observables.series import mean_over_replicas
from mcsco.report.row import NAN, Row
from mcsco.report.style import COOLING, HEATING, HOLD, MEAN_FIELD, STYLE, size
from mcsco.report.view import View

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

AXES = {
    "temperature": ("temperature (K)", "T", "K"),
    "pressure": ("pressure (GPa)", "P", "GPa"),
    "field": ("field (kJ/mol)", "h", "kJ/mol"),
}
"""Label, symbol and unit of every control."""

_LARGEST = 1024
"""Molecules up to which the exact sum over all states is drawn where there is one."""

_POINTS = 121

_NO_HALF = "γ does not pass 1/2 on the ladder"


def exchange_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """The table of a run: half conversion, the ladder, then γ, |η| and C_p at every rung."""
    found, model = exchange(dataset), config.model.build()
    _, symbol, unit = AXES[found.control]
    has_eta = config.model.build().distortion is not None
    model = config.model.build()
    trips = _trips([dataset], _remark(found))
    rows = [
        Row(f"{symbol} at γ = 1/2", unit, _half(model, dataset), _transition(config, found), NAN, NAN),
        Row("round trips per ladder", "", trips, NAN, NAN, NAN),
        Row("communication barrier Λ", "", found.barrier, NAN, NAN, NAN),
    ]
    for hold in equilibrium(as_holds(dataset)):
        at = f"at {getattr(hold, found.control):.5g} {unit}"
        gamma, eta, capacity = stable_state(model, hold.temperature, hold.pressure, hold.field)
        rows.append(Row(f"γ {at}", "", hold.gamma, gamma, NAN, NAN))
        if has_eta:
            rows.append(Row(f"|η| {at}", "", hold.eta, eta, NAN, NAN))
        rows.append(Row(f"C_p {at}", "J/(mol K)", hold.heat_capacity, capacity, NAN, NAN))
    return rows


def _transition(config: RunConfig, found: Exchange) -> float:
    """Where the theory has γ = 1/2 on the ladder, in the unit of its control."""
    model, (low, high) = config.model.build(), (found.values[0], found.values[-1])
    protocol: Any = config.protocol.build()

    def excess(x: float) -> float:
        return stable_state(model, *protocol.points([x])[0])[0] - 0.5

    if not excess(low) * excess(high) < 0:
        return NAN
    from scipy.optimize import brentq

    return float(brentq(excess, low, high, xtol=1e-6))


def _half(model: Model, dataset: xarray.Dataset) -> Estimate:
    """`half_conversion`, with a word on what it is compared with."""
    found = half_conversion(dataset)
    if found.reason or not has_sum(model):
        return found
    return replace(found, reason=f"mean field: the exact sum over all states of {model.lattice.n_sites} molecules")


def _trips(datasets: list[xarray.Dataset], remark: str) -> Estimate:
    """Round trips per ladder."""
    trips = mean_over_replicas(np.concatenate([d["passages"].values.sum(axis=1) / 2.0 for d in datasets]))
    return replace(trips, reason=remark) if remark else trips


def _remark(found: Exchange) -> str:
    return "" if found.verdict == "ok" else f"the ladder has not mixed: {found.verdict}"


def stable_state(model: Model, T: float, P: float, h: float) -> tuple[float, float, float]:
    """γ, |η| and C_p of the theory: the exact sum over all states of the crystal where there is one, or mean field."""
    if has_sum(model):
        averages = FiniteSize(model, pressure=P, field=h).averages(T)
        return averages.gamma, averages.eta_abs, averages.heat_capacity
    try:
        q, eta = MeanField(model, P, h).equilibrium(T)
    except InputError:  # the theory does not serve every model
        return NAN, NAN, NAN
    return (1 + q) / 2, abs(eta), NAN


def has_sum(model: Model) -> bool:
    """Whether all states of the crystal can be summed: couplings of infinite range, and up to 1024 molecules."""
    if model.lattice.n_sites > _LARGEST:
        return False
    try:
        FiniteSize(model)
    except InputError:  # neighbours or elasticity
        return False
    return True


def half_conversion(dataset: xarray.Dataset) -> Estimate:
    """The control at which γ passes 1/2, on a line between rungs, from every independent ladder."""
    return mean_over_replicas(_crossings(dataset, exchange(dataset).control), _NO_HALF)


def _crossings(dataset: xarray.Dataset, control: str) -> Floats:
    """One for every ladder, NaN where there is none."""
    gamma = dataset["gamma"].transpose("replica", "rung", "step").values.mean(axis=2)
    return np.array([_crossing(dataset[control].values, row) for row in gamma])


def exchange_measures(tasks: list[xarray.Dataset]) -> dict[str, Estimate]:
    """What repeats of one run tell together; their rungs may stand at different places."""
    found = [exchange(task) for task in tasks]
    halves = np.concatenate([_crossings(task, one.control) for task, one in zip(tasks, found, strict=True)])
    remark = next((one.verdict for one in found if one.verdict != "ok"), "")
    return {
        AXES[found[0].control][1] + "½": mean_over_replicas(halves, _NO_HALF),
        "Λ": mean_over_replicas([one.barrier.value for one in found]) if len(found) > 1 else found[0].barrier,
        "round trips": _trips(tasks, remark),
    }


def _crossing(x: Floats, gamma: Floats) -> float:
    above = gamma > 0.5
    at = np.flatnonzero(above[1:] != above[:-1])
    if at.size == 0:
        return math.nan
    i = int(at[0])
    return float(x[i] + (x[i + 1] - x[i]) * (0.5 - gamma[i]) / (gamma[i + 1] - gamma[i]))


def draw_exchange(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """Draw γ, |η|, C_p and the exchange of walkers along the ladder.

    Averages carry their errors and stand on the stable state of the mean field and, for crystals of infinite range with
    up to 1024 molecules, on the exact sum over all their states.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    found, holds = exchange(dataset), equilibrium(as_holds(dataset))
    model = config.model.build()
    names = ["gamma", *(["eta"] if model.distortion is not None else []), "heat_capacity", "exchange"]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 1.65 * len(names) + 0.5), layout="constrained")
        axes = dict(zip(names, figure.subplots(len(names), 1, sharex=True), strict=True))
        x = np.array([getattr(hold, found.control) for hold in holds])
        for name in names[:-1]:
            estimates: list[Estimate] = [getattr(hold, name) for hold in holds]
            y, e = np.array([(v.value, v.error) for v in estimates]).T
            axes[name].errorbar(x, y, np.nan_to_num(e), fmt="o", ms=3, color=HOLD, elinewidth=0.8, capsize=1.5,
                                zorder=5, label="simulation" if name == "gamma" else None)  # fmt: skip
        _draw_theories(config, dataset, found, axes)
        _draw_walkers(axes["exchange"], found)
        labels = {"gamma": "HS fraction γ", "eta": "|η|", "heat_capacity": r"$C_p$ (J mol$^{-1}$ K$^{-1}$)"}
        for letter, (name, panel) in zip("abcd", axes.items(), strict=False):
            panel.set_ylabel(labels.get(name, "share"))
            panel.text(-0.2, 1.0, letter, transform=panel.transAxes, va="top", weight="bold", size=9)
            if name != "heat_capacity":
                panel.set_ylim(-0.04, 1.06)
        axes["heat_capacity"].set_ylim(bottom=0)
        axes["exchange"].set_xlabel(AXES[found.control][0])
        crystal = size(model)
        n = config.run.replicas
        trips = f"{found.round_trips:.4g} round trips"
        caption = f"{crystal}, {n} ladder{'s' * (n > 1)} of {len(found.values)} rungs, {trips}"
        axes["gamma"].set_title(caption, loc="left", fontsize=7.5)
        return figure


def _draw_theories(config: RunConfig, dataset: xarray.Dataset, found: Exchange, axes: dict[str, Axes]) -> None:
    grid = np.linspace(min(found.values), max(found.values), _POINTS)
    points = {name: np.full(_POINTS, float(dataset[name].values[0])) for name in AXES} | {found.control: grid}
    model = config.model.build()
    mean = []
    for T, P, h in zip(*points.values(), strict=True):
        try:
            q, eta = MeanField(model, P, h).equilibrium(T)
        except InputError:
            q, eta = NAN, NAN
        mean.append(((1 + q) / 2, abs(eta), NAN))
    lines: list[tuple[str, dict[str, Any], Any]] = [
        ("mean field", {"color": MEAN_FIELD, "lw": 0.8, "ls": (0, (4, 2))}, mean)
    ]
    if has_sum(model):
        exact = [stable_state(model, *point) for point in zip(*points.values(), strict=True)]
        lines.append((f"exact, {model.lattice.n_sites} molecules", {"color": MEAN_FIELD, "lw": 0.9}, exact))
    for label, style, values in lines:
        for name, y in zip(("gamma", "eta", "heat_capacity"), np.transpose(values), strict=True):
            if name in axes and np.isfinite(y).any():
                axes[name].plot(grid, y, label=label if name == "gamma" else None, **style)
    axes["gamma"].legend(loc="center right" if found.values[0] < found.values[-1] else "center left")


def _draw_walkers(axes: Axes, found: Exchange) -> None:
    """Acceptance of every pair between its rungs, and the share of walkers from the first rung."""
    x = np.array(found.values)
    y, e = np.array([(a.value, a.error) for a in found.acceptance]).T
    axes.errorbar((x[1:] + x[:-1]) / 2, y, np.nan_to_num(e), fmt="s", ms=2.6, color=COOLING, elinewidth=0.8,
                  label="accepted swaps")  # fmt: skip
    axes.plot(x, found.fraction, "-", marker=".", ms=3, lw=0.8, color=HEATING, label="walkers from the first rung")
    axes.legend(loc="lower left" if x[0] < x[-1] else "lower right")


def _way(config: RunConfig) -> str:
    p: Any = config.protocol.build()
    _, symbol, unit = AXES[p.ladder]
    others = [(name, AXES[name]) for name in AXES if name != p.ladder and (name == "temperature" or getattr(p, name))]
    text = f"followed on {p.n_rungs} rungs from {symbol} = {p.values[0]:g} to {p.values[-1]:g} {unit} each, between "
    text += f"which replicas are exchanged, for {p.sweeps} Monte Carlo steps (MCS)"
    return text + "".join(f", at {s} = {getattr(p, name):g} {u}" for name, (_, s, u) in others)


EXCHANGE = View(
    "exchange",
    exchange_rows,
    draw_exchange,
    _way,
    "Averages and exchange along the ladder",
    "Averages at every rung with their errors, on the stable state of the mean field and, where it can be had, on the "
    "exact sum; below them the accepted share of swaps between neighbours, and the share of walkers that come from the "
    "first rung, which is steep where walkers are held up.",
    "Averages in equilibrium ± standard error; mean field: the exact sum over all states of as many molecules where "
    "couplings are of infinite range and molecules few, else the stable state.",
)
