"""Configurations out of a dataset, the snapshots along a run or its final states, and planes through them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer
from mcsco.model import Elasticity, Model, State

if TYPE_CHECKING:
    import xarray

_CONTROLS = ("sweep", "temperature", "pressure", "field")


class Snapshot(NamedTuple):
    """One configuration of one replica, and what the crystal was under."""

    state: State
    sweep: int
    """MCS since the start."""
    temperature: float
    """K."""
    pressure: float
    """GPa."""
    field: float
    """kJ/mol, conjugate to η."""


def snapshots(dataset: xarray.Dataset, replica: int = 0) -> list[Snapshot]:
    """The snapshots of one replica in the order of time; its final state alone where the run kept none.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `mcsco.simulate` returns, with ``snapshot_spin`` and ``snapshot_distortion`` if it kept snapshots.
    replica : int
        From 0.

    Raises
    ------
    InputError
        If the dataset has no configurations, or no such replica.
    """
    prefix, along = ("snapshot_", "snapshot") if "snapshot_spin" in dataset else ("", "step")
    for name in (f"{prefix}spin", f"{prefix}distortion"):
        if name not in dataset:
            raise InputError(
                f"dataset: has no '{name}', so that there is nothing to see; give one that simulate returned"
            )
    spin, u = (dataset[f"{prefix}{name}"] for name in ("spin", "distortion"))
    check_integer("replica", replica, minimum=0, maximum=spin.sizes["replica"] - 1)
    controls = {name: np.atleast_1d(dataset[f"{prefix}{name}"].values) for name in _CONTROLS}
    if not prefix:  # the final state stands at the end of the series
        spin, u = (x.expand_dims("snapshot", 1) for x in (spin, u))
        controls = {name: values[-1:] for name, values in controls.items()}
    if spin.sizes["snapshot"] == 0 or any(values.size == 0 for values in controls.values()):
        raise InputError(f"dataset: has nothing along '{along}'; let the run take snapshots or measure")
    frames = zip(spin.values[replica], u.values[replica], *controls.values(), strict=True)
    return [Snapshot(State(s, x), int(t), float(T), float(P), float(h)) for s, x, t, T, P, h in frames]


def model_of(dataset: xarray.Dataset) -> Model:
    """The model that a dataset was made with, from its attribute ``model``.

    Raises
    ------
    InputError
        If there is none.
    """
    text = dataset.attrs.get("model")
    if not isinstance(text, str):
        raise InputError("dataset: has no attribute 'model', the JSON text of Model.to_dict(); give one from simulate")
    return Model.from_dict(json.loads(text))


def spacing_of(model: Model) -> float | None:
    """Distance of two molecules in Å, V0^(1/3) of the elastic medium; None where the model has no length."""
    volumes = [term.site_volume for term in model.interactions if isinstance(term, Elasticity)]
    return float(np.cbrt(volumes[0])) if volumes else None


class Cut(NamedTuple):
    """A lattice plane of a crystal, or the whole of a 2-D one."""

    axis: int | None
    """Lattice axis that the plane is perpendicular to; None in 2-D."""
    site: int
    """Place on that axis."""
    rows: str
    """Name of the axis that runs upwards, ``"y"`` or ``"z"``."""
    columns: str
    """Name of the axis that runs to the right, ``"x"`` or ``"y"``."""

    def of(self, field: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The plane of a field whose first axes are those of the lattice."""
        return field if self.axis is None else np.take(field, self.site, axis=self.axis)

    @property
    def name(self) -> str:
        """As the user would write it, such as ``"z = 8"``; empty in 2-D."""
        return "" if self.axis is None else f"{'zyx'[self.axis]} = {self.site}"


def make_cut(shape: tuple[int, ...], cut: str | None = None, across: str = "z") -> Cut:
    """A plane of a 3-D lattice from its name.

    Parameters
    ----------
    shape : tuple of int
        Extents of the lattice.
    cut : str, optional
        Such as ``"z = 8"``, sites from 0. By default the middle of the axis `across`. A 2-D lattice takes none.

    Raises
    ------
    InputError
        If it does not name a plane of the lattice.
    """
    if len(shape) == 2:
        if cut is not None:
            raise InputError(f"cut = {cut!r}: the lattice is a plane itself; leave it out")
        return Cut(None, 0, "y", "x")
    if cut is None:
        axis = "zyx".index(across)
        index = shape[axis] // 2
    else:
        found = re.fullmatch(r"\s*([xyz])\s*=\s*(\d+)\s*", str(cut))
        if found is None:
            raise InputError(f"cut = {cut!r}: must be an axis and a site on it, e.g. 'z = 8'")
        axis, index = "zyx".index(found[1]), int(found[2])
        if index >= shape[axis]:
            raise InputError(f"cut = {cut!r}: the axis {found[1]} has the sites 0 to {shape[axis] - 1}")
    rows, columns = (name for i, name in enumerate("zyx") if i != axis)
    return Cut(axis, index, rows, columns)


def check_path(path: str | Path, endings: tuple[str, ...]) -> Path:
    """A path for a new file.

    Raises
    ------
    InputError
        If it ends in something else, or its directory is not there.
    """
    target = Path(path)
    if target.suffix[1:].lower() not in endings:
        raise InputError(f"path = {str(path)!r}: must end in {' or '.join(f'.{ending}' for ending in endings)}")
    if not target.parent.is_dir():
        raise InputError(f"path = {str(path)!r}: {target.parent} is not a directory; make it first")
    return target
