"""Landau coefficients from free-energy surfaces, and what the fitted potential predicts.

python -m analysis.landau_extraction [SURFACE.nc] [--preset NAME] [-o DIRECTORY] [--json]

Without a file the surfaces are exact: G = −(RT/N) ln P(q, η) of N molecules with the couplings of infinite range of
the preset, with the noise of so many independent visits to every bin. With a file they are what a biased simulation
measured (a dataset with `free_energy` on temperature, q and eta). Eq. (3) of the source paper is fitted in several
windows; the predictions of each fit stand beside those of the mean field and beside what the surface itself shows.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np

from mcsco import MeanField, presets
from mcsco.errors import InputError
from mcsco.landau import Fit, Predictions, Surface, Window, fit_surface
from mcsco.landau.design import PARAMETERS
from mcsco.meanfield import FiniteSize, LandauExpansion, counting_term
from mcsco.model import Model
from mcsco.units import KELVIN

PRESET, N_SITES, VISITS = "pmpea-volume", 400, 400
TEMPERATURES = (221.0, 223.0, 225.0, 227.0, 229.0, 231.0, 233.0)
BOXES = (0.1, 0.2, 0.3)
"""Half-widths of windows about (q, η) = (0, 0)."""
DEPTHS = (0.05, 0.1, 0.2, 0.4)
"""Depths of windows along the valley, kJ/mol; the barrier of the presets at T_M is 0.07."""
NAMES = ("T_down", "T_up", "T_M", "barrier at T_M")


@dataclass(frozen=True)
class Case:
    """One window."""

    name: str
    fit: Fit
    predictions: Predictions


def exact_surface(model: Model, n_sites: int, temperatures: tuple[float, ...], step: int) -> Surface:
    """−(RT/N) ln P of every state with N₊ + N₋ and N₊ − N₋ multiples of the even number `step`, one domain."""
    k = np.arange(0, n_sites + 1, step)
    plus, minus = (k[:, np.newaxis] + k) // 2, (k[:, np.newaxis] - k) // 2
    crystal = FiniteSize(model, n_sites)
    G = np.full((len(temperatures), k.size, k.size), np.nan)
    for row, T in zip(G, temperatures, strict=True):
        row[:] = -KELVIN * T / n_sites * crystal.log_probability(T)[plus, np.maximum(minus, 0)]
        row[minus < 0] = np.nan
        row -= np.nanmin(row)
    return Surface(np.array(temperatures), 2 * k / n_sites - 1, k / n_sites, G, n_sites=n_sites)


def visited(surface: Surface, visits: float, seed: int) -> Surface:
    """A surface as if every bin had been seen `visits` times independently: errors (RT/N)/√visits, and such noise."""
    T = surface.temperature[:, np.newaxis, np.newaxis]
    error = KELVIN * T / (surface.n_sites or 1) / math.sqrt(visits) * np.ones_like(surface.free_energy)
    noise = np.random.default_rng(seed).standard_normal(error.shape) * error
    return replace(surface, free_energy=surface.free_energy + noise, error=error)


def without_counting(surface: Surface, distorts: bool) -> Surface:
    """The surface with the counting term of a finite crystal taken out."""
    if surface.n_sites is None:
        raise InputError("n_sites of the surface is unknown: the counting term needs it; add the attribute n_sites")
    q, T = surface.q[:, np.newaxis], surface.temperature[:, np.newaxis, np.newaxis]
    return surface.plus(counting_term(q, surface.eta, T, surface.n_sites, distorts))


def cases(surface: Surface, fixed: dict[str, float], n_draws: int = 200) -> list[Case]:
    """A fit in every window in which the coefficients are determined."""
    windows = [(f"box {w:g}", Window(q=(-w, w), eta_max=w)) for w in BOXES]
    windows += [(f"valley {d:g} kJ/mol", Window(depth=d)) for d in DEPTHS]
    found = []
    for name, window in [*windows, ("everything", Window())]:
        try:
            fit = fit_surface(surface, window, fixed)
        except InputError as error:
            click.echo(f"{name}: left out, {error}", err=True)
            continue
        found.append(Case(name, fit, fit.predict(n_draws=n_draws)))
    return found


def of_surface(surface: Surface) -> dict[str, float]:
    """T_M (K) and the barrier there (J/mol) as the surface itself shows them; empty if T_M is not inside.

    Read off the lowest G at each q: its two lowest minima and the top between them, interpolated between temperatures.
    """
    T, depths = [], []
    for temperature, profile in zip(surface.temperature, surface.profile(), strict=True):
        g = profile[np.isfinite(profile)]
        inner = np.flatnonzero((g[1:-1] <= g[:-2]) & (g[1:-1] < g[2:])) + 1
        if inner.size > 1:
            low, high = sorted(inner[np.argsort(g[inner])[:2]])
            top = g[low : high + 1].max()
            T.append(float(temperature))
            depths.append((1000 * float(top - g[low]), 1000 * float(top - g[high])))
    for (T0, (up0, down0)), (T1, (up1, down1)) in pairwise(zip(T, depths, strict=True)):
        if up0 > down0 and up1 <= down1:  # LS is the deeper one below T_M
            part = (up0 - down0) / ((up0 - down0) + (down1 - up1))
            return {"T_M": T0 + part * (T1 - T0), "barrier at T_M": up0 + part * (up1 - up0)}
    return {}


def of_run(path: Path) -> dict[str, float]:
    """T_up and T_down of the simulated loop in a run directory."""
    from analysis.against_landau import loop_rows

    rows = {row.quantity: row.simulation.value for row in loop_rows(path)}
    return {name: rows.get(f"{name} (q)", math.nan) for name in ("T_down", "T_up")}


def of_mean_field(theory: MeanField) -> dict[str, float]:
    """The quantities of `NAMES`; nan where there are none."""
    (T_down, T_up), T_M = theory.spinodals(), theory.maxwell_temperature()
    barrier = 1000 * theory.barriers(T_M)[0] if math.isfinite(T_M) else math.nan
    return dict(zip(NAMES, (T_down, T_up, T_M, barrier), strict=True))


def prediction_table(found: list[Case], references: dict[str, dict[str, float]]) -> str:
    """Markdown: what every fit predicts, and the references below."""
    lines = [
        "| window | bins | χ²/dof | p | rms misfit, J/mol | T_down, K | T_up, K | T_M, K | barrier at T_M, J/mol |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for case in found:
        s = case.fit.solution
        quality = "– | –" if math.isnan(s.chi2) else f"{s.chi2 / s.expected:.3g} | {s.p_value:.2g}"
        values = " | ".join(str(case.predictions.values[name]) for name in NAMES)
        lines.append(f"| {case.name} | {s.residuals.size} | {quality} | {1000 * case.fit.misfit:.2g} | {values} |")
    for name, numbers in references.items():
        known = [numbers.get(key, math.nan) for key in NAMES]
        values = " | ".join("–" if math.isnan(x) else f"{x:.2f}" for x in known)
        lines.append(f"| **{name}** | | | | | {values} |")
    return "\n".join(lines)


def coefficient_table(found: list[Case], expansion: LandauExpansion | None) -> str:
    """Markdown: the coefficients of every fit, and those of the expansion about (0, 0) below."""
    heads = [f"{name}, {unit}" for name, unit in zip(PARAMETERS, _UNITS, strict=True)]
    lines = ["| window | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for case in found:
        cells = [_cell(c.value * f, c.error * f) for c, f in zip(case.fit.coefficients.values(), _FACTORS, strict=True)]
        lines.append(f"| {case.name} | " + " | ".join(cells) + " |")
    if expansion is not None:
        cells = [f"{getattr(expansion, n) * f:.4g}" for n, f in zip(PARAMETERS, _FACTORS, strict=True)]
        lines.append(f"| **expansion at {expansion.T:g} K** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


_UNITS = ("J/(mol K)", "K", "kJ/mol", "kJ/mol", "J/(mol K)", "K", "kJ/mol", "kJ/mol", "kJ/mol")
_FACTORS = (1000.0, 1.0, 1.0, 1.0, 1000.0, 1.0, 1.0, 1.0, 1.0)


def _cell(value: float, error: float) -> str:
    if not error > 0:
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def statements(found: list[Case], references: dict[str, dict[str, float]]) -> list[str]:
    """Which windows eq. (3) describes, and whether the fits predict the transition."""
    lines = [f"{case.name}: {case.fit.verdict}." for case in found]
    truth = references.get("mean field", {})
    for name in ("T_down", "T_up", "T_M"):
        offs = [(abs(c.predictions.values[name].value - truth.get(name, math.nan)), c.name) for c in found]
        offs = [off for off in offs if math.isfinite(off[0])]
        if offs:
            best, worst = min(offs), max(offs)
            lines.append(
                f"{name}: {best[0]:.1f} K from the mean field in the best window ({best[1]}), {worst[0]:.1f} K in the "
                f"worst ({worst[1]})."
            )
    return lines


def to_dict(found: list[Case], references: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Plain data; NaN becomes None."""
    fits = [
        {
            "window": case.name,
            "bins": case.fit.solution.residuals.size,
            "chi2_per_dof": _plain(case.fit.solution.chi2 / case.fit.solution.expected),
            "p": _plain(case.fit.solution.p_value),
            "describes": case.fit.describes,
            "coefficients": {
                c.name: [_plain(c.value), _plain(c.error), c.unit] for c in case.fit.coefficients.values()
            },
            "predictions": {
                p.name: [_plain(p.value), _plain(p.error), p.unit] for p in case.predictions.values.values()
            },
            "sequence": case.predictions.sequence,
            "missing": [[term.name, _plain(term.z), term.share] for term in case.fit.missing[:3]],
        }
        for case in found
    ]
    return {"fits": fits, "references": {k: {n: _plain(x) for n, x in v.items()} for k, v in references.items()}}


def _plain(x: float) -> float | None:
    return x if math.isfinite(x) else None


def read_surface(path: Path) -> Surface:
    """The surface in a netCDF file."""
    import xarray

    try:
        with xarray.open_dataset(path, engine="h5netcdf") as dataset:
            return Surface.from_dataset(dataset.load())
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read as netCDF ({error}); give a file with a measured surface") from None


def study(
    path: Path | None, preset: str | None, n_sites: int, visits: float, counting: bool
) -> tuple[Surface, Model | None]:
    """The surface to fit and the model of its reference."""
    model = presets.load(preset or PRESET) if path is None or preset else None
    if path is None:
        assert model is not None
        step = 2 * max(1, round(n_sites / 100))
        surface = visited(exact_surface(model, n_sites, TEMPERATURES, step), visits, seed=1)
    else:
        surface = read_surface(path)
    if counting:
        surface = without_counting(surface, model is None or model.distortion is not None)
    return surface, model


@click.command()
@click.argument("path", metavar="[SURFACE.nc]", required=False, type=click.Path(path_type=Path))
@click.option("--preset", help=f"Model of the mean field beside it; without a file that of the surface [{PRESET}].")
@click.option("-n", "--n-sites", default=N_SITES, show_default=True, help="N of the exact surface.")
@click.option("--visits", default=float(VISITS), show_default=True, help="Independent visits to each of its bins.")
@click.option("--counting/--no-counting", default=True, show_default=True, help="Take the 1/N counting term out.")
@click.option("--fix", multiple=True, metavar="NAME=VALUE", help="Fix a coefficient, e.g. a0=0 for eq. (4).")
@click.option("--draws", default=200, show_default=True, help="Sets of coefficients behind the errors of predictions.")
@click.option("--run", "run", type=click.Path(path_type=Path), help="Finished thermal cycle, for its T_up and T_down.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("results/landau_extraction"))
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable JSON instead of text.")
def main(
    path: Path | None, preset: str | None, n_sites: int, visits: float, counting: bool, fix: tuple[str, ...],
    draws: int, run: Path | None, output: Path, as_json: bool,
) -> None:  # fmt: skip
    """Fit the Landau potential to a free-energy surface and hold its predictions against mean field and surface."""
    try:
        fixed = _fixed(fix)
        surface, model = study(path, preset, n_sites, visits, counting)
        found = cases(surface, fixed, draws)
        if not found:
            raise InputError("surface: no window holds enough bins; measure more temperatures or a wider range")
        simulated = {} if run is None else {"simulation": of_run(run)}
    except InputError as error:
        click.echo(f"landau_extraction: {error}", err=True)
        sys.exit(2)
    references = {} if model is None else {"mean field": of_mean_field(MeanField(model))}
    references |= {"surface, no fit": of_surface(surface)} | simulated
    T0 = float(surface.temperature.mean())
    expansion = None if model is None else MeanField(model).landau_expansion(T0)
    text = "\n\n".join(
        [
            prediction_table(found, references),
            coefficient_table(found, expansion),
            "\n".join(statements(found, references)),
        ]
    )
    save(found, text, output)
    click.echo(json.dumps(to_dict(found, references), ensure_ascii=False, indent=2) if as_json else text)


def save(found: list[Case], text: str, output: Path) -> None:
    """The tables, and a figure of every window."""
    import matplotlib as mpl

    from mcsco.report import draw_landau_fit
    from mcsco.report.style import STYLE

    output.mkdir(parents=True, exist_ok=True)
    (output / "landau_extraction.md").write_text(text + "\n", encoding="utf-8")
    for case in found:
        figure = draw_landau_fit(case.fit, f"eq. (3), {case.fit.window}")
        with mpl.rc_context(STYLE):
            figure.savefig(output / f"{case.name.replace(' kJ/mol', '').replace(' ', '_')}.png")


def _fixed(given: tuple[str, ...]) -> dict[str, float]:
    fixed = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            fixed[name] = float(value)
        except ValueError:
            raise InputError(f"--fix {text}: must be NAME=VALUE with a number, e.g. a0=0") from None
    return fixed


if __name__ == "__main__":
    main()
