"""Batches whose distortion is continuous: n as the codes of the other batches, and u beside them.

`DisplaciveLatticeBatch` and `DisplaciveFieldBatch` move with kernel (a), without and with long-range fields;
`DisplaciveReplicaBatch` moves with kernel (b).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.batch import Batch, Sums
from mcsco.engine.codes import Codes, join, to_displacive
from mcsco.engine.displacive_kernel import (
    N_SUMS,
    all_string_sums,
    displacive_parallel,
    displacive_serial,
    displacive_sums,
)
from mcsco.engine.displacive_replica_kernel import displacive_replica_sums, displacive_replica_sweeps
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.jit import using_threads
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.layout import aligned_zeros, pack, unpack
from mcsco.engine.random_numbers import BLOCK
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.engine.replica_kernel import STEPS
from mcsco.engine.wells import Wells
from mcsco.errors import InputError
from mcsco.model import Displacive, Model

_N_LANES = 9
"""Numbers that depend on the temperature of a replica alone; see `displacive_kernel.set_lanes`."""


class _Displacive(Batch):
    """What the kernels share: the wells, the tables of their proposals, and the sums."""

    def _set_wells(self, of_u: float = 0.0, mixed: float = 0.0) -> None:
        """Local potential in K, with the terms ``of_u u² + mixed n u`` that long-range couplings add on the site."""
        distortion = self.model.distortion
        assert isinstance(distortion, Displacive), "the choice of the kernel gives displacive batches to such models"
        barrier, stiffness = distortion.barrier / units.KELVIN, distortion.stiffness / units.KELVIN
        wells = Wells(barrier, stiffness + 2.0 * of_u, -4.0 * barrier + 2.0 * of_u)
        self.well = (*wells, mixed)
        self.table = wells.table()

    def _real_sums(self, sums: npt.NDArray[np.float64]) -> Sums:
        """`Sums` from those of the kernels, shape (R, N_SUMS)."""
        distortion = self.model.distortion
        assert isinstance(distortion, Displacive)
        u, bonds_n, bonds_u, square, high_square, fourth = sums.T
        n = self.running[:, 0].copy()
        completed = self._complete(n, u, np.rint(bonds_n).astype(np.int64), bonds_u)
        barrier, stiffness = distortion.barrier, distortion.stiffness
        # Σ n ε (u² − 1)² + (1 − n)(κ u²/2 + ε u⁴)
        local = barrier * (fourth + n - 2.0 * high_square) + 0.5 * stiffness * (square - high_square)
        return completed._replace(u=u, bonds_u=bonds_u, local=local)


class DisplaciveLatticeBatch(LatticeBatch, _Displacive):
    """A batch on kernel (a). See `Batch` for the parameters, and `LatticeBatch` for the errors."""

    def _prepare(self) -> None:
        self._set_wells()
        self.distortion = aligned_zeros(self.packed.shape, np.float32)
        n, R, workers = self.layout.row_length, self.n_replicas, len(self.scratch[0])
        self.strings = np.zeros((len(self.layout.items), R))
        self.totals = aligned_zeros((workers, R * max(1, 32 // R)), np.float64)
        self.lanes = tuple(aligned_zeros(n, np.float32) for _ in range(_N_LANES))
        self.real_scratch = (
            aligned_zeros((2, workers, -(-n // BLOCK) * BLOCK), np.uint32),
            aligned_zeros((3, workers, n), np.float32),
            aligned_zeros((workers, n), np.int8),
            aligned_zeros((workers, n), np.float32),
            aligned_zeros((workers, n), np.int8),
            np.zeros((workers, R, 2), dtype=np.int64),
            self.totals,
            self.strings,
        )

    def _advance(self, first: int, n_sweeps: int) -> None:
        layout = self.layout
        if self.energies[5] != 0.0:  # K∞, which needs Σu before every pass
            all_string_sums(self.distortion, self.geometry, layout.items, self.totals[0], self.strings)
        sweeps = displacive_parallel if self.threads > 1 else displacive_serial
        with using_threads(self.threads):
            sweeps(
                self.packed,
                self.distortion,
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
                self.well,
                self.table,
                self.key,
                self.site_fields,
                self.fields,
                self.lanes,
                self.real_scratch,
            )

    def codes(self) -> Codes:
        """Codes of all replicas, shape (R, *lattice)."""
        shape = self.model.lattice.shape
        return join(unpack(self.layout, self.packed, shape), unpack(self.layout, self.distortion, shape))

    def set_codes(self, codes: Codes) -> None:
        """Take over a configuration, shape (R, *lattice)."""
        codes = to_displacive(codes)
        self.packed[:] = pack(self.layout, codes["n"])
        self.distortion[:] = pack(self.layout, codes["u"])
        self.running[:] = _count(codes)

    def sums(self) -> Sums:
        """The extensive sums of every replica."""
        out = np.zeros((self.n_replicas, N_SUMS))
        lanes = np.empty((N_SUMS, self.layout.row_length))
        displacive_sums(self.packed, self.distortion, self.geometry, self.layout.row_neighbours, lanes, out)
        return self._real_sums(out)

    def eta(self) -> npt.NDArray[np.float64]:
        """η of every replica, shape (R,)."""
        all_string_sums(self.distortion, self.geometry, self.layout.items, self.totals[0], self.strings)
        return np.asarray(self.strings.sum(axis=0) / self.model.lattice.n_sites)

    def recount(self) -> None:
        """Raise `StateError` unless the running sums equal a fresh count."""
        self._check(self.running, _count(self.codes()))


class DisplaciveFieldBatch(FieldBatch, DisplaciveLatticeBatch):
    """A batch on kernel (a) with long-range fields. See `Batch` for the parameters, and `FieldBatch` for the errors."""

    def _set_squares(self, of_u: float, mixed: float) -> None:
        self._set_wells(of_u, mixed)

    def real(self) -> npt.NDArray[np.float32]:
        """U in the packed layout."""
        return self.distortion


class DisplaciveReplicaBatch(ReplicaBatch, _Displacive):
    """A batch on kernel (b). See `Batch` for the parameters; one sweep uses one thread."""

    def _prepare(self) -> None:
        self._set_wells()
        R = self.n_replicas
        self.distortion = np.zeros(self.lattice_codes.shape, dtype=np.float32)
        self.real_lanes = tuple(np.zeros(R, dtype=np.float32) for _ in range(_N_LANES))
        self.real_scratch = (
            np.zeros(-(-2 * STEPS * R // BLOCK) * BLOCK, dtype=np.uint32),
            np.zeros(-(-STEPS // BLOCK) * BLOCK, dtype=np.uint32),
            np.zeros(R, dtype=np.int32),
            np.zeros(R),
            np.zeros(6, dtype=np.int64),
        )

    def _count(self) -> npt.NDArray[np.int64]:
        n = np.sum(self.lattice_codes[:-1], axis=0, dtype=np.int64)
        return np.stack([n, np.zeros_like(n)], axis=1)

    def _advance(self, first: int, n_sweeps: int) -> None:
        displacive_replica_sweeps(
            self.lattice_codes,
            self.distortion,
            self.neighbours,
            self.running,
            (self.start, self.step, self.control),
            first,
            n_sweeps,
            self.sweep,
            self.energies,
            self.well,
            self.table,
            self.key,
            self.lanes,
            self.real_lanes,
            self.real_scratch,
        )

    def codes(self) -> Codes:
        """Codes of all replicas, shape (R, *lattice)."""
        shape = (self.n_replicas, *self.model.lattice.shape)
        n, u = (np.array(x[:-1].T, order="C").reshape(shape) for x in (self.lattice_codes, self.distortion))
        return join(n, u)

    def set_codes(self, codes: Codes) -> None:
        """Take over a configuration, shape (R, *lattice)."""
        codes = to_displacive(codes).reshape(self.n_replicas, -1)
        self.lattice_codes[:-1], self.distortion[:-1] = codes["n"].T, codes["u"].T
        self.running = self._count()

    def sums(self) -> Sums:
        """The extensive sums of every replica."""
        out = np.zeros((self.n_replicas, N_SUMS))
        displacive_replica_sums(self.lattice_codes, self.distortion, self.neighbours, out)
        return self._real_sums(out)

    def eta(self) -> npt.NDArray[np.float64]:
        """η of every replica, shape (R,)."""
        return np.asarray(self.distortion[:-1].mean(axis=0, dtype=np.float64))


def check_dynamics(model: Model, dynamics: str) -> None:
    """Raise `InputError` if a continuous distortion cannot move as asked."""
    if isinstance(model.distortion, Displacive) and dynamics != "metropolis":
        raise InputError(
            f"dynamics = {dynamics!r}: draws a state from a short list, which a continuous distortion does not have; "
            "use dynamics = 'metropolis' with Displacive"
        )


def _count(codes: Codes) -> npt.NDArray[Any]:
    """Σ n of every replica beside a zero, shape (R, 2)."""
    n = codes["n"].reshape(len(codes), -1).sum(axis=1, dtype=np.int64)
    return np.stack([n, np.zeros_like(n)], axis=1)
