"""The tasks of a campaign: one run for every point of the parameters and every repetition."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcsco.campaign.config import RunConfig
from mcsco.campaign.keys import place
from mcsco.errors import InputError

Point = dict[str, Any]
"""Values by their dotted key, as the file gives them."""


@dataclass(frozen=True)
class Task:
    """One run of a campaign."""

    name: str
    """Hash of everything that decides its numbers: the same run has the same name in every campaign."""
    point: Point
    repeat: int
    config: RunConfig


def n_points(config: RunConfig) -> int:
    """Number of different parameter sets."""
    section = _section(config)
    zipped = math.prod(len(next(iter(group.values()))) for group in section.zip if group)
    return zipped * math.prod(map(len, section.grid.values())) * max(1, len(section.points))


def points(config: RunConfig) -> Iterator[Point]:
    """Every combination of points, of the groups that vary together, and of the grid; the last key varies fastest."""
    section = _section(config)
    choices: list[list[Point]] = [list(section.points) or [{}]]
    for group in section.zip:
        choices.append([dict(zip(group, values, strict=True)) for values in zip(*group.values(), strict=True)] or [{}])
    choices += [[{key: value} for value in values] for key, values in section.grid.items()]
    for parts in itertools.product(*choices):
        yield {key: value for part in parts for key, value in part.items()}


def make_tasks(config: RunConfig) -> list[Task]:
    """All tasks, validated.

    Raises
    ------
    InputError
        If a point breaks a rule, or two points are the same run.
    """
    base = tomllib.loads(config.to_toml())
    base.pop("campaign")
    shared = json.dumps(base)
    tasks: dict[str, Task] = {}
    for point in points(config):
        task_config = _with(shared, point)
        for repeat in range(_section(config).repeats):
            task = _task(task_config, point, repeat)
            if task.name in tasks:
                raise InputError(f"campaign: {_words(point)} is the same run as {_words(tasks[task.name].point)}")
            tasks[task.name] = task
    return list(tasks.values())


def _with(shared: str, point: Point) -> RunConfig:
    from pydantic import ValidationError

    data = json.loads(shared)
    for key, value in point.items():
        place(data, key, value)
    try:
        return RunConfig.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        from mcsco.campaign.config import explained

        raise InputError(f"campaign, {_words(point)}: {explained(error)}") from None


def _task(config: RunConfig, point: Point, repeat: int) -> Task:
    """The seed follows from the parameters, the seed of the file and the repetition, not from the place in a list."""
    text = f"{config.fingerprint} {repeat}"
    digest = hashlib.sha256(text.encode()).digest()
    seed = int.from_bytes(digest[:8], "big")
    run = config.run.model_copy(update={"seed": seed})
    return Task(digest[8:16].hex(), point, repeat, config.model_copy(update={"run": run}))


def _section(config: RunConfig) -> Any:
    if config.campaign is None:
        raise InputError("campaign: the file has no section [campaign]; give grid, zip, points or repeats")
    return config.campaign


def _words(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in point.items()) or "the run of the file"
