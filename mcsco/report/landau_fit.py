"""The figure of a Landau fit: slices of the measured surface with the fitted curves, and where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.landau import Fit
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]

N_SLICES = 4
N_MAPS = 3
N_FINE = 201
LEAST_SCALE = 3.0
"""Standard errors that the colours of the residuals span at least."""


def draw_landau_fit(fit: Fit, title: str = "") -> Figure:
    """Draw a fit.

    Above: G against q at several η, and against η at several q, at the middle temperature, with errors, and the fit as
    lines; then the valley, the lowest G at each q, at the lowest, the middle and the highest temperature, hollow where
    it was not fitted, with that of the fitted potential. Below: measured − fitted G in standard errors (in J/mol if the
    surface has none) over the window at the same temperatures, the measured valley dotted.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 5.0), layout="constrained")
        parts: Any = figure.subfigures(2, 1, height_ratios=(1.2, 1.0), hspace=0.03)
        above, below = parts
        along_q, along_eta, valley = above.subplots(1, 3)
        times = np.flatnonzero(fit.used.any(axis=(1, 2)))
        middle = int(times[len(times) // 2])
        shown = list(dict.fromkeys([int(times[0]), middle, int(times[-1])]))
        _draw_slices(along_q, fit, middle, "q")
        _draw_slices(along_eta, fit, middle, "eta")
        _draw_valley(valley, fit, shown)
        for axes, letter in ((along_q, "a"), (along_eta, "b")):
            axes.set_title(f"{letter}  {fit.surface.temperature[middle]:g} K", loc="left")
        along_q.set_ylabel("G (kJ/mol)")
        _draw_residuals(below, fit, shown)
        if title:
            figure.suptitle(title, fontsize=8)
        return figure


def _draw_slices(axes: Axes, fit: Fit, t: int, axis: str) -> None:
    """One panel of slices along `axis`, "q" or "eta", at temperature index `t`."""
    s, along_q = fit.surface, axis == "q"
    used, G = fit.used[t], s.free_energy[t]
    error = np.zeros_like(G) if s.error is None else s.error[t]
    if along_q:
        used, G, error = used.T, G.T, error.T
    x, other = (s.q, s.eta) if along_q else (s.eta, s.q)
    lowest = float(np.min(np.where(fit.used[t], s.free_energy[t], np.inf)))
    colours = _colours(N_SLICES)
    for row, colour in zip(_rows(used), colours, strict=False):
        inside = used[row]
        symbol = "η" if along_q else "q"
        label = f"{symbol} = {other[row]:.2f}".replace("-", "−")
        axes.errorbar(
            x[inside], G[row, inside] - lowest, error[row, inside], fmt="o", ms=2.2, mew=0, color=colour,
            elinewidth=0.7, label=label,
        )  # fmt: skip
        fine = np.linspace(x[inside][0], x[inside][-1], N_FINE)
        at = (fine, other[row]) if along_q else (other[row], fine)
        axes.plot(fine, fit.curve(s.temperature[t], *at) - lowest, color=colour, lw=1.0)
    axes.set_xlabel("q" if along_q else "η")
    axes.legend(ncols=2, handletextpad=0.1, columnspacing=0.6)
    top = float(np.max(np.where(fit.used[t], s.free_energy[t], -np.inf))) - lowest
    axes.set_ylim(-0.06 * top, 1.3 * top)


def _rows(used: npt.NDArray[np.bool_]) -> list[int]:
    """Slices that have points, evenly spread over those with at least four."""
    full = np.flatnonzero(used.sum(axis=1) >= 4)
    if full.size == 0:
        return []
    chosen = np.linspace(0, full.size - 1, min(N_SLICES, full.size)).round().astype(int)
    return [int(row) for row in full[chosen]]


def _draw_valley(axes: Axes, fit: Fit, shown: list[int]) -> None:
    """Lowest G over η of surface and potential; filled where it lies in the window, hollow where it was not fitted."""
    s, q, height, has_valley = fit.surface, np.linspace(-1.0, 1.0, N_FINE), 0.0, False
    for t, colour in zip(shown, _colours(len(shown)), strict=True):
        T, measured = float(s.temperature[t]), np.where(np.isfinite(s.free_energy[t]), s.free_energy[t], np.inf)
        G, fitted = measured.min(axis=1), fit.used[t][np.arange(s.q.size), measured.argmin(axis=1)]
        lowest = float(G.min())
        height = max(height, float(np.median(G[np.isfinite(G)])) - lowest)
        style = {"ls": "none", "marker": "o", "ms": 2.4, "mew": 0.5, "color": colour}
        axes.plot(s.q, np.where(fitted, G, np.nan) - lowest, label=f"{T:g} K", **style)
        axes.plot(s.q, np.where(fitted, np.nan, G) - lowest, mfc="none", **style)
        try:
            eta = np.asarray(fit.potential.eta(q, T))
        except InputError:  # no lower bound in η or q: there is no valley
            continue
        axes.plot(q, fit.curve(T, q, eta) - lowest, color=colour, lw=1.0)
        has_valley = True
    axes.set(xlabel="q", xlim=(-1.04, 1.04), ylim=(-1.0 * height, 2.0 * height))
    axes.set_title("c  lowest G over η", loc="left")
    axes.legend(loc="lower right", handletextpad=0.1)
    if not has_valley:
        axes.text(0.05, 0.05, "fit without\nlower bound", transform=axes.transAxes)


def _draw_residuals(figure: Any, fit: Fit, shown: list[int]) -> None:
    has_errors = fit.describes is not None
    r = fit.standardised_residuals() if has_errors else 1000.0 * fit.residuals()
    largest = float(np.nanquantile(np.abs(r[shown]), 0.98))
    scale = max(LEAST_SCALE, largest) if has_errors else largest
    s = fit.surface
    panels = figure.subplots(1, len(shown), sharex=True, sharey=True, squeeze=False)[0]
    i, j = np.flatnonzero(fit.used.any(axis=(0, 2))), np.flatnonzero(fit.used.any(axis=(0, 1)))
    mesh = None
    for axes, t, letter in zip(panels, shown, "def", strict=False):
        mesh = axes.pcolormesh(
            s.q, s.eta, r[t].T, cmap="RdBu_r", vmin=-scale, vmax=scale, shading="nearest", rasterized=True
        )
        measured = np.where(fit.used[t], s.free_energy[t], np.inf)
        valley = np.isfinite(measured).any(axis=1)
        axes.plot(s.q[valley], s.eta[measured.argmin(axis=1)][valley], color="#222222", lw=0.8, ls=(0, (1, 1.5)))
        axes.set_title(f"{letter}  {s.temperature[t]:g} K", loc="left")
        axes.set(xlabel="q", facecolor="#EEEEEE")
        axes.set(xlim=_limits(s.q, i), ylim=_limits(s.eta, j))
    panels[0].set_ylabel("η")
    label = "measured − fitted\n(standard errors)" if has_errors else "measured − fitted\n(J/mol)"
    figure.colorbar(mesh, ax=list(panels), label=label, pad=0.01, fraction=0.04, extend="both")


def _limits(values: Array, index: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Range of the used part of an axis with half a bin on either side."""
    half = float(np.min(np.diff(values))) / 2 if values.size > 1 else 0.5
    return float(values[index[0]]) - half, float(values[index[-1]]) + half


def _colours(n: int) -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["viridis"](x) for x in np.linspace(0.0, 0.85, n)]
