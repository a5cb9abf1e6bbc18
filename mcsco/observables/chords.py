"""Chords: the pieces into which the phases cut the lines of sites along an axis."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Chords(NamedTuple):
    """Chords of one phase along one axis."""

    counts: Ints
    """Number of chords by length, ``counts[0]`` = 0, shape (L + 1,) with the extent L of the axis."""
    unbroken: int
    """Lines that lie in the phase all around the crystal: they have no ends, hence no length."""

    @property
    def mean(self) -> float:
        """Mean length in sites, every chord counted once; NaN without a chord."""
        n = int(self.counts.sum())
        return float(self.counts @ np.arange(self.counts.size) / n) if n else float("nan")


def chords(code: npt.NDArray[np.int8], n_phases: int) -> list[tuple[Chords, ...]]:
    """Chords of every phase along every axis of a periodic lattice.

    Parameters
    ----------
    code : array of int8
        Number of the phase, 0 to `n_phases` − 1, at each site, shape of the lattice.
    n_phases : int

    Returns
    -------
    list of tuple of Chords
        One tuple for each phase, with one entry for each axis.
    """
    by_axis = [
        _chords(np.moveaxis(code, axis, -1).reshape(-1, code.shape[axis]), n_phases) for axis in range(code.ndim)
    ]
    return [tuple(found[phase] for found in by_axis) for phase in range(n_phases)]


def _chords(lines: npt.NDArray[np.int8], n_phases: int) -> list[Chords]:
    """Chords of every phase in periodic lines, shape (line, site)."""
    L = lines.shape[1]
    ends = np.empty(lines.shape, dtype=np.bool_)  # the last site of a chord
    np.not_equal(lines[:, :-1], lines[:, 1:], out=ends[:, :-1])
    np.not_equal(lines[:, -1], lines[:, 0], out=ends[:, -1])
    end = np.flatnonzero(ends)
    line = end // L
    first = np.concatenate([np.ones(min(1, end.size), dtype=np.bool_), line[1:] != line[:-1]])
    length = np.diff(end, prepend=0)
    # The first chord of a line begins behind the last end of that line, one period earlier.
    last_end = end[np.concatenate([np.flatnonzero(first)[1:], [end.size]]) - 1] if end.size else end
    length[first] = end[first] - last_end + L
    phase = lines.ravel()[end].astype(np.int64)
    count = np.bincount(phase * (L + 1) + length, minlength=n_phases * (L + 1)).reshape(n_phases, L + 1)
    unbroken = np.bincount(lines[~ends.any(axis=1), 0], minlength=n_phases)
    return [Chords(count[p].astype(np.int64), int(unbroken[p])) for p in range(n_phases)]
