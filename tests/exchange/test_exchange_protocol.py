"""`ReplicaExchange` and `simulate`: what is refused, what comes back, and that nothing outside changes the numbers."""

import numpy as np
import pytest

from mcsco import InputError, ReplicaExchange, observables, presets, simulate
from mcsco.meanfield import FiniteSize
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.sampling import ExchangeJourney, Hold, make_journey
from mcsco.sampling.ladder import equalised

NEAR = Model(
    Lattice((6, 6)),
    SpinCrossover(18.2, 66.5, 2.0),
    OrderDisorder(),
    (NearestNeighbours(0.2, 0.8), InfiniteRange(0.3, 1.0)),
)
PROTOCOL = ReplicaExchange((210, 245), rungs=5, sweeps=300, measure_every=7, equilibration=700, optimise=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 230.0}, "ladder = none: exactly one of temperature, pressure and field"),
        ({"field": (0.0, 1.0)}, "ladder = temperature and field: exactly one"),
        ({"temperature": (230.0,)}, "at least 2 rungs; use Hold for one"),
        ({"temperature": (230.0, 220.0, 240.0)}, "must rise or fall from every rung to the next"),
        ({"temperature": (230.0, 230.0)}, "must rise or fall"),
        ({"temperature": (-1.0, 230.0)}, r"temperature\[0\] = -1.0 K: must be greater than 0"),
        ({"temperature": (200.0, "230")}, r"temperature\[1\] = '230' K: must be a number"),
        ({"temperature": (200.0, 220.0, 240.0), "rungs": 5}, "rungs = 5: needs the two ends of the ladder"),
        ({"rungs": 1}, "rungs = 1: must be at least 2"),
        ({"exchange_every": 0}, "exchange_every = 0: must be at least 1"),
        ({"measure_every": 101}, "measure_every = 101: must not exceed the 100 sweeps"),
        ({"optimise": True}, "equilibration = 0: must be at least 640 sweeps for optimise = true"),
        ({"optimise": 1}, "optimise = 1: must be true or false"),
    ],
)
def test_mistakes_are_explained(change, message):
    with pytest.raises(InputError, match=message):
        ReplicaExchange(**({"temperature": (200.0, 240.0), "sweeps": 100} | change))


def test_exchange_stands_alone():
    with pytest.raises(InputError, match="must be one of Ramp"):
        simulate(NEAR, [Hold(200.0, 10), PROTOCOL])
    with pytest.raises(InputError, match="snapshots = 2: replica exchange keeps the final states only"):
        simulate(NEAR, PROTOCOL, snapshots=2)


def test_dataset_is_labelled():
    dataset = simulate(NEAR, PROTOCOL, seed=3, replicas=3, threads=1)
    assert dict(dataset.sizes) == {
        "replica": 3, "rung": 5, "step": 42, "pair": 4, "lane": 5, "end": 2, "y": 6, "x": 6,
    }  # fmt: skip
    assert dataset["gamma"].dims == ("replica", "rung", "step")
    assert dataset["sweep"].values[[0, -1]].tolist() == [707, 994]
    assert dataset["temperature"].dims == ("rung",)
    assert dataset.attrs["ladder"] == "temperature"
    assert '"kind": "replica-exchange"' in dataset.attrs["protocol"]
    assert np.all(np.sort(dataset["walker"].values, axis=1) == np.arange(5)[:, None])
    assert np.all(dataset["attempts"].values == 150)
    assert np.all(dataset["accepted"].values <= dataset["attempts"].values)
    # The last measurement is not the final state; the final state of a rung is near it in the statistics of the rung.
    spin = (dataset["spin"].values > 0).mean(axis=(2, 3))
    assert np.abs(spin.mean(axis=0) - dataset["gamma"].values.mean(axis=(0, 2))).max() < 0.25
    assert np.array_equal(dataset["spin"].values > 0, dataset["distortion"].values != 0)


def test_threads_and_pauses_change_nothing(monkeypatch):
    monkeypatch.setattr("mcsco.engine.choice._STRING", 8)  # one ladder a batch
    whole = simulate(NEAR, PROTOCOL, seed=3, replicas=3, threads=1, kernel="lattice")
    monkeypatch.setattr("mcsco.sampling.trajectory._UPDATES_PER_CALL", 36 * 5 * 11)
    journey = make_journey(NEAR, PROTOCOL, 3, replicas=3, threads=3, kernel="lattice")
    assert len(journey.trajectories) == 3
    calls = 0

    def stopped():
        nonlocal calls
        calls += 1
        return calls % 9 == 0

    pauses = 0
    while not journey.run(stopped):
        later = ExchangeJourney(NEAR, PROTOCOL, 3, replicas=3, threads=1, kernel="lattice")
        later.restore(journey.memory())
        assert later.n_done == journey.n_done
        journey = later
        pauses += 1
    assert pauses > 10
    again = journey.dataset()
    for name in whole.variables:
        assert whole[name].equals(again[name]), name


def test_equal_steps_of_the_barrier():
    """For a smooth Λ(x) known in closed form the rungs go to its quantiles."""
    x = np.linspace(0.0, 1.0, 21)
    new = equalised(x, np.diff(x**2))
    np.testing.assert_allclose(new, np.sqrt(np.linspace(0, 1, 21)), atol=2e-3)
    np.testing.assert_array_equal(equalised(x, np.zeros(20)), x)
    down = equalised(x[::-1], np.diff(x**2))
    assert np.all(np.diff(down) < 0)
    assert down[0] == 1.0
    assert down[-1] == 0.0


def test_optimised_ladder_rejects_alike():
    model, options = presets.load("pmpea", (6, 6)), {"seed": 1, "replicas": 8, "threads": 1}
    ladder = {"temperature": (190, 260), "rungs": 12, "sweeps": 3000, "equilibration": 6000, "measure_every": 100}
    even = observables.exchange(simulate(model, ReplicaExchange(**ladder), **options))
    best = observables.exchange(simulate(model, ReplicaExchange(**ladder, optimise=True), **options))
    rejected = [np.array([1.0 - a.value for a in found.acceptance]) for found in (even, best)]
    assert np.ptp(rejected[0]) > 0.3
    assert np.ptp(rejected[1]) < 0.08
    assert best.barrier.value == pytest.approx(even.barrier.value, rel=0.1)  # of the model, not of the ladder
    assert best.values[0] == 190
    assert best.values[-1] == 260


def test_rungs_are_those_of_the_exact_sum_through_the_transition():
    """64 molecules, both phases present: twelve rungs within their errors, and round trips enough to believe them."""
    model = presets.load("pmpea", (8, 8))
    protocol = ReplicaExchange((212, 240), rungs=12, sweeps=12000, equilibration=3000, optimise=True)
    dataset = simulate(model, protocol, seed=5, replicas=8, threads=1)
    found = observables.exchange(dataset)
    assert found.verdict == "ok"
    exact = FiniteSize(model)
    z = []
    for k, T in enumerate(found.values):
        rung, averages = observables.at_rung(dataset, k), exact.averages(T)
        for name, x, expected in (
            ("gamma", rung["gamma"], averages.gamma),
            ("eta", abs(rung["eta"]), averages.eta_abs),
            ("energy", rung["energy"], averages.energy),
        ):
            value = observables.estimate(x.values)
            assert value.error < 0.02 * (abs(expected) + 1.0), name
            z.append((value.value - expected) / value.error)
    assert np.abs(z).max() < 4.0
    assert np.mean(np.square(z)) < 2.5  # three quantities of a rung are nearly one
