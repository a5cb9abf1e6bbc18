"""Batches of crystals whose sites differ, on the replica kernel's order of visits."""

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.batch import Sums
from mcsco.engine.codes import Codes
from mcsco.engine.dynamics import DYNAMICS
from mcsco.engine.random_numbers import BLOCK
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.engine.replica_kernel import STEPS
from mcsco.engine.sites import site_tables, told_apart
from mcsco.engine.unequal_kernel import unequal_sweeps
from mcsco.errors import InputError
from mcsco.model import Model


class UnequalBatch(ReplicaBatch):
    """A batch whose sites have second centres, sublattices or disorder. See `Batch` for the parameters.

    Raises
    ------
    InputError
        If the model has elastic or long-range couplings as well.
    """

    def __init__(
        self, model: Model, codes: Codes, dynamics: str, key: npt.NDArray[np.uint32], threads: int = 1
    ) -> None:
        super().__init__(model, codes, dynamics, key, threads)
        R = self.n_replicas
        J, K, Gamma, _, L = model.couplings
        of_kernel = (J, K, Gamma, self.tables.K_inf, L, *model.sublattice_couplings)
        self.kernel_couplings = np.array(of_kernel, dtype=np.float64) / units.KELVIN
        self.to_kelvin = np.diag([1.0, 1.0, 1.0 / units.KELVIN])  # the kernel knows what pressure does to each site
        self.site_lanes = tuple(np.zeros(R, dtype=np.float32) for _ in range(10))
        self.site_scratch = (
            np.zeros(-(-STEPS * R // BLOCK) * BLOCK, dtype=np.uint32),
            np.zeros(-(-STEPS // BLOCK) * BLOCK, dtype=np.uint32),
            *(np.zeros(R, dtype=np.int32) for _ in range(3)),
            np.zeros(6, dtype=np.int64),
        )

    def _check_sites(self, model: Model) -> None:
        if model.pair_terms is not None:
            raise InputError(
                "interactions: elasticity and long-range couplings do not go with second centres, sublattice couplings "
                "or disorder; use InfiniteRange and NearestNeighbours"
            )

    def _prepare(self) -> None:
        tables = self.tables = site_tables(self.model)
        self.kernel_tables = (
            tables.enthalpy / units.KELVIN,
            tables.ln_g,
            tables.work / units.KELVIN,
            tables.kind,
            tables.sign,
            tables.partner,
        )

    def _count(self) -> npt.NDArray[np.int64]:
        n = (self.lattice_codes[:-1] & 1).astype(np.int64)
        return np.concatenate([super()._count(), (self.tables.sign.astype(np.int64) @ n)[:, None]], axis=1)

    def _advance(self, first: int, n_sweeps: int) -> None:
        unequal_sweeps(
            self.lattice_codes,
            self.neighbours,
            self.running,
            (self.start, self.step, self.control),
            first,
            n_sweeps,
            self.sweep,
            self.kernel_couplings,
            self.kernel_tables,
            self.three,
            DYNAMICS[self.dynamics] == "heat-bath",
            self.key,
            self.site_lanes,
            self.site_scratch,
        )

    def sums(self) -> Sums:
        """The extensive sums of every replica; what tells sites apart is in ``pairs`` and ``work``."""
        sums = super().sums()
        n = (self.lattice_codes[:-1] & 1).T.astype(np.float64)
        own, work = told_apart(self.model, self.tables, n, self.running[:, 2], sums.u)
        return sums._replace(pairs=own, work=work)

    def sublattice_sums(self) -> npt.NDArray[np.int64]:
        """Σ n of the two sublattices, shape (R, 2)."""
        n, difference = self.running[:, 0], self.running[:, 2]
        return np.stack([n + difference, n - difference], axis=1) // 2
