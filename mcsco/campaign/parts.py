"""Results of a campaign in few files: tasks of one shape stacked into labelled arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.campaign.files import read_dataset, write_dataset
from mcsco.campaign.seal import check_seal
from mcsco.campaign.tasks import Task
from mcsco.campaign.work import Outcome
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray

# So many files at most stay apart; then small ones are joined.
_MANY = 24
_LARGE = 2**28
"""Bytes from which on a file is not joined any more."""
_SEALED = 2**26
"""Bytes up to which the seal of a whole file is proven only to read its columns."""

COLUMNS = "columns_sha256"
"""Attribute with the digest of what is read without the results."""

_TEXTS = ("task", "point")

Columns = dict[str, npt.NDArray[Any]]


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
        return {str(name) for columns in self.columns() for name in columns["task"]}

    def columns(self) -> Iterator[Columns]:
        """Of every file the names, points and repeats of its tasks and, with holds, the verdicts; no series."""
        for path in self.files():
            yield _columns(path)

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
        dataset = dataset.assign_attrs({COLUMNS: _digest(_of_tasks(dataset))})
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


def _columns(path: Path) -> Columns:
    """Names, points, repeats and verdicts of a file, proven to be as they were written, without reading its results."""
    import h5py

    try:
        check_seal(path, _SEALED)
        with h5py.File(path, "r") as file:
            columns = {
                name: file[name].asstr()[:] if name in _TEXTS else file[name][:] for name in filter(_is_column, file)
            }
            stored = file.attrs.get(COLUMNS)
            if not set(_TEXTS) <= set(columns):
                raise KeyError("no tasks")
            digest = _digest(columns)
    except Exception as error:  # a damaged file raises almost anything in h5py
        raise InputError(f"{path}: is damaged ({error}); remove it and resume the campaign") from None
    if stored is not None and stored != digest:  # files of earlier versions have no digest
        raise InputError(f"{path}: is damaged; its tasks are not what was written; remove it and resume the campaign")
    return columns


def _is_column(name: str) -> bool:
    return name in (*_TEXTS, "repeat") or name.startswith("hold_")


def _of_tasks(dataset: xarray.Dataset) -> Columns:
    return {str(name): v.values for name, v in dataset.variables.items() if _is_column(str(name))}


def _digest(columns: Columns) -> str:
    total = hashlib.sha256()
    for name in sorted(columns):
        values = columns[name]
        total.update(f"{name} {values.shape} ".encode())
        plain = values.astype(str).tolist() if name in _TEXTS else values.astype(np.float64).tobytes()
        total.update(plain if isinstance(plain, bytes) else json.dumps(plain).encode())
    return total.hexdigest()


def _length_class(n: int) -> int:
    """Series of lengths up to the same power of two lie in one array, filled up to the longest of them."""
    return (n - 1).bit_length()


def _filled(values: npt.NDArray[Any], axis: int, n: int) -> npt.NDArray[Any]:
    """Values with `n` steps: NaN where there was no measurement, and -1 of what is counted."""
    missing = n - values.shape[axis]
    if missing == 0:
        return values
    widths = [(0, missing if i == axis else 0) for i in range(values.ndim)]
    return np.pad(values, widths, constant_values=np.nan if values.dtype.kind == "f" else -1)


def _shape(outcome: Outcome) -> Any:
    return tuple(
        (name, dims, tuple(map(_size, dims, values.shape)), values.dtype.str)
        for part in (outcome.variables, outcome.coordinates)
        for name, (dims, values, _) in sorted(part.items())
    )


def _size(dim: Hashable, n: int) -> int:
    return _length_class(n) if dim == "step" else n


def _signature(dataset: xarray.Dataset) -> Any:
    stacked = {str(name): v for name, v in dataset.variables.items() if "task" in v.dims}
    return tuple(
        sorted((n, v.dims, tuple(map(_size, v.dims[1:], v.shape[1:])), v.dtype.kind) for n, v in stacked.items())
    )


def _stack(outcomes: list[Outcome], tasks: Mapping[str, Task], attributes: Mapping[str, Any]) -> xarray.Dataset:
    """One dataset with the dimension ``task``; what is the same in all tasks, such as ``replica``, stays as it is."""
    import xarray

    first = outcomes[0]
    series = [(dims, values) for o in outcomes for dims, values, _ in o.variables.values() if "step" in dims]
    n_steps = max((values.shape[dims.index("step")] for dims, values in series), default=0)

    def stacked(arrays: list[npt.NDArray[Any]], dims: tuple[str, ...]) -> npt.NDArray[Any]:
        return np.stack([_filled(a, dims.index("step"), n_steps) if "step" in dims else a for a in arrays])

    variables: dict[str, Any] = {
        name: (("task", *dims), stacked([o.variables[name][1] for o in outcomes], dims), about)
        for name, (dims, _, about) in first.variables.items()
    }
    coordinates: dict[str, Any] = {
        name: (("task", *dims), stacked([o.coordinates[name][1] for o in outcomes], dims), about)
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
    n_steps = max(dataset.sizes.get("step", 0) for dataset in datasets)
    datasets = [_with_steps(dataset, n_steps) for dataset in datasets]
    return xarray.concat(
        datasets, dim="task", data_vars="minimal", coords="minimal", compat="override", combine_attrs="override",
        join="override",
    )  # fmt: skip


def _with_steps(dataset: xarray.Dataset, n: int) -> xarray.Dataset:
    import xarray

    if dataset.sizes.get("step", 0) == n:
        return dataset
    variables = {
        name: v
        if "step" not in v.dims
        else xarray.Variable(v.dims, _filled(v.values, v.dims.index("step"), n), v.attrs)
        for name, v in dataset.variables.items()
    }
    coordinates = {name: variable for name, variable in variables.items() if name in dataset.coords}
    rest = {name: variable for name, variable in variables.items() if name not in dataset.coords}
    return xarray.Dataset(rest, coords=coordinates, attrs=dataset.attrs)
