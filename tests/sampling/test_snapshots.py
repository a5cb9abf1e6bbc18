"""Configurations along a run, quenches, and simulations that stop and go on."""

import numpy as np
import pytest

from mcsco import Hold, InputError, Quench, Ramp, presets, simulate
from mcsco.errors import StateError
from mcsco.model import Displacive, Model
from mcsco.sampling import Journey

PARTS = [Hold(230, 12, measure_every=5), Quench(250, 100, measurements=6), Ramp((250, 260), 2.0)]


def test_a_quench_is_measured_at_equal_ratios_of_time():
    (leg,) = Quench(200, 1000, measurements=4).legs()
    assert leg.measured().tolist() == leg.pictured(4).tolist() == [1, 10, 100, 1000]
    assert leg.begin == leg.end
    assert Quench(200, 5, measurements=50).legs()[0].measured().tolist() == [1, 2, 3, 4, 5]
    assert Quench(200, 5, measurements=1).legs()[0].measured().tolist() == [5]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"sweeps": 0}, "sweeps = 0: must be at least 1"),
        ({"measurements": 0}, "measurements = 0: must be at least 1"),
        ({"temperature": -1}, "temperature = -1"),
    ],
)
def test_mistakes_in_a_quench(kwargs, message):
    with pytest.raises(InputError, match=message):
        Quench(**{"temperature": 200, "sweeps": 10} | kwargs)


def load(name, shape):
    """A preset; with "displacive" before its name, its distortion made continuous."""
    model = presets.load(name.removeprefix("displacive "), shape)
    if not name.startswith("displacive"):
        return model
    return Model(model.lattice, model.spin, Displacive(5.0, 33.0), model.interactions)


@pytest.mark.parametrize("name", ["pmpea", "pmpea-volume", "fe2fe", "displacive pmpea", "displacive pmpea-volume"])
def test_snapshots_are_the_configurations_that_were_measured(name):
    model = load(name, (10, 12))
    result = simulate(model, PARTS, seed=3, replicas=3, snapshots=4)
    assert result.snapshot_spin.dims == ("replica", "snapshot", "y", "x")
    assert result.snapshot_sweep.values.tolist() == [3, 6, 9, 12, 13, 17, 34, 112, 117, 122, 127, 132]
    assert result.snapshot_leg.values.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    np.testing.assert_allclose(result.snapshot_temperature[-4:], [252.5, 255.0, 257.5, 260.0])
    both, at, step = np.intersect1d(result.snapshot_sweep, result.sweep, return_indices=True)
    assert both.size >= 3
    spin, u = result.snapshot_spin.values[:, at], result.snapshot_distortion.values[:, at]
    np.testing.assert_allclose((1 + spin.mean(axis=(2, 3))) / 2, result.gamma.values[:, step], atol=1e-15)
    eta = u.mean(axis=(2, 3), dtype=float)
    np.testing.assert_allclose(eta, result.eta.values[:, step], atol=1e-15 if u.dtype == np.int8 else 1e-14)
    assert u.dtype == (np.float32 if name.startswith("displacive") else np.int8)
    assert np.array_equal(result.snapshot_spin[:, -1], result.spin)
    assert np.array_equal(result.snapshot_distortion[:, -1], result.distortion)


def test_snapshots_do_not_change_the_run():
    model = presets.load("pmpea", (8, 8))
    with_them, without = (simulate(model, PARTS, seed=3, snapshots=n) for n in (7, 0))
    assert "snapshot" not in without.dims
    assert with_them.gamma.equals(without.gamma)
    assert with_them.energy.equals(without.energy)


def interrupted(journey, rng):
    """Run to the end with stops at random, each time through a fresh journey as after a kill."""
    memory = journey().memory()
    while True:
        here = journey()
        here.restore(memory)
        left = int(rng.integers(1, 4))

        def stopped():
            nonlocal left
            left -= 1
            return left < 0

        if here.run(stopped):
            return here.dataset()
        memory = here.memory()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("pmpea", "lattice"),
        ("pmpea-volume", "replica"),
        ("fe2fe", "lattice"),
        ("displacive pmpea", "lattice"),
        ("displacive pmpea-volume", "replica"),
    ],
)
def test_a_run_that_stops_and_goes_on_is_the_run_that_did_not(name, kernel, threads, monkeypatch):
    monkeypatch.setattr("mcsco.sampling.trajectory._UPDATES_PER_CALL", 2**16)  # several calls between measurements

    def journey():
        model = load(name, (32, 32))
        return Journey(model, PARTS, seed=5, replicas=20, kernel=kernel, snapshots=3, threads=threads)

    whole = journey()
    assert whole.run()
    expected = whole.dataset()
    parts = interrupted(journey, np.random.default_rng(8))
    for variable in expected.variables:
        assert expected[variable].equals(parts[variable]), variable


def test_the_memory_of_another_run_is_refused():
    model = presets.load("pmpea", (8, 8))

    def memory(protocol, replicas=2, **options):
        journey = Journey(model, protocol, replicas=replicas, **options)
        journey.run()
        return journey.memory()

    here = Journey(model, PARTS, replicas=2)
    for other in (
        memory([Hold(230, 300, measure_every=5)]),
        memory(PARTS, replicas=3),
        memory(PARTS, snapshots=2),
        memory([*PARTS, PARTS[0]]),
    ):
        with pytest.raises(StateError, match="belongs to another"):
            here.restore(other)
    broken = memory(PARTS)
    broken["0_codes"] = np.full_like(broken["0_codes"], 2)
    with pytest.raises(StateError, match="no configuration"):
        here.restore(broken)
