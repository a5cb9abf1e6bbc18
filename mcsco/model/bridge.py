"""Lattice spins under one global strain: the bridge between a lattice and a Landau potential.

The spins have no positions, and the distortion is one number for the whole crystal, so that the energy per molecule is
a polynomial of q = ⟨σ⟩ and η, the very one of the Landau potential (Valverde-Muñoz et al., Mater. Horiz. 12, 1463
(2025), DOI 10.1039/d4mh01318b, eq. (4)). Molecules switch in rigid blocks, after the domains of Sorai and Seki,
J. Phys. Chem. Solids 35, 555 (1974). What a finite block adds is the mixing entropy of q; with infinite blocks nothing
is left but the polynomial between its bounds q = ±1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_integer, check_real
from mcsco.model.site import SpinCrossover


class LandauCoefficients(Protocol):
    """What a Landau potential tells of itself, in Landau units: `mcsco.landau.Potential` does."""

    @property
    def a1(self) -> float:
        """Half the entropy of LS → HS."""

    @property
    def T_sc(self) -> float:
        """Spin-crossover temperature, K."""

    @property
    def B(self) -> float:
        """Coefficient of q²/2."""

    @property
    def C(self) -> float:
        """Coefficient of q⁴/4."""

    @property
    def b(self) -> float:
        """Coefficient of η⁴/4."""

    @property
    def D(self) -> float:
        """Coefficient of q η²."""

    @property
    def E(self) -> float:
        """Coefficient of q² η²/2."""

    @property
    def a0(self) -> float:
        """Entropy of the distortion."""


class Coefficients(NamedTuple):
    """The energy per molecule in K, as engines and sums use it."""

    enthalpy: float
    """ΔH + P ΔV."""
    ln_g: float
    B: float
    C: float
    b: float
    D: float
    E: float


@dataclass(frozen=True)
class GlobalStrain:
    """Molecules of two spin states that share one distortion η of the whole crystal.

    The energy of N molecules with q = Σσ/N is

        H = N [ (ΔH + P ΔV) q/2 + (B/2) q² + (C/4) q⁴ + (b/4) η⁴ + D q η² + (E/2) q² η² ]

    measured from half conversion without strain; the weight of a configuration is ``g^(N q/2) exp(−H/RT)``, with a
    flat measure of η in (−∞, ∞). Blocks of `block_size` molecules switch together: N/n_d spins carry n_d times the
    energy and the entropy of one molecule.

    Parameters
    ----------
    spin : SpinCrossover
        ΔH, ΔS and ΔV of a molecule; ΔS must be positive.
    B, C : float
        Quadratic and quartic coefficient of q, kJ/mol, without the mixing entropy, which the blocks bring themselves.
    b : float
        Quartic coefficient of η, kJ/mol; positive.
    D, E : float
        Couplings q η² and q² η²/2, kJ/mol.
    block_size : int
        n_d, molecules of a rigid block.

    Raises
    ------
    InputError
        If a value breaks its rule.

    Examples
    --------
    >>> from mcsco import landau
    >>> from mcsco.model.bridge import GlobalStrain
    >>> model = GlobalStrain.matched(landau.load("source-paper"), entropy=66.5, block_size=10)
    >>> print(f"{model.spin.enthalpy:.3f} kJ/mol, B = {model.B:.3f} kJ/mol")
    15.628 kJ/mol, B = -0.195 kJ/mol
    """

    spin: SpinCrossover
    B: float
    C: float
    b: float
    D: float
    E: float
    block_size: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.spin, SpinCrossover):
            raise InputError(f"spin = {self.spin!r}: must be a SpinCrossover")
        check_real("entropy", self.spin.entropy, above=0.0, unit="J/(mol K)")
        for name in ("B", "C", "b", "D", "E"):
            value = check_real(name, getattr(self, name), above=0.0 if name == "b" else None, unit="kJ/mol")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "block_size", check_integer("block_size", self.block_size, minimum=1))

    @classmethod
    def raw(cls, potential: LandauCoefficients, entropy: float, block_size: int = 1) -> GlobalStrain:
        """The coefficients of a Landau potential taken as energies, whatever the mixing entropy adds to them.

        Parameters
        ----------
        potential : landau.Potential
            With ``a0 = 0``: an energy without temperature cannot hold the entropy of a distortion.
        entropy : float
            ΔS(LS → HS), J/(mol K); it fixes the Landau unit of energy u = ΔS/(2 a1).
        block_size : int
            n_d.
        """
        return cls._of(potential, entropy, block_size, None)

    @classmethod
    def matched(
        cls, potential: LandauCoefficients, entropy: float, block_size: int = 1, temperature: float | None = None
    ) -> GlobalStrain:
        """A model whose q² and q⁴ terms, mixing entropy included, are those of a Landau potential.

        The mixing entropy of blocks adds RT/n_d to B and RT/(3 n_d) to C (and terms of q⁶ and beyond, which stay),
        hence ``B = B_Landau − R T0/n_d`` and ``C = C_Landau − R T0/(3 n_d)``.

        Parameters
        ----------
        potential, entropy, block_size
            See `raw`.
        temperature : float, optional
            T0, K, at which they match; T_sc of the potential if not given.
        """
        T0 = potential.T_sc if temperature is None else temperature
        return cls._of(potential, entropy, block_size, check_real("temperature", T0, minimum=0.0, unit="K"))

    @classmethod
    def _of(cls, p: LandauCoefficients, entropy: float, block_size: int, T0: float | None) -> GlobalStrain:
        if p.a0 != 0:
            raise InputError(f"a0 = {p.a0!r}: a global strain has no entropy; give a potential with a0 = 0")
        n_d = check_integer("block_size", block_size, minimum=1)
        u = check_real("entropy", entropy, above=0.0, unit="J/(mol K)") / (2.0 * p.a1) / 1000.0  # kJ/mol
        mixing = 0.0 if T0 is None else units.KELVIN * T0 / n_d
        return cls(
            spin=SpinCrossover(enthalpy=2.0 * p.a1 * p.T_sc * u, entropy=entropy),
            B=p.B * u - mixing,
            C=p.C * u - mixing / 3.0,
            b=p.b * u,
            D=p.D * u,
            E=p.E * u,
            block_size=n_d,
        )

    def energy(self, q: npt.ArrayLike, eta: npt.ArrayLike, pressure: float = 0.0) -> npt.NDArray[np.float64]:
        """H/N in kJ/mol, without T ln g, of the broadcast shape of `q` and `eta`; `pressure` in GPa."""
        q, eta = np.asarray(q, dtype=np.float64), np.asarray(eta, dtype=np.float64)
        enthalpy = self.spin.enthalpy + units.pressure_work(pressure, self.spin.volume)
        spin = enthalpy / 2 * q + self.B / 2 * q**2 + self.C / 4 * q**4
        return np.asarray(spin + self.b / 4 * eta**4 + (self.D * q + self.E / 2 * q**2) * eta**2)

    def coefficients(self, pressure: float = 0.0) -> Coefficients:
        """Everything in K per molecule at `pressure` in GPa."""
        P = check_real("pressure", pressure, unit="GPa")
        enthalpy = self.spin.enthalpy + units.pressure_work(P, self.spin.volume)
        terms = (enthalpy, self.B, self.C, self.b, self.D, self.E)
        E, *rest = (units.kelvin_from_kj_mol(term) for term in terms)
        return Coefficients(E, self.spin.ln_g, *rest)

    def n_blocks(self, n_molecules: int) -> int:
        """N/n_d, or `InputError` if N is no multiple of the block size."""
        N = check_integer("n_molecules", n_molecules, minimum=1)
        if N % self.block_size:
            raise InputError(f"n_molecules = {N}: must be a multiple of the block size {self.block_size}")
        return N // self.block_size

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for files."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GlobalStrain:
        """The model of `to_dict`."""
        unknown = sorted(set(data) - {field.name for field in fields(cls)})
        if unknown:
            raise InputError(f"{unknown[0]} = {data[unknown[0]]!r}: is no part of a GlobalStrain; leave it out")
        return cls(**{**data, "spin": SpinCrossover(**data["spin"])})


class _SourcePaper(NamedTuple):
    a1: float = 0.6
    T_sc: float = 235.0
    B: float = 0.0
    C: float = 35.0
    b: float = 10.0
    D: float = -6.5
    E: float = -12.2
    a0: float = 0.0


def pmpea_bridge() -> GlobalStrain:
    """[Fe(PM-PEA)2(NCS)2]: the potential of the source paper at 235 K, molecule by molecule; loop 235.0/220.0 K.

    The coefficients of eq. (4) are those of Mater. Horiz. 12, 1463 (2025), DOI 10.1039/d4mh01318b, with
    ΔS = 66.5 J/(mol K) and n_d = 1. B = 2.53857 Landau units, zero in the paper, was solved from T_down = 220 K,
    because eq. (4) itself ends at 214.6 K and molecules with a mixing entropy at 216.3 K.
    """
    return GlobalStrain.matched(_SourcePaper(B=2.53857), entropy=66.5)
