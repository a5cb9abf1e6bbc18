"""What a campaign of ten thousand small tasks costs beyond its kernels, by CPU time: other load does not count.

`MCSCO_BENCHMARK_TASKS` sets another number of tasks.
"""

import os
import time

from mcsco import campaign
from mcsco.campaign.work import work
from mcsco.sampling import trajectory

N_TASKS = int(os.environ.get("MCSCO_BENCHMARK_TASKS", "10000"))
TEXT = """
title = "many small tasks"
model = {preset = "pmpea", shape = [16, 16]}
protocol = {kind = "hold", temperature = 230.0, sweeps = 200, measure_every = 10}
run = {replicas = 4}
[campaign]
repeats = REPEATS
[campaign.grid]
"protocol.temperature" = [210.0, 215.0, 220.0, 225.0, 230.0, 235.0, 240.0, 245.0, 250.0, 255.0]
"protocol.pressure" = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09]
"""


class Here:
    """An executor without processes, that sums up the time in kernels."""

    n_workers, is_local = 1, True

    def run(self, shares, idle):
        """One share after the other."""
        for share in shares:
            yield work(share)
            idle()


def cpu():
    """CPU time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def kernel_seconds(config, path, monkeypatch):
    """CPU time of all kernels of a campaign."""
    spent = [0.0]
    make = trajectory.Trajectory.__init__

    def timed_make(self, batch, *arguments):
        advance = batch.advance

        def timed(*given):
            began = time.thread_time()
            advance(*given)
            spent[0] += time.thread_time() - began

        batch.advance = timed
        make(self, batch, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(trajectory.Trajectory, "__init__", timed_make)
        campaign.run_campaign(campaign.CampaignDirectory(path), config, Here())
    return spent[0]


def test_ten_thousand_small_tasks(tmp_path, monkeypatch, show):
    config = campaign.parse_config(TEXT.replace("REPEATS", str(N_TASKS // 100)))
    few = campaign.parse_config(TEXT.replace("REPEATS", "1"))
    campaign.run_campaign(campaign.CampaignDirectory(tmp_path / "warm"), few, campaign.LocalProcesses(1))
    kernel_seconds(few, tmp_path / "loaded", monkeypatch)
    kernels = kernel_seconds(few, tmp_path / "few", monkeypatch) / 100

    directory = campaign.CampaignDirectory(tmp_path / "many")
    began, wall = cpu(), time.monotonic()
    status = campaign.run_campaign(directory, config, campaign.LocalProcesses(1))
    spent, wall = (cpu() - began) / N_TASKS, (time.monotonic() - wall) / N_TASKS
    assert (status.n_done, status.failures) == (N_TASKS, {})

    began, asked = time.process_time(), time.monotonic()
    assert directory.status().n_done == N_TASKS
    assert len(campaign.point_verdicts(directory.verdicts())) == 100
    status_cpu, status_wall = time.process_time() - began, time.monotonic() - asked
    n_files = sum(path.is_file() for path in directory.path.rglob("*"))
    show(
        f"{N_TASKS} tasks on one process: {1e3 * spent:.2f} ms of CPU each ({1e3 * wall:.2f} ms by the clock), "
        f"{1e3 * kernels:.2f} ms of it in kernels: {1e3 * (spent - kernels):.2f} ms more than those\n"
        f"status with all verdicts: {status_cpu:.2f} s of CPU, {status_wall:.2f} s by the clock; {n_files} files"
    )
    assert spent - kernels < 5e-3
    assert status_cpu < 2.0
    assert n_files < 50
