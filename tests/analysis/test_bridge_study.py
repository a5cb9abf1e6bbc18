"""The study of the block size: its verdict follows the numbers, and its command writes what it says."""

import math
from dataclasses import replace

import pytest
from click.testing import CliRunner

from analysis import bridge
from mcsco.observables import Estimate


@pytest.fixture(scope="module")
def limits():
    return [bridge.limit(kind, size) for kind in ("raw", "matched") for size in (1, 3, 100, 1000, 10_000, 1_000_000)]


SIMULATED = [bridge.Simulated(1, 400.0, Estimate(216.0, 0.1), Estimate(235.3, 0.1), (216.25, 235.0))]


def test_series(limits):
    raw = {x.block_size: x for x in limits if x.kind == "raw"}
    assert math.isnan(raw[1].T_up)
    assert raw[1].T_breaking == pytest.approx(235.0)  # continuously
    assert raw[3].T_up > raw[3].T_breaking == pytest.approx(235.0)
    assert raw[100].T_down == pytest.approx(215.438, abs=5e-4)
    assert raw[100].far_LS > 5 * raw[1000].far_LS > 0
    assert bridge.exponent(limits, "raw") == pytest.approx(-1.0, abs=0.01)


def test_verdict_follows_the_numbers(limits):
    assert "The lattice converges to the clipped Landau potential" in bridge.verdict(limits, SIMULATED)
    assert "within 0.30 K" in bridge.verdict(limits, SIMULATED)
    slow = [replace(x, T_down=214.573361 + x.block_size**-0.5) for x in limits]
    assert "does NOT converge" in bridge.verdict(slow, SIMULATED)
    elsewhere = [replace(x, T_down=x.T_down + 0.01) for x in limits]
    assert "does NOT converge" in bridge.verdict(elsewhere, SIMULATED)


def test_table(limits):
    table = bridge.to_markdown(limits, SIMULATED)
    assert "| 1 | no jump | no jump | – | 235.0000 | – | – |" in table
    assert "| 3 | 232.8373 | 235.2085 | 234.0396 | 235.0000 |" in table
    assert "| ∞ (Landau) | 214.5734 | 235.0000 | 226.4856 |" in table
    assert "| 1 | 216.000 ± 0.100 | 216.250 | 235.300 ± 0.100 | 235.000 |" in table
    assert "8 times 4096 blocks at 400 MCS/K" in table


@pytest.mark.validate
def test_command(tmp_path):
    answer = CliRunner().invoke(bridge.main, ["--quick", "-o", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    assert {path.name for path in tmp_path.iterdir()} == {"bridge.md", "bridge.png", "bridge.svg"}
    assert (tmp_path / "bridge.md").read_text(encoding="utf-8") in answer.output
    assert "converges to the clipped Landau potential" in answer.output
