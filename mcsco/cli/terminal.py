"""What all commands share: errors in one line, progress, JSON."""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from mcsco.errors import InputError

INTERRUPTED = 130
log = logging.getLogger("mcsco")

as_json = click.option("--json", "as_json", is_flag=True, help="Print machine-readable JSON instead of text.")


def reported(command: Callable[..., Any]) -> Callable[..., Any]:
    """One line for a user's mistake (exit 2) or an interrupt (exit 130), never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except InputError as error:
            click.echo(f"mcsco: {error}", err=True)
            sys.exit(2)
        except MemoryError as error:
            click.echo(f"mcsco: not enough memory ({error}); reduce shape, replicas or measurements", err=True)
            sys.exit(2)
        except BrokenPipeError:  # e.g. `mcsco presets | head -1`; click ends quietly
            raise
        except OSError as error:
            click.echo(f"mcsco: {error.filename or 'file'}: {error.strerror or error}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("mcsco: interrupted", err=True)
            sys.exit(INTERRUPTED)

    return run


@contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar with ETA on a terminal, a log line every ten seconds elsewhere; may be advanced from any thread."""
    lock = threading.Lock()
    if sys.stderr.isatty():
        from tqdm import tqdm

        # tqdm shows nothing on a terminal that was given no size, as in many containers.
        size = {"ncols": os.get_terminal_size(sys.stderr.fileno()).columns or 80, "nrows": 20}
        bar_format = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
        with tqdm(total=total, desc="simulating ", bar_format=bar_format, mininterval=0.1, **size) as bar:

            def advance_bar(n: int) -> None:
                with lock:
                    bar.update(n)

            yield advance_bar
        return
    done, last = 0, time.monotonic()

    def advance(n: int) -> None:
        nonlocal done, last
        with lock:
            done += n
            now = time.monotonic()
            if now - last > 10 or done == total:
                last = now
                log.info("simulated %d of %d %s (%d %%)", done, total, unit, 100 * done // total)

    yield advance


def plain(value: Any) -> Any:
    """A JSON value; NaN becomes None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value
