"""All replicas of a simulation along a protocol: they can stop, be stored, and go on bit by bit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import choose_kernel, make_batches
from mcsco.errors import InputError, StateError, check_integer
from mcsco.model import Model
from mcsco.sampling.legs import Leg
from mcsco.sampling.protocols import Protocol, make_legs, make_parts
from mcsco.sampling.results import Variable, make_dataset, make_variables
from mcsco.sampling.trajectory import Memory, Trajectory

if TYPE_CHECKING:
    import xarray

Progress = Callable[[int], None]
"""Called with the number of sweeps × replicas done since the last call, from any thread."""


class Journey:
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
    ) -> None:
        if not isinstance(model, Model):
            raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
        self.model = model
        self.protocol = make_parts(protocol)
        self.legs = make_legs(self.protocol)
        check_integer("seed", seed, minimum=0)
        check_integer("replicas", replicas, minimum=1)
        check_integer("snapshots", snapshots, minimum=0)
        self.threads = check_integer("threads", os.cpu_count() or 1 if threads is None else threads, minimum=1)
        if start is None:
            start = "HS+" if self.legs[0].end.temperature < self.legs[0].begin.temperature else "LS"
        self.options: dict[str, Any] = {
            "seed": str(seed),
            "replicas": replicas,
            "start": start,
            "dynamics": dynamics,
            "kernel": choose_kernel(model, kernel),
            "snapshots": snapshots,
            "threads": self.threads,
        }
        self.began = time.time()
        self.seconds = 0.0
        batches = make_batches(model, start, seed, dynamics, kernel, replicas, self.threads)
        self.trajectories = [Trajectory(batch, self.legs, snapshots) for batch in batches]

    @property
    def n_done(self) -> int:
        """Sweeps × replicas done."""
        return sum(t.batch.sweep * t.batch.n_replicas for t in self.trajectories)

    def run(self, stopped: Callable[[], bool] = lambda: False, progress: Progress | None = None) -> bool:
        """Move on until the end of the protocol, or until `stopped` says so; whether the end is reached.

        `stopped` is asked between calls of a kernel, a fraction of a second each, from any thread.
        """
        began = time.monotonic()
        try:
            unfinished = [trajectory for trajectory in self.trajectories if not trajectory.is_finished]
            if self.threads == 1 or len(unfinished) <= 1:
                return all(trajectory.follow(stopped, progress) for trajectory in unfinished)
            return self._run_together(unfinished, stopped, progress)
        finally:
            self.seconds += time.monotonic() - began

    def _run_together(
        self, trajectories: list[Trajectory], stopped: Callable[[], bool], progress: Progress | None
    ) -> bool:
        failed = threading.Event()
        with ThreadPoolExecutor(min(self.threads, len(trajectories))) as pool:
            futures = [pool.submit(t.follow, lambda: failed.is_set() or stopped(), progress) for t in trajectories]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                failed.set()  # does nothing to batches that are done
            finished = [future.result() for future in futures]
        return all(finished)

    def memory(self) -> Memory:
        """Everything that `restore` needs to go on from here, as plain arrays."""
        whole: Memory = {"clock": np.array([self.began, self.seconds])}
        for i, trajectory in enumerate(self.trajectories):
            whole |= {f"{i}_{name}": array for name, array in trajectory.memory().items()}
        return whole

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned, in this process or in another.

        Raises
        ------
        StateError
            If it belongs to another simulation.
        """
        self.began, self.seconds = (float(x) for x in memory["clock"])
        parts: list[dict[str, npt.NDArray[Any]]] = [{} for _ in self.trajectories]
        for name, array in memory.items():
            index, _, key = name.partition("_")
            if index.isdecimal() and int(index) < len(parts):
                parts[int(index)][key] = array
            elif name != "clock":
                raise StateError("the checkpoint belongs to another number of replicas")
        for trajectory, part in zip(self.trajectories, parts, strict=True):
            trajectory.restore(part)

    def dataset(self) -> xarray.Dataset:
        """The finished simulation as `simulate` returns it."""
        return make_dataset(self.model, self.protocol, self.trajectories, self.options, self.began, self.seconds)

    def variables(self) -> tuple[dict[str, Variable], dict[str, Variable]]:
        """Data variables and coordinates of the finished simulation, without the cost of a labelled dataset."""
        return make_variables(self.model, self.trajectories, self.options["snapshots"])


def n_updates(legs: Iterable[Leg], replicas: int) -> int:
    """Sweeps × replicas of a protocol: the total that `progress` counts up to."""
    return sum(leg.sweeps for leg in legs) * replicas
