"""A run in seconds speaks of seconds and intervals, never of Monte Carlo steps."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

from mcsco import campaign
from mcsco.cli import main
from mcsco.report import movie
from mcsco.report.html_run import run_page
from mcsco.report.sequence import sequence_rows

RUN = """
title = "LS under light"
[model]
preset = "pmpea"
shape = [6, 6]
[protocol]
kind = "illumination"
temperature = 10.0
duration = 0.7
rate = 1.0
measurements = 20
[run]
seed = 1
replicas = 2
snapshots = 2
[kinetics]
rate = 1e6
barrier = 17.0
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("timed")
    (folder / "light.toml").write_text(RUN)
    done = CliRunner().invoke(main, ["run", str(folder / "light.toml"), "-o", str(folder / "out")])
    assert done.exit_code == 0, done.output
    return folder / "out", done


def test_command_line(finished):
    directory, done = finished
    assert re.search(r"simulated in .* s, \S+ million jumps/s", done.output)
    assert "simulated 40 of 40 intervals (100 %)" in done.stderr
    status = CliRunner().invoke(main, ["status", str(directory)])
    assert "finished, 40 of 40 intervals (100 %)" in status.output


def test_page(finished):
    run = campaign.RunDirectory(finished[0])
    page = run_page(run)
    text = f"{page.summary} {' '.join(drawing.caption for drawing in page.drawings)}"
    assert "(thermally activated jumps)" in text
    assert "after 0.7 s at 10 K" in text
    assert page.provenance["jumps"] > 0
    assert not any("site updates" in name for name in page.provenance)
    assert "MCS" not in text
    assert "Metropolis" not in text


def test_movie(finished, tmp_path):
    dataset = campaign.RunDirectory(finished[0]).result()
    frames = movie.snapshots(dataset)
    plane = movie.make_cut((6, 6), None)
    stage = movie._set_stage(dataset, 0, frames, plane)
    movie._move(stage, frames[0], plane)
    assert stage.text.get_text() == "T = 10.0 K, 0.35 s"
    assert movie.write_movie(dataset, tmp_path / "light.gif").stat().st_size > 0
    np.testing.assert_allclose(stage.x, dataset["time"].values)


TWO_CENTRES = """
[model]
shape = [8, 8]
spin = { enthalpy = 7.0, entropy = 50.0 }
second = { enthalpy = 11.0, entropy = 55.0 }
[protocol]
kind = "sequence"
parts = [
  { kind = "illumination", temperature = 10, duration = 600, rate = 0.01, measurements = 20 },
  { kind = "temperature-scan", temperature = [10, 85], kelvin_per_minute = 0.3, step = 0.5, measure_every = 1 },
]
[run]
replicas = 4
[kinetics]
rate = 1e7
barrier = 15.9
"""


def test_centres_of_a_molecule_relax_one_after_the_other(tmp_path):
    (tmp_path / "two.toml").write_text(TWO_CENTRES)
    done = CliRunner().invoke(main, ["run", str(tmp_path / "two.toml"), "-o", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    dataset = campaign.RunDirectory(tmp_path / "out").result()
    np.testing.assert_allclose(dataset.gamma, (dataset.gamma_a + dataset.gamma_b) / 2, atol=1e-12)
    rows = sequence_rows(campaign.RunDirectory(tmp_path / "out").config(), dataset)
    T = {row.quantity: row.simulation for row in rows}
    first, second = (T[f"part 2: steepest fall of γ ({name})"] for name in "ab")
    assert first.value - second.value > 4 * np.hypot(first.error, second.error) + 5
