"""Who does the work of a campaign: processes of this machine, behind the same interface as a cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Protocol

from mcsco.campaign.warm import work_warm
from mcsco.campaign.work import Outcome, Share

# A task that was with so many workers that died is not given to another one.
_TRIES = 3


class Executor(Protocol):
    """Does shares of work in any order."""

    n_workers: int
    is_local: bool
    """Whether all workers share the memory of this machine."""

    def run(self, shares: Iterable[Share], idle: Callable[[], None]) -> Iterator[list[Outcome]]:
        """Outcomes as they come; `idle` is called at least every half second. Lost work is done again."""
        ...


def n_cores() -> int:
    """Cores that this process may use; where the system does not tell, all of them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalProcesses:
    """Worker processes of this machine.

    Parameters
    ----------
    n_workers : int
        The default are all cores that this process may use.
    """

    is_local = True

    def __init__(self, n_workers: int | None = None) -> None:
        self.n_workers = n_workers or n_cores()

    def run(self, shares: Iterable[Share], idle: Callable[[], None]) -> Iterator[list[Outcome]]:
        """Outcomes as they come; a worker that dies is replaced, and its work done again."""
        waiting, tries = deque(shares), dict[str, int]()
        while waiting:
            with self._pool() as pool:
                running: dict[Future[list[Outcome]], Share] = {}
                try:
                    yield from self._with_pool(pool, waiting, running, idle)
                except BrokenProcessPool:
                    yield from _retry(running.values(), waiting, tries)

    def _pool(self) -> ProcessPoolExecutor:
        # Forked workers would inherit the threads of numba and share its locks, which a worker that dies may hold; a
        # server forks them from a process without numba.
        context = multiprocessing.get_context("forkserver")
        return ProcessPoolExecutor(self.n_workers, context, initializer=_begin)

    def _with_pool(
        self,
        pool: ProcessPoolExecutor,
        waiting: deque[Share],
        running: dict[Future[list[Outcome]], Share],
        idle: Callable[[], None],
    ) -> Iterator[list[Outcome]]:
        while waiting or running:
            while waiting and len(running) < 2 * self.n_workers:  # the next share lies ready when one is done
                running[pool.submit(work_warm, waiting[0])] = waiting[0]
                waiting.popleft()  # not before it is accepted: a pool that is broken by now refuses it
            done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                outcomes = future.result()  # a broken pool leaves its share among those running
                del running[future]
                yield outcomes
            idle()


def _retry(lost: Iterable[Share], waiting: deque[Share], tries: dict[str, int]) -> Iterator[list[Outcome]]:
    """Queue lost tasks one by one, and give up those that every worker died of."""
    for share in lost:
        for name, config in zip(share.names, share.configs, strict=True):
            tries[name] = tries.get(name, 0) + 1
            if tries[name] < _TRIES:
                waiting.append(replace(share, names=(name,), configs=(config,)))
            else:
                yield [Outcome(name, reason=f"{_TRIES} workers died with this task, perhaps for want of memory")]


def _begin() -> None:
    """Prepare a worker process."""
    # The terminal sends Ctrl-C to workers too; they are told to stop by the stop file.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A worker whose command was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
