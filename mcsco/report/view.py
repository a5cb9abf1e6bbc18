"""What the report needs to know of one kind of protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mcsco.campaign import RunConfig
from mcsco.report.row import Row

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure


class View(NamedTuple):
    """Table, figure and words of the runs of one protocol."""

    name: str
    """Of the figure's files."""
    rows: Callable[[RunConfig, xarray.Dataset], list[Row]]
    """The table: simulation beside the theories."""
    draw: Callable[[RunConfig, xarray.Dataset], Figure]
    way: Callable[[RunConfig], str]
    """What was done to the crystals, after "… molecules were"."""
    label: str
    """What the figure shows, in a line."""
    caption: str
    table: str
    """What the numbers of the table are."""
    is_wide: bool = False
