"""What a worker of a cluster does around its share: looks at where it is, compiles once, and stops when it shall."""

from __future__ import annotations

import hashlib
import platform
import tempfile
import threading
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import mcsco
from mcsco.campaign.warm import warm_up
from mcsco.campaign.work import Outcome, Share, work
from mcsco.errors import InputError

# How often a worker looks whether it shall stop, s; network file systems do not like to be asked more often.
_LOOK = 0.5
# What decides the numbers of a simulation.
_ROOMS = ("errors.py", "units.py", "model", "engine", "observables", "sampling")
_PACKAGES = ("numba", "llvmlite", "numpy", "scipy")


@cache
def fingerprint() -> str:
    """Version of mcsco with a hash of all that decides the numbers: its source, and the packages that compile it."""
    root = Path(mcsco.__file__).parent
    digest = hashlib.sha256(" ".join(version(package) for package in _PACKAGES).encode())
    for room in _ROOMS:
        for path in sorted([root / room, *(root / room).rglob("*.py")]):
            if path.is_file():
                digest.update(path.read_bytes())
    return f"{mcsco.__version__}+{digest.hexdigest()[:12]}"


def work_on_host(share: Share, expected: str) -> list[Outcome]:
    """Do a share in a thread of a Dask worker.

    Raises
    ------
    InputError
        If this worker would make other numbers, or does not see the directory of the campaign.
    Reschedule
        If the worker ends; another one goes on from the checkpoints.
    """
    import dask
    from distributed import Reschedule

    # Otherwise xarray asks the scheduler for a lock over the whole cluster for every file that it writes. It stays
    # set, since threads of one worker would undo it for each other.
    dask.config.set(scheduler="threads")
    _check_host(share, expected)
    warm_up(share)
    with _Leash(share.stop_file) as leash:
        outcomes = work(replace(share, stop_file=str(leash.stop_file)))
    if leash.is_cut and any(outcome.is_stopped for outcome in outcomes):
        raise Reschedule
    return outcomes


def _check_host(share: Share, expected: str) -> None:
    if fingerprint() != expected:
        raise InputError(
            f"worker on {platform.node()}: has mcsco {fingerprint()}, this command has {expected} (version, and hash "
            "of source and packages); run both in the same environment, and start workers again after a change"
        )
    folder = Path(share.stop_file).parent
    if not folder.is_dir():
        raise InputError(
            f"worker on {platform.node()}: does not see {folder}; put the campaign on a file system that all share"
        )


class _Leash:
    """Passes on the wish to stop to the work in this thread, as a file of this host.

    The wish is the stop file of the campaign, or that the scheduler has taken the task back (its command is gone), or
    that this worker closes (at the end of its job, or because the scheduler is gone).
    """

    def __init__(self, stop_file: str) -> None:
        from distributed import get_worker

        self.is_cut = False
        """Whether this worker closes."""
        self._wish = Path(stop_file)
        self._worker: Any = get_worker()
        self._key = self._worker.get_current_task()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="mcsco-leash", daemon=True)
        self._folder = tempfile.TemporaryDirectory(prefix="mcsco-")
        self.stop_file = Path(self._folder.name) / "stop"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self._folder.cleanup()

    def _watch(self) -> None:
        while not self._end.is_set():
            self.is_cut = self._worker.status.name not in ("init", "running", "paused")
            if self.is_cut or self._is_taken_back() or self._wish.exists():
                self.stop_file.touch()
                return
            self._end.wait(_LOOK)

    def _is_taken_back(self) -> bool:
        task = self._worker.state.tasks.get(self._key)
        return task is None or task.state == "cancelled"
