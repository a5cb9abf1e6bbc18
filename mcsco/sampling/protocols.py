"""What is done to the crystal: legs along which temperature, pressure and field move in straight lines."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mcsco.errors import InputError, check_integer, check_real
from mcsco.sampling.legs import Leg, Point
from mcsco.sampling.precision import Precision, as_precision
from mcsco.sampling.reversal import ReversalCurves


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

    With a `precision` it ends as soon as it has converged (`observables.convergence`) with errors as small as that, all
    replicas together, but not later than after `sweeps`. It is looked at after fixed numbers of measurements, 64 and
    then 30 % more each time, and what decides is the recorded series alone: neither threads nor interruptions matter.

    Parameters
    ----------
    temperature : float
        K.
    sweeps : int
        MCS to measure over; with a precision the most.
    measure_every : int
        Sweeps between two measurements.
    equilibration : int
        MCS before the first measurement.
    pressure, field : float
        GPa and kJ/mol.
    precision : float or mapping of float, optional
        Largest standard error of the mean, or one for each of several quantities: ``gamma``, ``q``, ``eta`` (its
        magnitude), ``energy`` (kJ/mol per molecule).
    of : str, optional
        The quantity of a single `precision`, by default q.
    """

    temperature: float
    sweeps: int
    measure_every: int = 10
    equilibration: int = 0
    pressure: float = 0.0
    field: float = 0.0
    precision: float | Mapping[str, float] | Precision | None = None
    of: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", check_real("temperature", self.temperature, above=0.0, unit="K"))
        for name, minimum in (("sweeps", 1), ("measure_every", 1), ("equilibration", 0)):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), minimum=minimum))
        if self.measure_every > self.sweeps:
            raise InputError(
                f"measure_every = {self.measure_every}: must not exceed the {self.sweeps} sweeps of the hold"
            )
        object.__setattr__(self, "precision", as_precision(self.precision, self.of))
        object.__setattr__(self, "of", None)
        _set_other_controls(self)

    def legs(self) -> tuple[Leg, ...]:
        """The hold as one leg."""
        point = Point(self.temperature, self.pressure, self.field)
        sweeps, skip = self.equilibration + self.sweeps, self.equilibration
        asked = as_precision(self.precision, None)
        return (Leg(point, point, sweeps, self.measure_every, skip, precision=asked or ()),)


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


@dataclass(frozen=True)
class PressureRamp:
    """Pressure ramp at constant temperature and rate.

    Parameters
    ----------
    pressure : tuple of float
        First and last pressure, GPa. It changes at every sweep.
    temperature : float
        K.
    sweeps_per_gpa : float
        The rate, MCS/GPa: the slower, the larger.
    measure_every : int, optional
        Sweeps between two measurements; 200 over the ramp if not given.
    field : float
        kJ/mol, conjugate to η.
    """

    pressure: tuple[float, float]
    temperature: float
    sweeps_per_gpa: float = 20000.0
    measure_every: int | None = None
    field: float = 0.0

    def __post_init__(self) -> None:
        _set_drive(self, "pressure", "GPa", "sweeps_per_gpa", "MCS/GPa")

    def legs(self) -> tuple[Leg, ...]:
        """The ramp as one leg."""
        return (_pressure_leg(self, *self.pressure),)


@dataclass(frozen=True)
class PressureCycle:
    """Compression from the first pressure to the second at constant temperature, then release.

    Parameters
    ----------
    pressure : tuple of float
        Turning points, GPa.
    temperature : float
        K.
    sweeps_per_gpa : float
        The rate, MCS/GPa, of both branches.
    measure_every : int, optional
        Sweeps between two measurements; 200 a branch if not given.
    cycles : int
        Number of cycles.
    field : float
        kJ/mol, conjugate to η.
    """

    pressure: tuple[float, float]
    temperature: float
    sweeps_per_gpa: float = 20000.0
    measure_every: int | None = None
    cycles: int = 1
    field: float = 0.0

    def __post_init__(self) -> None:
        _set_drive(self, "pressure", "GPa", "sweeps_per_gpa", "MCS/GPa")

    def legs(self) -> tuple[Leg, ...]:
        """Two legs a cycle."""
        first, last = self.pressure
        return (_pressure_leg(self, first, last), _pressure_leg(self, last, first)) * self.cycles


@dataclass(frozen=True)
class FieldCycle:
    """Ferroelastic loop at constant temperature: the field conjugate to η rises from the first value to the second,
    and falls back. Poling into one domain is its first branch.

    Parameters
    ----------
    field : tuple of float
        Turning points, kJ/mol, e.g. ``(-0.5, 0.5)``.
    temperature : float
        K.
    sweeps : int
        MCS of each branch.
    measure_every : int, optional
        Sweeps between two measurements; 200 a branch if not given.
    cycles : int
        Number of cycles.
    pressure : float
        GPa.
    """

    field: tuple[float, float]
    temperature: float
    sweeps: int = 10000
    measure_every: int | None = None
    cycles: int = 1
    pressure: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "sweeps", check_integer("sweeps", self.sweeps, minimum=1))
        _set_drive(self, "field", "kJ/mol", None, "")

    def legs(self) -> tuple[Leg, ...]:
        """Two legs a cycle."""
        T, P = self.temperature, self.pressure
        first, last = (Point(T, P, h) for h in self.field)
        every = _every(self.measure_every, self.sweeps)
        return (Leg(first, last, self.sweeps, every, 0), Leg(last, first, self.sweeps, every, 0)) * self.cycles


Protocol = Ramp | Hold | ThermalCycle | Quench | PressureRamp | PressureCycle | FieldCycle | ReversalCurves
"""Every protocol."""

PROTOCOLS: dict[str, type] = {
    "ramp": Ramp,
    "hold": Hold,
    "thermal-cycle": ThermalCycle,
    "quench": Quench,
    "pressure-ramp": PressureRamp,
    "pressure-cycle": PressureCycle,
    "field-cycle": FieldCycle,
    "reversal-curves": ReversalCurves,
}
"""Name in files of every protocol."""

_NAMES = ", ".join(cls.__name__ for cls in PROTOCOLS.values())


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
            raise InputError(f"protocol = {part!r}: must be one of {_NAMES}, or a list of them")
    if not parts:
        raise InputError("protocol = []: must have at least one part, e.g. ThermalCycle((150, 300))")
    return parts


def describe(parts: Iterable[Protocol]) -> list[dict[str, Any]]:
    """Plain data of a protocol's parts, for provenance."""
    names = {cls: name for name, cls in PROTOCOLS.items()}
    return [{"kind": names[type(part)], **asdict(part)} for part in parts]


def _iterate(protocol: Any) -> Iterable[Any]:
    if not isinstance(protocol, Iterable) or isinstance(protocol, str | bytes):
        raise InputError(f"protocol = {protocol!r}: must be one of {_NAMES}, or a list of them")
    return protocol


def _ramp_leg(ramp: Ramp | ThermalCycle, first: float, last: float) -> Leg:
    sweeps = max(1, round(abs(last - first) * ramp.sweeps_per_kelvin))
    every = ramp.measure_every or max(1, round(ramp.sweeps_per_kelvin / 4))
    begin, end = Point(first, ramp.pressure, ramp.field), Point(last, ramp.pressure, ramp.field)
    return Leg(begin, end, sweeps, min(every, sweeps), 0)


def _pressure_leg(part: PressureRamp | PressureCycle, first: float, last: float) -> Leg:
    sweeps = max(1, round(abs(last - first) * part.sweeps_per_gpa))
    begin, end = (Point(part.temperature, P, part.field) for P in (first, last))
    return Leg(begin, end, sweeps, _every(part.measure_every, sweeps), 0)


def _every(given: int | None, sweeps: int) -> int:
    """Sweeps between two measurements of a branch."""
    return min(sweeps, given or max(1, sweeps // 200))


def _set_drive(
    part: PressureRamp | PressureCycle | FieldCycle, name: str, unit: str, rate: str | None, rate_unit: str
) -> None:
    """Check what is driven, at which rate, and what stays constant."""
    first, last = _turning(name, getattr(part, name), unit)
    object.__setattr__(part, name, (first, last))
    for other, other_unit in (("temperature", "K"), ("pressure", "GPa"), ("field", "kJ/mol")):
        if other != name:
            above = 0.0 if other == "temperature" else None
            object.__setattr__(part, other, check_real(other, getattr(part, other), above=above, unit=other_unit))
    if rate is not None:
        object.__setattr__(part, rate, check_real(rate, getattr(part, rate), above=0.0, unit=rate_unit))
    if part.measure_every is not None:
        object.__setattr__(part, "measure_every", check_integer("measure_every", part.measure_every, minimum=1))
    if not isinstance(part, PressureRamp):
        object.__setattr__(part, "cycles", check_integer("cycles", part.cycles, minimum=1))


def _turning(name: str, given: Any, unit: str, above: float | None = None) -> tuple[float, float]:
    """First and last value of what is driven."""
    pair = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else ()
    if len(pair) != 2:
        example = "(150, 300)" if name == "temperature" else "(0, 1)"
        raise InputError(f"{name} = {given!r}: must be first and last {name} in {unit}, e.g. {example}")
    first, last = (check_real(name, x, above=above, unit=unit) for x in pair)
    if first == last:
        raise InputError(f"{name} = {(first, last)}: must differ; use Hold for a constant {name}")
    return first, last


def _set_temperatures(part: Ramp | ThermalCycle) -> None:
    object.__setattr__(part, "temperature", _turning("temperature", part.temperature, "K", above=0.0))


def _set_rate(part: Ramp | ThermalCycle) -> None:
    rate = check_real("sweeps_per_kelvin", part.sweeps_per_kelvin, above=0.0, unit="MCS/K")
    object.__setattr__(part, "sweeps_per_kelvin", rate)
    if part.measure_every is not None:
        object.__setattr__(part, "measure_every", check_integer("measure_every", part.measure_every, minimum=1))
    _set_other_controls(part)


def _set_other_controls(part: Ramp | Hold | ThermalCycle | Quench) -> None:
    object.__setattr__(part, "pressure", check_real("pressure", part.pressure, unit="GPa"))
    object.__setattr__(part, "field", check_real("field", part.field, unit="kJ/mol"))
