"""Run files in seconds: what they accept, what they give, and how they go on after a stop."""

import numpy as np
import pytest

from mcsco import InputError, campaign
from mcsco.report.views import VIEWS

SCAN = """
[model]
preset = "pmpea"
shape = [8, 8]
[protocol]
kind = "temperature-scan"
temperature = [50, 80]
measure_every = 1.0
[run]
replicas = 3
seed = 4
[kinetics]
rate = 1e8
barrier = "19.5 kJ/mol"
"""
RELAXATION = SCAN.replace(
    'kind = "temperature-scan"\ntemperature = [50, 80]\nmeasure_every = 1.0',
    'kind = "relaxation"\ntemperature = 62\nduration = 4e3\nmeasurements = 40',
)

LIESST = SCAN.replace(
    'kind = "temperature-scan"\ntemperature = [50, 80]\nmeasure_every = 1.0',
    """kind = "sequence"
[[protocol.parts]]
kind = "illumination"
temperature = 10
duration = 600
rate = 0.02
measurements = 20
[[protocol.parts]]
kind = "temperature-scan"
temperature = [10, 80]
measure_every = 1.0""",
).replace("seed = 4", 'seed = 4\nstart = "LS"')


def test_configuration_reads_back_and_every_rate_counts():
    config = campaign.parse_config(SCAN)
    assert campaign.parse_config(config.to_toml()).fingerprint == config.fingerprint
    assert campaign.parse_config(SCAN.replace("1e8", "2e8")).fingerprint != config.fingerprint
    assert config.begin.temperature == 50.0


def test_a_sequence_is_followed_part_by_part(tmp_path):
    config = campaign.parse_config(LIESST)
    assert campaign.parse_config(config.to_toml()).fingerprint == config.fingerprint
    assert [leg.begin.temperature for leg in config.legs] == [10.0, 10.0]
    dataset = campaign.execute(config, threads=1)
    assert dataset["leg"].values.tolist() == [0] * 20 + [1] * 70
    view = VIEWS["sequence"]
    rows = {row.quantity: row.simulation.value for row in view.rows(config, dataset)}
    assert rows["part 1: γ at the end"] > 0.99  # 1 − exp(−12)
    assert 40 < rows["part 2: steepest fall of γ"] < 67
    assert rows["part 2: γ at the end"] == 0
    view.draw(config, dataset).savefig(tmp_path / "figure.png")
    assert view.way(config).count(", then ") == 1


def test_a_part_in_monte_carlo_steps_is_refused():
    with pytest.raises(InputError, match="parts"):
        campaign.parse_config(LIESST.replace('"illumination"', '"hold"'))
    with pytest.raises(InputError, match="has none"):
        campaign.parse_config(LIESST.replace('"pmpea"', '"fe2fe"').replace("rate = 0.02", "rate = 0.02\nfield = 0.1"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SCAN, "temperature-scan"),
        (RELAXATION, "relaxation"),
        (RELAXATION.replace('"relaxation"', '"illumination"\nrate = 1e-2'), "illumination"),
    ],
    ids=["scan", "relaxation", "illumination"],
)
def test_dataset_table_and_figure(text, kind, tmp_path):
    config = campaign.parse_config(text)
    dataset = campaign.execute(config, threads=1)
    assert config.protocol.kind == kind
    assert dataset["gamma"].shape == (3, 30 if kind == "temperature-scan" else 40)
    view = VIEWS[kind]
    rows = {row.quantity: row.simulation.value for row in view.rows(config, dataset)}
    assert rows["γ at the end"] == pytest.approx(dataset["gamma"].values[:, -1].mean())
    if kind == "temperature-scan":
        assert 63 < rows["steepest fall of γ"] < 67
    elif kind == "relaxation":
        assert rows["rate k"] > 0
    view.draw(config, dataset).savefig(tmp_path / "figure.png")
    assert "K" in view.way(config)


def test_a_stopped_run_goes_on_bit_by_bit(tmp_path):
    config = campaign.parse_config(SCAN)
    whole = campaign.execute(config, threads=1)
    journey, calls = campaign.make_journey(config, 1), iter(range(10**6))
    assert not journey.run(lambda: next(calls) == 300)
    other = campaign.make_journey(config, 1)
    other.restore(journey.memory())
    assert 0 < other.n_done == journey.n_done
    assert other.run()
    for name in ("gamma", "eta", "energy", "distortion"):
        np.testing.assert_array_equal(other.dataset()[name].values, whole[name].values)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('preset = "pmpea"', 'preset = "pmpea-elastic"', "no thermally activated rates"),
        ("replicas = 3", 'replicas = 3\nkernel = "lattice"', "a protocol in seconds has its own"),
        ("rate = 1e8", "rate = -1", "rate"),
        ("measure_every = 1.0", "measure_every = 0", "measure_every"),
        ('"temperature-scan"', '"ramp"', "kelvin|kinetics"),
    ],
)
def test_mistakes(old, new, said):
    text = SCAN.replace(old, new)
    text = text.replace("measure_every = 1.0", "") if '"ramp"' in new else text
    with pytest.raises(InputError, match=said):
        campaign.parse_config(text)
