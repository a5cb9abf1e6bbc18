"""Independent ladders of replicas that exchange places: they can stop, be stored, and go on bit by bit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import Batch, Exchange, choose_kernel, make_batches
from mcsco.errors import InputError, StateError, check_integer
from mcsco.model import Model
from mcsco.sampling import trajectory
from mcsco.sampling.ladder import CONTROLS, ReplicaExchange, equalised
from mcsco.sampling.provenance import provenance
from mcsco.sampling.results import Variable, configurations, labels
from mcsco.sampling.trajectory import SERIES, Memory, check_against_oracle
from mcsco.sampling.travel import Progress, Travel

if TYPE_CHECKING:
    import xarray


class Climb:
    """A batch of ladders on its way, and what it has recorded so far.

    Parameters
    ----------
    batch : Batch
    protocol : ReplicaExchange
    """

    def __init__(self, batch: Batch, protocol: ReplicaExchange) -> None:
        self.batch = batch
        self.exchange = Exchange(batch, protocol.points(protocol.values), protocol.exchange_every)
        self.measured = protocol.measured()
        self.target = self.last = protocol.stages()[-1]
        shape = (self.exchange.n_ladders, self.exchange.n_rungs, self.measured.size)
        self.series = np.empty((len(SERIES), *shape))
        self.walker = np.empty(shape, dtype=np.int16)

    @property
    def is_finished(self) -> bool:
        """Whether the target is reached."""
        return bool(self.batch.sweep == self.target)

    def follow(self, stopped: Callable[[], bool], progress: Progress | None = None) -> bool:
        """Move on until the target, or until `stopped` says so; whether it is reached."""
        while not self.is_finished:
            i = int(np.searchsorted(self.measured, self.batch.sweep, side="right"))
            next_ = int(self.measured[i]) if i < self.measured.size else self.last
            if not self._reach(min(next_, self.target), stopped, progress):
                return False
            if i < self.measured.size and self.batch.sweep == self.measured[i]:
                self._measure(i)
        if self.target == self.last:
            self._check()
        return True

    def _reach(self, stop: int, stopped: Callable[[], bool], progress: Progress | None) -> bool:
        batch, R = self.batch, self.batch.n_replicas
        per_call = max(1, trajectory._UPDATES_PER_CALL // (batch.model.lattice.n_sites * R))
        while batch.sweep < stop:
            if stopped():
                return False
            n = min(per_call, stop - batch.sweep)
            self.exchange.advance(n)
            if progress is not None:
                progress(n * R)
        return True

    def _measure(self, i: int) -> None:
        """γ, q, η and energy per molecule of every rung, as measurement i, and who stands there."""
        N, lane = self.batch.model.lattice.n_sites, self.exchange.lane
        n, u, H = (x[lane] / N for x in self.exchange.observed())
        for row, x in zip(self.series, (n, 2 * n - 1, u, H), strict=True):
            row[:, :, i] = x
        self.walker[:, :, i] = lane - lane.min(axis=1, keepdims=True)

    def _check(self) -> None:
        _, pressure, field = self.exchange.control
        check_against_oracle(self.batch, self.exchange.observed()[2], pressure, field)

    def codes(self) -> npt.NDArray[Any]:
        """Configurations in the order of the rungs, shape (ladder, rung, *lattice)."""
        return self.batch.codes()[self.exchange.lane]

    def memory(self) -> Memory:
        """Everything that `restore` needs to go on from here, as plain arrays."""
        n = int(np.searchsorted(self.measured, self.batch.sweep, side="right"))
        records = {"series": self.series[..., :n].copy(), "walker": self.walker[..., :n].copy()}
        return {**self.batch.memory(), **self.exchange.memory(), **records}

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned.

        Raises
        ------
        StateError
            If it belongs to another model or protocol.
        """
        sweep = int(memory["sweep"])
        n = int(np.searchsorted(self.measured, sweep, side="right"))
        if not (0 <= sweep <= self.last and memory["series"].shape == (*self.series.shape[:3], n)):
            raise StateError("the checkpoint belongs to another protocol or another number of replicas")
        self.batch.restore(memory)
        self.exchange.restore(memory)
        self.series[..., :n] = memory["series"]
        self.walker[..., :n] = memory["walker"]


class ExchangeJourney(Travel):
    """Independent ladders of a model that all have the same rungs. See `simulate` for the parameters."""

    def __init__(
        self,
        model: Model,
        protocol: ReplicaExchange,
        seed: int = 0,
        *,
        replicas: int = 8,
        start: str | None = None,
        dynamics: str = "metropolis",
        kernel: str = "auto",
        snapshots: int = 0,
        threads: int | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
        check_integer("seed", seed, minimum=0)
        check_integer("replicas", replicas, minimum=1)
        if snapshots:
            raise InputError(f"snapshots = {snapshots}: replica exchange keeps the final states only; leave it at 0")
        threads = check_integer("threads", os.cpu_count() or 1 if threads is None else threads, minimum=1)
        start = "LS" if start is None else start
        self.model, self.protocol = model, protocol
        self.options: dict[str, Any] = {
            "seed": str(seed),
            "replicas": replicas,
            "start": start,
            "dynamics": dynamics,
            "kernel": choose_kernel(model, kernel),
            "threads": threads,
        }
        n = protocol.n_rungs
        batches = make_batches(model, start, seed, dynamics, kernel, replicas * n, threads, whole=n)
        self.climbs = [Climb(batch, protocol) for batch in batches]
        self.stage = 0
        self.values = np.array(protocol.values)
        super().__init__(self.climbs, threads)

    def run(self, stopped: Callable[[], bool] = lambda: False, progress: Progress | None = None) -> bool:
        """Move on until the end of the protocol, or until `stopped` says so; whether the end is reached.

        All ladders meet where their common rungs are placed anew, and at the end of the equilibration.
        """
        stages = self.protocol.stages()
        while self.stage < len(stages):
            for climb in self.climbs:
                climb.target = stages[self.stage]
            if not super().run(stopped, progress):
                return False
            if self.stage < len(stages) - 1:
                self._begin_next(is_measuring=self.stage == len(stages) - 2)
            self.stage += 1
        return True

    def _begin_next(self, is_measuring: bool) -> None:
        """Place the rungs by what was counted in the stage that ends, unless it was the last of the equilibration."""
        if self.protocol.optimise and not is_measuring:
            chance, attempts = (
                sum(getattr(c.exchange.counts, name).sum(axis=0) for c in self.climbs)
                for name in ("chance", "attempts")
            )
            self.values = equalised(self.values, 1.0 - chance / attempts)
        for climb in self.climbs:
            climb.exchange.set_points(self.protocol.points(self.values))
            climb.exchange.reset()

    def memory(self) -> Memory:
        """Everything that `restore` needs to go on from here, as plain arrays."""
        return {**super().memory(), "stage": np.array(self.stage), "ladder": self.values.copy()}

    def restore(self, memory: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what `memory` returned, in this process or in another.

        Raises
        ------
        StateError
            If it belongs to another simulation.
        """
        rest = dict(memory)
        stage, values = int(rest.pop("stage")), rest.pop("ladder")
        if values.shape != self.values.shape or not 0 <= stage <= len(self.protocol.stages()):
            raise StateError("the checkpoint belongs to another ladder")
        super().restore(rest)
        self.stage, self.values = stage, values.copy()
        for climb in self.climbs:
            climb.exchange.set_points(self.protocol.points(self.values))

    def sweeps(self) -> npt.NDArray[np.int64]:
        """Sweeps that every ladder has done, shape (replica,)."""
        return np.repeat([c.batch.sweep for c in self.climbs], [c.exchange.n_ladders for c in self.climbs])

    def variables(self) -> tuple[dict[str, Variable], dict[str, Variable]]:
        """Data variables and coordinates of the finished simulation, without the cost of a labelled dataset."""
        whole = ("replica", "rung", "step")
        series = np.concatenate([climb.series for climb in self.climbs], axis=1)
        variables: dict[str, Variable] = {
            name: (whole, values, labels(name)) for name, values in zip(SERIES, series, strict=True)
        }
        variables["walker"] = (whole, np.concatenate([c.walker for c in self.climbs]), labels("walker"))
        counts = [climb.exchange.counts for climb in self.climbs]
        dims: dict[str, tuple[str, ...]] = {}
        dims |= {"attempts": ("replica", "pair"), "accepted": ("replica", "pair"), "chance": ("replica", "pair")}
        dims |= {"passages": ("replica", "lane"), "flow": ("replica", "rung", "end")}
        for name, along in dims.items():
            parts = [getattr(c, name) for c in counts]
            if name == "passages":
                parts = [part.reshape(-1, self.protocol.n_rungs) for part in parts]
            variables[name] = (along, np.concatenate(parts), labels(name))
        sites = ("z", "y", "x")[-self.model.lattice.n_dimensions :]
        codes = np.concatenate([climb.codes() for climb in self.climbs])
        variables |= configurations(self.model, "", "final", ("replica", "rung", *sites), codes)
        points = self.protocol.points(self.values).T
        coordinates: dict[str, Variable] = {
            name: (("rung",), values, labels(name)) for name, values in zip(CONTROLS, points, strict=True)
        }
        coordinates["sweep"] = (("step",), self.protocol.measured(), labels("sweep"))
        coordinates["replica"] = (("replica",), np.arange(len(codes)), {})
        return variables, coordinates

    def dataset(self) -> xarray.Dataset:
        """The finished simulation as `simulate` returns it."""
        import xarray

        model, (variables, coordinates) = self.model, self.variables()
        updates = self.protocol.stages()[-1] * model.lattice.n_sites * self.options["replicas"] * self.protocol.n_rungs
        return xarray.Dataset(
            variables,
            coords=coordinates,
            attrs={
                "title": "mcsco simulation",
                "n_sites": model.lattice.n_sites,
                "entropy": model.spin.entropy,
                "ladder": self.protocol.ladder,
                "model": json.dumps(model.to_dict(), sort_keys=True),
                "protocol": json.dumps([self.protocol.describe()], sort_keys=True),
                **self.options,
                **provenance(self.began, self.seconds, updates),
            },
        )
