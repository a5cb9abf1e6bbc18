"""First-order reversal curves: the family of minor loops, and the FORC diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco.campaign import RunConfig
from mcsco.errors import InputError
from mcsco.observables import Estimate, ReversalDiagram, reversal_diagram
from mcsco.report.row import NAN, Row
from mcsco.report.style import COOLING, HEATING, STYLE, size
from mcsco.report.view import View

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMOOTHING = 3
"""s of the table and the figure: ρ comes from (2s+1)² points."""


def reversal_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """Part that switches, mean bias and mean coercivity."""
    found = reversal_diagram(dataset, SMOOTHING)
    values: list[tuple[str, str, Estimate]] = [
        ("part that switches ∫∫ρ", "", found.switched),
        ("mean bias (T_A + T_B)/2", "K", found.bias),
        ("mean coercivity |T_B − T_A|/2", "K", found.coercivity),
    ]
    return [Row(quantity, unit, value, NAN, NAN, NAN) for quantity, unit, value in values]


def draw_reversal(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """The curves on the way back, and ρ against bias and coercivity."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    try:
        found = reversal_diagram(dataset, SMOOTHING)
    except InputError:  # an unfinished run
        found = None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 5.4) if found else (3.6, 3.0), layout="constrained")
        axes = figure.subplots(2 if found else 1, 1, squeeze=False)[:, 0]
        _draw_curves(axes[0], dataset, found)
        crystal = size(config.model.build())
        p: Any = config.protocol
        title = f"{crystal}, {config.run.replicas} replicas, {p.sweeps_per_kelvin:g} MCS/K"
        axes[0].set_title(title, loc="left", fontsize=7.5)
        if found:
            _draw_density(figure, axes[1], found)
        return figure


def _draw_curves(axes: Axes, dataset: xarray.Dataset, found: ReversalDiagram | None) -> None:
    axes.set(xlabel="temperature (K)", ylabel="HS fraction γ", ylim=(-0.04, 1.04))
    if found is None:
        axes.plot(dataset["temperature"], dataset["gamma"].mean("replica"), lw=0.5, color=HEATING)
        return
    colour = HEATING if found.on_heating else COOLING
    for curve in found.gamma:
        axes.plot(found.T_B, curve, lw=0.7, color=colour)
    inside = [np.flatnonzero(np.isfinite(curve)) for curve in found.gamma]
    turns = [(found.T_B[i[0 if found.on_heating else -1]], curve[i[0 if found.on_heating else -1]])
             for i, curve in zip(inside, found.gamma, strict=True) if i.size]  # fmt: skip
    axes.plot(*np.transpose(turns), "o", ms=2, color="#222222", label="reversal")
    axes.legend(loc="center left")


def _draw_density(figure: Figure, axes: Axes, found: ReversalDiagram) -> None:
    bias, coercivity = found.axes
    rho = np.ma.masked_invalid(found.density)
    # Noise of a wide flat region does not set the scale.
    limit = float(np.quantile(np.abs(rho.compressed()), 0.995)) or 1.0
    mesh = axes.pcolormesh(
        coercivity, bias, rho, cmap="RdBu_r", vmin=-limit, vmax=limit, shading="gouraud", rasterized=True
    )
    axes.set(xlabel="coercivity |T_B − T_A|/2 (K)", ylabel="bias (T_A + T_B)/2 (K)")
    width = 2 * found.smoothing + 1
    axes.set_title(f"FORC diagram, quadratic fit of {width}×{width} points (s = {found.smoothing})", fontsize=7.5)
    figure.colorbar(mesh, ax=axes, label="ρ (K⁻²)")


def _way(config: RunConfig) -> str:
    p: Any = config.protocol
    first, last = p.reversal
    return (
        f"taken from {p.saturation:g} K to {p.curves} reversal temperatures from {first:g} to {last:g} K and back each "
        f"time, at {p.sweeps_per_kelvin:g} Monte Carlo steps (MCS) per kelvin"
    )


REVERSAL = View(
    name="reversal_curves",
    rows=reversal_rows,
    draw=draw_reversal,
    way=_way,
    label="First-order reversal curves and their FORC diagram",
    caption="Mean over replicas on the way back from each reversal temperature; below, the density ρ of switching "
    "temperatures.",
    table="Moments of the FORC diagram, with the scatter of replicas.",
)
