"""Fit a theory to a measured χT(T)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcsco.cli.terminal import as_json, plain, reported
from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.fits import CurveFit
    from mcsco.observables import Measured


FORMATS = (".png", ".svg", ".pdf")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", "preset", help="Fit the mean field of this preset instead of Slichter-Drickamer.")
@click.option("--landau", "potential", help="Fit the Landau potential, from this parameter set.")
@click.option("--free", multiple=True, help="Parameter of --model or --landau to vary, e.g. spin.enthalpy; repeat.")
@click.option("--hold", multiple=True, metavar="NAME=VALUE", help="Parameter to hold, e.g. chi_t_hs=3.5; repeat.")
@click.option(
    "--domains", is_flag=True, help="Domains after Sorai and Seki: n_d free, no cooperativity; hold enthalpy."
)
@click.option("--quantity", default="chi_t", show_default=True, help="Second column: chi_t, chi or mu_eff.")
@click.option("--si", is_flag=True, help="χT in m3 K/mol, χ in m3/mol.")
@click.option("--sigma", type=float, help="Standard error of a point, cm3 K/mol; default: from the residuals.")
@click.option("--figure", type=click.Path(path_type=Path), help="Write curve and residuals to this file.")
@as_json
@reported
def fit(
    file: Path,
    preset: str | None,
    potential: str | None,
    free: tuple[str, ...],
    hold: tuple[str, ...],
    domains: bool,
    quantity: str,
    si: bool,
    sigma: float | None,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Fit ΔH, ΔS and Γ (Slichter-Drickamer), a mean field or a Landau potential to FILE, two columns T and χT."""
    from mcsco.observables import read_measured

    if figure is not None and figure.suffix.lower() not in FORMATS:
        raise InputError(f"--figure {figure}: must end in {', '.join(FORMATS)}")
    held = _held(hold)
    measured = read_measured(file, quantity, si)
    found = _fit(measured, preset, potential, free, held, domains, sigma)
    if figure is not None:
        _draw(found, figure)
    if as_json:
        click.echo(json.dumps(_data(found), ensure_ascii=False, indent=2))
        return
    click.echo(str(found))
    if figure is not None:
        click.echo(f"figure  {figure}")


def _held(hold: tuple[str, ...]) -> dict[str, float]:
    held = {}
    for text in hold:
        name, _, value = text.partition("=")
        try:
            held[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"--hold {text}: must be NAME=NUMBER, e.g. chi_t_hs=3.5") from None
    return held


def _fit(
    measured: Measured,
    preset: str | None,
    potential: str | None,
    free: tuple[str, ...],
    held: dict[str, float],
    domains: bool,
    sigma: float | None,
) -> CurveFit:
    from mcsco import fits, landau
    from mcsco.model import presets

    if preset is not None and potential is not None:
        raise InputError("--model and --landau: give one of them")
    known = {"chi_t_hs", "chi_t_ls"}
    if preset is None and potential is None:
        known |= {"enthalpy", "entropy", "cooperativity", "n_d"}
        if free:
            raise InputError("--free: belongs to --model or --landau; Slichter-Drickamer frees all that is not held")
    for name in held:
        if name not in known:
            raise InputError(f"--hold {name}: unknown; here {', '.join(sorted(known))} can be held")
    options: dict[str, Any] = {"sigma": sigma, **held}
    if free:
        options["free"] = free
    if preset is not None:
        return fits.fit_mean_field(measured, presets.load(preset), **options)
    if potential is not None:
        return fits.fit_landau(measured, landau.load(potential), **options)
    if domains:
        options = {"n_d": None, "cooperativity": 0.0, **options}
    return fits.fit_slichter_drickamer(measured, **options)


def _draw(found: CurveFit, figure: Path) -> None:
    from mcsco.campaign.files import replaced
    from mcsco.report import draw_fit

    with replaced(figure) as temporary:
        draw_fit(found).savefig(temporary, format=figure.suffix[1:].lower())


def _data(found: CurveFit) -> dict[str, Any]:
    parameters = {
        name: {"value": plain(found[name].value), "error": plain(found[name].error)}
        for name in (*found.names, *found.derived)
    }
    return {
        "fit": found.what,
        "parameters": parameters,
        "held": dict(found.fixed),
        "names": list(found.names),
        "covariance": found.covariance.tolist(),
        "sigma": found.sigma,
        "chi2": found.chi2,
        "degrees_of_freedom": found.dof,
        "residual_correlation": found.correlation,
        "verdict": found.verdict,
    }
