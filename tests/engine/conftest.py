"""Models of every kind, in kelvin per molecule, for all tests of the engine."""

import pytest

from mcsco.model import Displacive, InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R

COUPLINGS = {  # J, K, Γ, K∞, L in K
    "free": (0, 0, 0, 0, 0),
    "neighbours": (30, 60, 0, 0, 0),
    "frustrated": (-30, -50, 0, 0, 0),
    "far": (0, 0, 120, 250, 0),
    "both": (20, 40, 80, 150, 0),
    "repulsive": (10, 20, -150, -200, 0),
    "mixed": (15, 30, -60, 100, 150),
}


@pytest.fixture(scope="session")
def build():
    """Make a model with couplings of the given name; ΔH − T ln g is 100 K at 300 K, ΔV is 12 cm3/mol.

    `three` may also be ``"displacive"``.
    """

    def make(name, shape, three=True):
        J, K, Gamma, K_inf, L = (E * KELVIN for E in COUPLINGS[name])
        if not three:
            K, K_inf, L = 0.0, 0.0, 0.0
        return Model(
            Lattice(shape),
            SpinCrossover(1000 * KELVIN, 3 * R, 12.0),
            Displacive(600 * KELVIN, 4000 * KELVIN) if three == "displacive" else OrderDisorder() if three else None,
            (NearestNeighbours(J, K), InfiniteRange(Gamma, K_inf, L)),
        )

    return make
