"""Phase sequences read off branches: against the exact transitions of theories, and off noisy loops."""

from dataclasses import replace

import numpy as np
import pytest

from mcsco import InputError, MeanField, landau, presets
from mcsco.observables import measured_sequences, phase_sequence

T = np.arange(200.0, 260.0, 0.05) + 0.0123
PAPER = landau.source_paper()
CASES = {
    "as published": (PAPER, "simultaneous"),
    "B = 8.2": (replace(PAPER, B=8.2), "simultaneous"),
    "B = 10": (replace(PAPER, B=10.0), "symmetry first"),
    "B = 12": (replace(PAPER, B=12.0), "symmetry first"),
    "B = 17": (replace(PAPER, B=17.0), "symmetry first"),
    "B = 19": (replace(PAPER, B=19.0), "crossover"),
    "a0 = 0.02": (replace(PAPER, a0=0.02), "simultaneous"),
    "a0 = 0.045": (replace(PAPER, a0=0.045), "simultaneous"),
    "a0 = 0.05": (replace(PAPER, a0=0.052), "spin first"),
    "consistent": (landau.load("consistent-eq3"), "simultaneous"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("along", ["heating", "cooling"])
def test_a_curve_shows_the_exact_transitions_of_its_potential(name, along):
    p, expected = CASES[name]
    t = T if along == "heating" else T[::-1]
    found = phase_sequence(t, *p.follow(t, along))
    exact = [x for x in p.transitions(along) if T[0] < x.temperature < T[-1]]
    changes = [c for c in found.changes if c.order]
    assert [(c.order, c.before, c.after) for c in changes] == [(x.order, x.before, x.after) for x in exact]
    for c, x in zip(changes, exact, strict=True):
        assert c.temperature == pytest.approx(x.temperature, abs=0.1)
    if along == "heating":
        assert found.name == expected
        assert {"symmetry first": "sequential", "spin first": "sequential"}.get(
            found.name, found.name
        ) == p.phase_sequence()


@pytest.mark.parametrize("name", ["pmpea", "pmpea-volume"])
def test_mean_field_branches(name):
    theory = MeanField(presets.load(name))
    t = np.concatenate([np.arange(211.25, 245.0, 0.5), np.arange(250.0, 850.0, 8.0)])
    T_down, T_up = theory.spinodals()
    low, high = theory.branch_curve(t, "LS"), theory.branch_curve(t, "HS")
    q, eta = (np.where(t < T_up, getattr(low, x), getattr(high, x)) for x in ("q", "eta"))
    found = phase_sequence(t, q, eta)
    assert found.name == "simultaneous"
    assert found.phases == ("LShs", "HSls", "HShs")
    assert [c.order for c in found.changes] == [1, 2]
    assert found.changes[0].temperature == pytest.approx(T_up, abs=0.5)
    assert found.changes[1].temperature == pytest.approx(theory.paraelastic_temperature(), abs=8.0)
    q, eta = (np.where(t > T_down, getattr(high, x), getattr(low, x)) for x in ("q", "eta"))
    cooled = phase_sequence(t[::-1], q[::-1], eta[::-1])
    assert cooled.phases == ("HShs", "HSls", "LShs")
    assert cooled.changes[-1].temperature == pytest.approx(T_down, abs=0.5)


@pytest.mark.parametrize(
    ("up", "down", "names"),
    [
        ((235.0, 235.0), (220.0, 220.0), ("simultaneous", "simultaneous")),
        ((235.0, 245.0), (220.0, 228.0), ("spin first", "symmetry first")),
        ((245.0, 235.0), (228.0, 220.0), ("symmetry first", "spin first")),
    ],
)
def test_noisy_loops_are_read_replica_by_replica(cycle, rng, up, down, names):
    spread = 2.0 * rng.normal(size=24)
    data = cycle(up[0] + spread, down[0] + spread, up[1] + spread, down[1] + spread)
    data.attrs["n_sites"] = 900
    heating, cooling = measured_sequences(data)
    assert (heating.direction, cooling.direction) == (1, -1)
    assert (heating.name, cooling.name) == names
    assert min(heating.share, cooling.share) > 0.9
    assert set(heating.orders) == {1}
    T_exact = [(min(up), max(up))[: len(set(up))], (max(down), min(down))[: len(set(down))]]
    for leg, exact in zip((heating, cooling), T_exact, strict=True):
        for e, x in zip(leg.temperatures, exact, strict=True):
            assert abs(e.value - x - spread.mean()) < 0.5
            assert e.error == pytest.approx(spread.std(ddof=1) / np.sqrt(24), rel=0.2)


def test_a_continuous_onset_in_noise_is_no_jump(cycle):
    data = cycle([235.0] * 8, [235.0] * 8, [235.0] * 8, [235.0] * 8)
    t = data.temperature.values
    noise = 0.02 * np.random.default_rng(4).normal(size=(2, *data.q.shape))
    data["q"] = data.q * 0 + np.tanh((t - 225) / 12) + noise[0]
    data["eta"] = data.eta * 0 + np.sqrt(np.clip((t - 240) / 60, 0, None)) + noise[1]
    heating, _ = measured_sequences(data)
    assert heating.name == "spin first"
    assert heating.phases == ("LShs", "HShs", "HSls")
    assert heating.orders == (0, 2)
    assert heating.temperatures[1].value == pytest.approx(240 + 60 * 0.1**2, abs=0.6)  # where |η| reaches 0.1


@pytest.mark.parametrize(
    ("t", "q", "eta", "message"),
    [
        ([1, 2, 3], [0, 0, 0], [0, 0, 0], "4 or more"),
        ([1, 2, 3, 4], [0, 0, 0], [0, 0, 0, 0], "4 or more"),
        ([1, 2, 3, 4], [0, np.nan, 0, 0], [0, 0, 0, 0], "finite"),
        ([1, 2, 1, 4], [0, 0, 0, 0], [0, 0, 0, 0], "turns"),
    ],
)
def test_what_is_no_branch_is_refused(t, q, eta, message):
    with pytest.raises(InputError, match=message):
        phase_sequence(t, q, eta)


def test_a_leg_that_is_too_short_is_refused(cycle):
    with pytest.raises(InputError, match="no leg spans"):
        measured_sequences(cycle([235.0], [220.0], [235.0], [220.0]), spacing=50.0)
