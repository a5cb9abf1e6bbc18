"""Many replicas along a protocol, measured into one labelled dataset."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from mcsco.errors import InputError
from mcsco.model import Kinetics, Model
from mcsco.sampling.exchange_journey import ExchangeJourney
from mcsco.sampling.free_energy import FreeEnergySurface
from mcsco.sampling.journey import Journey
from mcsco.sampling.kinetic import make_kinetic_journey
from mcsco.sampling.ladder import ReplicaExchange
from mcsco.sampling.legs import Leg
from mcsco.sampling.protocols import Protocol
from mcsco.sampling.surface_journey import SurfaceJourney
from mcsco.sampling.timed import TimedLeg, TimedProtocol, is_timed
from mcsco.sampling.travel import Progress, Travel

if TYPE_CHECKING:
    import xarray

Timed = TimedProtocol | Iterable[TimedProtocol]
"""What is followed in seconds."""


def simulate(
    model: Model,
    protocol: Protocol | Iterable[Protocol] | ReplicaExchange | FreeEnergySurface | Timed,
    seed: int = 0,
    *,
    replicas: int = 8,
    start: str | None = None,
    dynamics: str = "metropolis",
    kernel: str = "auto",
    snapshots: int = 0,
    threads: int | None = None,
    kinetics: Kinetics | None = None,
    progress: Progress | None = None,
) -> xarray.Dataset:
    """Simulate independent replicas of a model along a protocol.

    The state is carried on along the whole protocol (adiabatic continuation).

    Parameters
    ----------
    model : Model
    protocol : Ramp, Hold, ThermalCycle, Quench, or a list of them; or ReplicaExchange, or FreeEnergySurface
        `Relaxation`, `Illumination`, `TemperatureScan` or a list of them are in seconds: see `simulate_kinetics`.
    seed : int
        The same seed gives the same series, bit by bit, for any number of threads.
    replicas : int
        Number of independent repetitions, of whole ladders for replica exchange; errors come from their scatter.
    start : str, optional
        Initial state (see `Simulation`); by default ``"HS+"`` for a protocol that begins by cooling or
        compression, else ``"LS"``.
    dynamics : str
        ``"metropolis"``, ``"heat-bath"`` or ``"arrhenius"``.
    kernel : str
        ``"auto"``, ``"lattice"`` or ``"replica"``.
    snapshots : int
        Configurations to keep of every replica and every leg of the protocol (a cycle has two), evenly spread and
        with the last sweep among them; for a quench at equal ratios of time.
    threads : int, optional
        Default: all cores.
    kinetics : Kinetics, optional
        Prefactors and barriers of the dynamics ``"arrhenius"``, and of protocols in seconds.
    progress : callable, optional
        Called with the number of sweeps × replicas done since the last call.

    Returns
    -------
    xarray.Dataset
        Dimensions ``replica`` and ``step`` (measurements). Variables ``gamma``, ``q``, ``eta`` (with its sign) and
        ``energy`` (kJ/mol per molecule, without the T ln g term), each measured at one instant; coordinates
        ``temperature`` (K), ``pressure`` (GPa), ``field`` (kJ/mol), ``sweep`` (MCS since the start) and ``leg``; the
        final state ``spin`` and ``distortion``; with snapshots ``snapshot_spin`` and ``snapshot_distortion`` along
        the dimension ``snapshot`` with coordinates ``snapshot_temperature`` and so on; attributes with the full
        provenance. Replica exchange has the dimension ``rung`` before ``step``, along which the controls stand, and
        what `observables.exchange` needs beside: ``walker`` (which lane stands at a rung), ``attempts``, ``accepted``,
        ``chance``, ``passages`` and ``flow``, counted after the equilibration. A `FreeEnergySurface` has the dimensions
        ``temperature``, ``q``, ``eta`` and ``bootstrap``; variables ``free_energy`` (kJ/mol per molecule, minimum 0,
        NaN where nothing was seen), ``free_energy_error``, ``free_energy_bootstrap``, ``count`` and ``energy``.

    Raises
    ------
    InputError
        If a value breaks its rule.
    """
    journey = make_journey(
        model,
        protocol,
        seed,
        replicas=replicas,
        start=start,
        dynamics=dynamics,
        kernel=kernel,
        snapshots=snapshots,
        threads=threads,
        kinetics=kinetics,
    )
    journey.run(progress=progress)
    return journey.dataset()


def make_journey(
    model: Model, protocol: Protocol | Iterable[Protocol] | ReplicaExchange | FreeEnergySurface | Timed, seed: int = 0,
    *, start: str | None = None, snapshots: int = 0, kinetics: Kinetics | None = None, **options: Any,
) -> Travel:  # fmt: skip
    """The simulation of a model along a protocol, at its start. See `simulate` for the parameters."""
    if is_timed(protocol):
        return make_kinetic_journey(
            model, protocol, seed, start=start, snapshots=snapshots, kinetics=kinetics, **options
        )
    if isinstance(protocol, FreeEnergySurface | ReplicaExchange) and kinetics is not None:
        raise InputError("kinetics: this protocol has no time; leave it out")
    if isinstance(protocol, FreeEnergySurface):
        if start is not None or snapshots:
            raise InputError(
                "start, snapshots: a free-energy surface begins in its windows and keeps none; leave them out"
            )
        return SurfaceJourney(model, protocol, seed, **options)
    if isinstance(protocol, ReplicaExchange):
        return ExchangeJourney(model, protocol, seed, start=start, snapshots=snapshots, **options)
    return Journey(
        model, cast("Protocol", protocol), seed, start=start, snapshots=snapshots, kinetics=kinetics, **options
    )


def n_updates(legs: Iterable[Leg | TimedLeg], replicas: int) -> int:
    """Sweeps × replicas of a protocol: the total that `progress` counts up to."""
    return sum(leg.sweeps for leg in legs) * replicas
