"""What a worker does with its share of a campaign, on any machine: the same for every executor."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcsco.campaign.checkpoint import CheckpointFile, Intervals
from mcsco.campaign.config import RunConfig
from mcsco.errors import InputError, McscoError

if TYPE_CHECKING:
    from mcsco.sampling.results import Variable

# How often a worker looks whether it shall stop, s.
_LOOK = 0.2


@dataclass(frozen=True)
class Share:
    """Tasks for one worker, as plain data."""

    names: tuple[str, ...]
    configs: tuple[str, ...]
    """JSON of each task's configuration."""
    folder: str
    """Of the checkpoints."""
    stop_file: str
    """While this file exists nobody begins or goes on."""
    states: bool
    """Whether final states are wanted."""
    threads: int = 1
    checkpoint_every: float = 60.0


@dataclass
class Outcome:
    """What became of a task."""

    name: str
    variables: dict[str, Variable] = field(default_factory=dict)
    coordinates: dict[str, Variable] = field(default_factory=dict)
    seconds: float = 0.0
    reason: str = ""
    """Why there is no result."""
    is_stopped: bool = False
    """Whether the task has only paused."""

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return bool(self.variables)


def work(share: Share) -> list[Outcome]:
    """Do a share, task by task, until it is done or the stop file appears."""
    outcomes = []
    for name, config in zip(share.names, share.configs, strict=True):
        if Path(share.stop_file).exists():
            outcomes.append(Outcome(name, is_stopped=True))
            continue
        try:
            outcomes.append(_do(name, RunConfig.model_validate_json(config), share))
        except (McscoError, MemoryError, OSError, ArithmeticError, ValueError) as error:
            outcomes.append(Outcome(name, reason=f"{type(error).__name__}: {error}"))
    return outcomes


def stopped(share: Share) -> list[Outcome]:
    """Outcomes of a share that nobody has begun, or whose worker does not answer."""
    return [Outcome(name, is_stopped=True) for name in share.names]


def _do(name: str, config: RunConfig, share: Share) -> Outcome:
    from mcsco.campaign.run import make_journey

    journey = make_journey(config, share.threads)
    checkpoint = CheckpointFile(Path(share.folder) / f"{name}.nc", config.fingerprint)
    try:
        checkpoint.load(journey)
    except InputError:  # damaged: nothing is lost but time, and nobody has to look for one file among many
        checkpoint.discard()
        journey = make_journey(config, share.threads)
    watch = _Watch(Path(share.stop_file), Intervals(share.checkpoint_every))
    while not journey.run(watch.is_due):
        with suppress(OSError):  # the checkpoint before is still there
            checkpoint.save(journey)
        if watch.is_stopped:
            return Outcome(name, is_stopped=True)
        watch.wait()
    variables, coordinates = journey.variables()
    if not share.states:
        variables = {key: value for key, value in variables.items() if key not in ("spin", "distortion")}
    variables.pop("q")  # 2γ − 1, made again when the campaign is opened
    return Outcome(name, variables, coordinates, journey.seconds)


class _Watch:
    """When to write a checkpoint, and whether to stop."""

    def __init__(self, stop_file: Path, intervals: Intervals) -> None:
        self.stop_file, self.intervals = stop_file, intervals
        self.is_stopped = False
        self._look = time.monotonic() + _LOOK
        self.wait()

    def wait(self) -> None:
        """For the next checkpoint."""
        self._due = time.monotonic() + next(self.intervals)

    def is_due(self) -> bool:
        now = time.monotonic()
        if now > self._look:
            self._look = now + _LOOK
            self.is_stopped = os.path.exists(self.stop_file)  # noqa: PTH110 - several times faster than Path
        return self.is_stopped or now > self._due


def as_share(tasks: list[tuple[str, RunConfig]], **rest: Any) -> Share:
    """A share of tasks."""
    return Share(
        tuple(name for name, _ in tasks),
        tuple(config.model_dump_json(exclude_none=True, exclude={"campaign"}) for _, config in tasks),
        **rest,
    )
