"""Figures of a run directory, written like every other file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

from mcsco.campaign import RunConfig, RunDirectory
from mcsco.observables import Measured
from mcsco.report.quench import draw_quench
from mcsco.report.style import STYLE
from mcsco.report.thermal_loop import draw_thermal_loop
from mcsco.report.views import VIEWS

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure


def save_run_figure(
    directory: RunDirectory, config: RunConfig, dataset: xarray.Dataset, measured: Measured | None
) -> list[Path]:
    """Draw a run in the way of its protocol and write the figure."""
    if config.protocol.kind in VIEWS:
        view = VIEWS[config.protocol.kind]
        return save_figure(directory, view.draw(config, dataset), view.name)
    if config.protocol.kind == "quench":
        return save_figure(directory, draw_quench(config, dataset), "quench")
    return save_figure(directory, draw_thermal_loop(config, dataset, measured))


def save_figure(directory: RunDirectory, figure: Figure, name: str = "thermal_loop") -> list[Path]:
    """Write a figure as PNG and as SVG (the same bytes for the same figure)."""
    with mpl.rc_context(STYLE):
        return [
            directory.write(f"{name}.png", lambda path: figure.savefig(path, format="png")),
            directory.write(f"{name}.svg", lambda path: figure.savefig(path, format="svg", metadata={"Date": None})),
        ]
