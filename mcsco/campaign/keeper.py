"""Who keeps a run safe: checkpoints by wall time, and a clean way out when it is told to stop."""

from __future__ import annotations

import logging
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from mcsco.campaign.config import RunConfig
from mcsco.campaign.store import RunDirectory

if TYPE_CHECKING:
    from mcsco.sampling import Journey

log = logging.getLogger("mcsco")

# A checkpoint takes at most this share of the time: writing a large one less often costs less than it can lose.
_SHARE = 0.05


class StoppedError(Exception):
    """A run was told to stop, and has stored all that it needs to go on.

    Parameters
    ----------
    reason : str
    code : int
        Exit status: 128 + the signal, as shells do, or 75 ("temporary failure, try again") at the end of the wall time.
    """

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


class Keeper:
    """Checkpoints of one run.

    Parameters
    ----------
    directory : RunDirectory
    config : RunConfig
    folder : Path
        Folder of the configuration's file, which a measured curve is relative to.
    interval : float
        Seconds between two checkpoints.
    wall_time : float
        Seconds after which the run shall stop.
    """

    def __init__(
        self,
        directory: RunDirectory,
        config: RunConfig,
        folder: Path,
        interval: float = 60.0,
        wall_time: float = math.inf,
    ) -> None:
        self.directory, self.config, self.folder, self.interval = directory, config, folder, interval
        self._end = time.monotonic() + wall_time
        self._due = time.monotonic() + interval
        self._signal = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the wish to stop; a second one ends the process at once."""
        if threading.current_thread() is not threading.main_thread():  # signals arrive in the main thread only
            yield
            return
        before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self._signal:
            raise KeyboardInterrupt
        self._signal = number

    def is_due(self) -> bool:
        """Whether the run shall pause for a checkpoint, or stop."""
        return self._signal != 0 or time.monotonic() > min(self._due, self._end)

    def restore(self, journey: Journey) -> bool:
        """Take the run to its last checkpoint, if there is one.

        Raises
        ------
        InputError
            If the checkpoint is damaged or not of this run.
        """
        return self.directory.checkpoint(self.config).load(journey)

    def store(self, journey: Journey) -> None:
        """Write a checkpoint, and raise `StoppedError` if the run shall stop.

        Without room for it the run goes on if it may, since what it has done is still in memory; the checkpoint before
        stays as it was.
        """
        leaving = self._leaving()
        began = time.monotonic()
        try:
            self.directory.begin(self.config, self.folder)
            self.directory.checkpoint(self.config).save(journey)
        except OSError as error:
            if leaving is not None:
                raise
            log.warning("no checkpoint: %s (%s); going on without", self.directory.path, error.strerror or error)
        self._due = time.monotonic() + max(self.interval, (time.monotonic() - began) / _SHARE)
        if leaving is not None:
            raise leaving

    def _leaving(self) -> StoppedError | None:
        if self._signal:
            return StoppedError(f"stopped by {signal.Signals(self._signal).name}", 128 + self._signal)
        if time.monotonic() > self._end:
            return StoppedError("stopped at the end of the wall time", 75)
        return None
