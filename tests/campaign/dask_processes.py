"""For tests of campaigns on clusters: small campaigns, and Dask as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from mcsco import campaign

CAMPAIGN = """
title = "small loops"
model = {preset = "pmpea", shape = [8, 8]}
protocol = {kind = "thermal-cycle", temperature = [215.0, 240.0], sweeps_per_kelvin = 20, measure_every = 10}
run = {replicas = 4, seed = 11}

[campaign]
grid = {"model.interactions.0.spin" = [1.0, 1.1, 1.2], "protocol.sweeps_per_kelvin" = [20, 30]}
repeats = 2
"""
# Half as many tasks, of a second each.
LONGER = CAMPAIGN.replace("[8, 8]", "[64, 64]").replace("20, 30", "300, 400").replace("repeats = 2", "repeats = 1")


def run(path, executor, text=CAMPAIGN, **options):
    """Do a campaign and return its results by task."""
    directory = campaign.CampaignDirectory(path)
    status = campaign.run_campaign(directory, campaign.parse_config(text), executor, **options)
    assert status.n_done == status.n_tasks, status.failures
    assert sorted(item.name for item in path.iterdir() if item.name != "checkpoints") == [
        "campaign.toml",
        "failures.json",
        "manifest.json",
        "parts",
    ]
    return results(directory)


def results(directory):
    """Everything but the time it took, by task."""
    return {
        str(name): {key: dataset[key].isel(task=[i]).values for key in names(dataset) if "task" in dataset[key].dims}
        for dataset in directory.parts.read()
        for i, name in enumerate(dataset["task"].values)
    }


def names(dataset):
    """What a result has, but for the time it took."""
    return set(dataset.variables) - {"wall_time"}


@cache
def on_this_machine(text):
    """Results of a campaign by processes of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), campaign.LocalProcesses(2), text)


def assert_same(ours, theirs):
    """The same tasks with the same bits."""
    assert ours.keys() == theirs.keys()
    for name, task in theirs.items():
        assert ours[name].keys() == task.keys()
        for key, values in task.items():
            np.testing.assert_array_equal(ours[name][key], values, err_msg=f"{name} {key}")


class Dask:
    """A scheduler and its workers on the loopback, each ended by its process id.

    Parameters
    ----------
    folder : Path
        For the scheduler file, logs and scratch files.
    *options : str
        Of every process.
    """

    def __init__(self, folder: Path, *options: object, environment: dict[str, str] | None = None) -> None:
        self.folder, self.options = folder, options
        self.environment = {**os.environ, **(environment or {})}
        self.file = folder / "scheduler.json"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> "Dask":
        """Start a scheduler, always on the same port."""
        self.file.unlink(missing_ok=True)
        place = ["--host", "127.0.0.1", "--port", self.port, "--dashboard-address", "127.0.0.1:0", "--no-dashboard"]
        if self.options:
            place += ["--protocol", "tls"]
        self.scheduler = self._process("scheduler", "--scheduler-file", self.file, *place)
        return self

    def add_worker(self, *options: object) -> "Dask":
        """Start a worker, which waits for the scheduler."""
        scratch = self.folder / f"worker{len(self.workers)}"
        where = ["--scheduler-file", self.file, "--local-directory", scratch, "--host", "127.0.0.1"]
        rest = options or ("--nthreads", 1, "--no-nanny")
        self.workers.append(self._process("worker", *where, "--no-dashboard", "--death-timeout", 60, *rest))
        return self

    def _process(self, kind: str, *options: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dask", kind, *map(str, options), *map(str, self.options)]
        with (self.folder / f"{kind}{len(self.workers)}.log").open("ab") as file:
            return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=file, stderr=file)

    def end(self) -> None:
        """End all; workers first, by the signal at which a nanny ends its worker too."""
        for process in self.workers:
            process.send_signal(signal.SIGTERM)
        for process in self.workers:
            _wait(process)
        if self.scheduler is not None:
            self.scheduler.kill()
            self.scheduler.wait()


def _wait(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def make_certificates(folder: Path) -> None:
    """An authority, ``ca.pem``, and a certificate of it, ``cert.pem`` with ``key.pem``; and a stranger's of the same.

    The stranger's are ``other-ca.pem``, ``other-cert.pem`` and ``other-key.pem``.
    """
    for prefix in ("", "other-"):
        ca_name, ca_key = _certificate(folder / f"{prefix}ca.pem", folder / f"{prefix}ca-key.pem", "authority")
        _certificate(folder / f"{prefix}cert.pem", folder / f"{prefix}key.pem", "host", ca_name, ca_key)


def _certificate(path, key_path, name, issuer=None, issuer_key=None):
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=12))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(issuer_key or key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_path.write_bytes(key.private_bytes(*form))
    return subject, key
