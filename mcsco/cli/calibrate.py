"""Fit the energies of a model to a loop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcsco.cli.terminal import as_json, log, plain, progress, reported
from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.campaign import Calibration, RunConfig, Trial
    from mcsco.observables import Estimate


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Directory of the result.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads; the result does not depend on it.")
@as_json
@reported
def calibrate(file: Path, output: Path | None, threads: int | None, as_json: bool) -> None:
    """Find energies for which the simulated loop of FILE.toml has given T_up and T_down.

    The section [calibrate] names the two temperatures and the keys that are free. The result is a run file with the
    energies found, and the list of all trials.
    """
    from mcsco import campaign
    from mcsco.observables import loop

    config = campaign.read_config(file)
    section = config.calibrate
    if section is None:
        raise InputError(f"{file}: has no section [calibrate]; give T_up, T_down and the keys that are free")
    directory = campaign.output_directory(config, file, output)
    directory.check_writable()
    if directory.existing() is not None:
        raise InputError(f"output = {str(directory.path)!r}: holds a finished run; choose another with --output")

    def report(trial: Trial) -> None:
        given = ", ".join(f"{_short(k)} = {v:.5g}" for k, v in zip(section.free, trial.values, strict=True))
        log.info("%s: T_up = %s K, T_down = %s K", given, trial.T_up, trial.T_down)

    def measure(trial_config: RunConfig) -> tuple[Estimate, Estimate]:
        with progress(campaign.total_updates(trial_config), "sweeps") as advance:
            found = loop(campaign.execute(trial_config, threads, advance))
        return found.T_up, found.T_down

    outcome = campaign.calibrate(config, measure, report)
    directory.path.mkdir(parents=True, exist_ok=True)
    summary = _summary(outcome)
    directory.write(
        "calibrated.toml", lambda path: path.write_text(_header(outcome) + outcome.config.to_toml(), encoding="utf-8")
    )
    directory.write(
        "calibration.json", lambda path: path.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
    )
    if as_json:
        click.echo(json.dumps(summary | {"directory": str(directory.path)}, ensure_ascii=False, indent=2))
        return
    click.echo()
    for key, value, error in zip(outcome.keys, outcome.values, outcome.errors, strict=True):
        click.echo(f"{key:<32}{value:12.5f} ± {error:.5f}")
    check = outcome.check
    for name, T, target in (("T_up", check.T_up, outcome.targets[0]), ("T_down", check.T_down, outcome.targets[1])):
        click.echo(f"{name + ', K, independent run':<32}{T!s:>20}   asked for {target:g}")
    verdict = "met" if outcome.is_met else "NOT met; allow more rounds, or free another key"
    click.echo(f"targets {verdict} within {outcome.tolerance:g} K and two standard errors")
    click.echo(f"\nrun file  {directory.path / 'calibrated.toml'}\ntrials    {directory.path / 'calibration.json'}")


def _short(key: str) -> str:
    return key.removeprefix("model.")


def _header(outcome: Calibration) -> str:
    lines = ["Energies fitted to a simulated loop; standard errors follow from those of its temperatures."]
    for key, value, error in zip(outcome.keys, outcome.values, outcome.errors, strict=True):
        lines.append(f"{key} = {value:.6g} +- {error:.2g}")
    return "".join(f"# {line}\n" for line in lines)


def _summary(outcome: Calibration) -> dict[str, Any]:
    def one(trial: Trial) -> dict[str, Any]:
        temperatures = {"T_up": trial.T_up, "T_down": trial.T_down}
        return {
            "values": dict(zip(outcome.keys, trial.values, strict=True)),
            **{name: {"value": plain(T.value), "error": plain(T.error)} for name, T in temperatures.items()},
        }

    return {
        "targets": dict(zip(("T_up", "T_down"), outcome.targets, strict=True)),
        "values": dict(zip(outcome.keys, outcome.values, strict=True)),
        "errors": dict(zip(outcome.keys, map(plain, outcome.errors), strict=True)),
        "is_met": outcome.is_met,
        "check": one(outcome.check),
        "trials": [one(trial) for trial in outcome.trials],
    }
