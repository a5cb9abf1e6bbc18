"""One batch of replicas on its way along a protocol: where it is, and what it has recorded so far."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import Batch, Control, code_type, from_plain, molecules_of_sublattices, to_plain
from mcsco.errors import StateError
from mcsco.model import Displacive
from mcsco.sampling.legs import Leg, Point

# Longest call into a kernel, in site updates: a fraction of a second, so that an interrupt is answered.
_UPDATES_PER_CALL = 2**26

SERIES = ("gamma", "q", "eta", "energy")
"""What is measured, in this order."""

OF_SUBLATTICES = ("gamma_a", "gamma_b")
"""What is measured of models with two sublattices as well."""

Memory = dict[str, npt.NDArray[Any]]


class Trajectory:
    """A batch that follows the legs of a protocol.

    The sweeps that the batch has done say where it is; with its configuration and the records that is all there is to
    remember, since random numbers are functions of the sweep.

    Parameters
    ----------
    batch : Batch
    legs : sequence of Leg
    snapshots : int
        Configurations to keep of every leg.
    """

    def __init__(self, batch: Batch, legs: Sequence[Leg], snapshots: int = 0) -> None:
        self.batch = batch
        self.legs = tuple(legs)
        self.ends = np.cumsum([leg.sweeps for leg in legs])
        self.until: int | None = None
        """Sweep at which to wait for the other batches, if not at the end."""
        self.done = np.array([leg.sweeps for leg in legs])
        """Sweeps after which every leg ends: fewer than planned where it was precise enough."""
        self.measured = sweeps_since_start(self.legs, [leg.measured() for leg in self.legs])
        self.pictured = sweeps_since_start(self.legs, [leg.pictured(snapshots) for leg in self.legs])
        self.names = SERIES + OF_SUBLATTICES * batch.model.has_sublattices
        self._on_sublattices = molecules_of_sublattices(batch.model)
        self.series = np.empty((len(self.names), batch.n_replicas, self.measured.size))
        self.snapshots = np.empty(
            (self.pictured.size, batch.n_replicas, *batch.model.lattice.shape), code_type(batch.model)
        )
        self._controls = np.concatenate([leg.at(leg.measured()) for leg in self.legs], axis=1)
        self._ways = [(_control(leg.begin, batch.n_replicas), _control(leg.end, batch.n_replicas)) for leg in self.legs]

    @property
    def is_finished(self) -> bool:
        """Whether the last sweep of the last leg is done."""
        return bool(self.batch.sweep == self.ends[-1])

    @property
    def legs_done(self) -> tuple[Leg, ...]:
        """The legs with the sweeps that were done of them."""
        return tuple(leg._replace(sweeps=n) for leg, n in zip(self.legs, self.done.tolist(), strict=True))

    def follow(self, stopped: Callable[[], bool], progress: Callable[[int], None] | None = None) -> bool:
        """Move on until the end or the sweep `until`, or until `stopped` says so; whether that sweep is reached.

        Raises
        ------
        StateError
            If at the end the running sums or the energy differ from a count of the configuration.
        """
        stops = np.unique(np.concatenate([self.measured, self.pictured, self.ends]))
        last = self.ends[-1] if self.until is None else self.until
        for stop in stops[np.searchsorted(stops, self.batch.sweep, side="right") :].tolist():
            if stop > last:
                break
            if not self._reach(stop, stopped, progress):
                return False
            self._record()
        if self.is_finished:
            self._check_against_oracle()
        return True

    def end_leg(self, index: int) -> int:
        """End a leg here, before its last sweep, and go to the next; how many sweeps are left out.

        They are left out of the count that random numbers follow as well, so that what comes later does not depend on
        how the plan of a leg is written down. The configuration is the last one that is kept of the leg.
        """
        sweep, end = self.batch.sweep, int(self.ends[index])
        self.done[index] = sweep - (end - self.legs[index].sweeps)
        self.series[:, :, (self.measured > sweep) & (self.measured <= end)] = np.nan
        late = np.flatnonzero((self.pictured > sweep) & (self.pictured <= end))
        if late.size:
            self.snapshots[late] = self.batch.codes()
        self.batch.sweep = end
        if self.is_finished:
            self._check_against_oracle()
        return end - sweep

    def kept(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], list[npt.NDArray[np.int64]]]:
        """Which measurements and which configurations there are, and the sweeps of the latter in their legs."""
        measured = np.concatenate([leg.measured() <= n for leg, n in zip(self.legs, self.done, strict=True)])
        begins = self.ends - [leg.sweeps for leg in self.legs]
        pictured, sweeps = [], []
        for begin, end, n in zip(begins, self.ends, self.done, strict=True):
            of_leg = self.pictured[(self.pictured > begin) & (self.pictured <= end)] - begin
            in_time = of_leg <= n
            # The last one was kept where the leg ended, whenever that was.
            pictured.append(in_time | ((of_leg == of_leg.max(initial=0)) & (n not in of_leg[in_time])))
            sweeps.append(np.minimum(of_leg, n)[pictured[-1]])
        return measured, np.concatenate(pictured).astype(bool), sweeps

    def _reach(self, stop: int, stopped: Callable[[], bool], progress: Callable[[int], None] | None) -> bool:
        batch, R = self.batch, self.batch.n_replicas
        index = int(np.searchsorted(self.ends, batch.sweep, side="right"))
        leg = self.legs[index]
        before = int(self.ends[index]) - leg.sweeps
        begin, end = self._ways[index]
        per_call = max(1, _UPDATES_PER_CALL // (batch.model.lattice.n_sites * R))
        while batch.sweep < stop:
            if stopped():
                return False
            n = min(per_call, stop - batch.sweep)
            batch.advance(begin, end, batch.sweep - before, n, leg.sweeps)
            if progress is not None:
                progress(n * R)
        return True

    def _record(self) -> None:
        """Measure, and keep the configuration, if this is a sweep to do so."""
        sweep = self.batch.sweep
        i = int(np.searchsorted(self.measured, sweep))
        if i < self.measured.size and self.measured[i] == sweep:
            self._measure(i)
        i = int(np.searchsorted(self.pictured, sweep))
        if i < self.pictured.size and self.pictured[i] == sweep:
            self.snapshots[i] = self.batch.codes()

    def _measure(self, i: int) -> None:
        """γ, q, η and energy per molecule, and γ of sublattices, of every replica, as measurement i."""
        batch, sums, row = self.batch, self.batch.sums(), self.series[:, :, i]
        _, pressure, field = self._controls[:, i]
        N = batch.model.n_molecules
        row[0] = sums.n / N
        row[1] = 2 * row[0] - 1
        row[2] = sums.u / N
        row[3] = batch.energy(sums, pressure, field) / N
        if len(row) > len(SERIES):
            row[4:] = (batch.sublattice_sums() / self._on_sublattices).T

    def _check_against_oracle(self) -> None:
        end = _control(self.legs[-1].end, self.batch.n_replicas)
        energy = self.batch.energy(self.batch.sums(), end.pressure, end.field)
        check_against_oracle(self.batch, energy, end.pressure, end.field)

    def memory(self) -> Memory:
        """Everything that `restore` needs to go on from here, as plain arrays."""
        sweep = self.batch.sweep
        return {
            **self.batch.memory(),
            **({"done": self.done.copy()} if any(leg.precision for leg in self.legs) else {}),
            "series": self.series[:, :, : np.searchsorted(self.measured, sweep, side="right")].copy(),
        } | to_plain("snapshots", self.snapshots[: np.searchsorted(self.pictured, sweep, side="right")].copy())

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned.

        Raises
        ------
        StateError
            If it belongs to another model, protocol or number of replicas.
        """
        sweep = int(memory["sweep"])
        measured, pictured = (int(np.searchsorted(at, sweep, side="right")) for at in (self.measured, self.pictured))
        snapshots = from_plain("snapshots", memory)
        if not (
            0 <= sweep <= self.ends[-1]
            and memory["series"].shape == (*self.series.shape[:2], measured)
            and snapshots.shape == (pictured, *self.snapshots.shape[1:])
            and snapshots.dtype == self.snapshots.dtype
        ):
            raise StateError("the checkpoint belongs to another protocol or another number of replicas")
        planned = np.array([leg.sweeps for leg in self.legs])
        done = memory.get("done", planned)
        if done.shape != planned.shape or np.any((done < 1) | (done > planned)):
            raise StateError("the checkpoint belongs to another protocol")
        self.done[:] = done
        self.batch.restore(memory)
        self.series[:, :, :measured] = memory["series"]
        self.snapshots[:pictured] = snapshots


def check_against_oracle(
    batch: Batch,
    energy: npt.NDArray[np.float64],
    pressure: npt.NDArray[np.float64],
    field: npt.NDArray[np.float64],
) -> None:
    """Raise `StateError` unless running sums and energies (R,) in kJ/mol equal a count of the configurations."""
    batch.recount()
    model = batch.model
    energies = [model.spin.enthalpy, *model.couplings, *model.sublattice_couplings]
    energies += [] if model.second is None else [model.second.enthalpy]
    energies += [] if model.disorder is None else [6.0 * model.disorder.enthalpy_spread]
    if isinstance(model.distortion, Displacive):
        energies += [model.distortion.barrier, model.distortion.stiffness]
    scale = model.lattice.n_sites * sum(map(abs, energies))
    for replica in range(batch.n_replicas):
        oracle = model.energy(batch.state(replica), pressure[replica], field[replica])
        if abs(energy[replica] - oracle) > 1e-10 * scale + 1e-9:
            raise StateError(f"energy of replica {replica} is {energy[replica]!r} kJ/mol, recounted {oracle!r}")


def _control(point: Point, n_replicas: int) -> Control:
    """The same point for every replica."""
    return Control(*(np.full(n_replicas, x) for x in point))


def sweeps_since_start(legs: Sequence[Leg], of_legs: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Sweeps counted from the start of the protocol, from those counted in every leg."""
    before = np.cumsum([0] + [leg.sweeps for leg in legs[:-1]])
    return np.concatenate([b + sweeps for b, sweeps in zip(before, of_legs, strict=True)]).astype(np.int64)
