"""From a lattice to the clipped Landau potential: molecules that switch in larger and larger rigid blocks.

Run as ``python -m analysis.bridge [-o DIRECTORY] [--quick]``; writes ``bridge.md``, ``.png`` and ``.svg``.

Spins under one global strain have the energy of the source paper's Landau potential, eq. (4) of Mater. Horiz. 12, 1463
(2025), DOI 10.1039/d4mh01318b. Blocks of n_d molecules add the mixing entropy (R/n_d) s2(q), which vanishes as n_d
grows, everywhere but at q = ±1, where its slope stays infinite: what is left of it is the clip |q| ≤ 1. The study
follows T_down, T_up, T_M and the branches from n_d = 1 to the Landau values, for the potential taken as it is ("raw")
and with its q² and q⁴ terms corrected for the mixing entropy at 235 K ("matched"), and holds simulated loops against
the theory of the same blocks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import numpy as np
import numpy.typing as npt

from mcsco import ThermalCycle, landau, observables
from mcsco.meanfield import BridgeMeanField
from mcsco.model.bridge import GlobalStrain
from mcsco.observables import Estimate
from mcsco.sampling import simulate_bridge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENTROPY = 66.5  # J/(mol K)
POTENTIAL = landau.load("source-paper")
BLOCK_SIZES = (1, 2, 3, 5, 10, 20, 50, 100, 1000, 10_000, 100_000, 1_000_000)
LS_RANGE, HS_RANGE = np.linspace(150.0, 234.5, 170), np.linspace(217.0, 300.0, 167)
"""Temperatures, K, at which branches are compared."""
FITTED = 1000
"""Smallest block size from which the exponent is read."""

SIMULATED = (1, 2, 5, 10, 100)
N_BLOCKS = 4096
REPLICAS = 8
RATE = 400.0  # MCS/K
CYCLE = (208.0, 240.0)

Kind = Literal["raw", "matched"]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Limit:
    """One block size of one series against the Landau potential."""

    kind: str
    block_size: int
    T_down: float
    T_up: float
    T_M: float
    T_breaking: float
    """K, where the symmetry breaks on heating, by the jump or continuously before it."""
    far_LS: float
    """Largest |q − q_Landau| of the LS branch over `LS_RANGE`; NaN if nothing jumps."""
    far_HS: float
    """The same of the HS branch over those of `HS_RANGE` at which it exists."""


@dataclass(frozen=True)
class Simulated:
    """A simulated loop of matched blocks against their own theory."""

    block_size: int
    rate: float
    """MCS/K."""
    T_down: Estimate
    """Where q = 0 is crossed on cooling, K."""
    T_up: Estimate
    theory: tuple[float, float]
    """(T_down, T_up), K."""


def model_of(kind: Kind, block_size: int) -> GlobalStrain:
    """The source paper's potential in blocks of a size."""
    make = GlobalStrain.raw if kind == "raw" else GlobalStrain.matched
    return make(POTENTIAL, ENTROPY, block_size)


def limit(kind: Kind, block_size: int) -> Limit:
    """Transitions and branches of one block size."""
    theory = BridgeMeanField(model_of(kind, block_size))
    T_down, T_up = theory.spinodals()
    breaking = theory.symmetry_breaking_temperatures("LS")
    far = [math.nan, math.nan]
    if not theory.is_gradual:
        far = [_farthest(theory, LS_RANGE, "LS"), _farthest(theory, HS_RANGE, "HS")]
    return Limit(
        kind, block_size, T_down, T_up, theory.maxwell_temperature(), breaking[0] if breaking else T_up, far[0], far[1]
    )


def _farthest(theory: BridgeMeanField, T: Array, which: Literal["LS", "HS"]) -> float:
    q = np.array([theory.branch(float(t), which)[0] for t in T])
    return float(np.nanmax(np.abs(q - POTENTIAL.branch(T, which)[0])))


def simulate(block_size: int, rate: float = RATE) -> Simulated:
    """A thermal cycle of matched blocks."""
    model = model_of("matched", block_size)
    cycle = ThermalCycle(CYCLE, rate, measure_every=max(1, round(rate / 10)))
    dataset = simulate_bridge(model, cycle, seed=block_size, n_molecules=N_BLOCKS * block_size, replicas=REPLICAS)
    crossing = observables.loop(dataset).q.T_cross
    return Simulated(block_size, rate, crossing.down, crossing.up, BridgeMeanField(model).spinodals())


def exponent(limits: Sequence[Limit], kind: Kind) -> float:
    """Slope of ln |T_down − T_down(Landau)| against ln n_d from `FITTED` on: −1 for a correction in 1/n_d."""
    used = [x for x in limits if x.kind == kind and x.block_size >= FITTED]
    distance = [abs(x.T_down - POTENTIAL.spinodals()[0]) for x in used]
    return float(np.polyfit(np.log([x.block_size for x in used]), np.log(distance), 1)[0])


def verdict(limits: Sequence[Limit], simulated: Sequence[Simulated]) -> str:
    """What the numbers say, in two sentences."""
    slopes = [exponent(limits, "raw"), exponent(limits, "matched")]
    powers = [f"n_d^(−{-slope:.3f})" for slope in slopes]
    largest = max(x.block_size for x in limits)
    away = max(abs(x.T_down - POTENTIAL.spinodals()[0]) for x in limits if x.block_size == largest)
    converged = all(abs(slope + 1.0) < 0.05 for slope in slopes) and away < 1e-3
    word = "converges to" if converged else "does NOT converge to"
    shifts = [abs(x.T_down.value - x.theory[0]) for x in simulated]
    shifts += [abs(x.T_up.value - x.theory[1]) for x in simulated]
    return (
        f"The lattice {word} the clipped Landau potential: at n_d = {largest} T_down is {away:.1e} K away, and the "
        f"distance falls as {powers[0]} (raw) and {powers[1]} (matched), where −1 is expected. "
        f"Simulated loops of {N_BLOCKS} blocks lie within {max(shifts):.2f} K of the spinodals of the same blocks."
    )


def to_markdown(limits: Sequence[Limit], simulated: Sequence[Simulated]) -> str:
    """Tables of the series and of the simulated loops, and the verdict."""
    T_down, T_up = POTENTIAL.spinodals()
    lines = [verdict(limits, simulated)]
    for kind in ("raw", "matched"):
        lines += [
            "",
            f"{kind.capitalize()} series, temperatures in K; Δq is the largest |q − q_Landau| on a branch.",
            "",
        ]
        lines += [
            "| n_d | T_down | T_up | T_M | symmetry breaks at | Δq of LS | Δq of HS |",
            "|---|---|---|---|---|---|---|",
        ]
        for x in (x for x in limits if x.kind == kind):
            if math.isnan(x.T_up):
                lines.append(f"| {x.block_size} | no jump | no jump | – | {_breaking(x)} | – | – |")
                continue
            temperatures = f"{x.T_down:.4f} | {x.T_up:.4f} | {x.T_M:.4f} | {_breaking(x)}"
            lines.append(f"| {x.block_size} | {temperatures} | {_far(x.far_LS)} | {_far(x.far_HS)} |")
        T_M = POTENTIAL.maxwell_temperature()
        lines.append(f"| ∞ (Landau) | {T_down:.4f} | {T_up:.4f} | {T_M:.4f} | {T_up:.4f} | 0 | 0 |")
    rate = f"{simulated[0].rate:g} MCS/K"
    lines += [
        "",
        f"Simulated, matched, {REPLICAS} times {N_BLOCKS} blocks at {rate}: where q = 0 is crossed, in K.",
        "",
    ]
    lines += ["| n_d | T_down | theory | T_up | theory |", "|---|---|---|---|---|"]
    for s in simulated:
        down, up = (f"{x.value:.3f} ± {x.error:.3f}" for x in (s.T_down, s.T_up))
        lines.append(f"| {s.block_size} | {down} | {s.theory[0]:.3f} | {up} | {s.theory[1]:.3f} |")
    return "\n".join(lines) + "\n"


def _far(x: float) -> str:
    return f"{x:.1e}".replace("-", "−") if x else "0"


def _breaking(x: Limit) -> str:
    return "–" if math.isnan(x.T_breaking) else f"{x.T_breaking:.4f}"


def draw(limits: Sequence[Limit], simulated: Sequence[Simulated]) -> Figure:
    """Branches for several block sizes, the loop against the block size, and the distance to the limit."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from mcsco.report.style import STYLE

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 7.6), layout="constrained")
        branches, loop, distance = figure.subplots(3, 1)
        _draw_branches(branches)
        _draw_loop(loop, limits, simulated)
        _draw_distance(distance, limits)
        return figure


def _draw_branches(axes: Axes) -> None:
    from matplotlib import colormaps

    from mcsco.report.style import LANDAU

    T = np.linspace(150.0, 300.0, 1501)
    for which in ("LS", "HS"):
        q = POTENTIAL.branch(T, "LS" if which == "LS" else "HS")[0]
        axes.plot(T, q, color=LANDAU, lw=4.0, solid_capstyle="butt", label="Landau, clipped" if which == "LS" else None)
    sizes = (1, 3, 10, 100)
    for size, colour in zip(sizes, colormaps["viridis"](np.linspace(0.0, 0.85, len(sizes))), strict=True):
        theory = BridgeMeanField(model_of("matched", size))
        for which in ("LS", "HS"):
            q = np.array([theory.branch(float(t), which)[0] for t in T])
            axes.plot(T, q, color=colour, lw=1.0, label=f"$n_d$ = {size}" if which == "LS" else None)
    axes.set(
        xlabel="temperature (K)",
        ylabel="q",
        title="a  both branches, matched blocks",
        xlim=(150, 300),
        ylim=(-1.08, 1.08),
    )
    axes.legend(loc="center right")


def _draw_loop(axes: Axes, limits: Sequence[Limit], simulated: Sequence[Simulated]) -> None:
    from mcsco.report.style import COOLING, HEATING, LANDAU, MEAN_FIELD

    for level in (*POTENTIAL.spinodals(), POTENTIAL.maxwell_temperature()):
        axes.axhline(level, color=LANDAU, lw=2.5, zorder=0)
    sizes = [x.block_size for x in limits if x.kind == "matched"]
    for kind, style in (("matched", "-"), ("raw", (0, (4, 2)))):
        used = [x for x in limits if x.kind == kind]
        for name, colour in (("T_up", HEATING), ("T_M", MEAN_FIELD), ("T_down", COOLING)):
            label = f"$T_\\mathrm{{{name.removeprefix('T_')}}}$" if kind == "matched" else None
            axes.plot(sizes, [getattr(x, name) for x in used], color=colour, lw=1.1, ls=style, label=label)
    for name, colour, marker in (("T_up", HEATING, "o"), ("T_down", COOLING, "s")):
        found: list[Estimate] = [getattr(x, name) for x in simulated]
        axes.errorbar(
            [x.block_size for x in simulated], [x.value for x in found], [x.error for x in found],
            fmt=marker, ms=3.5, mfc="white", color=colour, capsize=1.5, elinewidth=0.8,
        )  # fmt: skip
    axes.plot([], [], color=MEAN_FIELD, lw=1.1, ls=(0, (4, 2)), label="raw")
    axes.plot([], [], "o", ms=3.5, mfc="white", color=MEAN_FIELD, label="simulated")
    axes.plot([], [], color=LANDAU, lw=2.5, label="Landau")
    axes.set(
        xscale="log",
        xlabel="molecules in a block, $n_d$",
        ylabel="temperature (K)",
        title="b  loop of matched and of raw blocks",
    )
    axes.set(xlim=(0.7, 1500), ylim=(213.2, 236.3))
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.93), ncols=2)


def _draw_distance(axes: Axes, limits: Sequence[Limit]) -> None:
    from mcsco.report.style import COOLING, LANDAU, MEAN_FIELD

    sizes = np.array([x.block_size for x in limits if x.kind == "matched"])
    goal = {"T_down": POTENTIAL.spinodals()[0], "T_M": POTENTIAL.maxwell_temperature()}
    axes.plot(sizes, 400.0 / sizes, color=LANDAU, lw=2.5, zorder=0, label="$\\propto 1/n_d$")
    for kind, style, face in (("matched", "-", None), ("raw", (0, (4, 2)), "white")):
        used = [x for x in limits if x.kind == kind]
        for name, colour, marker in (("T_M", MEAN_FIELD, "D"), ("T_down", COOLING, "s")):
            y = [abs(getattr(x, name) - goal[name]) for x in used]
            label = f"$T_\\mathrm{{{name.removeprefix('T_')}}}$, {kind}"
            axes.plot(sizes, y, marker, ls=style, ms=3, mfc=face, lw=1.0, color=colour, label=label)
    axes.set(xscale="log", yscale="log", xlabel="molecules in a block, $n_d$", ylabel="distance to Landau (K)")
    axes.set_title("c  approach to the Landau potential")
    axes.legend(loc="lower left")


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("results/bridge"))
@click.option("--quick", is_flag=True, help="Two short simulated loops only: a trial of the command.")
def main(output: Path, quick: bool) -> None:
    """Follow the series, simulate the loops, and write table and figure."""
    import matplotlib as mpl

    from mcsco.report.style import STYLE

    began = time.process_time()
    kinds: tuple[Kind, ...] = ("raw", "matched")
    limits = [limit(kind, size) for kind in kinds for size in BLOCK_SIZES]
    simulated = [simulate(size, rate=40.0) for size in (1, 10)] if quick else [simulate(size) for size in SIMULATED]
    table = to_markdown(limits, simulated)
    output.mkdir(parents=True, exist_ok=True)
    (output / "bridge.md").write_text(table, encoding="utf-8")
    figure = draw(limits, simulated)
    with mpl.rc_context(STYLE):
        figure.savefig(output / "bridge.png")
        figure.savefig(output / "bridge.svg", metadata={"Date": None})
    click.echo(table)
    click.echo(f"{time.process_time() - began:.0f} s of CPU time; written to {output}")


if __name__ == "__main__":
    main()
