"""Campaigns by the jobs of a batch system: SLURM or PBS, through Dask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

from mcsco.campaign.batch_system import BatchSystem
from mcsco.campaign.cluster import EXPECTED, DaskCluster
from mcsco.campaign.connection import Certificates, load_distributed
from mcsco.campaign.jobs import Jobs
from mcsco.campaign.work import Outcome, Share, stopped
from mcsco.errors import InputError


class BatchCluster:
    """Jobs of a batch system. The first work that there is to do submits them, and `close` ends them.

    Parameters
    ----------
    system : BatchSystem
        What a job asks for.
    folder : Path
        For what the jobs print; every node has to see it.
    name : str
        What errors call the batch system, such as the path of its file.
    certificates : Certificates, optional
        The default are certificates that are made for these jobs alone.

    Attributes
    ----------
    n_workers : int
        Workers of all jobs, and not less than are usual.

    Raises
    ------
    InputError
        If distributed or dask-jobqueue is not installed.
    """

    is_local = False

    def __init__(
        self, system: BatchSystem, folder: Path, name: str = "batch system", certificates: Certificates | None = None
    ) -> None:
        load_distributed()
        try:
            import dask_jobqueue  # noqa: F401 - a missing package is told before anything is written
        except ImportError:
            raise InputError("a batch system needs dask-jobqueue; pip install 'mcsco[batch]'") from None
        self.system, self.folder, self.name, self._certificates = system, folder, name, certificates
        self.n_workers = max(EXPECTED, system.jobs * system.cores)
        self._jobs: Jobs | None = None

    def run(self, shares: Iterable[Share], idle: Callable[[], None]) -> Iterator[list[Outcome]]:
        """Outcomes as they come.

        Raises
        ------
        InputError
            If the batch system or all of its jobs cannot be used.
        StoppedError
            If there was no worker for longer than the file of the batch system says.
        """
        todo = list(shares)
        if not todo:
            return
        jobs = self._jobs = self._jobs or Jobs(self.system, self.name, self.folder, self._certificates)

        def look() -> None:
            idle()
            jobs.look()

        if _wait_for_workers(jobs, Path(todo[0].stop_file), look):
            yield from DaskCluster(jobs.address, jobs.certificates).run(todo, look)
        else:
            yield from map(stopped, todo)

    def close(self) -> None:
        """End all jobs, also those that wait in the queue."""
        jobs, self._jobs = self._jobs, None
        if jobs is not None:
            jobs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _wait_for_workers(jobs: Jobs, stop_file: Path, look: Callable[[], None]) -> bool:
    """Whether there are workers; not if there is a wish to stop first."""
    while not jobs.n_workers():
        look()
        if stop_file.exists():
            return False
        time.sleep(0.1)
    return True
