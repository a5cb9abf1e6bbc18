"""The figure of a configuration: spins, domains, strain and stress, and the structure factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign import replaced
from mcsco.errors import InputError
from mcsco.model import Elasticity
from mcsco.model.energy import check_state
from mcsco.observables import strain_maps, structure_factors
from mcsco.report.snapshots import Cut, check_path, make_cut, spacing_of
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mcsco.model import Model

Array = npt.NDArray[Any]

HS, LS, PLUS, MINUS = "#E69F00", "#E4E4E4", "#D55E00", "#0072B2"
"""Colours of spins and domains, distinct for the colour-blind and in grey."""

WIDTHS = {"single": 86.0, "double": 180.0}
"""Width of one and of two columns of a journal, mm."""

FORMATS = ("svg", "png", "pdf")

_MM = 1 / 25.4
# Millimetres around an image: ticks, colour bar with its numbers, title, ticks with a label; and the heading.
_LEFT, _RIGHT, _ABOVE, _BELOW, _HEADING = 7.2, 11.0, 4.5, 7.0, 4.5
_BAR, _GAP = 1.7, 1.0
_DECADES = 5.0
_STRAIN_FLOOR, _STRESS_FLOOR = 1e-3, 1.0  # %, MPa: below it is rounding, and shown as nothing


@dataclass(frozen=True)
class Panel:
    """An image and its scale."""

    title: str
    image: Array
    """Rows upwards, shape (rows, columns)."""
    colours: Any
    """Name of a colour map, or a list of colours for the values 0, 1, …"""
    limits: tuple[float, float]
    names: tuple[str, ...] = ()
    """Of the values 0, 1, … where the colours are a list."""
    extents: tuple[int, ...] | None = None
    """Of the lattice plane, where the image is one of reciprocal space."""


def draw_maps(
    model: Model,
    state: Any,
    *,
    pressure: float = 0.0,
    width: str = "double",
    cut: str | None = None,
    title: str | None = None,
    term: int | None = None,
) -> Figure:
    """Draw a configuration as a journal would print it.

    Always the spins and a structure factor; with a distortion its domains, HS with u = ±1 and LS told apart; with
    `Elasticity` the largest component of the distortion strain (e_xy in a plane), the change of volume and the stress
    of the same component, or the mean stress where nothing distorts. Colours of strains and stresses span the 99.5 %
    of the sites that are nearest to zero; a field of one sign throughout has a scale of its own.

    Parameters
    ----------
    model : Model
    state : State
        Anything with `spin` (±1) and `distortion`, each of the lattice's shape.
    pressure : float
        P in GPa, as given to the run; it acts on strain and stress.
    width : str
        ``"single"`` (86 mm) or ``"double"`` (180 mm).
    cut : str, optional
        The plane of a 3-D lattice that is shown, such as ``"z = 8"``; by default the middle one in which the
        distortion shears. The structure factor is shown in the parallel plane through k = 0.
    title : str, optional
        Above the panels.
    term : int, optional
        Which `Elasticity`, where the model has more than one.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If a value breaks its rule, or the state is not one of the model.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if width not in WIDTHS:
        raise InputError(f"width = {width!r}: must be {' or '.join(map(repr, WIDTHS))}")
    check_state(model, state)
    component = _component(model, term)
    plane = make_cut(model.lattice.shape, cut, _across(component))
    panels = _panels(model, state, pressure, plane, component, term)
    columns = 2 if width == "single" or len(panels) == 2 else 3 if len(panels) == 6 else 4
    heading = ", ".join(part for part in (title or "", f"plane {plane.name}" if plane.name else "") if part)
    with mpl.rc_context(STYLE):
        figure = Figure()
        across = WIDTHS[width] if len(panels) > 2 else min(WIDTHS[width], 90.0)
        grid = _add_axes(figure, panels, columns, across, bool(heading))
        for axes, panel, letter in zip(grid, panels, "abcdef", strict=False):
            _draw(axes, panel, letter, plane)
        _draw_scale(grid[0], panels[0].image.shape, plane, spacing_of(model))
        if heading:
            figure.text(_LEFT / across, 1 - 1 * _MM / figure.get_figheight(), heading, va="top", fontsize=8)
        return figure


def save_maps(figure: Figure, path: str | Path) -> Path:
    """Write a figure as SVG, PNG (300 dpi) or PDF, by the ending of `path`; the same bytes for the same figure.

    Raises
    ------
    InputError
        If the ending is another one, or there is no such directory.
    """
    import matplotlib as mpl

    target = check_path(path, FORMATS)
    kind = target.suffix[1:].lower()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[kind]
    with mpl.rc_context({**STYLE, "pdf.fonttype": 42}), replaced(target) as temporary:
        figure.savefig(temporary, format=kind, metadata=metadata)
    return target


def domain_codes(state: Any) -> npt.NDArray[np.int64]:
    """0 in LS, 1 in HS with u > 0, 2 in HS with u < 0, 3 in HS with u = 0; shape of the lattice."""
    spin, u = np.asarray(state.spin), np.asarray(state.distortion)
    return np.where(spin < 0, 0, np.select([u > 0, u < 0], [1, 2], 3))


def _add_axes(figure: Figure, panels: list[Panel], columns: int, across: float, has_heading: bool) -> list[Axes]:
    """Axes row by row in cells of equal size, and a figure as large as they need; `across` in mm."""
    rows = -(-len(panels) // columns)
    high, wide = panels[0].image.shape
    side = across / columns - _LEFT - _RIGHT
    tall = side * min(max(high / wide, 0.4), 2.0)
    cell = tall + _ABOVE + _BELOW
    has_ticks = rows == 1 or any(panel.extents for panel in panels[(rows - 1) * columns :])
    bottom = _BELOW if has_ticks else 1.5
    height = rows * cell - _BELOW + bottom + _HEADING * has_heading
    figure.set_size_inches(across * _MM, height * _MM)
    added = []
    for i in range(len(panels)):
        x, y = i % columns * across / columns + _LEFT, (rows - 1 - i // columns) * cell + bottom
        added.append(figure.add_axes((x / across, y / height, side / across, tall / height)))
    return added


def _component(model: Model, term: int | None) -> tuple[int, int] | None:
    """The largest component of the distortion strain, a shear before an equal one; None if nothing distorts."""
    elastic = [part for part in model.interactions if isinstance(part, Elasticity)]
    if not elastic or model.distortion is None:
        return None
    size = np.abs(elastic[min(term or 0, len(elastic) - 1)].strain(model.lattice.n_dimensions, "distortion"))
    if not size.any():
        return None
    size = size + 1e-12 * size.max() * (1 - np.eye(len(size)))
    i, j = sorted(int(x) for x in np.unravel_index(np.argmax(size), size.shape))
    return i, j


def _across(component: tuple[int, int] | None) -> str:
    """The axis normal to the plane in which a strain component shears."""
    if component is None or component[0] == component[1]:
        return "z"
    return "xyz"[3 - sum(component)]


def _panels(
    model: Model, state: Any, pressure: float, plane: Cut, component: tuple[int, int] | None, term: int | None
) -> list[Panel]:
    distorts = model.distortion is not None
    is_elastic = any(isinstance(part, Elasticity) for part in model.interactions)
    maps = strain_maps(model, state, pressure, term) if is_elastic else None
    spins = (plane.of(np.asarray(state.spin)) > 0).astype(np.int64)
    panels = [Panel("spin", spins, [LS, HS], (-0.5, 1.5), ("LS", "HS"))]
    S = structure_factors(state)
    if distorts:
        order = np.array([1, 2, 0, 1])[plane.of(domain_codes(state))]  # −, LS, + from below
        panels.append(Panel("domains", order, [MINUS, LS, PLUS], (-0.5, 2.5), ("−η", "LS", "+η")))
        panels.append(_structure("uu", S.S_uu, plane))
    if maps is None or not distorts:
        panels.append(_structure("nn", S.S_nn, plane))
    if maps is None:
        return panels
    if component is not None:
        panels.append(
            _diverging(
                f"strain $\\varepsilon_{{{_name(component)}}}$", plane.of(maps.strain)[..., *component], "strain"
            )
        )
    volume = _diverging("volume strain tr $\\varepsilon$", plane.of(maps.volume_strain), "strain", "PuOr_r")
    if component is None:
        stress = _diverging("mean stress", plane.of(maps.mean_stress), "stress", "BrBG_r")
    else:
        title = f"stress $\\sigma_{{{_name(component)}}}$"
        stress = _diverging(title, plane.of(maps.stress)[..., *component], "stress", "BrBG_r")
    if distorts and component is None:  # volume alone strains: the other structure factor completes the rows
        panels.append(_structure("nn", S.S_nn, plane))
    return [*panels, volume, stress]


def _name(component: tuple[int, int]) -> str:
    return "".join("xyz"[i] for i in component)


def _structure(of: str, S: Array, plane: Cut) -> Panel:
    through_zero = S if plane.axis is None else np.take(S, 0, axis=plane.axis)
    shifted = np.fft.fftshift(through_zero)
    # k = −π and π are one wave: shown on both edges of the zone.
    shifted = np.pad(shifted, [(0, 1 - extent % 2) for extent in shifted.shape], mode="wrap")
    with np.errstate(divide="ignore"):
        image = np.log10(shifted)
    finite = image[np.isfinite(image)]
    top = float(finite.max()) if finite.size else 0.0
    low = max(float(np.quantile(finite, 0.01)), top - _DECADES) if finite.size else top
    limits = (min(low, top - 1.0), top)
    return Panel(
        f"$\\log_{{10}}\\,S_{{{of}}}(k)$", np.maximum(image, limits[0]), "cividis", limits, extents=through_zero.shape
    )


def _diverging(title: str, field: Array, kind: str, colours: str = "RdBu_r") -> Panel:
    scale, unit, floor = {"strain": (100.0, "%", _STRAIN_FLOOR), "stress": (1000.0, "MPa", _STRESS_FLOOR)}[kind]
    image = scale * field
    low, high = (float(x) for x in np.quantile(image, (0.005, 0.995)))
    if low * high > 0 and min(abs(low), abs(high)) > 0.1 * max(abs(low), abs(high)):  # all of one sign
        return Panel(f"{title} ({unit})", image, "viridis", (low, high if high > low else low + floor))
    reach = max(float(np.quantile(np.abs(image), 0.995)), floor)
    return Panel(f"{title} ({unit})", image, colours, (-reach, reach))


def _draw(axes: Axes, panel: Panel, letter: str, plane: Cut) -> None:
    from matplotlib.colors import ListedColormap

    colours = panel.colours if isinstance(panel.colours, str) else ListedColormap(panel.colours)
    options: dict[str, Any] = {} if panel.extents is None else {"extent": _zone(panel.extents)}
    low, high = panel.limits
    image = axes.imshow(
        panel.image, origin="lower", cmap=colours, vmin=low, vmax=high, interpolation="nearest", **options
    )
    axes.set_title(f"$\\mathbf{{{letter}}}$  {panel.title}", loc="left", fontsize=7.5, pad=3)
    axes.minorticks_off()
    axes.set_anchor("NW")
    if panel.extents is not None:
        axes.set(xlim=(-1, 1), ylim=(-1, 1), xticks=(-1, 0, 1), yticks=(-1, 0, 1), aspect="equal")
        axes.set_xlabel(f"$k_{plane.columns}\\,a/\\pi$", labelpad=1)
        axes.set_ylabel(f"$k_{plane.rows}\\,a/\\pi$", labelpad=-3)
        axes.tick_params(color="white", labelsize=7)
    else:
        axes.set(xticks=[], yticks=[])
    _draw_bar(axes, image, panel)


def _draw_bar(axes: Axes, image: Any, panel: Panel) -> None:
    low, high = panel.limits
    under, over = panel.image.min() < low, panel.image.max() > high
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(
        (bool(under), bool(over)), "neither"
    )
    figure = axes.get_figure(root=True)
    assert figure is not None
    side = axes.get_position().width * figure.get_figwidth() / _MM
    place = axes.inset_axes((1 + _GAP / side, 0.0, _BAR / side, 1.0))
    bar = figure.colorbar(image, cax=place, extend=extend, extendfrac=0.03)
    place.minorticks_off()
    bar.outline.set_linewidth(0.5)
    place.tick_params(labelsize=7, width=0.5, length=2)
    if panel.names:
        bar.set_ticks(range(len(panel.names)), labels=list(panel.names))
        place.tick_params(length=0)


def _zone(extents: tuple[int, ...]) -> tuple[float, float, float, float]:
    """Edges of the padded image of a spectrum in units of π per site: left, right, bottom, top."""
    y, x = ((2 * (extent // 2) + 1) / extent for extent in extents)
    return -x, x, -y, y


def _draw_scale(axes: Axes, shape: tuple[int, ...], plane: Cut, spacing: float | None) -> None:
    """A bar of a round length, below the map, and the names of the axes."""
    per_site, unit = (spacing / 10, "nm") if spacing is not None else (1.0, "sites")
    longest = 0.4 * shape[1] * per_site
    power = 10.0 ** np.floor(np.log10(longest))
    length = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest)
    sites = length / per_site
    below = axes.get_xaxis_transform()
    place = -0.06 * shape[1] / shape[0] if shape[1] > shape[0] else -0.06
    axes.plot([-0.5, -0.5 + sites], [place, place], transform=below, color="k", lw=1.6, clip_on=False,
              solid_capstyle="butt")  # fmt: skip
    axes.text(-0.5 + sites + 0.02 * shape[1], place, f"{length:g} {unit}", transform=below, fontsize=7, va="center")
    axes.set_xlabel(f"{plane.columns} →", loc="right", fontsize=7, labelpad=2)
    axes.set_ylabel(f"{plane.rows} →", loc="top", fontsize=7, labelpad=2)
