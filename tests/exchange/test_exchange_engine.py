"""The compiled loop, its slow twin, and a life in pieces make the same walkers."""

import naive
import numpy as np
import pytest

from mcsco import presets
from mcsco.engine.batch import start_codes
from mcsco.engine.exchange import Exchange
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.errors import StateError
from mcsco.model import (
    Elasticity,
    InfiniteRange,
    Lattice,
    LongRange,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
)
from mcsco.units import KELVIN

SPIN = SpinCrossover(18.2, 66.5, 2.0)
NEAR = (NearestNeighbours(0.2, 0.8), InfiniteRange(0.3, 1.0))
MODELS = {
    "near": Model(Lattice((6, 8)), SPIN, OrderDisorder(), NEAR),
    "odd": Model(Lattice((5, 7)), SPIN, OrderDisorder(), NEAR),
    "solid": Model(Lattice((4, 6, 5)), SPIN, OrderDisorder(), NEAR),
    "plain": Model(Lattice((50, 4)), SPIN, None, (NearestNeighbours(0.2),)),
    "far": presets.load("pmpea", (6, 6)),
}


def points(n=6, has_field=True):
    return np.stack([np.linspace(215, 245, n), np.linspace(0, 0.02, n), np.linspace(0, 0.3, n) * has_field], axis=1)


def make(cls, model, every=1, compiled=True, ladders=2):
    p = points(has_field=model.distortion is not None)
    codes = start_codes(model, "random", ladders * len(p), 5, 0)
    return Exchange(cls(model, codes, "metropolis", make_key(5, 0)), p, every, compiled)


def same(a, b):
    assert np.array_equal(a.batch.codes(), b.batch.codes())
    for name, array in a.memory().items():
        assert np.array_equal(array, b.memory()[name]), name


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("cls", [LatticeBatch, ReplicaBatch])
@pytest.mark.parametrize("name", MODELS)
def test_compiled_loop_is_the_loop_in_python(name, cls, every):
    whole, parts = make(cls, MODELS[name], every), make(cls, MODELS[name], every, compiled=False)
    whole.advance(100)
    for n in (1, 4, 30, 65):
        parts.advance(n)
    same(whole, parts)
    # Of six rungs there are three even pairs and two odd ones, in two ladders.
    offered = 2 * sum(2 if number % 2 else 3 for number in range(1, 100 // every + 1))
    assert 0 < whole.counts.accepted.sum() < whole.counts.attempts.sum() == offered


@pytest.mark.parametrize("cls", [LatticeBatch, ReplicaBatch])
@pytest.mark.parametrize("name", MODELS)
def test_energies_are_those_of_the_oracle(name, cls):
    model = MODELS[name]
    exchange = make(cls, model)
    exchange.advance(37)
    n, u, H = exchange.observed()
    for lane in range(len(exchange.rung)):
        _, P, h = exchange.points[exchange.rung[lane]]
        state = exchange.batch.state(lane)
        assert pytest.approx(model.energy(state, P, h), rel=1e-12, abs=1e-9) == H[lane]
        assert (n[lane], u[lane]) == ((state.spin > 0).sum(), state.distortion.sum())


def test_swaps_are_decided_by_the_ratio_of_weights():
    """Every decision of a round, remade from Python's own energies and the words of the generator's slow twin."""
    model = MODELS["near"]
    exchange = make(LatticeBatch, model, compiled=False)
    exchange.advance(20)
    exchange.reset()
    before = exchange.lane.copy()
    exchange.batch.advance(exchange.control, exchange.control, 0, 1, 1)
    codes = exchange.batch.codes()
    exchange._swap()
    chance = np.zeros_like(exchange.counts.chance)
    for ladder in range(2):
        for k in range(exchange.batch.sweep % 2, 5, 2):
            i, j = before[ladder, k : k + 2]

            def log_weight(lane, rung):
                T, P, h = exchange.points[rung]
                n = np.count_nonzero(codes[lane])
                return n * SPIN.ln_g - 1000.0 * naive.energy(model, codes[lane], P, h) / (naive.R * T)

            change = log_weight(i, k + 1) + log_weight(j, k) - log_weight(i, k) - log_weight(j, k + 1)
            chance[ladder, k] = min(1.0, np.exp(change))
    np.testing.assert_allclose(exchange.counts.chance, chance, rtol=1e-9)


def test_resume_is_the_run_without():
    whole, first = make(LatticeBatch, MODELS["near"]), make(LatticeBatch, MODELS["near"])
    whole.advance(90)
    first.advance(41)
    later = make(LatticeBatch, MODELS["near"])
    later.batch.restore(first.batch.memory())
    later.restore(first.memory())
    later.advance(49)
    same(whole, later)


def test_a_checkpoint_of_another_ladder_is_refused():
    memory = make(LatticeBatch, MODELS["near"]).memory()
    with pytest.raises(StateError, match="another ladder"):
        make(LatticeBatch, MODELS["near"], ladders=1).restore(memory)
    memory["rung"] = np.zeros_like(memory["rung"])
    with pytest.raises(StateError, match="another ladder"):
        make(LatticeBatch, MODELS["near"]).restore(memory)


def test_walkers_are_followed_from_end_to_end():
    """Passages and flow, from the history of one walker at a time."""
    exchange = make(ReplicaBatch, MODELS["near"])
    direction, passages = np.zeros(12, dtype=int), np.zeros(12, dtype=int)
    flow = np.zeros((2, 6, 2), dtype=int)
    for _ in range(400):
        exchange.advance(1)
        for lane, rung in enumerate(exchange.rung):
            if rung in (0, 5):
                way = 1 if rung == 0 else -1
                passages[lane] += direction[lane] == -way
                direction[lane] = way
        for lane, rung in enumerate(exchange.rung):
            if direction[lane]:
                flow[lane // 6, rung, 0 if direction[lane] > 0 else 1] += 1
    assert passages.sum() > 10
    np.testing.assert_array_equal(exchange.counts.passages, passages)
    np.testing.assert_array_equal(exchange.counts.flow, flow)


SHEAR = [[0.0, 0.027], [0.027, 0.0]]
ELASTIC = (
    Elasticity((12.0, 6.0, 4.0), 970.0, 0.02, SHEAR, stress=[[0.01, 0.004], [0.004, 0.0]]),
    LongRange((((0, 1), 0.1), ((1, 2), -0.05)), of="spin"),
    InfiniteRange(0.3, 1.0),
    NearestNeighbours(0.1, 0.3),
)
WAVES = {
    "both": Model(Lattice((6, 8)), SPIN, OrderDisorder(), ELASTIC),
    "odd": Model(Lattice((5, 7)), SPIN, OrderDisorder(), ELASTIC),
    "spin alone": Model(Lattice((8, 6)), SPIN, None, (Elasticity((12.0, 6.0, 4.0), 970.0, 0.02),)),
    "shear alone": Model(Lattice((6, 6)), SPIN, OrderDisorder(), (Elasticity((12.0, 6.0, 4.0), 970.0, 0.0, SHEAR),)),
    "solid": presets.load("pmpea-elastic-3d", (4, 6, 8)),
}


@pytest.mark.parametrize("name", WAVES)
def test_swaps_know_the_energy_of_long_range_terms(name):
    model = WAVES[name]
    exchange = make(FieldBatch, model)
    exchange.advance(11)
    x = exchange.quantities()
    assert 0 < exchange.counts.accepted.sum() < exchange.counts.attempts.sum()
    for lane, rung in enumerate(exchange.rung):
        _, P, h = exchange.points[rung]
        expected = model.energy(exchange.batch.state(lane), P, h) / KELVIN
        assert x[lane] @ [1.0, P, h] == pytest.approx(expected, rel=1e-6, abs=1e-2), name
        assert exchange.observed()[2][lane] / KELVIN == pytest.approx(expected, rel=1e-10), name
