"""Results of a campaign in few files: tasks of one shape stacked into labelled arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco.campaign.files import read_dataset, write_dataset
from mcsco.campaign.tasks import Task
from mcsco.campaign.work import Outcome
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray

# So many files at most stay apart; then small ones are joined.
_MANY = 24
_LARGE = 2**28
"""Bytes from which on a file is not joined any more."""


class Parts:
    """The files with results, below one folder. Every file is written once and never touched again.

    Small files are joined into a new one before they are removed: a kill in between leaves some results twice, which
    does no harm.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[Path]:
        """All files with results."""
        return sorted(self.folder.glob("*.nc")) if self.folder.is_dir() else []

    def names(self) -> set[str]:
        """Names of all tasks that have a result."""
        return {name for path in self.files() for name in _names(path)}

    def write(self, outcomes: Iterable[Outcome], tasks: Mapping[str, Task], attributes: Mapping[str, Any]) -> None:
        """Store results, one file for each shape of their arrays."""
        groups: dict[Any, list[Outcome]] = {}
        for outcome in outcomes:
            groups.setdefault(_shape(outcome), []).append(outcome)
        for group in groups.values():
            self._save(_stack(group, tasks, attributes))
        if len(self.files()) > _MANY:
            self._join()

    def read(self) -> list[xarray.Dataset]:
        """All results, one dataset for each shape, every task once."""
        found: dict[Any, list[xarray.Dataset]] = {}
        seen: set[str] = set()
        for path in self.files():
            dataset = read_dataset(path, "remove it and resume the campaign")
            names = dataset["task"].values.astype(str)
            # Twice in one file too: files that were left beside the one that joined them may be joined again.
            new = np.isin(np.arange(names.size), np.unique(names, return_index=True)[1]) & ~np.isin(names, list(seen))
            seen |= set(names)
            if new.any():
                found.setdefault(_signature(dataset), []).append(dataset.isel(task=new))
        return [_concatenate(datasets) for datasets in found.values()]

    def _save(self, dataset: xarray.Dataset) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        names = sorted(dataset["task"].values.astype(str))
        path = self.folder / f"{hashlib.sha256(' '.join(names).encode()).hexdigest()[:16]}.nc"
        write_dataset(path, dataset)
        return path

    def _join(self) -> None:
        small = [path for path in self.files() if path.stat().st_size < _LARGE]
        groups: dict[Any, list[tuple[Path, xarray.Dataset]]] = {}
        for path in small:
            dataset = read_dataset(path, "remove it and resume the campaign")
            groups.setdefault(_signature(dataset), []).append((path, dataset))
        for group in groups.values():
            if len(group) > 1:
                kept = self._save(_concatenate([dataset for _, dataset in group]))
                for path, _ in group:
                    if path != kept:
                        path.unlink()


def _names(path: Path) -> list[str]:
    """Task names of a file, without reading its results."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return [name.decode() if isinstance(name, bytes) else str(name) for name in file["task"][:]]
    except (OSError, KeyError, RuntimeError) as error:
        raise InputError(f"{path}: is damaged ({error}); remove it and resume the campaign") from None


def _shape(outcome: Outcome) -> Any:
    return tuple(
        (name, dims, values.shape, values.dtype.str)
        for part in (outcome.variables, outcome.coordinates)
        for name, (dims, values, _) in sorted(part.items())
    )


def _signature(dataset: xarray.Dataset) -> Any:
    stacked = {str(name): v for name, v in dataset.variables.items() if "task" in v.dims}
    return tuple(sorted((name, v.dims, v.shape[1:], v.dtype.kind) for name, v in stacked.items()))


def _stack(outcomes: list[Outcome], tasks: Mapping[str, Task], attributes: Mapping[str, Any]) -> xarray.Dataset:
    """One dataset with the dimension ``task``; what is the same in all tasks, such as ``replica``, stays as it is."""
    import xarray

    first = outcomes[0]
    variables: dict[str, Any] = {
        name: (("task", *dims), np.stack([o.variables[name][1] for o in outcomes]), about)
        for name, (dims, _, about) in first.variables.items()
    }
    coordinates: dict[str, Any] = {
        name: (("task", *dims), np.stack([o.coordinates[name][1] for o in outcomes]), about)
        for name, (dims, _, about) in first.coordinates.items()
        if name != "replica"
    }
    chosen = [tasks[o.name] for o in outcomes]
    coordinates |= {
        "replica": first.coordinates["replica"],
        "task": ("task", np.array([t.name for t in chosen])),
        "point": ("task", np.array([json.dumps(t.point) for t in chosen])),
        "repeat": ("task", np.array([t.repeat for t in chosen])),
        "seed": ("task", np.array([str(t.config.run.seed) for t in chosen])),
        "config": ("task", np.array([t.config.to_toml() for t in chosen])),
        "wall_time": ("task", np.array([o.seconds for o in outcomes]), {"units": "s"}),
        "n_sites": ("task", np.array([t.config.model.build().lattice.n_sites for t in chosen])),
    }
    return xarray.Dataset(variables, coords=coordinates, attrs=dict(attributes))


def _concatenate(datasets: list[xarray.Dataset]) -> xarray.Dataset:
    import xarray

    if len(datasets) == 1:
        return datasets[0]
    return xarray.concat(
        datasets, dim="task", data_vars="minimal", coords="minimal", compat="override", combine_attrs="override",
        join="override",
    )  # fmt: skip
