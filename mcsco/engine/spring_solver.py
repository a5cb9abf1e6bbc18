"""Two ways to solve K w = f for the stiffness matrix K of a spring network.

A sparse factor, made once, serves 2-D and small 3-D crystals. In 3-D its fill grows as N^(4/3), so that conjugate
gradients take over. Their preconditioner is the periodic crystal that fills the bounding box, inverted by FFT: it
leaves some 50 iterations where the diagonal alone leaves 250 (24³ molecules).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, StateError
from mcsco.model.crystal import Crystal

Array = npt.NDArray[np.float64]
Solve = Callable[[Array], Array]

SOLVERS = ("auto", "factorise", "iterate")
"""How K is inverted; ``"auto"`` factorises wherever that is affordable."""

_LARGEST_3D = 6000
"""Unknowns of a 3-D crystal up to which a factor is made in a second or two."""

_LARGEST_DENSE = 200
"""Unknowns up to which a product with the inverse is faster: SuperLU takes some 10 µs a load, however small."""

_TOLERANCE = 1e-10
"""Residual at which conjugate gradients stop, relative to the load: far below the thermal noise in it."""


def is_factorised(crystal: Crystal, solver: str) -> bool:
    """Whether a crystal gets a factor, in which case rigid motions have to be taken out of K."""
    if solver not in SOLVERS:
        raise InputError(f"solver = {solver!r}: must be one of {', '.join(SOLVERS)}")
    small = crystal.n_dimensions < 3 or 3 * crystal.n_molecules <= _LARGEST_3D
    return solver == "factorise" or (solver == "auto" and small)


def factorise(K: Any) -> Solve:
    """K⁻¹ on loads of shape (n, R) by sparse LU, or by the inverse itself if K is small; K is not singular."""
    from scipy.sparse import linalg

    if K.shape[0] <= _LARGEST_DENSE:
        inverse = np.linalg.inv(K.toarray())
        return lambda load: inverse @ load
    factor = linalg.splu(K.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return factor.solve  # type: ignore[no-any-return]


def iterate(K: Any, crystal: Crystal, stiffness: Array) -> Solve:
    """A solution of K w = f for loads of shape (n, R) that do not act on rigid motions; K may be singular there."""
    from scipy.sparse import linalg

    n = K.shape[0]
    M = linalg.LinearOperator((n, n), matvec=_precondition(crystal, stiffness), dtype=np.float64)

    def solve(load: Array) -> Array:
        w = np.empty_like(load)
        for lane in range(load.shape[1]):
            w[:, lane], failed = linalg.cg(K, load[:, lane], rtol=_TOLERANCE, maxiter=10 * n, M=M)
            if failed:
                raise StateError("conjugate gradients did not converge; use solver='factorise'")
        return w

    return solve


def _precondition(crystal: Crystal, stiffness: Array) -> Solve:
    """Inverse of the dynamical matrix of a periodic box around the crystal, slightly shifted at all wavevectors."""
    from scipy import fft

    d, bonds = crystal.n_dimensions, crystal.bonds
    shape = tuple(
        extent if word == "periodic" else fft.next_fast_len(extent + 1, real=True)
        for extent, word in zip(crystal.shape, crystal.boundary, strict=True)
    )
    axes = tuple(range(d))
    grids = [np.fft.fftfreq(extent) for extent in shape[:-1]] + [np.fft.rfftfreq(shape[-1])]
    q = 2.0 * np.pi * np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1)
    offsets, one = np.unique(bonds.offset, axis=0, return_index=True)
    D = np.zeros((*q.shape, d))
    for offset, k in zip(offsets, stiffness[one], strict=True):
        D += (2.0 * k * (1.0 - np.cos(q @ offset)) / (offset @ offset))[..., None, None] * np.outer(offset, offset)
    shift = stiffness.min() / max(shape) ** 2
    inverse = np.linalg.inv(D + shift * np.eye(d))
    inside = tuple(slice(extent) for extent in crystal.shape)

    def apply(load: Array) -> Array:
        grid = np.zeros((*shape, d))
        grid[inside][crystal.occupied] = load.reshape(-1, d)
        modes = np.einsum("...ij,...j->...i", inverse, fft.rfftn(grid, axes=axes))
        grid = fft.irfftn(modes, s=shape, axes=axes)
        return np.asarray(grid[inside][crystal.occupied]).ravel()

    return apply
