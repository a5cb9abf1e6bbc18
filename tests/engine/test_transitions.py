"""One sweep from a given configuration: its outcomes follow the product of the exact transition matrices on 2x2."""

import naive
import numpy as np
import pytest

from mcsco.engine import Control
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.model import Lattice, Model, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R

LANES, T = 200_000, 300.0
STARTS = {
    True: [(0, 0, 0, 0), (1, -1, 0, 1), (1, 1, 1, 1), (-1, 0, 0, 1)],
    False: [(0, 0, 0, 0), (1, 0, 0, 1), (1, 1, 1, 0)],
}


def outcomes(cls, model, codes, dynamics, seed):
    """Counts of every configuration after one sweep of many replicas that all start from `codes`."""
    everywhere = np.ascontiguousarray(np.broadcast_to(np.int8(codes).reshape(2, 2), (LANES, 2, 2)))
    batch = cls(model, everywhere, dynamics, make_key(seed, 0))
    control = Control(np.full(LANES, T), np.zeros(LANES), np.zeros(LANES))
    batch.advance(control, control, 0, 1, 1)
    return np.bincount(naive.label(model, batch.codes()), minlength=len(naive.configurations(model))), batch.key


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", ["neighbours", "both", "repulsive", "mixed"])
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
def test_replica_kernel(build, three, name, dynamics):
    """All replicas visit the same four sites, drawn with replacement; the matrices are multiplied in that order."""
    model = build(name, (2, 2), three)
    probabilities = naive.boltzmann(model, T)
    for seed, codes in enumerate(STARTS[three]):
        counts, key = outcomes(ReplicaBatch, model, codes, dynamics, seed)
        row = np.eye(len(counts))[naive.label(model, np.array([codes]))[0]]
        for word in naive.words(4, 0, 0, naive.ORDER, key):
            lazy = 15 / 16 if dynamics == "metropolis" and not three else 1.0
            row = row @ naive.site_matrix(model, probabilities, int(word) * 4 >> 32, dynamics, lazy)
        assert naive.chi_squared(counts, row) > 1e-4


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", ["free", "neighbours", "far", "both"])
def test_lattice_kernel(build, name, dynamics):
    """First the sites (0,0) and (1,1), then the others; before each pass the auxiliary fields are drawn anew."""
    model = build(name, (2, 2))
    passes = [naive.pass_matrix(model, sites, dynamics, T) for sites in ((0, 3), (1, 2))]
    for seed, codes in enumerate(STARTS[True]):
        counts, _ = outcomes(LatticeBatch, model, codes, dynamics, seed)
        row = passes[0][naive.label(model, np.array([codes]))[0]] @ passes[1]
        assert naive.chi_squared(counts, row) > 1e-4
        if name in ("far", "both"):
            frozen = [naive.pass_matrix(model, sites, dynamics, T, noise=0.0, n_nodes=1) for sites in ((0, 3), (1, 2))]
            wrong = frozen[0][naive.label(model, np.array([codes]))[0]] @ frozen[1]
            assert naive.chi_squared(counts, wrong) < 1e-6


@pytest.mark.parametrize("name", ["free", "neighbours"])
@pytest.mark.parametrize(("dynamics", "lazy"), [("metropolis", 15 / 16), ("heat-bath", 1.0)])
def test_lattice_kernel_with_plain_spins(build, name, dynamics, lazy):
    """Metropolis flips are taken 15 times of 16 at most, so that free molecules at T1/2 mix."""
    model = build(name, (2, 2), three=False)
    probabilities = naive.boltzmann(model, T)
    for seed, codes in enumerate(STARTS[False]):
        counts, _ = outcomes(LatticeBatch, model, codes, dynamics, seed)
        row = np.eye(len(counts))[naive.label(model, np.array([codes]))[0]]
        for site in (0, 3, 1, 2):
            row = row @ naive.site_matrix(model, probabilities, site, dynamics, lazy)
        assert naive.chi_squared(counts, row) > 1e-4


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("gap", [-5.0, -3.0, -0.5, 0.0, 0.5, 3.0, 5.0])
def test_rates_of_a_free_molecule(three, dynamics, gap):
    """LS → HS and HS → LS with the ratio exp(−gap) of their weights, also where a rate is close to 1."""
    model = Model(
        Lattice((16, 16)), SpinCrossover((gap + 3.0) * T * KELVIN, 3.0 * R), OrderDisorder() if three else None
    )
    control = Control(np.full(4096, T), np.zeros(4096), np.zeros(4096))
    moved = []
    for seed, code in enumerate((0, 1)):
        batch = LatticeBatch(model, np.full((4096, 16, 16), code, dtype=np.int8), dynamics, make_key(seed, 0))
        batch.advance(control, control, 0, 1, 1)
        moved.append(np.count_nonzero(batch.codes() == 1 - code))
    up, down = moved
    n = 4096 * 256
    ratio = np.exp(-gap)
    error = np.sqrt(up * (1 - up / n) + ratio**2 * down * (1 - down / n))
    assert abs(up - ratio * down) < 4.5 * error
