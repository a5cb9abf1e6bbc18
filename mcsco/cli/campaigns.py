"""Commands about campaigns."""

from __future__ import annotations

import json
import math
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcsco.cli.terminal import as_json, log, plain, progress, reported
from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.campaign import CampaignDirectory, PointVerdict, RunConfig, Status, Task
    from mcsco.cli.workplaces import Workplace


_MOST_LINES = 10
"""Points or failures that are told one by one."""


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

    end = time.monotonic() + wall_time
    try:
        with workplace.opened(directory.path) as executor:
            while True:
                with progress(len(directory.tasks(config)), "tasks") as advance:
                    status = campaign.run_campaign(
                        directory,
                        config,
                        executor(),
                        progress=advance,
                        checkpoint_every=checkpoint_every,
                        wall_time=end - time.monotonic(),
                        only=only,
                    )
                added = campaign.refine(directory, config)
                if not added:
                    break
                log.info("the grid is refined by %d points", added)
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
    """Say how far a run or a campaign is, also while it runs, and what of it has converged."""
    from mcsco import campaign
    from mcsco.sampling import verdicts_of

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
    holds = verdicts_of(run.result()) if run.is_finished else []
    if as_json:
        judged = [{"temperature": T, "verdict": c.verdict, "reason": c.reason} for T, c in holds]
        click.echo(json.dumps({"state": state, "sweeps": total, "sweeps_done": done, "holds": judged}, indent=2))
        return
    click.echo(f"{config.title}: {state}, {done} of {total} {config.counted} ({100 * done // total} %)")
    for T, judged_hold in holds:
        click.echo(f"  {T:g} K: {judged_hold.verdict}; {judged_hold.reason}")


def tell(directory: CampaignDirectory, status: Status, as_json: bool) -> None:
    """Print the state of a campaign, and what of it has converged."""
    from mcsco import campaign

    points = campaign.point_verdicts(directory.verdicts())
    if as_json:
        numbers = {name: plain(value) for name, value in vars(status).items() if name != "failures"}
        data = {**numbers, "failures": status.failures, "seconds_left": plain(status.seconds_left)}
        data["points"] = [vars(point) for point in points]
        click.echo(json.dumps(data | {"directory": str(directory.path)}, ensure_ascii=False, indent=2))
        return
    share = 100 * status.updates_done // max(status.updates, 1)
    click.echo(f"{status.n_done} of {status.n_tasks} tasks done, {share} % of the work")
    if status.n_checkpoints:
        click.echo(f"{status.n_checkpoints} tasks begun")
    if status.n_reruns:
        click.echo(f"{status.n_reruns} tasks wait to be run again, longer; their results so far stay until then")
    if status.n_done < status.n_tasks and not math.isnan(status.seconds_left):
        click.echo(f"about {_time(status.seconds_left)} left at the last rate")
    tell_verdicts(directory, points)
    for name, reason in list(status.failures.items())[:10]:
        click.echo(f"failed {name}: {reason}")
    if len(status.failures) > 10:
        click.echo(f"and {len(status.failures) - 10} more failures")
    if status.failures:
        log.info("mcsco resume %s tries failed tasks again", shlex.quote(str(directory.path)))


def tell_verdicts(directory: CampaignDirectory, points: list[PointVerdict]) -> None:
    """Print how many points have converged, and the worst of the others."""
    from mcsco import campaign
    from mcsco.observables import VERDICTS

    judged = [point for point in points if point.verdict != campaign.NOT_JUDGED]
    if not judged:
        return
    counts = Counter(point.verdict for point in judged)
    click.echo("points: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]))
    late = [point for point in judged if point.verdict != VERDICTS[0]]
    late.sort(key=lambda point: -VERDICTS.index(point.verdict))
    for point in late[:_MOST_LINES]:
        values = ", ".join(f"{key.rsplit('.', 1)[-1]} = {_value(value)}" for key, value in point.point.items())
        of = f" ({point.n_tasks - point.n_converged} of {point.n_tasks} tasks)" if point.n_tasks > 1 else ""
        click.echo(f"  {values or 'the run'}: {point.verdict}{of}; {point.reason}")
    if len(late) > _MOST_LINES:
        click.echo(f"  and {len(late) - _MOST_LINES} more; --json lists all")
    if late:
        log.info("mcsco rerun %s --unconverged runs them again, longer", shlex.quote(str(directory.path)))


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False).strip('[]"')


def rerun(
    directory: CampaignDirectory, unconverged: bool, failed: bool, factor: float, dry_run: bool, as_json: bool
) -> Callable[[Task], bool] | None:
    """Plan what is run again; which tasks these are, or None if there is nothing to do."""
    from mcsco import campaign
    from mcsco.observables import VERDICTS

    fine = (VERDICTS[0], campaign.NOT_JUDGED)
    late = sum(verdict.verdict not in fine for verdict in directory.verdicts()) if unconverged else 0
    names = set(directory.status().failures) if failed else set()
    found = {"unconverged": late, "failed": len(names)}
    if dry_run or not any(found.values()):
        words = ", ".join(f"{n} {what}" for what, n in found.items() if n) or "no task"
        text = f"{words} to run again" + ("; nothing was run and nothing written" if dry_run else "")
        click.echo(json.dumps({**found, "directory": str(directory.path)}, indent=2) if as_json else text)
        return None
    if unconverged:
        config = directory.config()
        campaign.run_longer(directory, config, factor)
        done = directory.parts.names()
        names |= {task.name for task in directory.tasks(config) if task.name != task.slot and task.name not in done}
    return lambda task: task.name in names


def show(directory: CampaignDirectory, as_json: bool) -> None:
    """Print a row for every point of a campaign, and write it as CSV and as a figure."""
    from mcsco import campaign, report

    whole = campaign.open_campaign(directory.path)
    keys = list(dict.fromkeys(key for task in directory.points(directory.config()) for key in task))
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
