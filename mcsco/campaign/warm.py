"""Compiling once: of all processes of a host one compiles the kernels of a campaign, the others wait and load them."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mcsco.campaign.config import RunConfig
from mcsco.campaign.work import Outcome, Share, work
from mcsco.errors import McscoError

_warm: set[str] = set()
"""Kernels that this process has loaded."""


def work_warm(share: Share) -> list[Outcome]:
    """Do a share in a process of this machine."""
    warm_up(share)
    return work(share)


def warm_up(share: Share) -> None:
    """Do the first moment of a share and throw it away: one process of a host compiles, the others wait for it.

    numba keeps what is compiled on disk; without the lock all processes of a host would compile the same at once.
    """
    config = RunConfig.model_validate_json(share.configs[0])
    kernels = _kernels(config, share.threads)
    if kernels in _warm:
        return
    from mcsco.campaign.run import make_journey

    with _locked_host():
        if kernels not in _warm:  # another thread may have been first
            calls = iter((False,))  # one call of a kernel, then stop
            with suppress(McscoError, MemoryError, ArithmeticError, ValueError):  # `work` meets and reports them
                make_journey(config, share.threads).run(lambda: next(calls, True))
    _warm.add(kernels)


def _kernels(config: RunConfig, threads: int) -> str:
    """What decides which kernels a run compiles."""
    model = config.model.build()
    terms = sorted(type(term).__name__ for term in model.interactions)
    run = config.run
    return f"{model.distortion} {model.lattice.n_dimensions} {terms} {run.kernel} {run.dynamics} {threads > 1}"


@contextmanager
def _locked_host() -> Iterator[None]:
    """One process of this user on this host at a time; without a lock if there is no place for its file."""
    path = Path(tempfile.gettempdir()) / f"mcsco-warm-up-{os.getuid()}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
