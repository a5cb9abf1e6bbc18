"""Runs of several protocols in seconds, e.g. light at low temperature and then warming: a panel for every part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco.campaign import RunConfig
from mcsco.report.kinetics import abscissa, condition, part_rows, way_of
from mcsco.report.row import Row
from mcsco.report.style import COOLING, HEATING, STYLE
from mcsco.report.sublattices import draw_sublattices
from mcsco.report.view import View

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_MOST = 6
"""Panels side by side that can still be read."""


def sequence_rows(config: RunConfig, dataset: xarray.Dataset) -> list[Row]:
    """The rows of every part, numbered."""
    protocol: Any = config.protocol
    return [
        replace(row, quantity=f"part {leg + 1}: {row.quantity}")
        for leg, part in enumerate(protocol.parts)
        for row in part_rows(part, dataset, leg)
    ]


def draw_sequence(config: RunConfig, dataset: xarray.Dataset) -> Figure:
    """γ, and |η| where there is one, against time or temperature of each of the first parts."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    protocol: Any = config.protocol
    parts = protocol.parts[:_MOST]
    names = ["gamma", "eta"] if bool(dataset["eta"].values.any()) else ["gamma"]
    with mpl.rc_context(STYLE):
        size = (1.0 + 2.4 * len(parts), 2.9 if len(names) == 1 else 4.6)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(names), len(parts), sharex="col", sharey="row", squeeze=False)
        for leg, part in enumerate(parts):
            x, label, is_logarithmic = abscissa(part, dataset, leg)
            on = dataset["leg"].values == leg
            for axis, name in zip(grid[:, leg], names, strict=True):
                y = np.abs(dataset[name].values[:, on])
                colour = HEATING if name == "gamma" else COOLING
                axis.plot(x, y.T, color=colour, lw=0.3, alpha=0.4, rasterized=True)
                axis.plot(x, y.mean(axis=0), color=colour, lw=1.4)
                if name == "gamma":
                    of_leg = dataset.isel(step=np.flatnonzero(on))
                    draw_sublattices(of_leg, x, np.ones(len(x), dtype=np.bool_), axis, colour, label=leg == 0)
            if is_logarithmic:
                grid[-1, leg].set_xscale("log")
            grid[-1, leg].set(xlabel=label, xlim=(float(x[0]), float(x[-1])) if len(x) > 1 else None)
            grid[0, leg].set_title(f"{leg + 1}. {condition(part)}", loc="left", fontsize=7.5)
        if "gamma_a" in dataset:
            grid[0, 0].legend()
        for axis, name in zip(grid[:, 0], names, strict=True):
            axis.set(ylabel={"gamma": "HS fraction γ", "eta": "|η|"}[name], ylim=(-0.04, 1.04))
        return figure


def _way(config: RunConfig) -> str:
    protocol: Any = config.protocol
    return ", then ".join(way_of(part) for part in protocol.parts)


SEQUENCE = View(
    name="sequence",
    rows=sequence_rows,
    draw=draw_sequence,
    way=_way,
    label="HS fraction in real time, part by part",
    caption="Replicas (thin) and their mean; cooling runs from right to left in time.",
    table="Mean over replicas ± standard error.",
    is_wide=True,
)
