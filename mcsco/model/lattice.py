"""Where the molecules sit: periodic square and cubic lattices."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer


@dataclass(frozen=True)
class Lattice:
    """Periodic square (2-D) or simple cubic (3-D) lattice.

    Parameters
    ----------
    shape : tuple of int
        Extents, ``(L_y, L_x)`` or ``(L_z, L_y, L_x)``, each at least 2, even or odd. Along an extent of 2
        the two neighbours of a site coincide and the pair is joined by two bonds, as on any torus.

    Raises
    ------
    InputError
        If `shape` has not two or three extents, or one of them is below 2.
    """

    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        shape = self.shape
        if isinstance(shape, str | bytes) or not isinstance(shape, Iterable):
            raise InputError(f"lattice shape = {shape!r}: must be two or three extents, e.g. (64, 64) or (20, 20, 20)")
        extents = tuple(check_integer("lattice extent", extent, minimum=2) for extent in shape)
        if len(extents) not in (2, 3):
            raise InputError(
                f"lattice shape = {extents}: must have two or three extents, e.g. (64, 64) or (20, 20, 20)"
            )
        if prod(extents) > 2**31 - 1:
            raise InputError(f"lattice shape = {extents}: must have fewer than 2^31 sites; reduce the extents")
        object.__setattr__(self, "shape", extents)

    @property
    def n_sites(self) -> int:
        """Number of molecules N."""
        return prod(self.shape)

    @property
    def n_dimensions(self) -> int:
        """2 or 3."""
        return len(self.shape)

    @property
    def coordination(self) -> int:
        """Number z of nearest neighbours of a site."""
        return 2 * len(self.shape)

    @property
    def n_bonds(self) -> int:
        """Number of nearest-neighbour bonds, N z / 2."""
        return self.n_sites * len(self.shape)

    @property
    def has_sublattices(self) -> bool:
        """Whether the lattice divides into two sublattices without bonds inside: all extents are even."""
        return all(extent % 2 == 0 for extent in self.shape)

    def sublattice(self) -> npt.NDArray[np.int8]:
        """0 on the first sublattice, where the indices have an even sum, 1 on the second; of the lattice's shape."""
        index: npt.NDArray[np.int64] = np.indices(self.shape).sum(axis=0)
        return (index % 2).astype(np.int8)

    def partners(self) -> npt.NDArray[np.int32]:
        """The other centre of the molecule of every site, shape ``(N,)``.

        A first centre is joined to the next site of the last axis, a second one to the site before.
        """
        index = np.arange(self.n_sites, dtype=np.int32).reshape(self.shape)
        second = self.sublattice() == 1
        return np.where(second, np.roll(index, 1, axis=-1), np.roll(index, -1, axis=-1)).ravel()

    def neighbours(self) -> npt.NDArray[np.int32]:
        """Nearest-neighbour table, shape ``(N, z)``; sites are numbered in C order of `shape`."""
        index = np.arange(self.n_sites, dtype=np.int32).reshape(self.shape)
        columns = [np.roll(index, shift, axis).ravel() for axis in range(index.ndim) for shift in (1, -1)]
        return np.stack(columns, axis=1)
