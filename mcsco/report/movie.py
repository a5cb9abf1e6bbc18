"""Movies of a run: the domains at every snapshot, and beside them how far γ and η have come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.campaign import replaced
from mcsco.errors import InputError, check_real
from mcsco.report.maps import HS, LS, MINUS, PLUS, domain_codes
from mcsco.report.snapshots import Cut, Snapshot, check_path, make_cut, model_of, snapshots
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure
    from PIL.Image import Image

Pixels = npt.NDArray[np.uint8]

FORMATS = ("gif", "webp", "mp4")

_DPI = 100
_SIDE = 440  # pixels that the longer side of the crystal has at least, where whole pixels per molecule allow it
_CURVE, _LEFT, _BELOW, _ABOVE, _GAP, _RIGHT = 300, 16, 52, 40, 76, 18  # pixels: curve's width, and around the panels
_GREYS, _TINTS = 48, 16
_DOMAINS = (LS, PLUS, MINUS, HS)  # in the order of `domain_codes`
_GAMMA, _ETA = "#222222", "#CC79A7"


class _Stage(NamedTuple):
    """What stands still in a movie, and what moves."""

    figure: Figure
    text: Any
    lines: list[tuple[Any, npt.NDArray[np.float64]]]
    """Lines and their whole curves."""
    markers: list[Any]
    x: npt.NDArray[np.float64]
    sweep: npt.NDArray[np.int64]
    seconds: dict[int, float]
    """Times of the intervals of a protocol in seconds; empty for others."""
    place: tuple[int, int]
    """Upper left pixel of the crystal, (row, column)."""
    zoom: int


def write_movie(
    dataset: xarray.Dataset,
    path: str | Path,
    replica: int = 0,
    *,
    fps: float = 12.0,
    cut: str | None = None,
) -> Path:
    """Write a movie of one replica, one frame for each snapshot.

    A frame has the crystal with a whole number of pixels to a molecule, its temperature and time, and γ and |η| up to
    that time: against temperature where it changes, else against MCS, logarithmic over more than two decades. GIF and
    lossless WebP are written by Pillow from one palette; for MP4 the program ffmpeg has to be there.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `mcsco.simulate` returns, with snapshots; otherwise the movie is one frame of the final state.
    path : path
        Ends in ``.gif``, ``.webp`` or ``.mp4``.
    replica : int
        From 0.
    fps : float
        Frames per second; GIF counts in hundredths of a second.
    cut : str, optional
        The plane of a 3-D lattice that is shown, such as ``"z = 8"``; by default the middle one.

    Returns
    -------
    Path
        Of the movie, written in one piece.

    Raises
    ------
    InputError
        If a value breaks its rule, or ffmpeg is needed and not found.
    """
    target = check_path(path, FORMATS)
    rate = check_real("fps", fps, above=0.0, unit="frames per second")
    kind = target.suffix[1:].lower()
    if kind == "mp4":
        _check_ffmpeg()
    frames = snapshots(dataset, replica)
    plane = make_cut(model_of(dataset).lattice.shape, cut)
    stage = _set_stage(dataset, replica, frames, plane)
    images = _play(stage, frames, plane)
    with replaced(target) as temporary:
        if kind == "mp4":
            _write_mp4(images, temporary, rate)
        else:
            _write_animation(images, temporary, kind, rate)
    return target


def _check_ffmpeg() -> None:
    from matplotlib.animation import FFMpegWriter

    if not FFMpegWriter.isAvailable():
        raise InputError(
            "path ends in .mp4: needs the program ffmpeg, which was not found; write .webp or .gif instead"
        )


def _set_stage(dataset: xarray.Dataset, replica: int, frames: list[Snapshot], plane: Cut) -> _Stage:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    high, wide = plane.of(frames[0].state.spin).shape
    zoom = max(1, round(_SIDE / max(high, wide)))
    crystal_high, crystal_wide = zoom * high, zoom * wide
    box = max(crystal_high, 260)
    width = _even(_LEFT + crystal_wide + _GAP + _CURVE + _RIGHT)
    height = _even(_ABOVE + box + _BELOW)
    sweep = dataset["sweep"].values
    label, x, is_log = _abscissa(dataset)
    with mpl.rc_context({**STYLE, "font.size": 10.5, "axes.labelsize": 10.5}):
        figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
        left = _LEFT + crystal_wide + _GAP
        axes = figure.add_axes((left / width, _BELOW / height, _CURVE / width, box / height))
        axes.set(xlabel=label, ylim=(-0.04, 1.04), xlim=_span(x, is_log), xscale="log" if is_log else "linear")
        lines, markers = [], []
        curves = [("gamma", "γ", _GAMMA), ("eta", "|η|", _ETA)]
        for name, symbol, colour in curves[: 1 + bool(dataset["eta"].values.any())]:
            y = np.abs(dataset[name].values[replica])
            axes.plot(x, y, color=colour, lw=0.8, alpha=0.25)
            (line,) = axes.plot([], [], color=colour, lw=1.6, label=symbol)
            (marker,) = axes.plot([], [], "o", color=colour, ms=5)
            lines.append((line, y))
            markers.append(marker)
        figure.legend(
            loc="upper right", ncols=2, bbox_to_anchor=((left + _CURVE) / width, 1.0), fontsize=10.5, borderpad=0.6
        )
        text = figure.text(_LEFT / width, 1 - _ABOVE / 2 / height, "", va="center", fontsize=11)
        _add_key(figure, dataset, width, height)
    return _Stage(figure, text, lines, markers, x, sweep, _seconds(dataset), (_ABOVE + box - crystal_high, _LEFT), zoom)


def _even(pixels: int) -> int:
    """Video codecs want even sizes."""
    return pixels + pixels % 2


def _abscissa(dataset: xarray.Dataset) -> tuple[str, npt.NDArray[np.float64], bool]:
    """Label and values of the curves' x axis, and whether it is logarithmic."""
    T, sweep = dataset["temperature"].values, dataset["sweep"].values
    if np.ptp(T) > 0:
        return "temperature (K)", T, False
    if "time" in dataset.coords:
        time = dataset["time"].values
        return "time (s)", time, bool(time[-1] > 1000 * time[0] and np.ptp(np.diff(time)) > 1e-6 * time[-1])
    return "time (MCS)", sweep, bool(sweep[-1] > 100 * max(sweep[0], 1))


def _seconds(dataset: xarray.Dataset) -> dict[int, float]:
    times: dict[int, float] = {}
    for prefix in ("", "snapshot_"):
        if f"{prefix}time" in dataset.coords:
            pairs = zip(
                dataset[f"{prefix}sweep"].values.tolist(), dataset[f"{prefix}time"].values.tolist(), strict=True
            )
            times.update(pairs)
    return times


def _span(x: npt.NDArray[np.float64], is_log: bool) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    if is_log:
        return low / 1.2, high * 1.2
    margin = 0.03 * (high - low) or 1.0
    return low - margin, high + margin


def _add_key(figure: Figure, dataset: xarray.Dataset, width: int, height: int) -> None:
    """What the colours mean, below the crystal."""
    names = [("LS", LS), ("+η", PLUS), ("−η", MINUS)] if dataset["eta"].values.any() else [("LS", LS), ("HS", HS)]
    from matplotlib.patches import Rectangle

    for i, (name, colour) in enumerate(names):
        x, y = _LEFT + 62 * i, _BELOW / 2 - 12
        patch = Rectangle((x / width, y / height), 14 / width, 14 / height, fc=colour, ec="k", lw=0.5)
        figure.add_artist(patch)
        figure.text((x + 20) / width, (y + 7) / height, name, va="center", fontsize=10.5)


def _play(stage: _Stage, frames: list[Snapshot], plane: Cut) -> Iterator[Image]:
    """Frames with one palette."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(stage.figure)
    palette = _palette()
    nearest = _nearest(palette)
    row, column = stage.place
    moving = [stage.text, *(line for line, _ in stage.lines), *stage.markers]
    for artist in moving:
        artist.set_animated(True)
    with mpl.rc_context(STYLE):
        canvas.draw()
        empty = canvas.copy_from_bbox(stage.figure.bbox)
        for frame in frames:
            canvas.restore_region(empty)
            _move(stage, frame, plane)
            for artist in moving:
                stage.figure.draw_artist(artist)
            red, green, blue = np.moveaxis(np.asarray(canvas.buffer_rgba())[..., :3] >> 2, -1, 0).astype(np.int32)
            indices = nearest[red << 12 | green << 6 | blue]
            crystal = plane.of(domain_codes(frame.state))[::-1]  # rows run upwards, and codes are indices
            crystal = crystal.repeat(stage.zoom, axis=0).repeat(stage.zoom, axis=1)
            indices[row : row + len(crystal), column : column + crystal.shape[1]] = crystal
            image = Image.fromarray(indices)
            image.putpalette(palette.ravel().tolist())
            yield image


def _move(stage: _Stage, frame: Snapshot, plane: Cut) -> None:
    cut = f", plane {plane.name}" if plane.name else ""
    when = f"{stage.seconds[frame.sweep]:.4g} s" if stage.seconds else f"{frame.sweep} MCS"
    stage.text.set_text(f"T = {frame.temperature:.1f} K, {when}{cut}")
    until = int(np.searchsorted(stage.sweep, frame.sweep, side="right"))
    for (line, y), marker in zip(stage.lines, stage.markers, strict=True):
        line.set_data(stage.x[:until], y[:until])
        marker.set_data(stage.x[max(until - 1, 0) : until], y[max(until - 1, 0) : until])


def _palette() -> Pixels:
    """Colours of the crystal, greys for text and axes, and tints of the curves where they fade into white."""
    from matplotlib.colors import to_rgb

    rows = [to_rgb(colour) for colour in _DOMAINS]
    rows += [(grey, grey, grey) for grey in np.linspace(0, 1, _GREYS)]
    for tint in np.linspace(0, 1, _TINTS):
        rows.append(tuple(tint + (1 - tint) * np.array(to_rgb(_ETA))))
    return (255 * np.array(rows) + 0.5).astype(np.uint8)


def _nearest(palette: Pixels) -> Pixels:
    """Index of the nearest colour of the palette for the upper six bits of red, green and blue, shape (2^18,).

    Pillow's own search is coarser and turns white into a grey.
    """
    from scipy.spatial import cKDTree

    levels = 4.0 * np.arange(64) + 4 * np.arange(64) / 64  # black and white stay what they are
    cells = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(cKDTree(palette).query(cells)[1], dtype=np.uint8)


def _write_animation(images: Iterator[Image], path: Path, kind: str, rate: float) -> None:
    first, *rest = images
    options: dict[str, Any] = {"optimize": False} if kind == "gif" else {"lossless": True, "method": 4}
    first.save(
        path, format=kind, save_all=True, append_images=rest, duration=round(1000 / rate), loop=0, **options
    )  # fmt: skip


def _write_mp4(images: Iterator[Image], path: Path, rate: float) -> None:
    from matplotlib.animation import FFMpegWriter
    from matplotlib.figure import Figure

    first = next(images)
    figure = Figure(figsize=(first.width / _DPI, first.height / _DPI), dpi=_DPI)
    shown = figure.figimage(np.asarray(first.convert("RGB")))
    # Whichever H.264 encoder is there, and the pixel format that every player knows.
    writer = FFMpegWriter(fps=rate, codec="h264", bitrate=6000, extra_args=["-pix_fmt", "yuv420p"])  # type: ignore[arg-type]
    with writer.saving(figure, str(path), dpi=_DPI):
        writer.grab_frame()
        for image in images:
            shown.set_data(np.asarray(image.convert("RGB")))
            writer.grab_frame()
