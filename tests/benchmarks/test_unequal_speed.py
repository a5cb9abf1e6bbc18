"""Sweeps of crystals whose sites differ, beside those of equal sites on the same order of visits."""

from dataclasses import replace

import numpy as np
import pytest

import mcsco
from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.engine.unequal_batch import UnequalBatch

SHAPE, SWEEPS = (32, 32), 50
EQUAL = mcsco.Model(
    mcsco.Lattice(SHAPE),
    mcsco.SpinCrossover(9.0, 50.0, 6.5),
    mcsco.OrderDisorder(),
    (mcsco.InfiniteRange(1.0, 3.0), mcsco.NearestNeighbours(0.1, 0.3)),
)
UNEQUAL = replace(
    EQUAL,
    second=mcsco.SpinCrossover(8.0, 50.0, 6.5),
    interactions=(*EQUAL.interactions, mcsco.Intramolecular(-0.5), mcsco.Sublattices(0.5)),
    disorder=mcsco.Disorder(enthalpy_spread=0.5),
)


@pytest.mark.parametrize("lanes", [8, 16, 32])
@pytest.mark.parametrize(("cls", "model"), [(ReplicaBatch, EQUAL), (UnequalBatch, UNEQUAL)], ids=["equal", "unequal"])
def test_sweeps(benchmark, cls, model, lanes):
    benchmark.group = f"{lanes} replicas of 32 x 32 molecules, {SWEEPS} sweeps"
    batch = cls(model, start_codes(model, "random", lanes, 1, 0), "metropolis", make_key(1, 0))
    control = Control(*(np.full(lanes, x) for x in (180.0, 0.0, 0.0)))

    def sweep():
        batch.advance(control, control, 0, SWEEPS, SWEEPS)

    benchmark.pedantic(sweep, rounds=15, warmup_rounds=1)
    batch.recount()
