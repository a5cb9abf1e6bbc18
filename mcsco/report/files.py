"""Figures of a run directory, written like every other file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

from mcsco.campaign import FIGURE, RunDirectory
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(directory: RunDirectory, figure: Figure) -> list[Path]:
    """Write a figure as PNG and as SVG (the same bytes for the same figure)."""
    with mpl.rc_context(STYLE):
        return [
            directory.write(f"{FIGURE}.png", lambda path: figure.savefig(path, format="png")),
            directory.write(f"{FIGURE}.svg", lambda path: figure.savefig(path, format="svg", metadata={"Date": None})),
        ]
