"""The table of a run."""

import json
import math

import pytest

from mcsco import MeanField, landau, report
from mcsco.observables import Estimate
from mcsco.report import Row


@pytest.fixture
def rows(configuration, series):
    """The rows of a run, by the name of their quantity."""

    def table(name):
        config = configuration(name)
        return {row.quantity: row for row in report.compare(config, series(config))}

    return table


def test_a_loop_side_by_side(rows, configuration):
    table = rows("loop")
    assert list(table) == [f"{name} ({symbol})" for symbol in "qη" for name in ("T_up", "T_down", "width")]
    T_down, T_up = MeanField(configuration("loop").model.build()).spinodals()
    landau_down, landau_up = landau.load("source-paper").spinodals()
    for symbol in "qη":
        up, down, width = (table[f"{name} ({symbol})"] for name in ("T_up", "T_down", "width"))
        assert up.simulation.value == pytest.approx(234.0, abs=0.3)
        assert down.simulation.value == pytest.approx(221.0, abs=0.3)
        assert width.simulation.value == pytest.approx(up.simulation.value - down.simulation.value)
        assert (up.mean_field, down.mean_field, width.mean_field) == (T_up, T_down, T_up - T_down)
        assert (up.landau, down.landau, width.landau) == (landau_up, landau_down, landau_up - landau_down)
        assert (up.measured, down.measured, width.measured) == (235.0, 219.0, 16.0)


def test_the_mean_field_is_that_of_the_run(configuration, series):
    text = 'model.preset = "dpp-py"\nprotocol = {kind = "thermal-cycle", temperature = [100, 200], pressure = "1 kbar"}'
    config = configuration(text)
    up = report.compare(config, series(config))[0]
    assert up.mean_field == MeanField(config.model.build(), pressure=0.1).spinodals()[1]
    assert up.mean_field != MeanField(config.model.build()).spinodals()[1]


def test_a_gradual_model_is_compared_at_half_conversion(rows, configuration):
    table = rows("gradual")
    T_half = MeanField(configuration("gradual").model.build()).half_conversion_temperature()
    assert list(table) == ["T½ on heating", "T½ on cooling"]
    assert {row.mean_field for row in table.values()} == {T_half}
    assert table["T½ on heating"].simulation.value == pytest.approx(234.0, abs=0.3)
    assert table["T½ on cooling"].simulation.value == pytest.approx(221.0, abs=0.3)


@pytest.mark.parametrize(("name", "symbol", "T"), [("heating", "T_up", 234.0), ("cooling", "T_down", 221.0)])
def test_a_ramp_has_its_own_branch_only(rows, name, symbol, T):
    table = rows(name)
    assert list(table) == [f"{symbol} (q)", f"{symbol} (η)"]
    assert table[f"{symbol} (q)"].simulation.value == pytest.approx(T, abs=0.3)


def test_holds_are_compared_with_the_stable_state(rows, configuration):
    table = rows("hold")
    assert list(table) == ["γ at 230 K", "|η| at 230 K"]
    q, eta = MeanField(configuration("hold").model.build()).equilibrium(230.0)
    gamma = table["γ at 230 K"]
    assert gamma.simulation.value == pytest.approx(0.1, abs=0.01)
    assert 0 < gamma.simulation.error < 0.01
    assert gamma.mean_field == (1 + q) / 2
    assert table["|η| at 230 K"].mean_field == eta
    assert [*rows("holds")] == [f"γ at {T} K" for T in (110, 150, 170)]


def test_a_short_hold_has_a_value_and_a_reason_instead_of_an_error(rows):
    gamma = rows("short")["γ at 230 K"].simulation
    assert gamma.value == pytest.approx(0.1, abs=0.02)
    assert math.isnan(gamma.error)
    assert gamma.reason


def test_text():
    nan = math.nan
    text = report.to_text(
        [
            Row("T_up (q)", "K", Estimate(234.123, 0.21), 235.0, nan, 236.0),
            Row("T_down (q)", "K", Estimate(nan, nan, reason="no cooling leg"), 220.0, 214.567, nan),
            Row("γ at 230 K", "", Estimate(0.12345, nan, reason="too short"), 0.25, nan, nan),
        ]
    )
    head, rule, *rows = text.splitlines()
    assert head.split() == ["simulation", "mean", "field", "Landau", "measured"]
    assert set(rule) == {"─"}
    assert len(rule) == len(head)
    assert rows[0].split("  ")[0] == "T_up (q), K"
    assert rows[0].split()[-6:] == ["234.12", "±", "0.21", "235.00", "–", "236.00"]
    assert rows[1].split()[-4:] == ["–", "220.00", "214.57", "–"]
    assert rows[2].split()[-6:] == ["0.1235", "±", "–", "0.2500", "–", "–"]
    assert rows[3:] == ["  no cooling leg", "  too short"]


def test_json_has_null_for_nan():
    row = Row("T_up (q)", "K", Estimate(234.0, math.nan, reason="one replica"), 235.0, math.nan, math.nan)
    assert json.loads(json.dumps(row.to_dict(), allow_nan=False)) == {
        "quantity": "T_up (q)",
        "unit": "K",
        "simulation": 234.0,
        "error": None,
        "mean_field": 235.0,
        "landau": None,
        "measured": None,
        "remark": "one replica",
    }
