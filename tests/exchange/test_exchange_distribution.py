"""Swaps against exhaustive enumeration: every rung has Boltzmann's distribution over all configurations.

The same test rejects swaps that are known to be wrong.
"""

from typing import NamedTuple

import naive
import numpy as np
import pytest

from mcsco.engine.batch import start_codes
from mcsco.engine.exchange import Exchange
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.model import (
    InfiniteRange,
    Lattice,
    LongRange,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
)
from mcsco.units import KELVIN, R

LADDERS, RUNGS = 1024, 4
LN_G = 3.0


class Ladder(NamedTuple):
    """First and last temperature (K), pressure (GPa) and field (kJ/mol)."""

    T: tuple[float, float] = (300.0, 300.0)
    P: tuple[float, float] = (0.0, 0.0)
    h: tuple[float, float] = (0.0, 0.0)

    def points(self):
        """Every rung."""
        return np.stack([np.linspace(*ends, RUNGS) for ends in self], axis=1)


LADDERS_OF = {
    "temperature": Ladder(T=(180.0, 420.0), P=(0.05, 0.05), h=(0.2, 0.2)),
    "pressure": Ladder(P=(-0.1, 0.15)),
    "field": Ladder(h=(-0.6, 0.9), P=(0.03, 0.03)),
}


def build(shape=(2, 3), three=True, far=False):
    spin = SpinCrossover((150.0 + LN_G * 300.0) * KELVIN, LN_G * R, 10.0)
    terms = [
        NearestNeighbours(20.0 * KELVIN, 50.0 * KELVIN * three),
        InfiniteRange(60.0 * KELVIN, 120.0 * KELVIN * three),
    ]
    if far:
        terms.append(LongRange((((0, 1), 40.0 * KELVIN), ((1, 1), -25.0 * KELVIN)), of="distortion"))
    return Model(Lattice(shape), spin, OrderDisorder() if three else None, tuple(terms))


def make(cls, model, ladder, every=1, compiled=True, seed=3):
    codes = start_codes(model, "random", LADDERS * RUNGS, seed, 0)
    batch = cls(model, codes, "metropolis", make_key(seed, 0))
    return Exchange(batch, ladder.points(), every, compiled)


def counts_of(exchange, model, rounds, thin):
    """How often every configuration was met on every rung; rows are rungs."""
    n_states = len(naive.values(model)) ** model.lattice.n_sites
    counts = np.zeros((RUNGS, n_states), dtype=np.int64)
    exchange.advance(60)
    for _ in range(rounds):
        exchange.advance(thin)
        label = naive.label(model, exchange.batch.codes())
        np.add.at(counts, (exchange.rung, label), 1)
    return counts


def p_values(exchange, model, ladder, rounds=40, thin=12):
    counts = counts_of(exchange, model, rounds, thin)
    found = []
    for row, (T, P, h) in zip(counts, ladder.points(), strict=True):
        found.append(naive.chi_squared(row, naive.boltzmann(model, T, P, h)))
    return np.array(found)


@pytest.mark.parametrize("control", LADDERS_OF)
@pytest.mark.parametrize(
    ("cls", "three", "compiled"),
    [(LatticeBatch, True, True), (ReplicaBatch, True, True), (LatticeBatch, False, True), (ReplicaBatch, False, False)],
)
def test_every_rung_has_its_boltzmann_distribution(cls, three, compiled, control):
    ladder = LADDERS_OF[control]
    if not three:
        if control == "field":
            pytest.skip("a field acts on the distortion")
        ladder = ladder._replace(h=(0.0, 0.0))
    model = build(three=three)
    exchange = make(cls, model, ladder, compiled=compiled)
    assert np.all(p_values(exchange, model, ladder) > 1e-4)
    assert np.all(exchange.counts.accepted < exchange.counts.attempts)
    assert exchange.counts.passages.sum() > 10 * LADDERS  # configurations do go round


def test_gaussian_fields_of_long_range():
    ladder = LADDERS_OF["temperature"]
    model = build((2, 2), far=True)
    exchange = make(FieldBatch, model, ladder)
    assert np.all(p_values(exchange, model, ladder, rounds=20) > 1e-4)


def test_fields_that_outlive_the_swap_are_refused():
    model = build((2, 2), far=True)
    batch = FieldBatch(model, start_codes(model, "LS", 4, 1, 0), "metropolis", make_key(1, 0))
    batch.fields_every = 3
    with pytest.raises(ValueError, match="exchange_every = 4: must be a multiple of 3"):
        Exchange(batch, LADDERS_OF["temperature"].points(), 4)
    Exchange(batch, LADDERS_OF["temperature"].points(), 6)


def wrong_sign(exchange):
    exchange._beta = -exchange._beta


def entropy_in_the_energy(exchange):
    """H − T ln g Σn of each lane at its own rung in place of H, a mistake that is easily made."""
    right = exchange.quantities

    def quantities():
        x = right().copy()
        x[:, 0] -= LN_G * exchange.points[exchange.rung, 0] * exchange.batch.running[:, 0]
        return x

    exchange.quantities = quantities


def no_field_term(exchange):
    exchange._beta[:, 2] = 0.0


def work_forgotten(exchange):
    exchange._beta[:, 1] = 0.0


@pytest.mark.parametrize(
    ("mistake", "control"),
    [
        (wrong_sign, "temperature"),
        (entropy_in_the_energy, "temperature"),
        (no_field_term, "field"),
        (work_forgotten, "pressure"),
    ],
)
def test_wrong_swaps_are_seen(mistake, control):
    ladder, model = LADDERS_OF[control], build()
    exchange = make(LatticeBatch, model, ladder, compiled=False)
    mistake(exchange)
    assert p_values(exchange, model, ladder, rounds=20, thin=4).min() < 1e-6
