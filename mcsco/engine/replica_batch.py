"""Batches that move with the replica kernel: any model, any lattice, random-sequential order."""

import numpy as np
import numpy.typing as npt

from mcsco.engine.batch import Batch, Sums
from mcsco.engine.codes import Codes
from mcsco.engine.dynamics import DYNAMICS
from mcsco.engine.random_numbers import BLOCK
from mcsco.engine.replica_kernel import STEPS, replica_bond_sums, replica_sweeps
from mcsco.model import Model


class ReplicaBatch(Batch):
    """A batch on kernel (b). See `Batch` for the parameters; one sweep uses one thread."""

    def __init__(
        self, model: Model, codes: Codes, dynamics: str, key: npt.NDArray[np.uint32], threads: int = 1
    ) -> None:
        super().__init__(model, codes, dynamics, key, threads)
        R, N = self.n_replicas, model.lattice.n_sites
        self.lattice_codes = np.zeros((N + 1, R), dtype=np.int8)
        self._prepare()
        self.set_codes(codes)
        self.neighbours = model.lattice.neighbours()
        self.lanes = tuple(np.zeros(R, dtype=np.float32) for _ in range(7))
        self.scratch = (
            np.zeros(-(-STEPS * R // BLOCK) * BLOCK, dtype=np.uint32),
            np.zeros(-(-STEPS // BLOCK) * BLOCK, dtype=np.uint32),
            np.zeros(R, dtype=np.int32),
            np.zeros(R, dtype=np.int32),
            np.zeros(6, dtype=np.int64),
        )

    def _prepare(self) -> None:
        """Make what a kind of distortion needs beside; before the first configuration is taken over."""

    def _count(self) -> npt.NDArray[np.int64]:
        codes = self.lattice_codes[:-1]
        return np.stack([np.sum(codes & 1, axis=0, dtype=np.int64), np.sum(codes, axis=0, dtype=np.int64)], axis=1)

    def _advance(self, first: int, n_sweeps: int) -> None:
        replica_sweeps(
            self.lattice_codes,
            self.neighbours,
            self.running,
            (self.start, self.step, self.control),
            first,
            n_sweeps,
            self.sweep,
            self.energies,
            self.three,
            DYNAMICS[self.dynamics] == "heat-bath",
            self.key,
            self.lanes,
            self.scratch,
        )

    def codes(self) -> Codes:
        """Codes of all replicas, shape (R, *lattice)."""
        # A copy even for one replica, whose transpose is contiguous already.
        return np.array(self.lattice_codes[:-1].T, order="C").reshape(self.n_replicas, *self.model.lattice.shape)

    def set_codes(self, codes: Codes) -> None:
        """Take over a configuration, shape (R, *lattice)."""
        self.lattice_codes[:-1] = codes.reshape(self.n_replicas, -1).T
        self.running = self._count()

    def sums(self) -> Sums:
        """The extensive sums of every replica."""
        bonds = np.zeros((self.n_replicas, 2), dtype=np.int64)
        J, K = self.model.couplings[:2]
        if J or K:
            replica_bond_sums(self.lattice_codes, self.neighbours, bonds)
        return self._complete(self.running[:, 0].copy(), self.running[:, 1].copy(), bonds[:, 0], bonds[:, 1])

    def recount(self) -> None:
        """Raise `StateError` unless the running sums equal a fresh count."""
        self._check(self.running, self._count())
