"""Strain and stress inside a coherent crystal whose molecules have switched: maps of what `Elasticity` minimises away.

With the eigenstrain ε⁰(r) = n ε^n + u ε^u of every molecule the strain is homogeneous plus sym(∇w), and for every wave
of wavevector q equilibrium, ∇·σ = 0 with σ = C:(ε − ε⁰), gives (Khachaturyan, Theory of Structural Transformations in
Solids; Mura, DOI 10.1007/978-94-009-3489-4)

    w_q = −i G(q)·σ⁰_q·q,   ε_q = sym(q ⊗ G(q)·σ⁰_q·q),   σ⁰ = C:ε⁰,   G⁻¹_ij = q_a C_aijb q_b.

The homogeneous strain is ⟨ε⁰⟩ + C⁻¹:σ_ext in a free crystal and zero in a clamped one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real
from mcsco.model import Elasticity
from mcsco.model.energy import check_state
from mcsco.units import GPA_A3

if TYPE_CHECKING:
    from mcsco.model import Model

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class StrainMaps:
    """Fields of one configuration in d = 2 or 3 dimensions; components in the order x, y(, z) of the Cartesian axes.

    x is the last axis of the lattice. A 2-D lattice is the a-c plane of the crystal under plane strain, so that its x
    and y are the crystal's 1 and 3.
    """

    strain: Floats
    """Total strain ε against the LS crystal without stress, shape (*lattice, d, d)."""
    stress: Floats
    """σ = C:(ε − ε⁰) in GPa, tension positive, shape (*lattice, d, d)."""
    eigenstrain: Floats
    """ε⁰ of each molecule on its own, shape (*lattice, d, d)."""
    displacement: Floats
    """Periodic part w of the displacements in Å, shape (*lattice, d); the homogeneous strain comes on top."""
    energy_density: Floats
    """Stored elastic energy V0/2 (ε − ε⁰):C:(ε − ε⁰) in kJ/mol of molecules, shape (*lattice,)."""
    homogeneous_strain: Floats
    """Mean of the strain, the change of the crystal's outer shape, shape (d, d)."""
    external_stress: Floats
    """σ_ext − P·1 in GPa that acts from outside, zero on a clamped crystal, shape (d, d)."""
    energy: float
    """H_el of the whole crystal in kJ/mol, as the model counts it: stored energy, and the work of the external stress
    less what it does on a LS crystal."""
    site_volume: float
    """V0, Å3 per molecule."""

    @property
    def spacing(self) -> float:
        """Distance of two molecules, V0^(1/3), Å: a molecule fills a cube."""
        return float(np.cbrt(self.site_volume))

    @property
    def volume_strain(self) -> Floats:
        """Change of volume tr ε, shape (*lattice,); in 2-D the strain normal to the plane is zero."""
        return np.asarray(np.trace(self.strain, axis1=-2, axis2=-1))

    @property
    def mean_stress(self) -> Floats:
        """Mean normal stress tr σ/d in GPa, shape (*lattice,): minus the local pressure, in 2-D that in the plane."""
        return np.asarray(np.trace(self.stress, axis1=-2, axis2=-1) / self.stress.shape[-1])


class _Fields(NamedTuple):
    strain: Floats
    displacement: Floats


def strain_maps(model: Model, state: Any, pressure: float = 0.0, term: int | None = None) -> StrainMaps:
    """Strain, stress and displacements of a configuration of an elastic model.

    Waves at the edge of the Brillouin zone of an even extent have no sign of their direction (see
    `Elasticity.kernel`). Strain, stress and displacement are the average over the equivalent directions, which is the
    gradient of a real displacement and free of body forces; the energy density is the average of the energy, as in the
    model, so that its sum is the model's energy to rounding.

    Parameters
    ----------
    model : Model
        With an `Elasticity`.
    state : State
        Anything with `spin` (±1) and `distortion`, each of the lattice's shape.
    pressure : float
        P in GPa, as given to the run.
    term : int, optional
        Which `Elasticity` of the model, from 0, if it has more than one: each is a medium with a strain of its own.

    Returns
    -------
    StrainMaps

    Raises
    ------
    InputError
        If the model has no `Elasticity`, or more than one and `term` is not given, or the state is not one of it.
    """
    elasticity = _find_term(model, term)
    P = check_real("pressure", pressure, unit="GPa")
    sigma, u = check_state(model, state)
    theta = np.stack([(sigma + 1) / 2, u])  # (2, *lattice)
    d = sigma.ndim
    C = elasticity.stiffness_tensor(d)
    strains = np.array([elasticity.strain(d, of) for of in ("spin", "distortion")])  # (2, d, d)
    eigenstrain = np.einsum("p...,pij->...ij", theta, strains)
    outside = np.zeros((d, d)) if elasticity.clamped else elasticity.external_stress(d) - P * np.eye(d)
    compliance = np.linalg.pinv(C.reshape(d * d, d * d)).reshape(C.shape)  # C is singular on antisymmetric tensors
    own = eigenstrain.mean(axis=tuple(range(d)))
    shape_change = np.einsum("ijkl,kl", compliance, outside) + (0.0 if elasticity.clamped else own)

    V0 = elasticity.site_volume
    strain, displacement = np.zeros(eigenstrain.shape), np.zeros((*sigma.shape, d))
    density = np.zeros(sigma.shape)
    readings = _readings(sigma.shape)
    changing = np.any([np.any(readings[0] != k, axis=-1) for k in readings], axis=0)  # waves at the edge
    amplitude = np.empty((*sigma.shape, d, 2))
    waves = _transform(theta)
    for reading, k in enumerate(readings):
        q = k * (2 * np.pi / np.cbrt(V0))
        where = changing if reading else np.ones_like(changing)
        amplitude[where] = _amplitude(q[where], C, strains)
        fields = _relax(waves, q, amplitude)
        misfit = fields.strain + shape_change - eigenstrain
        density += np.sum(misfit * np.tensordot(misfit, C, 2), axis=(-2, -1)) / len(readings)
        strain += fields.strain / len(readings)
        displacement += fields.displacement / len(readings)
    strain += shape_change
    density *= 0.5 * V0 * GPA_A3
    # −V0 Σ σ_ext:ε, with a LS crystal under the same stress, −V0/2 σ_ext:C⁻¹:σ_ext per molecule, as the zero.
    work = np.sum(outside * (shape_change - 0.5 * np.einsum("ijkl,kl", compliance, outside)))
    return StrainMaps(
        strain=strain,
        stress=np.tensordot(strain - eigenstrain, C, 2),
        eigenstrain=eigenstrain,
        displacement=displacement,
        energy_density=density,
        homogeneous_strain=shape_change,
        external_stress=outside,
        energy=float(density.sum() - sigma.size * V0 * GPA_A3 * work),
        site_volume=V0,
    )


def _find_term(model: Model, term: int | None) -> Elasticity:
    found = [part for part in model.interactions if isinstance(part, Elasticity)]
    if not found:
        raise InputError("strain_maps: the model has no Elasticity, and without it no strain; add one to interactions")
    if term is None and len(found) > 1:
        raise InputError(
            f"term = None: the model has {len(found)} Elasticity terms, each with its own strain; choose one"
        )
    return found[check_integer("term", term or 0, minimum=0, maximum=len(found) - 1)]


def _readings(shape: tuple[int, ...]) -> list[Floats]:
    """Wavevectors on the grid of `fftn` in cycles per site, Cartesian components last, for signs at the edge.

    Each reading is odd, k(−q) = −k(q), so that real fields stay real. Every two signs are combined equally often,
    which is all that an average over directions, the same for q and −q, can tell.
    """
    axes = np.meshgrid(*(np.fft.fftfreq(extent) for extent in shape), indexing="ij")
    k = np.stack(axes[::-1], axis=-1)  # lattice axes are (…, y, x), Cartesian ones (x, y, …)
    edge = k == -0.5
    if not edge.any():
        return [k]
    inner = np.where(edge, 0.0, k)
    first = np.argmax(inner != 0, axis=-1)[..., None]
    side = np.sign(np.take_along_axis(inner, first, axis=-1))  # of the first component that has a sign
    side[side == 0] = 1.0
    signs = [(a, b, a * b)[: len(shape)] for a, b in ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))]
    return [np.where(edge, 0.5 * side * np.array(each), k) for each in signs]


def _transform(theta: Floats) -> Complex:
    """Waves of n and u, shape (*lattice, 2)."""
    from scipy import fft

    return np.moveaxis(fft.fftn(theta, axes=tuple(range(1, theta.ndim))), 0, -1)


def _amplitude(q: Floats, C: Floats, strains: Floats) -> Floats:
    """G(q)·σ^p·q for p = n, u of wavevectors (..., d) in rad/Å, zero at q = 0; shape (..., d, 2)."""
    acoustic = np.einsum("...a,aijb,...b->...ij", q, C, q, optimize=True)
    acoustic[~q.any(axis=-1)] = np.eye(q.shape[-1])  # no force there
    force = np.einsum("ijkl,pkl,...j->...ip", C, strains, q, optimize=True)
    return np.linalg.solve(acoustic, force)


def _relax(waves: Complex, q: Floats, amplitude: Floats) -> _Fields:
    """Strain sym(∇w) and displacement w of all waves but k = 0."""
    from scipy import fft

    d = q.shape[-1]
    w: Complex = np.einsum("...ip,...p->...i", amplitude, waves)
    strain = np.empty((*q.shape, d))
    for i, j in combinations_with_replacement(range(d), 2):
        wave = 0.5 * (q[..., i] * w[..., j] + q[..., j] * w[..., i])
        strain[..., i, j] = strain[..., j, i] = fft.ifftn(wave).real
    return _Fields(strain, fft.ifftn(-1j * w, axes=tuple(range(d))).real)
