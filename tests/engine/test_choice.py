"""Which kernel serves a model, how replicas are grouped, and one compiled version of each kernel."""

import numpy as np
import pytest

from mcsco import InputError
from mcsco.engine import (
    DYNAMICS,
    KERNELS,
    Control,
    choose_kernel,
    displacive_kernel,
    displacive_replica_kernel,
    lattice_kernel,
    make_batches,
    make_one,
    replica_kernel,
)
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.replica_batch import ReplicaBatch


def test_automatic_choice(build):
    for three in (True, False):
        for name in ("free", "neighbours", "frustrated", "far", "both"):
            assert choose_kernel(build(name, (16, 16), three)) == "lattice"
            assert choose_kernel(build(name, (15, 17), three)) == "replica"
        assert choose_kernel(build("repulsive", (64, 64), three)) == "replica"
    assert choose_kernel(build("mixed", (64, 64))) == "replica"
    assert choose_kernel(build("free", (2, 2)), "lattice") == "lattice"


def test_lattice_kernel_refuses_what_has_no_auxiliary_field(build):
    for name in ("repulsive", "mixed"):
        with pytest.raises(InputError, match=r"kernel = 'lattice'.*choose kernel = 'replica'"):
            make_one(build(name, (4, 4)), "LS", 0, "metropolis", "lattice")


def test_names_are_checked(build):
    model = build("free", (4, 4))
    with pytest.raises(InputError, match="start = 'up': must be one of LS, HS"):
        make_one(model, "up", 0, "metropolis")
    with pytest.raises(InputError, match="dynamics = 'glauber': must be one of metropolis, heat-bath"):
        make_batches(model, "LS", 0, "glauber", "auto", 4, 1)
    with pytest.raises(InputError, match="kernel = 'gpu': must be one of auto, lattice, replica"):
        make_one(model, "LS", 0, "metropolis", "gpu")


@pytest.mark.parametrize(("kernel", "cls"), [("lattice", LatticeBatch), ("replica", ReplicaBatch)])
@pytest.mark.parametrize("n_replicas", [1, 2, 3, 8, 33, 70])
def test_groups_cover_the_replicas_whatever_the_threads(build, kernel, cls, n_replicas):
    model = build("free", (6, 6))
    grouped = {}
    for threads in (1, 2, 16):
        batches = make_batches(model, "random", 4, "metropolis", kernel, n_replicas, threads)
        assert all(type(batch) is cls for batch in batches)
        assert sum(batch.n_replicas for batch in batches) == n_replicas
        assert len({tuple(batch.key) for batch in batches}) == len(batches)
        grouped[threads] = np.concatenate([batch.codes() for batch in batches])
    assert np.array_equal(grouped[1], grouped[2])
    assert np.array_equal(grouped[1], grouped[16])
    if n_replicas > 1:
        assert len(np.unique(grouped[1].reshape(n_replicas, -1), axis=0)) == n_replicas


def test_every_kernel_has_one_compiled_version(build):
    """More would mean compiling again, tens of seconds, when a user changes an option."""
    for three in (True, False, "displacive"):
        for shape in ((4, 4), (3, 4, 5), (5, 2)):
            for name in ("free", "neighbours", "both", "mixed"):
                for kernel in KERNELS[1:] if name != "mixed" else ("replica",):
                    for dynamics in DYNAMICS if three != "displacive" else ("metropolis",):
                        model = build(name, shape, three)
                        batches = make_batches(model, "random", 2**40, dynamics, kernel, 5, 1)
                        for batch in [*batches, make_one(model, "LS", 0, dynamics, kernel, threads=2)]:
                            R = batch.n_replicas
                            control = Control(np.full(R, 300.0), np.zeros(R), np.zeros(R))
                            batch.advance(control, control, 0, 1, 1)
                            batch.advance(control, control, np.int64(1), np.int64(2), 4)
                            batch.sums()
                            batch.recount()
    for kernel in (
        lattice_kernel.sweeps_serial,
        lattice_kernel.sweeps_parallel,
        lattice_kernel.bond_sums,
        lattice_kernel.lane_sums,
        replica_kernel.replica_sweeps,
        replica_kernel.replica_bond_sums,
        displacive_kernel.displacive_serial,
        displacive_kernel.displacive_parallel,
        displacive_kernel.displacive_sums,
        displacive_replica_kernel.displacive_replica_sweeps,
        displacive_replica_kernel.displacive_replica_sums,
    ):
        assert len(kernel.signatures) == 1, kernel
