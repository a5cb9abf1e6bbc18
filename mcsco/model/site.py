"""What a molecule is: its two spin states, and its local ferroelastic distortion."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True)
class Displacive:
    """Continuous distortion u: a stiff single well in LS, a double well in HS with its minima at u = ±1.

        V_HS(u) = ε (u² − 1)²,    V_LS(u) = κ u²/2 + ε u⁴

    The quartic term is the same, so that the two spin states differ by a coupling of n with u² alone. A large ε with
    a large κ leads to `OrderDisorder`. The measure of u is the same in both states: what a HS molecule gains by it
    comes on top of g (linear-quadratic coupling of spin and distortion, Mater. Horiz. 12, 1463 (2025),
    DOI 10.1039/d4mh01318b).

    Parameters
    ----------
    barrier : float
        ε, kJ/mol: the depth of the double well; positive.
    stiffness : float
        κ, kJ/mol: the curvature of the LS well; not negative.
    """

    barrier: float
    stiffness: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "barrier", check_real("barrier", self.barrier, above=0.0, unit="kJ/mol"))
        object.__setattr__(self, "stiffness", check_real("stiffness", self.stiffness, minimum=0.0, unit="kJ/mol"))

    def energy(self, n: npt.ArrayLike, u: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """V in kJ/mol of molecules with HS occupation n (0 or 1) and distortion u, of their common shape."""
        n, square = np.asarray(n, dtype=np.float64), np.asarray(u, dtype=np.float64) ** 2
        hs, ls = self.barrier * (square - 1.0) ** 2, (0.5 * self.stiffness + self.barrier * square) * square
        return np.asarray(n * hs + (1.0 - n) * ls)


Distortion = OrderDisorder | Displacive
"""Every kind of distortion that a model can have."""
