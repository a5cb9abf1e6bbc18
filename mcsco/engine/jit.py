"""The one decorator that knows every numba flag, and the cache that cannot go stale.

numba's disk cache does not notice an edit in another file that a kernel calls (a stale kernel gives wrong
physics), so kernels are cached in a folder named after the content of this room.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

config: Any = numba.config
"""Set by attribute at run time, which type checkers cannot see."""

FLAGS: dict[str, Any] = {
    # Division by zero is excluded by the checks at the Python boundary.
    "error_model": "numpy",
    # Contraction to fused multiply-add is decided when a kernel is compiled: identical for every thread count.
    # Reassociation and nnan/ninf stay off.
    "fastmath": {"contract"},
}


@cache
def cache_folder() -> Path:
    """Folder of compiled kernels: one for every version of this room's source and of numba."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        root = Path(given)
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches" / "mcsco"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcsco"
    return root / digest.hexdigest()[:16]


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def kernel(*, parallel: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Compile a function that Python calls; it releases the GIL and is kept on disk where possible."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        # numba's cache does not tell the flags apart: in one folder the parallel version of a function would be
        # served from the file of the serial one, and run on one thread.
        folder = cache_folder() / ("parallel" if parallel else "serial")
        caching = _is_writable(folder)
        before = config.CACHE_DIR
        if caching:  # the folder is read when the function is decorated, so that other packages keep theirs
            config.CACHE_DIR = str(folder)
        try:
            return numba.njit(function, nogil=True, cache=caching, parallel=parallel, **FLAGS)  # type: ignore[no-any-return]
        finally:
            config.CACHE_DIR = before

    return decorate


@contextmanager
def using_threads(n: int) -> Iterator[None]:
    """Let parallel kernels use `n` threads.

    One thread asks numba for nothing: numba guards its threads with a lock that forked processes share, and one that is
    killed while holding it would stop all others for ever.
    """
    if n == 1:
        yield
        return
    before = numba.get_num_threads()
    numba.set_num_threads(min(n, config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def inlined(function: F) -> F:
    """Compile a part of a kernel: pasted into its callers, since a call per row costs more than the row."""
    return numba.njit(function, inline="always", **FLAGS)  # type: ignore[no-any-return]
