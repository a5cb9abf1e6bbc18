"""Springs as sparse matrices: which displacements answer to given loads, exactly.

With the stretches B of the bonds and the stiffness k, the energy ½ (Bw − ℓ)ᵀ k (Bw − ℓ) has its minimum at

    w = K⁻¹ Bᵀ k ℓ,   K = Bᵀ k B,

and a load k ℓ + √(kT) ξ instead of k ℓ, with one normal number ξ a bond, makes w a draw from exp(−H/T): its mean is the
minimum and its covariance T K⁻¹ Bᵀk k⁻¹kB K⁻¹ = T K⁻¹ (perturb and solve; Papandreou and Yuille, NIPS 23, 2010).

K is singular along the translations and, where axes are open, the rotations of the crystal. Before K is factorised as
many components of w, chosen by pivoting, are held at zero, which fixes these and changes no bond. Homogeneous strains,
whose columns E are dense, are split off by making them orthogonal to B in the metric k:

    Bw + Eε = B K⁻¹Bᵀ f + E' S⁻¹ E'ᵀ f,   E' = E − B K⁻¹BᵀkE,   S = E'ᵀkE'.
"""

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.engine.spring_solver import factorise, is_factorised, iterate
from mcsco.errors import InputError
from mcsco.model.crystal import Crystal
from mcsco.model.springs import Springs, free_strains

Array = npt.NDArray[np.float64]


class SpringNetwork:
    """The springs of a crystal.

    Parameters
    ----------
    crystal : Crystal
    springs : Springs
    solver : str
        ``"auto"``, ``"factorise"`` or ``"iterate"``; the same to rounding.

    Raises
    ------
    InputError
        If some molecules could move without stretching a bond.
    """

    def __init__(self, crystal: Crystal, springs: Springs, solver: str = "auto") -> None:
        from scipy import linalg, sparse

        factorised = is_factorised(crystal, solver)
        check_rigid(crystal)
        bonds, N, d = crystal.bonds, crystal.n_molecules, crystal.n_dimensions
        n_bonds = len(bonds.first)
        self.shape = (N, d)
        self.stiffness = springs.stiffness(crystal)
        rows = np.repeat(np.arange(n_bonds), d)
        columns = [(d * end[:, None] + np.arange(d)).ravel() for end in (bonds.first, bonds.second)]
        e = bonds.direction.ravel()
        B: Any = sparse.csr_array(
            (np.concatenate([-e, e]), (np.tile(rows, 2), np.concatenate(columns))), shape=(n_bonds, N * d)
        )
        self._rigid = rigid_motions(crystal)
        self._free = np.arange(N * d)
        if factorised:
            held = linalg.qr(self._rigid.T, mode="r", pivoting=True)[1][: self._rigid.shape[1]]
            self._free = np.delete(self._free, held)
        self._B = B[:, self._free].tocsr()
        self._BT = self._B.T.tocsr()
        K: Any = (self._BT @ sparse.diags_array(self.stiffness) @ self._B).tocsr()
        self._solve = factorise(K) if factorised else iterate(K, crystal, self.stiffness)
        self._set_strains(crystal, springs)

    def _set_strains(self, crystal: Crystal, springs: Springs) -> None:
        bonds, pairs = crystal.bonds, free_strains(crystal)
        E = np.zeros((len(bonds.first), len(pairs)))
        self._homogeneous = np.zeros((len(pairs), crystal.n_dimensions, crystal.n_dimensions))
        for m, (a, b) in enumerate(pairs):
            self._homogeneous[m, a, b] = self._homogeneous[m, b, a] = 1.0
            E[:, m] = springs.spacing * np.einsum("ba,ac,bc->b", bonds.direction, self._homogeneous[m], bonds.offset)
        self._answer = (
            self._solve(self._BT @ (self.stiffness[:, None] * E)) if pairs else np.zeros((len(self._free), 0))
        )
        self._E = E - self._B @ self._answer
        S = self._E.T @ (self.stiffness[:, None] * self._E)
        scale = np.diag(E.T @ (self.stiffness[:, None] * E))
        if pairs and np.linalg.eigvalsh(S / np.sqrt(np.outer(scale, scale))).min() < 1e-9:
            raise InputError("crystal: the bonds do not span a periodic axis; make that axis open or close the gap")
        self._inverse = np.linalg.inv(S) if pairs else S

    def stretches(self, load: Array) -> Array:
        """Change of length of every bond under the loads (energy per length), both of shape (B, R)."""
        stretches: Array = self._B @ self._solve(self._BT @ load)
        if self._E.shape[1]:
            stretches += self._E @ (self._inverse @ (self._E.T @ load))
        return stretches

    def displacements(self, load: Array) -> tuple[Array, Array]:
        """Displacements w without rigid motion, shape (N, d), and free strain ε, (d, d), under one load, shape (B,)."""
        strain = self._inverse @ (self._E.T @ load)
        w = np.zeros(self.shape[0] * self.shape[1])
        w[self._free] = self._solve((self._BT @ load)[:, None])[:, 0] - self._answer @ strain
        w -= self._rigid @ np.linalg.lstsq(self._rigid, w, rcond=None)[0]
        return w.reshape(self.shape), np.tensordot(strain, self._homogeneous, axes=1)


def rigid_motions(crystal: Crystal) -> Array:
    """Translations, and rotations in the planes of two open axes, as columns of length N d."""
    r = crystal.positions - crystal.positions.mean(axis=0)
    N, d = r.shape
    motions = []
    for axis in range(d):
        motion = np.zeros((N, d))
        motion[:, axis] = 1.0
        motions.append(motion)
    for a, b in combinations([axis for axis, word in enumerate(crystal.boundary) if word == "open"], 2):
        motion = np.zeros((N, d))
        motion[:, a], motion[:, b] = r[:, b], -r[:, a]
        motions.append(motion)
    return np.stack([motion.ravel() for motion in motions], axis=1)


def check_rigid(crystal: Crystal) -> None:
    """Raise `InputError` unless the crystal grows from a few molecules by adding such as are held in all directions.

    A molecule is held if its bonds to those already there span all directions. This is sufficient for rigidity, and
    also necessary but for exotic frames.
    """
    if crystal.mask is None and min(crystal.shape) >= 2:
        return
    d, bonds = crystal.n_dimensions, crystal.bonds
    n_bonds = np.bincount(np.concatenate([bonds.first, bonds.second]), minlength=crystal.n_molecules)
    there = np.zeros(crystal.n_molecules, dtype=np.bool_)
    # A seed that is rigid in itself: a molecule, a bond, or a triangle of bonds, at the best bonded place.
    axes = np.eye(d, dtype=np.int64)[: d - 1]
    seed = np.stack([np.arange(crystal.n_molecules), *(crystal.neighbour(axis) for axis in axes)])
    complete = np.all(seed >= 0, axis=0)
    if complete.any():
        there[seed[:, np.argmax(np.where(complete, n_bonds, -1))]] = True
    e = bonds.direction
    while there.any():
        held = np.zeros((crystal.n_molecules, d, d))
        for here, other in ((bonds.first, bonds.second), (bonds.second, bonds.first)):
            on = there[other] & ~there[here]
            np.add.at(held, here[on], e[on, :, None] * e[on, None, :])
        # Eigenvalues are at least 0.1 where the few possible directions span the space.
        new = ~there & (np.linalg.det(held) > 1e-6)
        if not new.any():
            break
        there |= new
    if not there.all():
        where = tuple(int(x) for x in crystal.positions[np.argmin(there)])
        raise InputError(
            f"crystal: {int((~there).sum())} molecules hang loosely, e.g. the one at {where}; "
            "give every part at least two molecules of thickness"
        )
