"""A campaign as one labelled dataset over its parameters, whether it is finished or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mcsco.campaign.campaign import CampaignDirectory
from mcsco.errors import InputError

if TYPE_CHECKING:
    import xarray


def open_campaign(path: str | Path) -> xarray.Dataset:
    """Everything that a campaign has measured so far.

    Parameters
    ----------
    path : path
        Directory of the campaign.

    Returns
    -------
    xarray.Dataset
        Dimensions ``task``, ``replica`` and ``step``. Every key that varies is a coordinate along ``task`` (values of
        several numbers as JSON text), beside ``repeat``, ``seed`` and ``config``. Where tasks have different numbers of
        measurements or replicas, the shorter ones are filled with NaN. Of a task that was run again the latest run is
        shown. ``temperature`` and the other controls have the
        dimensions (task, step).

    Raises
    ------
    InputError
        If there is no campaign or no result yet, or a file is damaged.
    """
    import xarray

    directory = CampaignDirectory(Path(path))
    config = directory.config()
    hidden = directory.reruns.hidden(directory.parts.names())
    pieces = [_without(piece, hidden) for piece in directory.parts.read()]
    if not pieces:
        raise InputError(f"{path}: has no finished task yet; look at it with status")
    if any({"y", "x"} & set(piece.dims) for piece in pieces) and len({_sites(piece) for piece in pieces}) > 1:
        pieces = [piece.drop_dims([d for d in ("z", "y", "x") if d in piece.dims]) for piece in pieces]
    pieces = [_indexed(piece) for piece in pieces]
    if len(pieces) == 1:
        whole = pieces[0]
    else:
        whole = xarray.concat(pieces, dim="task", join="outer", data_vars="all", coords="minimal", compat="override")
    points = [json.loads(str(text)) for text in whole["point"].values]
    for key in dict.fromkeys(key for point in points for key in point):
        whole = whole.assign_coords({key: ("task", _column([point.get(key) for point in points]))})
    whole["q"] = (2 * whole["gamma"] - 1).assign_attrs(long_name="spin order parameter 2γ − 1", units="1")
    # In the order of the file; points that it does not name any more come last.
    place = {json.dumps(point): i for i, point in enumerate(directory.points(config))}
    rank = np.array([place.get(json.dumps(point), len(place)) for point in points])
    whole = whole.isel(task=np.lexsort((whole["repeat"].values, rank))).drop_vars("point")
    return whole.assign_attrs(title=config.title)


def task_dataset(whole: xarray.Dataset, index: int) -> xarray.Dataset:
    """One task of an opened campaign in the form that `simulate` returns, for loops, averages and figures."""
    one = whole.isel(task=index)
    one = one.dropna("step", how="all", subset=["gamma"]).dropna("replica", how="all", subset=["gamma"])
    if "hold_verdict" in one:
        judged = one["hold_verdict"].values >= 0  # NaN where another task has more holds
        one = one.isel(hold=judged) if judged.any() else one.drop_dims("hold")
    along = [name for name in ("temperature", "pressure", "field", "sweep", "leg") if name in one.variables]
    one = one.assign_coords({name: one[name] for name in along})
    return one.assign_attrs(n_sites=int(one["n_sites"]), config=str(one["config"].values))


def _sites(piece: xarray.Dataset) -> tuple[int, ...]:
    return tuple(piece.sizes[d] for d in ("z", "y", "x") if d in piece.dims)


def _indexed(piece: xarray.Dataset) -> xarray.Dataset:
    """Steps and holds numbered, so that shorter series can be filled."""
    return piece.assign_coords({dim: np.arange(piece.sizes[dim]) for dim in ("step", "hold") if dim in piece.sizes})


def _without(piece: xarray.Dataset, hidden: set[str]) -> xarray.Dataset:
    """A piece without the results that longer runs stand for."""
    keep = ~np.isin(piece["task"].values.astype(str), list(hidden))
    return piece if keep.all() else piece.isel(task=keep)


def _column(values: list[Any]) -> np.ndarray[Any, Any]:
    """Numbers as numbers, everything else as text."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values)
    return np.array([value if isinstance(value, str) else json.dumps(value) for value in values])
