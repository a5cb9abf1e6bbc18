"""Campaigns through Dask while workers, schedulers and commands are killed: nothing lost, nothing doubled."""

import logging
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("distributed")

from dask_processes import CAMPAIGN, LONGER, Dask, assert_same, on_this_machine, results, run

from mcsco import campaign
from mcsco.campaign.cluster import DaskCluster
from mcsco.errors import InputError

pytestmark = pytest.mark.validate


@pytest.fixture
def own_dask(tmp_path):
    """A scheduler without workers, for one test."""
    (tmp_path / "dask").mkdir()
    cluster = Dask(tmp_path / "dask")
    try:
        yield cluster.start()
    finally:
        cluster.end()


def once(action):
    """A progress callback that acts when the first tasks are done."""
    acted = []

    def progress(n):
        if n and not acted:
            acted.append(n)
            action()

    return progress


def test_a_worker_is_killed(own_dask, tmp_path):
    own_dask.add_worker().add_worker().add_worker()
    killed = []

    def kill():
        killed.append(own_dask.workers[0])
        own_dask.workers[0].kill()

    ours = run(tmp_path / "results", DaskCluster(str(own_dask.file)), LONGER, progress=once(kill), checkpoint_every=0.1)
    assert killed[0].wait() == -signal.SIGKILL
    assert_same(ours, on_this_machine(LONGER))


def test_the_last_worker_is_killed_and_another_comes(own_dask, tmp_path, caplog):
    own_dask.add_worker()

    def kill():
        own_dask.workers[0].kill()
        threading.Timer(6.0, own_dask.add_worker).start()

    ours = run(tmp_path / "results", DaskCluster(str(own_dask.file)), LONGER, progress=once(kill), checkpoint_every=0.1)
    assert "no worker is connected" in caplog.text
    assert_same(ours, on_this_machine(LONGER))


@pytest.mark.parametrize("is_by_file", [True, False], ids=["file", "address"])
def test_the_scheduler_is_killed_and_started_again(own_dask, tmp_path, caplog, is_by_file):
    caplog.set_level(logging.INFO)
    own_dask.add_worker().add_worker()

    def restart():
        own_dask.scheduler.kill()
        own_dask.scheduler.wait()
        own_dask.start().add_worker().add_worker()  # the workers of the old one end

    executor = DaskCluster(str(own_dask.file) if is_by_file else f"127.0.0.1:{own_dask.port}")
    counts = []
    act = once(restart)

    def progress(n):
        counts.append(n)
        act(n)

    ours = run(tmp_path / "results", executor, LONGER, progress=progress, checkpoint_every=0.1)
    assert sum(counts) == 6
    assert "lost the scheduler" in caplog.text
    assert "found the scheduler" in caplog.text
    assert_same(ours, on_this_machine(LONGER))
    assert [process.wait(40) for process in own_dask.workers[:2]]  # they ended by themselves, not well


def test_the_scheduler_is_gone_for_good(own_dask, tmp_path):
    own_dask.add_worker()
    directory, config = campaign.CampaignDirectory(tmp_path / "results"), campaign.parse_config(LONGER)
    executor = DaskCluster(str(own_dask.file), patience=8.0)
    with pytest.raises(campaign.StoppedError, match="was gone for 8 s") as stopped:
        campaign.run_campaign(directory, config, executor, progress=once(own_dask.scheduler.kill))
    assert stopped.value.code == 75
    assert directory.status().n_done >= 1
    assert_same(run(directory.path, campaign.LocalProcesses(2), LONGER), on_this_machine(LONGER))


KILLER = """
import os
from mcsco.campaign import work

if not hasattr(work, "do"):  # a preload is loaded twice
    work.do = work._do

def _do(name, config, share):
    if config.run.seed == {seed}:
        os._exit(9)
    return work.do(name, config, share)

work._do = _do
"""


def test_a_task_that_kills_its_workers_fails_and_no_other(own_dask, tmp_path):
    config = campaign.parse_config(CAMPAIGN)
    killer = campaign.make_tasks(config)[5]
    (tmp_path / "killer.py").write_text(KILLER.format(seed=killer.config.run.seed))
    own_dask.add_worker("--nworkers", 2, "--nthreads", 1, "--nanny", "--preload", tmp_path / "killer.py")
    directory = campaign.CampaignDirectory(tmp_path / "results")
    status = campaign.run_campaign(directory, config, DaskCluster(str(own_dask.file)))
    assert status.failures == {killer.name: "4 workers died with this task, perhaps for want of memory"}
    theirs = dict(on_this_machine(CAMPAIGN))
    del theirs[killer.name]
    assert_same(results(directory), theirs)


def test_the_command_is_killed(own_dask, tmp_path):
    """Its workers stop, with a checkpoint, and serve the next command."""
    own_dask.add_worker()
    text = LONGER.replace("300, 400", "3000, 4000")
    (tmp_path / "long.toml").write_text(text)
    command = [sys.executable, "-m", "mcsco", "run", "long.toml", "-o", "out", "--scheduler", str(own_dask.file)]
    with subprocess.Popen([*command, "--checkpoint-every", "1s"], cwd=tmp_path) as process:
        checkpoints = tmp_path / "out" / "checkpoints"
        wait_for(lambda: checkpoints.is_dir() and any(checkpoints.glob("*.nc")))
        process.kill()
    wait_for(lambda: "is_idle" in idle_word(own_dask))
    assert any(checkpoints.glob("*.nc"))
    assert_same(run(tmp_path / "results", DaskCluster(str(own_dask.file))), on_this_machine(CAMPAIGN))


def idle_word(cluster):
    """Whether the worker computes nothing."""
    from distributed import Client

    with Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
        executing = client.run(lambda dask_worker: len(dask_worker.state.executing))
        return "" if any(executing.values()) else "is_idle"


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_threads_of_one_worker(tmp_path):
    """Under a threading layer that aborts when two threads call parallel kernels, and with large lattices."""
    text = LONGER.replace("[64, 64]", "[128, 128]").replace("300, 400", "30, 40")
    cluster = Dask(tmp_path, environment={"NUMBA_THREADING_LAYER": "workqueue"})
    try:
        cluster.start().add_worker("--nthreads", 4, "--no-nanny")
        assert_same(run(tmp_path / "results", DaskCluster(str(cluster.file)), text), on_this_machine(text))
        assert cluster.workers[0].poll() is None
    finally:
        cluster.end()


def test_a_worker_with_other_source_is_refused(own_dask, tmp_path):
    (tmp_path / "other.py").write_text("from mcsco.campaign import hosts\nhosts.fingerprint = lambda: '9.9+0'\n")
    own_dask.add_worker("--nthreads", 1, "--no-nanny", "--preload", tmp_path / "other.py")
    with pytest.raises(InputError, match=r"has mcsco 9\.9\+0, this command has"):
        run(tmp_path / "results", DaskCluster(str(own_dask.file)))
