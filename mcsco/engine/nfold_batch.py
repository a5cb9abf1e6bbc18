"""Batches that move by activated rates in continuous time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.arrhenius_rates import in_kelvin
from mcsco.engine.batch import Batch, Control, Sums
from mcsco.engine.nfold_kernel import count_neighbours, nfold_events, sort_classes
from mcsco.engine.site_kinds import make_kinds
from mcsco.engine.sites import apply_sites, site_tables, told_apart
from mcsco.errors import StateError
from mcsco.model import Model
from mcsco.model.kinetics import Kinetics, check_timed

# Draws of random numbers in one call of the kernel, shared by the replicas: a fraction of a second.
_DRAWS_PER_CALL = 2**20


class NFoldBatch(Batch):
    """A batch on the n-fold way; its replicas have the same time and share nothing else.

    What other batches call a sweep is here an interval of constant temperature, pressure, field and light.

    Parameters
    ----------
    model : Model
        With nearest-neighbour, intramolecular, infinite-range and sublattice couplings only.
    codes : ndarray of int8, shape (R, *lattice)
        Sites that are not free take their own state, whatever their code.
    key : ndarray of uint32, shape (2,)
    kinetics : Kinetics
    interval : float
        Length of the intervals of `advance`, s.

    Raises
    ------
    InputError
        If the model has elastic or long-range couplings, a continuous distortion, or too many kinds of molecules.
    """

    def __init__(
        self,
        model: Model,
        codes: npt.NDArray[np.int8],
        key: npt.NDArray[np.uint32],
        kinetics: Kinetics,
        interval: float = 1.0,
    ) -> None:
        super().__init__(check_timed(model), codes, "metropolis", key)
        R, N = self.n_replicas, model.lattice.n_sites
        self.interval = interval
        self.barriers = in_kelvin(kinetics)
        self.tables = site_tables(model)
        self.kinds = make_kinds(model, self.tables)
        # The last column is the other centre of the molecule.
        self.neighbours = np.column_stack([model.lattice.neighbours(), self.tables.partner])
        z = model.lattice.coordination
        J, K = model.couplings[:2]
        J_m, Gamma_s = model.sublattice_couplings
        self.energies = np.append(self.energies, np.array([J_m, Gamma_s]) / units.KELVIN)
        self.energies[5] = self.tables.K_inf / units.KELVIN
        self.to_kelvin[1, 1] = self.kinds.unit_work / units.KELVIN
        self.widths = (2 if J_m else 1, z + 1 if J else 1, 2 * z + 1 if K else 1)
        self.n_classes = 3 * len(self.kinds.table) * self.widths[0] * self.widths[1] * self.widths[2]
        self.elapsed = np.zeros(R)
        """Time of every replica since the last whole interval, s, shape (R,)."""
        self.draws = np.zeros(R, dtype=np.int64)
        self.events = np.zeros(R, dtype=np.int64)
        """Jumps of every replica so far, shape (R,)."""
        self.molecules = np.zeros((R, N), dtype=np.int8)
        self.order, self.position, self.classes = np.zeros((3, R, N), dtype=np.int32)
        self.starts = np.zeros((R, self.n_classes + 1), dtype=np.int64)
        self.rates = np.zeros((self.n_classes, 2))
        self.set_codes(apply_sites(model, codes))

    def _check_sites(self, model: Model) -> None:
        """Sites of all kinds are served."""

    def move(self, control: Control, duration: float, light: tuple[float, float] = (0.0, 0.0)) -> bool:
        """Move on for at most a fraction of a second of computing; whether the interval is over.

        Parameters
        ----------
        control : Control
            Constant in the interval.
        duration : float
            Length of the interval, s.
        light : tuple of float
            Rates of LS → HS and HS → LS by light, 1/s.
        """
        self.control[:] = np.stack(control, axis=1) @ self.to_kelvin
        nfold_events(
            self.molecules,
            self.neighbours,
            self.kinds.table,
            self.running,
            (self.order, self.position, self.starts, self.classes),
            self.elapsed,
            self.draws,
            self.events,
            self.control,
            float(duration),
            max(1, _DRAWS_PER_CALL // self.n_replicas),
            self.energies,
            self.barriers,
            np.array(light, dtype=np.float64),
            self.three,
            self.widths,
            self.key,
            self.rates,
        )
        if (self.elapsed < duration).any():
            return False
        self.elapsed[:] = 0.0
        self.sweep += 1
        return True

    def advance(self, begin: Control, end: Control, first: int, n_sweeps: int, leg_sweeps: int) -> None:
        """Move on by `n_sweeps` intervals on a straight path of the controls; see `Batch.advance`."""
        for i in range(first, first + n_sweeps):
            part = (i + 1) / leg_sweeps
            control = Control(*(a + (b - a) * part for a, b in zip(begin, end, strict=True)))
            while not self.move(control, self.interval):
                pass

    def _advance(self, first: int, n_sweeps: int) -> None:
        raise NotImplementedError("intervals are moved one by one")

    def codes(self) -> npt.NDArray[np.int8]:
        """Codes of all replicas, shape (R, *lattice)."""
        return np.array(self.molecules).reshape(self.n_replicas, *self.model.lattice.shape)

    def set_codes(self, codes: npt.NDArray[np.int8]) -> None:
        """Take over a configuration, shape (R, *lattice)."""
        self.molecules[:] = codes.reshape(self.n_replicas, -1)
        self.running = self._count()
        self.classes[:] = self._classify()
        sort_classes(self.classes, self.order, self.position, self.starts)

    def _count(self) -> npt.NDArray[np.int64]:
        s = self.molecules
        n = s & 1
        return np.stack([n.sum(axis=1, dtype=np.int64), s.sum(axis=1, dtype=np.int64), n @ self.kinds.signs], axis=1)

    def _classify(self) -> npt.NDArray[np.int32]:
        classes = np.zeros_like(self.classes)
        count_neighbours(self.molecules, self.kinds.of_site, self.neighbours, self.widths, classes)
        return classes

    def sums(self) -> Sums:
        """The extensive sums of every replica; those of bonds that do not count in the energy are left at zero.

        What tells sites apart is in ``pairs`` and ``work``.
        """
        count = np.diff(self.starts, axis=1)
        of_class = np.unravel_index(np.arange(self.n_classes), (len(self.kinds.table), 3, *self.widths))
        s, around_n, around_u = of_class[1] - 1, of_class[3], of_class[4] - self.model.lattice.coordination
        bonds_n = count @ (s * s * around_n) // 2
        bonds_u = count @ (s * around_u) // 2 if self.widths[2] > 1 else np.zeros(self.n_replicas, dtype=np.int64)
        sums = self._complete(self.running[:, 0].copy(), self.running[:, 1].copy(), bonds_n, bonds_u)
        if self.model.is_uniform:
            return sums
        n = (self.molecules & 1).astype(np.float64)
        own, work = told_apart(self.model, self.tables, n, self.running[:, 2], sums.u)
        return sums._replace(pairs=own, work=work)

    def recount(self) -> None:
        """Raise `StateError` unless running sums and classes equal a fresh count."""
        self._check(self.running, self._count())
        fresh = self._classify()
        members = np.take_along_axis(fresh, self.order, axis=1)
        by_starts = np.stack([np.repeat(np.arange(self.n_classes), n) for n in np.diff(self.starts, axis=1)])
        if not np.array_equal(self.classes, fresh) or not np.array_equal(members, by_starts):
            raise StateError("the classes of molecules differ from a fresh count of their neighbours")

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """What `restore` needs to go on bit by bit."""
        return {
            **super().memory(),
            "order": self.order.copy(),
            "elapsed": self.elapsed.copy(),
            "draws": self.draws.copy(),
            "events": self.events.copy(),
        }

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned."""
        order = memory["order"]
        N = self.model.lattice.n_sites
        if order.shape != self.order.shape or not np.array_equal(
            np.sort(order, axis=1), np.tile(np.arange(N), (len(order), 1))
        ):
            raise StateError("the checkpoint holds no order of these molecules")
        super().restore(memory)
        self.order[:] = order
        np.put_along_axis(self.position, self.order, np.arange(N, dtype=np.int32)[None], axis=1)
        for name in ("elapsed", "draws", "events"):
            getattr(self, name)[:] = memory[name]
        self.recount()
