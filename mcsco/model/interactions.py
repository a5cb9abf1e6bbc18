"""What molecules do to one another: terms of the energy that add up."""

from dataclasses import dataclass
from typing import NamedTuple

from mcsco.errors import check_real


@dataclass(frozen=True)
class NearestNeighbours:
    """Nearest-neighbour coupling ``−J Σ_<ij> σ_i σ_j − K Σ_<ij> u_i u_j``, each bond once.

    Parameters
    ----------
    spin : float
        J, kJ/mol per bond; positive favours equal spin states.
    distortion : float
        K, kJ/mol per bond; positive favours equal distortions.
    """

    spin: float = 0.0
    distortion: float = 0.0

    def __post_init__(self) -> None:
        for name in ("spin", "distortion"):
            object.__setattr__(self, name, check_real(f"nearest-neighbour {name}", getattr(self, name), unit="kJ/mol"))


@dataclass(frozen=True)
class InfiniteRange:
    """Coupling of every molecule with every other, ``N [Γ γ(1−γ) − (K∞/2) η² − L γ η²]``.

    Γ is the cooperativity of Slichter and Drickamer (DOI 10.1063/1.1677511); in Ising language
    ``G = Γ/2`` multiplies ``−⟨σ⟩ Σσ``.

    Parameters
    ----------
    spin : float
        Γ, kJ/mol; positive is cooperative.
    distortion : float
        K∞, kJ/mol.
    mixed : float
        L, kJ/mol, the coupling of the HS fraction with the square of the distortion.
    """

    spin: float = 0.0
    distortion: float = 0.0
    mixed: float = 0.0

    def __post_init__(self) -> None:
        for name in ("spin", "distortion", "mixed"):
            object.__setattr__(self, name, check_real(f"infinite-range {name}", getattr(self, name), unit="kJ/mol"))


@dataclass(frozen=True)
class Intramolecular:
    """Coupling of the two centres of a molecule, ``−J_m Σ_molecules σ_a σ_b``, beside `NearestNeighbours`.

    It favours molecules in the mixed state HS-LS if negative (Bousseksou, Varret and Nasser,
    DOI 10.1051/jp1:1993191). The model needs a `second` centre.

    Parameters
    ----------
    spin : float
        J_m, kJ/mol per molecule.
    """

    spin: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "spin", check_real("intramolecular spin", self.spin, unit="kJ/mol"))


@dataclass(frozen=True)
class Sublattices:
    """Coupling of infinite range that tells the two sublattices apart, ``−N (Γ_s/4)(γ_a − γ_b)²``.

    Beside the Γ of `InfiniteRange` it gives molecules of the same sublattice the coupling Γ + Γ_s and those of
    different ones Γ − Γ_s: a Γ_s > Γ, or negative nearest-neighbour couplings, make crystals in which HS and LS
    alternate half-way through a two-step transition (Bousseksou, Varret and Nasser, DOI 10.1051/jp1:1993191).

    Parameters
    ----------
    spin : float
        Γ_s, kJ/mol per site; positive favours HS-LS order.
    """

    spin: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "spin", check_real("sublattices spin", self.spin, unit="kJ/mol"))


class Couplings(NamedTuple):
    """All interactions of a model added up; kJ/mol."""

    J: float
    """Nearest-neighbour spin coupling per bond."""
    K: float
    """Nearest-neighbour distortion coupling per bond."""
    Gamma: float
    """Infinite-range spin coupling Γ per site."""
    K_inf: float
    """Infinite-range distortion coupling K∞ per site."""
    L: float
    """Infinite-range mixed coupling per site."""
