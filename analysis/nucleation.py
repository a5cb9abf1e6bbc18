"""Where does the new phase begin? Corners of open crystals, against discs and crystals without a surface.

Crystals of springs are heated from LS, or cooled from HS, at a constant rate. When the new phase has reached a given
fraction, a crystal is photographed; the photographs of many replicas are averaged. Nishino et al. (arXiv:0910.4519)
found that domains of open crystals grow from the corners, while crystals with periodic boundaries stay uniform.

    python -m analysis.nucleation --figure nucleation.png
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.model import SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs
from mcsco.report.style import STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SPIN = SpinCrossover(enthalpy=15.3, entropy=66.5)
SPRINGS = Springs(90.0, 45.0, radius_LS=5.0, radius_HS=5.2)
FRACTION = 0.3
SWEEPS_PER_KELVIN = 10

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One crystal and one direction of the transition."""

    name: str
    crystal: Crystal
    start: str


@dataclass(frozen=True)
class Photographs:
    """Replicas at the moment when `FRACTION` of their molecules had switched."""

    case: Case
    temperature: Array
    """K, shape (R,)."""
    switched: npt.NDArray[np.bool_]
    """Shape (N, R)."""
    positions: Array
    """Relaxed positions of the first replica, Å, shape (N, d)."""

    def excess(self, part: npt.NDArray[np.bool_]) -> tuple[float, float]:
        """Switched fraction of a part beyond that of the crystal: mean over replicas and its standard error."""
        difference = self.switched[part].mean(axis=0) - self.switched.mean(axis=0)
        return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(difference.size))


def photograph(case: Case, n_replicas: int, seed: int) -> Photographs:
    """Drive replicas across the transition from 230 K and keep each at its crossing."""
    batch = SpringBatch(SpringModel(case.crystal, SPIN, SPRINGS), case.start, n_replicas, make_key(seed, 0))
    heating = case.start == "LS"
    step = (1.0 if heating else -1.0) / SWEEPS_PER_KELVIN
    temperature = np.full(n_replicas, np.nan)
    switched = np.zeros(batch.codes.shape, dtype=np.bool_)
    positions = np.empty((0, case.crystal.n_dimensions))
    T = 230.0
    while np.isnan(temperature).any() and abs(T - 230.0) < 60.0:
        T += step
        batch.advance(T, 0.0, 0.0, 1)
        new = (batch.codes != 0) == heating
        crossed = np.isnan(temperature) & (new.mean(axis=0) >= FRACTION)
        if crossed[0]:
            w, strain = batch.displacements(0)
            r = SPRINGS.spacing * case.crystal.positions
            positions = r + r @ strain + w
        switched[:, crossed] = new[:, crossed]
        temperature[crossed] = T
    return Photographs(case, temperature, switched, positions)


def parts(crystal: Crystal) -> dict[str, npt.NDArray[np.bool_]]:
    """Corners, edges and inside of a square, a quarter of the extent deep; shape (N,) each."""
    depth = [extent // 4 for extent in crystal.shape]
    outer = (crystal.positions < depth) | (crystal.positions >= np.array(crystal.shape) - depth)
    n_outer = outer.sum(axis=1)
    return {"corners": n_outer == 2, "edges": n_outer == 1, "inside": n_outer == 0}


def begins_at_corners(result: Photographs) -> bool:
    """Whether corners are ahead by five standard errors, and edges ahead of the inside."""
    (corner, error), (edge, _), (inside, _) = map(result.excess, parts(result.case.crystal).values())
    return corner - 5 * error > edge > inside


def make_cases(extent: int) -> list[Case]:
    """Squares and a disc with free surfaces, and a square without."""
    square = Crystal((extent, extent))
    return [
        Case("open square, LS → HS", square, "LS"),
        Case("open square, HS → LS", square, "HS"),
        Case("disc, LS → HS", Crystal.disc(extent), "LS"),
        Case("periodic, LS → HS", Crystal((extent, extent), "periodic"), "LS"),
    ]


def draw(results: list[Photographs]) -> "Figure":
    """One replica of each case with its relaxed shape, above the average over all."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3.9), layout="constrained")
        above, below = figure.subplots(2, len(results), squeeze=False)
        image: Any = None
        for result, snapshot, average in zip(results, above, below, strict=True):
            crystal = result.case.crystal
            heating = result.case.start == "LS"
            is_HS = result.switched[:, 0] == heating
            for state, colour in ((False, "#0072B2"), (True, "#D55E00")):
                y, x = result.positions[is_HS == state].T
                snapshot.plot(x, y, "o", ms=4.4, mew=0, color=colour, label="HS" if state else "LS")
            snapshot.set_title(f"{result.case.name}\n{np.mean(result.temperature):.1f} K", loc="left")
            grid = crystal.to_grid(result.switched.mean(axis=1))
            image = average.imshow(grid, origin="lower", cmap="cividis", vmin=0.0, vmax=1.0)
            for axes in (snapshot, average):
                axes.set_aspect("equal")
                axes.set_axis_off()
        above[0].legend(
            loc="lower left",
            bbox_to_anchor=(0.0, -0.16),
            ncols=2,
            markerscale=0.8,
            handletextpad=0.1,
            columnspacing=0.8,
        )
        bar = figure.colorbar(image, ax=list(below), shrink=0.8, pad=0.01)
        bar.set_label("switched fraction")
        return figure


@click.command()
@click.option("--extent", default=24, show_default=True, help="Molecules along a side.")
@click.option("--replicas", default=48, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--figure", type=click.Path(path_type=Path), help="Where to write the figure, e.g. nucleation.png.")
def main(extent: int, replicas: int, seed: int, figure: Path | None) -> None:
    """Print the table and the verdict, and draw the figure."""
    results = [photograph(case, replicas, seed) for case in make_cases(extent)]
    print(f"{'crystal':24s}{'T (K)':>14s}" + "".join(f"{name:>19s}" for name in ("corners", "edges", "inside")))
    for result in results:
        T = result.temperature
        line = f"{result.case.name:24s}{T.mean():8.2f} ± {T.std(ddof=1) / np.sqrt(T.size):.2f}"
        if result.case.crystal.mask is None:
            for mean, error in map(result.excess, parts(result.case.crystal).values()):
                line += f"{mean:+10.4f} ± {error:.4f}"
        print(line)
    verdict = "as expected" if all(map(begins_at_corners, results[:2])) else "NOT as expected"
    print(f"{verdict}: open squares switch at their corners first, then at the edges, then inside")
    if figure:
        draw(results).savefig(figure)


if __name__ == "__main__":
    main()
