"""Models in the notation of the calibration tables, energies in K."""

import pytest

from mcsco.model import InfiniteRange, Lattice, Model, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R


@pytest.fixture(scope="session")
def three_state():
    """Model of the energy Δn − J n²/2 − K m²/2 − L n m² (K per molecule), times `block` for rigid blocks."""

    def build(Delta, ln_g, J, K, L, block=1):
        unit = KELVIN * block
        return Model(
            Lattice((8, 8)),
            SpinCrossover((Delta - J / 2) * unit, ln_g * R * block),
            OrderDisorder(),
            (InfiniteRange(J / 2 * unit, K * unit, L * unit),),
        )

    return build


@pytest.fixture(scope="session")
def plain():
    """Slichter-Drickamer model of ΔH and Γ in kJ/mol, ΔS in J/(mol K)."""

    def build(enthalpy, entropy, Gamma, volume=0.0):
        return Model(
            Lattice((8, 8)), SpinCrossover(enthalpy, entropy, volume), interactions=(InfiniteRange(spin=Gamma),)
        )

    return build
