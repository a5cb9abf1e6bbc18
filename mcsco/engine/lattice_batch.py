"""Batches that move with the lattice kernel: packed strings, passes, auxiliary fields."""

import numpy as np
import numpy.typing as npt

from mcsco.engine.batch import Batch, Sums, has_fields
from mcsco.engine.codes import Codes
from mcsco.engine.jit import using_threads
from mcsco.engine.lattice_kernel import bond_sums, lane_sums, sweeps_parallel, sweeps_serial
from mcsco.engine.layout import aligned_zeros, make_layout, pack, unpack
from mcsco.engine.random_numbers import BLOCK
from mcsco.errors import InputError
from mcsco.model import Model

MAX_WORKERS = 64


class LatticeBatch(Batch):
    """A batch on kernel (a). See `Batch` for the parameters.

    Raises
    ------
    InputError
        If an infinite-range term is repulsive or mixed: the replica kernel serves those.
    """

    site_fields = False
    """Whether the fields differ from site to site."""

    def __init__(
        self, model: Model, codes: Codes, dynamics: str, key: npt.NDArray[np.uint32], threads: int = 1
    ) -> None:
        super().__init__(model, codes, dynamics, key, threads)
        self._check_model()
        layout = self.layout = make_layout(model.lattice, self.n_replicas)
        self.packed = aligned_zeros((2, layout.n_rows + 1, layout.stride), np.int8)
        self.geometry = (
            layout.n_rows,
            layout.n_columns,
            layout.n_replicas,
            layout.offset,
            layout.stride,
            model.lattice.n_sites,
            model.lattice.coordination,
        )
        n = layout.row_length
        workers = min(threads, MAX_WORKERS)
        words = aligned_zeros((workers, -(-n // BLOCK) * BLOCK), np.uint32)
        self.fields = tuple(aligned_zeros(n, np.float32) for _ in range(4))
        self.chances = (
            aligned_zeros((14, n), np.uint16),
            aligned_zeros((14, n), np.uint32),
            aligned_zeros((7, n), np.uint16),
            aligned_zeros(n, np.int8),
            aligned_zeros(n, np.int8),
        )
        self.scratch = (
            words,
            words.view(np.uint16),
            aligned_zeros((workers, n), np.int8),
            aligned_zeros((workers, n), np.int8),
            aligned_zeros((workers, n), np.int8),
            np.zeros((workers, self.n_replicas, 2), dtype=np.int64),
        )
        self._prepare()
        self.set_codes(codes)

    def _prepare(self) -> None:
        """Make what a kind of distortion needs beside; before the first configuration is taken over."""

    def _check_model(self) -> None:
        if not has_fields(self.model):
            raise InputError(
                "kernel = 'lattice': needs infinite-range couplings that attract and do not mix "
                "(Γ >= 0, K∞ >= 0, L = 0); choose kernel = 'replica' or 'auto'"
            )

    def _advance(self, first: int, n_sweeps: int) -> None:
        sweeps = sweeps_parallel if self.threads > 1 else sweeps_serial
        layout = self.layout
        with using_threads(self.threads):
            sweeps(
                self.packed,
                self.geometry,
                layout.row_neighbours,
                layout.items,
                layout.passes,
                self.running,
                (self.start, self.step, self.control),
                first,
                n_sweeps,
                self.sweep,
                self.energies,
                self.three,
                self.dynamics,
                self.key,
                self.site_fields,
                self.fields,
                self.chances,
                self.scratch,
            )

    def codes(self) -> Codes:
        """Codes of all replicas, shape (R, *lattice)."""
        return unpack(self.layout, self.packed, self.model.lattice.shape)

    def set_codes(self, codes: Codes) -> None:
        """Take over a configuration, shape (R, *lattice)."""
        self.packed[:] = pack(self.layout, codes)
        lane_sums(codes.reshape(self.n_replicas, -1), self.running)

    def sums(self) -> Sums:
        """The extensive sums of every replica."""
        bonds = np.zeros((self.n_replicas, 2), dtype=np.int64)
        J, K = self.model.couplings[:2]
        if J or K:
            bond_sums(self.packed, self.geometry, self.layout.row_neighbours, bonds)
        return self._complete(self.running[:, 0].copy(), self.running[:, 1].copy(), bonds[:, 0], bonds[:, 1])

    def recount(self) -> None:
        """Raise `StateError` unless the running sums equal a fresh count."""
        fresh = np.zeros_like(self.running)
        lane_sums(self.codes().reshape(self.n_replicas, -1), fresh)
        self._check(self.running, fresh)
