"""Campaigns through SLURM and PBS, played by processes of this machine: the same bits, no hang, nothing left."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("dask_jobqueue")

from batch_programs import BatchSystem
from dask_processes import CAMPAIGN, LONGER, assert_same, on_this_machine, results

from mcsco import campaign
from mcsco.campaign import jobs as jobs_module
from mcsco.campaign import submission
from mcsco.campaign.batch import BatchCluster
from mcsco.campaign.batch_system import read_batch_system
from mcsco.errors import InputError

# Processes that wait for each other: too slow for every run of the tests on two cores.
pytestmark = pytest.mark.validate

FILE = """
kind = "slurm"
jobs = 2
cores = 1
memory = "2 GB"
walltime = "00:30:00"
queue = "short"
account = "crystals"
directives = ["--exclusive"]
prologue = ["export OF_THE_PROLOGUE=1"]
interface = "lo"
wait = "2min"
"""


@pytest.fixture
def batch(tmp_path, monkeypatch):
    """A batch system on the PATH, and its file."""
    (tmp_path / "cluster.toml").write_text(FILE)
    system = BatchSystem(tmp_path / "batch")
    monkeypatch.setenv("PATH", system.path)
    try:
        yield system
    finally:
        system.end()


def command(tmp_path, *arguments):
    """The command line as a process, its output in a file: a pipe that a job inherited would never close."""
    with (tmp_path / "output.txt").open("w") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "mcsco", *arguments, "--cluster", "cluster.toml"],
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def said(tmp_path):
    return (tmp_path / "output.txt").read_text()


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize(("kind", "cores"), [("slurm", 1), ("pbs", 2)])
def test_the_same_numbers_as_on_this_machine(batch, tmp_path, kind, cores):
    text = (
        FILE.replace("slurm", kind).replace("cores = 1", f"cores = {cores}").replace("jobs = 2", f"jobs = {3 - cores}")
    )
    (tmp_path / "cluster.toml").write_text(text.replace("--exclusive", "-m n"))
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    with command(tmp_path, "run", "campaign.toml", "-o", "out", "--json") as process:
        assert process.wait(300) == 0, said(tmp_path)
    assert_same(results(campaign.CampaignDirectory(tmp_path / "out")), on_this_machine(CAMPAIGN))
    assert batch.is_empty_within(20)
    n_jobs = len(batch.jobs())
    assert n_jobs == 3 - cores
    assert sorted(batch.cancelled()) == sorted(batch.jobs())
    for script in batch.scripts():
        sign = {"slurm": "#SBATCH", "pbs": "#PBS"}[kind]
        assert {f"{sign} -A crystals", f"{sign} -m n", "export OF_THE_PROLOGUE=1"} <= set(script.splitlines())
        assert "tls://127.0.0.1" in script
        assert "--lifetime 1620s" in script
    # Nothing is left to do: nothing is submitted, and no key lies about.
    with command(tmp_path, "resume", "out") as process:
        assert process.wait(60) == 0, said(tmp_path)
    assert len(batch.jobs()) == n_jobs
    assert not [path.name for path in (tmp_path / "out" / "jobs").iterdir() if path.name.startswith(".")]


def test_a_refined_grid_uses_one_set_of_jobs(batch, tmp_path):
    text = CAMPAIGN.partition("[campaign]")[0].replace("thermal-cycle", "hold")
    text = text.replace("temperature = [215.0, 240.0], sweeps_per_kelvin = 20", "temperature = 200.0, sweeps = 200")
    text += '[campaign.grid]\n"protocol.temperature" = [200.0, 230.0, 260.0]\n'
    text += '[campaign.refine]\nof = "protocol.temperature"\nquantity = "q"\nstep = 0.3\nsmallest = 8.0\n'
    (tmp_path / "campaign.toml").write_text(text)
    with command(tmp_path, "run", "campaign.toml", "-o", "out", "--json") as process:
        assert process.wait(300) == 0, said(tmp_path)
    directory = campaign.CampaignDirectory(tmp_path / "out")
    assert directory.status().n_done > 3
    assert len(batch.jobs()) == 2
    assert batch.is_empty_within(20)


def test_ctrl_c_leaves_no_process_and_resume_ends_with_the_same_numbers(batch, tmp_path):
    (tmp_path / "campaign.toml").write_text(LONGER)
    process = command(tmp_path, "run", "campaign.toml", "-o", "out", "--checkpoint-every", "0.2s")
    directory = campaign.CampaignDirectory(tmp_path / "out")
    wait_for(lambda: directory.checkpoints.is_dir() and any(directory.checkpoints.glob("*.nc")))
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does: to the command and all its children
    assert process.wait(90) == 128 + signal.SIGINT, said(tmp_path)
    assert "go on with: mcsco resume out" in said(tmp_path)
    assert "Traceback" not in said(tmp_path)
    assert batch.jobs()
    assert batch.is_empty_within(20)
    assert sorted(batch.cancelled()) == sorted(batch.jobs())
    assert directory.status().n_done < 6
    with command(tmp_path, "resume", "out") as process:
        assert process.wait(300) == 0, said(tmp_path)
    assert_same(results(directory), on_this_machine(LONGER))
    assert batch.is_empty_within(20)


def test_two_ctrl_c_leave_no_process_either(batch, tmp_path):
    (tmp_path / "campaign.toml").write_text(LONGER.replace("300, 400", "3000, 4000"))
    process = command(tmp_path, "run", "campaign.toml", "-o", "out")
    wait_for(lambda: len(batch.jobs()) == 2)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    # The second may come when all is done but for the end of the process.
    assert process.wait(60) in (128 + signal.SIGINT, -signal.SIGINT), said(tmp_path)
    assert "Traceback" not in said(tmp_path)
    assert batch.is_empty_within(20)


def test_a_command_that_is_killed_leaves_no_worker_for_long(batch, tmp_path):
    (tmp_path / "campaign.toml").write_text(LONGER.replace("300, 400", "3000, 4000"))
    process = command(tmp_path, "run", "campaign.toml", "-o", "out", "--checkpoint-every", "0.5s")
    checkpoints = tmp_path / "out" / "checkpoints"
    wait_for(lambda: checkpoints.is_dir() and any(checkpoints.glob("*.nc")))
    process.kill()
    process.wait()
    assert batch.is_empty_within(90)
    assert any(checkpoints.glob("*.nc"))


def test_refused_jobs_are_one_error(batch, tmp_path):
    batch.refuse()
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    began = time.monotonic()
    with command(tmp_path, "run", "campaign.toml", "-o", "out") as process:
        assert process.wait(60) == 2, said(tmp_path)
    assert time.monotonic() - began < 30
    last = said(tmp_path).splitlines()[-1]
    assert "cluster.toml: sbatch refuses every job (exit status 1: sbatch: error: invalid partition" in last
    assert "Traceback" not in said(tmp_path)


def attempt(tmp_path, text=FILE, run=CAMPAIGN, name="out"):
    """A campaign in this process."""
    (tmp_path / "cluster.toml").write_text(text)
    directory = campaign.CampaignDirectory(tmp_path / name)
    system = read_batch_system(tmp_path / "cluster.toml")
    with BatchCluster(system, directory.path / "jobs", "cluster.toml") as batch:
        campaign.run_campaign(directory, campaign.parse_config(run), batch, checkpoint_every=0.2)
    return directory


def test_a_batch_system_that_does_not_answer(batch, tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "ANSWER", 1.0)
    batch.hang()
    began = time.monotonic()
    with pytest.raises(InputError, match=r"refuses every job \(sbatch did not answer for 1 s"):
        attempt(tmp_path)
    assert time.monotonic() - began < 30


def test_no_batch_system(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="there is no command 'qsub' on this machine"):
        attempt(tmp_path, FILE.replace("slurm", "pbs"))


def test_jobs_without_workers(batch, tmp_path):
    """The queue is long, or the workers cannot start."""
    began = time.monotonic()
    with pytest.raises(campaign.StoppedError, match="no worker has come for 5 s") as stopped:
        attempt(tmp_path, FILE.replace("2min", "5s").replace("export OF_THE_PROLOGUE=1", "exit 1"))
    assert stopped.value.code == 75
    assert time.monotonic() - began < 40
    assert batch.is_empty_within(10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('interface = "lo"', 'interface = "nowhere0"'), "nowhere0"),
        (("jobs = 2", "jobs = 2"), "cannot stand in a job script"),
    ],
)
def test_what_cannot_be_prepared(batch, tmp_path, change, message):
    name = "a folder with spaces" if "job script" in message else "out"
    with pytest.raises(InputError, match=message) as caught:
        attempt(tmp_path, FILE.replace(*change), name=name)
    assert len(str(caught.value).splitlines()) == 1
    assert not batch.jobs()


def test_a_job_that_ends_gets_a_successor(batch, tmp_path, monkeypatch):
    """At the end of its time, or with its node."""
    monkeypatch.setattr(jobs_module, "_GONE", 2.0)
    killed = []
    (tmp_path / "cluster.toml").write_text(FILE)
    directory = campaign.CampaignDirectory(tmp_path / "out")

    def kill(n):
        if n and not killed:
            killed.extend(batch.jobs())
            for job in killed:
                batch.kill(job)

    system = read_batch_system(tmp_path / "cluster.toml")
    with BatchCluster(system, directory.path / "jobs", "cluster.toml") as executor:
        status = campaign.run_campaign(
            directory, campaign.parse_config(LONGER), executor, progress=kill, checkpoint_every=0.2
        )
    assert killed
    assert status.n_done == status.n_tasks
    assert len(batch.jobs()) >= 4
    assert_same(results(directory), on_this_machine(LONGER))
    assert batch.is_empty_within(20)


def test_jobs_that_end_at_once_are_not_submitted_for_ever(batch, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs_module, "_GONE", 1.0)
    monkeypatch.setattr(jobs_module, "_FAILURES", 1)

    class Grim(BatchCluster):
        def run(self, shares, idle):
            def kill():
                idle()
                if self._jobs is not None and self._jobs._seen:
                    for process in batch.processes():
                        os.kill(process, signal.SIGKILL)

            yield from super().run(shares, kill)

    (tmp_path / "cluster.toml").write_text(FILE.replace("jobs = 2", "jobs = 1"))
    system = read_batch_system(tmp_path / "cluster.toml")
    directory = campaign.CampaignDirectory(tmp_path / "out")
    long = LONGER.replace("300, 400", "30000, 40000")
    with (
        Grim(system, directory.path / "jobs", "cluster.toml") as executor,
        pytest.raises(campaign.StoppedError, match="jobs end as soon as they begin, 1 by now"),
    ):
        campaign.run_campaign(directory, campaign.parse_config(long), executor)
    assert batch.is_empty_within(20)
    assert json.loads((directory.path / "manifest.json").read_text())
