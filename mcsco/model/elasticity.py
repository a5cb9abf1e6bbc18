"""Coherent elasticity: molecules as inclusions that change volume and shape in a crystal that stays whole.

Each molecule has the eigenstrain ε⁰_i = n_i ε^n + u_i ε^u: its spin changes the volume, its distortion shears. With the
site volume V0 and the stiffness C,

    H_el = V0/2 Σ_i (ε_i − ε⁰_i) : C : (ε_i − ε⁰_i),   ε = homogeneous strain + sym(∇w).

The displacements w follow at once and are integrated out (Eshelby, DOI 10.1098/rspa.1957.0133; Khachaturyan, Theory
of Structural Transformations in Solids): with θ = (n, u) and θ_k = N^(−1/2) Σ_i θ_i exp(−i k·r_i),

    H_el = ½ Σ_i θ_i·S θ_i − ½ Σ_k θ*_k·J(k) θ_k − V0 Σ_i σ_ext : ε⁰_i

    S_pq = V0 ε^p:C:ε^q,   J_pq(k) = V0 k̂·σ^p·Ω(k̂)·σ^q·k̂ (k ≠ 0),   σ^p = C:ε^p,   Ω⁻¹_ij = k̂_a C_aijb k̂_b,

and J(0) = S in a free crystal, 0 in a clamped one. J depends on the direction of k only: its range is r^(−d).

Axes: the last lattice axis is Cartesian 1 (x), the one before it 2 (y), and so on. On a 2-D lattice the plane is the
a-c plane of the crystal: a 3-D tensor enters with its components 1 and 3 (plane strain).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.units import GPA_A3

Array = npt.NDArray[np.float64]
Tensor = float | tuple[tuple[float, ...], ...]

# Voigt order of the components of a symmetric tensor.
_VOIGT = {2: ((0, 0), (1, 1), (0, 1)), 3: ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))}


@dataclass(frozen=True)
class Elasticity:
    """Elastic interaction between molecules of a coherent crystal.

    Parameters
    ----------
    stiffness : tuple
        (C11, C12, C44) of a cubic crystal, or a symmetric Voigt matrix, 6×6 (11, 22, 33, 23, 13, 12) or for a 2-D
        lattice 3×3 (11, 22, 12); GPa, positive definite.
    site_volume : float
        V0, Å3 per molecule.
    spin_strain : float or matrix
        ε^n, strain of LS → HS; a number v stands for the isotropic strain of volume v, (v/d)·1.
    distortion_strain : float or matrix
        ε^u, strain of u = 0 → 1; a number stands for the shear component e13 (e12 on a 2-D lattice).
    stress : matrix, optional
        σ_ext, GPa, tension positive; acts on a free crystal only. Hydrostatic pressure is better given to the run.
    clamped : bool
        Whether the outer shape of the crystal is held fixed.

    Raises
    ------
    InputError
        If a tensor is not symmetric, has a wrong shape, or the stiffness is not positive definite.
    """

    stiffness: tuple[float, float, float] | tuple[tuple[float, ...], ...]
    site_volume: float
    spin_strain: Tensor = 0.0
    distortion_strain: Tensor = 0.0
    stress: tuple[tuple[float, ...], ...] | None = None
    clamped: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "site_volume", check_real("site_volume", self.site_volume, above=0.0, unit="Å3"))
        stiffness = _freeze("stiffness", self.stiffness, "GPa")
        if not isinstance(stiffness, tuple):
            raise InputError(f"stiffness = {stiffness!r}: must be (C11, C12, C44) or a Voigt matrix, in GPa")
        if len({len(row) if isinstance(row, tuple) else 0 for row in stiffness}) != 1:
            raise InputError("stiffness: the rows of the Voigt matrix must have the same length")
        object.__setattr__(self, "stiffness", stiffness)
        for name in ("spin_strain", "distortion_strain", "stress"):
            if getattr(self, name) is not None or name != "stress":
                object.__setattr__(self, name, _freeze(name, getattr(self, name), "GPa" if name == "stress" else ""))
        if self.stress is not None and not isinstance(self.stress, tuple):
            raise InputError(f"stress = {self.stress!r}: must be a matrix in GPa; give a pressure to the run instead")
        if not isinstance(self.clamped, bool):
            raise InputError(f"clamped = {self.clamped!r}: must be true or false")
        if np.ndim(self.stiffness) == 1 and len(self.stiffness) != 3:
            raise InputError(f"stiffness = {self.stiffness!r}: must have the three constants (C11, C12, C44), in GPa")
        tensors = (self.spin_strain, self.distortion_strain, self.stress or 0.0)
        planar = np.shape(self.stiffness) == (3, 3) or any(isinstance(t, tuple) and len(t) == 2 for t in tensors)
        dimensions = 2 if planar else 3
        self.stiffness_tensor(dimensions)
        self.strain(dimensions, "spin")
        self.strain(dimensions, "distortion")
        if self.stress is not None:
            self.external_stress(dimensions)

    def stiffness_tensor(self, dimensions: int) -> Array:
        """C_ijkl in GPa, shape (d, d, d, d)."""
        given = np.array(self.stiffness)
        pairs = _VOIGT[dimensions]
        if given.shape == (3,):
            C11, C12, C44 = given
            d = dimensions
            voigt = np.diag([C11 - C12] * d + [C44] * (len(pairs) - d))
            voigt[:d, :d] += C12
        elif given.shape == (6, 6) and dimensions == 2:
            voigt = given[np.ix_((0, 2, 4), (0, 2, 4))]
        elif given.shape == (len(pairs), len(pairs)):
            voigt = given
        else:
            raise InputError(f"stiffness has shape {given.shape}: must be (C11, C12, C44) or a Voigt matrix, in GPa")
        if not np.allclose(voigt, voigt.T):
            raise InputError("stiffness: the Voigt matrix must be symmetric")
        if np.linalg.eigvalsh(voigt)[0] <= 0:
            raise InputError("stiffness: must be positive definite (cubic: C11 > |C12|, C11 + (d−1) C12 > 0, C44 > 0)")
        C = np.empty((dimensions,) * 4)
        for (a, (i, j)), (b, (k, m)) in product(enumerate(pairs), repeat=2):
            C[i, j, k, m] = C[j, i, k, m] = C[i, j, m, k] = C[j, i, m, k] = voigt[a, b]
        return C

    def strain(self, dimensions: int, of: str) -> Array:
        """ε^n (``of="spin"``) or ε^u (``of="distortion"``), shape (d, d)."""
        given = self.spin_strain if of == "spin" else self.distortion_strain
        if not isinstance(given, tuple):
            if of == "spin":
                return np.eye(dimensions) * (given / dimensions)
            shear = np.zeros((dimensions, dimensions))
            shear[0, -1] = shear[-1, 0] = given
            return shear
        return _plane(f"{of}_strain", given, dimensions)

    def external_stress(self, dimensions: int) -> Array:
        """σ_ext in GPa, shape (d, d)."""
        if self.stress is None or self.clamped:
            return np.zeros((dimensions, dimensions))
        return _plane("stress", self.stress, dimensions)

    def self_energy(self, dimensions: int) -> Array:
        """S_pq = V0 ε^p:C:ε^q in kJ/mol, shape (2, 2), for p, q = n, u."""
        C = self.stiffness_tensor(dimensions)
        strains = [self.strain(dimensions, of) for of in ("spin", "distortion")]
        S = np.array([[np.einsum("ij,ijkl,kl", p, C, q) for q in strains] for p in strains])
        return S * self.site_volume * GPA_A3

    def work(self, dimensions: int, pressure: float = 0.0) -> Array:
        """Energy −V0 σ:ε^p in kJ/mol of a HS molecule and of u = 1 under σ_ext and pressure (GPa), shape (2,)."""
        sigma = self.external_stress(dimensions)
        if not self.clamped:
            sigma = sigma - pressure * np.eye(dimensions)
        strains = [self.strain(dimensions, of) for of in ("spin", "distortion")]
        return np.array([-np.sum(sigma * strain) for strain in strains]) * self.site_volume * GPA_A3

    def kernel(self, shape: tuple[int, ...]) -> Array:
        """J(k) in kJ/mol on the grid of `numpy.fft.fftn`, shape (*shape, 2, 2).

        At a Nyquist wavevector k and −k are the same, so that a direction has no unique sign: J is the average over the
        equivalent ones.
        """
        d = len(shape)
        C = self.stiffness_tensor(d)
        strains = np.array([self.strain(d, of) for of in ("spin", "distortion")])
        sigma = np.einsum("ijkl,pkl->pij", C, strains)
        # Lattice axes are (…, y, x), Cartesian ones (x, y, …).
        axes = np.meshgrid(*(np.fft.fftfreq(extent) for extent in shape), indexing="ij")
        k = np.stack(axes[::-1], axis=-1)
        J = np.zeros((*shape, 2, 2))
        for signs in product((1.0, -1.0), repeat=d):
            flipped = np.where(k == -0.5, 0.5 * np.array(signs), k)
            J += _directional(flipped, C, sigma) / 2**d
        J *= self.site_volume * GPA_A3
        J[(0,) * d] = 0.0 if self.clamped else self.self_energy(d)
        return J


def _directional(k: Array, C: Array, sigma: Array) -> Array:
    """k̂·σ^p·Ω(k̂)·σ^q·k̂ without V0, shape (..., 2, 2); zero at k = 0."""
    norm = np.linalg.norm(k, axis=-1, keepdims=True)
    zero = norm[..., 0] == 0
    unit = k / np.where(norm == 0, 1.0, norm)
    acoustic = np.einsum("...a,aijb,...b->...ij", unit, C, unit)
    acoustic[zero] = np.eye(k.shape[-1])
    force = np.einsum("pij,...j->...pi", sigma, unit)
    displacement = np.linalg.solve(acoustic, np.swapaxes(force, -1, -2))
    J: Array = force @ displacement
    return J


def _freeze(name: str, given: object, unit: str) -> float | tuple[object, ...]:
    """A number, or nested tuples of numbers."""
    if isinstance(given, list | tuple) or (isinstance(given, np.ndarray) and given.ndim):
        return tuple(_freeze(name, part, unit) for part in given)
    return check_real(name, given, unit=unit)  # type: ignore[arg-type]


def _plane(name: str, given: tuple[tuple[float, ...], ...], dimensions: int) -> Array:
    if len({len(row) if isinstance(row, tuple) else 0 for row in given} | {len(given)}) != 1:
        raise InputError(f"{name}: must be a square matrix")
    tensor = np.array(given, dtype=np.float64)
    if tensor.shape == (3, 3) and dimensions == 2:
        tensor = tensor[np.ix_((0, 2), (0, 2))]
    if tensor.shape != (dimensions, dimensions):
        raise InputError(f"{name} has shape {tensor.shape}: must be {dimensions}×{dimensions} on this lattice")
    if not np.allclose(tensor, tensor.T):
        raise InputError(f"{name}: must be symmetric")
    return tensor
