"""Figures of crystals of several sizes: crossing cumulants, data collapse, distributions, transition lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from mcsco.observables import Estimate, FiniteSizeScaling
from mcsco.observables.resampling import errors
from mcsco.report.style import MEAN_FIELD, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mcsco.observables.tricritical import Line

_SYMBOL = {"eta": "\\eta", "q": "q"}
_CONTROL = {"temperature": ("T", "K"), "pressure": ("P", "GPa"), "field": ("h", "kJ/mol")}
_DENSITY = {
    "temperature": ("energy (kJ/mol)", "$P(E)$ (mol/kJ)"),
    "pressure": ("HS fraction γ", "$P(γ)$"),
    "field": ("η", "$P(η)$"),
}


def draw_finite_size(
    scaling: FiniteSizeScaling,
    unit: float = 1.0,
    expected: float | None = None,
    expected_binder: float | None = None,
    reach: float = 0.6,
) -> Figure:
    """U4 against the condition, its data collapse, and the distribution of the conjugate density.

    Parameters
    ----------
    scaling : FiniteSizeScaling
    unit : float
        The condition is drawn in multiples of this, K, GPa or kJ/mol; with 1 it is drawn as it is.
    expected, expected_binder : float, optional
        Known critical condition, in `unit`s, and known U4 there: thin lines.
    reach : float
        Part of the path that the collapse uses, see `mcsco.observables.collapse`.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.5), layout="constrained")
        crossing, collapsed, density = figure.subplots(1, 3)
        _draw_cumulants(crossing, scaling, unit, expected, expected_binder)
        _draw_collapse(collapsed, scaling, unit, reach)
        _draw_distributions(density, scaling)
        for letter, axes in zip("abc", (crossing, collapsed, density), strict=True):
            axes.set_title(letter, loc="left", fontweight="bold")
        return figure


def draw_lines(
    lines: Mapping[float, Line],
    unit: float = 1.0,
    expected: float | None = None,
    label: str = "",
    expected_height: float | None = None,
) -> Figure:
    """Heights along a transition line for several sizes, with bands of one standard error.

    Parameters
    ----------
    lines : mapping of size to Line
    unit : float
        Temperatures are drawn in multiples of it, K.
    expected, expected_height : float, optional
        Known temperature, in `unit`s, and height of the tricritical point: thin lines.
    label : str
        Of the heights.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.5, 2.7), layout="constrained")
        axes = figure.subplots()
        for colour, (size, line) in zip(_colours(len(lines)), lines.items(), strict=True):
            x, y, dy = line.temperature / unit, line.height[0], errors(line.height)
            axes.fill_between(x, y - dy, y + dy, color=colour, alpha=0.3, lw=0)
            axes.plot(x, y, color=colour, label=f"{size:g}", lw=1.1)
        _mark(axes, expected, expected_height)
        axes.set(xlabel=_axis_label("temperature", unit), ylabel=label)
        axes.legend(title="size")
        return figure


def _colours(n: int) -> list[tuple[float, ...]]:
    """From light to dark with the size, readable without colour vision."""
    return [tuple(mpl.colormaps["viridis"](x)) for x in np.linspace(0.85, 0.05, n)]


def _axis_label(control: str, unit: float) -> str:
    symbol, name = _CONTROL[control]
    return f"${symbol}$ ({name})" if unit == 1.0 else f"${symbol}$ in units of the coupling"


def _mark(axes: Axes, x: float | None, y: float | None) -> None:
    if x is not None:
        axes.axvline(x, color=MEAN_FIELD, lw=0.6, ls=(0, (4, 2)))
    if y is not None:
        axes.axhline(y, color=MEAN_FIELD, lw=0.6, ls=(0, (4, 2)))


def _size_label(scaling: FiniteSizeScaling, size: float) -> str:
    return f"{'L' if scaling.scale == 'extent' else 'N'} = {size:g}"


def _draw_cumulants(
    axes: Axes, scaling: FiniteSizeScaling, unit: float, expected: float | None, height: float | None
) -> None:
    for colour, size, one in zip(_colours(len(scaling.sizes)), scaling.sizes, scaling.curves, strict=True):
        y = one.quantity("binder", scaling.order)
        x, dy = one.x / unit, errors(y)
        axes.fill_between(x, y[0] - dy, y[0] + dy, color=colour, alpha=0.3, lw=0)
        axes.plot(x, y[0], color=colour, lw=1.1, label=_size_label(scaling, size))
    _mark(axes, expected, height)
    axes.set(xlabel=_axis_label(scaling.curves[0].control, unit), ylabel="$U_4$")
    axes.legend(loc="upper right")


def _draw_collapse(axes: Axes, scaling: FiniteSizeScaling, unit: float, reach: float) -> None:
    best = scaling.collapse("order", reach=reach)
    for colour, (size, x, y, dy) in zip(_colours(len(best.points)), best.points, strict=True):
        axes.errorbar(x / unit, y, dy, fmt="o", ms=2, lw=0.6, color=colour, label=_size_label(scaling, size))
    length, divisor = ("L", "") if scaling.scale == "extent" else ("N", "d")
    symbol, m = _CONTROL[scaling.curves[0].control][0], _SYMBOL[scaling.order]
    axes.set(
        xlabel=f"$({symbol} - {symbol}_c)\\,{length}^{{1/{divisor}\\nu}}$",
        ylabel=f"$\\langle|{m}|\\rangle\\,{length}^{{\\beta/{divisor}\\nu}}$",
    )
    beta = best.kappa.scaled(-1.0)
    text = f"${divisor}\\nu$ = {_plain(best.nu)}\n$\\beta/{divisor}\\nu$ = {_plain(beta)}"
    axes.text(0.06, 0.06, text, transform=axes.transAxes, fontsize=7)


def _plain(x: Estimate) -> str:
    return str(x).split(" (")[0]


def _draw_distributions(axes: Axes, scaling: FiniteSizeScaling) -> None:
    for colour, size, found in zip(_colours(len(scaling.sizes)), scaling.sizes, scaling.bimodalities, strict=True):
        x, P, _ = found.distribution
        shown = P[0] > 0
        axes.semilogy(x[shown], P[0][shown], color=colour, lw=1.1, label=_size_label(scaling, size))
    x_label, y_label = _DENSITY[scaling.curves[0].control]
    axes.set(xlabel=x_label, ylabel=y_label)
