"""Growth of domains after a quench: with nearest neighbours only, and in a coherent crystal.

Without elasticity the distortion is an order parameter that is not conserved, and its domains grow as t^(1/2) (Allen
and Cahn, DOI 10.1016/0001-6160(79)90196-2). In a coherent crystal walls are held in the directions in which twins fit.
Two lengths are followed: R = 2π/⟨k⟩ of the structure factor, and w, the area of the crystal over the length of its
walls.

    python -m analysis.coarsening --figure coarsening.png

takes the run files in `runs/quench` (or the ones given) and simulates what has no result yet; a directory with a result
is taken as it is.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from mcsco import campaign
from mcsco.errors import InputError
from mcsco.model import Elasticity
from mcsco.observables import Estimate, GrowthExponent, growth_exponent
from mcsco.observables.series import mean_over_replicas
from mcsco.observables.walls import walls

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

DEFAULT = ("runs/quench/neighbours.toml", "runs/quench/shear.toml")
FIRST = 30.0
"""MCS from which a power is fitted; domains form before."""
LARGEST = 1 / 6
"""Part of the extent beyond which R feels the size of the crystal, and no power is fitted."""
AGREES = 3.0
"""Standard errors within which two values are called equal."""
WITHIN = 10.0


@dataclass(frozen=True)
class Growth:
    """Domains of one quench against time."""

    title: str
    extent: int
    is_elastic: bool
    time: Floats
    """MCS, shape (snapshot,)."""
    R: Floats
    """2π/⟨k⟩ of S_uu with its wave k = 0, sites, shape (replica, snapshot)."""
    spacing: Floats
    """Sites over the length of the walls, smoothed by one site, shape (replica, snapshot); infinite without walls."""
    axes: Floats
    """Part of the wall length within 10° of the axes, shape (replica, snapshot); NaN without walls."""
    diagonals: Floats
    """The same of the diagonals."""
    maps: npt.NDArray[Any]
    """Distortion of the first replica, shape (snapshot, y, x)."""

    def window(self, first: float = FIRST) -> tuple[float, float]:
        """From `first` to the last time at which R of every replica is below a sixth of the extent."""
        small = np.logical_and.accumulate(np.all(LARGEST * self.extent >= self.R, axis=0))
        last = float(self.time[small][-1]) if small.any() else math.nan
        return first, max(last, first + 1.0) if math.isfinite(last) else first + 1.0

    def exponent(self, name: str = "R", first: float = FIRST) -> GrowthExponent:
        """Exponent of ``R`` or ``spacing``.

        Raises
        ------
        InputError
            If the window holds too few snapshots.
        """
        length = getattr(self, name)
        with_walls = np.all(np.isfinite(length), axis=0)
        return growth_exponent(self.time[with_walls], length[:, with_walls], self.window(first))


def finished_run(path: Path, values: Mapping[str, Any] | None = None) -> tuple[campaign.RunConfig, xarray.Dataset]:
    """A run from its directory, or from its file: its stored result, or else a new one, which is stored.

    Parameters
    ----------
    path : Path
        Of a directory with a result or of a TOML file.
    values : mapping, optional
        Changes to the keys of the file, for a trial; its result is not stored.

    Raises
    ------
    InputError
        If the file has a mistake, or its directory holds another run.
    """
    if path.is_dir():
        found = campaign.RunDirectory(path)
        return found.config(), found.result()
    config = campaign.read_config(path)
    if values:
        config = campaign.with_values(config, values)
        return config, campaign.execute(config)
    directory = campaign.output_directory(config, path, None)
    if (directory.path / "result.nc").is_file():
        campaign.check_same(config, directory.config(), directory.path)
        return config, directory.result()
    dataset = campaign.execute(config)
    directory.save(config, dataset, path.parent)
    return config, dataset


def measure(config: campaign.RunConfig, dataset: xarray.Dataset) -> Growth:
    """The lengths of all snapshots.

    Raises
    ------
    InputError
        If the run is not a quench of a square crystal with snapshots, or has a preferred variant.
    """
    from mcsco.observables import snapshot_lengths

    model = config.model.build()
    if config.protocol.kind != "quench" or model.lattice.n_dimensions != 2:
        raise InputError(f"{config.title}: must be a quench of a 2-D crystal, as runs/quench/neighbours.toml is")
    if config.run.start in ("HS+", "HS-") or config.protocol.field != 0.0:
        raise InputError(f"{config.title}: must start without a preferred variant and have no field")
    R = snapshot_lengths(dataset, "eta", "none")
    u = np.where(dataset["snapshot_spin"].values > 0, dataset["snapshot_distortion"].values, 0)
    spacing, axes, diagonals = (np.empty(R.shape) for _ in range(3))
    for i, j in np.ndindex(*R.shape):
        plus, minus = u[i, j] > 0, u[i, j] < 0
        # Little smoothing keeps narrow twins, twice as much tells directions.
        length = walls(plus, minus, smoothing=1.0).length
        spacing[i, j] = plus.size / length if length else math.inf
        found = walls(plus, minus)
        axes[i, j], diagonals[i, j] = (
            sum(found.fraction(angle + turn, WITHIN) for angle in (0.0, 90.0)) for turn in (0.0, 45.0)
        )
    return Growth(
        config.title,
        min(model.lattice.shape),
        any(isinstance(term, Elasticity) for term in model.interactions),
        dataset["snapshot_sweep"].values.astype(np.float64),
        R,
        spacing,
        axes,
        diagonals,
        u[0],
    )


def is_compatible(value: Estimate, expected: float) -> bool:
    """Whether a value with an error meets what is expected."""
    return math.isfinite(value.error) and abs(value.value - expected) <= AGREES * value.error


def verdict(growth: Growth, first: float = FIRST) -> str:
    """What the exponents of one quench say; with elasticity both lengths have to follow one power of time."""
    try:
        found = {"R": growth.exponent("R", first)}
        if growth.is_elastic:
            found["w"] = growth.exponent("spacing", first)
    except InputError:
        return "no exponent: too few snapshots between the formation of domains and the size of the crystal"
    n = found["R"]
    if not math.isfinite(n.error):
        return "no verdict: an exponent has an error with two or more replicas"
    window = f"{n.window[0]:.0f} to {n.window[1]:.0f} MCS"
    for symbol, exponent in found.items():
        if not is_compatible(exponent.drift, 0.0):
            return f"no power of time: the exponent of {symbol} changes by {exponent.drift} within {window}"
    agrees = "compatible" if all(is_compatible(exponent, 0.5) for exponent in found.values()) else "NOT compatible"
    values = ", ".join(f"n = {exponent} of {symbol}" for symbol, exponent in found.items())
    return f"domains grow as t^n with {values} over {window}, {agrees} with 1/2; drift {n.drift}"


def table(growth: Growth, first: float = FIRST) -> str:
    """Lengths, their local exponents and the directions of walls against time."""
    lines = [
        f"{growth.title}: {growth.extent} × {growth.extent}, {len(growth.R)} replicas",
        f"{'MCS':>7s}{'R':>17s}{'local n':>17s}{'w = N/walls':>17s}{'local n':>17s}{'along axes':>18s}{'at 45°':>18s}",
    ]
    local = {name: _local(growth, name) for name in ("R", "spacing")}
    for j, time in enumerate(growth.time):
        if j % 2 and j != len(growth.time) - 1:
            continue
        beyond = growth.R[:, j].mean() > growth.extent  # the mean of η outweighs its waves
        cells = ["> extent", "–"] if beyond else [_mean(growth.R[:, j], 2), local["R"].get(j, "–")]
        cells += [_mean(growth.spacing[:, j], 2), local["spacing"].get(j, "–")]
        cells += [_mean(growth.axes[:, j], 4), _mean(growth.diagonals[:, j], 4)]
        widths = (17, 17, 17, 17, 18, 18)
        lines.append(f"{time:7.0f}" + "".join(f"{cell:>{width}s}" for cell, width in zip(cells, widths, strict=True)))
    for name, symbol in (("R", "R"), ("spacing", "w")):
        try:
            n = growth.exponent(name, first)
        except InputError:
            continue
        lines.append(f"{symbol} ~ t^n, {n.window[0]:.0f} to {n.window[1]:.0f} MCS: n = {n}, drift {n.drift}")
    return "\n".join([*lines, verdict(growth, first)])


def _mean(values: Floats, digits: int) -> str:
    found = mean_over_replicas(np.where(np.isfinite(values), values, np.nan), "no walls")
    if math.isnan(found.value):
        return "–"
    return f"{found.value:.{digits}f} ± " + ("–" if math.isnan(found.error) else f"{found.error:.{digits}f}")


def _local(growth: Growth, name: str) -> dict[int, str]:
    """Exponent between each snapshot and the second next."""
    length = getattr(growth, name)
    usable = np.flatnonzero(np.all(np.isfinite(length), axis=0))[::2]
    if usable.size < 4:
        return {}
    n = growth_exponent(growth.time[usable], length[:, usable])
    return {
        int(j): f"{value:.3f} ± {error:.3f}" for j, value, error in zip(usable, n.local, n.local_error, strict=False)
    }


def draw(results: list[Growth], first: float = FIRST) -> Figure:
    """Both lengths and their local exponents against time, and the first replica of each quench at four times."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from mcsco.report.style import COOLING, HEATING, HOLD, STYLE

    n = len(results)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 2.9 + 1.95 * n), layout="constrained")
        parts: Any = figure.subfigures(n + 1, 1, height_ratios=[2.9, *[1.95] * n], hspace=0.02)
        left, right = parts[0].subplots(1, 2)
        for growth, colour in zip(results, (HEATING, COOLING, HOLD, "#009E73"), strict=False):
            _draw_lengths(left, growth, colour, first)
            _draw_exponents(right, growth, colour)
        left.set(xscale="log", yscale="log", xlabel="time (MCS)", ylabel="length (sites)")
        left.legend(loc="upper left", fontsize=6.5)
        right.axhline(0.5, color="k", lw=0.8, ls=(0, (4, 2)), zorder=0)
        right.set(xscale="log", xlabel="time (MCS)", ylabel="local exponent", ylim=(-0.1, 1.9))
        for axes, letter in ((left, "a"), (right, "b")):
            axes.text(-0.16, 1.02, letter, transform=axes.transAxes, weight="bold", size=9)
        side = min(growth.extent for growth in results)
        for part, growth, letter in zip(parts[1:], results, "cdefg", strict=False):
            _draw_maps(part, growth, letter, side)
        return figure


def _draw_lengths(axes: Axes, growth: Growth, colour: str, first: float) -> None:
    name = _name(growth)
    for length, marker, label in ((growth.R, "o", f"R, {name}"), (growth.spacing, "s", f"w, {name}")):
        shown = np.all(np.isfinite(length) & (length <= growth.extent), axis=0)
        t, mean = growth.time[shown], length[:, shown].mean(axis=0)
        face = colour if marker == "o" else "white"
        axes.errorbar(
            t, mean, _error(length[:, shown]), fmt=marker, ms=2.8, mew=0.7, color=colour, mfc=face, elinewidth=0.6,
            label=label,
        )  # fmt: skip
    try:
        n = growth.exponent("R", first)
    except InputError:
        return
    ends = np.array(n.window)
    axes.plot(ends, n.amplitude * ends**n.value, color="k", lw=1.0, zorder=4)


def _draw_exponents(axes: Axes, growth: Growth, colour: str) -> None:
    for length, marker in ((growth.R, "o"), (growth.spacing, "s")):
        usable = np.flatnonzero(np.all(np.isfinite(length) & (length <= growth.extent), axis=0))[::2]
        if usable.size < 4:
            continue
        n = growth_exponent(growth.time[usable], length[:, usable])
        axes.errorbar(
            n.time, n.local, n.local_error, fmt=marker + "-", ms=2.8, mew=0.7, lw=0.6, color=colour,
            mfc=colour if marker == "o" else "white", elinewidth=0.6,
        )  # fmt: skip


def _error(length: Floats) -> Floats | None:
    return length.std(axis=0, ddof=1) / np.sqrt(len(length)) if len(length) > 1 else None


def _draw_maps(figure: Any, growth: Growth, letter: str, side: int) -> None:
    """A corner of the first replica, `side` sites wide, at four times."""
    from matplotlib.colors import ListedColormap

    from mcsco.report.maps import LS, MINUS, PLUS

    times = growth.time
    wanted = np.geomspace(FIRST, times[-1], 4) if times[-1] > FIRST else times[-1:]
    chosen = sorted({int(np.argmin(np.abs(np.log(times / t)))) for t in wanted})
    grid = figure.subplots(1, 4)
    for axes, j in zip(grid, chosen, strict=False):
        axes.imshow(
            np.sign(growth.maps[j, :side, :side]), origin="lower", cmap=ListedColormap([MINUS, LS, PLUS]), vmin=-1.5,
            vmax=1.5, interpolation="nearest",
        )  # fmt: skip
        head = f"$\\mathbf{{{letter}}}$  " if j == chosen[0] else ""
        axes.set_title(f"{head}{times[j]:.0f} MCS", loc="left", fontsize=7.5, pad=3)
        axes.set(xticks=[], yticks=[])
    for axes in grid[len(chosen) :]:
        axes.set_axis_off()
    grid[0].set_ylabel(_name(growth))


def _name(growth: Growth) -> str:
    return growth.title.partition(", ")[2] or growth.title


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--first", default=FIRST, show_default=True, help="First time of the fit, MCS.")
@click.option("--extent", type=click.IntRange(min=16), help="A trial with so many molecules along a side.")
@click.option("--sweeps", type=click.IntRange(min=10), help="A trial of so many MCS.")
@click.option("--replicas", type=click.IntRange(min=1), help="A trial with so many replicas.")
@click.option("--figure", type=click.Path(path_type=Path), help="Where to write the figure, e.g. coarsening.png.")
def main(
    runs: tuple[Path, ...],
    first: float,
    extent: int | None,
    sweeps: int | None,
    replicas: int | None,
    figure: Path | None,
) -> None:
    """Print lengths, exponents and verdict of quenches: RUNS are run files or directories with results."""
    changes = {"model.shape": [extent] * 2 if extent else None, "protocol.sweeps": sweeps, "run.replicas": replicas}
    values = {key: value for key, value in changes.items() if value is not None}
    try:
        results = [measure(*finished_run(path, values)) for path in runs or tuple(map(Path, DEFAULT))]
    except InputError as error:
        click.echo(f"coarsening: {error}", err=True)
        sys.exit(2)
    for growth in results:
        click.echo(table(growth, first) + "\n")
    if figure:
        import matplotlib as mpl

        from mcsco.report.style import STYLE

        with mpl.rc_context(STYLE):
            draw(results, first).savefig(figure, dpi=150)


if __name__ == "__main__":
    main()
