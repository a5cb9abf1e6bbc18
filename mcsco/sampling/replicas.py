"""Many replicas along a protocol, measured into one labelled dataset."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mcsco.engine import Batch, Control, choose_kernel, make_batches
from mcsco.errors import InputError, StateError, check_integer
from mcsco.model import Model
from mcsco.sampling.protocols import Leg, Protocol, describe, make_legs, make_parts
from mcsco.sampling.provenance import provenance

if TYPE_CHECKING:
    import xarray

Progress = Callable[[int], None]
"""Called with the number of sweeps × replicas done since the last call, from any thread."""

# Longest call into a kernel, in site updates: a fraction of a second, so that Ctrl-C is answered.
_UPDATES_PER_CALL = 2**26

_SERIES = ("gamma", "q", "eta", "energy")


def simulate(
    model: Model,
    protocol: Protocol | Iterable[Protocol],
    seed: int = 0,
    *,
    replicas: int = 8,
    start: str | None = None,
    dynamics: str = "metropolis",
    kernel: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> xarray.Dataset:
    """Simulate independent replicas of a model along a protocol.

    The state is carried on along the whole protocol (adiabatic continuation).

    Parameters
    ----------
    model : Model
    protocol : Ramp, Hold, ThermalCycle, or a list of them
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
        final state ``spin`` and ``distortion``; attributes with the full provenance.

    Raises
    ------
    InputError
        If a value breaks its rule.
    """
    if not isinstance(model, Model):
        raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
    protocol = make_parts(protocol)
    legs = make_legs(protocol)
    check_integer("seed", seed, minimum=0)
    check_integer("replicas", replicas, minimum=1)
    workers = check_integer("threads", os.cpu_count() or 1 if threads is None else threads, minimum=1)
    if start is None:
        start = "HS+" if legs[0].end.temperature < legs[0].begin.temperature else "LS"
    began = time.time()
    batches = make_batches(model, start, seed, dynamics, kernel, replicas, workers)
    series = _run(batches, legs, workers, progress)
    options = {
        "replicas": replicas,
        "start": start,
        "dynamics": dynamics,
        "kernel": choose_kernel(model, kernel),
        "threads": workers,
    }
    return _dataset(model, protocol, legs, batches, series, {"seed": str(seed), **options}, began)


def n_updates(legs: Iterable[Leg], replicas: int) -> int:
    """Sweeps × replicas of a protocol: the total that `progress` counts up to."""
    return sum(leg.sweeps for leg in legs) * replicas


def measured_sweeps(leg: Leg) -> npt.NDArray[np.int64]:
    """Sweeps of a leg after which it is measured."""
    return np.arange(leg.skip + leg.measure_every, leg.sweeps + 1, leg.measure_every)


def _run(
    batches: list[Batch], legs: tuple[Leg, ...], workers: int, progress: Progress | None
) -> list[npt.NDArray[np.float64]]:
    """Move every batch along the legs, as many at a time as there are threads; series of shape (4, R, steps)."""
    stop = threading.Event()
    if workers == 1 or len(batches) == 1:
        return [_follow(batch, legs, stop, progress) for batch in batches]
    with ThreadPoolExecutor(min(workers, len(batches))) as pool:
        futures = [pool.submit(_follow, batch, legs, stop, progress) for batch in batches]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()  # does nothing to batches that are done
        return [future.result() for future in futures]


class _StoppedError(Exception):
    """Another batch failed, or the user interrupted."""


def _follow(
    batch: Batch, legs: tuple[Leg, ...], stop: threading.Event, progress: Progress | None
) -> npt.NDArray[np.float64]:
    R, N = batch.n_replicas, batch.model.lattice.n_sites
    per_call = max(1, _UPDATES_PER_CALL // (N * R))
    rows = []
    for leg in legs:
        begin, end = (Control(*(np.full(R, x) for x in point)) for point in (leg.begin, leg.end))
        done = 0
        targets = measured_sweeps(leg).tolist()
        for target in [*targets, leg.sweeps]:
            while done < target:
                if stop.is_set():
                    raise _StoppedError
                n = min(per_call, target - done)
                batch.advance(begin, end, done, n, leg.sweeps)
                done += n
                if progress is not None:
                    progress(n * R)
            if len(targets) > 0:
                targets.pop(0)
                rows.append(_measure(batch, leg, target))
    _check_against_oracle(batch, legs[-1].end)
    return np.stack(rows, axis=-1)


def _at(leg: Leg, sweep: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Controls (temperature, pressure, field) during a sweep of a leg, shape (3, ...)."""
    begin, end = np.array(leg.begin)[:, None], np.array(leg.end)[:, None]
    part: npt.NDArray[np.float64] = np.atleast_1d(sweep) / leg.sweeps
    controls: npt.NDArray[np.float64] = begin + (end - begin) * part
    return controls


def _measure(batch: Batch, leg: Leg, sweep: int) -> npt.NDArray[np.float64]:
    """γ, q, η and energy per molecule of every replica, shape (4, R)."""
    N, sums = batch.model.lattice.n_sites, batch.sums()
    _, pressure, field = _at(leg, sweep)
    gamma = sums.n / N
    return np.stack([gamma, 2 * gamma - 1, sums.u / N, batch.energy(sums, pressure, field) / N])


def _check_against_oracle(batch: Batch, point: Any) -> None:
    """Raise `StateError` if the running sums or the energy differ from a count of the final configuration."""
    batch.recount()
    energy = batch.energy(batch.sums(), np.array(point.pressure), np.array(point.field))
    for replica in range(batch.n_replicas):
        oracle = batch.model.energy(batch.state(replica), point.pressure, point.field)
        scale = batch.model.lattice.n_sites * (abs(batch.model.spin.enthalpy) + sum(map(abs, batch.model.couplings)))
        if abs(energy[replica] - oracle) > 1e-10 * scale + 1e-9:
            raise StateError(f"energy of replica {replica} is {energy[replica]!r} kJ/mol, recounted {oracle!r}")


def _dataset(
    model: Model,
    protocol: tuple[Protocol, ...],
    legs: tuple[Leg, ...],
    batches: list[Batch],
    series: list[npt.NDArray[np.float64]],
    options: dict[str, Any],
    began: float,
) -> xarray.Dataset:
    import xarray

    values = dict(zip(_SERIES, np.concatenate(series, axis=1), strict=True))
    measured = [measured_sweeps(leg) for leg in legs]
    controls = np.concatenate([_at(leg, sweeps) for leg, sweeps in zip(legs, measured, strict=True)], axis=1)
    before = np.cumsum([0] + [leg.sweeps for leg in legs[:-1]])
    states = [batch.state(replica) for batch in batches for replica in range(batch.n_replicas)]
    sites = ("z", "y", "x")[-model.lattice.n_dimensions :]
    about = {
        "gamma": ("HS fraction", "1"),
        "q": ("spin order parameter 2γ − 1", "1"),
        "eta": ("symmetry-breaking order parameter, with its sign", "1"),
        "energy": ("energy H per molecule, without the T ln g term", "kJ/mol"),
    }
    return xarray.Dataset(
        {
            name: (("replica", "step"), values[name], {"long_name": text, "units": unit})
            for name, (text, unit) in about.items()
        }
        | {
            "spin": (("replica", *sites), np.stack([s.spin for s in states]), {"long_name": "final σ", "units": "1"}),
            "distortion": (
                ("replica", *sites),
                np.stack([s.distortion for s in states]),
                {"long_name": "final u", "units": "1"},
            ),
        },
        coords={
            "temperature": ("step", controls[0], {"long_name": "temperature", "units": "K"}),
            "pressure": ("step", controls[1], {"long_name": "pressure", "units": "GPa"}),
            "field": ("step", controls[2], {"long_name": "field conjugate to η", "units": "kJ/mol"}),
            "sweep": (
                "step",
                np.concatenate([b + m for b, m in zip(before, measured, strict=True)]),
                {"long_name": "Monte Carlo steps since the start", "units": "1"},
            ),
            "leg": (
                "step",
                np.concatenate([np.full(len(m), i) for i, m in enumerate(measured)]),
                {"long_name": "leg of the protocol", "units": "1"},
            ),
            "replica": np.arange(len(states)),
        },
        attrs={
            "title": "mcsco simulation",
            "n_sites": model.lattice.n_sites,
            "entropy": model.spin.entropy,
            "model": json.dumps(model.to_dict(), sort_keys=True),
            "protocol": json.dumps(describe(protocol), sort_keys=True),
            **options,
            **provenance(began, n_updates(legs, len(states)) * model.lattice.n_sites),
        },
    )
