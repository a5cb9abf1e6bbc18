"""Landau potential of a spin crossover coupled to a symmetry breaking."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.landau import critical, equilibrium, stretches, transitions
from mcsco.landau.arrays import Array, Values, arrays, check_temperatures, plain
from mcsco.landau.curve import Branch, find_branches

if TYPE_CHECKING:
    from mcsco.landau.fit import Fit

_POSITIVE = ("a1", "C", "b", "T_sc")


class Unit(NamedTuple):
    """One Landau unit of energy."""

    kelvin: float
    """Per molecule, divided by k_B; K."""
    joule_per_mole: float
    """Per mole of molecules; J/mol."""


@dataclass(frozen=True)
class Potential:
    """Landau potential of the spin crossover q coupled to the symmetry-breaking distortion η, per molecule.

    ``G(q, η; T) = a1 (T_sc − T) q + (B/2) q² + (C/4) q⁴ + (a0/2)(T − T_c) η² + (b/4) η⁴ + D q η² + (E/2) q² η²``

    with −1 ≤ q ≤ 1, where q = −1 is fully LS and q = +1 fully HS. The bounds belong to the model: where G
    falls towards one of them, the bound itself is a minimum (the crystal is saturated). Eq. (3) of
    Valverde-Muñoz et al., Mater. Horiz. 12, 1463 (2025), DOI 10.1039/d4mh01318b; B = a0 = 0 is their eq. (4).

    Energies are in Landau units (`unit` converts them), temperatures in K, q and η are dimensionless. Only η²
    enters; the η returned is the non-negative one of the two domains ±η. Temperatures that do not exist, and
    states on a branch that does not exist, are nan. Every method that takes a temperature takes an array too,
    unless it says "one temperature".

    Parameters
    ----------
    a1 : float
        Half the entropy of LS → HS, energy/K; positive.
    C, b : float
        Quartic coefficients of q and η; positive.
    D, E : float
        Couplings q η² and q² η²; negative ones let the HS state distort.
    T_sc : float
        Spin-crossover temperature of the uncoupled system, K; positive.
    B : float
        Quadratic coefficient of q; negative is a first-order spin crossover even without distortion.
    a0 : float
        Entropy of the distortion, energy/K.
    T_c : float
        Temperature at which the distortion alone would soften at q = 0, K; of no effect if a0 = 0.

    Raises
    ------
    InputError
        If a parameter is not a finite number or breaks its rule.

    Examples
    --------
    >>> from mcsco.landau import Potential
    >>> p = Potential(a1=0.6, C=35, b=10, D=-6.5, E=-12.2, T_sc=235)
    >>> T_down, T_up = p.spinodals()
    >>> print(f"{T_down:.3f} {p.maxwell_temperature():.3f} {T_up:.3f}")
    214.573 226.486 235.000
    """

    a1: float
    C: float
    b: float
    D: float
    E: float
    T_sc: float
    B: float = 0.0
    a0: float = 0.0
    T_c: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            above = 0.0 if field.name in _POSITIVE else None
            unit = "K" if field.name in ("T_sc", "T_c") else ""
            value = check_real(field.name, getattr(self, field.name), above=above, unit=unit)
            object.__setattr__(self, field.name, value)

    @classmethod
    def from_fit(cls, fit: Fit) -> Potential:
        """The potential of a fit, in kJ/mol per molecule.

        Raises
        ------
        InputError
            If a fitted a1, C, b or T_sc is not positive: the data then know no lower bound of G, or no LS state.
        """
        values = {name: coefficient.value for name, coefficient in fit.coefficients.items()}
        bad = [name for name in _POSITIVE if not values[name] > 0]
        if bad:
            raise InputError(
                f"fitted {bad[0]} = {values[bad[0]]:.4g}: must be greater than 0 for a potential; widen the window, or "
                "fix coefficients that the data do not determine"
            )
        return cls(**values)

    # The potential itself

    def free_energy(self, q: npt.ArrayLike, eta: npt.ArrayLike, T: npt.ArrayLike) -> Values:
        """G(q, η; T) in Landau units; the arguments broadcast, and q is not clipped."""
        q, eta, T = arrays(q, eta, T)
        spin = self.a1 * (self.T_sc - T) * q + self.B / 2 * q**2 + self.C / 4 * q**4
        return plain(spin + self._A(q, T) * eta**2 + self.b / 4 * eta**4)

    def entropy(self, q: npt.ArrayLike, eta: npt.ArrayLike) -> Values:
        """S = −∂G/∂T = a1 q − (a0/2) η², Landau units per K."""
        q, eta = arrays(q, eta)
        return plain(self.a1 * q - self.a0 / 2 * eta**2)

    def eta(self, q: npt.ArrayLike, T: npt.ArrayLike) -> Values:
        """The η ≥ 0 that minimises G at fixed q: η² = max(0, −2A/b), A = (a0/2)(T − T_c) + D q + (E/2) q²."""
        q, T = arrays(q, T)
        return plain(np.sqrt(np.maximum(-2.0 / self.b * self._A(q, T), 0.0)))

    def effective_free_energy(self, q: npt.ArrayLike, T: npt.ArrayLike) -> Values:
        """G_eff(q; T) = min_η G(q, η; T), Landau units: a piecewise quartic polynomial in q."""
        return self.free_energy(q, self.eta(q, T), T)

    def slope(self, q: npt.ArrayLike, T: npt.ArrayLike) -> Values:
        """∂G_eff/∂q at fixed T, Landau units."""
        q, T = arrays(q, T)
        ordered = 2.0 / self.b * np.minimum(self._A(q, T), 0.0) * (self.D + self.E * q)
        return plain(self.a1 * (self.T_sc - T) + (self.B + self.C * q**2) * q - ordered)

    def _A(self, q: Array, T: Array) -> Array:
        return self.a0 / 2 * (T - self.T_c) + (self.D + self.E / 2 * q) * q

    # Its minima

    @cached_property
    def branches(self) -> tuple[Branch, ...]:
        """Every branch of local minima in the order of rising q: LS first, HS last, steps between them.

        A branch is one minimum followed continuously in T from its ``cold`` end ``(q, T)`` to its ``hot`` end;
        it may pass through a second-order transition. A single branch means that nothing jumps. The ends may
        lie below 0 K.

        Raises
        ------
        InputError
            If ``a1 b + a0 (D + E q)`` is not positive for all −1 ≤ q ≤ 1: the entropy of the ordered phase
            would fall with q. Every method below needs the branches and raises likewise.
        """
        return find_branches(self)

    def branch(self, T: npt.ArrayLike, which: Literal["LS", "HS"]) -> tuple[Values, Values]:
        """(q, η) of the LS or the HS branch at `T`, both of the shape of `T`.

        The LS branch is the minimum followed on heating from low temperature up to and including T_up, the HS
        branch the one followed on cooling from high temperature down to and including T_down. Where a branch
        does not exist the result is (nan, nan). A potential in which nothing jumps has one branch with both
        names.
        """
        q, eta = equilibrium.follow(self, check_temperatures(T), self._named(which))
        return plain(q), plain(eta)

    def equilibrium(self, T: npt.ArrayLike) -> tuple[Values, Values]:
        """(q, η) of the lowest minimum of G at `T`."""
        q, eta = equilibrium.lowest(self, check_temperatures(T))
        return plain(q), plain(eta)

    def follow(self, T: npt.ArrayLike, along: transitions.Along = "heating") -> tuple[Values, Values]:
        """(q, η) that a crystal shows at `T` on "heating" from 0 K, on "cooling" from far above, or in "equilibrium".

        The two arms of the loop, ready to be drawn; at a jump, the state before it.
        """
        q, eta = transitions.state(self, check_temperatures(T), along)
        return plain(q), plain(eta)

    def minima(self, T: float) -> tuple[tuple[float, float], ...]:
        """(q, η) of every local minimum at one temperature, in the order of rising q."""
        t = check_temperatures(check_real("T", T, minimum=0.0, unit="K"))
        states = [equilibrium.follow(self, t, branch) for branch in self.branches]
        return tuple((float(q), float(eta)) for q, eta in states if not np.isnan(q))

    def saddle(self, T: npt.ArrayLike) -> tuple[Values, Values]:
        """(q, η) of the barrier between the LS and the HS branch at `T`, nan outside the loop.

        It is the highest maximum of G_eff(q) between the two minima, hence the pass of G(q, η).
        """
        q, eta = equilibrium.saddle(self, check_temperatures(T))
        return plain(q), plain(eta)

    def barriers(self, T: npt.ArrayLike) -> tuple[Values, Values]:
        """(G_LH, G_HL), heights of the saddle above the LS and the HS minimum, Landau units; nan outside the loop."""
        T = check_temperatures(T)
        top = self.free_energy(*equilibrium.saddle(self, T), T)
        up, down = top - self.free_energy(*self.branch(T, "LS"), T), top - self.free_energy(*self.branch(T, "HS"), T)
        return plain(np.maximum(up, 0.0)), plain(np.maximum(down, 0.0))

    # Its transitions

    def spinodals(self) -> tuple[float, float]:
        """(T_down, T_up), K: where the HS branch is lost on cooling and the LS branch on heating.

        (nan, nan) if nothing jumps. T_down alone is nan if the HS branch survives to 0 K.
        """
        return equilibrium.spinodals(self)

    def maxwell_temperature(self) -> float:
        """T_M, K, where the LS and the HS branch have the same G; nan if they never do."""
        return equilibrium.maxwell_temperature(self, self.branches[0], self.branches[-1])

    def entropy_jump(self, at: Literal["maxwell", "up", "down"] = "maxwell") -> float:
        """S_HS − S_LS at T_M, T_up or T_down, Landau units per K; nan if that temperature does not exist."""
        T_down, T_up = self.spinodals()
        known = {"maxwell": self.maxwell_temperature(), "up": T_up, "down": T_down}
        if at not in known:
            raise InputError(f"at = {at!r}: must be one of {', '.join(known)}")
        T = known[at]
        if np.isnan(T):
            return np.nan
        return float(self.entropy(*self.branch(T, "HS"))) - float(self.entropy(*self.branch(T, "LS")))

    def latent_heat(self) -> float:
        """T_M (S_HS − S_LS) at T_M, Landau units; nan if there is no T_M."""
        return self.maxwell_temperature() * self.entropy_jump("maxwell")

    def transitions(self, along: transitions.Along = "heating") -> tuple[transitions.Transition, ...]:
        """Every transition met on "heating" or "cooling" from branch to branch, or in "equilibrium", in that order.

        Heating and equilibrium are listed in the order of rising T, cooling of falling T, all above 0 K.
        """
        return transitions.path(self, along)

    def phase_sequence(self, along: Literal["heating", "equilibrium"] = "heating") -> str:
        """How the symmetry breaks on heating: "simultaneous", "sequential", "crossover" or "isosymmetric".

        simultaneous
            q and η jump together (first order).
        sequential
            η sets in continuously and apart from the spin crossover: before a jump of q inside the ordered
            phase, or after half conversion, out of HShs.
        crossover
            Nothing jumps: η sets in continuously, not after half conversion, and q goes on gradually; or there
            is no η at all.
        isosymmetric
            q jumps, but the symmetry does not break on the way.

        `along` tells whether metastable states are followed to their spinodals or left at T_M. The two can
        differ, because a continuous onset of η may lie above T_M.
        """
        return transitions.phase_sequence(self, along)

    def paraelastic_temperature(self) -> float:
        """Temperature of HSls → HShs, K; nan if the HS phase stays distorted, as it does for a0 = 0."""
        return stretches.paraelastic_temperature(self)

    def lshs_limit(self) -> float:
        """Lowest temperature of LShs, K: below it the LS phase distorts too; 0 if it never does.

        nan if there is no LShs.
        """
        return stretches.lshs_limit(self)

    def tricritical_B(self) -> float:
        """Value of B, the rest fixed, above which η sets in continuously; 2D²/b for a0 = 0."""
        return critical.tricritical_B(self)

    def tricritical_points(self) -> tuple[critical.CriticalPoint, ...]:
        """Tricritical points that a0 (T − T_c) can reach at the present B (see `mcsco.landau.critical`)."""
        return critical.tricritical_points(self)

    def isostructural_critical_point(self) -> critical.CriticalPoint | None:
        """Point in B and T, the rest fixed, at which the jump of q inside the ordered phase ends."""
        return critical.isostructural_critical_point(self)

    # Its scale

    def unit(self, entropy: float) -> Unit:
        """Size of the Landau unit of energy if LS → HS gains `entropy`, J/(mol K): u = ΔS/(2 a1 R) in K."""
        kelvin = check_real("entropy", entropy, above=0.0, unit="J/(mol K)") / (2.0 * self.a1 * units.R)
        return Unit(kelvin, kelvin * units.R)

    def rescaled(self, energy: float = 1.0, eta: float = 1.0) -> Potential:
        """The same potential with G multiplied by `energy` and η measured in units of `eta`.

        ``p.rescaled(p.unit(66.5).kelvin, float(p.eta(1, 300)))`` gives K per molecule and η = 1 in HS.
        Temperatures and q do not change.
        """
        u = check_real("energy", energy, above=0.0)
        s2 = check_real("eta", eta, above=0.0) ** 2
        return Potential(
            a1=self.a1 * u,
            C=self.C * u,
            b=self.b * u * s2**2,
            D=self.D * u * s2,
            E=self.E * u * s2,
            T_sc=self.T_sc,
            B=self.B * u,
            a0=self.a0 * u * s2,
            T_c=self.T_c,
        )

    def _named(self, which: str) -> Branch:
        if which not in ("LS", "HS"):
            raise InputError(f'branch = {which!r}: must be "LS" or "HS"')
        return self.branches[0 if which == "LS" else -1]
