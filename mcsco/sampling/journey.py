"""All replicas of a simulation along a protocol: they can stop, be stored, and go on bit by bit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import choose_kernel, make_batches
from mcsco.engine.dynamics import ARRHENIUS
from mcsco.errors import InputError, check_integer
from mcsco.model import Kinetics, Model
from mcsco.sampling.legs import Leg
from mcsco.sampling.protocols import Protocol, make_legs, make_parts
from mcsco.sampling.results import Variable, make_dataset, make_variables
from mcsco.sampling.trajectory import Trajectory
from mcsco.sampling.travel import Progress, Travel
from mcsco.sampling.verdicts import is_precise

if TYPE_CHECKING:
    import xarray


class Journey(Travel):
    """Independent replicas of a model along a protocol. See `simulate` for the parameters."""

    def __init__(
        self,
        model: Model,
        protocol: Protocol | Iterable[Protocol],
        seed: int = 0,
        *,
        replicas: int = 8,
        start: str | None = None,
        dynamics: str = "metropolis",
        kernel: str = "auto",
        snapshots: int = 0,
        threads: int | None = None,
        kinetics: Kinetics | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
        self.model = model
        self.protocol = make_parts(protocol)
        self.legs = make_legs(self.protocol)
        check_integer("seed", seed, minimum=0)
        check_integer("replicas", replicas, minimum=1)
        check_integer("snapshots", snapshots, minimum=0)
        if model.distortion is None and any("eta" in dict(leg.precision) for leg in self.legs):
            raise InputError("precision of 'eta': the model has no distortion; ask for q or the energy")
        threads = check_integer("threads", os.cpu_count() or 1 if threads is None else threads, minimum=1)
        if start is None:
            begin, end = self.legs[0].begin, self.legs[0].end
            start = "HS+" if end.temperature < begin.temperature or end.pressure > begin.pressure else "LS"
        self.options: dict[str, Any] = {
            "seed": str(seed),
            "replicas": replicas,
            "start": start,
            "dynamics": dynamics,
            "kernel": choose_kernel(model, kernel),
            "snapshots": snapshots,
            "threads": threads,
        }
        if dynamics == ARRHENIUS:
            self.options["kinetics"] = json.dumps(asdict(kinetics or Kinetics()), sort_keys=True)
        batches = make_batches(model, start, seed, dynamics, kernel, replicas, threads, kinetics=kinetics)
        self.paths = [Trajectory(batch, self.legs, snapshots) for batch in batches]
        super().__init__(self.paths, threads)
        self._looks = _looks(self.legs)
        self._looked = -1
        """Sweep of the last look at the precision of a leg."""

    def run(self, stopped: Callable[[], bool] = lambda: False, progress: Progress | None = None) -> bool:
        """Move on until the end of the protocol, or until `stopped` says so; whether the end is reached.

        All replicas wait for each other where a leg may end since it is precise enough.
        """
        while (look := self._next_look()) is not None:
            self._set_goal(look[1])
            if not super().run(stopped, progress):
                return False
            self._look(*look, progress)
        self._set_goal(None)
        return super().run(stopped, progress)

    def _set_goal(self, sweep: int | None) -> None:
        for path in self.paths:
            path.until = sweep

    def _next_look(self) -> tuple[int, int] | None:
        """Leg and sweep at which all replicas are judged next, if there is one before the end."""
        at = min(path.batch.sweep for path in self.paths)
        # One at this very sweep is repeated after a stop; it says the same again.
        return next((look for look in self._looks if at <= look[1] > self._looked), None)

    def _look(self, index: int, sweep: int, progress: Progress | None) -> None:
        """End a leg if its means are as precise as was asked for."""
        self._looked = sweep
        first = self.paths[0]
        begin = int(first.ends[index]) - self.legs[index].sweeps
        steps = (first.measured > begin) & (first.measured <= sweep)
        series = np.concatenate([path.series[:, :, steps] for path in self.paths], axis=1)
        if is_precise(series, dict(self.legs[index].precision)):
            for path in self.paths:
                skipped = path.end_leg(index)
                if progress is not None:
                    progress(skipped * path.batch.n_replicas)

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned; see `Travel.restore`."""
        self._looked = -1
        super().restore(memory)

    def dataset(self) -> xarray.Dataset:
        """The finished simulation as `simulate` returns it."""
        return make_dataset(self.model, self.protocol, self.paths, self.options, self.began, self.seconds)

    def variables(self) -> tuple[dict[str, Variable], dict[str, Variable]]:
        """Data variables and coordinates of the finished simulation, without the cost of a labelled dataset."""
        return make_variables(self.model, self.paths)


def _looks(legs: Iterable[Leg]) -> list[tuple[int, int]]:
    """Leg and sweep since the start of every look at a precision."""
    looks, before = [], 0
    for index, leg in enumerate(legs):
        looks += [(index, before + sweep) for sweep in leg.looks().tolist()]
        before += leg.sweeps
    return looks
