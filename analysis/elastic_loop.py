"""Domains along the thermal loop of an elastic crystal: what it looks like where it turns on and where it turns off.

The run keeps a configuration at every half kelvin of both branches. T_up and T_down are held against the mean field,
and at chosen temperatures the table has the size of the domains, the share of walls that run along the axes, and the
anisotropy of the structure factor, S_uu along the axes over S_uu along the diagonals: large in tweed and in twins.

    python -m analysis.elastic_loop --figure elastic_loop.png

takes the run file `runs/elastic/loop.toml` (or the one given) and simulates it if there is no result yet.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from analysis.coarsening import finished_run
from mcsco.errors import InputError
from mcsco.model import State
from mcsco.observables import snapshot_statistics, structure_factors
from mcsco.observables.series import mean_over_replicas

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from mcsco.report import Row

Floats = npt.NDArray[np.float64]

DEFAULT = Path("runs/elastic/loop.toml")
BEFORE, AFTER = 1.5, 3.0
"""K before and after a transition at which the crystal is looked at."""
COVERED = 0.02
"""Wall length per molecule below which the direction of walls says nothing."""


@dataclass(frozen=True)
class Branch:
    """Heating or cooling, snapshot by snapshot."""

    name: str
    temperature: Floats
    """K, shape (snapshot,)."""
    gamma: Floats
    """HS fraction, shape (replica, snapshot)."""
    eta: Floats
    """|η|, shape (replica, snapshot)."""
    domains: xarray.Dataset
    """Statistics of the snapshots of this branch, see `snapshot_statistics`."""
    anisotropy: Floats
    """S_uu along the axes over S_uu along the diagonals, averaged over replicas, shape (snapshot,)."""
    at_walls: Floats
    """LS fraction of the molecules with both variants among their eight neighbours over that of those with one
    variant, shape (replica, snapshot); NaN if one kind is missing."""
    states: tuple[npt.NDArray[Any], npt.NDArray[Any]]
    """σ and u, shape (replica, snapshot, y, x)."""


def measure(dataset: xarray.Dataset, leg: int, name: str) -> Branch:
    """Statistics of one leg of a loop."""
    part = dataset.isel(snapshot=np.flatnonzero(dataset["snapshot_leg"].values == leg))
    spin, u = part["snapshot_spin"].values, part["snapshot_distortion"].values
    ratio = [
        float(np.mean(structure_factors(State(spin[:, j], u[:, j]), replicas=True).averaged().anisotropy("uu")))
        for j in range(spin.shape[1])
    ]
    at_walls = [[ls_at_walls(*state) for state in zip(*replica, strict=True)] for replica in zip(spin, u, strict=True)]
    return Branch(
        name,
        part["snapshot_temperature"].values,
        (spin > 0).mean(axis=(2, 3)),
        np.abs(u.mean(axis=(2, 3), dtype=np.float64)),
        snapshot_statistics(part),
        np.array(ratio),
        np.array(at_walls),
        (spin, u),
    )


def ls_at_walls(spin: npt.NDArray[Any], u: npt.NDArray[Any]) -> float:
    """LS fraction between the variants over that within them; NaN without either kind of place, or without LS there."""
    near = [np.zeros(u.shape, dtype=np.bool_) for _ in range(2)]
    for shift in np.ndindex(*(3,) * u.ndim):
        if any(step != 1 for step in shift):
            moved = np.roll(u, tuple(step - 1 for step in shift), axis=tuple(range(u.ndim)))
            near[0] |= moved > 0
            near[1] |= moved < 0
    between, within = near[0] & near[1], near[0] ^ near[1]
    if not (between.any() and within.any()):
        return math.nan
    inside = float((spin[within] < 0).mean())
    return float((spin[between] < 0).mean()) / inside if inside > 0 else math.nan


def ls_along_diagonals(spin: npt.NDArray[Any], u: npt.NDArray[Any]) -> tuple[float, float]:
    """How often the neighbour of a LS molecule along a diagonal is LS, over the LS fraction, inside the twins.

    First along the diagonal (1, −1) in +η and (1, 1) in −η, which the coupling J_nu of volume and shear favours, then
    along the other one. A molecule is inside a twin if that variant has more than half of the 5 × 5 molecules about it.
    """
    around = sum(np.roll(u.astype(np.int64), shift, axis=(0, 1)) for shift in np.ndindex(5, 5))
    around = np.roll(around, (-2, -2), axis=(0, 1))
    ls = spin < 0
    pairs, expected = np.zeros(2), 0.0
    for variant in (1, -1):
        inside = variant * around > 12
        centres = inside & ls
        expected += centres.sum() * ls[inside].mean() if inside.any() else 0.0
        for i, step in enumerate((-variant, variant)):
            pairs[i] += (centres & np.roll(ls, (1, step), axis=(0, 1))).sum()
    along, across = pairs / expected if expected else (math.nan, math.nan)
    return float(along), float(across)


def transitions(rows: list[Row]) -> dict[str, float]:
    """T_up and T_down of the spin."""
    value = {row.quantity: row.simulation.value for row in rows}
    return {name: value.get(f"{name} (q)", math.nan) for name in ("T_up", "T_down")}


def chosen(heating: Branch, cooling: Branch, T: dict[str, float]) -> list[tuple[Branch, int]]:
    """The snapshots to look at: before, at and after each transition, and where heating ends."""
    wanted = [
        (heating, T["T_up"] - BEFORE),
        (heating, T["T_up"] + BEFORE),
        (heating, float(heating.temperature[-1])),
        (cooling, T["T_down"] + AFTER),
        (cooling, T["T_down"]),
        (cooling, T["T_down"] - AFTER),
    ]
    return [(branch, int(np.argmin(np.abs(branch.temperature - at)))) for branch, at in wanted]


def table(looks: list[tuple[Branch, int]]) -> str:
    """The crystal at the chosen temperatures."""
    heads = ("γ", "|η|", "domain ⟨s²⟩/⟨s⟩", "R_uu (sites)", "R_nn (sites)", "walls/molecule", "along axes")
    widths = (16, 14, 18, 14, 14, 18, 16)
    lines = [f"{'':9s}{'T (K)':>7s}" + "".join(f"{h:>{w}s}" for h, w in zip(heads, widths, strict=True))]
    lines[0] += f"{'S axes/diag':>13s}{'LS at walls':>13s}"
    for branch, j in looks:
        at = branch.domains.isel(snapshot=j)
        eta = at.sel(field="eta")
        columns = (
            (branch.gamma[:, j], 3), (branch.eta[:, j], 3), (eta["mean_size"].sel(kind="both").values, 0),
            (eta["R"].values, 1), (at["R"].sel(field="spin").values, 1), (eta["wall_length"].values, 4),
            (eta["wall_share"].values.sum(axis=-1), 3),
        )  # fmt: skip
        cells = [f"{_cell(x, digits):>{w}s}" for (x, digits), w in zip(columns, widths, strict=True)]
        ratio = np.nanmean(branch.at_walls[:, j]) if np.isfinite(branch.at_walls[:, j]).any() else math.nan
        lines.append(f"{branch.name:9s}{branch.temperature[j]:7.1f}" + "".join(cells))
        lines[-1] += f"{branch.anisotropy[j]:13.2f}{ratio:13.2f}"
    return "\n".join(lines)


def _cell(values: Floats, digits: int) -> str:
    found = mean_over_replicas(values)
    error = "–" if math.isnan(found.error) else f"{found.error:.{digits}f}"
    return "–" if math.isnan(found.value) else f"{found.value:.{digits}f} ± {error}"


def draw(heating: Branch, cooling: Branch, looks: list[tuple[Branch, int]], rows: list[Row]) -> Figure:
    """γ, |η|, R and directions of walls against T; maps and structure factors at the chosen temperatures."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from mcsco.report.style import COOLING, HEATING, STYLE

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 6.0), layout="constrained")
        parts: Any = figure.subfigures(2, 1, height_ratios=(3.6, 2.4))
        panels = parts[0].subplots(2, 2, sharex=True).ravel()
        for branch, colour in ((heating, HEATING), (cooling, COOLING)):
            eta = branch.domains.sel(field="eta")
            covered = eta["wall_length"].values >= COVERED
            share = np.where(covered, eta["wall_share"].values.sum(axis=-1), np.nan)
            shown = (branch.gamma, branch.eta, eta["R"].values, share)
            for axes, values in zip(panels, shown, strict=True):
                axes.plot(branch.temperature, values.T, color=colour, lw=0.3, alpha=0.4)
                n = np.isfinite(values).sum(axis=0)
                mean = np.nansum(values, axis=0) / np.where(
                    2 * n >= len(values), n, np.nan
                )  # over half of them or more
                axes.plot(branch.temperature, mean, color=colour, lw=1.3, label=branch.name)
        labels = ("HS fraction γ", "|η|", "$R_{uu}$ (sites)", "walls along the axes")
        for axes, label, letter in zip(panels, labels, "abcd", strict=True):
            axes.set(ylabel=label)
            axes.text(-0.13, 1.02, letter, transform=axes.transAxes, weight="bold", size=9)
            for T in transitions(rows).values():
                axes.axvline(T, color="0.75", lw=0.7, zorder=0)
        for axes in panels[:2]:
            axes.set_ylim(-0.04, 1.06)
        panels[2].set_yscale("log")
        panels[3].axhline(4 * 10 / 180, color="k", lw=0.7, ls=(0, (4, 2)), zorder=0)
        panels[3].set_ylim(0, 1.04)
        for axes in panels[2:]:
            axes.set_xlabel("temperature (K)")
        panels[0].legend(loc="upper left")
        _draw_looks(parts[1], looks)
        return figure


def _draw_looks(figure: Any, looks: list[tuple[Branch, int]]) -> None:
    from matplotlib.colors import ListedColormap

    from mcsco.report.maps import LS, MINUS, PLUS

    above, below = figure.subplots(2, len(looks))
    for axes, waves, (branch, j), letter in zip(above, below, looks, "efghij", strict=True):
        spin, u = (x[:, j] for x in branch.states)
        code = np.sign(u[0]) * (spin[0] > 0)
        axes.imshow(
            code, origin="lower", cmap=ListedColormap([MINUS, LS, PLUS]), vmin=-1.5, vmax=1.5, interpolation="nearest"
        )
        title = f"$\\mathbf{{{letter}}}$ {branch.temperature[j]:.1f} K {'↑' if branch.name == 'heating' else '↓'}"
        axes.set_title(title, loc="left", fontsize=7.5, pad=3)
        S = np.fft.fftshift(structure_factors(State(spin, u), replicas=True).averaged().S_uu)
        n = len(S) // 2
        part = slice(n - n // 2, n + n // 2 + 1)
        logarithm = np.log10(np.maximum(S[part, part], 1e-3))
        waves.imshow(logarithm, origin="lower", cmap="cividis", vmin=logarithm.max() - 3, vmax=logarithm.max())
        for panel in (axes, waves):
            panel.set(xticks=[], yticks=[])
            panel.minorticks_off()
    above[0].set_ylabel("crystal")
    below[0].set_ylabel("$\\log S_{uu}$, |k| < π/2")


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True), default=DEFAULT)
@click.option("--extent", type=click.IntRange(min=16), help="A trial with so many molecules along a side.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="A trial with so many MCS/K.")
@click.option("--replicas", type=click.IntRange(min=2), help="A trial with so many replicas.")
@click.option("--figure", type=click.Path(path_type=Path), help="Where to write the figure, e.g. elastic_loop.png.")
def main(run: Path, extent: int | None, rate: float | None, replicas: int | None, figure: Path | None) -> None:
    """Print T_up and T_down beside the mean field, and the domains along the loop RUN, a run file or a directory."""
    from mcsco.report import compare, to_text

    changes = {
        "model.shape": [extent] * 2 if extent else None,
        "protocol.sweeps_per_kelvin": rate,
        "run.replicas": replicas,
    }
    values = {key: value for key, value in changes.items() if value is not None}
    try:
        config, dataset = finished_run(run, values)
        if config.protocol.kind != "thermal-cycle" or "snapshot_spin" not in dataset or dataset["spin"].ndim != 3:
            raise InputError(f"{run}: must be a thermal cycle of a 2-D crystal with snapshots, as {DEFAULT} is")
    except InputError as error:
        click.echo(f"elastic_loop: {error}", err=True)
        sys.exit(2)
    rows = compare(config, dataset)
    heating, cooling = (measure(dataset, leg, name) for leg, name in enumerate(("heating", "cooling")))
    T = transitions(rows)
    click.echo(to_text(rows) + "\n")
    if not all(math.isfinite(x) for x in T.values()):
        click.echo("no loop: the crystal does not switch on both branches within the range of temperatures")
        return
    looks = chosen(heating, cooling, T)
    click.echo(table(looks))
    branch, j = looks[3]
    states = zip(*(x[:, j] for x in branch.states), strict=True)
    along, across = (_cell(x, 2) for x in np.transpose([ls_along_diagonals(*state) for state in states]))
    click.echo(
        f"\ninside twins, {branch.name}, {branch.temperature[j]:g} K: a neighbour of a LS molecule along the diagonal "
        f"of its variant is LS {along} times as often as any molecule, along the other {across} times"
    )
    if figure:
        import matplotlib as mpl

        from mcsco.report.style import STYLE

        with mpl.rc_context(STYLE):
            draw(heating, cooling, looks, rows).savefig(figure, dpi=150)


if __name__ == "__main__":
    main()
