"""Replica exchange: what every rung tells, and whether the walkers have really been everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer
from mcsco.observables.autocorrelation import statistical_inefficiency
from mcsco.observables.chains import is_constant
from mcsco.observables.series import Estimate, mean_over_replicas, unknown

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

MIN_ROUND_TRIPS = 10
"""Round trips per ladder below which the ladder is not taken to have mixed."""

LOW_ACCEPTANCE = 0.1
"""Acceptance below which a pair of rungs is a bottleneck."""

_CONTROLS = {"temperature": "K", "pressure": "GPa", "field": "kJ/mol"}


@dataclass(frozen=True)
class Exchange:
    """Diagnostics of the ladders of a dataset."""

    control: str
    """What the ladder is made of."""
    values: tuple[float, ...]
    """That control at every rung."""
    acceptance: tuple[Estimate, ...]
    """Mean probability of a swap, for every pair of neighbouring rungs."""
    barrier: Estimate
    """Λ, the sum of the rejected shares: it hardly depends on the number of rungs; about 2 Λ + 1 of them serve best."""
    round_trips: float
    """Journeys from one end of the ladder to the other and back, of all walkers of all ladders."""
    round_trip_time: Estimate
    """MCS that one walker takes for a round trip."""
    ideal_round_trips: float
    """As many as the rejected shares alone would allow, were a walker's state forgotten from swap to swap
    (Syed et al., DOI 10.1111/rssb.12464): far fewer tell of states that a walker keeps, such as phases."""
    fraction: tuple[float, ...]
    """Share of the walkers at a rung that come from the first rung, not from the last: 1 at the first, 0 at the last,
    steep where walkers are held up (Katzgraber et al., DOI 10.1088/1742-5468/2006/03/P03018); NaN without any."""
    n_effective: tuple[float, ...]
    """Independent measurements at every rung, of the slowest of energy, q and |η|; NaN where all are constant."""
    verdict: str
    """``ok``, or why the averages should not be trusted and what may help."""


def exchange(dataset: xr.Dataset) -> Exchange:
    """Acceptance, round trips, and whether they suffice.

    Averages of a rung are those of a chain of its own (`at_rung`), with errors from its autocorrelation. A series that
    never left one phase looks well all the same; round trips are the evidence that walkers have seen both.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `mcsco.simulate` returned for a `ReplicaExchange`.

    Raises
    ------
    InputError
        If it has no rungs.
    """
    _check_rungs(dataset)
    control = _control_of(dataset)
    attempts, chance = (dataset[name].values.astype(np.float64) for name in ("attempts", "chance"))
    if not attempts.all():
        raise InputError("dataset: has pairs of rungs that were offered no swap; simulate more sweeps")
    accepted = chance / attempts  # (replica, pair)
    passages = dataset["passages"].values.sum(axis=1)
    sweeps = float(dataset["sweep"].values[-1] - _first_sweep(dataset))
    n_rungs = dataset.sizes["rung"]
    trips = float(passages.sum()) / 2.0
    flow = dataset["flow"].values.sum(axis=0).astype(np.float64)  # (rung, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = flow[:, 0] / flow.sum(axis=1)
        ratio = (1 - accepted) / accepted
    rounds = attempts.max(axis=1) * 2  # every pair is offered a swap in every second round
    ideal = float(np.sum(rounds / (2.0 + 2.0 * ratio.sum(axis=1))))
    acceptance = tuple(mean_over_replicas(column) for column in accepted.T)
    found = {
        "control": control,
        "values": tuple(dataset[control].values.tolist()),
        "acceptance": acceptance,
        "barrier": mean_over_replicas((1.0 - accepted).sum(axis=1)),
        "round_trips": trips,
        "ideal_round_trips": ideal,
        "fraction": tuple(fraction.tolist()),
    }
    return Exchange(
        **found,  # type: ignore[arg-type]
        round_trip_time=_time(passages, n_rungs * sweeps),
        n_effective=tuple(_n_effective(at_rung(dataset, k)) for k in range(n_rungs)),
        verdict=_verdict(dataset, accepted.mean(axis=0), trips, ideal, control),
    )


def _first_sweep(dataset: xr.Dataset) -> float:
    """Sweeps before what was counted: measurements are evenly spaced from the end of the equilibration on."""
    sweep = dataset["sweep"].values
    every = sweep[1] - sweep[0] if sweep.size > 1 else sweep[0]
    return float(sweep[0] - every)


def _time(passages: Array, walker_sweeps: float) -> Estimate:
    """Sweeps of one walker for a round trip, from the scatter of the rates of independent ladders."""
    if not passages.any():
        return unknown("no walker has passed from one end of the ladder to the other")
    rate = mean_over_replicas(passages / 2.0 / walker_sweeps)
    return Estimate(1.0 / rate.value, rate.error / rate.value**2, rate.tau, rate.n_effective, rate.reason)


def _n_effective(rung: xr.Dataset) -> float:
    series = [np.atleast_2d(x) for x in (rung["energy"].values, rung["q"].values, np.abs(rung["eta"].values))]
    counts = [x.size / statistical_inefficiency(x) for x in series if not is_constant(x) and x.shape[1] > 1]
    return float(min(counts)) if counts else float("nan")


def _verdict(dataset: xr.Dataset, acceptance: Array, trips: float, ideal: float, control: str) -> str:
    values, unit = dataset[control].values, _CONTROLS[control]
    worst = int(np.argmin(acceptance))
    gap = f"between {values[worst]:.6g} and {values[worst + 1]:.6g} {unit}"
    reasons = []
    if acceptance[worst] < LOW_ACCEPTANCE:
        reasons.append(f"only {100 * acceptance[worst]:.2g} % of the swaps {gap} are accepted: add rungs there")
    wanted = MIN_ROUND_TRIPS * dataset.sizes["replica"]
    if trips < wanted:
        text = f"{trips:g} round trips, fewer than {MIN_ROUND_TRIPS} a ladder"
        if ideal >= wanted:
            text += (
                f", where the acceptance would allow {ideal:.3g}: walkers keep a phase that they hardly leave within "
                "the run, and averages near the transition may depend on the start"
            )
        reasons.append(text + "; run longer" + ("" if ideal >= wanted else " or place the rungs by optimise = true"))
    return "; ".join(reasons) or "ok"


def at_rung(dataset: xr.Dataset, rung: int) -> xr.Dataset:
    """One rung as a dataset of its own, with dimensions ``replica`` and ``step``, for every other analysis.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a `ReplicaExchange`.
    rung : int
        From 0, or from the end if negative.

    Raises
    ------
    InputError
        If there are no rungs, or not as many.
    """
    _check_rungs(dataset)
    n = dataset.sizes["rung"]
    k = check_integer("rung", rung, minimum=-n, maximum=n - 1)
    names = [name for name in ("gamma", "q", "eta", "energy", "spin", "distortion") if name in dataset]
    one = dataset[names].isel(rung=k)
    steps = one.sizes["step"]
    values = {name: np.full(steps, float(dataset[name].values[k])) for name in _CONTROLS}
    along = {name: ("step", x, dataset[name].attrs) for name, x in values.items()}
    return one.drop_vars(list(_CONTROLS), errors="ignore").assign_coords(along)


def as_holds(dataset: xr.Dataset) -> xr.Dataset:
    """All rungs one after another along ``step``, each a leg as of a protocol of holds.

    `equilibrium` and whatever else reads holds takes it as it is. Final states are left out.

    Raises
    ------
    InputError
        If there are no rungs.
    """
    import xarray

    _check_rungs(dataset)
    rungs = []
    for k in range(dataset.sizes["rung"]):
        one = at_rung(dataset, k).drop_vars(["spin", "distortion"], errors="ignore")
        rungs.append(one.assign_coords(leg=("step", np.full(one.sizes["step"], k))))
    return xarray.concat(rungs, dim="step", coords="minimal", compat="override", data_vars="minimal")


def _check_rungs(dataset: xr.Dataset) -> None:
    if "rung" not in getattr(dataset, "dims", ()):
        raise InputError("dataset: has no dimension 'rung'; give what mcsco.simulate returned for a ReplicaExchange")


def _control_of(dataset: xr.Dataset) -> str:
    """The control that differs from rung to rung."""
    return next(name for name in _CONTROLS if np.ptp(dataset[name].values) > 0)
