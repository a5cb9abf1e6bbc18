"""Where the tasks of a campaign are done: on this machine, or by a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcsco.errors import InputError

if TYPE_CHECKING:
    from mcsco.campaign import Executor
    from mcsco.campaign.connection import Certificates


@dataclass(frozen=True)
class Workplace:
    """Options that say who works."""

    workers: int | None = None
    scheduler: str | None = None
    cluster: Path | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @contextmanager
    def opened(self, directory: Path) -> Iterator[Callable[[], Executor]]:
        """What makes an executor for each round of the campaign in a directory; jobs serve all rounds, and end here.

        Raises
        ------
        InputError
            If options contradict each other, or the cluster cannot be used.
        """
        self.check()
        if self.cluster is None:
            yield self._executor
            return
        from mcsco.campaign.batch import BatchCluster
        from mcsco.campaign.batch_system import read_batch_system

        system = read_batch_system(self.cluster)
        with BatchCluster(system, directory / "jobs", str(self.cluster), self._certificates()) as batch:
            yield lambda: batch

    def check(self) -> None:
        """Find what is wrong before anything begins.

        Raises
        ------
        InputError
            If options contradict each other, or the file of a batch system is not valid.
        """
        certificates = self._certificates()
        if self.cluster is not None:
            if self.scheduler is not None:
                raise InputError("--cluster, --scheduler: give one of them; a batch system gets a scheduler of its own")
            if self.workers is not None:
                raise InputError("--workers: the file of --cluster says how many; leave the option out")
            from mcsco.campaign.batch_system import read_batch_system

            read_batch_system(self.cluster)
        elif self.scheduler is not None:
            if self.workers is not None:
                raise InputError("--workers: a scheduler has the workers that connect to it; leave the option out")
        elif certificates is not None:
            raise InputError("--tls-ca, --tls-cert, --tls-key: are for a cluster; give --scheduler or --cluster too")

    def refuse_for_single_run(self) -> None:
        """A single run knows no cluster."""
        for option, value in (("--scheduler", self.scheduler), ("--cluster", self.cluster)):
            if value is not None:
                raise InputError(f"{option}: shares the tasks of a campaign; the file has no [campaign]")

    def _executor(self) -> Executor:
        if self.scheduler is not None:
            from mcsco.campaign.cluster import DaskCluster

            return DaskCluster(self.scheduler, self._certificates())
        from mcsco.campaign import LocalProcesses

        return LocalProcesses(self.workers)

    def _certificates(self) -> Certificates | None:
        files = (self.tls_ca, self.tls_cert, self.tls_key)
        if files == (None, None, None):
            return None
        if self.tls_ca is None or self.tls_cert is None or self.tls_key is None:
            raise InputError("--tls-ca, --tls-cert, --tls-key: give all three or none")
        from mcsco.campaign.connection import Certificates

        return Certificates(self.tls_ca, self.tls_cert, self.tls_key)


def at_workplace(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say who works, given to a command as one argument, `workplace`."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        chosen = {name: kwargs.pop(name) for name in Workplace.__dataclass_fields__}
        return command(*args, workplace=Workplace(**chosen), **kwargs)

    path = click.Path(path_type=Path)
    decorated = run
    for option in (
        click.option("--tls-key", type=path, help="Key of that certificate (PEM)."),
        click.option("--tls-cert", type=path, help="Certificate of this side (PEM)."),
        click.option("--tls-ca", type=path, help="Authority that the cluster and this side trust (PEM)."),
        click.option("--cluster", metavar="FILE", type=path, help="TOML file of a batch system that does a campaign."),
        click.option("--scheduler", metavar="ADDRESS|FILE", help="Dask scheduler whose workers do a campaign."),
        click.option("--workers", type=click.IntRange(min=1), help="Processes of a campaign; all cores by default."),
    ):
        decorated = option(decorated)
    return decorated
