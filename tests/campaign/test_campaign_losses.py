"""A campaign whose command is killed, told to stop, or out of time: no result is lost, none is doubled."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from mcsco import campaign

TEXT = """
title = "losses"
model = {preset = "pmpea", shape = [16, 16]}
protocol = {kind = "hold", temperature = [228.0], sweeps = 4000, measure_every = 100}
run = {replicas = 4, seed = 5}
[campaign]
repeats = 6
[campaign.grid]
"model.interactions.0.spin" = [1.0, 1.1]
"""
LONG = TEXT.replace("4000", "400000").replace("repeats = 6", "repeats = 1")


def start(tmp_path, *arguments):
    command = [sys.executable, "-m", "mcsco", *arguments, "--workers", "1"]
    return subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def end(process, seconds=120):
    _, err = process.communicate(timeout=seconds)
    assert "Traceback" not in err, err
    return process.returncode, err


def expected(text):
    tasks = campaign.make_tasks(campaign.parse_config(text))
    return {t.name: campaign.execute(t.config, threads=1).gamma.values for t in tasks}


def check(path, text):
    whole = campaign.open_campaign(path)
    found = dict(zip(whole["task"].values.astype(str), whole.gamma.values, strict=True))
    wanted = expected(text)
    assert sorted(found) == sorted(wanted)
    assert len(whole["task"]) == len(wanted)
    for name, gamma in wanted.items():
        np.testing.assert_array_equal(found[name], gamma)


def test_kill_at_any_instant(tmp_path, request):
    (tmp_path / "c.toml").write_text(TEXT)
    rng = np.random.default_rng(3)
    for _ in range(40 if request.config.getoption("--validate") else 3):
        process = start(tmp_path, "run", "c.toml", "-o", "out")
        time.sleep(float(rng.uniform(0.3, 6.0)))
        process.kill()
        process.communicate()
        directory = campaign.CampaignDirectory(tmp_path / "out")
        if directory.parts.files():
            campaign.open_campaign(directory.path)  # whatever is there can be read
    code, err = end(start(tmp_path, "run", "c.toml", "-o", "out"))
    assert code == 0, err
    check(tmp_path / "out", TEXT)


def wait_for(path, seconds=60):
    deadline = time.monotonic() + seconds
    while not list(path.glob("*.nc")) and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stores_what_is_under_way(tmp_path, number):
    (tmp_path / "c.toml").write_text(LONG)
    process = start(tmp_path, "run", "c.toml", "-o", "out", "--checkpoint-every", "0.5s")
    wait_for(tmp_path / "out" / "checkpoints")
    os.kill(process.pid, number)
    code, err = end(process)
    assert code == 128 + number
    assert err.splitlines()[-1] == f"mcsco: stopped by {signal.Signals(number).name}; go on with: mcsco resume out"
    status = campaign.CampaignDirectory(tmp_path / "out").status()
    assert status.n_checkpoints + status.n_done >= 1
    assert not list((tmp_path / "out").glob(".stop*"))
    code, err = end(start(tmp_path, "resume", "out"))
    assert code == 0, err
    check(tmp_path / "out", LONG)
    assert not list((tmp_path / "out" / "checkpoints").glob("*.nc"))


def test_wall_time(tmp_path):
    (tmp_path / "c.toml").write_text(LONG)
    code, err = end(start(tmp_path, "run", "c.toml", "-o", "out", "--wall-time", "2s"))
    assert code == 75, err
    seconds = 4.0
    while code == 75:
        code, err = end(start(tmp_path, "resume", "out", "--wall-time", f"{seconds:.0f}s"), 120 + seconds)
        seconds *= 1.5  # on a busy machine four seconds are over before the first worker is there
    assert code == 0, err
    check(tmp_path / "out", LONG)


def test_few_files(tmp_path, monkeypatch):
    monkeypatch.setattr("mcsco.campaign.campaign._EVERY", 0.0)  # a file for every share
    text = TEXT.replace("4000", "200").replace("repeats = 6", "repeats = 150").replace("16, 16", "4, 4")
    directory = campaign.CampaignDirectory(tmp_path / "c")
    config = campaign.parse_config(text)

    class OneByOne(campaign.LocalProcesses):
        def run(self, shares, idle):
            for outcomes in super().run(shares, idle):
                for outcome in outcomes:
                    yield [outcome]

    status = campaign.run_campaign(directory, config, OneByOne(1))
    assert status.n_done == 300
    assert len([path for path in directory.path.rglob("*") if path.is_file()]) < 50
    assert campaign.open_campaign(directory.path).sizes["task"] == 300
