"""What has batches on their way: they can stop, be stored, and go on bit by bit."""

from __future__ import annotations

import threading
import time
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import Batch
from mcsco.errors import StateError
from mcsco.sampling.results import Variable
from mcsco.sampling.trajectory import Memory

if TYPE_CHECKING:
    import xarray

Progress = Callable[[int], None]
"""Called with the number of sweeps × replicas done since the last call, from any thread."""


class Course(typing.Protocol):
    """What one batch does in a `Travel`."""

    batch: Batch

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do."""

    def follow(self, stopped: Callable[[], bool], progress: Progress | None = None) -> bool:
        """Move on until the end, or until `stopped` says so; whether the end is reached."""

    def memory(self) -> Memory:
        """Everything that `restore` needs."""

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned."""


class Travel(ABC):
    """Batches on their way: they can stop, be stored, and go on bit by bit.

    Parameters
    ----------
    trajectories : list
        One for every batch.
    threads : int
        Trajectories that may move at the same time.
    """

    def __init__(self, trajectories: Sequence[Course], threads: int) -> None:
        self.trajectories, self.threads = trajectories, threads
        self.began = time.time()
        self.seconds = 0.0

    @property
    def n_done(self) -> int:
        """Sweeps × replicas done."""
        return sum(t.batch.sweep * t.batch.n_replicas for t in self.trajectories)

    def sweeps(self) -> npt.NDArray[np.int64]:
        """Sweeps that every replica has done, shape (replica,)."""
        done = [t.batch.sweep for t in self.trajectories]
        return np.repeat(done, [t.batch.n_replicas for t in self.trajectories])

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

    def _run_together(self, trajectories: list[Course], stopped: Callable[[], bool], progress: Progress | None) -> bool:
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

    @abstractmethod
    def dataset(self) -> xarray.Dataset:
        """The finished simulation as `simulate` returns it."""

    @abstractmethod
    def variables(self) -> tuple[dict[str, Variable], dict[str, Variable]]:
        """Data variables and coordinates of the finished simulation, without the cost of a labelled dataset."""
