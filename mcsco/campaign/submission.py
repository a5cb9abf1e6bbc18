"""How a job is handed to a batch system and taken back: within a bounded time, and without breaking the others."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import Any

# A batch system that does not answer a command for so many seconds has failed.
ANSWER = 60.0

Refusals = dict[str, tuple[float, str]]
"""When (`time.monotonic`) and why a job was refused, by the name of the job."""


def careful(job: type[Any], refusals: Refusals) -> type[Any]:
    """A class of dask-jobqueue's jobs, made to note a refusal instead of raising it.

    dask-jobqueue raises in an event loop, where nobody waits for it, and cannot close a cluster that has a job
    which was never submitted.
    """
    from distributed.core import Status

    class Careful(job):  # type: ignore[misc]
        async def start(self) -> None:
            try:
                await super().start()
            except (OSError, RuntimeError, ValueError) as error:
                refusals[str(self.name)] = time.monotonic(), one_line(error)
                self.status = Status.running

        async def close(self) -> None:
            with suppress(OSError, RuntimeError):  # one that is gone already
                await super().close()
            self.status = Status.closed

        @staticmethod
        async def _call(cmd: list[str], *, shell: bool = False, **_: Any) -> str:
            return await answer(cmd)

    return Careful


async def answer(command: list[str], seconds: float | None = None) -> str:
    """What a command prints.

    Raises
    ------
    RuntimeError
        If it fails or does not end in time.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C at the terminal is not for it: a job could be submitted whose number is lost
    )
    seconds = ANSWER if seconds is None else seconds
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise RuntimeError(f"{command[0]} did not answer for {seconds:.0f} s") from None
    if process.returncode:
        said = one_line((err or out).decode(errors="replace")) or "it says nothing"
        raise RuntimeError(f"exit status {process.returncode}: {said}")
    return out.decode(errors="replace")


def cancel(command: str, job: str) -> None:
    """End a job, or at least try."""
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            [command, job], stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER, start_new_session=True
        )


def one_line(text: object) -> str:
    """A message of another program, short and in one line."""
    words = " ".join(str(text).split())
    return words if len(words) <= 300 else words[:300] + "…"
