"""The tasks of a campaign: one run for every point of the parameters and every repetition."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcsco.campaign.config import RunConfig
from mcsco.campaign.keys import look_up, place
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
    slot: str
    """Name of the task of the campaign's file whose place it takes; its own, unless it is a longer run of it."""


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


def make_tasks(config: RunConfig, more: Iterable[Point] = ()) -> list[Task]:
    """All tasks, validated; those of `more` points come after those of the file.

    Raises
    ------
    InputError
        If a point breaks a rule, or two points are the same run.
    """
    base = tomllib.loads(config.to_toml())
    base.pop("campaign")
    shared = json.dumps(base)
    tasks: dict[str, Task] = {}
    for point in itertools.chain(points(config), more):
        task_config = _with(shared, point)
        if config.campaign and config.campaign.refine:
            one_number(task_config, config.campaign.refine.of)
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
    name, seed = identity(f"{config.fingerprint} {repeat}")
    run = config.run.model_copy(update={"seed": seed})
    return Task(name, point, repeat, config.model_copy(update={"run": run}), name)


def identity(text: str) -> tuple[str, int]:
    """Name and seed of what a text describes completely."""
    digest = hashlib.sha256(text.encode()).digest()
    return digest[8:16].hex(), int.from_bytes(digest[:8], "big")


def one_number(config: RunConfig, key: str) -> float:
    """The value of a key that is refined, in public units; of a list of one its only entry.

    Raises
    ------
    InputError
        If it is something else.
    """
    value = look_up(config, key)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"campaign.refine.of = {key!r}: {value!r} is not one number, so that it has no middle")
    return float(value)


def _section(config: RunConfig) -> Any:
    if config.campaign is None:
        raise InputError("campaign: the file has no section [campaign]; give grid, zip, points or repeats")
    return config.campaign


def _words(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in point.items()) or "the run of the file"
