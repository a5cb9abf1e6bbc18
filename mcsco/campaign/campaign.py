"""A campaign: its directory, and the way from its file to its results."""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcsco.campaign.config import RunConfig, parse_config
from mcsco.campaign.executors import Executor
from mcsco.campaign.files import FORMAT_VERSION, replaced
from mcsco.campaign.parts import Parts
from mcsco.campaign.refine import Refined
from mcsco.campaign.reruns import Reruns
from mcsco.campaign.run import check_campaign_memory, site_updates
from mcsco.campaign.signals import Signals, StoppedError
from mcsco.campaign.tasks import Point, Task, make_tasks, points
from mcsco.campaign.verdicts import TaskVerdict, task_verdicts
from mcsco.campaign.work import Outcome, Share, as_share
from mcsco.errors import InputError

log = logging.getLogger("mcsco")

CAMPAIGN, MANIFEST, FAILURES = "campaign.toml", "manifest.json", "failures.json"

# Results are written after so many seconds, or so many bytes, or when all is done.
_EVERY, _BYTES = 5.0, 2**27
# Site updates of one share: about two seconds of work, so that handing it out costs little, and none waits long.
_UPDATES_PER_SHARE, _TASKS_PER_SHARE = 2**29, 200


@dataclass(frozen=True)
class Status:
    """How far a campaign is."""

    n_tasks: int
    n_done: int
    failures: dict[str, str]
    """Reason by task."""
    updates: int
    """Site updates of all tasks."""
    updates_done: int
    n_checkpoints: int
    """Tasks that have begun and will go on from a checkpoint."""
    rate: float
    """Site updates a second of wall time, the last time that it ran; NaN before the first."""
    n_reruns: int = 0
    """Tasks that wait to be run again, longer; their results so far stay until then."""

    @property
    def seconds_left(self) -> float:
        """Estimated time to the end at the last rate."""
        return (self.updates - self.updates_done) / self.rate if self.rate > 0 else math.nan


class CampaignDirectory:
    """Files of a campaign.

    Parameters
    ----------
    path : Path
        The directory; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts = Parts(path / "parts")
        self.checkpoints = path / "checkpoints"
        self.reruns = Reruns(path)
        self.refined = Refined(path)

    def is_campaign(self) -> bool:
        """Whether a campaign lives here."""
        return (self.path / CAMPAIGN).is_file()

    def config(self) -> RunConfig:
        """The campaign's file."""
        path = self.path / CAMPAIGN
        try:
            config = parse_config(path.read_text(encoding="utf-8"), str(path))
        except UnicodeDecodeError:
            raise InputError(f"{path}: is damaged; it is not a text file") from None
        except OSError as error:
            raise InputError(f"{self.path}: is not the directory of a campaign ({error.strerror})") from None
        if config.campaign is None:
            raise InputError(
                f"{path}: is damaged; its section [campaign] is missing; run the file of the campaign again"
            )
        return config

    def points(self, config: RunConfig) -> Iterator[Point]:
        """Points of the file, and those that refinement has added."""
        yield from points(config)
        yield from self.refined.read(config)

    def tasks(self, config: RunConfig) -> list[Task]:
        """What there is to do: tasks of all points, with longer runs in the place of those that are run again."""
        return self.reruns.current(make_tasks(config, self.refined.read(config)))

    def verdicts(self) -> list[TaskVerdict]:
        """Whether what was measured has converged, task by task."""
        return task_verdicts(self.parts, self.reruns)

    def prepare(self, config: RunConfig, tasks: list[Task]) -> None:
        """Write what describes the campaign; tasks that are done already stay done, whatever else is added."""
        if self.path.is_dir() and any(self.path.iterdir()) and not self.is_campaign():
            raise InputError(f"output = {str(self.path)!r}: holds other files; choose another with --output")
        self.path.mkdir(parents=True, exist_ok=True)
        self._write(CAMPAIGN, config.to_toml())
        updates = {task.name: _updates(task) for task in tasks}
        self._write(MANIFEST, json.dumps({"format_version": FORMAT_VERSION, "updates": updates}))

    def failures(self) -> dict[str, str]:
        """Reason by name of the tasks that failed last time."""
        try:
            failures = json.loads((self.path / FAILURES).read_text(encoding="utf-8"))["failures"]
            return {str(name): str(why) for name, why in failures.items()}
        except OSError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise InputError(f"{self.path / FAILURES}: is damaged; remove it") from None

    def write_progress(self, failures: dict[str, str], rate: float) -> None:
        """Keep what the next `status` shall know."""
        self._write(FAILURES, json.dumps({"failures": failures, "rate": None if math.isnan(rate) else rate}, indent=1))

    def status(self) -> Status:
        """How far the campaign is; reads no results."""
        updates, names = self._manifest(), self.parts.names()
        done = names & set(updates)
        again = {entry.name for entries in self.reruns.read().values() for entry in entries}
        failures = {name: why for name, why in self.failures().items() if name in updates and name not in done}
        begun = {path.stem for path in self.checkpoints.glob("*.nc")} if self.checkpoints.is_dir() else set()
        return Status(
            len(updates),
            len(done),
            failures,
            sum(updates.values()),
            sum(updates[name] for name in done),
            len((begun & set(updates)) - done),
            self._rate(),
            len((again & set(updates)) - done),
        )

    def _manifest(self) -> dict[str, int]:
        path = self.path / MANIFEST
        try:
            updates = json.loads(path.read_text(encoding="utf-8"))["updates"]
            return {str(name): int(n) for name, n in updates.items()}
        except OSError as error:
            raise InputError(f"{self.path}: is not the directory of a campaign ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise InputError(f"{path}: is damaged; resume the campaign, which writes it again") from None

    def _rate(self) -> float:
        try:
            rate = json.loads((self.path / FAILURES).read_text(encoding="utf-8")).get("rate")
        except (OSError, ValueError, AttributeError, RecursionError):
            return math.nan
        return float(rate) if isinstance(rate, int | float) else math.nan

    def _write(self, name: str, text: str) -> None:
        with replaced(self.path / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def run_campaign(
    directory: CampaignDirectory,
    config: RunConfig,
    executor: Executor,
    *,
    progress: Callable[[int], None] = lambda _: None,
    checkpoint_every: float = 60.0,
    wall_time: float = math.inf,
    only: Callable[[Task], bool] = lambda _: True,
) -> Status:
    """Do all tasks that have no result yet.

    Parameters
    ----------
    directory : CampaignDirectory
    config : RunConfig
        With a section ``[campaign]``.
    executor : Executor
    progress : callable
        Told how many tasks were done since the last call, those done earlier first.
    checkpoint_every : float
        Seconds between two checkpoints of a task.
    wall_time : float
        Seconds after which to stop.
    only : callable
        Which tasks to do.

    A campaign that refines its grid has more tasks when all are done: call `refine`, and this again until it adds none.

    Raises
    ------
    StoppedError
        If it was told to stop; every task under way has stored a checkpoint then.
    """
    from mcsco.sampling.provenance import provenance

    tasks = {task.name: task for task in directory.tasks(config)}
    if executor.is_local:
        check_campaign_memory((task.config for task in tasks.values()), executor.n_workers)
    directory.prepare(config, list(tasks.values()))
    names = directory.parts.names()
    todo = [task for task in tasks.values() if task.name not in names and only(task)]
    progress(len(tasks) - len(todo))
    # The dearest first, so that none is left alone at the end.
    todo.sort(key=_updates, reverse=True)
    failures = {name: why for name, why in directory.failures().items() if name in tasks}
    began, clock = time.time(), time.monotonic()
    attributes = {"title": config.title, "campaign": config.to_toml(), "format_version": FORMAT_VERSION}
    inbox = _Inbox(directory, tasks, attributes | provenance(began, 0.0, 0), failures)
    with _stop_file(directory.path) as stop_file, Signals(wall_time) as signals:
        shares = _shares(
            todo,
            executor.n_workers,
            folder=str(directory.checkpoints),
            stop_file=str(stop_file),
            states=bool(config.campaign and config.campaign.states),
            checkpoint_every=checkpoint_every,
        )

        def idle() -> None:
            if signals.wants_to_stop and not stop_file.exists():
                stop_file.touch()
            inbox.write_if_due()

        for outcomes in executor.run(shares, idle):
            progress(inbox.take(outcomes))
        inbox.write()
        seconds = max(time.monotonic() - clock, 1e-9)
        directory.write_progress(failures, inbox.updates / seconds if inbox.updates else math.nan)
        if inbox.is_stopped:
            raise signals.stopped()
    return directory.status()


class _Inbox:
    """Results that have come in and are not written yet."""

    def __init__(
        self, directory: CampaignDirectory, tasks: dict[str, Task], attributes: dict[str, Any], failures: dict[str, str]
    ) -> None:
        self.directory, self.tasks, self.attributes, self.failures = directory, tasks, attributes, failures
        self.updates = 0
        self.is_stopped = False
        self._waiting: list[Outcome] = []
        self._bytes = 0
        self._written = time.monotonic()

    def take(self, outcomes: list[Outcome]) -> int:
        """Take over what a worker has done; how many tasks are done."""
        n = 0
        for outcome in outcomes:
            if outcome.is_done:
                n += 1
                self.failures.pop(outcome.name, None)
                self.updates += _updates(self.tasks[outcome.name])
                self._bytes += sum(values.nbytes for _, values, _ in outcome.variables.values())
                self._waiting.append(outcome)
            elif outcome.is_stopped:
                self.is_stopped = True
            else:
                self.failures[outcome.name] = outcome.reason
                log.warning("task %s failed: %s", outcome.name, outcome.reason)
        self.write_if_due()
        return n

    def write_if_due(self) -> None:
        """Write if enough has come in."""
        if self._waiting and (time.monotonic() - self._written > _EVERY or self._bytes > _BYTES):
            self.write()

    def write(self) -> None:
        """Write what is waiting; only then are the checkpoints of these tasks of no use."""
        if self._waiting:
            self.directory.parts.write(self._waiting, self.tasks, self.attributes)
            for outcome in self._waiting:
                (self.directory.checkpoints / f"{outcome.name}.nc").unlink(missing_ok=True)
        self._waiting, self._bytes, self._written = [], 0, time.monotonic()


def _updates(task: Task) -> int:
    return site_updates(task.config)


def _shares(tasks: list[Task], n_workers: int, **rest: Any) -> Iterator[Share]:
    """Tasks in bunches; large tasks alone, and with more threads if there are fewer of them than workers."""
    threads = max(1, n_workers // len(tasks)) if tasks else 1
    fair = max(1, len(tasks) // (4 * n_workers))
    bunch: list[tuple[str, RunConfig]] = []
    updates = 0
    for task in tasks:
        bunch.append((task.name, task.config))
        updates += _updates(task)
        if updates >= _UPDATES_PER_SHARE or len(bunch) >= min(_TASKS_PER_SHARE, fair):
            yield as_share(bunch, threads=threads, **rest)
            bunch, updates = [], 0
    if bunch:
        yield as_share(bunch, threads=threads, **rest)


@contextmanager
def _stop_file(folder: Path) -> Iterator[Path]:
    """The path of a file that tells the workers to stop; gone at its end."""
    path = folder / f".stop-{os.getpid()}-{time.time_ns():x}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


__all__ = ["CampaignDirectory", "Status", "StoppedError", "run_campaign"]
