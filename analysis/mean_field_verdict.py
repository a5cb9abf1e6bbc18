"""Where is mean field right? One mean field, seven ranges of the couplings, and an elastic crystal.

All members of the family but the elastic one have the same mean field, that of the preset `pmpea`: the couplings of the
spin and of the distortion are spread over fewer and fewer molecules, from all down to the nearest ones. What differs
from mean field is therefore due to fluctuations alone. Of every member the study has

* the thermal loop of 64 × 64 (16 × 16 × 16) molecules at 200 MCS/K: T_up and T_down;
* free-energy surfaces of 256 (512) molecules, and of 1024 where there is a barrier that can grow: the temperature of
  equal weight T_eq, the entropy jump there from the energies of the two phases, the barrier, and the power with which
  it grows with the number of molecules,

each beside the mean field of the same Hamiltonian and the Landau potential `consistent-eq3`, whose loop is the same
235/220 K; differences are in standard errors of the simulation.

    python -m analysis.mean_field_verdict --figure verdict.png --table verdict.md

takes the run files of `runs/mean-field-verdict` and simulates those that have no result yet.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from analysis.coarsening import finished_run
from mcsco import landau, units
from mcsco.meanfield import MeanField
from mcsco.observables import Estimate, loop, surface
from mcsco.observables.series import unknown

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from mcsco.observables import Landscape

RUNS = Path("runs/mean-field-verdict")
MEMBERS = {
    "infinite": "infinite range",
    "range-5": "11×11 − 1",
    "range-3": "7×7 − 1",
    "range-2": "5×5 − 1",
    "range-1": "3×3 − 1",
    "neighbours-3d": "6 (cubic)",
    "neighbours-2d": "4 (square)",
    "elastic": "elastic (own mean field)",
}
"""Run files, and how many molecules each is coupled to."""
NEIGHBOURS = {"range-5": 120, "range-3": 48, "range-2": 24, "range-1": 8, "neighbours-3d": 6, "neighbours-2d": 4}
SIZES = ("small", "large")
LANDAU = "consistent-eq3"
ENTROPY = 66.5
"""ΔS(LS → HS) in J/(mol K) that sets the unit of energy of the Landau potential."""
AGREES = 3.0


@dataclass(frozen=True)
class Line:
    """One quantity of one member in the three views."""

    member: str
    quantity: str
    unit: str
    simulation: Estimate
    mean_field: float
    landau: float

    def z(self, reference: float) -> float:
        """Simulation less reference in standard errors; NaN if one is unknown."""
        error = self.simulation.error
        return (self.simulation.value - reference) / error if error > 0 else math.nan

    def verdict(self) -> str:
        """In words."""
        if math.isnan(self.simulation.value):
            return self.simulation.reason or "not found"
        z = self.z(self.mean_field)
        if math.isnan(z):
            return "no verdict"
        return "mean field holds" if abs(z) <= AGREES else f"mean field is off by {abs(z):.0f} standard errors"


def study(name: str) -> list[Line]:
    """All lines of one member."""
    config, series = finished_run(RUNS / f"{name}.toml")
    theory = MeanField(config.model.build())
    potential = landau.load(LANDAU)
    found = loop(series)
    T_down, T_up = theory.spinodals()
    landau_down, landau_up = potential.spinodals()
    lines = [
        Line(name, "T_up", "K", found.T_up, T_up, landau_up),
        Line(name, "T_down", "K", found.T_down, T_down, landau_down),
        Line(name, "width", "K", found.width, T_up - T_down, landau_up - landau_down),
    ]
    # The larger crystal is there where the smaller one has a barrier that can grow.
    files = {size: RUNS / f"{name}-{size}.toml" for size in SIZES}
    datasets = {size: finished_run(file)[1] for size, file in files.items() if file.is_file()}
    landscapes = {size: surface(dataset)[0] for size, dataset in datasets.items()}
    return lines + _equilibrium_lines(name, theory, potential, datasets, landscapes)


def _equilibrium_lines(
    name: str,
    theory: MeanField,
    potential: landau.Potential,
    datasets: dict[str, xarray.Dataset],
    landscapes: dict[str, Landscape],
) -> list[Line]:
    T_M, jump = theory.maxwell_temperature(), theory.maxwell_jump().entropy
    landau_T, landau_jump = potential.maxwell_temperature(), _landau_jump(potential)
    unit = potential.unit(ENTROPY).joule_per_mole
    last = SIZES[len(landscapes) - 1]
    large = landscapes[last]
    barriers = {size: barrier(landscape) for size, landscape in landscapes.items()}
    if "without overlap" in datasets[last].attrs["remark"]:
        nothing = unknown("not measured: windows without overlap, the crystal is too slow for them")
        return [
            Line(name, "T_eq", "K", nothing, T_M, landau_T),
            Line(name, "ΔS at T_eq", "J/(mol K)", nothing, jump, landau_jump),
        ]
    mean_field_barrier = 1e3 * theory.barriers(T_M)[0]
    return [
        Line(name, "T_eq", "K", large.T_eq, T_M, landau_T),
        Line(name, "ΔS at T_eq", "J/(mol K)", entropy_jump(datasets[last], large), jump, landau_jump),
        *(
            Line(name, f"barrier, {landscapes[size].n_sites} molecules", "J/mol", barriers[size], mean_field_barrier,
                 float(potential.barriers(landau_T)[0]) * unit)
            for size in landscapes
        ),
        *(
            [Line(name, "power of N in the barrier", "", growth(landscapes, barriers), 1.0, 1.0)]
            if len(landscapes) == len(SIZES) else []
        ),
    ]  # fmt: skip


def barrier(landscape: Landscape) -> Estimate:
    """Barrier per molecule in J/mol where both phases are equally deep: the mean of the two ways, to first order."""
    up, down = landscape.G_LH, landscape.G_HL
    if math.isnan(up.value):
        return up
    return Estimate(500.0 * (up.value + down.value), 500.0 * math.hypot(up.error, down.error))


def growth(landscapes: dict[str, Landscape], barriers: dict[str, Estimate]) -> Estimate:
    """Slope of ln(N G) over ln N between the two sizes: 1 of mean field, (d−1)/d of an interface in d dimensions."""
    small, large = (barriers[size] for size in SIZES)
    if math.isnan(small.value) or math.isnan(large.value):
        return unknown("no barrier at one of the sizes")
    ratio = math.log(landscapes["large"].n_sites / landscapes["small"].n_sites)
    error = math.hypot(small.error / small.value, large.error / large.value) / ratio
    return Estimate(1.0 + math.log(large.value / small.value) / ratio, error)


def entropy_jump(dataset: xarray.Dataset, landscape: Landscape) -> Estimate:
    """ΔS = ΔH/T_eq from the energies on the two sides of the pass, J/(mol K); its error by bootstrap."""
    if landscape.saddle is None or math.isnan(landscape.T_eq.value):
        return unknown("one phase only")
    part = dataset.isel(temperature=0)
    T_eq, RT = landscape.T_eq.value, landscape.temperature * units.KELVIN
    energy = part["energy"].values
    carry = landscape.n_sites * energy * (1 / T_eq - 1 / landscape.temperature) / units.KELVIN
    on_hs = np.broadcast_to((part["q"].values > landscape.saddle.q.value)[:, None], energy.shape)

    def jump(G: Any) -> float:
        minus = -landscape.n_sites * G / RT - carry
        known = np.isfinite(minus) & np.isfinite(energy)
        P = np.where(known, np.exp(np.where(known, minus - np.nanmax(minus[known]), 0.0)), 0.0)
        means = [np.sum((P * np.nan_to_num(energy))[side]) / np.sum(P[side]) for side in (on_hs, ~on_hs)]
        return float(1e3 * (means[0] - means[1]) / T_eq)

    copies = [jump(G) for G in part["free_energy_bootstrap"].values]
    return Estimate(jump(part["free_energy"].values), float(np.std(copies, ddof=1)))


def _landau_jump(potential: landau.Potential) -> float:
    """ΔS of the potential at its Maxwell temperature in J/(mol K)."""
    T = potential.maxwell_temperature()
    return potential.latent_heat() / T * potential.unit(ENTROPY).joule_per_mole


def to_table(lines: list[Line]) -> str:
    """All lines as a Markdown table."""
    head = "| coupled molecules | quantity | simulation | mean field | z | Landau | z | verdict |"
    rows = [head, "|---|---|---|---|---|---|---|---|"]
    for line in lines:
        unit = f" ({line.unit})" if line.unit else ""
        found = "–" if math.isnan(line.simulation.value) else str(line.simulation).partition(" (")[0]
        rows.append(
            f"| {MEMBERS[line.member]} | {line.quantity}{unit} | {found} | {_number(line.mean_field)} | "
            f"{_z(line.z(line.mean_field))} | {_number(line.landau)} | {_z(line.z(line.landau))} | {line.verdict()} |"
        )
    return "\n".join(rows)


def _number(x: float) -> str:
    return "–" if math.isnan(x) else f"{x:.2f}"


def _z(x: float) -> str:
    return "–" if math.isnan(x) else f"{x:+.1f}"


def draw(lines: list[Line]) -> Figure:
    """Loop, T_eq, entropy jump and barrier against the number of coupled molecules."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from mcsco.report.style import COOLING, HEATING, HOLD, LANDAU, MEAN_FIELD, STYLE

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 4.6), layout="constrained")
        panels = figure.subplots(2, 2, sharex=True)
        shown = [
            (panels[0, 0], {"T_up": HEATING, "T_down": COOLING}, "limits of the loop (K)"),
            (panels[0, 1], {"T_eq": HOLD}, "temperature of equal weight (K)"),
            (panels[1, 0], {"ΔS at T_eq": HOLD}, "ΔS at T_eq (J mol⁻¹ K⁻¹)"),
            (panels[1, 1], {"barrier, small": "#009E73", "barrier, large": HOLD}, "barrier (J mol⁻¹)"),
        ]
        for (axes, quantities, label), letter in zip(shown, "abcd", strict=True):
            for quantity, colour in quantities.items():
                _draw_quantity(axes, _of(lines, quantity), quantity, colour, (MEAN_FIELD, LANDAU))
            axes.set_ylabel(label)
            axes.text(-0.14, 1.02, letter, transform=axes.transAxes, weight="bold", size=9)
            axes.legend(loc="best")
        for axes in panels[1]:
            axes.set_xlabel("coupled molecules")
        return figure


def _of(lines: list[Line], quantity: str) -> list[Line]:
    """The lines of one quantity; barriers by size."""
    if not quantity.startswith("barrier"):
        return [line for line in lines if line.quantity == quantity]
    found = {name: [line for line in lines if line.member == name and line.quantity.startswith("barrier")]
             for name in MEMBERS}  # fmt: skip
    index = SIZES.index(quantity.split(", ")[1])
    return [members[index] for members in found.values() if len(members) > index]


def _draw_quantity(axes: Any, lines: list[Line], label: str, colour: str, theories: tuple[str, str]) -> None:
    at = {**NEIGHBOURS, "infinite": 400.0}
    family = [line for line in lines if line.member in at]
    x = [at[line.member] for line in family]
    y = [line.simulation.value for line in family]
    error = np.nan_to_num([line.simulation.error for line in family])
    axes.errorbar(x, y, error, fmt="o", ms=3.5, color=colour, elinewidth=0.8, capsize=1.5, label=label, zorder=3)
    axes.axhline(family[0].mean_field, color=theories[0], lw=0.9)
    axes.axhline(family[0].landau, color=theories[1], lw=1.6, zorder=0)
    axes.set_xscale("log")
    axes.set_xticks([4, 8, 24, 48, 120, 400], ["4", "8", "24", "48", "120", "all"])
    axes.minorticks_off()


@click.command()
@click.option("--figure", type=click.Path(path_type=Path), help="Write the figure to this file.")
@click.option("--table", type=click.Path(path_type=Path), help="Write the table as Markdown to this file.")
@click.option("--only", multiple=True, type=click.Choice(list(MEMBERS)), help="Members to look at; repeat.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(figure: Path | None, table: Path | None, only: tuple[str, ...], as_json: bool) -> None:
    """Hold simulations of every range against one mean field and one Landau potential."""
    lines = [line for name in only or MEMBERS for line in study(name)]
    if as_json:
        data = [
            {"member": x.member, "quantity": x.quantity, "unit": x.unit, "simulation": _plain(x.simulation.value),
             "error": _plain(x.simulation.error), "mean_field": _plain(x.mean_field), "landau": _plain(x.landau),
             "verdict": x.verdict()}
            for x in lines
        ]  # fmt: skip
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        click.echo(to_table(lines))
    if table is not None:
        table.write_text(to_table(lines) + "\n", encoding="utf-8")
    if figure is not None:
        draw(lines).savefig(figure)


def _plain(x: float) -> float | None:
    return None if math.isnan(x) else x


if __name__ == "__main__":
    main()
