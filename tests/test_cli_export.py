"""`mcsco export`: every ending, and the mistakes."""

import csv
import json

import pytest
from click.testing import CliRunner

from mcsco.cli import main

RUN = """
model = {preset = "pmpea-elastic", shape = [8, 8]}
protocol = {kind = "quench", temperature = 210.0, sweeps = 8}
run = {replicas = 2, start = "HS", snapshots = 3}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    (folder / "run.toml").write_text(RUN)
    answer = CliRunner().invoke(main, ["run", str(folder / "run.toml"), "-o", str(folder / "out")])
    assert answer.exit_code == 0, answer.output
    return folder / "out"


def call(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def test_every_ending(finished, tmp_path):
    files = [tmp_path / f"a{ending}" for ending in (".gif", ".webp", ".vtkhdf", ".xyz", ".png", ".svg", ".pdf", ".csv")]
    answer = call(finished, *files, "--replica", 1, "--snapshot", -1, "--json")
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output)["files"] == [str(file) for file in files]
    assert all(file.stat().st_size > 100 for file in files)
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert {"replica", "step", "gamma", "energy (kJ/mol)", "temperature (K)", "sweep"} <= set(rows[0])
    assert len(rows) == 2 * len({row["step"] for row in rows})


def test_mistakes(finished, tmp_path):
    for arguments, message in (
        ((finished, tmp_path / "a.doc"), "ends in '.doc'; known endings are .gif"),
        ((finished, tmp_path / "a.png", "--replica", 2), "replica = 2"),
        ((finished, tmp_path / "a.png", "--snapshot", 3), "snapshot = 3: the run has 3"),
        ((finished, tmp_path / "nowhere" / "a.gif"), "nowhere"),
        ((tmp_path, tmp_path / "a.gif"), "not the directory of a finished run"),
    ):
        answer = call(*arguments)
        assert answer.exit_code == 2, answer.output
        assert message in answer.output
        assert "Traceback" not in answer.output
    assert list(tmp_path.iterdir()) == []
