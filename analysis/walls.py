"""Which way do walls run: twins of a coherent crystal against domains that only their neighbours hold together.

A crystal of HS molecules with distortions at random is quenched far below HSls → HShs, and the walls between η > 0 and
η < 0 are measured as they coarsen. Compatible twins of a shear e13 meet in walls perpendicular to a or to c (mmm →
2/m), those of a strain (e, −e) in walls at 45°. The crystal without elasticity has the same mean field: its neighbours
take over the mean of the elastic coupling.

    python -m analysis.walls --figure walls.png

takes the run files `runs/quench/walls-*.toml` (or the ones given) and simulates what has no result yet.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from analysis.coarsening import finished_run
from mcsco.errors import InputError
from mcsco.model import Elasticity, Model, State
from mcsco.observables import structure_factors
from mcsco.observables.walls import walls
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from mcsco.campaign import RunConfig

DEFAULT = tuple(f"runs/quench/walls-{name}.toml" for name in ("shear", "deviatoric", "neighbours"))
WITHIN = 10.0
ENOUGH = 0.95
SHOWN = 5
"""Snapshots in the table: the last ones."""
EARLY = -4
"""The snapshot that is drawn beside the last one: there are many walls yet."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Quench:
    """What a quench of one crystal left."""

    name: str
    preferred: str | None
    """``"axes"`` or ``"diagonals"``, along which walls should run; None if in all directions alike."""
    sweeps: tuple[int, ...]
    fractions: Array
    """Part of the wall length within `WITHIN` of the axes and of the diagonals, shape (replica, snapshot, 2)."""
    lengths: Array
    """Wall length per molecule, shape (replica, snapshot)."""
    maps: npt.NDArray[Any]
    """u of the first replica, shape (snapshot, y, x)."""
    S_uu: Array
    """Structure factor of u at the early snapshot, averaged over the replicas."""

    def is_as_expected(self) -> bool:
        """Nearly all walls are compatible at the end; without elasticity none is preferred while there are many.

        Few walls are left at the end of the latter, which may run anywhere.
        """
        if self.preferred is None:
            return bool(np.all(np.abs(self.fractions[:, EARLY].mean(axis=0) - 4 * WITHIN / 180) < 0.05))
        with_walls = self.lengths[:, -1] > 0
        share = self.fractions[with_walls, -1, 0 if self.preferred == "axes" else 1]
        return bool(share.size and share.mean() >= ENOUGH)


def preferred_walls(model: Model) -> str | None:
    """Where twins of the distortion fit: along the axes if it shears, along the diagonals if it stretches."""
    strains = [
        term.strain(model.lattice.n_dimensions, "distortion")
        for term in model.interactions
        if isinstance(term, Elasticity)
    ]
    if not strains:
        return None
    total = np.abs(np.sum(strains, axis=0))
    return "axes" if total[0, 1] > total[0, 0] else "diagonals"


def measure(config: RunConfig, dataset: xarray.Dataset) -> Quench:
    """The walls in the last snapshots of a quench.

    Raises
    ------
    InputError
        If the run is not a quench of a 2-D crystal with enough snapshots.
    """
    model = config.model.build()
    if config.protocol.kind != "quench" or model.lattice.n_dimensions != 2 or config.run.snapshots < SHOWN:
        raise InputError(f"{config.title}: must be a quench of a 2-D crystal with {SHOWN} snapshots or more")
    end = dataset.isel(snapshot=slice(-SHOWN, None))
    spin, u = end["snapshot_spin"].values, end["snapshot_distortion"].values
    n_replicas, n_times = u.shape[:2]
    fractions, lengths = np.empty((n_replicas, n_times, 2)), np.empty((n_replicas, n_times))
    for i, j in np.ndindex(n_replicas, n_times):
        hs = spin[i, j] > 0
        found = walls(hs & (u[i, j] > 0), hs & (u[i, j] < 0))
        fractions[i, j] = [sum(found.fraction(a + turn, WITHIN) for a in (0.0, 90.0)) for turn in (0.0, 45.0)]
        lengths[i, j] = found.length / model.lattice.n_sites
    S = structure_factors(State(spin[:, EARLY], u[:, EARLY]), replicas=True).averaged()
    times = tuple(int(t) for t in end["snapshot_sweep"].values)
    return Quench(
        config.title.rpartition(", ")[2],
        preferred_walls(model),
        times,
        fractions,
        lengths,
        u[0] * (spin[0] > 0),
        S.S_uu,
    )


def table(results: list[Quench]) -> str:
    """Wall length and directions against time."""
    lines = [f"{'crystal':20s}{'MCS':>7s}{'length/N':>18s}{'along the axes':>19s}{'at 45°':>18s}"]
    for result in results:
        for j, time in enumerate(result.sweeps):
            columns = (result.lengths[:, j], *result.fractions[:, j].T)
            lines.append(f"{result.name:20s}{time:7d}" + "  ".join(["", *map(_cell, columns)]))
    return "\n".join(lines)


def _cell(values: Array) -> str:
    """Mean and standard error over the replicas that have walls, with their number if some have none."""
    x = values[np.isfinite(values)]
    if x.size < 2:
        return f"{'–':>18s}"
    text = f"{x.mean():9.4f} ± {x.std(ddof=1) / np.sqrt(x.size):.4f}"
    return text if x.size == values.size else f"{text} (of {x.size})"


def draw(results: list[Quench]) -> Figure:
    """Maps of u early and at the end, and the structure factor at the early time."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 5.6), layout="constrained")
        rows = figure.subplots(3, len(results), squeeze=False)
        image: Any = None
        for result, (early, late, waves) in zip(results, rows.T, strict=True):
            for axes, j in ((early, EARLY), (late, -1)):
                axes.imshow(result.maps[j], origin="lower", cmap="RdBu_r", vmin=-1.3, vmax=1.3, interpolation="nearest")
                axes.set_title(f"{result.name}, {result.sweeps[j]} MCS", loc="left")
                axes.set_axis_off()
            S = np.fft.fftshift(result.S_uu)
            n = len(S) // 2
            part = slice(n - n // 4, n + n // 4 + 1)
            image = waves.imshow(
                np.log10(np.maximum(S[part, part], 0.1)),
                origin="lower",
                cmap="cividis",
                vmin=-1.0,
                vmax=2.5,
                extent=(-0.25, 0.25, -0.25, 0.25),
            )
            waves.set_xlabel("$k_a/\\pi$")
            waves.set_ylabel("$k_c/\\pi$")
            waves.set_xticks((-0.2, 0.0, 0.2))
            waves.set_yticks((-0.2, 0.0, 0.2))
        bar = figure.colorbar(image, ax=list(rows[2]), shrink=0.9, pad=0.01)
        bar.set_label(f"$\\log_{{10}} S_{{uu}}(k)$, {results[0].sweeps[EARLY]} MCS")
        return figure


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--extent", type=click.IntRange(min=16), help="A trial with so many molecules along a side.")
@click.option("--sweeps", type=click.IntRange(min=40), help="A trial of so many MCS.")
@click.option("--replicas", type=click.IntRange(min=2), help="A trial with so many quenches of each crystal.")
@click.option("--figure", type=click.Path(path_type=Path), help="Where to write the figure, e.g. walls.png.")
def main(
    runs: tuple[Path, ...], extent: int | None, sweeps: int | None, replicas: int | None, figure: Path | None
) -> None:
    """Print the table and the verdict, and draw the figure: RUNS are run files or directories with results."""
    changes = {"model.shape": [extent] * 2 if extent else None, "protocol.sweeps": sweeps, "run.replicas": replicas}
    values = {key: value for key, value in changes.items() if value is not None}
    try:
        results = [measure(*finished_run(path, values)) for path in runs or tuple(map(Path, DEFAULT))]
    except InputError as error:
        click.echo(f"walls: {error}", err=True)
        sys.exit(2)
    click.echo(table(results))
    verdict = "as expected" if all(result.is_as_expected() for result in results) else "NOT as expected"
    click.echo(
        f"{verdict}: walls of a shear run along a or c, those of (e, −e) at 45°, and without elasticity anywhere"
    )
    if figure:
        draw(results).savefig(figure, dpi=150)


if __name__ == "__main__":
    main()
