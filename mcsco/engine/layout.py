"""How the lattice kernel stores a configuration, and the order in which it may update it.

A row (the sites along the last axis) is stored as two strings, even and odd columns, with the R replicas of a
batch as the innermost index: all neighbours of a string then lie at constant offsets, and every inner loop
has unit stride. Codes are s = u ∈ {−1, 0, +1} with n = s² for three states, s = n ∈ {0, 1} for plain spins.

    packed[parity, row, OFF + k R + r] = s of replica r at column 2k + parity

One ghost column on either side holds the periodic image. Sites that are updated together share no bond: a *pass*
is a list of strings, and a sweep is all passes in turn. Even extents need two passes (the checkerboard); an odd
extent adds a third class for its last index.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.model import Lattice

ALIGN = 64
"""Strings start at multiples of this many bytes."""


class Layout(NamedTuple):
    """Everything a kernel needs to know about the geometry; plain arrays and numbers."""

    n_rows: int
    n_columns: int
    n_replicas: int
    offset: int
    """Index of column 0 of a string."""
    stride: int
    """Length of a stored string."""
    row_neighbours: npt.NDArray[np.int64]
    """Shape (n_rows, 4); row ``n_rows`` is a row of zeros that stands for missing directions."""
    items: npt.NDArray[np.int64]
    """Shape (n_items, 4): row, parity, first and last + 1 position k."""
    passes: npt.NDArray[np.int64]
    """Shape (n_passes + 1,): where each pass begins in `items`."""

    @property
    def row_length(self) -> int:
        """Longest string times replicas: length of the kernels' scratch arrays."""
        return (self.n_columns + 1) // 2 * self.n_replicas


def _round_up(n: int) -> int:
    return -(-n // ALIGN) * ALIGN


def make_layout(lattice: Lattice, n_replicas: int) -> Layout:
    """Layout of `n_replicas` copies of a lattice."""
    *row_shape, n_columns = lattice.shape
    index = np.arange(int(np.prod(row_shape))).reshape(row_shape)
    n_rows = index.size
    row_neighbours = np.full((n_rows, 4), n_rows, dtype=np.int64)
    for axis in range(index.ndim):
        for side, shift in enumerate((1, -1)):
            row_neighbours[:, 2 * axis + side] = np.roll(index, shift, axis).ravel()

    n_even = (n_columns + 1) // 2
    coordinates = np.indices(row_shape).reshape(index.ndim, -1)
    passes: list[list[tuple[int, int, int, int]]] = []
    if all(extent % 2 == 0 for extent in lattice.shape):
        parity = coordinates.sum(axis=0) % 2
        for colour in range(2):
            passes.append([(row, (colour + parity[row]) % 2, 0, n_even) for row in range(n_rows)])
    else:
        row_classes = _classes(coordinates, row_shape)
        n_odd = n_columns // 2
        columns = [(0, 0, n_odd), (1, 0, n_odd)] + ([(0, n_odd, n_even)] if n_columns % 2 else [])
        for rows in row_classes:
            for parity_, k0, k1 in columns:
                passes.append([(int(row), parity_, k0, k1) for row in rows])
    offset = _round_up(n_replicas)
    return Layout(
        n_rows=n_rows,
        n_columns=n_columns,
        n_replicas=n_replicas,
        offset=offset,
        stride=_round_up(offset + (n_even + 1) * n_replicas),
        row_neighbours=row_neighbours,
        items=np.array([item for strings in passes for item in strings], dtype=np.int64),
        passes=np.cumsum([0] + [len(strings) for strings in passes]).astype(np.int64),
    )


def _classes(coordinates: npt.NDArray[np.int64], row_shape: list[int]) -> list[npt.NDArray[np.int64]]:
    """Split the rows into classes without bonds inside: parity along each axis, an odd axis' last index apart."""
    label = np.zeros(coordinates.shape[1], dtype=np.int64)
    for x, extent in zip(coordinates, row_shape, strict=True):
        label = 3 * label + np.where((extent % 2 == 1) & (x == extent - 1), 2, x % 2)
    return [np.flatnonzero(label == value) for value in np.unique(label)]


def pack(layout: Layout, codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Store numbers of shape (R, *lattice) in the kernel's form, ghosts included."""
    R, columns = layout.n_replicas, codes.reshape(layout.n_replicas, layout.n_rows, layout.n_columns)
    packed = aligned_zeros((2, layout.n_rows + 1, layout.stride), codes.dtype)
    for parity in range(2):
        string = columns[:, :, parity::2].transpose(1, 2, 0).reshape(layout.n_rows, -1)
        packed[parity, :-1, layout.offset : layout.offset + string.shape[1]] = string
    first, last = columns[:, :, 0].T, columns[:, :, -1].T
    packed[1, :-1, layout.offset - R : layout.offset] = last
    # The image of column 0 follows the last even column, or the last odd one if their number is odd.
    end = layout.offset + layout.n_columns // 2 * R
    packed[layout.n_columns % 2, :-1, end : end + R] = first
    return packed


def unpack(layout: Layout, packed: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The inverse of `pack`: numbers of shape (R, *lattice)."""
    R = layout.n_replicas
    codes = np.empty((R, layout.n_rows, layout.n_columns), dtype=packed.dtype)
    for parity in range(2):
        n = len(range(parity, layout.n_columns, 2))
        string = packed[parity, :-1, layout.offset : layout.offset + n * R]
        codes[:, :, parity::2] = string.reshape(layout.n_rows, n, R).transpose(2, 0, 1)
    return codes.reshape(R, *shape)


def aligned_zeros(shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that begin at a multiple of `ALIGN` bytes.

    NumPy promises 16 bytes only, and a vector load that straddles two cache lines costs two.
    """
    dtype = np.dtype(dtype)
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    raw = np.zeros(n_bytes + ALIGN, dtype=np.uint8)
    begin = -raw.ctypes.data % ALIGN
    return raw[begin : begin + n_bytes].view(dtype).reshape(shape)
