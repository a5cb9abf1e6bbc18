"""Critical and tricritical points that are known, located with the tools of `mcsco.observables`.

Run as ``python -m analysis.critical_points [-s STUDY] [-o DIRECTORY] [--quick]``; every study writes ``STUDY.md`` and
figures. The studies are

* ``ising``: square lattice, against Onsager's temperature and the exact exponents;
* ``hybrid``: the same with a coupling of infinite range on top, against A χ_SR(T_c) = 1 and mean-field exponents;
* ``displacive``: continuous distortions of HS molecules, against a transfer matrix and the exact exponents;
* ``blume-capel``: the tricritical point of three-state molecules on the square lattice, from the crossing of barriers;
* ``blume-capel-infinite``: the same with infinite range, where it is known exactly, from U4 = 1/3 at crossings.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np

from analysis.critical_models import (
    BLUME_CAPEL,
    COUPLING,
    ISING_CRITICAL,
    MEAN_FIELD_TRICRITICAL,
    UNIT,
    Floats,
    Sampling,
    blume_capel,
    blume_capel_infinite,
    displacive,
    exact_curves,
    follow_line,
    hold_series,
    hybrid,
    hybrid_critical,
    ising,
    strip_critical,
)
from mcsco.observables import (
    Estimate,
    FiniteSizeScaling,
    Tricritical,
    barrier_line,
    cumulant_line,
    finite_size,
    tricritical,
)
from mcsco.observables.tricritical import Line
from mcsco.observables.universality import ISING_2D, MEAN_FIELD, UniversalityClass

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from mcsco import Model


class Row(NamedTuple):
    """One number that is known, and what was found."""

    what: str
    expected: float
    uncertainty: float
    found: Estimate

    @property
    def z(self) -> float:
        """Difference in combined standard errors."""
        return (self.found.value - self.expected) / math.hypot(self.found.error, self.uncertainty)


class Study(NamedTuple):
    """The result of one study."""

    title: str
    rows: list[Row]
    remarks: list[str]
    figures: dict[str, Figure]


def scaling_of(
    make: Callable[[int], Model],
    plan: Sequence[tuple[Sampling, tuple[float, ...]]],
    path: Sequence[float],
    order: str,
    scale: str = "extent",
) -> FiniteSizeScaling:
    """Finite-size scaling of any model: holds of each size at its own temperatures, in units of the coupling.

    Parameters
    ----------
    make : callable
        Extent → `Model`.
    plan : sequence of (Sampling, temperatures)
    path : sequence of float
        Temperatures of the curves.
    order : str
        ``"eta"`` or ``"q"``.
    scale : str
        See `FiniteSizeScaling`.
    """
    return finite_size(held(make, plan), order, scale, np.asarray(path) * UNIT)


def held(make: Callable[[int], Model], plan: Sequence[tuple[Sampling, tuple[float, ...]]]) -> list[xr.Dataset]:
    """Holds of each size at its own temperatures; arguments as for `scaling_of`."""
    data = []
    for how, temperatures in plan:
        data += hold_series(make(how.extent), [(T, 0.0) for T in temperatures], how)
    return data


def dense(first: float, last: float, low: float, high: float) -> list[float]:
    """A path that is denser between `low` and `high`, where the largest crystals change."""
    return [float(T) for T in np.union1d(np.linspace(first, last, 41), np.linspace(low, high, 31))]


def class_rows(scaling: FiniteSizeScaling, T_c: float, known: UniversalityClass, uncertainty: float = 0.0) -> list[Row]:
    """Critical temperature, U4 and exponents against a class; exponents at the known T_c."""
    found = scaling.exponents(T_c * UNIT)
    in_units = scaling.critical.value.scaled(1 / UNIT)
    return [
        Row("T_c, crossings of U4, extrapolated", T_c, uncertainty, in_units),
        Row("U4 at the crossings, extrapolated", known.binder, 0.0, scaling.critical_binder.value),
        Row("1/ν, slope of U4 at T_c", known.inverse_nu, 0.0, found.inverse_nu.exponent),
        Row("1/ν, slope of ln⟨m²⟩ at T_c", known.inverse_nu, 0.0, found.inverse_nu_logarithmic.exponent),
        Row("β/ν, ⟨|m|⟩ at T_c", known.beta_nu, 0.0, found.beta_nu.exponent.scaled(-1.0)),
        Row("γ/ν, N⟨m²⟩/T at T_c", known.gamma_nu, 0.0, found.gamma_nu.exponent),
        Row("γ/ν, maxima of χ", known.gamma_nu, 0.0, found.gamma_nu_maximum.exponent),
    ]


def collapse_rows(scaling: FiniteSizeScaling, T_c: float, known: UniversalityClass, reach: float) -> list[Row]:
    """T_c, ν and κ of the data collapses of ⟨|m|⟩ and N⟨m²⟩/T."""
    rows = []
    for name, label, kappa in (
        ("order", "⟨|m|⟩", -known.beta_nu),
        ("total susceptibility", "N⟨m²⟩/T", known.gamma_nu),
    ):
        best = scaling.collapse(name, (T_c * UNIT, 1 / known.inverse_nu, kappa), reach)
        about = f"collapse of {label} (S = {best.quality:.2g})"
        rows.append(Row(f"T_c, {about}", T_c, 0.0, best.critical.scaled(1 / UNIT)))
        rows.append(Row(f"ν, {about}", 1 / known.inverse_nu, 0.0, best.nu))
        if best.kappa.error:
            rows.append(Row(f"κ, {about}", kappa, 0.0, best.kappa))
    return rows


def describe(scaling: FiniteSizeScaling) -> list[str]:
    """Crossings, drifts and the verdict in words."""
    pairs = [
        f"{c.sizes[0]:g}/{c.sizes[1]:g}: T = {c.at.scaled(1 / UNIT)}, U4 = {c.height}" for c in scaling.crossings()
    ]
    verdict = scaling.verdict()
    barriers = ", ".join(str(b) for b in verdict.barriers)
    return [f"Crossings {'; '.join(pairs)}.", f"Barriers of P(E): {barriers} RT.", f"Verdict: {verdict}."]


def study_ising(quick: bool) -> Study:
    """Square-lattice Ising model."""
    plan = [
        (Sampling(8, 4000, 6), (2.2, 2.3, 2.45, 2.6)),
        (Sampling(16, 12000, 20), (2.2, 2.28, 2.36, 2.46)),
        (Sampling(24, 24000, 50), (2.21, 2.27, 2.33, 2.41)),
        (Sampling(32, 40000, 80), (2.22, 2.27, 2.32, 2.37)),
    ][: 3 if quick else 4]
    scaling = scaling_of(ising, plan, dense(2.2, 2.6, 2.25, 2.29), "q")
    rows = class_rows(scaling, ISING_CRITICAL, ISING_2D)
    rows += collapse_rows(scaling, ISING_CRITICAL, ISING_2D, 0.6)
    return Study("Ising model on the square lattice", rows, describe(scaling), _figures(scaling, rows))


def study_hybrid(quick: bool) -> Study:
    """Neighbours and infinite range together."""
    T_c = hybrid_critical()
    plan = [
        (Sampling(8, 4000, 6), (3.7, 3.95, 4.2, 4.6)),
        (Sampling(16, 5000, 8), (3.8, 4.0, 4.2, 4.45)),
        (Sampling(32, 6000, 10), (3.95, 4.05, 4.15, 4.28)),
        (Sampling(64, 6000, 10), (4.02, 4.07, 4.12, 4.18)),
    ][: 3 if quick else 4]
    scaling = scaling_of(hybrid, plan, dense(3.8, 4.5, 4.05, 4.12), "q", "molecules")
    rows = class_rows(scaling, T_c, MEAN_FIELD)
    rows += collapse_rows(scaling, T_c, MEAN_FIELD, 0.6)
    return Study("Neighbours and infinite range, A = J", rows, describe(scaling), _figures(scaling, rows))


def study_displacive(quick: bool) -> Study:
    """Continuous distortions of molecules that are all HS."""
    plan = [
        (Sampling(8, 8000, 20), (2.75, 2.9, 3.1, 3.35)),
        (Sampling(16, 14000, 40), (2.8, 2.91, 3.03, 3.19)),
        (Sampling(24, 18000, 60), (2.84, 2.92, 3.0, 3.12)),
        (Sampling(32, 24000, 80), (2.85, 2.92, 2.99, 3.07)),
    ][: 3 if quick else 4]
    T_c, uncertainty = strip_critical()
    data = held(displacive, plan)
    least = min(float(one["gamma"].min()) for one in data)
    if least < 0.999:
        raise RuntimeError(f"γ = {least:g} falls below 0.999: not all molecules are HS")
    scaling = finite_size(data, "eta", "extent", np.asarray(dense(2.8, 3.3, 2.9, 2.97)) * UNIT)
    rows = class_rows(scaling, T_c, ISING_2D, uncertainty)
    remarks = [*describe(scaling), f"Smallest γ of all measurements: {least:.6g}."]
    return Study("Continuous distortions on the square lattice", rows, remarks, _figures(scaling, rows))


def tricritical_rows(found: Tricritical, delta: float, known: dict[str, tuple[float, float]]) -> list[Row]:
    """T_t and Δ_t of every mark and of their limit."""
    rows = []
    for mark in found.marks:
        label = "/".join(f"{size:g}" for size in mark.sizes)
        rows.append(Row(f"T_t, sizes {label}", *known["temperature"], mark.temperature.scaled(1 / UNIT)))
        rows.append(Row(f"Δ_t, sizes {label}", *known["field"], _shifted(mark.at, delta)))
    if found.temperature.by_power:
        rows.append(Row("T_t, extrapolated", *known["temperature"], found.temperature.value.scaled(1 / UNIT)))
        rows.append(Row("Δ_t, extrapolated", *known["field"], _shifted(found.at.value, delta)))
    return rows


def _shifted(x: Estimate, delta: float) -> Estimate:
    return Estimate(x.value / COUPLING + delta, x.error / COUPLING, reason=x.reason)


def study_blume_capel(quick: bool) -> Study:
    """Square lattice: crossings of the barrier of P(γ)."""
    delta, path = 1.975, np.linspace(1.93, 2.0, 141)
    plan = [Sampling(8, 20000, 20), Sampling(16, 60000, 60), Sampling(32, 80000, 150)]
    chosen = plan[: 2 if quick else 3]
    crystals = follow_line(blume_capel, delta, (0.585, 0.6, 0.615, 0.63), chosen, path)
    temperatures = (np.linspace(0.588, 0.628, 11) * UNIT).tolist()
    pressures = (path - delta) * COUPLING
    lines = [barrier_line(r, temperatures, pressures, how.extent) for r, how in zip(crystals, chosen, strict=True)]
    found = tricritical(lines)
    rows = tricritical_rows(found, delta, BLUME_CAPEL)
    from mcsco.report.finite_size import draw_lines

    shown = {line.size: line for line in lines}
    figure = draw_lines(shown, UNIT, BLUME_CAPEL["temperature"][0], "barrier $\\Delta F/RT$")
    heights = "; ".join(f"{m.sizes[0]:g}/{m.sizes[1]:g}: {m.height}" for m in found.marks)
    return Study(
        "Blume-Capel model on the square lattice", rows, [f"Barrier at the crossings {heights}."], {"barriers": figure}
    )


def study_blume_capel_infinite(quick: bool) -> Study:
    """Infinite range: where U4 of two sizes is 1/3 at their crossing, exactly and simulated."""
    delta = MEAN_FIELD_TRICRITICAL["field"]
    path = np.linspace(0.43, 0.48, 51)
    pressures = (path - delta) * COUPLING
    temperatures = np.linspace(0.325, 0.365, 6)
    known = {name: (value, 0.0) for name, value in MEAN_FIELD_TRICRITICAL.items()}
    lines = _exact_lines((8, 16) if quick else (8, 16, 32), temperatures, delta, path)
    exact = tricritical(lines, 1 / 3, "molecules")
    rows = [r._replace(what=f"{r.what}, exact sums") for r in tricritical_rows(exact, delta, known)]
    plan = [Sampling(8, 12000, 16), Sampling(16, 12000, 30), Sampling(32, 12000, 60)][: 2 if quick else 3]
    crystals = follow_line(blume_capel_infinite, delta, (0.32, 0.335, 0.35, 0.37), plan, path)
    simulated = []
    for small, large, how in zip(crystals[:-1], crystals[1:], plan[:-1], strict=True):
        simulated.append(cumulant_line(small, large, (temperatures * UNIT).tolist(), pressures, how.extent**2))
    rows += tricritical_rows(tricritical(simulated, 1 / 3, "molecules"), delta, known)
    from mcsco.report.finite_size import draw_lines

    figure = draw_lines({x.size: x for x in simulated}, UNIT, 1 / 3, "$U_4$ at the crossing", 1 / 3)
    return Study("Blume-Capel model with infinite range", rows, [], {"cumulants": figure})


def _exact_lines(extents: Sequence[int], temperatures: Floats, delta: float, path: Floats) -> list[Line]:
    """Crossings of U4 of crystals of N and 4N molecules, without statistical error."""
    from mcsco.observables import crossing

    at, height = [], []
    for L in extents[:-1]:
        for T in temperatures:
            a, b = (
                exact_curves(blume_capel_infinite(size, delta), T * UNIT, (path - delta) * COUPLING)
                for size in (L, 2 * L)
            )
            pair = crossing(a, b, (L**2, 4 * L**2))
            at.append(pair.at.value)
            height.append(pair.height.value)
    shape = (len(extents) - 1, 1, len(temperatures))
    places, heights = np.reshape(at, shape), np.reshape(height, shape)
    return [Line(L**2, temperatures * UNIT, places[k], heights[k]) for k, L in enumerate(extents[:-1])]


def _figures(scaling: FiniteSizeScaling, rows: Sequence[Row]) -> dict[str, Figure]:
    from mcsco.report.finite_size import draw_finite_size

    T_c = rows[0].expected
    return {"scaling": draw_finite_size(scaling, UNIT, T_c, rows[1].expected)}


STUDIES: dict[str, Callable[[bool], Study]] = {
    "ising": study_ising,
    "hybrid": study_hybrid,
    "displacive": study_displacive,
    "blume-capel": study_blume_capel,
    "blume-capel-infinite": study_blume_capel_infinite,
}


def to_markdown(study: Study) -> str:
    """The table of a study."""
    lines = [f"### {study.title}", "", "| quantity | expected | found | z |", "|---|---|---|---|"]
    for row in study.rows:
        expected = f"{row.expected:.6g}" + (f" ± {row.uncertainty:.2g}" if row.uncertainty else "")
        z = f"{row.z:+.2f}" if math.isfinite(row.z) else "–"
        lines.append(f"| {row.what} | {expected} | {row.found} | {z} |".replace("|m|", "\\|m\\|"))
    return "\n".join([*lines, "", *(f"* {remark}" for remark in study.remarks)]) + "\n"


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("results/critical_points"))
@click.option("-s", "--study", "names", multiple=True, type=click.Choice(list(STUDIES)), help="Default: all.")
@click.option("--quick", is_flag=True, help="Small crystals only: a trial of the command.")
def main(output: Path, names: tuple[str, ...], quick: bool) -> None:
    """Locate known critical points and write tables and figures."""
    import matplotlib as mpl

    from mcsco.report.style import STYLE

    output.mkdir(parents=True, exist_ok=True)
    for name in names or STUDIES:
        began = time.process_time()
        study = STUDIES[name](quick)
        table = to_markdown(study)
        (output / f"{name}.md").write_text(table, encoding="utf-8")
        with mpl.rc_context(STYLE):
            for kind, figure in study.figures.items():
                figure.savefig(output / f"{name}_{kind}.png")
                figure.savefig(output / f"{name}_{kind}.svg", metadata={"Date": None})
        click.echo(f"{table}\n{time.process_time() - began:.0f} s of CPU time")


if __name__ == "__main__":
    main()
