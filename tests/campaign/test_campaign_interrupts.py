"""Ctrl-C, SIGTERM and kill -9 in the middle of a run, watched on a pseudo-terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

LONG = """
model = {preset = "fe2fe", shape = [32, 32]}
protocol = {kind = "hold", temperature = [250], sweeps = 2000000, measure_every = 1000}
run = {replicas = 16}
"""


def read_until(terminal, pattern, seconds):
    """What the terminal shows up to `pattern`, or all of it if the program ends before."""
    shown, deadline = "", time.monotonic() + seconds
    while time.monotonic() < deadline and not re.search(pattern, shown):
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 4096).decode()
            except OSError:  # the other side was closed
                break
    return shown


@pytest.fixture
def running(tmp_path):
    """A run on a terminal, one percent of which is done, and what it has shown."""
    (tmp_path / "long.toml").write_text(LONG)
    terminal, its_side = pty.openpty()
    command = [sys.executable, "-m", "mcsco", "run", "long.toml", "-o", "out"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=its_side, stderr=its_side)
    os.close(its_side)
    try:
        shown = read_until(terminal, r" [1-9]\d?%", 120)
        assert process.poll() is None, shown
        yield process, terminal, shown
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def test_the_bar_tells_the_time_that_is_left(running):
    _, _, shown = running
    assert re.search(r"simulating +1%\|.*\| \d\d:\d\d<\d\d:\d\d", shown)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_answered_with_a_checkpoint(running, tmp_path, number, code):
    process, terminal, _ = running
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == code
    assert time.monotonic() - began < 4
    shown = read_until(terminal, r"\Z.", 1)
    assert "Traceback" not in shown
    last = shown.replace("\r", "\n").strip().splitlines()[-1]
    assert last == f"mcsco: stopped by {signal.Signals(number).name}; go on with: mcsco resume out"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.toml", "out"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["checkpoint.nc", "config.toml"]


def test_kill_before_the_first_checkpoint_leaves_nothing(running, tmp_path):
    process, _, _ = running
    process.kill()
    assert process.wait(10) == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["long.toml"]
