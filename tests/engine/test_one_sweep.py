"""One sweep of each kernel, decision by decision, against twins in double precision with the same random words.

This proves which random number serves which site, the order of visits, the neighbours across every seam, and the
rates: a replica counts only if no decision was closer than single precision can tell, and almost all must count.
"""

import naive
import numpy as np
import pytest

from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch

SHAPES = [(2, 2), (2, 3), (6, 8), (5, 7), (5, 6), (4, 9), (2, 2, 2), (4, 4, 6), (3, 4, 5), (2, 3, 4)]


def check(cls, twin, model, dynamics, n_replicas, first_sweep, parallel=1):
    rng = np.random.default_rng(17)
    codes = start_codes(model, "random", n_replicas, 2, 0)
    batch = cls(model, codes, dynamics, make_key(2, 0), parallel)
    control = Control(
        rng.uniform(200, 400, n_replicas), rng.uniform(0, 0.2, n_replicas), rng.uniform(-1, 1, n_replicas)
    )
    batch.sweep = first_sweep
    for sweep in range(first_sweep, first_sweep + 2):
        before = batch.codes()
        batch.advance(control, control, 0, 1, 1)
        expected, clear = twin(model, before, control.temperature, sweep, batch.key, dynamics, *control[1:])
        assert clear.mean() > 0.97
        assert np.array_equal(batch.codes()[clear], expected[clear])
        assert not np.array_equal(expected, before)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", ["neighbours", "both"])
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
def test_lattice_kernel(build, shape, name, three, dynamics):
    check(LatticeBatch, naive.lattice_sweep, build(name, shape, three), dynamics, 70, 3)


@pytest.mark.parametrize("shape", [(5, 7), (4, 6), (3, 4, 5)], ids=str)
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", ["neighbours", "both", "repulsive", "mixed"])
def test_replica_kernel(build, shape, three, dynamics, name):
    check(ReplicaBatch, naive.replica_sweep, build(name, shape, three), dynamics, 70, 3)


@pytest.mark.parametrize("cls", [LatticeBatch, ReplicaBatch])
def test_sweeps_beyond_32_bits(build, cls):
    twin = naive.lattice_sweep if cls is LatticeBatch else naive.replica_sweep
    check(cls, twin, build("both", (4, 4)), "metropolis", 8, 2**32 - 1)


def test_long_lattices_of_one_replica(build):
    """More than 64 visits a sweep for the replica kernel, strings beyond one block of words for the lattice kernel."""
    model = build("both", (12, 150))
    check(LatticeBatch, naive.lattice_sweep, model, "metropolis", 3, 0)
    check(ReplicaBatch, naive.replica_sweep, build("both", (10, 15)), "metropolis", 3, 0)


def test_lattice_kernel_on_two_threads(build):
    check(LatticeBatch, naive.lattice_sweep, build("both", (7, 9)), "metropolis", 10, 0, parallel=2)


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
def test_plain_spins_use_all_48_bits_of_their_chance(build, dynamics):
    """1 decision in 65536 needs the second number: with 1.2 million of them the branch is taken, and right."""
    check(LatticeBatch, naive.lattice_sweep, build("neighbours", (6, 8), three=False), dynamics, 12_800, 5)
