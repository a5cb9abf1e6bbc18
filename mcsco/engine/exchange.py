"""Replica exchange: lanes of a batch that swap their temperatures, pressures or fields.

A *ladder* is a set of lanes, one on each *rung*, and a rung is a point (T, P, h). After every few sweeps neighbouring
rungs offer to swap their lanes (Hukushima and Nemoto, DOI 10.1143/JPSJ.65.1604): even and odd pairs in turn, which
moves walkers faster along the ladder than pairs at random (Syed et al., DOI 10.1111/rssb.12464). What moves is three
numbers, never a configuration.

Both moves leave the product of the rungs' Boltzmann distributions invariant. That holds for kernels with Gaussian
fields too, whose fields are drawn anew in every sweep from the configuration alone: between two sweeps the state is
the configuration, its distribution is the marginal one, and swaps are decided by H and not by the fields. A batch
whose fields outlive a sweep may therefore swap only where its next sweep draws new ones.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.batch import Batch, Control
from mcsco.engine.dynamics import DYNAMICS
from mcsco.engine.exchange_kernel import (
    lattice_exchange,
    lattice_quantities,
    replica_exchange,
    replica_quantities,
    swap_pairs,
)
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.layout import aligned_zeros
from mcsco.engine.pair_energies import PairEnergies
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.errors import InputError, StateError
from mcsco.model import Displacive

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Counts(NamedTuple):
    """What has happened since the last `Exchange.reset`."""

    attempts: Integers
    """Swaps offered, shape (ladder, pair)."""
    accepted: Integers
    """Swaps done, shape (ladder, pair)."""
    chance: Array
    """Sum of their probabilities, which tells the acceptance with less noise, shape (ladder, pair)."""
    passages: Integers
    """Journeys of every lane from one end of its ladder to the other, shape (lane,)."""
    flow: Integers
    """How often a rung was held by a walker that came from the bottom, and from the top, shape (ladder, rung, 2)."""


class Exchange:
    """Ladders of lanes in one batch.

    Parameters
    ----------
    batch : Batch
        Its lanes are ladders one after another.
    points : ndarray, shape (rung, 3)
        Temperature (K), pressure (GPa) and field (kJ/mol) of every rung.
    every : int
        Sweeps between two rounds of swaps.
    compiled : bool
        Whether the loop over sweeps and swaps is compiled where there is a compiled one; it swaps the same lanes.

    Raises
    ------
    InputError
        If the batch keeps its auxiliary fields longer than from one round of swaps to the next.
    """

    def __init__(self, batch: Batch, points: Array, every: int = 1, compiled: bool = True) -> None:
        if not batch.model.is_uniform:
            raise InputError(
                "model: second centres, sublattice couplings and disorder do not go with replica exchange; "
                "use Hold or a ramp"
            )
        n_rungs = len(points)
        assert batch.n_replicas % n_rungs == 0, "a batch holds whole ladders"
        fields_every = getattr(batch, "fields_every", 1)
        if every % fields_every:
            raise InputError(
                f"exchange_every = {every}: must be a multiple of {fields_every}, since the fields of this model are "
                "drawn anew every so many sweeps, and a swap with old ones would not be exact"
            )
        self.batch, self.every, self.compiled = batch, every, compiled
        R, n_ladders = batch.n_replicas, batch.n_replicas // n_rungs
        self.n_rungs, self.n_ladders = n_rungs, n_ladders
        self.rung = np.tile(np.arange(n_rungs), n_ladders)
        self.lane = np.arange(R).reshape(n_ladders, n_rungs)
        self.direction = np.zeros(R, dtype=np.int8)
        pairs = (n_ladders, n_rungs - 1)
        self.counts = Counts(
            np.zeros(pairs, dtype=np.int64),
            np.zeros(pairs, dtype=np.int64),
            np.zeros(pairs),
            np.zeros(R, dtype=np.int64),
            np.zeros((n_ladders, n_rungs, 2), dtype=np.int64),
        )
        self._x = np.zeros((R, 3))
        self._bonds = np.zeros((R, 2), dtype=np.int64)
        self._bias = np.append(batch.per_pressure, 1.0) / units.KELVIN
        if isinstance(batch, LatticeBatch):
            n = batch.layout.row_length
            self._counters = (aligned_zeros(n, np.int8), aligned_zeros(n, np.int8))
        self._pair_energies = PairEnergies(batch) if type(batch) is FieldBatch else None
        self.set_points(points)

    def set_points(self, points: Array) -> None:
        """Change what the rungs are; the lanes stay on theirs."""
        T, P, h = points.T
        self.points = np.array(points, dtype=np.float64)
        self._beta = np.stack([1.0 / T, P / T, h / T], axis=1)
        self._kernel_points = self.points @ self.batch.to_kelvin

    @property
    def control(self) -> Control:
        """Controls of every lane."""
        return Control(*np.ascontiguousarray(self.points[self.rung].T))

    def advance(self, n_sweeps: int) -> None:
        """Sweep `n_sweeps` times, and swap after every sweep whose number divides by `every`.

        How sweeps are cut into calls does not change the trajectory: swaps take their random numbers from (key, sweep).
        """
        batch = self.batch
        if self.compiled and batch.threads == 1 and self._has_running_sums:
            batch.step[:] = 0.0
            self._advance_compiled(n_sweeps)
            batch.sweep += n_sweeps
            return
        left = n_sweeps
        while left > 0:
            n = min(left, self.every - batch.sweep % self.every)
            control = self.control
            batch.advance(control, control, 0, n, n)
            left -= n
            if batch.sweep % self.every == 0:
                self._swap()

    @property
    def _has_running_sums(self) -> bool:
        """Whether all energies follow from running sums and bonds."""
        batch = self.batch
        return type(batch) in (LatticeBatch, ReplicaBatch) and not isinstance(batch.model.distortion, Displacive)

    @property
    def _has_waves(self) -> bool:
        """Whether energies follow from running sums, bonds and the waves of long-range terms."""
        return self._pair_energies is not None and not isinstance(self.batch.model.distortion, Displacive)

    def _advance_compiled(self, n_sweeps: int) -> None:
        batch = self.batch
        x, walkers = self._x, (self.lane, self.rung, self.direction)
        ladder = (self._bonds, x, self._kernel_points, self._beta, walkers, tuple(self.counts), self.every)
        controls = (batch.start, batch.step, batch.control)
        where: tuple[Any, ...]
        how: tuple[Any, ...]
        if isinstance(batch, LatticeBatch):
            layout = batch.layout
            where = (batch.packed, batch.geometry, layout.row_neighbours, layout.items, layout.passes, batch.running)
            how = (batch.energies, batch.three, batch.dynamics, batch.key, batch.site_fields)
            memory = (batch.fields, batch.chances, batch.scratch)
            lattice_exchange(
                *where, controls, n_sweeps, batch.sweep, *how, *memory, self._about, self._counters, *ladder
            )
        elif isinstance(batch, ReplicaBatch):
            heat_bath = DYNAMICS[batch.dynamics] == "heat-bath"
            where = (batch.lattice_codes, batch.neighbours, batch.running)
            how = (batch.energies, batch.three, heat_bath, batch.key, batch.lanes, batch.scratch)
            replica_exchange(*where, controls, n_sweeps, batch.sweep, *how, self._about, *ladder)

    @property
    def _about(self) -> tuple[Any, ...]:
        """What `write_quantities` needs to know of the model."""
        batch, lattice = self.batch, self.batch.model.lattice
        energies = np.delete(batch.energies, 1)  # ln g weighs a configuration alike on all rungs
        energies[3:] = np.array(batch.model.couplings[2:]) / units.KELVIN  # a `FieldBatch` has them in its fields
        return (energies, self._bias, lattice.coordination, lattice.n_bonds, lattice.n_sites, batch.three)

    def _swap(self) -> None:
        batch = self.batch
        sweep, walkers = batch.sweep, (self.lane, self.rung, self.direction)
        parity = sweep // self.every % 2
        swap_pairs(self.quantities(), self._beta, walkers, tuple(self.counts), parity, sweep, batch.key)

    def quantities(self) -> Array:
        """H at zero pressure and field in K, dH/dP in K/GPa and dH/dh in K per kJ/mol of every lane, shape (R, 3)."""
        batch = self.batch
        where: tuple[Any, ...]
        if not (self._has_running_sums or self._has_waves):
            sums, nothing = batch.sums(), np.zeros(batch.n_replicas)
            self._x[:, 0] = batch.energy(sums, nothing, nothing) / units.KELVIN
            self._x[:, 1] = self._bias[0] * sums.n + self._bias[1] * sums.u
            self._x[:, 2] = -self._bias[2] * sums.u
        elif isinstance(batch, LatticeBatch):
            layout = batch.layout
            where = (batch.packed, batch.geometry, layout.row_neighbours, batch.running)
            lattice_quantities(*where, self._about, self._counters, self._bonds, self._x)
        elif isinstance(batch, ReplicaBatch):
            where = (batch.lattice_codes, batch.neighbours, batch.running)
            replica_quantities(*where, self._about, self._bonds, self._x)
        if self._pair_energies is not None and self._has_waves:
            self._x[:, 0] += self._pair_energies()
        return self._x

    def observed(self) -> tuple[Array, Array, Array]:
        """Σn, Σu, and H (kJ/mol for the whole lattice) at the pressure and field of its rung, of every lane, (R,)."""
        batch, (_, P, h) = self.batch, self.control
        if not self._has_running_sums:
            sums = batch.sums()
            return sums.n.astype(np.float64), sums.u.astype(np.float64), batch.energy(sums, P, h)
        x = self.quantities()
        H: Array = (x[:, 0] + P * x[:, 1] + h * x[:, 2]) * units.KELVIN
        n, u = batch.running.T.astype(np.float64)
        return n, u if batch.three else np.zeros_like(u), H

    def reset(self) -> None:
        """Forget what was counted; walkers keep their direction."""
        for array in self.counts:
            array[...] = 0

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs beside the points and the memory of the batch."""
        counts = {name: array.copy() for name, array in self.counts._asdict().items()}
        return {"rung": self.rung.copy(), "direction": self.direction.copy(), **counts}

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned.

        Raises
        ------
        StateError
            If it belongs to other ladders.
        """
        rung = memory["rung"]
        ladders = np.sort(rung.reshape(-1, self.n_rungs), axis=1) if rung.shape == self.rung.shape else None
        if ladders is None or not np.array_equal(ladders, np.tile(np.arange(self.n_rungs), (self.n_ladders, 1))):
            raise StateError("the checkpoint belongs to another ladder")
        self.rung[:] = rung
        order = np.argsort(rung.reshape(self.n_ladders, self.n_rungs), axis=1)
        self.lane[:] = order + self.n_rungs * np.arange(self.n_ladders)[:, None]
        for name, array in (("direction", self.direction), *self.counts._asdict().items()):
            array[...] = memory[name]
