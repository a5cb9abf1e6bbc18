"""Batches that walk over the whole range of γ under weights which they learn, and then keep."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.engine.flat_histogram_kernel import flat_sweeps
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.errors import InputError
from mcsco.model import Model


class FlatHistogramBatch(ReplicaBatch):
    """A batch at constant controls, the same in all lanes, with weights 2^−w(N_HS).

    During the first `learning` sweeps w grows wherever a lane is. What it grows by is halved whenever every N_HS has
    been visited since the last time, until it is less than 1/t with t visits of each N_HS, and follows 1/t from then
    on (Belardinelli and Pereyra, DOI 10.1063/1.2803061). After that w is fixed.

    Parameters
    ----------
    model, codes, key
        See `Batch`.
    learning : int
        Sweeps.

    Raises
    ------
    InputError
        If the model has long-range couplings, which this kernel does not know.
    """

    def __init__(self, model: Model, codes: npt.NDArray[np.int8], key: npt.NDArray[np.uint32], learning: int) -> None:
        if model.pair_terms is not None:
            raise InputError(
                "method = 'flat-histogram': cannot serve elasticity or long-range couplings; choose 'umbrella'"
            )
        super().__init__(model, codes, "metropolis", key)
        N = model.lattice.n_sites
        self.learning = learning
        self.table = np.zeros(N + 1)
        self.visits = np.zeros(N + 1, dtype=np.int64)
        self.rise = 1.0
        self.steps = 0

    def _advance(self, first: int, n_sweeps: int) -> None:
        to_learn = min(max(0, self.learning - self.sweep), n_sweeps)
        for j in range(to_learn):
            self._move(1, self.sweep + j, self.rise)
            self._learnt()
        if self.sweep + to_learn == self.learning:
            self.table -= self.table.min()
        if n_sweeps > to_learn:
            self._move(n_sweeps - to_learn, self.sweep + to_learn, 0.0)

    def _move(self, n_sweeps: int, sweep: int, rise: float) -> None:
        flat_sweeps(
            self.lattice_codes,
            self.neighbours,
            self.running,
            self.start,
            n_sweeps,
            sweep,
            self.energies,
            self.three,
            self.key,
            self.lanes,
            self.scratch,
            self.table,
            self.visits,
            rise,
        )

    def _learnt(self) -> None:
        """Choose by what w shall grow in the next sweep."""
        self.steps += self.n_replicas * self.model.lattice.n_sites
        least = self.table.size / self.steps
        if self.rise <= least:
            self.rise = least
        elif self.visits.all():
            self.visits[:] = 0
            self.rise = max(self.rise / 2, least)

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs to go on bit by bit."""
        return super().memory() | {
            "table": self.table.copy(),
            "visits": self.visits.copy(),
            "learnt": np.array([self.rise, float(self.steps)]),
        }

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned."""
        super().restore(memory)
        self.table[:], self.visits[:] = memory["table"], memory["visits"]
        self.rise, self.steps = float(memory["learnt"][0]), int(memory["learnt"][1])


def make_flat_batch(
    model: Model, codes: npt.NDArray[np.int8], seed: int, index: int, learning: int
) -> FlatHistogramBatch:
    """A batch that begins with given codes, shape (R, *lattice), with random numbers by its index."""
    return FlatHistogramBatch(model, codes, make_key(seed, index), learning)
