"""The two instabilities alone: eqs. (1) and (2) of DOI 10.1039/d4mh01318b, in closed form.

The closed forms of the spin crossover carry a1 inside the fourth power, q = [a1 (T − T_sc)/C]^(1/3) and
G = −(3/4) {[a1 (T − T_sc)]⁴/C}^(1/3); one printing of the source paper has lost that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.landau.arrays import Array, Values, arrays, plain


@dataclass(frozen=True)
class SymmetryBreaking:
    """Second-order symmetry breaking, ``G(η; T) = (a0/2)(T − T_sb) η² + (b/4) η⁴``; eq. (1).

    Parameters
    ----------
    a0 : float
        Energy/K, not zero. Positive: η ≠ 0 below T_sb, the usual descending symmetry breaking. Negative: η ≠ 0
        above T_sb, and the entropy is higher there, as in any equilibrium on heating.
    b : float
        Positive.
    T_sb : float
        Transition temperature, K; positive.

    Raises
    ------
    InputError
        If a parameter breaks its rule.
    """

    a0: float
    b: float
    T_sb: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "a0", check_real("a0", self.a0))
        object.__setattr__(self, "b", check_real("b", self.b, above=0.0))
        object.__setattr__(self, "T_sb", check_real("T_sb", self.T_sb, above=0.0, unit="K"))
        if self.a0 == 0:
            raise InputError("a0 = 0: must not be zero, or there is no transition")

    def potential(self, eta: npt.ArrayLike, T: npt.ArrayLike) -> Values:
        """G(η; T), Landau units."""
        eta, T = arrays(eta, T)
        return plain(self.a0 / 2 * (T - self.T_sb) * eta**2 + self.b / 4 * eta**4)

    def eta(self, T: npt.ArrayLike) -> Values:
        """Equilibrium η ≥ 0, √(a0 (T_sb − T)/b) or 0."""
        return plain(np.sqrt(self._ordering(T) / self.b))

    def free_energy(self, T: npt.ArrayLike) -> Values:
        """Equilibrium G, −[a0 (T_sb − T)]²/(4b) or 0, Landau units."""
        return plain(-(self._ordering(T) ** 2) / (4 * self.b))

    def entropy(self, T: npt.ArrayLike) -> Values:
        """Equilibrium S = −(a0/2) η² = (a0²/2b)(T − T_sb) or 0, Landau units per K."""
        return plain(-self.a0 / (2 * self.b) * self._ordering(T))

    @property
    def heat_capacity_jump(self) -> float:
        """C_p of the ordered minus that of the disordered side at T_sb, T_sb a0²/(2b), Landau units per K."""
        return self.T_sb * self.a0**2 / (2 * self.b)

    def _ordering(self, T: npt.ArrayLike) -> Array:
        (T,) = arrays(T)
        return np.asarray(np.maximum(self.a0 * (self.T_sb - T), 0.0))


@dataclass(frozen=True)
class SpinConversion:
    """Isosymmetric spin crossover, ``G(q; T) = a1 (T_sc − T) q + (B/2) q² + (C/4) q⁴``, −1 ≤ q ≤ 1; eq. (2).

    Parameters
    ----------
    a1, C : float
        Positive.
    T_sc : float
        Temperature of half conversion, K; positive.
    B : float
        Negative: first order; 0: critical; positive: gradual.

    Raises
    ------
    InputError
        If a parameter breaks its rule.
    """

    a1: float
    C: float
    T_sc: float
    B: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            above = None if field.name == "B" else 0.0
            unit = "K" if field.name == "T_sc" else ""
            object.__setattr__(
                self, field.name, check_real(field.name, getattr(self, field.name), above=above, unit=unit)
            )

    def potential(self, q: npt.ArrayLike, T: npt.ArrayLike) -> Values:
        """G(q; T), Landau units."""
        q, T = arrays(q, T)
        return plain(self.a1 * (self.T_sc - T) * q + self.B / 2 * q**2 + self.C / 4 * q**4)

    def q(self, T: npt.ArrayLike) -> Values:
        """Equilibrium q, within ±1: the root of C q³ + B q = a1 (T − T_sc) on the side of the field.

        At T_sc itself 0, also for B < 0, where both ±√(−B/C) are in equilibrium.
        """
        x = self.a1 * (np.asarray(T, dtype=np.float64) - self.T_sc)
        if abs(self.B) < 1e-60 * self.C:  # too small to be told from 0, and its powers below would underflow
            return plain(np.clip(np.cbrt(x / self.C), -1.0, 1.0))
        scale = np.sqrt(abs(self.B) / (3 * self.C))
        y = np.abs(x) / (2 * self.C * scale**3)
        if self.B > 0:
            root = np.sinh(np.arcsinh(y) / 3)
        else:
            inside, outside = np.arccos(np.minimum(y, 1.0)), np.arccosh(np.maximum(y, 1.0))
            root = np.where(y < 1, np.cos(inside / 3), np.cosh(outside / 3))
        return plain(np.sign(x) * np.minimum(2 * scale * root, 1.0))

    def free_energy(self, T: npt.ArrayLike) -> Values:
        """Equilibrium G, Landau units; −(3/4) {[a1 (T − T_sc)]⁴/C}^(1/3) for B = 0 and abs(q) < 1."""
        (T,) = arrays(T)
        return plain(self.potential(np.where(self.T_sc == T, self.binodal, self.q(T)), T))

    def entropy(self, T: npt.ArrayLike) -> Values:
        """Equilibrium S = a1 q, Landau units per K."""
        return self.a1 * self.q(T)

    @property
    def binodal(self) -> float:
        """The q > 0 that coexists with −q at T_sc, √(−B/C), at most 1; 0 for B ≥ 0."""
        return float(min(np.sqrt(max(-self.B, 0.0) / self.C), 1.0))

    def spinodals(self) -> tuple[float, float]:
        """(T_down, T_up), K: T_sc ∓ 2 (−B/3)^(3/2)/(a1 √C); nan for B ≥ 0, and T_down where it is below 0 K.

        For B ≤ −3C both states are saturated when they are lost, and the distance from T_sc is −(B + C)/a1.
        """
        if self.B >= 0:
            return np.nan, np.nan
        reach = 2 * (-self.B / 3) ** 1.5 / np.sqrt(self.C) if self.B > -3 * self.C else -(self.B + self.C)
        T_down, T_up = float(self.T_sc - reach / self.a1), float(self.T_sc + reach / self.a1)
        return T_down if T_down > 0 else np.nan, T_up
