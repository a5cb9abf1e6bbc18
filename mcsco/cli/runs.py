"""Commands about runs."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcsco.cli import campaigns
from mcsco.cli.terminal import as_json, log, plain, progress, reported
from mcsco.cli.workplaces import Workplace, at_workplace
from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.campaign import RunConfig, RunDirectory


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of click
    """Seconds, or a number with s, min, h or d, or hours:minutes:seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number of seconds."""
        from mcsco.campaign.durations import parse_duration

        if isinstance(value, int | float):
            return float(value)
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error))


def how_long(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of commands that simulate."""
    for option in (
        click.option(
            "--wall-time", type=Duration(), default=math.inf, help="Stop after this time (e.g. 3.5h), exit 75."
        ),
        click.option(
            "--checkpoint-every", type=Duration(), default=60.0, show_default="60s", help="Time between checkpoints."
        ),
        click.option("--threads", type=click.IntRange(min=1), help="Threads; the result does not depend on it."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Directory of the run.")
@click.option("--force", is_flag=True, help="Replace another run in the output directory.")
@click.option("--dry-run", is_flag=True, help="Only say what a campaign would cost.")
@how_long
@at_workplace
@as_json
@reported
def run(
    file: Path,
    output: Path | None,
    force: bool,
    dry_run: bool,
    workplace: Workplace,
    threads: int | None,
    checkpoint_every: float,
    wall_time: float,
    as_json: bool,
) -> None:
    """Simulate what FILE.toml describes; write data, figure and table into a directory.

    A run that was stopped goes on where it was, and ends with the same numbers.
    """
    from mcsco import campaign

    config = campaign.read_config(file)
    campaign.measured_curve(config, file.parent)  # an unreadable file is found before the simulation, not after
    directory = campaign.output_directory(config, file, output)
    if dry_run:
        workplace.check()
        campaigns.dry_run(config, as_json)
        return
    if config.campaign is not None:
        campaigns.refuse_single_run_options(force, threads)
        whole = campaign.CampaignDirectory(directory.path)
        directory.check_writable()
        campaigns.run_campaign(whole, config, workplace, checkpoint_every, wall_time, as_json)
        return
    workplace.refuse_for_single_run()
    if force:
        directory.check_writable()
        campaign.check_memory(config)
        directory.clear()  # not before it is certain that the new run can begin
    existing = None if force else directory.existing()
    if existing is not None:
        campaign.check_same(config, existing, directory.path)
        directory.describe(config, file.parent)  # title, measured curve and Landau set may have changed
    _finish(directory, config, file.parent, threads, checkpoint_every, wall_time)
    _show(directory, as_json)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@how_long
@at_workplace
@as_json
@reported
def resume(
    directory: Path,
    workplace: Workplace,
    threads: int | None,
    checkpoint_every: float,
    wall_time: float,
    as_json: bool,
) -> None:
    """Go on with a run or a campaign that was stopped, to the same numbers as without the stop."""
    from mcsco import campaign

    whole = campaign.CampaignDirectory(directory)
    if whole.is_campaign():
        campaigns.refuse_single_run_options(force=False, threads=threads)
        campaigns.run_campaign(whole, whole.config(), workplace, checkpoint_every, wall_time, as_json)
        return

    workplace.refuse_for_single_run()
    stopped = campaign.RunDirectory(directory)
    config = stopped.config()
    campaign.measured_curve(config, directory)
    _finish(stopped, config, directory, threads, checkpoint_every, wall_time)
    _show(stopped, as_json)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--unconverged", is_flag=True, help="Tasks whose holds have not converged, with more sweeps.")
@click.option("--failed", is_flag=True, help="Tasks that failed, as they are.")
@click.option(
    "--factor",
    type=click.FloatRange(min=1, min_open=True),
    default=4.0,
    show_default=True,
    help="How much longer.",
)
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
@how_long
@at_workplace
@as_json
@reported
def rerun(
    directory: Path,
    unconverged: bool,
    failed: bool,
    factor: float,
    dry_run: bool,
    workplace: Workplace,
    threads: int | None,
    checkpoint_every: float,
    wall_time: float,
    as_json: bool,
) -> None:
    """Run tasks of a campaign again: those that have not converged, longer, or those that failed.

    A longer run is a new one with a seed of its own; until it is done the result so far stands, and afterwards both are
    kept. One that was stopped goes on with resume.
    """
    from mcsco import campaign

    whole = campaign.CampaignDirectory(directory)
    config = whole.config()
    campaigns.refuse_single_run_options(force=False, threads=threads)
    if not (unconverged or failed):
        raise InputError("rerun: say what, --unconverged or --failed")
    only = campaigns.rerun(whole, unconverged, failed, factor, dry_run, as_json)
    if only is not None:
        campaigns.run_campaign(whole, config, workplace, checkpoint_every, wall_time, as_json, only)


def _finish(
    directory: RunDirectory,
    config: RunConfig,
    folder: Path,
    threads: int | None,
    checkpoint_every: float,
    wall_time: float,
) -> None:
    """Run from the start or the last checkpoint to the end, unless that was reached before."""
    from mcsco import campaign

    if directory.is_finished:
        log.info("%s is done already; --force repeats it", directory.path)
        return
    directory.check_writable()
    campaign.check_memory(config)
    keeper = campaign.Keeper(directory, config, folder, checkpoint_every, wall_time)
    try:
        with progress(campaign.total_updates(config), config.counted) as advance:
            dataset = campaign.execute(config, threads, advance, keeper)
    except campaign.StoppedError as stop:
        click.echo(f"mcsco: {stop}; go on with: mcsco resume {shlex.quote(str(directory.path))}", err=True)
        sys.exit(stop.code)
    directory.save(config, dataset, folder)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@as_json
@reported
def show(directory: Path, as_json: bool) -> None:
    """Print the table of a run, or of what a campaign has done so far, and draw its figure."""
    from mcsco import campaign

    if campaign.CampaignDirectory(directory).is_campaign():
        campaigns.show(campaign.CampaignDirectory(directory), as_json)
        return
    _show(campaign.RunDirectory(directory), as_json)


def _show(directory: RunDirectory, as_json: bool) -> None:
    from mcsco import campaign, report

    config, dataset = directory.config(), directory.result()
    measured = campaign.measured_curve(config, directory.path)
    figures = report.save_run_figure(directory, config, dataset, measured)
    rows = report.compare(config, dataset)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "title": config.title,
                    "directory": str(directory.path),
                    "config_hash": config.fingerprint,
                    "protocol": config.protocol.kind,
                    "table": [row.to_dict() for row in rows],
                    "figures": [str(path) for path in figures],
                    "provenance": {key: plain(value) for key, value in dataset.attrs.items()},
                },
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    click.echo(f"\n{config.title}\n")
    click.echo(report.to_text(rows))
    rate = float(dataset.attrs["site_updates_per_s"]) / 1e6
    speed = f"{rate:.2g} million jumps/s" if config.is_timed else f"{rate:.0f} million site updates/s"
    click.echo(f"\nsimulated in {dataset.attrs['wall_time_s']:.1f} s, {speed}")
    for path in figures:
        click.echo(f"figure  {path}")
    click.echo(f"data    {directory.path / 'result.nc'}")
