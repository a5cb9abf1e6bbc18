"""Walls between two phases: how many bonds they cut, how long they are and which way they run."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Value and slope midway between the sites 0 and 1 from the sites −1, 0, 1, 2; slope at 0 from −2, −1, 1, 2. All of
# fourth order, so that no lattice direction is preferred.
_BETWEEN = ((-1, -1 / 16), (0, 9 / 16), (1, 9 / 16), (2, -1 / 16))
_SLOPE_BETWEEN = ((-1, 1 / 24), (0, -27 / 24), (1, 27 / 24), (2, -1 / 24))
_SLOPE = (1 / 12, -8 / 12, 0.0, 8 / 12, -1 / 12)


class Orientation(NamedTuple):
    """Distribution of the directions of walls in the plane."""

    angle: Floats
    """Middle of each bin, degrees in [0, 180): 0 runs along the last axis (x), 90 along the first (y)."""
    fraction: Floats
    """Part of the wall length in the bin; NaN without walls."""


@dataclass(frozen=True)
class Walls:
    """Walls between two phases of one state."""

    n_sites: int
    bonds: Ints
    """Nearest-neighbour bonds between unlike sites along each axis, shape (axis,). An extent of 2 has two bonds for
    each pair of sites, as the energy has."""
    normal: Floats
    """Unit normals of the elements of the smoothed walls, components in the order of the lattice axes; their signs
    mean nothing. Shape (element, axis)."""
    weight: Floats
    """Length (in 3-D area) of each element, in lattice units, shape (element,)."""

    @property
    def density(self) -> float:
        """Bonds between unlike sites, per site."""
        return float(self.bonds.sum() / self.n_sites)

    @property
    def density_per_axis(self) -> Floats:
        """The same for the bonds along each axis, shape (axis,)."""
        return np.asarray(self.bonds / self.n_sites)

    @property
    def length(self) -> float:
        """Length (in 3-D area) of the smoothed walls, in lattice units: the staircase of bonds straightened out."""
        return float(self.weight.sum())

    @property
    def axis_fractions(self) -> Floats:
        """Mean square of each component of the normal, shape (axis,): adds up to 1, equal parts if isotropic."""
        if self.weight.size == 0:
            return np.full(self.bonds.size, np.nan)
        return np.asarray(self.weight @ self.normal**2 / self.length)

    def orientation(self, n_bins: int = 18) -> Orientation:
        """Distribution of the angles of the walls of a 2-D lattice, weighted by length.

        The first bin is centred at 0, so that walls along an axis do not fall between two bins.

        Raises
        ------
        InputError
            On a 3-D lattice, or if there are fewer than 2 bins.
        """
        n = check_integer("n_bins", n_bins, minimum=2)
        if self.bonds.size != 2:
            raise InputError("orientation: angles belong to a 2-D lattice; use normal, axis_fractions or fraction")
        # The normal (n_y, n_x) turned by a right angle is (n_x, −n_y).
        angle = np.degrees(np.arctan2(self.normal[:, 1], -self.normal[:, 0]))
        index = np.rint(angle * n / 180.0).astype(np.int64) % n
        total = self.length if self.weight.size else np.nan
        fraction = np.bincount(index, weights=self.weight, minlength=n) / total
        return Orientation(np.linspace(0.0, 180.0, n, endpoint=False), np.asarray(fraction, dtype=np.float64))

    def fraction(self, direction: Any, within: float = 10.0) -> float:
        """Part of the wall length that has one orientation, to `within` degrees.

        Parameters
        ----------
        direction : float or sequence of float
            In 2-D the angle of the wall in degrees, as in `orientation`; or, in 2-D and 3-D, the normal of the wall,
            with its components in the order of the lattice axes.
        within : float
            Degrees, in (0, 90].

        Returns
        -------
        float
            NaN without walls. Of isotropic walls: within/90 in 2-D, 1 − cos(within) in 3-D.

        Raises
        ------
        InputError
            If the direction does not fit the lattice.
        """
        d = self.bonds.size
        limit = check_real("within", within, above=0.0, unit="degrees")
        if limit > 90.0:
            raise InputError(f"within = {within!r} degrees: must be at most 90")
        if d == 2 and np.ndim(direction) == 0:
            phi = np.radians(check_real("direction", direction, unit="degrees"))
            n = np.array([np.cos(phi), -np.sin(phi)])
        else:
            try:
                n = np.asarray(direction, dtype=np.float64)
            except (TypeError, ValueError):
                n = np.zeros(0)
            if n.shape != (d,) or not np.all(np.isfinite(n)) or not n.any():
                angle = "an angle in degrees or " if d == 2 else ""
                raise InputError(f"direction = {direction!r}: must be {angle}the {d} components of a wall normal")
        if self.weight.size == 0:
            return float("nan")
        along = np.abs(self.normal @ (n / np.linalg.norm(n))) >= np.cos(np.radians(limit)) - 1e-12
        return float(self.weight[along].sum() / self.length)


def walls(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_], smoothing: float = 2.0) -> Walls:
    """Walls between the phases `a` and `b` of a periodic lattice; other sites belong to neither.

    The order parameter, 1 in a, −1 in b and 0 elsewhere, is smoothed with a Gaussian. A bond over which it changes
    sign, with more of a and b about it than of the rest, is an element of the wall, and the gradient there its normal
    ν. A wall cuts |ν_i| bonds of axis i per unit length, so that each bond of axis i stands for the length |ν_i|: over
    the axes that adds up to Σ ν_i² = 1. Single flipped sites vanish under the smoothing; narrow lamellae do not, as
    long as they alternate.

    Parameters
    ----------
    a, b : array of bool
        Disjoint, shape of the lattice.
    smoothing : float
        Standard deviation of the Gaussian in lattice units.

    Returns
    -------
    Walls

    Raises
    ------
    InputError
        If the smoothing is not positive.
    """
    from scipy import ndimage

    sigma = check_real("smoothing", smoothing, above=0.0)
    d = a.ndim
    phase = a.astype(np.int8) - b.astype(np.int8)
    bonds = np.array([np.count_nonzero(phase * np.roll(phase, -1, axis) == -1) for axis in range(d)], dtype=np.int64)
    if not (a.any() and b.any()):
        return Walls(a.size, bonds, np.empty((0, d)), np.empty(0))
    s = ndimage.gaussian_filter(phase.astype(np.float64), sigma, mode="wrap")
    either = a | b
    cover = None if either.all() else ndimage.gaussian_filter(either.astype(np.float64), sigma, mode="wrap")
    slopes = [ndimage.correlate1d(s, _SLOPE, axis, mode="wrap") for axis in range(d)]
    normals, weights = [], []
    positive = s > 0
    for axis in range(d):
        crossing = positive != np.roll(positive, -1, axis)
        if cover is not None:
            crossing &= cover + np.roll(cover, -1, axis) > 1.0
        sites = np.nonzero(crossing)
        n = np.stack([_between(s if e == axis else slopes[e], sites, axis, e == axis) for e in range(d)], axis=1)
        norm = np.linalg.norm(n, axis=1)
        n = n[norm > 0] / norm[norm > 0, np.newaxis]
        normals.append(n)
        weights.append(np.abs(n[:, axis]))
    return Walls(a.size, bonds, np.concatenate(normals), np.concatenate(weights))


def _between(x: Floats, sites: tuple[npt.NDArray[np.intp], ...], axis: int, slope: bool) -> Floats:
    """`x`, or its slope along `axis`, midway between the sites and their next neighbours along the axis."""
    at = list(sites)
    total = np.zeros(sites[0].size)
    for shift, factor in _SLOPE_BETWEEN if slope else _BETWEEN:
        at[axis] = (sites[axis] + shift) % x.shape[axis]
        total += factor * x[tuple(at)]
    return total
