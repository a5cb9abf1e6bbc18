"""Energies and running sums of batches equal the oracle's after sweeps, for every kind of model, kernel and shape."""

import naive
import numpy as np
import pytest

from mcsco.engine import DYNAMICS, STARTS, Control
from mcsco.engine.batch import start_codes
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.errors import StateError

SHAPES = [(2, 2), (2, 5), (3, 3), (8, 8), (9, 6), (7, 33), (2, 2, 2), (3, 3, 3), (4, 3, 6), (6, 4, 8)]
FAR = ("free", "neighbours", "frustrated", "far", "both")


def make_batch(cls, model, n_replicas=3, dynamics="metropolis", start="random", seed=6):
    return cls(model, start_codes(model, start, n_replicas, seed, 0), dynamics, make_key(seed, 0))


@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("cls", "name"),
    [(LatticeBatch, name) for name in FAR] + [(ReplicaBatch, name) for name in (*FAR, "repulsive", "mixed")],
)
def test_energy_equals_the_oracle(build, cls, name, shape, three):
    model = build(name, shape, three)
    for dynamics in DYNAMICS:
        batch = make_batch(cls, model, dynamics=dynamics)
        control = Control(np.array([150.0, 300.0, 900.0]), np.array([0.0, 0.1, 0.2]), np.array([0.0, 0.3, -0.5]))
        batch.advance(control, control, 0, 4, 4)
        batch.recount()
        found = batch.energy(batch.sums(), control.pressure, control.field)
        for r in range(3):
            P, h = control.pressure[r], control.field[r]
            state = batch.state(r)
            assert found[r] == pytest.approx(model.energy(state, P, h), rel=1e-12, abs=1e-9)
            assert found[r] == pytest.approx(naive.energy(model, batch.codes()[r], P, h), rel=1e-12, abs=1e-9)
            sums = batch.sums()
            assert sums.n[r] == np.sum(state.spin == 1)
            assert sums.u[r] == np.sum(state.distortion, dtype=int)


@pytest.mark.parametrize("cls", [LatticeBatch, ReplicaBatch])
@pytest.mark.parametrize(
    ("three", "start", "pressure", "field"), [(True, "HS-", -100.0, 500.0), (False, "LS", -100.0, 0.0)]
)
def test_counters_do_not_overflow(build, cls, three, start, pressure, field):
    """Nearly all molecules of 300 rows move the same way at once, by 2 from u = −1 to +1: far beyond 8 bits."""
    model = build("free", (300, 4), three)
    batch = make_batch(cls, model, n_replicas=2, dynamics="heat-bath", start=start)
    control = Control(np.full(2, 100.0), np.full(2, pressure), np.full(2, field))
    for _ in range(3):
        batch.advance(control, control, 0, 1, 1)
        batch.recount()
    batch.advance(control, control, 0, 10, 10)
    assert batch.sums().n.tolist() == [1200, 1200]
    assert batch.sums().u.tolist() == [1200 * three] * 2


@pytest.mark.parametrize("cls", [LatticeBatch, ReplicaBatch])
def test_drift_of_the_running_sums_is_an_error(build, cls):
    batch = make_batch(cls, build("both", (4, 4)))
    batch.recount()
    batch.running[1, 0] += 1
    with pytest.raises(StateError, match="recount"):
        batch.recount()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
def test_starts(build, start, three):
    model = build("far", (20, 20), three)
    for cls in (LatticeBatch, ReplicaBatch):
        batch = make_batch(cls, model, n_replicas=2, start=start)
        batch.recount()
        for r in range(2):
            state = batch.state(r)
            gamma = {"LS": 0.0, "random": pytest.approx(0.5, abs=0.12)}.get(start, 1.0)
            assert state.gamma == gamma
            assert np.array_equal(np.abs(state.distortion), (state.spin == 1) * three)
            if three and start in ("HS+", "HS-"):
                assert state.eta == {"HS+": 1.0, "HS-": -1.0}[start]
            elif start in ("HS", "random"):
                assert abs(state.eta) < 0.25
                assert len(np.unique(state.distortion)) > 1 or not three
        assert np.array_equal(*batch.codes()) == (start not in ("random", "HS") or (start == "HS" and not three))


@pytest.mark.parametrize("cls", [LatticeBatch, ReplicaBatch])
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_cold_and_hot_limits(build, cls, three, dynamics):
    """At 1 K the ground state, LS, is reached from anywhere; at 10^9 K only the degeneracies count."""
    model = build("free", (16, 16), three)
    batch = make_batch(cls, model, n_replicas=4, dynamics=dynamics)
    cold = Control(np.full(4, 1.0), np.zeros(4), np.zeros(4))
    batch.advance(cold, cold, 0, 30, 30)
    assert batch.sums().n.tolist() == [0, 0, 0, 0]
    hot = Control(np.full(4, 1e9), np.zeros(4), np.zeros(4))
    batch.advance(hot, hot, 0, 60, 60)
    g = np.exp(3.0) * (2 if three else 1)
    gamma = g / (1 + g)
    assert batch.sums().n.sum() / 1024 == pytest.approx(gamma, abs=5 * np.sqrt(gamma * (1 - gamma) / 1024))
