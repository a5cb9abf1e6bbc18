"""One run from its file to its directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mcsco.campaign.config import RunConfig
from mcsco.campaign.store import RunDirectory
from mcsco.errors import InputError
from mcsco.observables import Measured, read_measured
from mcsco.sampling import make_legs, n_updates, simulate

if TYPE_CHECKING:
    import xarray

    from mcsco.sampling.replicas import Progress


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
    return n_updates(make_legs(config.protocol.build()), config.run.replicas)


def execute(config: RunConfig, threads: int | None = None, progress: Progress | None = None) -> xarray.Dataset:
    """Simulate what a configuration describes; the dataset carries it along."""
    run = config.run
    dataset = simulate(
        config.model.build(),
        config.protocol.build(),
        run.seed,
        replicas=run.replicas,
        start=run.start,
        dynamics=run.dynamics,
        kernel=run.kernel,
        threads=threads,
        progress=progress,
    )
    dataset.attrs |= {"title": config.title, "config": config.to_toml(), "config_hash": config.fingerprint}
    return dataset


def check_same(config: RunConfig, existing: RunConfig, where: Path) -> None:
    """Raise `InputError` if a directory holds the result of another run."""
    if config.fingerprint != existing.fingerprint:
        ours, theirs = config.to_toml().splitlines(), existing.to_toml().splitlines()
        different = [line for line in ours if line not in theirs]
        raise InputError(
            f"output = {str(where)!r}: holds a run with another configuration ({'; '.join(different[:3])} here); "
            "choose another directory with --output, or --force to replace it"
        )
