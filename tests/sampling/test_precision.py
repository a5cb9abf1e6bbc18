"""Holds that end when they are precise enough: the errors they promise, and the same bits however they are cut."""

import numpy as np
import pytest

from mcsco import Hold, InputError, Model, presets, simulate
from mcsco.model import Lattice, SpinCrossover
from mcsco.observables import equilibrium
from mcsco.sampling import Journey, Quench, verdicts_of

CRYSTAL = presets.load("pmpea", (6, 6))
PLAN = [
    Hold(200.0, 30_000, measure_every=5, precision=0.02),
    Hold(245.0, 30_000, measure_every=5, equilibration=20, precision={"q": 0.03, "eta": 0.05}),
    Hold(235.0, 400, measure_every=5),
    Hold(225.0, 3000, measure_every=5, precision=1e-5),
]
OPTIONS = {"seed": 3, "replicas": 4, "snapshots": 3}


@pytest.fixture(scope="module")
def whole():
    return simulate(CRYSTAL, PLAN, threads=1, **OPTIONS)


def test_holds_end_early_and_as_precise_as_asked(whole):
    steps = np.bincount(whole["leg"].values)
    assert 64 <= steps[0] < 3000
    assert 64 <= steps[1] < 3000
    assert steps[2:].tolist() == [80, 600]
    first, second, _, last = (verdict for _, verdict in verdicts_of(whole))
    assert first.is_converged
    assert second.is_converged
    assert max(first.excess, second.excess) <= 1.0
    assert "times what was asked for" in last.reason
    averages = equilibrium(whole)
    assert averages[0].q.error <= 0.02
    assert averages[1].q.error <= 0.03
    assert averages[1].eta.error <= 0.05


def test_sweeps_count_what_was_done(whole):
    assert np.all(np.diff(whole["sweep"].values) >= 5)
    per_leg = [int(whole["sweep"].values[whole["leg"].values == leg][-1]) for leg in range(4)]
    assert per_leg[3] - per_leg[2] == 3000
    assert whole.attrs["site_updates"] == per_leg[3] * 4 * 36
    pictures = whole["snapshot_sweep"].values[
        [np.flatnonzero(whole["snapshot_leg"].values == leg)[-1] for leg in range(4)]
    ]
    assert pictures.tolist() == per_leg  # the last configuration of every leg is kept
    spins = whole["snapshot_spin"].values[:, whole["snapshot_leg"].values == 0][:, -1]
    at = np.flatnonzero(whole["leg"].values == 0)[-1]
    np.testing.assert_allclose((spins.mean(axis=(1, 2)) + 1) / 2, whole["gamma"].values[:, at])


def test_threads_chunks_and_stops_do_not_matter(whole, monkeypatch):
    monkeypatch.setattr("mcsco.sampling.trajectory._UPDATES_PER_CALL", 20_000)
    rng = np.random.default_rng(0)
    journey, stops = Journey(CRYSTAL, PLAN, threads=2, **OPTIONS), 0
    while True:
        calls, last = [0], int(rng.integers(1, 40))

        def is_due(calls=calls, last=last):
            calls[0] += 1
            return calls[0] > last

        if journey.run(is_due):
            break
        stops += 1
        memory = journey.memory()
        journey = Journey(CRYSTAL, PLAN, threads=1 + stops % 2, **OPTIONS)
        journey.restore(memory)
    assert stops > 10
    assert journey.dataset().drop_attrs().identical(whole.drop_attrs())


def test_progress_reaches_the_plan():
    told = []
    journey = Journey(CRYSTAL, PLAN[:2], threads=1, **OPTIONS)
    journey.run(progress=told.append)
    assert sum(told) == journey.n_done == 4 * (30_000 + 30_020)


def test_a_hold_without_precision_is_as_before():
    """What is kept does not depend on the new machinery: a request that is never met changes no number."""
    plain = simulate(CRYSTAL, Hold(230.0, 900, 3), threads=1, **OPTIONS)
    asked = simulate(CRYSTAL, Hold(230.0, 900, 3, precision=1e-9), threads=1, **OPTIONS)
    for name in ("gamma", "eta", "energy", "spin", "snapshot_spin"):
        np.testing.assert_array_equal(plain[name], asked[name])


@pytest.mark.validate
def test_the_error_of_a_hold_that_stopped_itself_is_honest():
    """Independent spins: γ is known, and a hold that stops at a lucky moment must not miss it too often."""
    spin = SpinCrossover(enthalpy=15.0, entropy=65.0)
    model = Model(Lattice((4, 4)), spin)
    T = 228.0
    exact = 1.0 / (1.0 + np.exp(1000 * 15.0 / (8.314462618 * T) - 65.0 / 8.314462618))
    z = []
    for seed in range(150):
        found = simulate(
            model, Hold(T, 100_000, measure_every=1, precision=0.004, of="gamma"), seed, replicas=4, threads=1
        )
        (average,) = equilibrium(found)
        assert average.gamma.error <= 0.004
        z.append((average.gamma.value - exact) / average.gamma.error)
    z = np.array(z)
    assert abs(z.mean()) < 4 / np.sqrt(z.size)
    assert 0.75 < z.std() < 1.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": 0.0}, "precision of q = 0.0: must be greater than 0"),
        ({"precision": {"qq": 0.1}}, "precision of 'qq': must be of one of gamma, q, eta, energy"),
        ({"precision": {}}, "must name at least one quantity"),
        ({"of": "q"}, "give precision too"),
        ({"precision": {"q": 0.1}, "of": "q"}, "leave one of them out"),
        ({"precision": True}, "must be a number"),
    ],
)
def test_wrong_requests(arguments, message):
    with pytest.raises(InputError, match=message):
        Hold(230.0, 100, **arguments)


def test_a_request_for_a_distortion_that_is_not_there():
    with pytest.raises(InputError, match="the model has no distortion"):
        simulate(Model(Lattice((4, 4)), SpinCrossover(15.0, 65.0)), Hold(230.0, 100, precision=0.1, of="eta"))


def test_what_is_no_hold_has_no_verdict():
    assert verdicts_of(simulate(CRYSTAL, Quench(220.0, 200), 1, replicas=2, threads=1)) == []
