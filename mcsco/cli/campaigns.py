"""Commands about campaigns."""

from __future__ import annotations

import json
import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcsco.cli.terminal import as_json, log, plain, progress, reported
from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.campaign import CampaignDirectory, RunConfig, Status
    from mcsco.cli.workplaces import Workplace


def run_campaign(
    directory: CampaignDirectory,
    config: RunConfig,
    workplace: Workplace,
    checkpoint_every: float,
    wall_time: float,
    as_json: bool,
    only: Any = lambda _: True,
) -> None:
    """Do what is left of a campaign and say how it ended."""
    from mcsco import campaign

    executor = workplace.executor()
    total = len(campaign.make_tasks(config))
    try:
        with progress(total, "tasks") as advance:
            status = campaign.run_campaign(
                directory,
                config,
                executor,
                progress=advance,
                checkpoint_every=checkpoint_every,
                wall_time=wall_time,
                only=only,
            )
    except campaign.StoppedError as stop:
        click.echo(f"mcsco: {stop}; go on with: mcsco resume {shlex.quote(str(directory.path))}", err=True)
        sys.exit(stop.code)
    tell(directory, status, as_json)
    if status.failures:
        sys.exit(1)


def dry_run(config: RunConfig, as_json: bool) -> None:
    """Say what a campaign would do."""
    from mcsco import campaign

    tasks = campaign.make_tasks(config)
    updates = [campaign.site_updates(task.config) for task in tasks]
    varied = sorted({key for task in tasks for key in task.point})
    seconds = [campaign.estimated_seconds(task.config) for task in tasks]
    n_points = campaign.n_points(config)
    if as_json:
        summary = {
            "title": config.title,
            "tasks": len(tasks),
            "points": n_points,
            "varied": varied,
            "site_updates": sum(updates),
            "cpu_seconds": sum(seconds),
            "largest_task_s": max(seconds),
        }
        click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    click.echo(f"{config.title}: {n_points} points, {len(tasks)} tasks; varied: {', '.join(varied) or 'the seed'}")
    click.echo(f"{sum(updates):.3g} site updates, roughly {_time(sum(seconds))} of one core")
    click.echo(f"largest task {_time(max(seconds))}; nothing was run and nothing written")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@as_json
@reported
def status(directory: Path, as_json: bool) -> None:
    """Say how far a run or a campaign is, also while it runs."""
    from mcsco import campaign

    whole = campaign.CampaignDirectory(directory)
    if whole.is_campaign():
        tell(whole, whole.status(), as_json)
        return
    run = campaign.RunDirectory(directory)
    config = run.config()
    total, done = campaign.total_updates(config), 0
    if run.is_finished:
        done = total
    elif (checkpoint := run.checkpoint(config)).path.is_file():
        done = checkpoint.n_done()
    state = "finished" if run.is_finished else "unfinished"
    if as_json:
        click.echo(json.dumps({"state": state, "sweeps": total, "sweeps_done": done}, indent=2))
        return
    click.echo(f"{config.title}: {state}, {done} of {total} sweeps ({100 * done // total} %)")


def tell(directory: CampaignDirectory, status: Status, as_json: bool) -> None:
    """Print the state of a campaign."""
    if as_json:
        numbers = {name: plain(value) for name, value in vars(status).items() if name != "failures"}
        data = {**numbers, "failures": status.failures, "seconds_left": plain(status.seconds_left)}
        click.echo(json.dumps(data | {"directory": str(directory.path)}, ensure_ascii=False, indent=2))
        return
    share = 100 * status.updates_done // max(status.updates, 1)
    click.echo(f"{status.n_done} of {status.n_tasks} tasks done, {share} % of the work")
    if status.n_checkpoints:
        click.echo(f"{status.n_checkpoints} tasks begun")
    if status.n_done < status.n_tasks and not math.isnan(status.seconds_left):
        click.echo(f"about {_time(status.seconds_left)} left at the last rate")
    for name, reason in list(status.failures.items())[:10]:
        click.echo(f"failed {name}: {reason}")
    if len(status.failures) > 10:
        click.echo(f"and {len(status.failures) - 10} more failures")
    if status.failures:
        log.info("mcsco resume %s tries failed tasks again", shlex.quote(str(directory.path)))


def show(directory: CampaignDirectory, as_json: bool) -> None:
    """Print a row for every point of a campaign, and write it as CSV and as a figure."""
    from mcsco import campaign, report

    whole = campaign.open_campaign(directory.path)
    keys = list(dict.fromkeys(key for task in campaign.points(directory.config()) for key in task))
    rows = report.campaign_rows(whole, keys)
    run = campaign.RunDirectory(directory.path)
    run.write("campaign.csv", lambda path: path.write_text(report.campaign_csv(rows), encoding="utf-8"))
    figure = report.draw_campaign(rows)
    figures = report.save_figure(run, figure, "campaign") if figure else []
    if as_json:
        data = [
            {
                "point": row.point,
                "tasks": row.n_tasks,
                "verdict": row.verdict,
                **{n: {"value": plain(e.value), "error": plain(e.error)} for n, e in row.measured.items()},
            }
            for row in rows
        ]
        click.echo(json.dumps({"title": whole.attrs["title"], "rows": data}, ensure_ascii=False, indent=2))
        return
    click.echo(f"\n{whole.attrs['title']}\n")
    click.echo(report.campaign_text(rows))
    for path in figures:
        click.echo(f"figure  {path}")
    click.echo(f"table   {directory.path / 'campaign.csv'}")


def _time(seconds: float) -> str:
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.1f} d"


def refuse_single_run_options(force: bool, threads: int | None) -> None:
    """Options that a campaign has no use for."""
    if force:
        raise InputError("--force: a campaign keeps its finished tasks; choose another directory with --output")
    if threads is not None:
        raise InputError("--threads: a campaign shares the machine among tasks; use --workers")
