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
