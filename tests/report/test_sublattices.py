"""Crystals of two sublattices and of sites that differ, in tables and figures."""

import numpy as np
import pytest

from mcsco import campaign, report
from mcsco.report.comparison import compare
from mcsco.report.sublattices import mean_field_ways
from mcsco.report.views import VIEWS

TWO = """
[model]
shape = [6, 6]
spin = {enthalpy = 6.0, entropy = 50.0, volume = 6.5}
second = {enthalpy = 10.0, entropy = 50.0, volume = 6.5}
[[model.interactions]]
kind = "intramolecular"
spin = 0.2
[protocol]
kind = "thermal-cycle"
temperature = [60.0, 320.0]
sweeps_per_kelvin = 10
measure_every = 5
[run]
replicas = 32
seed = 3
"""
PRESSURE = TWO.replace(
    'kind = "thermal-cycle"\ntemperature = [60.0, 320.0]\nsweeps_per_kelvin = 10\nmeasure_every = 5',
    'kind = "pressure-ramp"\ntemperature = 298.0\npressure = ["0 kbar", "30 kbar"]\nsweeps_per_gpa = 500',
)


def test_half_conversions_of_both_sublattices_stand_beside_their_mean_field():
    """Free molecules: the mean field of two sublattices is exact."""
    config = campaign.parse_config(TWO)
    dataset = campaign.execute(config, threads=1)
    rows = {row.quantity: row for row in compare(config, dataset)}
    for name in ("T½", "T½ (a)", "T½ (b)"):
        for sense in ("heating", "cooling"):
            row = rows[f"{name} on {sense}"]
            assert abs(row.simulation.value - row.mean_field) < 5 * row.simulation.error + 0.5
    assert rows["T½ (b) on heating"].mean_field - rows["T½ (a) on heating"].mean_field > 40
    assert np.allclose((dataset["gamma_a"] + dataset["gamma_b"]) / 2, dataset["gamma"])
    labels = [text.get_text() for text in report.draw_thermal_loop(config, dataset).legends[0].get_texts()]
    assert labels.count("mean field") == labels.count("first centres") == labels.count("second centres") == 1


def test_pressure_converts_the_two_centres_one_after_the_other(tmp_path):
    config = campaign.parse_config(PRESSURE)
    dataset = campaign.execute(config, threads=1)
    view = VIEWS["pressure-ramp"]
    rows = {row.quantity: row for row in view.rows(config, dataset)}
    for name in ("P½", "P½ (a)", "P½ (b)"):
        row = rows[f"{name} on compression"]
        assert abs(row.simulation.value - row.mean_field) < 5 * row.simulation.error + 0.02
    view.draw(config, dataset).savefig(tmp_path / "figure.png")


@pytest.mark.parametrize("preset", ["fe2fe", "pmpea"])
def test_uniform_models_keep_their_mean_field_of_one_sublattice(preset):
    text = f'[model]\npreset = "{preset}"\n[protocol]\nkind = "thermal-cycle"\ntemperature = [150, 300]\n'
    assert mean_field_ways(campaign.parse_config(text), "temperature") is None
