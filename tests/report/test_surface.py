"""Table, figure and page of a free-energy surface."""

import json

import pytest

from mcsco import campaign
from mcsco.errors import InputError
from mcsco.report import compare, draw_surface
from mcsco.report.html import write_report

SURFACE = """
model = {preset = "pmpea", shape = [6, 6]}
protocol = {kind = "free-energy-surface", temperature = [226.0, 300.0], sweeps = 2000, equilibration = 100}
run = {replicas = 2}
"""


@pytest.fixture(scope="module")
def surface():
    config = campaign.parse_config(SURFACE)
    return config, campaign.execute(config, threads=1)


def test_table(surface):
    rows = {row.quantity: row for row in compare(*surface)}
    barrier = rows["G_LH at 226 K"]
    assert barrier.simulation.value > 5 * barrier.simulation.error
    assert barrier.mean_field == pytest.approx(94.0, abs=10.0)
    assert "one minimum only" in rows["G_LH at 300 K"].simulation.reason
    assert rows["q of HS at 300 K"].simulation.value > 0.8
    assert "q of LS at 300 K" not in rows
    assert rows["T of equal weight"].mean_field == pytest.approx(226.33, abs=0.01)
    assert abs(rows["T of equal weight"].simulation.value - 226.0) < 1.5


def test_figure(surface):
    figure = draw_surface(*surface)
    titles = [axes.get_title("left") for part in figure.subfigs for axes in part.axes]
    assert [title.split("  ")[-1] for title in titles if title] == ["226 K", "300 K", "36 molecules", "226 K"]


def test_page(surface, tmp_path):
    directory = campaign.RunDirectory(tmp_path / "run")
    directory.save(*surface, tmp_path)
    data, files = write_report(directory.path, None)
    text = files[0].read_text(encoding="utf-8")
    assert "umbrella sampling" in text
    assert "lowest path between them" in text
    assert json.dumps(data)


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ('start = "LS"', "begins in its windows"),
        ("snapshots = 2", "begins in its windows"),
        ("[campaign]\nrepeats = 3", "no task of a campaign"),
    ],
)
def test_what_a_surface_cannot_be(added, message):
    text = SURFACE.replace("run = {replicas = 2}", "") + ("" if "campaign" in added else "[run]\n") + added
    with pytest.raises(InputError, match=message):
        campaign.parse_config(text)


def test_written_configuration_reads_back(surface):
    config = surface[0]
    assert campaign.parse_config(config.to_toml()).fingerprint == config.fingerprint


def test_figure_without_errors(surface):
    """Windows that do not overlap give no errors, and then no phases: the figure is drawn all the same."""
    config, dataset = surface
    unknown = dataset.assign(free_energy_error=dataset["free_energy_error"] * float("nan"))
    assert draw_surface(config, unknown).subfigs
