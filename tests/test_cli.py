"""The commands, end to end, as a user starts them."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import xarray

import mcsco
from mcsco import campaign, landau, presets

RUN_FILE = """
title = "a small crystal, with a curve"

[model]
preset = "pmpea"
shape = [8, 8]

[protocol]
kind = "thermal-cycle"
temperature = [180.0, 280.0]
sweeps_per_kelvin = 10
measure_every = 5

[run]
replicas = 4
seed = 3

[landau]
set = "source-paper"

[measured]
T_up = 235.0
T_down = 219.0
file = "χT curve.csv"
"""

FILES = ["config.toml", "measured.csv", "result.nc", "thermal_loop.png", "thermal_loop.svg"]


def call(*arguments, cwd=None):
    command = [sys.executable, "-m", "mcsco", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)


def names(path):
    return sorted(item.name for item in path.iterdir())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder whose name has blanks and letters beyond ASCII, with a run file and a measured curve."""
    folder = tmp_path_factory.mktemp("Fe(PM-PEA)₂ läuft")
    (folder / "my run.toml").write_text(RUN_FILE, encoding="utf-8")
    (folder / "χT curve.csv").write_text("T (K);χT\n180;0,05\n230;0,2\n240;3,4\n280;3,5\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def first(folder):
    """The first run."""
    return call("run", "my run.toml", "-o", "the result", cwd=folder)


@pytest.fixture(scope="module")
def result(folder, first):
    """The directory that the first run made."""
    return folder / "the result"


def test_a_run_prints_its_table(first):
    assert first.returncode == 0, first.stderr
    assert first.stderr.splitlines()[-1] == "simulated 8000 of 8000 sweeps (100 %)"
    lines = first.stdout.splitlines()
    assert "a small crystal, with a curve" in lines
    heads = next(line for line in lines if "simulation" in line)
    assert heads.split() == ["simulation", "mean", "field", "Landau", "measured"]
    T_up = next(line for line in lines if line.startswith("T_up (q), K"))
    assert T_up.split()[-3:] == ["235.00", "235.00", "235.00"]
    T_down = next(line for line in lines if line.startswith("T_down (η), K"))
    assert T_down.split()[-3:] == ["220.00", "214.57", "219.00"]
    assert "data    the result/result.nc" in lines


def test_a_run_writes_its_files(result):
    assert names(result) == FILES
    assert (result / "thermal_loop.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert ElementTree.parse(result / "thermal_loop.svg").getroot().tag.endswith("svg")
    config = campaign.read_config(result / "config.toml")
    assert config.fingerprint == campaign.parse_config(RUN_FILE).fingerprint
    assert config.measured.file == "measured.csv"
    np.testing.assert_array_equal(campaign.measured_curve(config, result).chi_t, [0.05, 0.2, 3.4, 3.5])
    with xarray.open_dataset(result / "result.nc", engine="h5netcdf") as dataset:
        assert dataset.attrs["config_hash"] == config.fingerprint
        assert dataset.attrs["command"].endswith("run my run.toml -o the result")


def test_json_says_the_same_as_the_table(result, folder):
    shown = call("show", "the result", "--json", cwd=folder)
    assert shown.returncode == 0, shown.stderr
    data = json.loads(shown.stdout)
    assert data["title"] == "a small crystal, with a curve"
    assert data["config_hash"] == data["provenance"]["config_hash"]
    assert data["figures"] == ["the result/thermal_loop.png", "the result/thermal_loop.svg"]
    assert [row["quantity"] for row in data["table"]] == [
        f"{name} ({symbol})" for symbol in "qη" for name in ("T_up", "T_down", "width")
    ]
    simulated = mcsco.observables.loop(campaign.RunDirectory(result).result())
    row = data["table"][0]
    assert (row["simulation"], row["error"]) == (simulated.T_up.value, simulated.T_up.error)
    assert row["mean_field"] == mcsco.MeanField(presets.load("pmpea")).spinodals()[1]
    assert row["landau"] == landau.load("source-paper").spinodals()[1]
    assert row["measured"] == 235.0


def test_show_draws_the_figure_again(first, result, folder):
    before = {name: (result / name).read_bytes() for name in FILES}
    (result / "thermal_loop.svg").unlink()
    shown = call("show", "the result", cwd=folder)
    assert shown.returncode == 0
    assert shown.stdout == first.stdout
    assert shown.stderr == ""
    after = {name: (result / name).read_bytes() for name in FILES}
    for name in ("config.toml", "measured.csv", "result.nc", "thermal_loop.svg"):
        assert after[name] == before[name]


def test_a_second_run_is_done_already(first, result, folder):
    data = (result / "result.nc").read_bytes()
    again = call("run", "my run.toml", "-o", "the result", cwd=folder)
    assert again.returncode == 0
    assert again.stderr == "the result is done already; --force repeats it\n"
    assert again.stdout == first.stdout
    assert (result / "result.nc").read_bytes() == data


@pytest.mark.usefixtures("result")
def test_another_run_is_refused_unless_forced(folder):
    other = RUN_FILE.replace("seed = 3", "seed = 4").replace("replicas = 4", "replicas = 2")
    (folder / "other.toml").write_text(other.replace("a small", "another"), encoding="utf-8")
    target = folder / "copy"
    target.mkdir()
    for name in FILES:
        (target / name).write_bytes((folder / "the result" / name).read_bytes())
    before = {name: (target / name).read_bytes() for name in FILES}
    refused = call("run", "other.toml", "-o", "copy", cwd=folder)
    assert refused.returncode == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert "run.replicas = 2 here, 4 there; run.seed = 4 here, 3 there" in line
    assert {name: (target / name).read_bytes() for name in FILES} == before
    forced = call("run", "other.toml", "-o", "copy", "--force", cwd=folder)
    assert forced.returncode == 0, forced.stderr
    assert "another crystal, with a curve" in forced.stdout
    assert campaign.RunDirectory(target).result().sizes["replica"] == 2
    assert names(target) == FILES


def test_a_changed_description_is_drawn_without_a_new_simulation(result, folder):
    (folder / "described.toml").write_text(RUN_FILE.replace("235.0", "236.5"), encoding="utf-8")
    target = folder / "described"
    target.mkdir()
    for name in FILES:
        (target / name).write_bytes((result / name).read_bytes())
    again = call("run", "described.toml", "-o", "described", cwd=folder)
    assert "is done already" in again.stderr
    assert "236.50" in again.stdout
    assert (target / "result.nc").read_bytes() == (result / "result.nc").read_bytes()


def test_threads_do_not_change_the_result(result, folder):
    assert call("run", "my run.toml", "-o", "serial", "--threads", 1, cwd=folder).returncode == 0
    parallel, serial = (campaign.RunDirectory(folder / name).result() for name in ("the result", "serial"))
    assert serial.attrs["threads"] == 1
    assert serial.drop_attrs().identical(parallel.drop_attrs())


def test_landau():
    shown = call("landau")
    assert shown.returncode == 0
    numbers = {line[:32].strip(): line[32:].strip() for line in shown.stdout.splitlines()[3:]}
    assert numbers["T_up, K"] == "235.000000"
    assert numbers["T_down, K"].startswith("214.57")
    data = json.loads(call("landau", "--set", "consistent-eq3", "--json").stdout)
    assert data["set"] == "consistent-eq3"
    assert data["T_down"] == pytest.approx(220.0, abs=0.01)


def test_presets():
    listed = json.loads(call("presets", "--json").stdout)
    assert [item["name"] for item in listed if item["kind"] == "model"] == list(presets.names())
    assert [item["name"] for item in listed if item["kind"] == "landau"] == list(landau.names())
    assert all(item["source"] and item["summary"] for item in listed)
    assert [line.split()[0] for line in call("presets").stdout.splitlines()] == [item["name"] for item in listed]


def test_help_and_version():
    assert mcsco.__version__ in call("--version").stdout
    helped = call("--help").stdout
    assert all(command in helped for command in ("run", "show", "landau", "presets"))
    for command in ("run", "show", "landau", "presets"):
        assert "--json" in call(command, "--help").stdout


def test_a_reader_that_leaves_is_no_mistake():
    script = f"{sys.executable} -m mcsco presets | true"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == ""
