"""What a mean field of two sublattices says about a crystal: one state, or a curve of them."""

from typing import NamedTuple

from mcsco.meanfield.potential import Array


class SublatticeState(NamedTuple):
    """A minimum of the free energy of two sublattices; energies per site of the lattice."""

    gamma_a: float
    """HS fraction of the molecules of the first sublattice."""
    gamma_b: float
    eta_a: float
    """Mean distortion of these molecules; 0 without distortion."""
    eta_b: float
    free_energy: float
    """kJ/mol."""
    enthalpy: float
    """kJ/mol."""
    entropy: float
    """J/(mol K)."""
    molecules: tuple[float, float, float, float]
    """Fractions of LS-LS, HS-LS, LS-HS and HS-HS (first centre first) among molecules that have both centres; nan
    without second centres."""

    def is_high_spin(self, sublattice: int) -> bool:
        """Whether more than half of the molecules of sublattice 0 (a) or 1 (b) are HS."""
        return (self.gamma_a, self.gamma_b)[sublattice] > 0.5

    @property
    def gamma(self) -> float:
        """HS fraction of all molecules."""
        return (self.gamma_a + self.gamma_b) / 2

    @property
    def eta(self) -> float:
        """Mean distortion of all molecules."""
        return (self.eta_a + self.eta_b) / 2


class SublatticeCurve(NamedTuple):
    """A minimum followed while temperature or pressure change; the fields of `SublatticeState` as arrays."""

    temperature: Array
    """K."""
    pressure: Array
    """GPa."""
    gamma: Array
    gamma_a: Array
    gamma_b: Array
    eta_a: Array
    eta_b: Array
    free_energy: Array
    enthalpy: Array
    entropy: Array
    molecules: Array
    """LS-LS, HS-LS, LS-HS, HS-HS; shape (n, 4)."""
