"""Replicas that move by activated rates along a protocol in seconds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from mcsco.engine import STARTS, Control
from mcsco.engine.batch import check_name, start_codes
from mcsco.engine.nfold_batch import NFoldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.errors import InputError, check_integer
from mcsco.model import Kinetics, Model
from mcsco.model.kinetics import check_timed
from mcsco.sampling.provenance import provenance
from mcsco.sampling.results import Variable, make_variables
from mcsco.sampling.timed import TimedLeg, TimedProtocol, describe_timed, make_timed_parts
from mcsco.sampling.trajectory import Trajectory
from mcsco.sampling.travel import Progress, Travel

if TYPE_CHECKING:
    import xarray

_GROUP = 4
"""Replicas of one batch; the number must not depend on the machine."""


class TimedTrajectory(Trajectory):
    """A batch on the n-fold way that follows legs in seconds."""

    legs: tuple[TimedLeg, ...]  # type: ignore[assignment]

    @property
    def legs_done(self) -> tuple[TimedLeg, ...]:  # type: ignore[override]
        """The legs, which are followed to their ends."""
        return self.legs

    def _reach(self, stop: int, stopped: Callable[[], bool], progress: Progress | None) -> bool:
        batch, R = cast("NFoldBatch", self.batch), self.batch.n_replicas
        index = int(np.searchsorted(self.ends, batch.sweep, side="right"))
        leg = self.legs[index]
        before = int(self.ends[index]) - leg.sweeps
        while batch.sweep < stop:
            point, duration = leg.during(batch.sweep - before)
            control = Control(*(np.full(R, x) for x in point))
            is_over = False
            while not is_over:
                if stopped():
                    return False
                is_over = batch.move(control, duration, leg.light)
            if progress is not None:
                progress(R)
        return True


class KineticJourney(Travel):
    """Independent replicas of a model along a protocol in seconds. See `simulate_kinetics` for the parameters."""

    def __init__(
        self,
        model: Model,
        protocol: TimedProtocol | Iterable[TimedProtocol],
        seed: int = 0,
        *,
        kinetics: Kinetics | None = None,
        replicas: int = 8,
        start: str | None = None,
        snapshots: int = 0,
        threads: int | None = None,
    ) -> None:
        self.model = check_timed(model)
        self.parts = make_timed_parts(protocol)
        self.timed_legs = tuple(leg for part in self.parts for leg in part.legs())
        if self.model.distortion is None and any(leg.begin.field for leg in self.timed_legs):
            raise InputError("field: acts on the distortion, but the model has none; leave it at 0")
        if kinetics is not None and not isinstance(kinetics, Kinetics):
            raise InputError(f"kinetics = {kinetics!r}: must be Kinetics(rate, barrier)")
        self.kinetics = Kinetics() if kinetics is None else kinetics
        check_integer("seed", seed, minimum=0)
        check_integer("replicas", replicas, minimum=1)
        check_integer("snapshots", snapshots, minimum=0)
        threads = check_integer("threads", os.cpu_count() or 1 if threads is None else threads, minimum=1)
        start = check_name("start", _usual_start(self.timed_legs) if start is None else start, STARTS)
        self.options: dict[str, Any] = {
            "seed": str(seed),
            "replicas": replicas,
            "start": start,
            "dynamics": "arrhenius",
            "kernel": "n-fold way",
            "snapshots": snapshots,
            "threads": threads,
        }
        self.paths = [
            TimedTrajectory(_make_batch(model, start, seed, i, n, self.kinetics), self.timed_legs, snapshots)  # type: ignore[arg-type]
            for i, n in enumerate(_groups(replicas))
        ]
        super().__init__(self.paths, threads)

    @property
    def n_events(self) -> int:
        """Jumps of all molecules of all replicas."""
        return sum(int(cast("NFoldBatch", path.batch).events.sum()) for path in self.paths)

    def variables(self) -> tuple[dict[str, Variable], dict[str, Variable]]:
        """Data variables and coordinates of the finished simulation."""
        variables, coordinates = make_variables(self.model, self.paths)
        for prefix in ("", "snapshot_"):
            if f"{prefix}sweep" not in coordinates:
                continue
            dims, intervals, _ = coordinates[f"{prefix}sweep"]
            about = {"long_name": "intervals of the protocol since the start", "units": "1"}
            coordinates[f"{prefix}sweep"] = (dims, intervals, about)
            about = {"long_name": "time since the start", "units": "s"}
            coordinates[f"{prefix}time"] = (dims, _ends(self.timed_legs)[intervals - 1], about)
        rates = np.array([leg.light for leg in self.timed_legs])[coordinates["leg"][1]]
        about = {"long_name": "rate of LS to HS by light", "units": "1/s"}
        coordinates["light"] = (("step",), rates[:, 0], about)
        return variables, coordinates

    def dataset(self) -> xarray.Dataset:
        """The finished simulation as `simulate_kinetics` returns it."""
        import xarray

        variables, coordinates = self.variables()
        return xarray.Dataset(
            variables,
            coords=coordinates,
            attrs={
                "title": "mcsco simulation of kinetics",
                "n_sites": self.model.n_molecules,
                "entropy": self.model.spin.entropy,
                "model": json.dumps(self.model.to_dict(), sort_keys=True),
                "protocol": json.dumps(describe_timed(self.parts), sort_keys=True),
                "kinetics": json.dumps(asdict(self.kinetics), sort_keys=True),
                **self.options,
                **provenance(self.began, self.seconds, self.n_events),
            },
        )


def _make_batch(model: Model, start: str, seed: int, index: int, n: int, kinetics: Kinetics) -> NFoldBatch:
    return NFoldBatch(model, start_codes(model, start, n, seed, index), make_key(seed, index), kinetics)


def _groups(replicas: int) -> list[int]:
    return [min(_GROUP, replicas - begin) for begin in range(0, replicas, _GROUP)]


def _usual_start(legs: Sequence[TimedLeg]) -> str:
    """HS for what relaxes in the dark or is warmed from a low temperature, LS for what is lit first."""
    return "LS" if legs[0].light[0] > 0 else "HS+"


def _ends(legs: Sequence[TimedLeg]) -> npt.NDArray[np.float64]:
    """Ends of all intervals since the start, s."""
    before = np.cumsum([0.0] + [float(leg.seconds[-1]) for leg in legs[:-1]])
    return np.concatenate([b + leg.seconds for b, leg in zip(before, legs, strict=True)])


def simulate_kinetics(
    model: Model,
    protocol: TimedProtocol | Iterable[TimedProtocol],
    seed: int = 0,
    *,
    kinetics: Kinetics | None = None,
    replicas: int = 8,
    start: str | None = None,
    snapshots: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> xarray.Dataset:
    """Simulate independent replicas in real time, by activated rates and light.

    Every jump of a molecule is an event in continuous time (n-fold way, DOI 10.1016/0021-9991(75)90060-1), so that
    hours at a temperature where nothing happens cost nothing. The cost goes with the number of jumps.

    Parameters
    ----------
    model : Model
        Three-state or two-state, with nearest-neighbour and infinite-range couplings of any sign; with second centres,
        sublattice couplings, pinned and empty sites as well.
    protocol : Relaxation, Illumination, TemperatureScan, or a list of them
        The state is carried on from each part to the next.
    seed : int
        The same seed gives the same series, bit by bit, for any number of threads.
    kinetics : Kinetics, optional
        Prefactors and barriers.
    replicas : int
        Number of independent repetitions; errors come from their scatter.
    start : str, optional
        Initial state (see `Simulation`); by default ``"LS"`` for a protocol that begins with light, else ``"HS+"``,
        as after flash cooling.
    snapshots : int
        Configurations to keep of every replica and every part.
    threads : int, optional
        Default: all cores.
    progress : callable, optional
        Called with the number of intervals × replicas done since the last call.

    Returns
    -------
    xarray.Dataset
        As of `simulate`, with the coordinates ``time`` (s since the start) and ``light`` (rate of LS → HS by light,
        1/s); ``sweep`` counts the intervals of the protocol.

    Raises
    ------
    InputError
        If a value breaks its rule, or the model has elastic, long-range or continuous degrees of freedom, or a spread
        of ΔH over more than 64 molecules.

    Examples
    --------
    >>> import mcsco
    >>> model = mcsco.presets.load("pmpea", (8, 8))
    >>> scan = mcsco.TemperatureScan((30, 90), kelvin_per_minute=0.3)
    >>> warmed = mcsco.simulate(model, scan, seed=1, replicas=2, kinetics=mcsco.Kinetics(rate=1e8, barrier=19.5))
    >>> bool(warmed.gamma[0, 0] == 1.0), bool(warmed.gamma[0, -1] < 0.1)
    (True, True)
    """
    journey = KineticJourney(
        model,
        protocol,
        seed,
        kinetics=kinetics,
        replicas=replicas,
        start=start,
        snapshots=snapshots,
        threads=threads,
    )
    journey.run(progress=progress)
    return journey.dataset()


def make_kinetic_journey(
    model: Model, protocol: Any, seed: int, *, dynamics: str = "arrhenius", kernel: str = "auto", **options: Any
) -> KineticJourney:
    """A journey in seconds with the options of all journeys; other dynamics and kernels are refused."""
    if kernel != "auto" or dynamics not in ("metropolis", "arrhenius"):
        raise InputError("dynamics, kernel: a protocol in seconds has its own; leave them out")
    return KineticJourney(model, protocol, seed, **options)
