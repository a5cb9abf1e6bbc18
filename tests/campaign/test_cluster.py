"""Campaigns through Dask on the loopback: the same bits, whatever is lost on the way."""

import logging
import os
import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from dask_processes import CAMPAIGN, LONGER, Dask, assert_same, make_certificates, on_this_machine, run

from mcsco import campaign
from mcsco.campaign.cluster import DaskCluster
from mcsco.campaign.connection import Certificates
from mcsco.campaign.work import as_share
from mcsco.errors import InputError

# Processes that wait for each other: too slow for every run of the tests on two cores.
pytestmark = pytest.mark.validate


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A scheduler with three workers of one thread."""
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    try:
        yield cluster.start().add_worker().add_worker().add_worker()
    finally:
        cluster.end()


def test_the_same_numbers_as_on_this_machine(dask, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)  # the workers are in another directory
    caplog.set_level(logging.WARNING)
    executor = DaskCluster(str(dask.file))
    counts = []
    assert_same(run(Path("results"), executor, progress=counts.append), on_this_machine(CAMPAIGN))
    assert sum(counts) == 12
    assert [record.message for record in caplog.records if "no worker" not in record.message] == []


def test_a_share_is_done_once(dask, tmp_path):
    """No outcome twice, however the tasks are bunched."""
    config = campaign.parse_config(CAMPAIGN)
    tasks = [(task.name, task.config) for task in campaign.make_tasks(config)]
    rest = {"folder": str(tmp_path / "checkpoints"), "stop_file": str(tmp_path / ".stop"), "states": False}
    shares = [as_share(tasks[:1], **rest), as_share(tasks[1:4], **rest), as_share(tasks[4:], **rest)]
    with DaskCluster(f"127.0.0.1:{dask.port}") as executor:
        outcomes = [outcome for some in executor.run(shares, lambda: None) for outcome in some]
    assert sorted(outcome.name for outcome in outcomes) == sorted(name for name, _ in tasks)
    assert all(outcome.is_done for outcome in outcomes)


def test_sigterm_stops_and_resumes(dask, tmp_path):
    directory = campaign.CampaignDirectory(tmp_path / "results")
    config = campaign.parse_config(LONGER)
    told = []

    def stop_soon(n):
        if n and not told:
            told.append(n)
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(campaign.StoppedError, match="stopped by SIGTERM"):
        campaign.run_campaign(directory, config, DaskCluster(str(dask.file)), progress=stop_soon)
    status = directory.status()
    assert 1 <= status.n_done < 6
    assert status.n_checkpoints > 0
    assert not list(directory.path.glob(".stop*"))
    assert_same(run(directory.path, DaskCluster(str(dask.file)), LONGER), on_this_machine(LONGER))
    assert directory.status().n_checkpoints == 0


@pytest.mark.parametrize(
    ("scheduler", "reason"),
    [
        ("tcp://127.0.0.1:1", "cannot be used"),
        ("127.0.0.1:1", "cannot be used"),
        ("nowhere.json", "No such file"),
        ("broken.json", "is not a scheduler file"),
        ("ftp://127.0.0.1:1", "ftp"),
    ],
)
def test_a_scheduler_that_is_not_there(scheduler, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text("{}")
    with pytest.raises(InputError, match=reason) as caught:
        DaskCluster(scheduler, connect=0.5)
    assert f"scheduler = {scheduler!r}" in str(caught.value)
    assert "0x" not in str(caught.value)
    assert "dask scheduler" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_distributed_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'mcsco\[dask\]'"):
        DaskCluster("127.0.0.1:8786")


def test_certificates_that_cannot_be_used(tmp_path):
    make_certificates(tmp_path)
    paths = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    assert Certificates(*paths).security().tls_ca_file == str(paths[0])
    for i in range(3):
        wrong = [*paths[:i], tmp_path / "missing.pem", *paths[i + 1 :]]
        with pytest.raises(InputError, match=r"missing\.pem: is not a file"):
            Certificates(*wrong).security()
    (tmp_path / "text.pem").write_text("a text")
    with pytest.raises(InputError, match="--tls-ca"):
        Certificates(tmp_path / "text.pem", *paths[1:]).security()
    with pytest.raises(InputError, match="its own key"):
        Certificates(*paths[:2], tmp_path / "other-key.pem").security()
    with pytest.raises(InputError, match="does not encrypt"):
        DaskCluster("tcp://127.0.0.1:1", Certificates(*paths), connect=0.5)


def test_tls(tmp_path):
    make_certificates(tmp_path)
    ca, cert, key = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem"))
    cluster = Dask(tmp_path, "--tls-ca-file", ca, "--tls-cert", cert, "--tls-key", key)
    address = f"127.0.0.1:{cluster.port}"
    try:
        cluster.start().add_worker()
        ours = run(tmp_path / "results", DaskCluster(str(cluster.file), Certificates(ca, cert, key)))
        assert_same(ours, on_this_machine(CAMPAIGN))
        with DaskCluster(address, Certificates(ca, cert, key)) as executor:
            assert executor.n_workers
        for wrong in (
            Certificates(ca, tmp_path / "other-cert.pem", tmp_path / "other-key.pem"),  # unknown to the scheduler
            Certificates(tmp_path / "other-ca.pem", cert, key),  # to which the scheduler is unknown
            None,
        ):
            for scheduler in (address, f"tls://{address}"):
                with pytest.raises(InputError, match="cannot be used"):
                    DaskCluster(scheduler, wrong, connect=2.0)
    finally:
        cluster.end()
