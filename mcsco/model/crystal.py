"""Finite crystals: pieces of a chain, a square or a cubic lattice, with free surfaces where one wants them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real

BOUNDARIES = ("open", "periodic")
"""What an axis can end in: a free surface, or the other end."""


class Bonds(NamedTuple):
    """Pairs of bonded molecules, each once."""

    first: npt.NDArray[np.int64]
    """Number of the first molecule, shape (B,)."""
    second: npt.NDArray[np.int64]
    """Number of the second, shape (B,)."""
    offset: npt.NDArray[np.int64]
    """Way from the first to the second in lattice units, shape (B, d); it does not wrap at a periodic boundary."""

    @property
    def length(self) -> npt.NDArray[np.float64]:
        """1 for nearest neighbours, √2 for next-nearest ones, shape (B,)."""
        return np.sqrt(np.sum(self.offset**2, axis=1, dtype=np.float64))

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """Unit vector from the first to the second molecule, shape (B, d)."""
        return np.asarray(self.offset / self.length[:, None])

    @property
    def is_nearest(self) -> npt.NDArray[np.bool_]:
        """Whether a bond joins nearest neighbours, shape (B,)."""
        return np.asarray(np.abs(self.offset).sum(axis=1) == 1)


@dataclass(frozen=True, eq=False)
class Crystal:
    """A piece of a chain (1-D), a square (2-D) or a simple cubic lattice (3-D).

    Molecules are numbered in C order of the occupied sites. Each is bonded to its nearest neighbours and to its
    next-nearest ones, across the diagonals of the faces.

    Parameters
    ----------
    shape : tuple of int
        Extents; at least 1 along an open and 3 along a periodic axis.
    boundary : str or tuple of str
        ``"open"`` (free surfaces) or ``"periodic"``, for all axes or one by one.
    mask : array of bool, optional
        Which sites are occupied, of the given shape; all by default.
    clamped : bool
        Whether the lengths of periodic axes are held fixed. Otherwise the crystal is under constant pressure: its
        homogeneous strain is free.

    Raises
    ------
    InputError
        If a part breaks its rule, or fewer than two molecules are left.

    Examples
    --------
    >>> from mcsco.model.crystal import Crystal
    >>> Crystal.disc(5).n_molecules
    21
    """

    shape: tuple[int, ...]
    boundary: str | tuple[str, ...] = "open"
    mask: npt.NDArray[np.bool_] | None = None
    clamped: bool = False

    def __post_init__(self) -> None:
        given = self.shape
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise InputError(f"crystal shape = {given!r}: must be one to three extents, e.g. (40, 40)")
        shape = tuple(check_integer("crystal extent", extent, minimum=1) for extent in given)
        if len(shape) not in (1, 2, 3):
            raise InputError(f"crystal shape = {shape}: must be one to three extents, e.g. (40, 40)")
        words = (self.boundary,) * len(shape) if isinstance(self.boundary, str) else tuple(self.boundary)
        if len(words) != len(shape) or any(word not in BOUNDARIES for word in words):
            raise InputError(
                f"boundary = {self.boundary!r}: must be 'open' or 'periodic', or one of them for each axis"
            )
        for extent, word in zip(shape, words, strict=True):
            if word == "periodic" and extent < 3:
                raise InputError(f"crystal shape = {shape}: must be at least 3 along a periodic axis")
        if self.clamped and "periodic" not in words:
            raise InputError("clamped = True: needs a periodic axis whose length is held; set boundary or leave it out")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "boundary", words)
        if self.mask is not None:
            mask = np.array(self.mask)
            if mask.shape != shape or mask.dtype != np.bool_:
                raise InputError(f"mask has shape {mask.shape}, type {mask.dtype}: must be bool of shape {shape}")
            mask.setflags(write=False)
            object.__setattr__(self, "mask", None if mask.all() else mask)
        if self.n_molecules < 2:
            raise InputError(f"crystal of {self.n_molecules} molecules: must have at least 2")

    @classmethod
    def disc(cls, diameter: float) -> "Crystal":
        """A round particle in 2-D; `diameter` in molecules."""
        return _ball(check_real("diameter", diameter, minimum=2.0), 2)

    @classmethod
    def sphere(cls, diameter: float) -> "Crystal":
        """A round particle in 3-D; `diameter` in molecules."""
        return _ball(check_real("diameter", diameter, minimum=2.0), 3)

    @classmethod
    def film(cls, shape: tuple[int, ...], clamped: bool = False) -> "Crystal":
        """A film: open along the first axis, its thickness, and periodic along the others.

        `clamped` holds its lengths in the plane, as a thick substrate does.
        """
        return cls(shape, ("open",) + ("periodic",) * (len(tuple(shape)) - 1), clamped=clamped)

    @property
    def n_dimensions(self) -> int:
        """1, 2 or 3."""
        return len(self.shape)

    @property
    def n_molecules(self) -> int:
        """Number N of molecules."""
        return prod(self.shape) if self.mask is None else int(self.mask.sum())

    @cached_property
    def occupied(self) -> npt.NDArray[np.bool_]:
        """Which sites are occupied, of the crystal's shape."""
        return np.ones(self.shape, dtype=np.bool_) if self.mask is None else self.mask

    @cached_property
    def positions(self) -> npt.NDArray[np.int64]:
        """Site of every molecule in lattice units, in the order of the axes of `shape`; shape (N, d)."""
        return np.argwhere(self.occupied)

    @cached_property
    def numbers(self) -> npt.NDArray[np.int64]:
        """Number of the molecule on every site, −1 where there is none; of the crystal's shape."""
        numbers = np.full(self.shape, -1, dtype=np.int64)
        numbers[self.occupied] = np.arange(self.n_molecules)
        return numbers

    @cached_property
    def bonds(self) -> Bonds:
        """Bonds between nearest and next-nearest neighbours."""
        axes = np.eye(self.n_dimensions, dtype=np.int64)
        offsets = [*axes]
        for a, b in combinations(range(self.n_dimensions), 2):
            offsets += [axes[a] + axes[b], axes[a] - axes[b]]
        first, second, offset = [], [], []
        for step in offsets:
            there = self.neighbour(step)
            bonded = there >= 0
            first.append(np.flatnonzero(bonded))
            second.append(there[bonded])
            offset.append(np.tile(step, (int(bonded.sum()), 1)))
        return Bonds(*(np.concatenate(part) for part in (first, second, offset)))

    def neighbour(self, offset: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Number of the molecule at `offset` (lattice units) from each molecule, −1 where there is none; shape (N,)."""
        site = self.positions + offset
        inside = np.ones(len(site), dtype=np.bool_)
        for axis, (extent, word) in enumerate(zip(self.shape, self.boundary, strict=True)):
            if word == "open":
                inside &= (site[:, axis] >= 0) & (site[:, axis] < extent)
            site[:, axis] %= extent
        return np.where(inside, self.numbers[tuple(site.T)], -1)

    def surface(self, layers: int = 1) -> npt.NDArray[np.bool_]:
        """Molecules of the outermost `layers`, shape (N,).

        The first layer lacks a nearest neighbour; every further one has a nearest neighbour in the layer before.
        """
        check_integer("layers", layers, minimum=1)
        axes = np.eye(self.n_dimensions, dtype=np.int64)
        near = np.stack([self.neighbour(sign * axis) for axis in axes for sign in (1, -1)])
        outer = np.any(near < 0, axis=0)
        for _ in range(layers - 1):
            outer = outer | np.any(outer[near] & (near >= 0), axis=0)
        return np.asarray(outer)

    def to_grid(self, values: npt.ArrayLike, empty: float = np.nan) -> npt.NDArray[np.float64]:
        """Numbers of the molecules, shape (N,), laid out on the sites; `empty` where there is none."""
        grid = np.full(self.shape, empty, dtype=np.float64)
        grid[self.occupied] = values
        return grid

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Crystal):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        mask = None if self.mask is None else self.mask.tobytes()
        return (self.shape, self.boundary, mask, self.clamped)


def _ball(diameter: float, n_dimensions: int) -> Crystal:
    extent = int(diameter)
    r = np.indices((extent,) * n_dimensions) - (extent - 1) / 2
    return Crystal((extent,) * n_dimensions, mask=np.sum(r**2, axis=0) <= diameter**2 / 4)
