"""Jobs of a batch system whose workers connect to a Dask scheduler in this process; dask-jobqueue submits them."""

from __future__ import annotations

import asyncio
import logging
import shlex
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mcsco.campaign.batch_system import BatchSystem
from mcsco.campaign.connection import Certificates, quiet
from mcsco.campaign.durations import clock
from mcsco.campaign.signals import Signals, StoppedError
from mcsco.campaign.submission import ANSWER, Refusals, cancel, careful, one_line
from mcsco.errors import InputError

log = logging.getLogger("mcsco")

# A job whose workers have all been away for so many seconds has ended.
_GONE = 30.0
# A job that lived for less than so many seconds has failed; so many failures for every job wanted end the campaign.
_SHORT, _FAILURES = 60.0, 3
# Seconds between two looks, and before a job that was refused is submitted again.
_LOOK, _AGAIN = 0.5, 300.0


class Jobs:
    """The jobs of a campaign, from the first submission to their end.

    Parameters
    ----------
    system : BatchSystem
    name : str
        What errors call the batch system: the path of its file.
    folder : Path
        For what the jobs print, and for certificates; on a file system that the jobs see.
    certificates : Certificates, optional
        By default new ones are made, which nobody but this command and its jobs has.

    Raises
    ------
    InputError
        If dask-jobqueue or the commands of the batch system are missing, or the network interface is.
    """

    def __init__(self, system: BatchSystem, name: str, folder: Path, certificates: Certificates | None = None) -> None:
        self.system, self.name, self.folder = system, name, folder.absolute()
        if shlex.quote(str(self.folder)) != str(self.folder):
            raise InputError(
                f"output = {str(folder.parent)!r}: cannot stand in a job script; choose another with --output, without "
                "spaces and signs of the shell"
            )
        for command in (system.submit_command, system.cancel_command):
            if shutil.which(command) is None:
                raise InputError(
                    f"{name}: kind = {system.kind!r}: there is no command '{command}' on this machine; run this where "
                    "jobs are submitted"
                )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._refused: Refusals = {}
        self._told = set[str]()
        """Jobs whose refusal was told."""
        self._seen: dict[str, list[float]] = {}
        """When the first and the last time any worker of a job was connected."""
        self._n_short = 0
        self._change: Any = None
        self._looked = self._alive = time.monotonic()
        self._stack = ExitStack()
        if certificates is None:
            keys = tempfile.TemporaryDirectory(prefix=".keys-", dir=self.folder)  # only the owner can read it
            certificates = _own_certificates(Path(self._stack.enter_context(keys)))
        self.certificates = certificates
        try:
            with quiet():
                self._cluster = self._start()
        except (OSError, RuntimeError, ValueError) as error:
            self._stack.close()
            raise InputError(f"{name}: the jobs cannot be prepared ({one_line(error)})") from None
        self._cluster.scale(jobs=system.jobs)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(self._cluster.scheduler.contact_address or self._cluster.scheduler.address)

    def n_workers(self) -> int:
        """How many workers are connected."""
        return len(self._cluster.scheduler.workers)

    def look(self) -> None:
        """Replace jobs that have ended.

        Raises
        ------
        InputError
            If the batch system refuses every job.
        StoppedError
            If there was no worker for longer than the file says, or all jobs end as soon as they begin.
        """
        now = time.monotonic()
        if now < self._looked + _LOOK:
            return
        self._looked = now
        names = [str(worker.name) for worker in list(self._cluster.scheduler.workers.values())]
        if names:
            self._alive = now
        for name in names:
            job = name.rpartition("-")[0] if self.system.cores > 1 else name
            self._seen.setdefault(job, [now, now])[1] = now
        if not self._is_changing():
            self._check_refusals(bool(names))
            self._replace(self._ended(now) + [job for job, (at, _) in self._refused.items() if now > at + _AGAIN])
        if now > self._alive + self.system.wait:
            raise StoppedError(
                f"no worker has come for {self.system.wait:.0f} s: the jobs wait in the queue, or ended, or cannot "
                f"reach {self.address}; look into {self.folder} and, in {self.name}, at prologue, interface and wait",
                75,
            )

    def close(self) -> None:
        """End all jobs, those that wait in the queue too."""
        with Signals(), quiet(), self._stack:  # another Ctrl-C would leave jobs behind
            running = [job.job_id for job in list(self._cluster.workers.values()) if job.job_id]
            try:
                self._cluster.close(timeout=3 * ANSWER)
            except Exception as error:  # whatever fails in there, no job may be left
                log.warning("the jobs end in a second way, since the first failed (%s)", one_line(error))
                for job in running:
                    cancel(self.system.cancel_command, job)

    def _start(self) -> Any:
        import dask
        import dask_jobqueue

        # How long a worker may be away is decided here; distributed would forget a job without another in its place.
        self._stack.enter_context(dask.config.set({"distributed.deploy.lost-worker-timeout": "365d"}))
        system = self.system
        cluster, job = {
            "slurm": (dask_jobqueue.SLURMCluster, dask_jobqueue.slurm.SLURMJob),
            "pbs": (dask_jobqueue.PBSCluster, dask_jobqueue.pbs.PBSJob),
        }[system.kind]
        given = {"queue": system.queue, "account": system.account, "interface": system.interface}
        return cluster(
            job_cls=careful(job, self._refused),
            cores=system.cores,
            processes=system.cores,
            memory=system.memory.replace(" ", ""),
            walltime=clock(system.walltime),
            job_extra_directives=list(system.directives),
            job_script_prologue=list(system.prologue),
            job_name="mcsco",
            local_directory=system.scratch,
            log_directory=str(self.folder),
            python=shlex.quote(sys.executable),
            death_timeout=60,
            worker_extra_args=["--no-dashboard", "--lifetime", f"{system.lifetime:.0f}s"],
            security=self.certificates.security(),
            scheduler_options={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            **{key: value for key, value in given.items() if value is not None},
        )

    def _is_changing(self) -> bool:
        """Whether jobs are being submitted or ended at this moment."""
        return self._change is not None and not self._change.done()

    def _check_refusals(self, is_any_alive: bool) -> None:
        refused = {job: why for job, (_, why) in self._refused.items() if job in self._cluster.worker_spec}
        if refused and not is_any_alive and len(refused) == len(self._cluster.worker_spec):
            raise InputError(
                f"{self.name}: {self.system.submit_command} refuses every job ({next(iter(refused.values()))}); "
                "correct the file, or try again when the batch system works"
            )
        for job in refused.keys() - self._told:
            self._told.add(job)
            log.warning("%s refuses a job (%s); going on without", self.system.submit_command, refused[job])

    def _ended(self, now: float) -> list[str]:
        """Names of jobs all of whose workers have left."""
        ended = [job for job, (_, last) in self._seen.items() if now > last + _GONE]
        for job in ended:
            first, last = self._seen.pop(job)
            self._n_short += last - first < _SHORT
        if self._n_short >= _FAILURES * self.system.jobs:
            raise StoppedError(
                f"jobs end as soon as they begin, {self._n_short} by now; look into {self.folder} for the reason", 75
            )
        return ended

    def _replace(self, names: list[str]) -> None:
        if not names:
            return
        log.info("%d jobs have ended or were refused; submitting others", len(names))
        for name in names:
            self._refused.pop(name, None)

        async def replace() -> None:
            await self._cluster.scale_down(names)
            self._cluster.scale(jobs=self.system.jobs)

        self._change = asyncio.run_coroutine_threadsafe(replace(), self._cluster.loop.asyncio_loop)


def _own_certificates(folder: Path) -> Certificates:
    """Certificates that nobody has but this command and its jobs, as files of a folder that is only theirs."""
    from distributed import Security

    try:
        made = Security.temporary()
    except ImportError:
        raise InputError("certificates for the jobs need cryptography; pip install 'mcsco[batch]'") from None
    paths = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    for path, text in zip(paths, (made.tls_ca_file, made.tls_worker_cert, made.tls_worker_key), strict=True):
        path.touch(mode=0o600)
        path.write_text(text, encoding="ascii")
    return Certificates(*paths)
