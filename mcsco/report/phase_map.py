"""Maps of phases over temperature and one parameter: a theory as areas, a second one or simulations as symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mcsco.errors import InputError
from mcsco.observables import Sequences
from mcsco.observables import sequence as observed
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PHASES = {"LShs": "#9ECAE1", "LSls": "#CBB8DD", "HSls": "#F6B48F", "HShs": "#FBE3A6"}
"""Colours of the four phases."""
MARKERS = {0: "|", 1: "o", 2: "D"}
LABELS = {0: "q = 0, gradual", 1: "jump", 2: "continuous onset of η"}


def draw_phase_map(
    theory: Mapping[float, observed.Sequence],
    measured: Mapping[float, observed.Sequence | Sequences] | None = None,
    *,
    temperature: tuple[float, float],
    parameter: str,
    title: str = "",
) -> Figure:
    """Draw the phases along one sense of temperature against a parameter.

    Parameters
    ----------
    theory : mapping of float to Sequence
        By value of the parameter; drawn as areas, with lines where something jumps.
    measured : mapping of float to Sequence or Sequences, optional
        Drawn as symbols on top, with errors for `Sequences`: circles for jumps, diamonds for a continuous onset of η.
    temperature : tuple of float
        Range of the map, K.
    parameter : str
        Label of the axis.
    title : str

    Raises
    ------
    InputError
        If there are fewer than two values of the parameter.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if len(theory) < 2:
        raise InputError(f"theory with {len(theory)} values of the parameter: a map needs at least 2")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 3.4), layout="constrained")
        axes = figure.subplots()
        values = sorted(theory)
        edges = [values[0], *((a + b) / 2 for a, b in pairwise(values)), values[-1]]
        seen: list[str] = []
        for value, left, right in zip(values, edges[:-1], edges[1:], strict=True):
            for name, low, high in _stretches(theory[value], temperature):
                axes.fill_between([left, right], low, high, color=PHASES[name], lw=0)
                seen += [name] if high - low > 0.01 * (temperature[1] - temperature[0]) else []
            for change in theory[value].changes:
                style = {1: "-", 2: (0, (3, 1.5)), 0: (0, (1, 1.5))}[change.order]
                axes.plot([left, right], [change.temperature] * 2, color="#222222", lw=1.0, ls=style)
        orders = _draw_symbols(axes, measured or {})
        handles: list[Patch | Line2D] = [Patch(color=PHASES[n], label=n) for n in PHASES if n in seen]
        handles += [
            Line2D([], [], ls="none", marker=MARKERS[o], mfc="white", color="#222222", ms=4, label=LABELS[o])
            for o in sorted(orders)
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=4, handlelength=1.2, columnspacing=1.0)
        axes.set(xlabel=parameter, ylabel="temperature (K)", ylim=temperature, xlim=(values[0], values[-1]))
        if title:
            axes.set_title(title, loc="left")
        return figure


def _stretches(found: observed.Sequence, temperature: tuple[float, float]) -> list[tuple[str, float, float]]:
    """(phase, lowest T, highest T) along the axis; nothing if the sequence has no change."""
    changes = sorted(found.changes, key=lambda c: c.temperature)
    if not changes:
        return []
    falling = found.changes[0].temperature > found.changes[-1].temperature or _cools(found)
    names = [changes[0].after if falling else changes[0].before]
    names += [c.before if falling else c.after for c in changes]
    bounds = [temperature[0], *(c.temperature for c in changes), temperature[1]]
    return list(zip(names, bounds[:-1], bounds[1:], strict=True))


def _cools(found: observed.Sequence) -> bool:
    """Whether a sequence was met on cooling: it then begins in HS and ends in LS."""
    first, last = found.changes[0].before, found.changes[-1].after
    return first.startswith("HS") and last.startswith("LS")


def _draw_symbols(axes: object, measured: Mapping[float, observed.Sequence | Sequences]) -> set[int]:
    """Symbols of every change; returns the orders that occur."""
    orders: set[int] = set()
    for value, found in measured.items():
        for T, error, order in _points(found):
            orders.add(order)
            axes.errorbar(  # type: ignore[attr-defined]
                [value], [T], [error], fmt=MARKERS[order], ms=4, mfc="white", mew=0.8, color="#222222", elinewidth=0.8,
                capsize=1.5, zorder=5,
            )  # fmt: skip
    return orders


def _points(found: observed.Sequence | Sequences) -> Sequence[tuple[float, float, int]]:
    if isinstance(found, Sequences):
        return [
            (e.value, float(np.nan_to_num(e.error)), order)
            for e, order in zip(found.temperatures, found.orders, strict=True)
        ]
    return [(c.temperature, 0.0, c.order) for c in found.changes]
