"""Small models and runs that the tests of sampling share."""

import pytest

from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R


@pytest.fixture(scope="session")
def build():
    """A crystal with every coupling that the chosen kernel can serve; T1/2 near 300 K, ΔV = 12 cm3/mol."""

    def make(shape=(6, 7), three=True, mixed=0.0):
        K = KELVIN * three
        return Model(
            Lattice(shape),
            SpinCrossover(1000 * KELVIN, 3.2 * R, 12.0),
            OrderDisorder() if three else None,
            (NearestNeighbours(20 * KELVIN, 40 * K), InfiniteRange(60 * KELVIN, 120 * K, mixed * K)),
        )

    return make
