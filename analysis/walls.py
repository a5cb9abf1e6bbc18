"""Which way do walls run? Twins of a coherent crystal against domains that only their neighbours hold together.

A crystal of HS molecules with distortions at random is quenched far below HSls → HShs, and the walls between η > 0 and
η < 0 are measured as they coarsen. Compatible twins of a shear e13 meet in walls perpendicular to a or to c (mmm →
2/m), those of a strain (e, −e) in walls at 45°. The crystal without elasticity has the same mean field: its neighbours
take over the mean of the elastic coupling.

    python -m analysis.walls --figure walls.png
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

import mcsco
from mcsco.model import Elasticity, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover, State
from mcsco.observables import domains, structure_factors
from mcsco.report.style import STYLE
from mcsco.units import KELVIN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STIFFNESS = (12.0, 4.2, 3.5)
SITE_VOLUME = 970.0
STRAIN = 0.02704
K_NN = 76.0 * KELVIN
# T½ is far below every quench, so that all molecules are HS and only their distortions matter.
SPIN = SpinCrossover(enthalpy=4.0, entropy=66.5)
WITHIN = 10.0
ENOUGH = 0.95

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One crystal and the directions its walls should have, degrees."""

    name: str
    interactions: tuple[Elasticity | NearestNeighbours, ...]
    directions: tuple[float, float] | None
    """None if walls should run in all directions alike."""


@dataclass(frozen=True)
class Quench:
    """What a quench of one case left."""

    case: Case
    sweeps: tuple[int, ...]
    fractions: Array
    """Part of the wall length within `WITHIN` of the axes and of the diagonals, shape (seed, sweeps, 2)."""
    lengths: Array
    """Wall length per molecule, shape (seed, sweeps)."""
    states: tuple[State, ...]
    """Of the first seed, at every time."""
    S_uu: Array
    """Structure factor of u at the second time, averaged over the seeds."""

    def is_as_expected(self) -> bool:
        """Nearly all walls are compatible at the end; without elasticity none is preferred while there are many.

        Few walls are left at the end of the latter, which may run anywhere.
        """
        mean = self.fractions.mean(axis=0)
        if self.case.directions is None:
            return bool(np.all(np.abs(mean[1] - 4 * WITHIN / 180) < 0.05))
        return bool(mean[-1, 0 if 0.0 in self.case.directions else 1] >= ENOUGH)


def make_cases(extent: int) -> list[Case]:
    """Twins along the axes, twins at 45°, and a crystal of the same mean field without elasticity."""
    near = NearestNeighbours(distortion=K_NN)
    shear = Elasticity(STIFFNESS, SITE_VOLUME, distortion_strain=STRAIN)
    deviatoric = Elasticity(STIFFNESS, SITE_VOLUME, distortion_strain=((STRAIN, 0.0), (0.0, -STRAIN)))
    J = shear.kernel((extent, extent))[..., 1, 1]
    alone = NearestNeighbours(distortion=K_NN + float(J[0, 0] - J.mean()) / 4)
    return [
        Case("shear e13", (near, shear), (0.0, 90.0)),
        Case("strain (e, −e)", (near, deviatoric), (45.0, 135.0)),
        Case("neighbours only", (alone,), None),
    ]


def quench(case: Case, extent: int, temperature: float, times: tuple[int, ...], seeds: range) -> Quench:
    """Follow the walls of one case from random distortions."""
    model = Model(Lattice((extent, extent)), SPIN, OrderDisorder(), case.interactions)
    fractions = np.empty((len(seeds), len(times), 2))
    lengths = np.empty((len(seeds), len(times)))
    states: list[State] = []
    S_uu = np.zeros((extent, extent))
    for i, seed in enumerate(seeds):
        simulation = mcsco.Simulation(model, temperature, start="HS", seed=seed, threads=1)
        for j, time in enumerate(times):
            simulation.run(time - simulation.sweeps)
            walls = domains(simulation.state).eta.walls
            axes, diagonals = ([walls.fraction(a + turn, WITHIN) for a in (0.0, 90.0)] for turn in (0.0, 45.0))
            fractions[i, j] = sum(axes), sum(diagonals)
            lengths[i, j] = walls.length / model.lattice.n_sites
            if i == 0:
                states.append(simulation.state)
            if j == 1:
                S_uu += structure_factors(simulation.state).S_uu / len(seeds)
    return Quench(case, times, fractions, lengths, tuple(states), S_uu)


def draw(results: list[Quench]) -> "Figure":
    """Maps of u at the second time and at the end, and the structure factor at the second time."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 5.6), layout="constrained")
        rows = figure.subplots(3, len(results), squeeze=False)
        image: Any = None
        for result, (early, late, waves) in zip(results, rows.T, strict=True):
            for axes, j in ((early, 1), (late, -1)):
                u = result.states[j].distortion
                axes.imshow(u, origin="lower", cmap="RdBu_r", vmin=-1.3, vmax=1.3, interpolation="nearest")
                axes.set_title(f"{result.case.name}, {result.sweeps[j]} MCS", loc="left")
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
        bar.set_label(f"$\\log_{{10}} S_{{uu}}(k)$, {results[0].sweeps[1]} MCS")
        return figure


@click.command()
@click.option("--extent", default=256, show_default=True, help="Molecules along a side.")
@click.option("--temperature", default=200.0, show_default=True, help="K.")
@click.option("--sweeps", type=click.IntRange(min=40), default=5000, show_default=True)
@click.option(
    "--seeds", type=click.IntRange(min=2), default=3, show_default=True, help="Number of quenches of each crystal."
)
@click.option("--figure", type=click.Path(path_type=Path), help="Where to write the figure, e.g. walls.png.")
def main(extent: int, temperature: float, sweeps: int, seeds: int, figure: Path | None) -> None:
    """Print the table and the verdict, and draw the figure."""
    times = tuple(sweeps // part for part in (40, 10, 4, 1))
    results = [quench(case, extent, temperature, times, range(seeds)) for case in make_cases(extent)]
    print(f"{'crystal':18s}{'MCS':>7s}{'length/N':>10s}{'along the axes':>20s}{'at 45°':>18s}")
    for result in results:
        for j, time in enumerate(result.sweeps):
            mean = result.fractions[:, j].mean(axis=0)
            error = result.fractions[:, j].std(axis=0, ddof=1) / np.sqrt(seeds)
            shares = "".join(f"{m:11.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True))
            print(f"{result.case.name:18s}{time:7d}{result.lengths[:, j].mean():10.4f}  {shares}")
    verdict = "as expected" if all(result.is_as_expected() for result in results) else "NOT as expected"
    print(f"{verdict}: walls of a shear run along a or c, those of (e, −e) at 45°, and without elasticity anywhere")
    if figure:
        draw(results).savefig(figure, dpi=150)


if __name__ == "__main__":
    main()
