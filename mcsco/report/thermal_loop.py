"""The figure of a run: γ and |η| against temperature, over mean field, Landau theory and measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco import landau
from mcsco.campaign import RunConfig
from mcsco.observables import Estimate, Measured
from mcsco.report.holds import hold_points
from mcsco.report.style import COOLING, HEATING, HOLD, LANDAU, MEAN_FIELD, MEASURED, STYLE, size
from mcsco.report.sublattices import draw_mean_field_ways, draw_sublattices, mean_field_of, mean_field_ways

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]
Panels = dict[str, "Axes"]
"""Axes of ``gamma``, and of ``eta`` where the run has one."""

_POINTS = 601
_POINTS_OF_SADDLE = 31


def draw_thermal_loop(config: RunConfig, dataset: xarray.Dataset, measured: Measured | None = None) -> Figure:
    """Draw a run.

    Parameters
    ----------
    config : RunConfig
        Names the model, the Landau set and the measured temperatures.
    dataset : xarray.Dataset
        The run's series.
    measured : Measured, optional
        χT(T) to lay over γ, on the scale of ``chi_t_hs`` and ``chi_t_ls``.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        has_eta = bool(dataset["eta"].values.any())
        ratios = (1.15, 1) if has_eta else (1,)
        figure = Figure(figsize=(3.6, 5.2 if has_eta else 3.1), layout="constrained")
        axes = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios})[:, 0]
        panels: Panels = dict(zip(("gamma", "eta"), axes, strict=False))
        first, last = _range(config)
        grid = np.linspace(first, last, _POINTS)
        _draw_landau(config, grid, panels)
        _draw_mean_field(config, grid, panels)
        if config.protocol.kind == "hold":
            _draw_holds(dataset, panels)
        else:
            _draw_series(config, dataset, panels)
        _draw_measured(config, measured, panels["gamma"])
        panels["gamma"].set(ylabel="HS fraction γ")
        if has_eta:
            panels["eta"].set(ylabel="|η|")
            for name, letter in (("gamma", "a"), ("eta", "b")):
                place = panels[name].transAxes
                panels[name].text(0.985, 0.04, letter, transform=place, ha="right", va="bottom", weight="bold")
        axes[-1].set_xlabel("temperature (K)")
        for panel in axes:
            panel.set(xlim=(first, last), ylim=(-0.04, 1.06))
        axes[0].set_title(_caption(config), loc="left", fontsize=7.5)
        # Curves may run anywhere inside the axes, so the legend stands above them.
        figure.legend(loc="outside upper left", ncols=2, handlelength=1.6, columnspacing=1.2)
        return figure


def _range(config: RunConfig) -> tuple[float, float]:
    """Temperatures that the axes span, K."""
    protocol: Any = config.protocol
    T = np.atleast_1d(protocol.temperature)
    first, last = float(T.min()), float(T.max())
    margin = 0.05 * (last - first or first) if config.protocol.kind == "hold" else 0.0
    return first - margin, last + margin


def _caption(config: RunConfig) -> str:
    crystal = size(config.model.build())
    rate = getattr(config.protocol, "sweeps_per_kelvin", None)
    parts = [f"{crystal}", f"{config.run.replicas} replicas", f"{rate:g} MCS/K" if rate else ""]
    return ", ".join(part for part in parts if part)


def _draw_series(config: RunConfig, dataset: xarray.Dataset, panels: Panels) -> None:
    """Every replica, thin, and their mean, leg by leg."""
    T, measured_in = dataset["temperature"].values, dataset["leg"].values
    for name, axes in panels.items():
        x = np.abs(dataset[name].values)
        labelled: set[str] = set()
        for index, leg in enumerate(config.legs):
            on = measured_in == index
            heating = leg.end.temperature > leg.begin.temperature
            colour, sense = (HEATING, "heating") if heating else (COOLING, "cooling")
            label = f"simulation, {sense}" if name == "gamma" and sense not in labelled else None
            axes.plot(T[on], x[:, on].T, color=colour, lw=0.3, alpha=0.35, rasterized=True)
            axes.plot(T[on], x[:, on].mean(axis=0), color=colour, lw=1.3, label=label)
            if name == "gamma":
                draw_sublattices(dataset, T, on, axes, colour, label is not None and not labelled)
            labelled.add(sense)


def _draw_holds(dataset: xarray.Dataset, panels: Panels) -> None:
    """The mean of every hold with its error, over the means of the replicas."""
    points = hold_points(dataset)
    T = [point.temperature for point in points]
    for name, axes in panels.items():
        for point in points:
            x = np.abs(dataset[name].values[:, dataset["leg"].values == point.leg]).mean(axis=1)
            axes.plot(np.full_like(x, point.temperature), x, "o", ms=2, mfc="none", mew=0.4, alpha=0.5, color=HOLD)
        estimates: list[Estimate] = [getattr(point, name) for point in points]
        errors = np.nan_to_num([estimate.error for estimate in estimates])
        axes.errorbar(
            T, [estimate.value for estimate in estimates], errors, fmt="o", ms=3.5, color=HOLD, elinewidth=0.8,
            capsize=1.5, label="simulation" if name == "gamma" else None, zorder=5,
        )  # fmt: skip


def _draw_mean_field(config: RunConfig, grid: Array, panels: Panels) -> None:
    theory = mean_field_of(config)
    if theory is None:
        ways = mean_field_ways(config, "temperature")
        if ways is not None:
            draw_mean_field_ways(config, ways, "temperature", panels, MEAN_FIELD)
        return
    line: dict[str, Any] = {"color": MEAN_FIELD, "lw": 0.9, "zorder": 3}
    if theory.is_gradual:  # both branches are one smooth curve
        curve = theory.branch_curve(grid[::3], "HS")
        _plot(panels, curve.temperature, curve.q, curve.eta, "mean field", line)
        return
    for which, label in (("LS", "mean field"), ("HS", None)):
        curve = theory.branch_curve(grid, which)
        _plot(panels, grid, curve.q, curve.eta, label, line)
    T_down, T_up = theory.spinodals()
    low, high = max(T_down, grid[0]), min(T_up, grid[-1])
    if low < high:
        # The pass meets the branches with a vertical tangent: more points towards the ends.
        inside = (low + high) / 2 - (high - low) / 2 * np.cos(np.linspace(0, np.pi, _POINTS_OF_SADDLE))
        q, eta = np.transpose([theory.saddle(float(T)) for T in inside])
        _plot(panels, inside, q, eta, None, line | {"lw": 0.8, "ls": (0, (2, 1.5))})


def _draw_landau(config: RunConfig, grid: Array, panels: Panels) -> None:
    if config.landau is None:
        return
    potential = landau.load(config.landau.set)
    scale = potential.branch(float(potential.spinodals()[1]), "HS")[1] or 1.0
    text = r"Landau (b: $\eta/\eta_\mathrm{HS}$)" if "eta" in panels else "Landau"
    line: dict[str, Any] = {"color": LANDAU, "lw": 2.4, "alpha": 0.8, "zorder": 1, "solid_capstyle": "butt"}
    for (q, eta), label in ((potential.branch(grid, "LS"), text), (potential.branch(grid, "HS"), None)):
        _plot(panels, grid, np.asarray(q), np.asarray(eta) / scale, label, line)


def _plot(panels: Panels, T: Array, q: Array, eta: Array, label: str | None, style: dict[str, Any]) -> None:
    """One line of a theory in every panel; the label stands in the first."""
    for name, axes in panels.items():
        x, text = ((1 + q) / 2, label) if name == "gamma" else (np.abs(eta), None)
        axes.plot(T, x, label=text, **style)


def _draw_measured(config: RunConfig, measured: Measured | None, axes: Axes) -> None:
    given = config.measured
    if given is None:
        return
    label: str | None = "measured transition"
    for T in (given.T_down, given.T_up):
        if T is not None:
            axes.plot([T, T], [-0.04, 0.03], color=MEASURED, lw=1.6, label=label, zorder=4, solid_capstyle="butt")
            label = None
    if measured is None:
        return
    ls, hs = given.chi_t_ls, given.chi_t_hs

    def chi_t(gamma: npt.ArrayLike) -> Array:
        return ls + (hs - ls) * np.asarray(gamma, dtype=np.float64)

    def fraction(chi_t: npt.ArrayLike) -> Array:
        return (np.asarray(chi_t, dtype=np.float64) - ls) / (hs - ls)

    axes.plot(
        measured.temperature, fraction(measured.chi_t), "o", ms=2, mfc="none", mew=0.6, color=MEASURED,
        label="measured χT", zorder=4,
    )  # fmt: skip
    axes.tick_params(which="both", right=False)
    right = axes.secondary_yaxis("right", functions=(chi_t, fraction))
    right.set_ylabel("χT (cm³ K mol⁻¹)")
