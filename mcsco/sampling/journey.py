"""All replicas of a simulation along a protocol: they can stop, be stored, and go on bit by bit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mcsco.engine import choose_kernel, make_batches
from mcsco.errors import InputError, check_integer
from mcsco.model import Model
from mcsco.sampling.protocols import Protocol, make_legs, make_parts
from mcsco.sampling.results import Variable, make_dataset, make_variables
from mcsco.sampling.trajectory import Trajectory
from mcsco.sampling.travel import Travel

if TYPE_CHECKING:
    import xarray


class Journey(Travel):
    """Independent replicas of a model along a protocol. See `simulate` for the parameters."""

    def __init__(
        self,
        model: Model,
        protocol: Protocol | Iterable[Protocol],
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
        self.model = model
        self.protocol = make_parts(protocol)
        self.legs = make_legs(self.protocol)
        check_integer("seed", seed, minimum=0)
        check_integer("replicas", replicas, minimum=1)
        check_integer("snapshots", snapshots, minimum=0)
        threads = check_integer("threads", os.cpu_count() or 1 if threads is None else threads, minimum=1)
        if start is None:
            start = "HS+" if self.legs[0].end.temperature < self.legs[0].begin.temperature else "LS"
        self.options: dict[str, Any] = {
            "seed": str(seed),
            "replicas": replicas,
            "start": start,
            "dynamics": dynamics,
            "kernel": choose_kernel(model, kernel),
            "snapshots": snapshots,
            "threads": threads,
        }
        batches = make_batches(model, start, seed, dynamics, kernel, replicas, threads)
        self.paths = [Trajectory(batch, self.legs, snapshots) for batch in batches]
        super().__init__(self.paths, threads)

    def dataset(self) -> xarray.Dataset:
        """The finished simulation as `simulate` returns it."""
        return make_dataset(self.model, self.protocol, self.paths, self.options, self.began, self.seconds)

    def variables(self) -> tuple[dict[str, Variable], dict[str, Variable]]:
        """Data variables and coordinates of the finished simulation, without the cost of a labelled dataset."""
        return make_variables(self.model, self.paths, self.options["snapshots"])
