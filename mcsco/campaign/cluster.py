"""Campaigns on a cluster: the shares are done by the workers of a Dask scheduler."""

from __future__ import annotations

import logging
import time
import uuid
from asyncio import CancelledError as TaskCancelledError
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

from mcsco.campaign.connection import (
    Certificates,
    address_in,
    is_address,
    load_distributed,
    n_threads,
    quiet,
    reason_of,
)
from mcsco.campaign.hosts import fingerprint, work_on_host
from mcsco.campaign.signals import StoppedError
from mcsco.campaign.work import Outcome, Share, stopped
from mcsco.errors import InputError

log = logging.getLogger("mcsco")

# Seconds to wait for the scheduler when the campaign begins, and for one attempt to find it again.
_CONNECT, _AGAIN = 30.0, 10.0
# A worker that was told to stop and has not answered for so many seconds is told so by the scheduler.
_GRACE = 20.0
# Seconds between two looks at how many workers there are.
_COUNT = 2.0
# Bunches are cut for so many workers at least, since more of them may come.
EXPECTED = 16


class DaskCluster:
    """The workers of a Dask scheduler.

    Work that is lost with a worker is done again by another one. If the scheduler is gone, it is looked for until
    `patience` is over, and then given all shares again that have no outcome.

    Parameters
    ----------
    scheduler : str
        Address, such as ``tcp://node17:8786``, or path of the file that ``dask scheduler --scheduler-file`` writes.
    certificates : Certificates, optional
        For a scheduler with TLS.
    patience : float
        Seconds for which a scheduler that is gone is looked for.
    connect : float
        Seconds for which it is looked for at first.

    Attributes
    ----------
    n_workers : int
        Threads of all workers, and not less than are usual.

    Raises
    ------
    InputError
        If distributed is not installed, or there is no scheduler that takes this side on.
    """

    is_local = False

    def __init__(
        self,
        scheduler: str,
        certificates: Certificates | None = None,
        *,
        patience: float = 600.0,
        connect: float = _CONNECT,
    ) -> None:
        load_distributed()
        self.scheduler, self.patience = scheduler, patience
        self._security = certificates.security() if certificates else None
        self._client: Any = None
        try:
            self._client = self._connected(connect)
        except (OSError, RuntimeError, TypeError, ValueError, ImportError) as error:
            raise InputError(
                f"scheduler = {scheduler!r}: cannot be used ({reason_of(error)}); start one with `dask scheduler`, "
                "and give its address or its scheduler file, and the certificates if it has any"
            ) from None
        # More may come while the campaign runs.
        self.n_workers = max(EXPECTED, n_threads(self._client) or 0)

    def run(self, shares: Iterable[Share], idle: Callable[[], None]) -> Iterator[list[Outcome]]:
        """Outcomes as they come.

        Raises
        ------
        StoppedError
            If the scheduler was gone for longer than `patience`.
        InputError
            If a worker has another version of mcsco or does not see the directory of the campaign.
        """
        todo = _ToDo(deque(_elsewhere(share) for share in shares))
        try:
            while todo and not todo.is_stopped():
                with quiet():
                    self._client = self._client or self._found_again(todo, idle)
                    if self._client is not None:
                        yield from _Flight(self._client, todo, self.scheduler).outcomes(idle)
                        if todo:
                            self._drop()
            yield from todo.stopped()
        finally:
            self.close()

    def close(self) -> None:
        """Leave the scheduler; what its workers still do for this campaign ends with a checkpoint."""
        with quiet():
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, RuntimeError, CancelledError):
                client.close(timeout=5)

    def _address(self, seconds: float) -> str:
        """Where the scheduler is; a file is read again each time, since a new scheduler writes a new one."""
        text = self.scheduler
        if not is_address(text):
            text = address_in(Path(text), seconds)
        if "://" not in text:
            text = f"tls://{text}" if self._security else f"tcp://{text}"
        if self._security and not text.startswith("tls://"):
            raise ValueError(f"certificates were given, but the scheduler at {text} does not encrypt")
        return text

    def _connected(self, seconds: float) -> Any:
        """A client.

        Raises
        ------
        OSError
            If there is no scheduler, or it refuses.
        """
        address = self._address(seconds)
        with quiet():
            return load_distributed().Client(
                address, timeout=seconds, security=self._security, set_as_default=False, name="mcsco"
            )

    def _found_again(self, todo: _ToDo, idle: Callable[[], None]) -> Any:
        """A new client, or None if there is a wish to stop meanwhile."""
        log.warning("lost the scheduler %s; looking for it for %.0f s", self.scheduler, self.patience)
        end, pause = time.monotonic() + self.patience, 1.0
        with ThreadPoolExecutor(1) as pool:  # `idle` is called meanwhile
            while True:
                attempt = pool.submit(self._connected, _AGAIN)
                while not attempt.done():
                    idle()
                    time.sleep(0.1)
                with suppress(OSError, ValueError):
                    client = attempt.result()
                    log.warning("found the scheduler %s again; %d shares are done again", self.scheduler, len(todo))
                    return client
                retry = time.monotonic() + pause
                while time.monotonic() < retry:
                    if todo.is_stopped():
                        return None
                    if time.monotonic() > end:
                        raise StoppedError(f"the scheduler {self.scheduler} was gone for {self.patience:.0f} s", 75)
                    idle()
                    time.sleep(0.1)
                pause = min(2 * pause, 30.0)


class _ToDo:
    """Shares that have no outcome and are not with a worker."""

    def __init__(self, waiting: deque[Share]) -> None:
        self.waiting = waiting
        self.suspects: deque[Share] = deque()
        """Single tasks that were with several workers that died."""
        self._stop_file = Path(waiting[0].stop_file) if waiting else None

    def __len__(self) -> int:
        return len(self.waiting) + len(self.suspects)

    def is_stopped(self) -> bool:
        """Whether there is a wish to stop."""
        return self._stop_file is not None and self._stop_file.exists()

    def suspect(self, share: Share) -> None:
        """Do the tasks of a share again, each of them alone, to see which of them kills workers."""
        for name, config in zip(share.names, share.configs, strict=True):
            self.suspects.append(replace(share, names=(name,), configs=(config,)))

    def stopped(self) -> Iterator[list[Outcome]]:
        """Outcomes of all that is left."""
        while self:
            yield stopped((self.waiting or self.suspects).popleft())


class _SchedulerGoneError(Exception):
    """The scheduler has forgotten what it was given."""


class _Flight:
    """Work through one client; when the scheduler is gone, it ends with everything without an outcome to do again."""

    def __init__(self, client: Any, todo: _ToDo, name: str) -> None:
        self.client, self.todo, self.name = client, todo, name
        self.running: dict[Any, Share] = {}
        self.suspect: Any = None
        """The one that is alone on all workers, if any."""
        self._done: SimpleQueue[tuple[Any, Any]] = SimpleQueue()
        self._fetchers = ThreadPoolExecutor(4, thread_name_prefix="mcsco-fetch")
        self._n_threads, self._counted = -1, -_COUNT
        self._told_to_stop = 0.0

    def outcomes(self, idle: Callable[[], None]) -> Iterator[list[Outcome]]:
        """Outcomes as they come."""
        try:
            while self.todo or self.running:
                if self.client.status != "running":
                    raise _SchedulerGoneError
                self._count()
                if self.todo.is_stopped():
                    yield from self.todo.stopped()
                    yield from self._hurried()
                else:
                    self._fill()
                with suppress(Empty):
                    outcomes = self._taken(*self._done.get(timeout=0.4 if self.running else 0.0))
                    if outcomes:
                        yield outcomes
                idle()
        except _SchedulerGoneError:
            self.todo.waiting.extendleft(self.running.values())
        finally:
            self._fetchers.shutdown(wait=False, cancel_futures=True)

    def _count(self) -> None:
        """How many threads the workers have."""
        if time.monotonic() - self._counted < _COUNT:
            return
        self._counted, before = time.monotonic(), self._n_threads
        count = n_threads(self.client)
        if count is None:
            return
        self._n_threads = count
        if count == 0 and before != 0:
            log.warning("no worker is connected to %s; waiting for one", self.name)
        elif before == 0 and count:
            log.info("%d workers are connected to %s", count, self.name)

    def _fill(self) -> None:
        """Give the scheduler enough that no worker waits, and not so much that a loss of it is dear."""
        while self.todo.waiting and len(self.running) < 2 * max(1, self._n_threads):
            self._submit(self.todo.waiting.popleft())
        if self.todo.suspects and not self.running:
            self.suspect = self._submit(self.todo.suspects.popleft())

    def _submit(self, share: Share) -> Any:
        key = f"mcsco-{share.names[0]}-{uuid.uuid4().hex}"
        future = self.client.submit(work_on_host, share, fingerprint(), key=key, pure=False)
        self.running[future] = share
        future.add_done_callback(self._fetch)
        return future

    def _fetch(self, future: Any) -> None:
        """Get a result in another thread: one that was lost with its worker may be long in coming."""

        def fetch() -> None:
            try:
                self._done.put((future, future.result()))
            except (Exception, TaskCancelledError) as error:
                self._done.put((future, error))

        with suppress(RuntimeError):  # the campaign has ended
            self._fetchers.submit(fetch)

    def _taken(self, future: Any, result: Any) -> list[Outcome]:
        """What became of a share; nothing if it is not known yet."""
        if future not in self.running:
            return []
        if isinstance(result, CancelledError | TaskCancelledError):
            raise _SchedulerGoneError
        if isinstance(result, Exception) and future.status != "error":  # only the transport of the result has failed
            self._fetch(future)
            return []
        share = self.running.pop(future)
        future.release()
        if isinstance(result, Exception):
            return self._dead(share, future is self.suspect, result)
        outcomes: list[Outcome] = result
        return outcomes

    def _dead(self, share: Share, is_alone: bool, error: Exception) -> list[Outcome]:
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            if is_alone:
                n = error.allowed_failures + 1
                return [Outcome(share.names[0], reason=f"{n} workers died with this task, perhaps for want of memory")]
            self.todo.suspect(share)
            return []
        if isinstance(error, ImportError) or "deserializ" in str(error):
            raise InputError(
                f"scheduler = {self.name!r}: it or a worker cannot load mcsco ({error.__cause__ or error}); run all of "
                "them in the environment of this command"
            ) from None
        raise error

    def _hurried(self) -> Iterator[list[Outcome]]:
        """Outcomes of the shares whose workers do not see that they shall stop, or that no worker has yet."""
        self._told_to_stop = self._told_to_stop or time.monotonic()
        if self._n_threads == 0 or time.monotonic() - self._told_to_stop > _GRACE:
            self.client.cancel(list(self.running))  # the workers see that too, and write their checkpoints
            for share in self.running.values():
                yield stopped(share)
            self.running.clear()


def _elsewhere(share: Share) -> Share:
    """The share as another host needs it.

    Paths hold in any directory. One thread: workers may have several, and numba's simplest threading layer aborts a
    process in which two threads call parallel kernels.
    """
    folder, stop_file = Path(share.folder).absolute(), Path(share.stop_file).absolute()
    return replace(share, folder=str(folder), stop_file=str(stop_file), threads=1)
