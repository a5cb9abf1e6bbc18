"""What crystals of unequal sites do in mean field: two steps, molecules with two centres, dilution.

python -m analysis.unequal_sites --figure unequal_sites.png
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import numpy.typing as npt

import mcsco
from mcsco.meanfield import SublatticeCurve, SublatticeMeanField, SublatticeTransitions
from mcsco.report.style import COOLING, HEATING, MEAN_FIELD, MEASURED, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]

SPIN = mcsco.SpinCrossover(enthalpy=10.0, entropy=50.0)
LATTICE = mcsco.Lattice((64, 64))
TWO_STEPS = mcsco.Model(LATTICE, SPIN, None, (mcsco.InfiniteRange(spin=1.5), mcsco.Sublattices(spin=5.0)))
DILUTIONS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
STATES = ("LS-LS", "HS-LS", "LS-HS", "HS-HS")
TEMPERATURES = np.arange(100.0, 300.01, 0.5)


def diluted(x: float) -> mcsco.Model:
    """A cooperative crystal in which a fraction `x` of the molecules is replaced by neutral ones."""
    return mcsco.Model(LATTICE, SPIN, None, (mcsco.InfiniteRange(spin=5.0),), disorder=mcsco.Disorder(dilution=x))


def draw() -> "Figure":
    """The figure of the documentation."""
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, 2, figsize=(6.8, 4.9), layout="constrained")
        _draw_two_steps(axes[0, 0])
        _draw_thermal(axes[0, 1])
        _draw_pressure(axes[1, 0])
        _draw_dilution(axes[1, 1])
        for axis, letter in zip(axes.flat, "abcd", strict=True):
            axis.set_title(f"({letter})", loc="left", fontweight="bold")
            axis.set_ylim(-0.04, 1.04)
    return figure


def _draw_two_steps(axis: "Axes") -> None:
    theory = SublatticeMeanField(TWO_STEPS)
    heating, cooling = theory.curve(TEMPERATURES, "LS"), theory.curve(TEMPERATURES[::-1], "HS")
    for curve, colour, name in ((heating, HEATING, "heating"), (cooling, COOLING, "cooling")):
        axis.plot(curve.temperature, curve.gamma, color=colour, lw=1.6, label=f"γ, {name}")
        _sublattices(axis, curve, curve.temperature, colour)
    axis.plot([], [], color="0.4", lw=0.9, ls="--", label="γ$_a$")
    axis.plot([], [], color="0.4", lw=0.9, ls=":", label="γ$_b$")
    axis.legend(loc="lower right")
    axis.set(xlabel="temperature (K)", ylabel="HS fraction", title="HS-LS order of equal centres", xlim=(100, 300))


def _sublattices(axis: "Axes", curve: SublatticeCurve, x: Array, colour: str) -> None:
    axis.plot(x, curve.gamma_a, color=colour, lw=0.9, ls="--")
    axis.plot(x, curve.gamma_b, color=colour, lw=0.9, ls=":")


def _draw_thermal(axis: "Axes") -> None:
    T = np.linspace(300.0, 10.0, 146)
    curve = SublatticeMeanField(mcsco.presets.load("dinuclear")).curve(T, "HS")
    axis.plot(T, curve.gamma, color=MEAN_FIELD, lw=1.6, label="γ")
    axis.plot(T, curve.gamma_a, color=HEATING, lw=0.9, ls="--", label="γ$_a$")
    axis.plot(T, curve.gamma_b, color=COOLING, lw=0.9, ls=":", label="γ$_b$")
    axis.legend(loc="lower right")
    axis.set(xlabel="temperature (K)", ylabel="HS fraction", title="dinuclear, ambient pressure", xlim=(0, 300))


def _draw_pressure(axis: "Axes") -> None:
    P = np.linspace(0.0, 3.5, 141)
    curve = SublatticeMeanField(mcsco.presets.load("dinuclear")).pressure_curve(P, 298.0)
    for k, colour in zip((3, 2, 1, 0), (HEATING, MEASURED, "#CC79A7", COOLING), strict=True):
        axis.plot(10 * P, curve.molecules[:, k], color=colour, lw=1.1, label=STATES[k])
    axis.plot(10 * P, curve.gamma, color=MEAN_FIELD, lw=1.6, label="γ")
    for kbar, level in ((7, 0.9), (25, 0.1)):
        axis.plot(kbar, level, "o", ms=3.5, color=MEAN_FIELD)
    axis.legend(loc="center right")
    axis.set(xlabel="pressure (kbar)", ylabel="fraction", title="dinuclear, 298 K", xlim=(0, 35))


def _draw_dilution(axis: "Axes") -> None:
    from matplotlib import colormaps

    for x in DILUTIONS:
        theory = SublatticeMeanField(diluted(x))
        colour = colormaps["viridis"](x / 0.6)
        for T, start in ((TEMPERATURES, "LS"), (TEMPERATURES[::-1], "HS")):
            axis.plot(
                T, theory.curve(T, start).gamma, color=colour, lw=1.1, label=f"x = {x:g}" if start == "LS" else ""
            )
    axis.legend(loc="lower right")
    axis.set(xlabel="temperature (K)", ylabel="HS fraction of molecules", title="dilution x", xlim=(150, 250))


def lines() -> list[str]:
    """The numbers behind the figure."""
    rows = ["HS-LS order of equal centres", *_of(SublatticeMeanField(TWO_STEPS).transitions((100.0, 300.0)))]
    for x in DILUTIONS:
        found = SublatticeMeanField(diluted(x)).transitions((100.0, 300.0))
        ends = [event.temperature for event in (*found.cooling, *found.heating)]
        rows.append(f"dilution {x:.1f}: " + (" / ".join(f"{T:.2f}" for T in ends) + " K" if ends else "no loop"))
    return rows


def _of(found: SublatticeTransitions) -> list[str]:
    rows = []
    for name, events in (("heating", found.heating), ("cooling", found.cooling)):
        for event in events:
            before, after = ("({:.3f}, {:.3f})".format(*pair) for pair in (event.before, event.after))
            rows.append(f"  {name}: {event.kind} at {event.temperature:.2f} K, {before} -> {after}")
    T_a, T_b = found.half_conversion
    return [*rows, f"  half conversions in equilibrium {T_a:.2f} and {T_b:.2f} K, plateau {found.plateau:.2f} K"]


@click.command()
@click.option("--figure", type=click.Path(path_type=Path), help="File to draw into.")
def main(figure: Path | None) -> None:
    """Print the transitions, and draw them."""
    click.echo("\n".join(lines()))
    if figure is not None:
        draw().savefig(figure, dpi=150)


if __name__ == "__main__":
    main()
