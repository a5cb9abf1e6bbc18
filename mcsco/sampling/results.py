"""What a finished simulation returns: one labelled dataset with series, snapshots, final states and provenance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import distortions, spins
from mcsco.model import Model
from mcsco.sampling.protocols import Protocol, describe
from mcsco.sampling.provenance import provenance
from mcsco.sampling.trajectory import Trajectory, sweeps_since_start
from mcsco.sampling.verdicts import verdict_variables

if TYPE_CHECKING:
    import xarray

_ABOUT = {
    "gamma": ("HS fraction", "1"),
    "q": ("spin order parameter 2γ − 1", "1"),
    "eta": ("symmetry-breaking order parameter, with its sign", "1"),
    "gamma_a": ("HS fraction of the first sublattice", "1"),
    "gamma_b": ("HS fraction of the second sublattice", "1"),
    "energy": ("energy H per molecule, without the T ln g term", "kJ/mol"),
    "temperature": ("temperature", "K"),
    "pressure": ("pressure", "GPa"),
    "field": ("field conjugate to η", "kJ/mol"),
    "sweep": ("Monte Carlo steps since the start", "1"),
    "leg": ("leg of the protocol", "1"),
    "walker": ("which lane of the ladder stands at a rung", "1"),
    "attempts": ("swaps that two neighbouring rungs were offered", "1"),
    "accepted": ("swaps that they did", "1"),
    "chance": ("sum of the probabilities of those swaps", "1"),
    "passages": ("journeys of a lane from one end of the ladder to the other", "1"),
    "flow": ("rounds in which a rung was held by a walker from the first rung, and from the last", "1"),
}


Variable = tuple[tuple[str, ...], npt.NDArray[Any], dict[str, Any]]
"""Dimensions, values and attributes: all that xarray needs."""


def make_variables(model: Model, trajectories: Sequence[Trajectory]) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """Data variables and coordinates of trajectories that are finished."""
    first = trajectories[0]
    legs, (measured, pictured, pictured_at) = first.legs_done, first.kept()
    series = np.concatenate([t.series[:, :, measured] for t in trajectories], axis=1)
    values = dict(zip(first.names, series, strict=True))
    sites = ("z", "y", "x")[-model.lattice.n_dimensions :]
    states = np.concatenate([t.batch.codes() for t in trajectories])
    variables: dict[str, Variable] = {
        name: (("replica", "step"), array, labels(name)) for name, array in values.items()
    } | configurations(model, "", "final", ("replica", *sites), states)
    coordinates = along(legs, [leg.measured() for leg in legs], "step", "")
    if first.pictured.size:
        codes = np.concatenate([t.snapshots[pictured] for t in trajectories], axis=1).swapaxes(0, 1)
        variables |= configurations(model, "snapshot_", "along the run", ("replica", "snapshot", *sites), codes)
        coordinates |= along(legs, pictured_at, "snapshot", "snapshot_")
    coordinates["replica"] = (("replica",), np.arange(len(states)), {})
    return variables | verdict_variables(legs, series), coordinates


def make_dataset(
    model: Model,
    protocol: tuple[Protocol, ...],
    trajectories: Sequence[Trajectory],
    options: dict[str, Any],
    began: float,
    seconds: float,
) -> xarray.Dataset:
    """The dataset of trajectories that are finished; see `simulate`."""
    import xarray

    variables, coordinates = make_variables(model, trajectories)
    updates = int(trajectories[0].done.sum()) * model.lattice.n_sites * coordinates["replica"][1].size
    return xarray.Dataset(
        variables,
        coords=coordinates,
        attrs={
            "title": "mcsco simulation",
            "n_sites": model.n_molecules,
            "entropy": model.spin.entropy,
            "model": json.dumps(model.to_dict(), sort_keys=True),
            "protocol": json.dumps(describe(protocol), sort_keys=True),
            **options,
            **provenance(began, seconds, updates),
        },
    )


def configurations(
    model: Model, prefix: str, when: str, dims: tuple[str, ...], codes: npt.NDArray[Any]
) -> dict[str, Variable]:
    """Variables σ and u from the codes of the engine."""
    return {
        f"{prefix}spin": (dims, spins(codes), {"long_name": f"{when} σ", "units": "1"}),
        f"{prefix}distortion": (dims, distortions(model, codes), {"long_name": f"{when} u", "units": "1"}),
    }


def along(legs: Sequence[Any], sweeps: list[npt.NDArray[np.int64]], dim: str, prefix: str) -> dict[str, Variable]:
    """Controls, sweep and leg of the given sweeps of every leg."""
    controls = np.concatenate([leg.at(at) for leg, at in zip(legs, sweeps, strict=True)], axis=1)
    values = {
        **dict(zip(("temperature", "pressure", "field"), controls, strict=True)),
        "sweep": sweeps_since_start(legs, sweeps),
        "leg": np.concatenate([np.full(len(at), i) for i, at in enumerate(sweeps)]),
    }
    return {f"{prefix}{name}": ((dim,), array, labels(name)) for name, array in values.items()}


def labels(name: str) -> dict[str, str]:
    """What a variable or a coordinate is, and its unit."""
    return dict(zip(("long_name", "units"), _ABOUT[name], strict=True))
