"""Molecules under one global strain along a protocol, measured into one labelled dataset."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import Control
from mcsco.engine.bridge_batch import BridgeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.errors import InputError, check_integer
from mcsco.model.bridge import GlobalStrain
from mcsco.sampling.legs import Leg, Point
from mcsco.sampling.protocols import Protocol, describe, make_legs, make_parts
from mcsco.sampling.provenance import provenance
from mcsco.sampling.results import Variable, along, labels
from mcsco.sampling.travel import Progress

if TYPE_CHECKING:
    import xarray

# Longest call into a kernel, in attempts: a fraction of a second, so that an interrupt is answered.
_ATTEMPTS_PER_CALL = 2**25


def simulate_bridge(
    model: GlobalStrain,
    protocol: Protocol | Iterable[Protocol],
    seed: int = 0,
    *,
    n_molecules: int = 4096,
    replicas: int = 8,
    start: str | None = None,
    strain_moves: int = 8,
    progress: Progress | None = None,
) -> xarray.Dataset:
    """Simulate independent replicas of a crystal under one global strain along a protocol.

    One Monte Carlo step attempts every block spin once on average, in random-sequential order, and η `strain_moves`
    times, all by the rule of Metropolis. The width of the steps of η is tuned during the `equilibration` of holds,
    which is not measured, and constant at all other times.

    Parameters
    ----------
    model : GlobalStrain
    protocol : Ramp, Hold, ThermalCycle, PressureCycle, ..., or a list of them
        Without a field, which this model does not know.
    seed : int
        The same seed gives the same series, bit by bit.
    n_molecules : int
        N, a multiple of the block size.
    replicas : int
        Number of independent repetitions; errors come from their scatter.
    start : str, optional
        ``"LS"``, ``"HS+"`` or ``"HS-"``; by default ``"HS+"`` for a protocol that begins by cooling, else ``"LS"``.
    strain_moves : int
        Steps of η in a Monte Carlo step.
    progress : callable, optional
        Called with the number of sweeps × replicas done since the last call.

    Returns
    -------
    xarray.Dataset
        Dimensions ``replica`` and ``step`` (measurements). Variables ``gamma``, ``q``, ``eta`` (with its sign) and
        ``energy`` (kJ/mol per molecule, as in `GlobalStrain.energy`), each measured at one instant; coordinates and
        attributes as those of `simulate`. There are no maps: the molecules have no positions.

    Raises
    ------
    InputError
        If a value breaks its rule.

    Examples
    --------
    >>> from mcsco import ThermalCycle, observables
    >>> from mcsco.model.bridge import pmpea_bridge
    >>> from mcsco.sampling import simulate_bridge
    >>> dataset = simulate_bridge(pmpea_bridge(), ThermalCycle((205, 245), 50), seed=1, n_molecules=1000)
    >>> bool(observables.loop(dataset).T_up.value > observables.loop(dataset).T_down.value)
    True
    """
    if not isinstance(model, GlobalStrain):
        raise InputError(f"model = {model!r}: must be a GlobalStrain, e.g. mcsco.model.bridge.pmpea_bridge()")
    parts = make_parts(protocol)
    legs = make_legs(parts)
    if any(point.field for leg in legs for point in (leg.begin, leg.end)):
        raise InputError("field: a global strain has none here; leave it out, or use a Model with a distortion")
    check_integer("seed", seed, minimum=0)
    check_integer("replicas", replicas, minimum=1)
    check_integer("strain_moves", strain_moves, minimum=1)
    if start is None:
        start = "HS+" if legs[0].end.temperature < legs[0].begin.temperature else "LS"
    began, clock = time.time(), time.monotonic()
    key, first = make_key(seed, 0), legs[0].begin.temperature
    batch = BridgeBatch(model, n_molecules, replicas, start, first, strain_moves, key)
    q, eta = _follow(batch, legs, progress)
    updates = batch.sweep * batch.n_blocks * replicas
    options: dict[str, Any] = {
        "seed": str(seed),
        "replicas": replicas,
        "start": start,
        "dynamics": "metropolis",
        "strain_moves": strain_moves,
    }
    import xarray

    variables, coordinates = _variables(model, legs, q, eta)
    return xarray.Dataset(
        variables,
        coords=coordinates,
        attrs={
            "title": "mcsco simulation under a global strain",
            "n_sites": n_molecules,
            "entropy": model.spin.entropy,
            "model": json.dumps(model.to_dict(), sort_keys=True),
            "protocol": json.dumps(describe(parts), sort_keys=True),
            **options,
            **provenance(began, time.monotonic() - clock, updates),
        },
    )


def _follow(
    batch: BridgeBatch, legs: Sequence[Leg], progress: Progress | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Q and η at every measurement, each of shape (replica, step)."""
    R = batch.n_replicas
    per_call = max(1, _ATTEMPTS_PER_CALL // (batch.n_blocks * R))
    q, eta = [], []
    for leg in legs:
        begin, end = _control(leg.begin, R), _control(leg.end, R)
        measured = leg.measured()
        done = 0
        for stop in np.unique([*measured, leg.sweeps]).tolist():
            while done < stop:
                n = min(per_call, stop - done)
                batch.advance(begin, end, done, n, leg.sweeps, leg.skip)
                done += n
                if progress is not None:
                    progress(n * R)
            if stop in measured:
                q.append(batch.q)
                eta.append(batch.eta.copy())
    return np.stack(q, axis=1), np.stack(eta, axis=1)


def _control(point: Point, n_replicas: int) -> Control:
    return Control(*(np.full(n_replicas, x) for x in point))


def _variables(
    model: GlobalStrain, legs: Sequence[Leg], q: npt.NDArray[np.float64], eta: npt.NDArray[np.float64]
) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """Data variables and coordinates, in the form that all results have."""
    coordinates = along(legs, [leg.measured() for leg in legs], "step", "")
    work = model.energy(1.0, 0.0, 1.0) - model.energy(1.0, 0.0)  # of half a conversion at 1 GPa
    energy = model.energy(q, eta) + work * q * coordinates["pressure"][1]
    series = {"gamma": (1 + q) / 2, "q": q, "eta": eta, "energy": energy}
    variables: dict[str, Variable] = {name: (("replica", "step"), x, labels(name)) for name, x in series.items()}
    coordinates["replica"] = (("replica",), np.arange(len(q)), {})
    return variables, coordinates
