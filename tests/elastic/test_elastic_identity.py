"""Same seed, same trajectory, bit by bit, with sampled fields: for any number of threads and any chunking."""

import numpy as np
import pytest

import mcsco
from mcsco.engine import DYNAMICS, Control
from mcsco.engine.batch import start_codes
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.random_numbers import make_key
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


def build(shape, three=True):
    keep = 1.0 if three else 0.0
    zeros = (0,) * (len(shape) - 2)
    return Model(
        Lattice(shape),
        SpinCrossover(16.0, 66.5, 20.0),
        OrderDisorder() if three else None,
        (
            Elasticity((12.0, 4.2, 3.5), 970.0, 0.03, 0.02704 * keep),
            NearestNeighbours(10.0 * KELVIN, 40.0 * KELVIN * keep),
            InfiniteRange(-20.0 * KELVIN),
            LongRange({(*zeros, 1, 1): -15.0 * KELVIN}),
        ),
    )


def make(model, threads=1, n_replicas=1, dynamics="metropolis", fields_every=1):
    batch = FieldBatch(model, start_codes(model, "random", n_replicas, 9, 0), dynamics, make_key(9, 0), threads)
    batch.fields_every = fields_every
    return batch


def controls(n_replicas, T, field=0.0):
    return Control(np.full(n_replicas, T), np.full(n_replicas, 0.05), np.full(n_replicas, field))


@pytest.mark.parametrize(
    ("shape", "three", "n_replicas"),
    [((64, 64), True, 1), ((33, 40), True, 3), ((65, 35), False, 1), ((12, 11, 10), True, 2), ((16, 16, 16), False, 1)],
    ids=str,
)
@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_number_of_threads(shape, three, n_replicas, dynamics):
    model = build(shape, three)
    begin, end = controls(n_replicas, 210.0), controls(n_replicas, 260.0, 0.2 if three else 0.0)
    found = []
    for threads in (1, 2, 3):
        batch = make(model, threads, n_replicas, dynamics)
        batch.advance(begin, end, 0, 12, 12)
        batch.recount()
        found.append((batch.codes(), batch.running, batch.sums().pairs))
    assert 0 < found[0][1][0, 0] < model.lattice.n_sites
    for result in found[1:]:
        for one, other in zip(result, found[0], strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("fields_every", [1, 2, 3])
@pytest.mark.parametrize("three", [True, False])
def test_chunking_of_a_ramp(three, fields_every):
    model = build((6, 7), three)
    begin, end = controls(4, 200.0), controls(4, 400.0, 0.3 if three else 0.0)
    whole = make(model, n_replicas=4, fields_every=fields_every)
    whole.advance(begin, end, 0, 40, 40)
    for cuts in (range(1, 41), (1, 2, 30, 40), (17, 40)):
        pieces = make(model, n_replicas=4, fields_every=fields_every)
        done = 0
        for cut in cuts:
            pieces.advance(begin, end, done, cut - done, 40)
            done = cut
        assert pieces.sweep == whole.sweep == 40
        assert np.array_equal(pieces.codes(), whole.codes())
        assert np.array_equal(pieces.control, whole.control)


def test_replicas_differ_and_sweeps_differ():
    """Each replica and each sweep has its own noise."""
    model = build((8, 8))
    batch = make(model, n_replicas=3)
    batch.advance(controls(3, 230.0), controls(3, 230.0), 0, 1, 1)
    first = batch.fields[1].copy()
    before = batch.codes()
    batch._draw(1)
    assert np.array_equal(batch.codes(), before)
    assert not np.array_equal(batch.fields[1], first)
    codes = before.reshape(3, -1)
    assert not np.array_equal(codes[0], codes[1])
    assert not np.array_equal(codes[1], codes[2])


def test_simulation_in_pieces():
    whole = mcsco.Simulation(build((10, 9)), temperature=230.0, start="random", seed=4)
    whole.run(30)
    pieces = mcsco.Simulation(build((10, 9)), temperature=230.0, start="random", seed=4, threads=2)
    for n in (1, 7, 22):
        pieces.run(n)
    assert np.array_equal(pieces.state.distortion, whole.state.distortion)
    assert pieces.energy == whole.energy == pytest.approx(whole.model.energy(whole.state), rel=1e-9)


@pytest.mark.parametrize("fields_every", [1, 3])
def test_a_batch_that_is_stored_goes_on_bit_by_bit(fields_every):
    """Also between two draws of the fields, which are then part of what is stored."""
    model = mcsco.presets.load("pmpea-elastic", (8, 32))
    control = Control(*(np.full(2, x) for x in (228.0, 0.0, 0.0)))
    whole, before, after = (make(model, n_replicas=2, fields_every=fields_every) for _ in range(3))
    whole.advance(control, control, 0, 10, 10)
    before.advance(control, control, 0, 4, 10)
    after.restore(before.memory())
    after.advance(control, control, 4, 6, 10)
    assert np.array_equal(whole.codes(), after.codes())
    assert ("fields" in before.memory()) == (fields_every > 1)
