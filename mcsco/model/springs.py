"""Molecules as spheres of two sizes joined by springs: the mechano-elastic model of spin-crossover crystals.

With the bond vectors e_b of the perfect lattice and displacements w from it,

    H_el = Σ_b (k_b/2) (|r_i − r_j| − ℓ_b)²   ≈   Σ_b (k_b/2) (a_b + e_b·(w_j − w_i + ε·Δ_b) − ℓ_b)²
    ℓ_b = R_i + R_j  on nearest-neighbour bonds,   √2 [R_i (1 ± e u_i) + R_j (1 ± e u_j)]  on the diagonals

(Nishino et al., arXiv:0706.4135; Enachescu et al., DOI 10.1209/0295-5075/91/27003). a_b is the length
and Δ_b the vector of bond b in a lattice of spacing a, and ε the homogeneous strain, which is free along periodic axes
under constant pressure, zero along clamped ones, and part of w along open ones. The distortion u makes the diagonal of
the plane of the first and the last axis that runs up both longer (+), and the other one shorter (−).

The right-hand side, linear elasticity, is the model unless the springs are `anharmonic`: then it is the left one, with
r = (1 + ε) a x + w of the site x. A lattice of nearest-neighbour springs k₁ and diagonal
springs k₂ has, in 2-D and per layer of thickness t, C11 = (k₁+k₂)/t, C12 = C44 = k₂/t; in 3-D C11 = (k₁+2k₂)/a, C12 =
C44 = k₂/a. 1 N/m is 6.022 kJ/(mol Å2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.model.crystal import Crystal
from mcsco.model.interactions import NearestNeighbours
from mcsco.model.site import OrderDisorder, SpinCrossover
from mcsco.model.state import State

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Springs:
    """Springs between nearest and next-nearest neighbours, whose rest lengths follow the sizes of the molecules.

    Parameters
    ----------
    stiffness_nearest, stiffness_diagonal : float
        k₁ and k₂, kJ/(mol Å2), positive; both are needed for a lattice that resists shear.
    radius_LS, radius_HS : float
        R of a LS and of a HS molecule, Å.
    shear : float
        e, shear strain ε_13 (ε_12 in 2-D) of a crystal of HS molecules with u = 1.
    lattice_spacing : float, optional
        a, Å, of the reference lattice; R_LS + R_HS by default. It matters for clamped crystals, whose lengths are
        multiples of it, and as the origin of the displacements.
    anharmonic : bool
        Whether bonds stretch by their true distance |r_i − r_j|. By default they do so to first order in the
        displacements, which lets the sampler integrate these out.

    Raises
    ------
    InputError
        If a value breaks its rule.
    """

    stiffness_nearest: float
    stiffness_diagonal: float
    radius_LS: float
    radius_HS: float
    shear: float = 0.0
    lattice_spacing: float | None = None
    anharmonic: bool = False

    def __post_init__(self) -> None:
        for name, unit in (
            ("stiffness_nearest", "kJ/(mol Å2)"),
            ("stiffness_diagonal", "kJ/(mol Å2)"),
            ("radius_LS", "Å"),
            ("radius_HS", "Å"),
        ):
            object.__setattr__(self, name, check_real(name, getattr(self, name), above=0.0, unit=unit))
        object.__setattr__(self, "shear", check_real("shear", self.shear))
        if self.lattice_spacing is not None:
            a = check_real("lattice_spacing", self.lattice_spacing, above=0.0, unit="Å")
            object.__setattr__(self, "lattice_spacing", a)
        if not isinstance(self.anharmonic, bool):
            raise InputError(f"anharmonic = {self.anharmonic!r}: must be True (true distances) or False (linear)")

    @property
    def spacing(self) -> float:
        """Spacing a of the reference lattice, Å: as given, or R_LS + R_HS."""
        return self.radius_LS + self.radius_HS if self.lattice_spacing is None else self.lattice_spacing

    def stiffness(self, crystal: Crystal) -> Array:
        """k_b of every bond, kJ/(mol Å2), shape (B,)."""
        return np.where(crystal.bonds.is_nearest, self.stiffness_nearest, self.stiffness_diagonal)

    def rest_lengths(self, crystal: Crystal, state: State) -> Array:
        """ℓ_b of every bond, Å, shape (B,); `state` holds one value a molecule."""
        bonds = crystal.bonds
        sign = shear_sign(crystal)
        R = np.where(np.asarray(state.spin) > 0, self.radius_HS, self.radius_LS)
        u = np.asarray(state.distortion, dtype=np.float64)
        ends = [R[end] * (1.0 + sign * self.shear * u[end]) for end in (bonds.first, bonds.second)]
        return np.asarray(bonds.length * (ends[0] + ends[1]))

    def vectors(self, crystal: Crystal, displacement: npt.ArrayLike, strain: npt.ArrayLike | None = None) -> Array:
        """Vectors r_j − r_i of all bonds, Å, shape (B, d); arguments as in `elastic_energy`."""
        w = np.asarray(displacement, dtype=np.float64)
        given = np.zeros((crystal.n_dimensions,) * 2) if strain is None else np.asarray(strain, dtype=np.float64)
        bonds = crystal.bonds
        return np.asarray(w[bonds.second] - w[bonds.first] + self.spacing * (bonds.offset + bonds.offset @ given.T))

    def lengths(self, crystal: Crystal, displacement: npt.ArrayLike, strain: npt.ArrayLike | None = None) -> Array:
        """Lengths of all bonds, Å, shape (B,): true distances if `anharmonic`, else to first order in w and ε."""
        vectors = self.vectors(crystal, displacement, strain)
        if self.anharmonic:
            return np.asarray(np.sqrt(np.sum(vectors**2, axis=1)))
        return np.asarray(np.sum(crystal.bonds.direction * vectors, axis=1))

    def elastic_energy(
        self, crystal: Crystal, state: State, displacement: npt.ArrayLike, strain: npt.ArrayLike | None = None
    ) -> float:
        """H_el in kJ/mol of the whole crystal at given displacements.

        Parameters
        ----------
        crystal : Crystal
        state : State
            One spin and one distortion a molecule.
        displacement : array, shape (N, d)
            w from the reference lattice, Å, components in the order of the crystal's axes.
        strain : array, shape (d, d), optional
            ε of the periodic axes; zero by default.
        """
        misfit = self.lengths(crystal, displacement, strain) - self.rest_lengths(crystal, state)
        return float(np.sum(self.stiffness(crystal) / 2 * misfit**2))

    def relaxed_energy(self, crystal: Crystal, state: State) -> float:
        """Minimum of H_el over displacements and free strains, kJ/mol, by dense least squares (N up to about 1000).

        Anharmonic springs are relaxed from the minimum of the linear ones (N up to about 200).
        """
        rows = _stretches(crystal, self.spacing, crystal.bonds.direction)
        root = np.sqrt(self.stiffness(crystal))
        misfit = root * (self.rest_lengths(crystal, state) - self.spacing * crystal.bonds.length)
        best = np.asarray(np.linalg.lstsq(root[:, None] * rows, misfit, rcond=None)[0], dtype=np.float64)
        if self.anharmonic:
            return self._relax(crystal, state, best)
        return float(np.sum((misfit - root * (rows @ best)) ** 2) / 2)

    def _relax(self, crystal: Crystal, state: State, best: Array) -> float:
        from scipy import optimize

        N, d, pairs = crystal.n_molecules, crystal.n_dimensions, free_strains(crystal)
        root, rest = np.sqrt(self.stiffness(crystal)), self.rest_lengths(crystal, state)

        def vectors(x: Array) -> Array:
            strain = np.zeros((d, d))
            for (a, b), value in zip(pairs, x[N * d :], strict=True):
                strain[a, b] = strain[b, a] = value
            return self.vectors(crystal, x[: N * d].reshape(N, d), strain)

        def misfit(x: Array) -> Array:
            return np.asarray(root * (np.linalg.norm(vectors(x), axis=1) - rest))

        def slope(x: Array) -> Array:
            v = vectors(x)
            direction = v / np.linalg.norm(v, axis=1, keepdims=True)
            return root[:, None] * _stretches(crystal, self.spacing, direction)

        return float(optimize.least_squares(misfit, best, slope, ftol=1e-14, xtol=1e-14, gtol=1e-12).cost)


@dataclass(frozen=True)
class SpringModel:
    """A spin-crossover crystal held together by springs: what its energy is.

    Parameters
    ----------
    crystal : Crystal
    spin : SpinCrossover
        Its volume gives the work P ΔV of each HS molecule; pressure does not act on the springs.
    springs : Springs
    distortion : OrderDisorder or None
    interactions : sequence of NearestNeighbours
        Direct couplings beside the springs; others are refused.

    Raises
    ------
    InputError
        If a part has the wrong type, or the distortion is coupled although there is none.
    """

    crystal: Crystal
    spin: SpinCrossover
    springs: Springs
    distortion: OrderDisorder | None = None
    interactions: tuple[NearestNeighbours, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in (("crystal", Crystal), ("spin", SpinCrossover), ("springs", Springs)):
            if not isinstance(getattr(self, name), kind):
                raise InputError(f"{name} = {getattr(self, name)!r}: must be a {kind.__name__}")
        if self.distortion is not None and not isinstance(self.distortion, OrderDisorder):
            raise InputError(f"distortion = {self.distortion!r}: must be OrderDisorder() or None")
        given = self.interactions
        terms = tuple(given) if isinstance(given, list | tuple) else (given,)
        for term in terms:
            if not isinstance(term, NearestNeighbours):
                raise InputError(f"interaction = {term!r}: must be NearestNeighbours; the springs carry the long range")
        object.__setattr__(self, "interactions", terms)
        if self.distortion is None and (self.springs.shear or self.couplings[1]):
            raise InputError("springs, interactions: couple the distortion, but there is none; give OrderDisorder()")
        if self.springs.shear and self.crystal.n_dimensions == 1:
            raise InputError(f"shear = {self.springs.shear!r}: a chain has no diagonals; leave it at 0")

    @cached_property
    def couplings(self) -> tuple[float, float]:
        """Nearest-neighbour J and K, kJ/mol per bond."""
        return sum(term.spin for term in self.interactions), sum(term.distortion for term in self.interactions)

    def energy(
        self,
        state: State,
        pressure: float = 0.0,
        field: float = 0.0,
        displacement: npt.ArrayLike | None = None,
        strain: npt.ArrayLike | None = None,
    ) -> float:
        """H of a configuration, kJ/mol for the whole crystal, at given displacements or else with relaxed springs.

        With relaxed springs thermal vibrations are left out; to linear springs they add RT/2 a mode, whatever the
        configuration. The entropy −T ln g Σn never counts. `displacement` and `strain`: see `Springs.elastic_energy`.
        """
        sigma, u = (np.asarray(part, dtype=np.float64) for part in state)
        if sigma.shape != (self.crystal.n_molecules,) or u.shape != sigma.shape:
            raise InputError(f"state has shape {sigma.shape}: must have one entry for each molecule")
        n = (1.0 + sigma) / 2.0
        J, K = self.couplings
        near = self.crystal.bonds.is_nearest
        i, j = self.crystal.bonds.first[near], self.crystal.bonds.second[near]
        work = units.pressure_work(pressure, self.spin.volume)
        if displacement is None:
            elastic = self.springs.relaxed_energy(self.crystal, state)
        else:
            elastic = self.springs.elastic_energy(self.crystal, state, displacement, strain)
        return float(
            (self.spin.enthalpy + work) * n.sum()
            - J * np.sum(sigma[i] * sigma[j])
            - K * np.sum(u[i] * u[j])
            - field * u.sum()
            + elastic
        )


def shear_sign(crystal: Crystal) -> Array:
    """+1 and −1 on the bonds that a positive shear makes longer and shorter, 0 on the others; shape (B,)."""
    offset = crystal.bonds.offset
    return np.asarray(offset[:, 0] * offset[:, -1] * ~crystal.bonds.is_nearest, dtype=np.float64)


def free_strains(crystal: Crystal) -> list[tuple[int, int]]:
    """Components (a, b), a ≤ b, of the homogeneous strain that periodic axes leave free."""
    if crystal.clamped:
        return []
    axes = [axis for axis, word in enumerate(crystal.boundary) if word == "periodic"]
    return [(a, b) for a in axes for b in axes if a <= b]


def _stretches(crystal: Crystal, spacing: float, direction: Array) -> Array:
    """Dense matrix of the change of every bond's length with (w, free strains), shape (B, N d + strains).

    `direction`, shape (B, d), is where the bonds point.
    """
    bonds, N, d = crystal.bonds, crystal.n_molecules, crystal.n_dimensions
    rows = np.zeros((len(bonds.first), N, d))
    at = np.arange(len(rows))
    rows[at, bonds.second] += direction
    rows[at, bonds.first] -= direction
    strains = []
    for a, b in free_strains(crystal):
        stretch = direction[:, a] * bonds.offset[:, b]
        strains.append(spacing * (stretch if a == b else stretch + direction[:, b] * bonds.offset[:, a]))
    return np.concatenate([rows.reshape(-1, N * d), *(strain[:, None] for strain in strains)], axis=1)
