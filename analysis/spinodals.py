"""How the simulated transition temperatures approach the mean-field spinodals, with the rate and with the size.

Run as ``python -m analysis.spinodals [-o DIRECTORY] [--quick]``; writes ``spinodals.md``, ``.png``
and ``.svg``.

The preset ``pmpea`` has couplings of infinite range only, so that an infinite crystal at infinitely slow rate jumps
at the spinodals exactly. The LS branch ends at T_up in a pitchfork: the growth rate λ of η crosses zero linearly, and
the delay at rate v = |dT/dt| follows from ∫ λ dt = ln(1/noise), hence v^(1/2) up to logarithms. The HS branch ends at
T_down in a saddle-node, which is passed with a delay of v^(2/3). A finite crystal jumps early, where the barrier
N (T_up − T)² or N (T − T_down)^(3/2) has come down to a few RT: shifts of N^(−1/2) and N^(−2/3), up to logarithms.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from mcsco import Hold, MeanField, Ramp, presets, simulate
from mcsco.observables import Estimate, crossing_temperature
from mcsco.observables.series import mean_over_replicas
from mcsco.units import R

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PRESET = "pmpea"
LARGE, MIDDLE = 512, 64  # extents: one where only the delay is left, and one where noise competes with it
RATES_LARGE = (3.0, 10.0, 30.0, 100.0, 300.0)  # MCS/K
RATES_MIDDLE = (100.0, 400.0, 1600.0)
EXTENTS = (16, 32, 64, 128, 256)
SLOW = 6400.0  # MCS/K of the series in N
REPLICAS = {16: 32, 32: 32, 64: 32, 128: 12, 256: 8, 512: 8}
WINDOW = {16: (9.0, 1.0), 32: (5.0, 1.0), 64: (3.0, 0.6), 128: (1.6, 0.5), 256: (1.0, 0.5)}
"""K before and after the spinodal that a slow ramp covers."""

THEORY = {("rate", "T_up"): 1 / 2, ("rate", "T_down"): 2 / 3, ("size", "T_up"): -1 / 2, ("size", "T_down"): -2 / 3}
KIND = {"T_up": "pitchfork", "T_down": "saddle-node"}


@dataclass(frozen=True)
class Shift:
    """Where one transition was found, against its spinodal."""

    transition: str
    """``"T_up"`` or ``"T_down"``."""
    n_sites: int
    rate: float
    """MCS/K."""
    late: Estimate
    """K by which γ = 1/2 is crossed after the spinodal, in the sense of the ramp; negative if before."""


@dataclass(frozen=True)
class Exponent:
    """|shift| = A x^exponent, by weighted least squares of the logarithms."""

    transition: str
    versus: str
    """``"rate"``, in K/MCS, or ``"size"``, in molecules."""
    value: float
    error: float
    """Standard error, multiplied by √(χ²/degrees of freedom) where that exceeds 1."""
    amplitude: float
    chi2: float
    """χ² per degree of freedom; NaN for two points."""
    n_points: int

    @property
    def theory(self) -> float:
        """Asymptotic exponent."""
        return THEORY[self.versus, self.transition]


def measure(transition: str, extent: int, rate: float, window: tuple[float, float], seed: int) -> Shift:
    """Ramp across one transition after a short hold, over a `window` of K before and after the spinodal."""
    model = presets.load(PRESET, (extent, extent))
    T_down, T_up = MeanField(model).spinodals()
    spinodal, sense, start = (T_up, 1.0, "LS") if transition == "T_up" else (T_down, -1.0, "HS+")
    first, last = spinodal - sense * window[0], spinodal + sense * window[1]
    every = max(1, round(0.01 * rate))
    protocol: list[Hold | Ramp] = [Hold(first, 400, measure_every=400), Ramp((first, last), rate, measure_every=every)]
    dataset = simulate(model, protocol, seed=seed, replicas=REPLICAS[extent], start=start, threads=1)
    ramp = dataset["leg"].values == 1
    T = dataset["temperature"].values[ramp]
    readings = [crossing_temperature(T, row, 0.0) for row in dataset["q"].values[:, ramp]]
    late = mean_over_replicas(
        [sense * (reading.value - spinodal) for reading in readings],
        next((reading.reason for reading in readings if reading.reason), ""),
        every / rate,
    )
    return Shift(transition, extent**2, rate, late)


def fit(shifts: Iterable[Shift], versus: str) -> Exponent:
    """The exponent of a series of shifts, those without an error left out."""
    used = [s for s in shifts if math.isfinite(s.late.error) and s.late.value != 0]
    x = np.log([1 / s.rate if versus == "rate" else s.n_sites for s in used])
    y = np.log([abs(s.late.value) for s in used])
    weight = np.array([abs(s.late.value) / s.late.error for s in used])  # 1/σ of ln |shift|
    design = np.stack([x, np.ones_like(x)], axis=1) * weight[:, None]
    covariance = np.linalg.inv(design.T @ design)
    slope, offset = covariance @ design.T @ (weight * y)
    freedom = len(used) - 2
    chi2 = float(np.sum((weight * (y - slope * x - offset)) ** 2)) / freedom if freedom else math.nan
    error = math.sqrt(covariance[0, 0]) * max(1.0, math.sqrt(chi2) if freedom else 1.0)
    return Exponent(used[0].transition, versus, float(slope), error, math.exp(float(offset)), chi2, len(used))


def run(quick: bool = False) -> dict[str, list[Shift]]:
    """All ramps: ``large`` and ``middle`` against the rate, ``size`` against N; `quick` leaves out the slow ones."""
    results: dict[str, list[Shift]] = {"large": [], "middle": [], "size": []}
    for transition in ("T_up", "T_down"):
        for index, rate in enumerate(RATES_LARGE[:3] if quick else RATES_LARGE):
            reach = 1.0 + (25.0 * rate**-0.5 if transition == "T_up" else 35.0 * rate ** (-2 / 3))
            results["large"].append(measure(transition, LARGE, rate, (reach, reach), 100 + index))
        for index, rate in enumerate(RATES_MIDDLE[:2] if quick else RATES_MIDDLE):
            window = (4.0, 1.0 + 30.0 / rate**0.5)
            results["middle"].append(measure(transition, MIDDLE, rate, window, 200 + index))
        for index, extent in enumerate(EXTENTS[:2] if quick else EXTENTS):
            results["size"].append(measure(transition, extent, SLOW, WINDOW[extent], 300 + index))
        # The slowest ramp of the middle crystal is a point of both series.
        results["middle"] += [s for s in of(results["size"], transition) if s.n_sites == MIDDLE**2]
    return results


def of(shifts: Sequence[Shift], transition: str) -> list[Shift]:
    """The part of a series that belongs to one transition."""
    return [s for s in shifts if s.transition == transition]


def exponents(results: dict[str, list[Shift]]) -> list[Exponent]:
    """Exponents of the delay in the large crystal and of the early jump in small ones."""
    found = []
    for transition in ("T_up", "T_down"):
        found.append(fit([s for s in of(results["large"], transition) if s.late.value > 0], "rate"))
        early = [s for s in of(results["size"], transition) if s.late.value < -3 * s.late.error]
        if len(early) > 1:
            found.append(fit(early, "size"))
    return found


def local(shifts: Sequence[Shift], versus: str) -> list[Exponent]:
    """Exponents between neighbouring points of one sign."""
    return [fit(pair, versus) for pair in pairwise(shifts) if pair[0].late.value * pair[1].late.value > 0]


def to_markdown(results: dict[str, list[Shift]]) -> str:
    """Tables of all shifts and exponents."""
    T_down, T_up = MeanField(presets.load(PRESET)).spinodals()
    lines = [
        f"Mean-field spinodals of `{PRESET}`: T_up = {T_up:.4f} K, T_down = {T_down:.4f} K. Shifts are positive where",
        "the jump (γ = 1/2) comes after the spinodal in the sense of the ramp, negative where it comes before.",
        "",
        "The barrier is that of the mean field at the jump's mean temperature, for all N molecules, in units of RT.",
        "",
        "| series | N | rate, MCS/K | replicas | shift at T_up, K | barrier | shift at T_down, K | barrier |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, shifts in results.items():
        for pair in zip(of(shifts, "T_up"), of(shifts, "T_down"), strict=True):
            n, cells = pair[0].n_sites, " | ".join(_cell(shift) for shift in pair)
            lines.append(f"| {name} | {n} | {pair[0].rate:g} | {REPLICAS[math.isqrt(n)]} | {cells} |")
    lines += ["", "| shift | against | points | exponent | theory | χ²/dof | exponents between neighbours |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for x in exponents(results):
        series = of(results["large" if x.versus == "rate" else "size"], x.transition)
        between = ", ".join(f"{p.value:+.2f} ± {p.error:.2f}" for p in local(series, x.versus))
        lines.append(
            f"| {x.transition} ({KIND[x.transition]}) | {x.versus} | {x.n_points} | {x.value:+.3f} ± {x.error:.3f} "
            f"| {x.theory:+.3f} | {x.chi2:.1f} | {between} |"
        )
    return "\n".join(lines) + "\n"


def _cell(shift: Shift) -> str:
    height = barrier(shift)
    late = f"{shift.late.value:+.3f} ± {shift.late.error:.3f}"
    late = late if math.isfinite(shift.late.error) else f"– ({shift.late.reason})"
    return f"{late} | {f'{height:.1f}' if math.isfinite(height) else '–'}"


def barrier(shift: Shift) -> float:
    """N ΔG/RT of the mean field, of the branch that is left, where the jump was found; NaN after the spinodal."""
    theory = MeanField(presets.load(PRESET))
    T_down, T_up = theory.spinodals()
    up = shift.transition == "T_up"
    T = T_up + shift.late.value if up else T_down - shift.late.value
    return shift.n_sites * 1000.0 * theory.barriers(T)[0 if up else 1] / (R * T)


def draw(results: dict[str, list[Shift]]) -> Figure:
    """Delay against rate, the competition in a middle-sized crystal, and the early jump against N."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from mcsco.report.style import STYLE

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 7.4), layout="constrained")
        delay, both, size = figure.subplots(3, 1)
        _draw_powers(delay, results["large"], exponents(results), "rate")
        delay.set(xlabel="rate (K/MCS)", ylabel="delay (K)", title=f"a  {LARGE**2} molecules: late by")
        _draw_signed(both, results["middle"])
        _draw_powers(size, results["size"], exponents(results), "size")
        size.set(xlabel="molecules N", ylabel="early by (K)", title=f"c  {SLOW:g} MCS/K: early by")
        return figure


def _colour(transition: str) -> str:
    from mcsco.report.style import COOLING, HEATING

    return HEATING if transition == "T_up" else COOLING


def _draw_powers(axes: Axes, shifts: list[Shift], found: list[Exponent], versus: str) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    sign = 1 if versus == "rate" else -1
    for transition, marker in (("T_up", "o"), ("T_down", "s")):
        shown = [s for s in of(shifts, transition) if sign * s.late.value > 0 and math.isfinite(s.late.error)]
        x = np.array([1 / s.rate if versus == "rate" else s.n_sites for s in shown])
        y = np.array([sign * s.late.value for s in shown])
        errors = [s.late.error for s in shown]
        axes.errorbar(x, y, errors, fmt=marker, ms=3.5, color=_colour(transition), capsize=1.5, elinewidth=0.8)
        for power in (p for p in found if (p.transition, p.versus) == (transition, versus)):
            subscript = transition.removeprefix("T_")
            label = f"$T_\\mathrm{{{subscript}}}$: {power.value:+.2f} ± {power.error:.2f}".replace("-", "−")
            axes.plot(x, power.amplitude * x**power.value, color=_colour(transition), lw=1.2, label=label)
            # The asymptotic law through the point closest to the limit of slow rates or large N.
            end = int(x.argmin() if versus == "rate" else x.argmax())
            theory = f"theory {power.theory:+.2f}".replace("-", "−")
            asymptote = y[end] * (x / x[end]) ** power.theory
            axes.plot(x, asymptote, color=_colour(transition), lw=0.9, ls=(0, (4, 2)), label=theory)
    axes.set(xscale="log", yscale="log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="upper left" if versus == "rate" else "upper right")


def _draw_signed(axes: Axes, shifts: list[Shift]) -> None:
    from mcsco.report.style import MEAN_FIELD

    axes.axhline(0.0, color=MEAN_FIELD, lw=0.8)
    for transition, marker in (("T_up", "o"), ("T_down", "s")):
        shown = of(shifts, transition)
        rate, late = [1 / s.rate for s in shown], [s.late.value for s in shown]
        errors, subscript = [s.late.error for s in shown], transition.removeprefix("T_")
        axes.errorbar(
            rate, late, errors, fmt=marker + "-", ms=3.5, lw=0.8, capsize=1.5, elinewidth=0.8,
            color=_colour(transition), label=f"$T_\\mathrm{{{subscript}}}$",
        )  # fmt: skip
    axes.set(
        xscale="log",
        xlabel="rate (K/MCS)",
        ylabel="shift (K)",
        title=f"b  {MIDDLE**2} molecules: late (+) or early (−)",
    )
    axes.legend()


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("results/spinodals"))
@click.option("--quick", is_flag=True, help="Fast rates and small crystals only: a trial of the command.")
def main(output: Path, quick: bool) -> None:
    """Measure the shifts, fit their exponents, and write table and figure."""
    import matplotlib as mpl

    from mcsco.report.style import STYLE

    began = time.process_time()
    results = run(quick)
    table = to_markdown(results)
    output.mkdir(parents=True, exist_ok=True)
    (output / "spinodals.md").write_text(table, encoding="utf-8")
    figure = draw(results)
    with mpl.rc_context(STYLE):
        figure.savefig(output / "spinodals.png")
        figure.savefig(output / "spinodals.svg", metadata={"Date": None})
    click.echo(table)
    click.echo(f"{time.process_time() - began:.0f} s of CPU time; written to {output}")


if __name__ == "__main__":
    main()
