"""One run from its file to its directory."""

from __future__ import annotations

import heapq
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco import sampling
from mcsco.campaign.config import RunConfig
from mcsco.campaign.keeper import Keeper
from mcsco.campaign.store import RunDirectory
from mcsco.engine import choose_kernel
from mcsco.errors import InputError
from mcsco.model import Displacive
from mcsco.observables import Measured, read_measured
from mcsco.sampling import FreeEnergySurface, ReplicaExchange, Travel, n_lanes, n_updates

if TYPE_CHECKING:
    import xarray

    from mcsco.sampling import Progress


def output_directory(config: RunConfig, source: Path, given: Path | None) -> RunDirectory:
    """Where a run goes: the directory given by the user, or by the file, or ``results/<name of the file>``."""
    return RunDirectory(given or Path(config.output or Path("results") / source.stem))


def measured_curve(config: RunConfig, folder: Path) -> Measured | None:
    """The measured χT(T) that the configuration names, relative to the folder of its file."""
    if config.measured is None or config.measured.file is None:
        return None
    return read_measured(folder / config.measured.file)


def total_updates(config: RunConfig) -> int:
    """Sweeps × replicas of a run."""
    protocol = config.protocol.build()
    if isinstance(protocol, FreeEnergySurface):
        return protocol.total_sweeps * n_lanes(config.model.build(), protocol, config.run.replicas)
    if isinstance(protocol, ReplicaExchange):
        return protocol.n_updates(config.run.replicas)
    return n_updates(config.legs, config.run.replicas)


def site_updates(config: RunConfig) -> int:
    """Attempted site updates of a run."""
    return total_updates(config) * config.model.build().lattice.n_sites


def estimated_seconds(config: RunConfig) -> float:
    """Rough time of a run on one core: what an update costs on a core of 2024, by the kind of model."""
    model = config.model.build()
    nanoseconds = 1.5 if model.distortion is not None else 0.8
    if model.pair_terms is not None:
        nanoseconds = 15.0
    elif choose_kernel(model, config.run.kernel) == "replica":
        nanoseconds = 5.0
    if isinstance(model.distortion, Displacive):
        nanoseconds *= 2.0 if model.pair_terms is None else 1.3
    return site_updates(config) * nanoseconds * 1e-9


def make_journey(config: RunConfig, threads: int | None = None) -> Travel:
    """The simulation that a configuration describes, at its start."""
    run, protocol = config.run, config.protocol.build()
    return sampling.make_journey(
        config.model.build(),
        protocol,
        run.seed,
        replicas=run.replicas,
        start=run.start,
        dynamics=run.dynamics,
        kernel=run.kernel,
        snapshots=run.snapshots,
        kinetics=None if config.kinetics is None else config.kinetics.build(),
        threads=threads,
    )


def execute(
    config: RunConfig, threads: int | None = None, progress: Progress | None = None, keeper: Keeper | None = None
) -> xarray.Dataset:
    """Simulate what a configuration describes; the dataset carries it along.

    Parameters
    ----------
    config : RunConfig
    threads : int, optional
    progress : callable, optional
        Called with the number of sweeps × replicas done since the last call, and first with those done before.
    keeper : Keeper, optional
        Takes the run to its last checkpoint and stores further ones.

    Raises
    ------
    StoppedError
        If the keeper was told to stop; all is stored then.
    """
    journey = make_journey(config, threads)
    if keeper is None:
        journey.run(progress=progress)
    else:
        if keeper.restore(journey) and progress is not None:
            progress(journey.n_done)
        with keeper.signals:
            while not journey.run(keeper.is_due, progress):
                keeper.store(journey)
    dataset = journey.dataset()
    dataset.attrs |= {"title": config.title, "config": config.to_toml(), "config_hash": config.fingerprint}
    return dataset


def check_memory(config: RunConfig) -> None:
    """Raise `InputError` if the series and states of a run are larger than the machine's memory."""
    run, n_sites, protocol = config.run, config.model.build().lattice.n_sites, config.protocol.build()
    if isinstance(protocol, FreeEnergySurface):
        _check_surface_memory(config, protocol)
        return
    n_measurements, n_snapshots = _n_recorded(config)
    needed, present = memory_needed(config), memory_present()
    if needed > present:
        pictures = f" and pictured {n_snapshots}" if n_snapshots else ""
        raise InputError(
            f"{run.replicas} replicas of {n_sites} molecules, measured {n_measurements}{pictures} times, need "
            f"{needed / 2**30:.3g} GiB of memory, the machine has {present / 2**30:.3g}; "
            "raise measure_every, or reduce shape, replicas or snapshots"
        )


def _check_surface_memory(config: RunConfig, protocol: FreeEnergySurface) -> None:
    lanes = n_lanes(config.model.build(), protocol, config.run.replicas)
    measurements = protocol.sweeps // protocol.measure_every
    needed, present = memory_needed(config), memory_present()
    if needed > present:
        raise InputError(
            f"{lanes} windows × replicas × temperatures, measured {measurements} times, need {needed / 2**30:.3g} GiB "
            f"of memory, the machine has {present / 2**30:.3g}; raise measure_every, or reduce windows or replicas"
        )


def check_campaign_memory(configs: Iterable[RunConfig], n_workers: int) -> None:
    """Raise `InputError` if tasks that run at the same time on this machine are together larger than its memory."""
    largest = heapq.nlargest(n_workers, (memory_needed(config) for config in configs))
    present = memory_present()
    if sum(largest) > present:
        fit = int(np.searchsorted(np.cumsum(largest), present, side="right"))
        remedy = f"give --workers {fit}" if fit else "raise measure_every, or reduce shape, replicas or snapshots"
        raise InputError(
            f"{len(largest)} tasks at a time need up to {sum(largest) / 2**30:.3g} GiB of memory, the machine has "
            f"{present / 2**30:.3g}; {remedy}"
        )


def memory_needed(config: RunConfig) -> int:
    """Bytes of the series and states of a run."""
    run, model, protocol = config.run, config.model.build(), config.protocol.build()
    if isinstance(protocol, FreeEnergySurface):
        # Four quantities as recorded, as states with their counts, and their bias in some windows; states of the lanes.
        lanes, measurements = n_lanes(model, protocol, run.replicas), protocol.sweeps // protocol.measure_every
        return lanes * (250 * measurements + 8 * model.lattice.n_sites)
    n_measurements, n_snapshots = _n_recorded(config)
    n_states = run.replicas * (protocol.n_rungs if isinstance(protocol, ReplicaExchange) else 1)
    # Four quantities in memory twice, and their coordinates; states in the kernel's layout and in the dataset;
    # snapshots as recorded, and as σ and u.
    per_state, per_snapshot = (30, 11) if isinstance(model.distortion, Displacive) else (8, 3)
    states = (per_state + per_snapshot * n_snapshots) * model.lattice.n_sites * n_states
    return 8 * n_measurements * (2 * 4 * run.replicas + 5) + states


def memory_present() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _n_recorded(config: RunConfig) -> tuple[int, int]:
    """Measurements, of all rungs, and snapshots."""
    protocol, legs = config.protocol.build(), config.legs
    if isinstance(protocol, ReplicaExchange):
        return protocol.measured().size * protocol.n_rungs, 0
    return sum(leg.measured().size for leg in legs), sum(leg.pictured(config.run.snapshots).size for leg in legs)


def check_same(config: RunConfig, existing: RunConfig, where: Path) -> None:
    """Raise `InputError` if a directory holds the result of another run."""
    if config.fingerprint != existing.fingerprint:
        different = differences(config, existing)
        shown = "; ".join(different[:3]) + (f"; {len(different) - 3} more" if len(different) > 3 else "")
        raise InputError(
            f"output = {str(where)!r}: holds a run with another configuration ({shown}); "
            "choose another directory with --output, or --force to replace it"
        )


def differences(ours: RunConfig, theirs: RunConfig) -> list[str]:
    """What of two runs differs, key by key, of all that decides the numbers."""
    here, there = (_flat(tomllib.loads(config.to_toml())) for config in (ours, theirs))
    keys = sorted({*here, *there}, key=lambda key: (key.split("."), key))
    return [
        f"{key} = {here.get(key, 'nothing')} here, {there.get(key, 'nothing')} there"
        for key in keys
        if key.split(".")[0] in ("model", "protocol", "run", "kinetics") and here.get(key) != there.get(key)
    ]


def _flat(data: Any, path: str = "") -> dict[str, str]:
    """Values by their dotted path; lists of numbers are values."""
    if isinstance(data, dict):
        items = list(data.items())
    elif isinstance(data, list) and any(isinstance(value, dict) for value in data):
        items = list(enumerate(data))
    else:
        return {path: repr(data)}
    return {k: v for key, value in items for k, v in _flat(value, f"{path}.{key}" if path else str(key)).items()}
