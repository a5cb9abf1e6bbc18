"""Replica exchange as a protocol: which rungs a ladder has, and how they are placed where they serve best."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real

Array = npt.NDArray[np.float64]

CONTROLS = {"temperature": "K", "pressure": "GPa", "field": "kJ/mol"}
"""What a ladder can be made of, with the units."""

ROUNDS = (32, 16, 8, 4, 2)
"""The rungs are placed anew after 1/32, 1/16, ... 1/2 of the equilibration, each time by twice the evidence."""

LEAST = 10
"""Swaps that every pair must have been offered before the rungs are placed anew."""


@dataclass(frozen=True)
class ReplicaExchange:
    """Replicas at the rungs of a ladder that exchange their places, at equilibrium.

    One of temperature, pressure and field is a ladder, given by all its rungs, or by its two ends and their number.
    Every rung samples its own equilibrium; a crystal that is caught in one phase gets out by way of rungs at which
    nothing holds it (parallel tempering; Hukushima and Nemoto, DOI 10.1143/JPSJ.65.1604).

    Parameters
    ----------
    temperature : float or tuple of float
        K.
    sweeps : int
        MCS to measure over, at every rung.
    measure_every : int
        Sweeps between two measurements.
    equilibration : int
        MCS before the first measurement.
    exchange_every : int
        Sweeps between two rounds of swaps.
    pressure, field : float or tuple of float
        GPa and kJ/mol.
    rungs : int, optional
        Number of rungs at equal distances between the two ends that are given.
    optimise : bool
        Move the inner rungs during the first half of the equilibration so that all pairs of neighbours reject the same
        share of their swaps, which is what makes the most round trips out of a number of rungs (Syed et al.,
        DOI 10.1111/rssb.12464). Afterwards they stay where they are.

    Raises
    ------
    InputError
        If a value breaks its rule.

    Examples
    --------
    >>> ReplicaExchange(temperature=(215, 240), rungs=6, sweeps=10000).values
    (215.0, 220.0, 225.0, 230.0, 235.0, 240.0)
    """

    temperature: float | tuple[float, ...]
    sweeps: int
    measure_every: int = 10
    equilibration: int = 0
    exchange_every: int = 1
    pressure: float | tuple[float, ...] = 0.0
    field: float | tuple[float, ...] = 0.0
    rungs: int | None = None
    optimise: bool = False

    def __post_init__(self) -> None:
        for name, minimum in (("sweeps", 1), ("measure_every", 1), ("equilibration", 0), ("exchange_every", 1)):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), minimum=minimum))
        if self.measure_every > self.sweeps:
            raise InputError(f"measure_every = {self.measure_every}: must not exceed the {self.sweeps} sweeps measured")
        for name in CONTROLS:
            object.__setattr__(self, name, _checked(name, getattr(self, name)))
        ladders = [name for name in CONTROLS if isinstance(getattr(self, name), tuple)]
        if len(ladders) != 1:
            given = " and ".join(ladders) or "none"
            raise InputError(
                f"ladder = {given}: exactly one of temperature, pressure and field must be a ladder, e.g. "
                "temperature=(215, 240) with rungs=16"
            )
        self._check_rungs()
        if not isinstance(self.optimise, bool):
            raise InputError(f"optimise = {self.optimise!r}: must be true or false")
        least = ROUNDS[0] * 2 * LEAST * self.exchange_every
        if self.optimise and self.equilibration < least:
            raise InputError(
                f"equilibration = {self.equilibration}: must be at least {least} sweeps for optimise = true, "
                f"so that the rungs can be placed by {LEAST} swaps of every pair"
            )

    def _check_rungs(self) -> None:
        name, given = self.ladder, getattr(self, self.ladder)
        if len(given) < 2:
            raise InputError(f"{name} = {given}: a ladder must have at least 2 rungs; use Hold for one")
        steps = np.diff(given)
        if not (np.all(steps > 0) or np.all(steps < 0)):
            raise InputError(f"{name} = {given}: must rise or fall from every rung to the next")
        if self.rungs is not None:
            object.__setattr__(self, "rungs", check_integer("rungs", self.rungs, minimum=2, maximum=4096))
            if len(given) != 2:
                raise InputError(
                    f"rungs = {self.rungs}: needs the two ends of the ladder, but {name} has {len(given)} values; "
                    "give two values, or leave out rungs"
                )

    @property
    def ladder(self) -> str:
        """Which control makes the ladder."""
        return next(name for name in CONTROLS if isinstance(getattr(self, name), tuple))

    @property
    def values(self) -> tuple[float, ...]:
        """That control at every rung, at the start."""
        given: tuple[float, ...] = getattr(self, self.ladder)
        return given if self.rungs is None else tuple(np.linspace(given[0], given[1], self.rungs).tolist())

    @property
    def n_rungs(self) -> int:
        """Number of rungs."""
        return len(getattr(self, self.ladder)) if self.rungs is None else self.rungs

    def points(self, values: npt.ArrayLike) -> Array:
        """Temperature, pressure and field of every rung, shape (rung, 3), where the ladder stands at `values`."""
        columns = [values if name == self.ladder else getattr(self, name) for name in CONTROLS]
        return np.stack(np.broadcast_arrays(*columns), axis=1).astype(np.float64)

    def measured(self) -> npt.NDArray[np.int64]:
        """Sweeps since the start after which all rungs are measured."""
        last = self.equilibration + self.sweeps
        return np.arange(self.equilibration + self.measure_every, last + 1, self.measure_every)

    def stages(self) -> tuple[int, ...]:
        """Sweeps since the start at which the rungs are placed anew, then the end of equilibration, then the end."""
        rounds = tuple(self.equilibration // part for part in ROUNDS) if self.optimise else ()
        return (*rounds, self.equilibration, self.equilibration + self.sweeps)

    def n_updates(self, replicas: int) -> int:
        """Sweeps × lanes of so many ladders: the total that `progress` counts up to."""
        return self.stages()[-1] * self.n_rungs * replicas

    def describe(self) -> dict[str, Any]:
        """Plain data, for provenance."""
        return {"kind": "replica-exchange", **asdict(self)}


def _checked(name: str, given: Any) -> float | tuple[float, ...]:
    above, unit = 0.0 if name == "temperature" else None, CONTROLS[name]
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return tuple(check_real(f"{name}[{i}]", x, above=above, unit=unit) for i, x in enumerate(given))
    return check_real(name, given, above=above, unit=unit)


def equalised(values: npt.ArrayLike, rejected: npt.ArrayLike) -> Array:
    """Rungs between the same ends such that every pair of neighbours rejects alike.

    With rejected shares r_k the communication barrier up to rung k is Λ_k = Σ_{i<k} r_i, a smooth function of the
    control in the limit of many rungs that depends on the model alone. The new rungs are those at equal steps of Λ, by
    a monotone cubic interpolation (Syed et al., DOI 10.1111/rssb.12464).

    Parameters
    ----------
    values : array_like, shape (rung,)
        Where the rungs are.
    rejected : array_like, shape (rung − 1,)
        Share of swaps that each pair of neighbours rejects.
    """
    from scipy.interpolate import PchipInterpolator

    x, r = np.asarray(values, dtype=np.float64), np.asarray(rejected, dtype=np.float64)
    if not r.any():
        return x
    # Pairs that never reject must keep some length, or Λ could not be inverted.
    barrier = np.concatenate([[0.0], np.cumsum(np.maximum(r, 1e-3 * r.max()))])
    new: Array = PchipInterpolator(barrier, x)(np.linspace(0.0, barrier[-1], x.size))
    new[0], new[-1] = x[0], x[-1]
    return new
