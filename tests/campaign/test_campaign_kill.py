"""Kill -9 at random instants, and disks that are full: nothing is lost, doubled or damaged."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from mcsco import campaign

LOOP = """
model = {preset = "pmpea", shape = [32, 32]}
protocol = {kind = "thermal-cycle", temperature = [210.0, 245.0], sweeps_per_kelvin = 100, measure_every = 5}
run = {replicas = 20, seed = 4, snapshots = 3}
"""
ELASTIC = """
model = {preset = "pmpea-elastic", shape = [16, 32]}
protocol = {kind = "quench", temperature = 215.0, sweeps = 1500}
run = {replicas = 2, start = "HS", seed = 4, snapshots = 9}
"""
REPLICA = """
model = {preset = "pmpea-volume", shape = [8, 8]}
protocol = {kind = "hold", temperature = [225.0, 232.0], sweeps = 4000}
run = {replicas = 5, seed = 4}
"""
SURFACE = """
model = {preset = "pmpea", shape = [6, 6]}
protocol = {kind = "free-energy-surface", temperature = [224.0, 228.0], sweeps = 1500, equilibration = 100}
run = {replicas = 2, seed = 4}
"""
FLAT = """
model = {preset = "pmpea-volume", shape = [8, 8]}
run = {replicas = 3, seed = 4}
[protocol]
kind = "free-energy-surface"
temperature = [224.0, 228.0]
method = "flat-histogram"
equilibration = 6000
sweeps = 6000
"""
EXCHANGE = """
model = {preset = "pmpea", shape = [16, 16]}
run = {replicas = 2, seed = 4}
[protocol]
kind = "replica-exchange"
temperature = [215.0, 240.0]
rungs = 6
optimise = true
equilibration = 1500
sweeps = 9000
"""
# Ends when it is precise enough, each hold at another sweep.
PRECISE = REPLICA.replace("4000", "40000, measure_every = 20, precision = 0.04")


def finish(directory, config, interval=0.01):
    """Do a run, or what is left of it, in a child process; its process id."""
    child = os.fork()
    if child:
        return child
    try:
        keeper = campaign.Keeper(directory, config, directory.path, interval=interval)
        dataset = campaign.execute(config, threads=1, keeper=keeper)
        directory.save(config, dataset, directory.path)
        os._exit(0)
    except BaseException as error:
        os.write(2, repr(error).encode())
        os._exit(1)


def is_finished_after(child, seconds):
    """Whether a child ends well before it is killed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


@pytest.mark.parametrize(
    "text",
    [LOOP, ELASTIC, REPLICA, PRECISE, SURFACE, FLAT, EXCHANGE],
    ids=["loop", "elastic", "replica kernel", "precise", "surface", "flat", "exchange"],
)
def test_kill_and_resume_is_the_run_without(text, tmp_path, monkeypatch, request):
    monkeypatch.setattr("mcsco.sampling.trajectory._UPDATES_PER_CALL", 2**17)
    monkeypatch.setattr("mcsco.campaign.keeper._SHARE", 1.0)
    config = campaign.parse_config(text)
    expected = campaign.execute(config, threads=1)
    began = time.monotonic()  # the kernels are compiled by now
    campaign.execute(config, threads=1)
    took = time.monotonic() - began
    rng = np.random.default_rng(7)
    kills = finished = positions = 0
    wanted = 70 if request.config.getoption("--validate") else 4
    while kills < wanted:
        directory = campaign.RunDirectory(tmp_path / "run")
        killed_here = 0
        limit = 1.5 * took + 0.2
        while not is_finished_after(finish(directory, config), float(rng.uniform(0.0, limit))):
            limit *= 1.03  # on a busy machine the first limit may be too short for any step
            kills += 1
            killed_here += 1
            journey = campaign.make_journey(config, threads=1)
            positions += directory.checkpoint(config).load(journey)  # a whole file at any instant
            assert killed_here < 300, "the run does not get on"
        finished += 1
        result = directory.result()
        for name in expected.variables:
            assert result[name].equals(expected[name]), name
        assert sorted(path.name for path in directory.path.iterdir()) == ["config.toml", "result.nc"]
        shutil.rmtree(directory.path)
    assert finished
    assert positions > wanted / 4, "hardly any kill came after the first checkpoint"
    print(f"{kills} kills, {positions} of them after a checkpoint; {finished} runs came to their end")


def test_kills_that_come_sooner_than_checkpoints_stop_nothing(tmp_path, monkeypatch):
    """The first checkpoints come early, so that a queue that takes machines away every minute does not win for ever."""
    monkeypatch.setattr("mcsco.sampling.trajectory._UPDATES_PER_CALL", 2**17)
    monkeypatch.setattr("mcsco.campaign.keeper._SHARE", 1.0)
    config = campaign.parse_config(LOOP)
    expected = campaign.execute(config, threads=1)
    began = time.monotonic()
    campaign.execute(config, threads=1)
    life = 0.6 * (time.monotonic() - began) + 0.2
    directory = campaign.RunDirectory(tmp_path / "run")
    lives, stored = 1, False
    while not is_finished_after(finish(directory, config, interval=4 * life), life):
        stored |= directory.checkpoint(config).path.is_file()
        lives += 1
        life *= 1.02  # on a busy machine
        assert lives < 60
    assert lives == 1 or stored
    assert directory.result()["gamma"].equals(expected["gamma"])


def limited(size):
    """Make every write beyond `size` bytes fail, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def command(*arguments, cwd, size=None):
    """The command line in a process of its own, with a limit on the size of files."""
    return subprocess.run(
        [sys.executable, "-m", "mcsco", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        preexec_fn=None if size is None else lambda: limited(size),
        timeout=120,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
    )


def test_full_disk(tmp_path):
    (tmp_path / "run.toml").write_text(REPLICA.replace("8, 8", "12, 12").replace("4000", "40000"))
    stopped = command("run", "run.toml", "-o", "out", "--wall-time", "1s", cwd=tmp_path)
    assert stopped.returncode == 75, stopped.stderr
    checkpoint = (tmp_path / "out" / "checkpoint.nc").read_bytes()
    full = command("resume", "out", "--wall-time", "1s", cwd=tmp_path, size=4096)
    assert full.returncode == 1
    assert "Traceback" not in full.stderr
    assert "File too large" in full.stderr.splitlines()[-1]
    assert (tmp_path / "out" / "checkpoint.nc").read_bytes() == checkpoint
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["checkpoint.nc", "config.toml"]
    # A run that may go on does, and stores its result when there is room again.
    going_on = command("resume", "out", "--checkpoint-every", "0.1s", cwd=tmp_path, size=len(checkpoint) // 2)
    assert "no checkpoint" in going_on.stderr
    assert going_on.returncode == 1
    assert (tmp_path / "out" / "checkpoint.nc").read_bytes() == checkpoint
    assert command("resume", "out", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out" / "result.nc").exists()
