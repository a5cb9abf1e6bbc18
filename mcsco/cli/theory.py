"""Commands that need no simulation."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from mcsco.cli.terminal import as_json, plain, reported


@click.command()
@click.option("--set", "name", default="source-paper", show_default=True, help="Parameter set.")
@click.option("--entropy", default=66.5, show_default=True, help="ΔS(LS → HS) in J/(mol K) for the unit of energy.")
@as_json
@reported
def landau(name: str, entropy: float, as_json: bool) -> None:
    """Print what the Landau potential of the source paper says."""
    from mcsco import landau as theory
    from mcsco.errors import check_real

    check_real("entropy", entropy, above=0.0, unit="J/(mol K)")
    given = theory.get(name)
    potential = given.potential
    T_down, T_up = potential.spinodals()
    T_maxwell = potential.maxwell_temperature()
    barriers = potential.barriers(T_maxwell)
    unit = potential.unit(entropy)
    numbers: dict[str, Any] = {
        "T_up": T_up,
        "T_down": T_down,
        "T_maxwell": T_maxwell,
        "barrier_LH": barriers[0],
        "barrier_HL": barriers[1],
        "latent_heat": potential.latent_heat(),
        "T_HShs": potential.paraelastic_temperature(),
        "phase_sequence": potential.phase_sequence(),
        "unit_K": unit.kelvin,
        "unit_J_per_mol": unit.joule_per_mole,
    }
    if as_json:
        click.echo(json.dumps({"set": name, **{k: plain(v) for k, v in numbers.items()}}, ensure_ascii=False, indent=2))
        return
    click.echo(f"{given.summary}\n{given.source}\n")
    for key, label in (
        ("T_up", "T_up, K"),
        ("T_down", "T_down, K"),
        ("T_maxwell", "T_Maxwell, K"),
        ("barrier_LH", "barrier LS → HS at T_Maxwell"),
        ("barrier_HL", "barrier HS → LS at T_Maxwell"),
        ("latent_heat", "latent heat at T_Maxwell"),
        ("T_HShs", "HSls → HShs, K"),
        ("unit_K", "unit of energy, K/molecule"),
        ("unit_J_per_mol", "unit of energy, J/mol"),
    ):
        click.echo(f"{label:<32}{'–' if math.isnan(numbers[key]) else format(numbers[key], '14.6f')}")
    click.echo(f"{'phase sequence on heating':<32}{numbers['phase_sequence']}")


@click.command()
@as_json
@reported
def presets(as_json: bool) -> None:
    """List the ready models and Landau parameter sets."""
    from mcsco import landau as theory
    from mcsco.model import presets as models

    found: list[tuple[str, models.Preset | theory.ParameterSet]] = [
        *(("model", models.get(name)) for name in models.names()),
        *(("landau", theory.get(name)) for name in theory.names()),
    ]
    if as_json:
        entries = [{"kind": k, "name": p.name, "summary": p.summary, "source": p.source} for k, p in found]
        click.echo(json.dumps(entries, ensure_ascii=False, indent=2))
        return
    for kind, entry in found:
        click.echo(f"{entry.name:<25}{kind:<8}{entry.summary}")
