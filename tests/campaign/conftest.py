"""A run file, a finished run, and the command line in this process."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from mcsco import campaign
from mcsco.cli import main

RUN_FILE = """
title = "a few molecules"

[model]
preset = "pmpea"
shape = [6, 6]

[protocol]
kind = "thermal-cycle"
temperature = [180.0, 280.0]
sweeps_per_kelvin = 2
measure_every = 4

[run]
replicas = 3
seed = 3

[landau]
set = "source-paper"

[measured]
T_up = 235.0
T_down = "219 K"
"""


@pytest.fixture(scope="session")
def run_file():
    """Text of a valid run file."""
    return RUN_FILE


@pytest.fixture(scope="session")
def finished(run_file):
    """A configuration and its dataset."""
    config = campaign.parse_config(run_file)
    return config, campaign.execute(config, threads=1)


@pytest.fixture
def directory(finished, tmp_path):
    """The directory of a finished run."""
    directory = campaign.RunDirectory(tmp_path / "run")
    directory.save(*finished, tmp_path)
    return directory


class Answer(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def mcsco(tmp_path, monkeypatch, capsys):
    """Call the command line in an empty folder, `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments], prog_name="mcsco")
        return Answer(ended.value.code or 0, *capsys.readouterr())

    return call


@pytest.fixture
def listing(tmp_path):
    """Every file below `tmp_path` with its bytes."""

    def snapshot(root: Path = tmp_path):
        return {
            os.fspath(path.relative_to(root)): path.read_bytes() if path.is_file() else None
            for path in sorted(root.rglob("*"))
        }

    return snapshot
