"""Who keeps a run safe: checkpoints by wall time, and a clean way out when it is told to stop."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mcsco.campaign.checkpoint import Intervals
from mcsco.campaign.config import RunConfig
from mcsco.campaign.signals import Signals
from mcsco.campaign.store import RunDirectory

if TYPE_CHECKING:
    from mcsco.sampling import Travel

log = logging.getLogger("mcsco")

# A checkpoint takes at most this share of the time: writing a large one less often costs less than it can lose.
_SHARE = 0.05


class Keeper:
    """Checkpoints of one run.

    Parameters
    ----------
    directory : RunDirectory
    config : RunConfig
    folder : Path
        Folder of the configuration's file, which a measured curve is relative to.
    interval : float
        Seconds between two checkpoints; the first ones come sooner.
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
        self.directory, self.config, self.folder = directory, config, folder
        self.signals = Signals(wall_time)
        self._intervals = Intervals(interval)
        self._due = time.monotonic() + next(self._intervals)

    def is_due(self) -> bool:
        """Whether the run shall pause for a checkpoint, or stop."""
        return self.signals.wants_to_stop or time.monotonic() > self._due

    def restore(self, journey: Travel) -> bool:
        """Take the run to its last checkpoint, if there is one.

        Raises
        ------
        InputError
            If the checkpoint is damaged or not of this run.
        """
        return self.directory.checkpoint(self.config).load(journey)

    def store(self, journey: Travel) -> None:
        """Write a checkpoint, and raise `StoppedError` if the run shall stop.

        Without room for it the run goes on if it may, since what it has done is still in memory; the checkpoint before
        stays as it was.
        """
        leaving = self.signals.stopped() if self.signals.wants_to_stop else None
        began = time.monotonic()
        try:
            self.directory.begin(self.config, self.folder)
            self.directory.checkpoint(self.config).save(journey)
        except OSError as error:
            if leaving is not None:
                raise
            log.warning("no checkpoint: %s (%s); going on without", self.directory.path, error.strerror or error)
        self._due = time.monotonic() + max(next(self._intervals), (time.monotonic() - began) / _SHARE)
        if leaving is not None:
            raise leaving
