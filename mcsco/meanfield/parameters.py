"""The numbers of a model that a mean field knows, in kelvin per molecule.

A long-range pair energy −½ Σ_k θ*_k·J(k) θ_k, θ = (n, u), couples a molecule with itself too. Without this part its
kernel is J'(k) = J(k) − J̄, with J̄ the average of J over all k, and ½ θ·(S − J̄) θ is left on the site. The mean field
keeps the mode k = 0,

    e = ½ (S − J̄)_nn γ + ½ (S − J̄)_uu γ + (S − J̄)_nu η + l_n γ + l_u η + c − ½ J'_nn(0) γ² − ½ J'_uu(0) η²,

since n² = n, and n = u² = n u where u is 0 in LS and ±1 in HS. A continuous u has neither: ½ (S − J̄)_uu u² then belongs
to the potential V(u) of both spin states, and (S − J̄)_nu must vanish. A kernel that is one number B for every k ≠ 0 is
a coupling of infinite range, and exactly so if B takes the place of J̄, from which it differs by a part 1/N (theorem of
Bitter and Crum, DOI 10.1103/PhysRev.37.1527).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.model import Displacive, Model

# Relative to the largest J(k): far above what sums over k round, far below what any coupling means.
_ROUNDING = 1e-9


class Well(NamedTuple):
    """Local potential ``V(u) = offset + (curvature/2) u² + quartic u⁴``, K."""

    offset: float
    curvature: float
    quartic: float


class Parameters(NamedTuple):
    """Energy per molecule ``offset + Δ γ + Γ γ(1−γ) − (K/2) η² − L γ η² − h η``, all in K."""

    enthalpy: float
    """Δ = ΔH + P ΔV, with the on-site part of long-range terms."""
    Gamma: float
    """Spin coupling, Γ + 2 z J + ½ J'_nn(0)."""
    K: float
    """Distortion coupling, K∞ + z K + J'_uu(0)."""
    L: float
    """Mixed coupling."""
    field: float
    """h, with its sign and what stress and elasticity add to it."""
    offset: float
    """−z J / 2 + c, which pair energies of σ = ±1 leave behind."""
    ln_g: float
    """ΔS/R, one variant of the distortion."""
    distorts: bool
    """Whether molecules have a distortion."""
    wells: tuple[Well, Well] | None = None
    """V of a HS and of a LS molecule whose distortion is continuous; None if it takes the values 0 and ±1."""

    @property
    def ln_w(self) -> float:
        """Logarithm of the number of HS states: ln 2g with the two variants of the distortion, else ln g."""
        return self.ln_g + (float(np.log(2.0)) if self.distorts else 0.0)

    @property
    def bound(self) -> float:
        """Temperature in K above which the free energy has a single stationary point, a minimum, if abs(u) ≤ 1.

        There T exceeds the largest eigenvalue that the couplings can give to the scaled Hessian
        (`mcsco.meanfield.site.Local`) anywhere, so that no state can lose its stability.
        """
        Gamma, K, L = abs(self.Gamma), abs(self.K), abs(self.L)
        return (2 * Gamma + K + 6 * L) / 4 + (K + 2 * L) + (K + 4 * L) / 2

    @property
    def scale(self) -> float:
        """Largest energy of the model in K, at least 1 K."""
        return max(abs(self.enthalpy), abs(self.Gamma), abs(self.K), abs(self.L), abs(self.field), self.bound, 1.0)


def parameters_of(model: Model, pressure: float, field: float, neighbours: bool = True) -> Parameters:
    """The `Parameters` of `model` at `pressure` (GPa) and `field` (kJ/mol).

    Raises
    ------
    InputError
        If the model is not one that has this mean field, if `field` acts on a model without distortion, or if
        `neighbours` is false and a coupling of the model is not of infinite range.
    """
    if not isinstance(model, Model):
        raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
    if not model.is_uniform:
        raise InputError(
            "model: has second centres, sublattice couplings or disorder; use mcsco.meanfield.SublatticeMeanField"
        )
    pressure = check_real("pressure", pressure, unit="GPa")
    field = check_real("field", field, unit="kJ/mol")
    if model.distortion is None and field != 0:
        raise InputError(f"field = {field!r} kJ/mol: acts on the distortion, but the model has none; leave it at 0")
    J, K, Gamma, K_inf, L = model.couplings
    if not neighbours and (J or K):
        raise InputError(
            "interactions: the exact finite-size sum needs couplings of infinite range only; "
            "leave NearestNeighbours out, or use MeanField or a simulation"
        )
    z = model.lattice.coordination
    far = _long_range(model, pressure, neighbours)
    work = units.pressure_work(pressure, model.spin.volume)
    kelvin = units.kelvin_from_kj_mol
    wells = None
    if isinstance(model.distortion, Displacive):
        epsilon, kappa = model.distortion.barrier, model.distortion.stiffness
        wells = (
            Well(kelvin(epsilon), kelvin(far.stiffness - 4 * epsilon), kelvin(epsilon)),
            Well(0.0, kelvin(far.stiffness + kappa), kelvin(epsilon)),
        )
    return Parameters(
        enthalpy=kelvin(model.spin.enthalpy + work + far.enthalpy),
        Gamma=kelvin(Gamma + 2 * z * J + far.Gamma),
        K=kelvin(K_inf + z * K + far.K),
        L=kelvin(L),
        field=kelvin(field + far.field),
        offset=kelvin(-z * J / 2 + far.offset),
        ln_g=model.spin.ln_g,
        distorts=model.distortion is not None,
        wells=wells,
    )


class _LongRange(NamedTuple):
    """What elasticity and other pair terms add to the `Parameters`, kJ/mol."""

    enthalpy: float = 0.0
    Gamma: float = 0.0
    K: float = 0.0
    field: float = 0.0
    offset: float = 0.0
    stiffness: float = 0.0
    """(S − J̄)_uu of a continuous distortion, which is not part of `enthalpy`."""


def _long_range(model: Model, pressure: float, neighbours: bool) -> _LongRange:
    pairs = model.pair_terms
    if pairs is None:
        return _LongRange()
    kernel = pairs.J.reshape(-1, 2, 2)  # k = 0 comes first
    rounding = _ROUNDING * np.abs(kernel).max()
    J_bar = _number(kernel, rounding)
    if J_bar is None and not neighbours:
        raise InputError(
            "interactions: the exact finite-size sum needs couplings of infinite range only, and the long-range kernel "
            "J(k) depends on k; use MeanField or a simulation"
        )
    if J_bar is None:
        J_bar = kernel.mean(axis=0)
    coupling, on_site = kernel[0] - J_bar, pairs.S - J_bar
    l_n, l_u = pairs.linear + pressure * pairs.per_pressure
    if abs(coupling[0, 1]) > rounding:
        raise InputError(
            f"interactions: couple the HS fraction with the mean distortion (J'_nu(0) = {coupling[0, 1]:.3g} kJ/mol), "
            "which the mean field cannot; make C, spin_strain and distortion_strain symmetric, or use a simulation"
        )
    displacive = isinstance(model.distortion, Displacive)
    if displacive and abs(on_site[0, 1]) > rounding:
        raise InputError(
            f"interactions: couple spin and distortion of the same molecule by {on_site[0, 1]:.3g} kJ/mol, which "
            "the mean field of Displacive() cannot; make C, spin_strain and distortion_strain symmetric, or simulate"
        )
    Gamma = coupling[0, 0] / 2  # −½ J' γ² = ½ J' γ(1−γ) − ½ J' γ
    return _LongRange(
        enthalpy=float((on_site[0, 0] + (0.0 if displacive else on_site[1, 1])) / 2 + l_n - Gamma),
        Gamma=float(Gamma),
        K=float(coupling[1, 1]),
        field=float(-l_u - on_site[0, 1]),
        offset=pairs.constant,
        stiffness=float(on_site[1, 1]) if displacive else 0.0,
    )


def _number(kernel: npt.NDArray[np.float64], rounding: float) -> npt.NDArray[np.float64] | None:
    """The matrix B that J(k) is for every k ≠ 0, or None if it depends on k."""
    rest = kernel[1:]
    return None if np.ptp(rest, axis=0).max() > rounding else rest[0].copy()
