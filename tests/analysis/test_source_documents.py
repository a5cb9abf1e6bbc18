"""The study of the source documents: all statements have rows, theories have their known digits, verdicts can fail."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import mcsco
from analysis.source_documents import clusters, entropy, pressure, readings
from analysis.source_documents.__main__ import main
from analysis.source_documents.claim import Claim, between, near
from analysis.source_documents.rows import ROWS, make_claims
from analysis.source_documents.runs import QUICK, Runs
from analysis.source_documents.table import HEADS, summary, to_markdown, to_text
from mcsco import landau
from mcsco.campaign import look_up, read_config
from mcsco.meanfield import MeanField
from mcsco.observables import Estimate
from mcsco.units import R

FILES = Path(__file__).parents[2] / "runs"
WITHOUT_RUNS = (7, 10, 19, 20, 21, 23, 25, 26, 29, 30, 31, 39)


def a_claim(value, error=0.0, printed=None, **other):
    printed = near(10.0, 1.0) if printed is None else printed
    return Claim(1, "", "crystal", "paper", "T", "K", printed, simulation=Estimate(value, error), **other)


# verdicts


@pytest.mark.parametrize(
    ("value", "error", "outcome"),
    [
        (10.0, 0.1, "reproduced"),
        (11.0, 0.1, "reproduced"),
        (11.15, 0.1, "reproduced"),
        (11.3, 0.1, "differs"),
        (8.5, 0.1, "differs"),
        (10.0, 1.1, "undecided"),
        (10.0, math.nan, "undecided"),
        (math.nan, math.nan, "not computed"),
    ],
)
def test_a_verdict_follows_from_the_numbers(value, error, outcome):
    assert a_claim(value, error).outcome == outcome


@pytest.mark.parametrize(
    ("value", "error", "outcome"), [(0.5, 0.1, "reproduced"), (0.2, 0.1, "undecided"), (-0.5, 0.1, "differs")]
)
def test_a_sign_has_to_be_certain(value, error, outcome):
    assert a_claim(value, error, between(0.0, math.inf, "> 0", strict=True)).outcome == outcome


def test_what_is_judged():
    """The simulation if there is one, else the formula, the mean field, the potential."""
    claim = a_claim(20.0, 0.1, reason="because")
    assert claim.verdict == "differs: because"
    theory = replace(claim, simulation=None, mean_field=10.2, landau=20.0)
    assert (theory.judged, theory.words) == ("mean_field", "reproduced by mean field")
    assert theory.marks()["landau"] == "no"
    assert replace(theory, calibrated=True).words.endswith("(calibrated)")
    assert replace(claim, kind="input").outcome == "input datum"


def test_another_crystal_differs():
    """The thermal loop of one compound is not that of another: rows of dpp-py judged with the wrong preset fail."""
    right, wrong = (MeanField(mcsco.presets.load(name)).spinodals() for name in ("dpp-py", "pmpea"))
    for (T_down, T_up), mark in ((right, "yes"), (wrong, "no")):
        assert near(163, 1).mark(T_up) == mark
        assert near(123, 1).mark(T_down) == mark


# rows


def test_all_statements_have_rows():
    assert sorted(ROWS) == list(range(1, 41))


def test_rows_without_runs():
    claims = make_claims(Runs(), WITHOUT_RUNS)
    assert {claim.number for claim in claims} == set(WITHOUT_RUNS)
    outcomes = {claim.label: claim.outcome for claim in claims}
    assert outcomes["10"] == outcomes["21a"] == "reproduced"
    assert outcomes["19"] == "differs"  # 13.42 is printed for R ln 5 = 13.38
    assert all(outcomes[f"23{part}"] == "input datum" for part in "abcdef")
    table = to_markdown(claims, full=True)
    assert all(len(re.findall(r"(?<!\\)\|", line)) == len(HEADS) + 2 for line in table.splitlines()[4:])
    assert "13.382 ✗ (formula)" in table
    assert summary(claims) in to_text(claims)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_quick_trials_are_valid_and_cheaper(name):
    """Each changes existing keys of its file, and costs less."""
    from mcsco.campaign import site_updates

    full, quick = Runs(True, FILES).config(name), Runs(False, FILES).config(name)
    assert all(look_up(quick, key) == value for key, value in QUICK[name].items())
    if quick.protocol.kind not in ("relaxation", "temperature-scan"):
        assert site_updates(quick) <= 0.5 * site_updates(full)


def test_results_are_loaded_again(tmp_path):
    files, results = tmp_path / "runs", tmp_path / "results"
    (files / "fe2co").mkdir(parents=True)
    text = (FILES / "fe2co" / "dark.toml").read_text().replace('preset = "fe2co"', 'preset = "fe2co"\nshape = [8, 8]')
    (files / "fe2co" / "dark.toml").write_text(text)
    first = Runs(files=files, results=results)("fe2co/dark")
    written = results / "fe2co" / "dark" / "result.nc"
    time = written.stat().st_mtime_ns
    again = Runs(files=files, results=results)("fe2co/dark")
    assert written.stat().st_mtime_ns == time
    assert first.dataset.gamma.equals(again.dataset.gamma)
    assert clusters.last_gamma(again) == Estimate(1.0, 1 / 512)
    (files / "fe2co" / "dark.toml").write_text(text.replace("seed = 33", "seed = 34"))
    with pytest.raises(mcsco.errors.InputError, match="another configuration"):
        Runs(files=files, results=results)("fe2co/dark")


@pytest.mark.parametrize(("cooperativity", "outcome"), [(4.6366, "reproduced"), (3.4, "differs")])
def test_a_wrong_crystal_differs(tmp_path, cooperativity, outcome):
    """The loop 163/123 K is simulated with the Γ of the preset, and is missed with another Γ."""
    files = tmp_path / "runs"
    (files / "dpp-py").mkdir(parents=True)
    text = (FILES / "dpp-py" / "thermal_loop.toml").read_text()
    crystal = f"""shape = [64, 64]
spin = {{enthalpy = {147.791 * 0.06}, entropy = 60.0}}
interactions = [{{kind = "infinite-range", spin = {cooperativity}}}]"""
    (files / "dpp-py" / "thermal_loop.toml").write_text(text.replace('preset = "dpp-py"', crystal))
    claims = pressure.thermal_loop(Runs(files=files, results=tmp_path / "results"))
    assert {claim.outcome for claim in claims[:3]} == {outcome}  # T_up, T_down and width
    theory = MeanField(read_config(files / "dpp-py" / "thermal_loop.toml").model.build()).spinodals()
    assert (claims[1].mean_field, claims[0].mean_field) == theory


# theories


def test_entropy_of_the_potential_on_both_ways():
    """By hand from A1 of the potential: branches are reversible, jumps take ΔH/T; differences are the cycle's."""
    potential = landau.load("source-paper")
    found = entropy.landau_entropy(potential)
    joule, (T_down, T_up) = 66.5 / 1.2, potential.spinodals()
    # at T_up: G 0 → −7.126, q 0 → 1; at T_down: the HS state is 11.6061924 above the LS state
    heating = 0.6 * (0 + 1) + (0.6 - 7.126 / T_up)
    cooling = 0.6 * (-0.704844594 + 1) + (0.6 * (0.937744188 + 0.704844594) + 11.6061924 / T_down)
    cooling += 0.6 * (1 - 0.937744188)
    assert found.heating == pytest.approx(joule * heating, abs=2e-5)
    assert found.cooling == pytest.approx(joule * cooling, abs=2e-5)
    assert found.cooling > 66.5 > found.heating


def test_entropy_of_a_mean_field_brackets_the_true_one():
    theory = MeanField(mcsco.presets.load("pmpea"))
    found = entropy.mean_field_entropy(theory)
    low, high = (theory.branch(T, which) for T, which in zip(entropy.RANGE, ("LS", "HS"), strict=True))
    true = float(theory.entropy(*high) - theory.entropy(*low))
    assert found.heating < true < found.cooling


@pytest.mark.parametrize(
    ("dS", "T_half", "Gamma"), [(40, 149.327, 4.0386), (60, 147.791, 4.6366), (80, 146.924, 5.1949)]
)
def test_parameters_of_a_loop(dS, T_half, Gamma):
    """Known sets with the loop 163/123 K."""
    enthalpy, found = pressure.loop_parameters(dS)
    assert 1e3 * enthalpy / dS == pytest.approx(T_half, abs=2e-3)
    assert found == pytest.approx(Gamma, abs=1e-4)


def test_width_under_pressure():
    """2 RT ln 9 − 1.6 Γ over ΔV; the ΔS that makes it 4 kbar does so."""
    model = mcsco.presets.load("dpp-py")
    expected = (2e-3 * R * 298 * math.log(9) - 1.6 * 4.6366) / 3.4
    assert pressure.width_of(model, 298.0) == pytest.approx(expected)
    dS = pressure.entropy_for_width(model, 298.0, 4.0)
    enthalpy, Gamma = pressure.loop_parameters(dS)
    volume = (298e-3 * dS - enthalpy) / 2.7
    sharp = mcsco.Model(
        model.lattice, mcsco.SpinCrossover(enthalpy, dS, volume), None, [mcsco.InfiniteRange(spin=Gamma)]
    )
    assert 10 * pressure.width_of(sharp, 298.0) == pytest.approx(4.0, abs=1e-6)


@pytest.mark.parametrize(
    ("number", "T", "gamma"),
    [(27, 225.0, 0.214202), (27, 300.0, 0.867008), (28, 140.0, 0.077582), (28, 250.0, 0.917294)],
)
def test_published_curves(number, T, gamma):
    assert clusters.published_curve(number)(T) == pytest.approx(gamma, abs=2e-6)


def test_run_files_of_the_clusters_have_the_same_mean_field():
    """J = Γ/12 per bond of the cubic lattice is the Γ of the preset."""
    for name in ("fe2fe", "fe2co"):
        infinite, neighbours = (
            MeanField(read_config(FILES / name / f"{file}.toml").model.build())
            for file in ("equilibrium", "neighbours")
        )
        for T in (150.0, 200.0, 260.0):
            assert neighbours.equilibrium(T)[0] == pytest.approx(infinite.equilibrium(T)[0], abs=1e-9)


# readings


def test_readings_of_a_made_up_loop():
    up = np.linspace(200.0, 240.0, 81)
    T = np.concatenate([up, up[::-1]])
    q = np.concatenate([up / 100, -up[::-1] / 100])
    dataset = xr.Dataset(
        {"q": (("replica", "step"), [q, q + 0.1]), "eta": (("replica", "step"), [-q, q])},
        {"temperature": ("step", T), "leg": ("step", np.repeat([0, 1], 81))},
    )
    assert readings.at(dataset, "q", 220.0, "heating").value == pytest.approx(2.25)
    assert readings.at(dataset, "q", 220.0, "cooling").value == pytest.approx(-2.15)
    assert readings.at(dataset, "eta", 220.0, "cooling").value == pytest.approx(2.2)
    assert math.isnan(readings.at(dataset, "q", 300.0, "heating").value)
    assert readings.spread(dataset, 205.0, 235.0).value == pytest.approx(30 / 205)


def test_counted_molecules():
    """One molecule of all is the least that can be told."""
    assert readings.counted(np.array([0.5, 0.5]), 64) == Estimate(0.5, 1 / 128)
    assert readings.counted(np.array([0.4, 0.6]), 64).error == pytest.approx(0.1)


def test_combinations_of_estimates():
    a, b = Estimate(10.0, 0.3), Estimate(4.0, 0.4)
    assert readings.difference(a, b) == Estimate(6.0, pytest.approx(0.5))
    assert readings.ratio(a, b).value == 2.5
    assert readings.ratio(a, b).error == pytest.approx(2.5 * math.hypot(0.03, 0.1))


# command


def test_command(tmp_path):
    table = tmp_path / "table.md"
    answer = CliRunner().invoke(main, ["--only", "10,19-21,39", "--json", "--table", str(table)])
    assert answer.exit_code == 0, answer.output
    rows = json.loads(answer.stdout)
    assert [row["claim"] for row in rows] == ["10", "19", "20", "21a", "21b", "39"]
    assert rows[0]["formula"] == pytest.approx(0.02704, abs=5e-6)
    assert rows[0]["outcome"] == "reproduced"
    assert "| 19 |" in table.read_text()


@pytest.mark.parametrize("only", ["0", "41", "7-3", "one", "1,,2"])
def test_statements_that_do_not_exist(only):
    answer = CliRunner().invoke(main, ["--only", only])
    assert answer.exit_code == 2
    assert "1 to 40" in answer.output
