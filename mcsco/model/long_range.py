"""Pair interactions of any range, given by the user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real

Couplings = tuple[tuple[tuple[int, ...], float], ...]


@dataclass(frozen=True)
class LongRange:
    """Pair coupling ``−½ Σ_i Σ_j J(r_i − r_j) x_i x_j`` of spins (x = σ) or of distortions (x = u).

    Any sign is allowed, so that frustrated and antiferro couplings have a place too.

    Parameters
    ----------
    kernel : mapping, sequence of (offset, value), or array
        J(r) in kJ/mol by lattice offset in the order of the lattice's shape, e.g. ``{(0, 1): 0.1, (1, 0): 0.1}``; −r is
        added where it is missing. Or an array of the lattice's shape with J(r) at
        index r, r and −r being equal. J(0) must be zero or left out.
    of : str
        ``"spin"`` or ``"distortion"``.

    Raises
    ------
    InputError
        If the kernel is not symmetric, has a value at offset 0, or is not finite.
    """

    kernel: Couplings
    of: str = "spin"

    def __post_init__(self) -> None:
        if self.of not in ("spin", "distortion"):
            raise InputError(f"of = {self.of!r}: must be 'spin' or 'distortion'")
        table = _centred(self.kernel) if isinstance(self.kernel, np.ndarray) else _table(self.kernel)
        if len({len(offset) for offset in table}) > 1:
            raise InputError("kernel: all offsets must have as many components as the lattice has dimensions")
        if any(not any(offset) and value for offset, value in table.items()):
            raise InputError("kernel: J(0) must be zero, a molecule does not interact with itself")
        mirrored = {tuple(-x for x in offset): value for offset, value in table.items()} | table
        for offset, value in table.items():
            if mirrored[tuple(-x for x in offset)] != value:
                raise InputError(f"kernel at {offset}: J(r) and J(−r) must be equal")
        object.__setattr__(self, "kernel", tuple(sorted(mirrored.items())))

    def on_grid(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """J(k) in kJ/mol on the grid of `numpy.fft.fftn`; images of an offset add up."""
        J = np.zeros(shape)
        for offset, value in self.kernel:
            if len(offset) != len(shape):
                raise InputError(f"kernel at {offset}: must have the {len(shape)} components of the lattice")
            J[tuple(x % extent for x, extent in zip(offset, shape, strict=True))] += value
        transform = np.fft.fftn(J)
        if np.abs(transform.imag).max(initial=0.0) > 1e-9 * max(1e-300, np.abs(J).sum()):
            raise InputError("kernel: J(r) and J(−r) must be equal")
        return transform.real


def _table(given: object) -> dict[tuple[int, ...], float]:
    """Couplings by offset from a mapping or a sequence of pairs."""
    if isinstance(given, Mapping):
        entries = list(given.items())
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        entries = list(given)
    else:
        raise InputError(f"kernel = {given!r}: must map offsets to couplings, e.g. {{(0, 1): 0.1}}")
    table: dict[tuple[int, ...], float] = {}
    for entry in entries:
        pair = tuple(entry) if isinstance(entry, Iterable) and not isinstance(entry, str | bytes) else ()
        if len(pair) != 2 or not isinstance(pair[0], Iterable) or isinstance(pair[0], str | bytes):
            raise InputError(f"kernel entry {entry!r}: must be an offset and a coupling, e.g. [[0, 1], 0.1]")
        offset = tuple(check_integer("kernel offset", x) for x in pair[0])
        if offset in table:
            raise InputError(f"kernel at {offset}: is given twice; give each offset once")
        table[offset] = check_real(f"kernel at {offset}", pair[1], unit="kJ/mol")
    return table


def _centred(array: npt.NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    """Couplings by offset from an array over the periodic lattice.

    Half of each goes to r and half to −r: an offset of half an extent is the image of its own mirror image, and would
    count twice otherwise.
    """
    table: dict[tuple[int, ...], float] = {}
    for index in map(tuple, np.argwhere(array).tolist()):
        half = check_real(f"kernel at {index}", array[index], unit="kJ/mol") / 2.0
        mirror = tuple(-x % extent for x, extent in zip(index, array.shape, strict=True))
        if array[mirror] != array[index]:
            raise InputError(f"kernel at {index}: J(r) and J(−r) must be equal")
        offset = tuple(x - extent if 2 * x > extent else x for x, extent in zip(index, array.shape, strict=True))
        for r in (offset, tuple(-x for x in offset)):
            table[r] = table.get(r, 0.0) + half
    return table
