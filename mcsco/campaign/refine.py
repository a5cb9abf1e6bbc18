"""A grid that becomes finer where something happens: rounds of new points between neighbours that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign.config import RunConfig
from mcsco.campaign.files import FORMAT_VERSION, replaced
from mcsco.campaign.sections import LOOP_QUANTITIES
from mcsco.campaign.tasks import Point, Task, one_number, points
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray

    from mcsco.campaign.campaign import CampaignDirectory

REFINED = "refined.json"


class Refined:
    """Points that refinement has added to those of the campaign's file.

    Parameters
    ----------
    folder : Path
        Directory of the campaign.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / REFINED

    def read(self, config: RunConfig) -> list[Point]:
        """Points of all rounds that are not in the file itself; none if the file refines nothing or varies other keys.

        Raises
        ------
        InputError
            If the list is damaged.
        """
        if config.campaign is None or config.campaign.refine is None:
            return []
        known = {json.dumps(point) for point in points(config)}
        keys = set(next(points(config)))
        added = [point for round_ in self._rounds() for point in round_ if json.dumps(point) not in known]
        return [point for point in added if set(point) == keys]

    def n_rounds(self) -> int:
        """Rounds so far."""
        return len(self._rounds())

    def add(self, new: list[Point]) -> None:
        """Store another round."""
        text = json.dumps({"format_version": FORMAT_VERSION, "rounds": [*self._rounds(), new]}, indent=1)
        with replaced(self.path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def _rounds(self) -> list[list[Point]]:
        try:
            rounds = json.loads(self.path.read_text(encoding="utf-8"))["rounds"]
            return [[dict(point) for point in round_] for round_ in rounds]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{self.path}: is damaged ({error}); remove it and run the campaign again") from None


def refine(directory: CampaignDirectory, config: RunConfig) -> int:
    """Add a round of points to a campaign of which all tasks are done; how many there are.

    What is added follows from the results alone. Neighbours on the refined key, all other keys equal, get a point half
    way if the quantity differs by more than `step`, or exists at one of them only, and they are further apart than
    `smallest`. Of holds it is a mean, and different starts (``run.start``) are different branches, each with its own
    transition; of thermal cycles it is a number of the loop.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    section = config.campaign.refine if config.campaign else None
    if section is None or directory.refined.n_rounds() >= section.rounds:
        return 0
    tasks = directory.tasks(config)
    if not {task.name for task in tasks} <= directory.parts.names():
        return 0
    means = _means(directory, section.quantity)
    new = []
    for branch in _branches(tasks, section.of).values():
        for (a, left), (b, right) in pairwise(sorted(branch.items())):
            if b - a > section.smallest and _distance(_mean(left, means), _mean(right, means)) > section.step:
                new.append(left[0].point | {section.of: _like(left[0].point[section.of], (a + b) / 2)})
    if new:
        directory.refined.add(new)
    return len(new)


def _branches(tasks: list[Task], of: str) -> dict[str, dict[float, list[Task]]]:
    """Tasks by the other keys, then by the value of the refined one in public units."""
    branches: dict[str, dict[float, list[Task]]] = {}
    for task in tasks:
        others = json.dumps({key: value for key, value in task.point.items() if key != of}, sort_keys=True)
        branches.setdefault(others, {}).setdefault(one_number(task.config, of), []).append(task)
    return branches


def _like(given: Any, value: float) -> Any:
    return [value] if isinstance(given, list | tuple) else value


def _means(directory: CampaignDirectory, quantity: str) -> dict[str, npt.NDArray[np.float64]]:
    """The quantity of every task's loop, or its mean in every hold, after the cut of what is not in equilibrium."""
    from mcsco.campaign.opened import open_campaign, task_dataset

    whole = open_campaign(directory.path)
    names = whole["task"].values.astype(str)
    read = _of_loop if quantity in LOOP_QUANTITIES else _of_holds
    return {name: read(task_dataset(whole, i), quantity) for i, name in enumerate(names)}


def _of_loop(one: xarray.Dataset, quantity: str) -> npt.NDArray[np.float64]:
    from mcsco.observables import loop

    return np.array([getattr(loop(one), quantity).value])


def _of_holds(one: xarray.Dataset, quantity: str) -> npt.NDArray[np.float64]:
    series = one[quantity].transpose("replica", "step").values
    series = np.abs(series) if quantity == "eta" else series
    means = []
    for leg, cut in zip(one["hold_leg"].values, one["hold_discarded"].values, strict=True):
        means.append(series[:, one["leg"].values == leg][:, int(cut) :].mean())
    return np.array(means)


def _mean(tasks: list[Task], means: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    average: npt.NDArray[np.float64] = np.mean([means[task.name] for task in tasks], axis=0)
    return average


def _distance(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """The largest difference; of what is known on one side only, such as the width where a loop begins, infinite."""
    differences = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
    return float(np.max(np.where(np.isnan(differences), np.inf, differences)))
