"""What is done to the crystal: legs along which temperature, pressure and field move in straight lines."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real


class Point(NamedTuple):
    """Temperature (K), pressure (GPa) and field (kJ/mol)."""

    temperature: float
    pressure: float
    field: float


class Leg(NamedTuple):
    """A straight path of the controls; the state is carried on from the leg before."""

    begin: Point
    end: Point
    sweeps: int
    measure_every: int
    skip: int
    """Sweeps without measurement at the beginning."""
    logarithmic: int = 0
    """Number of measurements at equal ratios of time, in place of those every `measure_every` sweeps."""

    def measured(self) -> npt.NDArray[np.int64]:
        """Sweeps of the leg after which it is measured."""
        if self.logarithmic:
            return _ratios(self.sweeps, self.logarithmic)
        return np.arange(self.skip + self.measure_every, self.sweeps + 1, self.measure_every)

    def pictured(self, snapshots: int) -> npt.NDArray[np.int64]:
        """Sweeps after which `snapshots` configurations are kept, as evenly spread as the measurements."""
        if self.logarithmic:
            return _ratios(self.sweeps, snapshots)
        return np.unique(np.arange(1, snapshots + 1) * self.sweeps // max(snapshots, 1)).clip(1)

    def at(self, sweep: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Controls (temperature, pressure, field) during a sweep of the leg, shape (3, ...)."""
        begin, end = np.array(self.begin)[:, None], np.array(self.end)[:, None]
        part: npt.NDArray[np.float64] = np.atleast_1d(sweep) / self.sweeps
        controls: npt.NDArray[np.float64] = begin + (end - begin) * part
        return controls


def _ratios(last: int, n: int) -> npt.NDArray[np.int64]:
    """At most `n` whole numbers from 1 to `last` at nearly equal ratios; rounding merges the first ones."""
    return np.unique(np.geomspace(1, last, n).round().astype(np.int64)) if n > 1 else np.full(n, last)


@dataclass(frozen=True)
class Ramp:
    """Temperature ramp at constant rate.

    Parameters
    ----------
    temperature : tuple of float
        First and last temperature, K. It changes at every sweep.
    sweeps_per_kelvin : float
        The rate, MCS/K: the slower, the larger.
    measure_every : int, optional
        Sweeps between two measurements; four a kelvin if not given.
    pressure : float
        GPa.
    field : float
        kJ/mol, conjugate to η.
    """

    temperature: tuple[float, float]
    sweeps_per_kelvin: float = 400.0
    measure_every: int | None = None
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        _set_temperatures(self)
        _set_rate(self)

    def legs(self) -> tuple[Leg, ...]:
        """The ramp as one leg."""
        first, last = self.temperature
        return (_ramp_leg(self, first, last),)


@dataclass(frozen=True)
class Hold:
    """Constant temperature, pressure and field.

    Parameters
    ----------
    temperature : float
        K.
    sweeps : int
        MCS to measure over.
    measure_every : int
        Sweeps between two measurements.
    equilibration : int
        MCS before the first measurement.
    pressure, field : float
        GPa and kJ/mol.
    """

    temperature: float
    sweeps: int
    measure_every: int = 10
    equilibration: int = 0
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", check_real("temperature", self.temperature, above=0.0, unit="K"))
        for name, minimum in (("sweeps", 1), ("measure_every", 1), ("equilibration", 0)):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), minimum=minimum))
        if self.measure_every > self.sweeps:
            raise InputError(
                f"measure_every = {self.measure_every}: must not exceed the {self.sweeps} sweeps of the hold"
            )
        _set_other_controls(self)

    def legs(self) -> tuple[Leg, ...]:
        """The hold as one leg."""
        point = Point(self.temperature, self.pressure, self.field)
        return (Leg(point, point, self.equilibration + self.sweeps, self.measure_every, self.equilibration),)


@dataclass(frozen=True)
class ThermalCycle:
    """Heating from the first temperature to the second, then cooling back.

    Parameters
    ----------
    temperature : tuple of float
        Turning points, K.
    sweeps_per_kelvin : float
        The rate, MCS/K, of both branches.
    measure_every : int, optional
        Sweeps between two measurements; four a kelvin if not given.
    cycles : int
        Number of cycles.
    pressure, field : float
        GPa and kJ/mol.
    """

    temperature: tuple[float, float]
    sweeps_per_kelvin: float = 400.0
    measure_every: int | None = None
    cycles: int = 1
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        _set_temperatures(self)
        object.__setattr__(self, "cycles", check_integer("cycles", self.cycles, minimum=1))
        _set_rate(self)

    def legs(self) -> tuple[Leg, ...]:
        """Two legs a cycle."""
        first, last = self.temperature
        return (_ramp_leg(self, first, last), _ramp_leg(self, last, first)) * self.cycles


@dataclass(frozen=True)
class Quench:
    """Sudden change to a temperature, then growth of domains at that temperature.

    The state before it is that of the part before in a list, or the `start` of the simulation. What grows by a power of
    time is measured at equal ratios of time.

    Parameters
    ----------
    temperature : float
        K.
    sweeps : int
        MCS at that temperature.
    measurements : int
        Number of measurements, from the first sweep to the last; early ones that fall on the same sweep are merged.
    pressure, field : float
        GPa and kJ/mol.
    """

    temperature: float
    sweeps: int
    measurements: int = 60
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", check_real("temperature", self.temperature, above=0.0, unit="K"))
        for name in ("sweeps", "measurements"):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), minimum=1))
        _set_other_controls(self)

    def legs(self) -> tuple[Leg, ...]:
        """The quench as one leg."""
        point = Point(self.temperature, self.pressure, self.field)
        return (Leg(point, point, self.sweeps, self.sweeps, 0, self.measurements),)


Protocol = Ramp | Hold | ThermalCycle | Quench
"""Every protocol."""

PROTOCOLS: dict[str, type] = {"ramp": Ramp, "hold": Hold, "thermal-cycle": ThermalCycle, "quench": Quench}
"""Name in files of every protocol."""


def make_legs(protocol: Protocol | Iterable[Protocol]) -> tuple[Leg, ...]:
    """The legs of a protocol, or of several one after another."""
    return tuple(leg for part in make_parts(protocol) for leg in part.legs())


def make_parts(protocol: Protocol | Iterable[Protocol]) -> tuple[Protocol, ...]:
    """The parts of a protocol, checked; a single one is a protocol of one part.

    Raises
    ------
    InputError
        If something else is given, or nothing.
    """
    parts = (protocol,) if isinstance(protocol, Protocol) else tuple(_iterate(protocol))
    for part in parts:
        if not isinstance(part, Protocol):
            raise InputError(f"protocol = {part!r}: must be a Ramp, Hold, ThermalCycle or Quench, or a list of them")
    if not parts:
        raise InputError("protocol = []: must have at least one part, e.g. ThermalCycle((150, 300))")
    return parts


def describe(parts: Iterable[Protocol]) -> list[dict[str, Any]]:
    """Plain data of a protocol's parts, for provenance."""
    names = {cls: name for name, cls in PROTOCOLS.items()}
    return [{"kind": names[type(part)], **asdict(part)} for part in parts]


def _iterate(protocol: Any) -> Iterable[Any]:
    if not isinstance(protocol, Iterable) or isinstance(protocol, str | bytes):
        raise InputError(f"protocol = {protocol!r}: must be a Ramp, Hold, ThermalCycle or Quench, or a list of them")
    return protocol


def _ramp_leg(ramp: Ramp | ThermalCycle, first: float, last: float) -> Leg:
    sweeps = max(1, round(abs(last - first) * ramp.sweeps_per_kelvin))
    every = ramp.measure_every or max(1, round(ramp.sweeps_per_kelvin / 4))
    begin, end = Point(first, ramp.pressure, ramp.field), Point(last, ramp.pressure, ramp.field)
    return Leg(begin, end, sweeps, min(every, sweeps), 0)


def _set_temperatures(part: Ramp | ThermalCycle) -> None:
    given = part.temperature
    turning = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else ()
    if len(turning) != 2:
        raise InputError(f"temperature = {given!r}: must be first and last temperature in K, e.g. (150, 300)")
    first, last = (check_real("temperature", T, above=0.0, unit="K") for T in turning)
    if first == last:
        raise InputError(f"temperature = {(first, last)}: must differ; use Hold for a constant temperature")
    object.__setattr__(part, "temperature", (first, last))


def _set_rate(part: Ramp | ThermalCycle) -> None:
    rate = check_real("sweeps_per_kelvin", part.sweeps_per_kelvin, above=0.0, unit="MCS/K")
    object.__setattr__(part, "sweeps_per_kelvin", rate)
    if part.measure_every is not None:
        object.__setattr__(part, "measure_every", check_integer("measure_every", part.measure_every, minimum=1))
    _set_other_controls(part)


def _set_other_controls(part: Protocol) -> None:
    object.__setattr__(part, "pressure", check_real("pressure", part.pressure, unit="GPa"))
    object.__setattr__(part, "field", check_real("field", part.field, unit="kJ/mol"))
