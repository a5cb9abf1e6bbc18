"""What a campaign of ten thousand small tasks costs beyond its kernels, by CPU time: other load does not count.

`MCSCO_BENCHMARK_TASKS` sets another number of tasks.
"""

import os
import time

import pytest

from mcsco import campaign
from mcsco.campaign.work import work
from mcsco.sampling import trajectory

N_TASKS = int(os.environ.get("MCSCO_BENCHMARK_TASKS", "10000"))
TEXT = """
title = "many small tasks"
model = {preset = "pmpea", shape = [16, 16]}
protocol = PROTOCOL
run = {replicas = 4}
[campaign]
repeats = REPEATS
[campaign.grid]
"model.interactions.0.spin" = [1.0, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12, 1.14, 1.16, 1.18]
"protocol.pressure" = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09]
"""
PROTOCOLS = {
    "ramps": '{kind = "ramp", temperature = [210.0, 250.0], sweeps_per_kelvin = 5, measure_every = 10}',
    "holds": '{kind = "hold", temperature = 230.0, sweeps = 200, measure_every = 10}',
}


class Here:
    """An executor without processes, that sums up the time in kernels."""

    n_workers, is_local = 1, True

    def run(self, shares, idle):
        """One share after the other."""
        for share in shares:
            yield work(share)
            idle()


def kernel_seconds(config, path, monkeypatch):
    """CPU time of a campaign, and of its kernels alone."""
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
        began = time.process_time()
        status = campaign.run_campaign(campaign.CampaignDirectory(path), config, Here())
        everything = time.process_time() - began
    assert (status.n_done, status.failures) == (status.n_tasks, {})
    return everything, spent[0]


@pytest.mark.parametrize(("kind", "limit"), [("ramps", 8), ("holds", 20)])
def test_ten_thousand_small_tasks(tmp_path, monkeypatch, show, kind, limit):
    """The verdict on a hold costs more than all the rest of a small task: some dozens of autocorrelation times."""
    text = TEXT.replace("PROTOCOL", PROTOCOLS[kind])
    kernel_seconds(campaign.parse_config(text.replace("REPEATS", "1")), tmp_path / "warm", monkeypatch)
    config = campaign.parse_config(text.replace("REPEATS", str(N_TASKS // 100)))
    began = time.monotonic()
    everything, kernels = kernel_seconds(config, tmp_path / "many", monkeypatch)
    wall = time.monotonic() - began

    directory = campaign.CampaignDirectory(tmp_path / "many")
    began, asked = time.process_time(), time.monotonic()
    assert directory.status().n_done == N_TASKS
    assert len(campaign.point_verdicts(directory.verdicts())) == 100
    status_cpu, status_wall = time.process_time() - began, time.monotonic() - asked
    n_files = sum(path.is_file() for path in directory.path.rglob("*"))
    total, kernel, clock = (1e3 * seconds / N_TASKS for seconds in (everything, kernels, wall))
    show(
        f"{N_TASKS} {kind}: {total:.2f} ms of CPU each ({clock:.2f} ms by the clock), {kernel:.2f} ms of it in "
        f"kernels: {total - kernel:.2f} ms more than those\n"
        f"status with all verdicts: {status_cpu:.2f} s of CPU, {status_wall:.2f} s by the clock; {n_files} files"
    )
    assert everything - kernels < limit * kernels  # a ratio: load on the machine makes CPU time longer too
    assert status_cpu < 2.0
    assert n_files < 50
