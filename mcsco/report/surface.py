"""A free-energy surface: contours with phases, saddle and the lowest path, slices over the mean field, and a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign import RunConfig
from mcsco.meanfield import MeanField
from mcsco.observables import Estimate, Landscape, balance, surface
from mcsco.report.row import NAN, Row
from mcsco.report.style import COOLING, HEATING, HOLD, LANDAU, MEAN_FIELD, MEASURED, STYLE
from mcsco.report.sublattices import mean_field_of
from mcsco.report.view import View
from mcsco.units import KELVIN

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

N_MAPS = 3
"""Surfaces drawn side by side at most."""
COLOURS = (COOLING, MEASURED, HEATING)
J = 1e3
"""J/mol in a kJ/mol."""


def surface_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """Barriers, depths and phases at every temperature, and where the phases are in balance."""
    landscapes, theory = surface(dataset), mean_field_of(config)
    rows = []
    for x in landscapes:
        at = f"at {x.temperature:g} K"
        up, down = _barriers(theory, x.temperature)
        rows += [
            _row(f"G_LH {at}", "J/mol", x.G_LH.scaled(J), J * up),
            _row(f"G_HL {at}", "J/mol", x.G_HL.scaled(J), J * down),
            _row(f"G_HS − G_LS {at}", "J/mol", x.delta_G.scaled(J), J * (up - down)),
            _row(f"N G_LH/RT {at}", "", x.total(x.G_LH), x.n_sites * up / (x.temperature * KELVIN)),
        ]
        for name, spot in (("LS", x.LS), ("HS", x.HS)):
            if spot is not None:
                q, eta = _branch(theory, x.temperature, name)
                rows += [_row(f"q of {name} {at}", "", spot.q, q), _row(f"|η| of {name} {at}", "", spot.eta, abs(eta))]
    maxwell = theory.maxwell_temperature() if theory is not None else NAN
    rows.append(_row("T of equal depth", "K", balance(landscapes, "depth"), maxwell))
    rows.append(_row("T of equal weight", "K", balance(landscapes), maxwell))
    return rows


def _row(quantity: str, unit: str, value: Estimate, mean_field: float) -> Row:
    return Row(quantity, unit, value, mean_field, NAN, NAN)


def _barriers(theory: MeanField | None, T: float) -> tuple[float, float]:
    return (NAN, NAN) if theory is None else theory.barriers(T)


def _branch(theory: MeanField | None, T: float, which: str) -> tuple[float, float]:
    return (NAN, NAN) if theory is None else theory.branch(T, which)


def draw_surface(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """Draw a free-energy surface.

    Above: contours in units of RT of the whole crystal at up to three temperatures, with the minima (circles), the
    saddle (cross) and the lowest path. Below: the lowest G of every q over the mean field (dashed), and G against η at
    the q of LS, of the saddle and of HS.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    landscapes, theory = surface(dataset), mean_field_of(config)
    shown = sorted({round(i) for i in np.linspace(0, len(landscapes) - 1, min(N_MAPS, len(landscapes)))})
    has_eta = dataset.sizes["eta"] > 1
    with mpl.rc_context(STYLE):
        if not has_eta:
            figure = Figure(figsize=(3.6, 2.8), layout="constrained")
            _draw_profiles(figure.subplots(), dataset, landscapes, theory, shown)
            return figure
        figure = Figure(figsize=(7.1, 5.2), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=(1.08, 1.0), hspace=0.03)  # type: ignore[misc]
        maps: Any = above.subplots(1, len(shown), squeeze=False, sharey=True)[0]
        top = max(_top(dataset.isel(temperature=i), landscapes[i]) for i in shown)
        filled = None
        for axes, i, letter in zip(maps, shown, "abc", strict=False):
            filled = _draw_map(axes, dataset.isel(temperature=i), landscapes[i], top)
            axes.set_title(f"$\\mathbf{{{letter}}}$  {landscapes[i].temperature:g} K", loc="left")
        maps[0].set_ylabel("|η|" if dataset.attrs["folded"] else "η")
        above.colorbar(filled, ax=list(maps), label="N G / RT", pad=0.01, aspect=28)
        left, right = below.subplots(1, 2, width_ratios=(1.25, 1.0))
        _draw_profiles(left, dataset, landscapes, theory, shown)
        middle = min(shown, key=lambda i: abs(landscapes[i].log_weight.value) if landscapes[i].saddle else np.inf)
        _draw_slices(right, dataset.isel(temperature=middle), landscapes[middle], theory)
        for axes, letter in ((left, "abcd"[len(shown)]), (right, "bcde"[len(shown)])):
            axes.set_title(f"$\\mathbf{{{letter}}}$  {axes.get_title('left')}", loc="left")
        return figure


def _top(part: xarray.Dataset, landscape: Landscape) -> float:
    """Where the colours end, in RT of the whole crystal: as far above the saddle as that is above the minima."""
    if landscape.saddle is None:
        return 10.0
    return max(10.0, 1.8 * landscape.total(landscape.saddle.free_energy).value)


def _draw_map(axes: Axes, part: xarray.Dataset, landscape: Landscape, top: float) -> Any:
    from matplotlib.ticker import MaxNLocator

    scale = landscape.n_sites / (landscape.temperature * KELVIN)
    G = np.ma.masked_invalid(scale * part["free_energy"].values)
    q, eta = part["q"].values, part["eta"].values
    levels = MaxNLocator(12).tick_values(0.0, top)
    filled = axes.contourf(q, eta, G.T, levels=levels, cmap="viridis", extend="max")
    axes.contour(q, eta, G.T, levels=levels, colors="white", linewidths=0.35, alpha=0.7)
    if landscape.path:
        axes.plot(*np.transpose(landscape.path), color="k", lw=1.0)
    for spot, marker in ((landscape.LS, "o"), (landscape.HS, "o"), (landscape.saddle, "X")):
        if spot is not None:
            axes.plot(
                spot.q.value, spot.eta.value, marker, ms=5.5, mfc="white", mec="k", mew=0.9, clip_on=False, zorder=5
            )
    edge = np.array([-1.0, 1.0])
    for sign in (1,) if part.attrs["folded"] else (1, -1):
        axes.plot(edge, sign * (edge + 1) / 2, color=LANDAU, lw=0.8, zorder=0)
    low = 0.0 if part.attrs["folded"] else -1.0
    axes.set(xlabel="q", xlim=(-1, 1), ylim=(low, 1))
    axes.text(0.04, 0.95, "no states\n|η| > γ", transform=axes.transAxes, size=6.5, va="top", color="0.45")
    return filled


def _draw_profiles(
    axes: Axes, dataset: xarray.Dataset, landscapes: list[Landscape], theory: MeanField | None, shown: list[int]
) -> None:
    """The lowest G over all η at every q, above that of LS."""
    q = dataset["q"].values
    heights = []
    for i, colour in zip(shown, COLOURS, strict=False):
        landscape, part = landscapes[i], dataset.isel(temperature=i)
        G = np.where(np.isfinite(part["free_energy_error"].values), part["free_energy"].values, np.inf)
        column = G.argmin(axis=1)
        lowest = G[np.arange(q.size), column]
        known = np.isfinite(lowest)
        error = part["free_energy_error"].values[np.arange(q.size), column]
        zero = _zero(landscape)
        y = J * (lowest - zero)
        axes.errorbar(
            q[known], y[known], J * error[known], fmt="o", ms=2.2, mfc="white", mew=0.7, elinewidth=0.7, color=colour,
            label=f"{landscape.temperature:g} K",
        )  # fmt: skip
        heights += [J * (s.free_energy.value - zero) for s in (landscape.LS, landscape.HS, landscape.saddle) if s]
        if theory is not None:
            line = _mean_field_profile(theory, landscape.temperature)
            axes.plot(line[0], J * line[1], color=colour, lw=0.9, ls="--", zorder=1)
    axes.set(xlabel="q", ylabel="lowest G − G of LS (J/mol)", xlim=(-1, 1))
    if heights:  # none where no bin has an error, as for windows without overlap
        low, high = min(heights), max(max(heights), min(heights) + 40.0)
        axes.set_ylim(low - 0.3 * (high - low), high + 0.75 * (high - low))
    handles, labels = axes.get_legend_handles_labels()
    if theory is not None:
        handles += [axes.plot([], [], color=MEAN_FIELD, lw=0.9, ls="--")[0]]
        labels += ["mean field, N = ∞"]
    axes.legend(handles, labels, loc="upper center", ncols=2, handlelength=1.6)
    axes.set_title(f"{landscapes[0].n_sites} molecules", loc="left")


def _zero(landscape: Landscape) -> float:
    """G of LS, or of the only phase."""
    spot = landscape.LS or landscape.HS
    return spot.free_energy.value if spot is not None else 0.0


def _mean_field_profile(theory: MeanField, T: float) -> tuple[Floats, Floats]:
    """q, and the lowest free energy over η above that of LS, kJ/mol."""
    q = np.linspace(-0.998, 0.998, 400)
    eta = np.linspace(0.0, 1.0, 400)[None] * (1 + q[:, None]) / 2
    F = theory.free_energy(q[:, None], eta, T).min(axis=1)
    zero = theory.branch(T, "LS")
    if math.isnan(zero[0]):
        zero = theory.equilibrium(T)
    return q, F - float(theory.free_energy(*zero, T))


def _draw_slices(axes: Axes, part: xarray.Dataset, landscape: Landscape, theory: MeanField | None) -> None:
    """G against η at the q of the stationary points, each above its own lowest value, in RT of the whole crystal."""
    T, N = landscape.temperature, landscape.n_sites
    scale = N / (T * KELVIN)
    spots = [("LS", landscape.LS, COOLING), ("saddle", landscape.saddle, HOLD), ("HS", landscape.HS, HEATING)]
    for name, spot, colour in spots:
        if spot is None:
            continue
        row = part.sel(q=spot.q.value, method="nearest")
        G, error = (scale * row[key].values for key in ("free_energy", "free_energy_error"))
        known = np.isfinite(error)
        label = f"{name}, q = {spot.q.value:.2f}".replace("-", "−")
        zero = G[known].min()
        axes.errorbar(
            row["eta"].values[known], G[known] - zero, error[known], fmt="o", ms=2.2, mfc="white", mew=0.7,
            elinewidth=0.7, color=colour, label=label,
        )  # fmt: skip
        if theory is not None:
            reach = (1 + spot.q.value) / 2
            eta = np.linspace(0.0 if part.attrs["folded"] else -reach, reach, 301)
            F = scale * theory.free_energy(np.full_like(eta, spot.q.value), eta, T)
            axes.plot(eta, F - F.min(), color=colour, lw=0.9, ls="--", zorder=1)
    axes.set(xlabel="|η|" if part.attrs["folded"] else "η", ylabel="N (G − lowest) / RT", ylim=(-0.6, 14))
    axes.set_xlim(0.0 if part.attrs["folded"] else -1.0, 1.0)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right" if landscape.saddle is None else "upper center", handlelength=1.2)
    axes.set_title(f"{T:g} K", loc="left")


METHODS = {"umbrella": "umbrella sampling", "flat-histogram": "a flat histogram of γ"}


def _way(config: RunConfig) -> str:
    """The protocol in words."""
    p: Any = config.protocol
    T = " and ".join(", ".join(f"{T:g}" for T in p.temperature).rsplit(", ", 1))
    text = f"sampled at {T} K by {METHODS[p.method]} for {p.sweeps} Monte Carlo steps (MCS) each"
    text += f", at {p.pressure:g} GPa" if p.pressure else ""
    return text + (f", in a field of {p.field:g} kJ/mol" if p.field else "")


SURFACE = View(
    name="surface",
    rows=surface_rows,
    draw=draw_surface,
    way=_way,
    label="Contours and slices of the free energy against q and η",
    caption="Above: free energy of the whole crystal in units of RT, its minima (circles), saddle (cross) and the "
    "lowest path between them. Below: lowest free energy at every q, and slices along η, with bootstrap errors, on the "
    "lines of the mean field (dashed).",
    table="Barriers, depths and phases of the free energy per molecule ± bootstrap error, beside the mean field.",
    is_wide=True,
)
