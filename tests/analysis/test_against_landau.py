"""The verdicts of a loop against its references: signs, words, and the command."""

import json
import math

import pytest
from click.testing import CliRunner

from analysis import against_landau
from mcsco import MeanField, campaign, presets
from mcsco.observables import Estimate
from mcsco.report import Row

RUN_FILE = """
[model]
preset = "pmpea"
shape = [16, 16]
[protocol]
kind = "thermal-cycle"
temperature = [190.0, 260.0]
sweeps_per_kelvin = 20
[run]
replicas = 8
seed = 3
[landau]
set = "source-paper"
[measured]
T_up = 235.0
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loop")
    config = campaign.parse_config(RUN_FILE)
    campaign.RunDirectory(folder / "run").save(config, campaign.execute(config, threads=1), folder)
    return folder / "run"


def call(*arguments):
    return CliRunner().invoke(against_landau.main, [str(argument) for argument in arguments])


def row(quantity, value, error, mean_field=235.0, landau=235.0, measured=math.nan):
    return Row(quantity, "K", Estimate(value, error), mean_field, landau, measured)


def test_a_difference_is_simulation_minus_reference_in_standard_errors():
    below, above = against_landau.verdicts([row("T_up (q)", 233.0, 0.5, mean_field=235.0, landau=232.0)])
    assert (below.against, below.difference, below.z) == ("mean field", -2.0, -4.0)
    assert str(below) == "differs from mean field: 2.00 K below, 4 standard errors"
    assert (above.against, above.difference, above.z) == ("Landau", 1.0, 2.0)
    assert str(above) == "agrees with Landau: 1.00 K above, 2.0 standard errors"


def test_without_an_error_there_is_no_verdict_and_without_a_reference_no_line():
    found = against_landau.verdicts([row("width (q)", 10.0, math.nan, landau=math.nan)])
    assert [v.against for v in found] == ["mean field"]
    assert "no verdict" in str(found[0])


@pytest.mark.parametrize(
    ("up", "down", "word"), [(234.0, 221.0, "before"), (236.0, 219.0, "after"), (235.1, 221.0, "neither")]
)
def test_the_explanation_follows_the_signs_of_both_shifts(up, down, word):
    rows = [row("T_up (q)", up, 0.1), row("T_down (q)", down, 0.1, mean_field=220.0, landau=221.0)]
    mean_field, landau = against_landau.explanation(against_landau.verdicts(rows))
    assert mean_field.startswith("mean field: ")
    assert word in mean_field
    assert landau.startswith("Landau: ")


def test_table_of_a_run(directory):
    answer = call(directory)
    assert answer.exit_code == 0, answer.output
    for text in ("T_up (q)", "T_down (η)", "width (q)", " mean field: ", " Landau: ", " measured: "):
        assert text in answer.output


def test_json_holds_the_same(directory):
    content = json.loads(call(directory, "--json").output)
    assert [entry["quantity"] for entry in content["table"]][:3] == ["T_up (q)", "T_down (q)", "width (q)"]
    T_down, T_up = MeanField(presets.load("pmpea")).spinodals()
    for entry, reference in zip(content["table"], (T_up, T_down, T_up - T_down), strict=False):
        assert entry["mean_field"] == pytest.approx(reference)
        (verdict,) = (
            v for v in content["verdicts"] if v["quantity"] == entry["quantity"] and v["against"] == "mean field"
        )
        assert verdict["difference"] == pytest.approx(entry["simulation"] - reference)
        assert verdict["z"] == pytest.approx(verdict["difference"] / entry["error"])
    # 256 molecules: the loop is narrower than the mean field's by more than any error.
    assert content["table"][2]["simulation"] < content["table"][2]["mean_field"]


def test_a_missing_run_is_one_line_with_the_command_that_makes_it(tmp_path):
    answer = call(tmp_path / "none")
    assert answer.exit_code == 2
    (line,) = answer.stderr.strip().splitlines()
    assert "python -m mcsco run runs/pmpea/thermal_loop.toml" in line
