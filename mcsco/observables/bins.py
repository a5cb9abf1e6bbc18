"""Bins of whole numbers, Σn or |Σu|, that hold equally many states, so that no comb appears in a histogram."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Bins(NamedTuple):
    """Bins along one order parameter.

    With `width` 0 every whole number from `first` to `last` has its own bin. Otherwise bins are `width` wide and begin
    at `first`; their edges lie on whole numbers, and a state on the edge of two bins counts half in either.
    """

    first: int
    last: int
    width: int = 0

    @property
    def size(self) -> int:
        """Number of bins."""
        length = self.last - self.first
        return -(-length // self.width) if self.width else length + 1

    @property
    def edges(self) -> Floats:
        """Edges of the bins in whole numbers, shape (size, 2)."""
        if not self.width:
            centres = np.arange(self.first, self.last + 1)
            return np.stack([centres - 0.5, centres + 0.5], axis=1)
        low = self.first + self.width * np.arange(self.size)
        return np.stack([low, np.minimum(low + self.width, self.last)], axis=1).astype(np.float64)

    @property
    def centres(self) -> Floats:
        """Centres in whole numbers, shape (size,)."""
        return np.asarray(self.edges.mean(axis=1))

    def places(self, x: Integers) -> tuple[Integers, Integers]:
        """The two bins of every number, the same where it is not on an edge; each gets half of the number's weight."""
        if not self.width:
            return x - self.first, x - self.first
        above, rest = np.divmod(x - self.first, self.width)
        below = np.where(rest == 0, above - 1, above)
        top = self.size - 1
        return np.clip(below, 0, top), np.clip(above, 0, top)


def make_bins(n_sites: int, number: int | None, first: int) -> Bins:
    """Bins from `first` (0, or −N for what has a sign) to N, `number` of them from 0 to N; None: one a value."""
    return Bins(first, n_sites, 0 if number is None or number > n_sites else -(-n_sites // number))


def histogram(x: Bins, y: Bins, n: Integers, u: Integers, weight: Floats) -> Floats:
    """Weight in every bin of states (n, u), shape (x.size, y.size)."""
    total = np.zeros(x.size * y.size)
    for i in x.places(n):
        for j in y.places(u):
            total += np.bincount(i * y.size + j, weight, total.size)
    return total.reshape(x.size, y.size) / 4
