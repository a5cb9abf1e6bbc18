"""The figure of a thermal loop: γ and |η| against temperature, over mean field, Landau theory and measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco import landau
from mcsco.campaign import RunConfig
from mcsco.meanfield import MeanField
from mcsco.observables import Measured
from mcsco.report.style import COOLING, HEATING, LANDAU, MEAN_FIELD, MEASURED, STYLE

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 601


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
        figure = Figure(figsize=(3.6, 5.0), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (1.15, 1)})
        T = dataset["temperature"].values
        grid = np.linspace(T.min(), T.max(), _POINTS)
        has_eta = bool(dataset["eta"].values.any())
        _draw_landau(config, grid, above, below)
        _draw_mean_field(config, grid, above, below)
        _draw_series(dataset, "gamma", above)
        _draw_series(dataset, "eta", below)
        _draw_measured(config, measured, above)
        above.set(ylabel="HS fraction γ", ylim=(-0.04, 1.06))
        below.set(ylabel="|η|", xlabel="temperature (K)", ylim=(-0.04, 1.06), xlim=(T.min(), T.max()))
        if not has_eta:
            below.set_visible(False)
            above.tick_params(labelbottom=True)
            above.set_xlabel("temperature (K)")
        above.legend(loc="upper left", handlelength=1.6)
        for axes, letter in ((above, "a"), (below, "b")):
            axes.text(0.985, 0.04, letter, transform=axes.transAxes, ha="right", va="bottom", weight="bold")
        above.set_title(_caption(config), loc="left", fontsize=7.5)
        return figure


def _caption(config: RunConfig) -> str:
    shape = "×".join(str(extent) for extent in config.model.build().lattice.shape)
    rate = getattr(config.protocol, "sweeps_per_kelvin", None)
    parts = [f"{shape} molecules", f"{config.run.replicas} replicas", f"{rate:g} MCS/K" if rate else ""]
    return ", ".join(part for part in parts if part)


def _draw_series(dataset: xarray.Dataset, name: str, axes: Axes) -> None:
    T, x = dataset["temperature"].values, np.abs(dataset[name].values)
    for leg in np.unique(dataset["leg"].values):
        on = dataset["leg"].values == leg
        heating = T[on][-1] > T[on][0]
        colour = HEATING if heating else COOLING
        axes.plot(T[on], x[:, on].T, color=colour, lw=0.3, alpha=0.35, rasterized=True)
        label = ("simulation, heating" if heating else "simulation, cooling") if leg < 2 and name == "gamma" else None
        axes.plot(T[on], x[:, on].mean(axis=0), color=colour, lw=1.3, label=label)


def _draw_mean_field(config: RunConfig, grid: npt.NDArray[np.float64], above: Axes, below: Axes) -> None:
    protocol = config.protocol
    theory = MeanField(config.model.build(), protocol.pressure, protocol.field)
    label: str | None = "mean field"
    for which in ("LS", "HS"):
        curve = theory.branch_curve(grid, which)
        style: dict[str, Any] = {"color": MEAN_FIELD, "lw": 0.9, "zorder": 3}
        above.plot(grid, (1 + curve.q) / 2, label=label, **style)
        below.plot(grid, np.abs(curve.eta), **style)
        label = None
    if theory.is_gradual:
        return
    T_down, T_up = theory.spinodals()
    inside = np.linspace(T_down, T_up, 61)
    saddle = np.array([theory.saddle(float(T)) for T in inside])
    dashed: dict[str, Any] = {"color": MEAN_FIELD, "lw": 0.8, "ls": (0, (2, 1.5)), "zorder": 3}
    above.plot(inside, (1 + saddle[:, 0]) / 2, **dashed)
    below.plot(inside, np.abs(saddle[:, 1]), **dashed)


def _draw_landau(config: RunConfig, grid: npt.NDArray[np.float64], above: Axes, below: Axes) -> None:
    if config.landau is None:
        return
    potential = landau.load(config.landau.set)
    scale = potential.branch(float(potential.spinodals()[1]), "HS")[1] or 1.0
    label: str | None = r"Landau (b: $\eta/\eta_\mathrm{HS}$)"
    for which in ("LS", "HS"):
        q, eta = potential.branch(grid, which)
        style: dict[str, Any] = {"color": LANDAU, "lw": 2.4, "alpha": 0.8, "zorder": 1, "solid_capstyle": "butt"}
        above.plot(grid, (1 + np.asarray(q)) / 2, label=label, **style)
        below.plot(grid, np.abs(eta) / scale, **style)
        label = None


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
    axes.plot(
        measured.temperature, (measured.chi_t - ls) / (hs - ls), "o", ms=2, mfc="none", mew=0.6, color=MEASURED,
        label="measured χT", zorder=4,
    )  # fmt: skip
    right = axes.secondary_yaxis("right", functions=(lambda g: ls + (hs - ls) * g, lambda c: (c - ls) / (hs - ls)))
    right.set_ylabel("χT (cm³ K mol⁻¹)")
