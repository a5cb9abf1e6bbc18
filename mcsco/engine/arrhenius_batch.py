"""Batches that move by activated rates in steps of equal time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.engine.arrhenius_kernel import STEPS, arrhenius_sweeps
from mcsco.engine.arrhenius_rates import in_kelvin
from mcsco.engine.random_numbers import BLOCK
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.errors import StateError
from mcsco.model import Model
from mcsco.model.kinetics import Kinetics, check_kinetic


class ArrheniusBatch(ReplicaBatch):
    """A batch with activated dynamics. See `Batch` for the other parameters; one sweep uses one thread.

    Parameters
    ----------
    kinetics : Kinetics, optional
        Prefactors and barriers; the standard ones if not given.
    """

    def __init__(
        self,
        model: Model,
        codes: npt.NDArray[np.int8],
        dynamics: str,
        key: npt.NDArray[np.uint32],
        threads: int = 1,
        kinetics: Kinetics | None = None,
    ) -> None:
        # The other dynamics of this layout are told apart by a number that this one does not use.
        super().__init__(check_kinetic(model), codes, "metropolis", key, threads)
        R = self.n_replicas
        self.kinetics = Kinetics() if kinetics is None else kinetics
        self.barriers = in_kelvin(self.kinetics)
        self.seconds = np.zeros(R)
        """Time since the start of every replica, s, shape (R,)."""
        self.rate_lanes = np.zeros((6, R))
        self.rate_scratch = (
            np.zeros(-(-2 * STEPS * R // BLOCK) * BLOCK, dtype=np.uint32),
            np.zeros(-(-STEPS // BLOCK) * BLOCK, dtype=np.uint32),
            np.zeros(6, dtype=np.int64),
        )

    def _advance(self, first: int, n_sweeps: int) -> None:
        arrhenius_sweeps(
            self.lattice_codes,
            self.neighbours,
            self.running,
            self.seconds,
            (self.start, self.step, self.control),
            first,
            n_sweeps,
            self.sweep,
            self.energies,
            self.barriers,
            self.three,
            self.key,
            self.rate_lanes,
            self.rate_scratch,
        )

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs to go on bit by bit."""
        return {**super().memory(), "seconds": self.seconds.copy()}

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned."""
        if memory["seconds"].shape != self.seconds.shape:
            raise StateError("the checkpoint holds another number of replicas")
        super().restore(memory)
        self.seconds[:] = memory["seconds"]
