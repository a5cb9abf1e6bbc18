"""Local minima of the free energy of two sublattices, by Newton's method that only goes down.

With the fields t as coordinates, Φ/T = E(x)/T − W(t) + t·x at x = ∇W(t) has the gradient V r, r = t + ∇E/T, and the
Hessian √V (1 + √V ∇∇E √V/T) √V up to terms in r. The matrix M in brackets is well conditioned where V is not, and its
eigenvalues say whether a stationary point, r = 0, is a minimum.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.meanfield.pairs import InFields, Pairs, in_fields
from mcsco.meanfield.potential import Array
from mcsco.meanfield.sublattice_energy import SublatticeEnergy

FURTHEST = 0.1
"""Largest change of an order parameter in one step."""
STEPS = 300
SMALL = 1e-280
"""Variance below which a field has no effect."""
FLATTEST = 1e-9
"""Eigenvalue of M below which a direction counts as flat."""
KICK = 1e-3
"""Length of the first step away from a state that is stationary, but no minimum."""


class Landscape(NamedTuple):
    """The free energy of the pairs at one temperature in K."""

    pairs: Pairs
    energy: SublatticeEnergy
    T: float

    def at(self, t: Array) -> tuple[Array, Array, InFields]:
        """Φ/T, r and the pairs in fields `t` of shape (n, D)."""
        pairs = in_fields(self.pairs, t, self.T)
        value = self.energy.value(pairs.x) / self.T - pairs.W + (t * pairs.x).sum(axis=1)
        return value, t + self.energy.gradient(pairs.x) / self.T, pairs

    def stability(self, pairs: InFields) -> tuple[Array, Array, Array]:
        """√V, and eigenvalues and eigenvectors of M."""
        v, U = np.linalg.eigh(pairs.V)
        root = (U * np.sqrt(np.maximum(v, 0.0))[:, None, :]) @ U.transpose(0, 2, 1)
        M = np.eye(v.shape[-1]) + root @ self.energy.hessian(pairs.x) @ root / self.T
        return root, *np.linalg.eigh(M)

    def fields_of(self, x: Array) -> Array:
        """The fields that a crystal with order parameters `x` makes."""
        return -self.energy.gradient(x) / self.T


def settle(landscape: Landscape, start: Array, leave: bool = True, near: float | None = None) -> Array:
    """Fields of the local minima that descents from the fields `start` lead to, shape (n, D).

    A descent that comes to rest on a pass leaves it in the direction of rising first order parameter, unless it is not
    to `leave` it; one that has taken an order parameter further than `near` from where it started ends there.
    """
    t = np.array(start, dtype=np.float64)
    origin = landscape.at(t)[2].x if near is not None else None
    active = np.arange(len(t))
    for _ in range(STEPS):
        if not active.size:
            break
        here = t[active]
        size = 1 + np.abs(here).max(axis=1)
        value, r, pairs = landscape.at(here)
        dt, dx, is_minimum = _step(landscape, r, pairs, leave & (np.abs(r).max(axis=1) <= 1e-10 * size))
        calm = (is_minimum | (not leave)) & (dx < 1e-7)  # rounding hides the descent
        dt *= np.minimum(1.0, FURTHEST / np.maximum(dx, 1e-300))[:, None]
        dt *= _shortening(landscape, here, dt, value, r, pairs, calm)[:, None]
        t[active] = here + dt
        done = calm & (np.abs(dt).max(axis=1) <= 1e-12 * size)
        if origin is not None:
            done |= np.abs(pairs.x - origin[active]).max(axis=1) > near
        active = active[~done]
    return t


def _step(
    landscape: Landscape, r: Array, pairs: InFields, leaving: npt.NDArray[np.bool_]
) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    """Newton's step dt, the largest change of an order parameter that it means, and whether M is positive definite.

    With |M| in the place of M, so that it leads down: y = √V dt = −|M|⁻¹ √V r. Since √V⁻¹ u = A√V u/(λ−1) for an
    eigenvector of M = 1 + √V A √V, no inverse of √V, which may be tiny, is needed. A pass that is to be left, where r
    vanishes, has y along the eigenvector of the lowest eigenvalue instead.
    """
    root, lam, U = landscape.stability(pairs)
    A = landscape.energy.hessian(pairs.x) / landscape.T
    size = np.maximum(np.abs(lam), FLATTEST)
    along = -_times(U.transpose(0, 2, 1), _times(root, r)) / size
    changed = along * np.where(lam < FLATTEST, (size - lam) / (np.minimum(lam, FLATTEST) - 1), 0.0)
    stuck = leaving & (lam[:, 0] < -FLATTEST)
    first = KICK * np.where(_rises(root[stuck], U[stuck]), 1.0, -1.0)
    along[stuck], changed[stuck] = 0.0, 0.0
    along[stuck, 0] = first
    changed[stuck, 0] = -first - first / (lam[stuck, 0] - 1)
    dt = -_times(A, _times(root, _times(U, along + changed)))
    dt -= np.where(stuck[:, None], 0.0, r)
    dx = np.abs(_times(root, _times(U, along))).max(axis=1)
    return dt, dx, lam[:, 0] > -FLATTEST


def _times(matrices: Array, vectors: Array) -> Array:
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])


def _rises(root: Array, U: Array) -> npt.NDArray[np.bool_]:
    """Whether the softest direction raises the first order parameter that it changes."""
    change = _times(root, U[:, :, 0])
    first = np.argmax(np.abs(change) > 1e-6 * np.abs(change).max(axis=1, keepdims=True, initial=0.0), axis=1)
    return np.asarray(change[np.arange(len(change)), first] > 0)


def _shortening(
    landscape: Landscape, t: Array, dt: Array, value: Array, r: Array, pairs: InFields, free: npt.NDArray[np.bool_]
) -> Array:
    """Factors 1, ½, ¼ … with which the steps `dt` go down; 1 for those that are `free`."""
    slope = (_times(pairs.V, r) * dt).sum(axis=1)
    factor = np.ones(len(t))
    waiting = np.flatnonzero(~free)
    for _ in range(40):
        if not waiting.size:
            break
        there = landscape.at(t[waiting] + factor[waiting, None] * dt[waiting])[0]
        bound = value[waiting] + 1e-4 * factor[waiting] * slope[waiting]
        waiting = waiting[there > bound + 1e-14 * np.abs(value[waiting])]
        factor[waiting] /= 2
    return factor


def fields_with(pairs: Pairs, x: Array, T: float, start: Array) -> Array:
    """Fields t with ∇W(t) = `x`, both of shape (n, D): Newton's method on the convex W(t) − t·x, from `start`."""
    t = np.array(start, dtype=np.float64)
    active = np.arange(len(t))
    for _ in range(STEPS):
        if not active.size:
            break
        here = in_fields(pairs, t[active], T)
        miss = x[active] - here.x
        v, U = np.linalg.eigh(here.V)
        dt = _times(U, _times(U.transpose(0, 2, 1), miss) / np.maximum(v, SMALL))
        dt *= np.minimum(1.0, 4.0 / np.maximum(np.abs(dt).max(axis=1), 1e-300))[:, None]
        convex = here.W - (t[active] * x[active]).sum(axis=1)
        factor = np.ones(len(active))
        for _ in range(20):
            new = t[active] + factor[:, None] * dt
            there = in_fields(pairs, new, T).W - (new * x[active]).sum(axis=1)
            up = there > convex + 1e-13 * (1 + np.abs(convex))
            if not up.any():
                break
            factor[up] /= 2
        t[active] += factor[:, None] * dt
        active = active[np.abs(miss).max(axis=1) > 1e-15]
    return t
