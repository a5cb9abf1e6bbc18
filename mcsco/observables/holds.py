"""Equilibrium averages at each hold of a protocol."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer
from mcsco.observables.convergence import MIN_MEASUREMENTS, Convergence, convergence
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.fluctuations import binder, heat_capacity, susceptibility
from mcsco.observables.series import Estimate, estimate

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Equilibrium:
    """What one hold tells, after its equilibration was cut off."""

    leg: int
    """Index of the protocol's leg."""
    temperature: float
    """K."""
    pressure: float
    """GPa."""
    field: float
    """kJ/mol."""
    discarded: int
    """Measurements at the start that were left out as not yet in equilibrium."""
    gamma: Estimate
    q: Estimate
    eta: Estimate
    """|η|, averaged measurement by measurement."""
    energy: Estimate
    """kJ/mol per molecule, without T ln g."""
    chi_q: Estimate
    """1/K."""
    chi_eta: Estimate
    """Of |η|, 1/K."""
    heat_capacity: Estimate
    """J/(mol K)."""
    binder: Estimate
    """U4 of η."""
    convergence: Convergence
    """The verdict."""


def equilibrium(dataset: xr.Dataset) -> tuple[Equilibrium, ...]:
    """Summarise every hold of a simulated series.

    A hold is a run of at least 16 measurements with one temperature, pressure, field and leg. Ramps are skipped: a
    correlation time across a ramp measures the ramp. The latest of the equilibration times of the energy, q and |η|
    is cut off. A hold that is stuck or not equilibrated (see `convergence`) has values, but no errors. That a crystal
    stays in a metastable branch for the whole hold cannot be seen from the series.

    Parameters
    ----------
    dataset : xarray.Dataset
        With `q`, `eta` and `energy` on (replica, step), coordinates `temperature`, and if they matter `pressure`,
        `field` and `leg`, on `step`, and the attribute `n_sites`.

    Returns
    -------
    tuple of Equilibrium
        In the order of the protocol. `tau` is in measurements.

    Raises
    ------
    InputError
        If there is no hold, or something is missing or not finite.
    """
    T = coordinate(dataset, "temperature")
    P, h, leg = (coordinate(dataset, name, 0.0) for name in ("pressure", "field", "leg"))
    q, eta, energy = (variable(dataset, name) for name in ("q", "eta", "energy"))
    if "n_sites" not in dataset.attrs:
        raise InputError("dataset has no attribute 'n_sites': susceptibilities need the number of molecules")
    N = check_integer("n_sites", dataset.attrs["n_sites"], minimum=1)
    summaries = []
    for run in constant_runs(T, P, h, leg):
        series = {"q": q[:, run], "eta": np.abs(eta[:, run]), "energy": energy[:, run]}
        judged = convergence(series)
        q_, eta_, energy_ = (x[:, judged.discarded :] for x in series.values())
        i = run.start
        sure = _errors_of(judged)
        summaries.append(
            Equilibrium(
                leg=int(leg[i]),
                temperature=float(T[i]),
                pressure=float(P[i]),
                field=float(h[i]),
                discarded=judged.discarded,
                gamma=sure(estimate((1.0 + q_) / 2.0)),
                q=sure(estimate(q_)),
                eta=sure(estimate(eta_)),
                energy=sure(estimate(energy_)),
                chi_q=sure(susceptibility(q_, T[i], N)),
                chi_eta=sure(susceptibility(eta_, T[i], N)),
                heat_capacity=sure(heat_capacity(energy_, T[i], N)),
                binder=sure(binder(eta_)),
                convergence=judged,
            )
        )
    if not summaries:
        raise InputError(
            f"dataset of {T.size} steps has no hold of {MIN_MEASUREMENTS} measurements at one temperature: "
            "equilibrium averages need holds; simulate Hold legs, or use observables.loop for ramps"
        )
    return tuple(summaries)


def _errors_of(judged: Convergence) -> Callable[[Estimate], Estimate]:
    """What to do to the estimates of a hold: nothing, or take errors away that nobody can know."""
    if judged.verdict not in ("stuck", "not equilibrated"):
        return lambda estimate: estimate
    reason = f"{judged.verdict}: {judged.reason}"
    return lambda estimate: replace(estimate, error=math.nan, reason=reason)


def constant_runs(*conditions: npt.NDArray[np.float64]) -> list[slice]:
    """Stretches of steps, long enough for a hold, over which none of the conditions changes."""
    changed = np.any([np.diff(c) != 0 for c in conditions], axis=0)
    edges = np.concatenate(([0], np.flatnonzero(changed) + 1, [conditions[0].size]))
    return [slice(int(a), int(b)) for a, b in pairwise(edges) if b - a >= MIN_MEASUREMENTS]
