"""What a molecule is: its two spin states, and its local ferroelastic distortion."""

from dataclasses import dataclass

from mcsco import units
from mcsco.errors import check_real


@dataclass(frozen=True)
class SpinCrossover:
    """Two spin states, LS (σ = −1) and HS (σ = +1), of an isolated molecule.

    A HS molecule costs ``ΔH + P ΔV`` and carries the statistical weight ``g = exp(ΔS/R)``.

    Parameters
    ----------
    enthalpy : float
        ΔH(LS → HS), kJ/mol.
    entropy : float
        ΔS(LShs → HSls), J/(mol K), for one variant of the distortion; not negative.
    volume : float
        ΔV(LS → HS), cm3/mol.
    """

    enthalpy: float
    entropy: float
    volume: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "enthalpy", check_real("enthalpy", self.enthalpy, unit="kJ/mol"))
        object.__setattr__(self, "entropy", check_real("entropy", self.entropy, minimum=0.0, unit="J/(mol K)"))
        object.__setattr__(self, "volume", check_real("volume", self.volume, unit="cm3/mol"))

    @property
    def ln_g(self) -> float:
        """Ln g = ΔS/R."""
        return self.entropy / units.R


@dataclass(frozen=True)
class OrderDisorder:
    """Distortion u = 0 in LS and u = ±1 in HS: three states a site, the limit of a strong local coupling.

    The spin, HS or LS, fixes ``u² = n``, so that the high-symmetry HS phase has the entropy R ln 2 more
    than a single variant (Blume, Emery and Griffiths, DOI 10.1103/PhysRevA.4.1071).
    """


Distortion = OrderDisorder
"""Every kind of distortion that a model can have."""
