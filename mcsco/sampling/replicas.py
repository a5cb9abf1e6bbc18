"""Many replicas along a protocol, measured into one labelled dataset."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mcsco.model import Model
from mcsco.sampling.journey import Journey, Progress
from mcsco.sampling.protocols import Protocol

if TYPE_CHECKING:
    import xarray


def simulate(
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
    progress: Progress | None = None,
) -> xarray.Dataset:
    """Simulate independent replicas of a model along a protocol.

    The state is carried on along the whole protocol (adiabatic continuation).

    Parameters
    ----------
    model : Model
    protocol : Ramp, Hold, ThermalCycle, Quench, or a list of them
    seed : int
        The same seed gives the same series, bit by bit, for any number of threads.
    replicas : int
        Number of independent repetitions; errors come from their scatter.
    start : str, optional
        Initial state (see `Simulation`); by default ``"HS+"`` for a protocol that begins by cooling, else ``"LS"``.
    dynamics : str
        ``"metropolis"`` or ``"heat-bath"``.
    kernel : str
        ``"auto"``, ``"lattice"`` or ``"replica"``.
    snapshots : int
        Configurations to keep of every replica and every leg of the protocol (a cycle has two), evenly spread and
        with the last sweep among them; for a quench at equal ratios of time.
    threads : int, optional
        Default: all cores.
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
        provenance.

    Raises
    ------
    InputError
        If a value breaks its rule.
    """
    journey = Journey(
        model,
        protocol,
        seed,
        replicas=replicas,
        start=start,
        dynamics=dynamics,
        kernel=kernel,
        snapshots=snapshots,
        threads=threads,
    )
    journey.run(progress=progress)
    return journey.dataset()
