"""Same seed, same trajectory, bit by bit: for any number of threads and any chunking."""

import numpy as np
import pytest

from mcsco.engine import DYNAMICS, Control, lattice_kernel
from mcsco.engine.batch import start_codes
from mcsco.engine.codes import distortions
from mcsco.engine.displacive_batch import DisplaciveLatticeBatch, DisplaciveReplicaBatch
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.model import Displacive

BOTH = pytest.mark.parametrize("cls", [LatticeBatch, ReplicaBatch])
KINDS = pytest.mark.parametrize(
    ("three", "dynamics"),
    [(three, dynamics) for three in (True, False) for dynamics in DYNAMICS] + [("displacive", "metropolis")],
)
EVERY = pytest.mark.parametrize("three", [True, False, "displacive"], ids=["three-state", "plain", "displacive"])


def class_of(cls, model):
    """The class that serves a model on the kernel of `cls`."""
    displacive = {LatticeBatch: DisplaciveLatticeBatch, ReplicaBatch: DisplaciveReplicaBatch}
    return displacive[cls] if isinstance(model.distortion, Displacive) else cls


def make_batch(cls, model, threads=1, n_replicas=1, dynamics="metropolis", seed=9):
    return class_of(cls, model)(
        model, start_codes(model, "random", n_replicas, seed, 0), dynamics, make_key(seed, 0), threads
    )


def controls(n_replicas, T, field=0.0):
    return Control(np.full(n_replicas, T), np.full(n_replicas, 0.05), np.full(n_replicas, field))


@pytest.mark.parametrize("shape", [(64, 64), (65, 64), (64, 65), (33, 35), (3, 2), (20, 20, 20), (5, 7, 9)], ids=str)
@KINDS
def test_number_of_threads(build, shape, three, dynamics):
    model = build("both", shape, three)
    begin, end = controls(1, 250.0), controls(1, 320.0, 0.2)
    found = []
    for threads in (1, 2, 3, 7):
        batch = make_batch(LatticeBatch, model, threads, dynamics=dynamics)
        batch.advance(begin, end, 0, 12, 12)
        batch.recount()
        found.append((batch.codes(), batch.running))
    for codes, running in found[1:]:
        assert np.array_equal(codes, found[0][0])
        assert np.array_equal(running, found[0][1])


@BOTH
@KINDS
def test_chunking_of_a_ramp(build, cls, three, dynamics):
    model = build("both", (6, 7), three)
    begin, end = controls(4, 200.0, -0.2), controls(4, 400.0, 0.3)
    whole = make_batch(cls, model, n_replicas=4, dynamics=dynamics)
    whole.advance(begin, end, 0, 40, 40)
    for cuts in (range(1, 41), (1, 2, 30, 40), (17, 40)):
        pieces = make_batch(cls, model, n_replicas=4, dynamics=dynamics)
        done = 0
        for cut in cuts:
            pieces.advance(begin, end, done, cut - done, 40)
            done = cut
        assert pieces.sweep == whole.sweep == 40
        assert np.array_equal(pieces.codes(), whole.codes())
        assert np.array_equal(pieces.running, whole.running)
        assert np.array_equal(pieces.control, whole.control)
    np.testing.assert_allclose(whole.control[:, 0], 400.0, rtol=1e-14)  # the last sweep is at the end of the leg


@BOTH
@EVERY
def test_a_new_batch_continues_from_codes_key_and_sweep(build, cls, three):
    """A batch carries nothing else from sweep to sweep: what a checkpoint needs."""
    model = build("both", (6, 6), three)
    control = controls(3, 300.0)
    whole = make_batch(cls, model, n_replicas=3)
    whole.advance(control, control, 0, 20, 20)
    first = make_batch(cls, model, n_replicas=3)
    first.advance(control, control, 0, 8, 20)
    second = make_batch(cls, model, n_replicas=3)
    second.restore({name: array.copy() for name, array in first.memory().items()})
    second.advance(control, control, 8, 12, 20)
    assert np.array_equal(second.codes(), whole.codes())
    assert np.array_equal(second.running, whole.running)


@BOTH
@EVERY
def test_seeds_and_sweeps_differ(build, cls, three):
    model = build("free", (16, 16), three)
    control = controls(1, 300.0)
    codes = start_codes(model, "LS", 1, 0, 0)

    def after(seed, sweep):
        batch = class_of(cls, model)(model, codes, "metropolis", make_key(seed, 0))
        batch.sweep = sweep
        batch.advance(control, control, 0, 1, 1)
        return batch.codes()

    assert np.array_equal(after(1, 0), after(1, 0))
    assert not np.array_equal(after(1, 0), after(2, 0))
    assert not np.array_equal(after(1, 0), after(1, 1))


@BOTH
@pytest.mark.parametrize("three", [True, "displacive"], ids=["three-state", "displacive"])
def test_replicas_are_not_correlated(build, cls, three):
    """Lanes under the same control from the same start: overlaps scatter like those of independent crystals."""
    model = build("free", (16, 16), three)
    batch = class_of(cls, model)(model, start_codes(model, "LS", 64, 0, 0), "metropolis", make_key(3, 0))
    control = controls(64, 300.0)
    batch.advance(control, control, 0, 60, 60)
    u = distortions(model, batch.codes()).reshape(64, -1).astype(float)
    overlap = (u @ u.T)[np.triu_indices(64, 1)]
    expected = np.mean(u**2) * np.sqrt(256)
    assert abs(overlap.mean()) < 4.5 * expected / np.sqrt(len(overlap))
    assert overlap.std() == pytest.approx(expected, rel=0.1)


def test_serial_and_parallel_kernels_are_cached_apart():
    """In one folder numba would serve the one from the file of the other: two threads that run as one."""
    serial, parallel = lattice_kernel.sweeps_serial, lattice_kernel.sweeps_parallel
    assert serial.stats.cache_path != parallel.stats.cache_path
    assert parallel.targetoptions["parallel"]
    assert not serial.targetoptions.get("parallel", False)
