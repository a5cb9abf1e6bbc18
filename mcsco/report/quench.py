"""A quench: γ, |η| and the size of the domains against time, and what the crystal looked like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.model import State
from mcsco.observables import Estimate, GrowthExponent, growth_exponent, snapshot_lengths, snapshot_statistics
from mcsco.observables.series import mean_over_replicas
from mcsco.report.maps import HS, LS, MINUS, PLUS, domain_codes
from mcsco.report.row import NAN, Row
from mcsco.report.snapshots import make_cut
from mcsco.report.style import COOLING, HEATING, STYLE, size

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

N_MAPS = 4
FIRST_TIME = 30.0
"""MCS before which domains are still forming, so that no power of time is fitted."""
LARGEST = 1 / 6
"""Part of the shortest extent beyond which domains feel the size of the crystal."""
LEAST = 1.5
"""Factor by which domains have to grow for a power to mean something."""
MIXED = 0.02
"""γ(1 − γ) from which a crystal holds enough of both spins for domains of them to have a size."""


def quench_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """γ and |η| at the end of a quench, and, with snapshots, the domains there and how they grew."""
    has_eta = config.model.build().distortion is not None
    last = f"after {int(dataset.sweep[-1])} MCS"
    rows = [
        _row(f"{symbol} {last}", over_replicas(np.abs(dataset[name].values[:, -1])))
        for name, symbol in (("gamma", "γ"), ("eta", "|η|"))[: 1 + has_eta]
    ]
    if "snapshot_spin" not in dataset:
        return rows
    end = snapshot_statistics(dataset.isel(snapshot=[-1])).isel(snapshot=0)
    for field, symbol in _fields(config, dataset):
        at_end = end.sel(field=field)
        R = domain_lengths(config, dataset, field)
        rows += [
            _row(f"R ({symbol}) {last}", over_replicas(R[:, -1], "uniform, or one domain"), "sites"),
            _row(f"wall length ({symbol}) per molecule", over_replicas(at_end["wall_length"].values)),
            _row(
                f"walls along the axes ({symbol}), to 10°",
                over_replicas(at_end["wall_share"].values.sum(axis=-1), "no walls"),
            ),
        ]
        growth = growth_of(dataset["snapshot_sweep"].values, R, min(config.model.build().lattice.shape))
        if growth is not None:
            first, final = growth.window
            rows.append(_row(f"growth exponent of R ({symbol}), {first:.0f} to {final:.0f} MCS", growth))
    return rows


def _row(quantity: str, value: Estimate, unit: str = "") -> Row:
    return Row(quantity, unit, value, NAN, NAN, NAN)


def over_replicas(values: npt.NDArray[np.float64], reason: str = "") -> Estimate:
    """Mean over replicas with its standard error."""
    return mean_over_replicas(values, reason)


def domain_lengths(config: RunConfig, dataset: xarray.Dataset, field: str) -> Floats:
    """R of the snapshots, shape (replica, snapshot); NaN beyond the crystal's extent.

    η keeps its mean (`snapshot_lengths`) unless the start or a field prefer one variant.
    """
    biased = config.run.start in ("HS+", "HS-") or config.protocol.field != 0.0
    R = snapshot_lengths(dataset, field, "none" if field == "eta" and not biased else "each")
    return np.where(min(config.model.build().lattice.shape) >= R, R, np.nan)


def growth_of(time: npt.NDArray[Any], R: Floats, extent: int) -> GrowthExponent | None:
    """Exponent over the times at which domains have formed and are small against the crystal; None if they do not grow.

    They grow if the mean of R rises from snapshot to snapshot, of which there have to be four.
    """
    grown = np.all(np.isfinite(R) & (extent * LARGEST >= R), axis=0)
    grown &= np.logical_and.accumulate(grown | (time < FIRST_TIME)) & (time >= FIRST_TIME)
    mean = R[:, grown].mean(axis=0)
    if mean.size < 4 or np.any(np.diff(mean) <= 0) or mean[-1] < LEAST * mean[0]:
        return None
    return growth_exponent(time[grown], R[:, grown])


def draw_quench(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """Draw a quench.

    γ and |η| of every replica against the time since the quench. With snapshots, also the length R of the domains with
    its power of time, and the first replica at four times.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    pictured = "snapshot_spin" in dataset and bool(_fields(config, dataset))
    with mpl.rc_context(STYLE):
        if not pictured:
            figure = Figure(figsize=(3.6, 2.8), layout="constrained")
            _draw_order(figure.subplots(), config, dataset)
            return figure
        figure = Figure(figsize=(7.1, 4.6), layout="constrained")
        parts: Any = figure.subfigures(2, 1, height_ratios=(1.3, 1.0), hspace=0.02)
        above, below = parts
        left, right = above.subplots(1, 2)
        _draw_order(left, config, dataset)
        _draw_lengths(right, config, dataset)
        for axes, letter in ((left, "a"), (right, "b")):
            axes.text(-0.16, 1.02, letter, transform=axes.transAxes, weight="bold", size=9)
        _draw_maps(below, config, dataset)
        return figure


def _caption(config: RunConfig) -> str:
    crystal = size(config.model.build())
    n = config.run.replicas
    return f"{crystal}, {n} replica{'s' * (n > 1)}, {config.begin.temperature:g} K"


def _fields(config: RunConfig, dataset: xarray.Dataset) -> list[tuple[str, str]]:
    """The order parameters that have domains in some snapshot, and their symbols."""
    gamma = (dataset["snapshot_spin"].values > 0).mean(axis=tuple(range(2, dataset["snapshot_spin"].ndim)))
    found = []
    if config.model.build().distortion is not None and bool(dataset["snapshot_distortion"].values.any()):
        found.append(("eta", "η"))
    if np.max(gamma * (1 - gamma)) > MIXED:
        found.append(("spin", "γ"))
    return found


def _draw_order(axes: Axes, config: RunConfig, dataset: xarray.Dataset) -> None:
    shown = [("gamma", "γ", HEATING), ("eta", "|η|", COOLING)]
    for name, label, colour in shown if config.model.build().distortion is not None else shown[:1]:
        values = np.abs(dataset[name].values)
        axes.plot(dataset["sweep"], values.T, color=colour, lw=0.4, alpha=0.4)
        axes.plot(dataset["sweep"], values.mean(axis=0), color=colour, lw=1.3, label=label)
    axes.set(xscale="log", xlabel="time (MCS)", ylabel="order parameter", ylim=(-0.04, 1.06))
    axes.set_title(_caption(config), loc="left", fontsize=7.5)
    axes.legend(loc="center left")


def _draw_lengths(axes: Axes, config: RunConfig, dataset: xarray.Dataset) -> None:
    """R of every replica and its mean, with the fitted power over its window."""
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    time = dataset["snapshot_sweep"].values
    extent = min(config.model.build().lattice.shape)
    low, high = np.inf, 0.0
    for (field, symbol), colour in zip(_fields(config, dataset), (COOLING, HEATING), strict=False):
        R = domain_lengths(config, dataset, field)
        resolved = np.isfinite(R).all(axis=0)
        if not resolved.any():
            continue
        low, high = min(low, float(np.nanmin(R))), max(high, float(np.nanmax(R)))
        mean = R[:, resolved].mean(axis=0)
        axes.plot(time, R.T, color=colour, lw=0.4, alpha=0.4)
        axes.plot(time[resolved], mean, "o", ms=2.8, mfc="white", mew=0.8, color=colour, label=f"R of {symbol}")
        growth = growth_of(time, R, extent)
        if growth is not None:
            ends = np.array(growth.window)
            exponent = f"{growth.value:.3f}" if np.isnan(growth.error) else str(growth).partition(" (")[0]
            label = f"$t^n$, n = {exponent}\n{ends[0]:.0f} to {ends[1]:.0f} MCS"
            axes.plot(ends, growth.amplitude * ends**growth.value, color="k", lw=1.1, zorder=4, label=label)
    axes.set(xscale="log", xlabel="time (MCS)", ylabel="domain length R (sites)")
    if high > 0:
        axes.set(yscale="log", ylim=(low / 1.3, high * 1.6))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(StrMethodFormatter("{x:g}") if high < 4 * low else NullFormatter())
        axes.legend(loc="upper left")


def _draw_maps(figure: Any, config: RunConfig, dataset: xarray.Dataset) -> None:
    """The first replica at times of equal ratios, the last one among them; of a 3-D crystal its middle plane."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    cut = make_cut(config.model.build().lattice.shape)
    times = dataset["snapshot_sweep"].values
    wanted = np.geomspace(max(times[-1] / 300, times[0]), times[-1], N_MAPS)
    chosen = sorted({int(np.argmin(np.abs(np.log(times / t)))) for t in wanted})
    colours = ListedColormap([LS, PLUS, MINUS, HS])
    present: set[int] = set()
    grid = figure.subplots(1, N_MAPS, squeeze=False)[0]
    for axes, letter, index in zip(grid, "cdef", chosen, strict=False):
        state = State(*(dataset[f"snapshot_{name}"].values[0, index] for name in ("spin", "distortion")))
        code = cut.of(domain_codes(state))
        present |= {int(c) for c in np.unique(code)}
        axes.imshow(code, origin="lower", cmap=colours, vmin=-0.5, vmax=3.5, interpolation="nearest")
        axes.set_title(f"$\\mathbf{{{letter}}}$  {times[index]} MCS", loc="left", fontsize=7.5, pad=3)
    for axes in grid:
        axes.set_axis_off()
    names = ((1, PLUS, "HS, +η"), (2, MINUS, "HS, −η"), (0, LS, "LS"), (3, HS, "HS"))
    handles = [Patch(color=colour, label=name) for code, colour, name in names if code in present]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=1.0, handleheight=1.0)
