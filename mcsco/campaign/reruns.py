"""Tasks that are run again, longer: what was asked for, and which result stands for a task.

A longer run is another run: it has its own parameters, name and seed, and both results stay in their files. The list
of them in the directory of the campaign says which task each one takes the place of, once it is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mcsco.campaign.config import RunConfig
from mcsco.campaign.files import FORMAT_VERSION, replaced
from mcsco.campaign.keys import with_values
from mcsco.campaign.tasks import Task, identity
from mcsco.errors import InputError

RERUNS = "reruns.json"


@dataclass(frozen=True)
class Rerun:
    """One longer run of a task."""

    name: str
    """Of the run that takes the place of the task."""
    values: dict[str, Any]
    """What it has in place of the task's own values, by dotted key."""
    reason: str
    """The verdict that it answers."""


class Reruns:
    """The list of longer runs of a campaign, by the name of the task that the campaign's file describes.

    Parameters
    ----------
    folder : Path
        Directory of the campaign.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / RERUNS

    def read(self) -> dict[str, list[Rerun]]:
        """Longer runs of every task, the latest last.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            return {slot: [Rerun(**entry) for entry in entries] for slot, entries in data["reruns"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(
                f"{self.path}: is damaged ({error}); restore it; without it longer runs are left out"
            ) from None

    def write(self, reruns: Mapping[str, list[Rerun]]) -> None:
        """Replace the list."""
        data = {slot: [vars(entry) for entry in entries] for slot, entries in reruns.items()}
        text = json.dumps({"format_version": FORMAT_VERSION, "reruns": data}, indent=1)
        with replaced(self.path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def current(self, tasks: Iterable[Task]) -> list[Task]:
        """The same tasks, each with its latest longer run in its place."""
        reruns = self.read()
        return [_latest(task, reruns[task.name]) if reruns.get(task.name) else task for task in tasks]

    def hidden(self, done: set[str]) -> set[str]:
        """Results that another one stands for: of a task and its longer runs the latest that is done is shown."""
        hidden: set[str] = set()
        for slot, entries in self.read().items():
            finished = [name for name in (slot, *(entry.name for entry in entries)) if name in done]
            hidden |= set(finished[:-1])
        return hidden


def longer(config: RunConfig, factor: float) -> dict[str, Any]:
    """What a run of `factor` times as many sweeps has in place of its own values.

    Raises
    ------
    InputError
        If a longer run would be another experiment: a ramp at another rate.
    """
    sweeps = getattr(config.protocol, "sweeps", None)
    if not isinstance(sweeps, int):
        raise InputError(
            f"a {config.protocol.kind} with more sweeps is one at another rate; for smaller errors raise repeats"
        )
    return {"protocol.sweeps": max(sweeps + 1, round(factor * sweeps))}


def longer_task(task: Task, number: int, factor: float, reason: str) -> Rerun:
    """The rerun number `number`, from 1, of a task of the campaign's file or of its latest rerun."""
    values = longer(task.config, factor)
    return Rerun(_as_task(task, task.slot, number, values).name, values, reason)


def _latest(task: Task, entries: list[Rerun]) -> Task:
    for number, entry in enumerate(entries, 1):
        task = _as_task(task, task.slot, number, entry.values)
    return task


def _as_task(task: Task, slot: str, number: int, values: Mapping[str, Any]) -> Task:
    config = with_values(task.config, values)
    name, seed = identity(f"{config.fingerprint} {slot} rerun {number}")
    config = config.model_copy(update={"run": config.run.model_copy(update={"seed": seed})})
    return replace(task, name=name, slot=slot, config=config)
