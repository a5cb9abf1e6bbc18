"""The wish to stop: SIGINT, SIGTERM, or the end of the wall time."""

from __future__ import annotations

import math
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self


class StoppedError(Exception):
    """Something was told to stop, and has stored all that it needs to go on.

    Parameters
    ----------
    reason : str
    code : int
        Exit status: 128 + the signal, as shells do, or 75 ("temporary failure, try again") at the end of the wall time.
    """

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


class Signals:
    """Takes SIGINT and SIGTERM as the wish to stop while it is entered; a second one ends the process at once.

    Parameters
    ----------
    wall_time : float
        Seconds after which to stop anyway.
    """

    def __init__(self, wall_time: float = math.inf) -> None:
        self._end = time.monotonic() + wall_time
        self._signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # signals arrive there only
            self._before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self._signal:
            raise KeyboardInterrupt
        self._signal = number

    @property
    def wants_to_stop(self) -> bool:
        """Whether to stop as soon as all is stored."""
        return self._signal != 0 or time.monotonic() > self._end

    def stopped(self) -> StoppedError:
        """The reason to stop."""
        if self._signal:
            return StoppedError(f"stopped by {signal.Signals(self._signal).name}", 128 + self._signal)
        return StoppedError("stopped at the end of the wall time", 75)
