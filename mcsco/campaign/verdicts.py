"""Which points of a campaign have converged, read without their series."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mcsco.campaign.parts import Parts
from mcsco.campaign.reruns import Reruns
from mcsco.campaign.tasks import Point
from mcsco.observables import VERDICTS, Convergence

NOT_JUDGED = "not judged"
"""Of tasks without holds: ramps, cycles and quenches are not in equilibrium, and their errors come from replicas."""


@dataclass(frozen=True)
class TaskVerdict:
    """Of a task that is done; that of its worst hold."""

    name: str
    point: Point
    repeat: int
    verdict: str
    """One of `mcsco.observables.VERDICTS`, or ``not judged``."""
    reason: str
    """The numbers behind it, with the temperature of the hold."""


@dataclass(frozen=True)
class PointVerdict:
    """Of all repeats of a point; that of the worst of them."""

    point: Point
    n_tasks: int
    n_converged: int
    verdict: str
    reason: str


def task_verdicts(parts: Parts, reruns: Reruns) -> list[TaskVerdict]:
    """Verdicts of the results that stand, which of a task that was run again is the latest.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    found: dict[str, TaskVerdict] = {}
    for verdict in _stored(parts):
        found.setdefault(verdict.name, verdict)
    hidden = reruns.hidden(set(found))
    return [verdict for name, verdict in found.items() if name not in hidden]


def point_verdicts(verdicts: list[TaskVerdict]) -> list[PointVerdict]:
    """Verdicts point by point, in the order in which they were found."""
    groups: dict[str, list[TaskVerdict]] = {}
    for verdict in verdicts:
        groups.setdefault(json.dumps(verdict.point), []).append(verdict)
    points = []
    for group in groups.values():
        worst = max(group, key=lambda v: _rank(v.verdict))
        n_converged = sum(v.verdict == VERDICTS[0] for v in group)
        points.append(PointVerdict(worst.point, len(group), n_converged, worst.verdict, worst.reason))
    return points


def _rank(verdict: str) -> int:
    return -1 if verdict == NOT_JUDGED else VERDICTS.index(verdict)


def _stored(parts: Parts) -> Iterator[TaskVerdict]:
    from mcsco.sampling.verdicts import stored_verdicts

    for columns in parts.columns():
        holds = {name: values for name, values in columns.items() if name.startswith("hold_")}
        for i, name in enumerate(columns["task"]):
            judged = stored_verdicts({key: values[i] for key, values in holds.items()}) if holds else []
            temperatures = holds["hold_temperature"][i] if holds else []
            verdict, reason = _worst(judged, [float(T) for T in temperatures])
            point, repeat = json.loads(str(columns["point"][i])), int(columns["repeat"][i])
            yield TaskVerdict(str(name), point, repeat, verdict, reason)


def _worst(judged: list[Convergence], temperatures: list[float]) -> tuple[str, str]:
    if not judged:
        return NOT_JUDGED, ""
    # Of equal verdicts the one with the fewest independent measurements.
    worst = max(range(len(judged)), key=lambda i: (_rank(judged[i].verdict), -judged[i].n_effective))
    where = f"{temperatures[worst]:g} K: " if len(judged) > 1 else ""
    return judged[worst].verdict, where + judged[worst].reason
