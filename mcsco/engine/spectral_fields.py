"""Tables and memory of the draw in one piece (`mcsco.engine.spectral`)."""

import numpy as np
import numpy.typing as npt

from mcsco.engine.fourier import (
    column_turns,
    head_length,
    mirror_runs,
    radices,
    reversed_digits,
    row_radices,
    row_turns,
)
from mcsco.engine.fourier_lanes import N_LANES
from mcsco.engine.jit import config, using_threads
from mcsco.engine.layout import ALIGN, Layout, aligned_zeros
from mcsco.engine.spectral import WIDTH, draw_parallel, draw_serial
from mcsco.engine.waves import WAVE_BLOCK

Array = npt.NDArray[np.float32]

_PAD = ALIGN // 4
"""Numbers that keep rows and planes from lying a power of two apart, where they would share few lines of a cache."""


def is_spectral(shape: tuple[int, ...]) -> bool:
    """Whether the draw in one piece serves a lattice: powers of two, the last at least 32, the others at least 4."""
    powers = all(extent & (extent - 1) == 0 for extent in shape)
    return powers and shape[-1] >= 2 * WIDTH and min(shape) >= 4 and len(shape) in (2, 3) and not config.DISABLE_JIT


def root_of(J: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A with A A = J for symmetric J ≥ 0 in the last two axes; tiny negative eigenvalues count as zero."""
    values, vectors = np.linalg.eigh(J)
    A: npt.NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ np.swapaxes(
        vectors, -1, -2
    )
    return A


def _pair(size: int) -> tuple[Array, Array]:
    """Room for real and imaginary parts."""
    return aligned_zeros(size, np.float32), aligned_zeros(size, np.float32)


class SpectralFields:
    """Draws h_k = J'(k) θ_k + √(T J'(k)) ξ_k and writes the site fields.

    Parameters
    ----------
    J : ndarray, shape (*lattice, 2, 2)
        J'(k) in K, positive semi-definite.
    components : list of int
        Those of n (0) and u (1) that have a field.
    layout : Layout
    threads : int
    """

    def __init__(self, J: npt.NDArray[np.float64], components: list[int], layout: Layout, threads: int) -> None:
        shape = J.shape[:-2]
        L0, L1, n = shape[0], 1 if len(shape) == 2 else shape[1], shape[-1] // 2
        C, self.threads, self.component = len(components), threads, components[0]
        self.orders = tuple(reversed_digits(steps) for steps in (radices(L0), radices(L1), row_radices(n)))
        row_stride = n + _PAD
        plane = L1 * row_stride + _PAD
        self.extents = (L0, L1, n, row_stride, plane, C, threads)

        angle = np.pi * self.orders[2] / n
        kind = 0 if n < 4 * N_LANES else head_length(n) // N_LANES
        cosines, sines = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        self.row_tables = (row_turns(n), cosines, sines, mirror_runs(n), kind)
        self.turns = column_turns(max(L0, L1))

        half = J.reshape(L0, L1, 2 * n, 2, 2)[:, :, : n + 1][..., components, :][..., components]
        N = half[..., :1, 0, 0].size * 2 * n
        # The transforms leave a factor 2 N. |ξ_k|² = N: each part has the variance N/2, and N in the strip, whose
        # numbers hold two real columns.
        A = root_of(half)
        self.root = self._table(A, np.sqrt(0.5 / N))
        J_0, A_0 = self._strip_table(half, 0.5 / N), self._strip_table(A, np.sqrt(1.0 / N))
        mirrors = (np.argsort(order)[-order % order.size] for order in self.orders[:2])
        self.strip_tables = (*J_0, *A_0, *mirrors)

        n_strip, n_lanes = C * L0 * L1, C * L0 * max(L1, N_LANES)
        self.work = _pair(C * L0 * plane)
        self.strip = (_pair(n_lanes), _pair(n_strip), _pair(n_lanes))
        drawn = aligned_zeros((threads, 4, WAVE_BLOCK), np.float32)
        self.normals = (drawn, drawn.reshape(-1), aligned_zeros(drawn.shape, np.int32))
        self.buffers = (_pair(threads * 2 * n), _pair(threads * C * L0 * WIDTH))

    def _pairs(self, M: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
        """M_nn, M_nu and M_uu, or the one there is."""
        return [M[..., p, q] for p, q in ([(0, 0), (0, 1), (1, 1)] if self.extents[5] == 2 else [(0, 0)])]

    def _table(self, M: npt.NDArray[np.float64], factor: float) -> Array:
        """Tables in the order of the blocks, flat; column 0 is the strip's."""
        L0, L1, n = self.extents[:3]
        o0, o1, o2 = self.orders
        blocks = []
        for one in self._pairs(M):
            ordered = (factor * one)[o0][:, o1][..., o2].astype(np.float32)
            ordered[..., 0] = 0.0
            blocks.append(ordered.reshape(L0, L1, n // WIDTH, WIDTH).transpose(1, 2, 0, 3).ravel())
        return np.concatenate(blocks)

    def _strip_table(self, M: npt.NDArray[np.float64], factor: float) -> tuple[Array, Array]:
        """(M(0) ± M(n))/2 of the strip, flat."""
        o0, o1, _ = self.orders
        edges = [(factor * one[..., (0, -1)])[o0][:, o1] for one in self._pairs(M)]
        first, last = np.concatenate([edge.reshape(-1, 2) for edge in edges]).T
        return (0.5 * (first + last)).astype(np.float32), (0.5 * (first - last)).astype(np.float32)

    def draw(
        self,
        packed: npt.NDArray[np.int8],
        real: Array,
        geometry: tuple[int, ...],
        on_site: Array,
        scale: Array,
        T: npt.NDArray[np.float64],
        sweep: int,
        key: npt.NDArray[np.uint32],
        fields: tuple[Array, Array],
    ) -> None:
        """Write the fields of a sweep at temperatures T (R,).

        `on_site` and `scale` are as in `write_fields`, `packed` and `real` as in `read_theta`.
        """
        noise = np.sqrt(T).astype(np.float32)
        memory = (self.work, self.strip, self.buffers, self.normals)
        tables = (self.row_tables, self.turns, self.root, self.strip_tables)
        arguments = (packed, real, geometry, self.extents, self.component, *tables, *memory, on_site, scale, noise)
        if self.threads == 1:
            draw_serial(*arguments, sweep, key, fields)
            return
        with using_threads(self.threads):
            draw_parallel(*arguments, sweep, key, fields)
