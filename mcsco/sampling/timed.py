"""Protocols in seconds, for activated dynamics in continuous time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real
from mcsco.sampling.legs import Leg, Point

SPACINGS = ("linear", "logarithmic")
"""How measurements may be spread over a time."""

_MINUTE = 60.0


class TimedLeg(NamedTuple):
    """A straight path of the controls in intervals during which nothing changes."""

    begin: Point
    end: Point
    seconds: npt.NDArray[np.float64]
    """Ends of the intervals since the beginning of the leg, s."""
    every: int = 1
    """Intervals between two measurements."""
    light: tuple[float, float] = (0.0, 0.0)
    """Rates of LS → HS and HS → LS by light, 1/s."""

    @property
    def sweeps(self) -> int:
        """Number of intervals."""
        return len(self.seconds)

    @property
    def logarithmic(self) -> int:
        """Every measurement counts by its time, as at equal ratios of it: no verdict on convergence is asked for."""
        return self.sweeps

    @property
    def precision(self) -> tuple[()]:
        """None: a way in seconds is followed to its end."""
        return ()

    def measured(self) -> npt.NDArray[np.int64]:
        """Intervals after which it is measured, counted from 1."""
        return np.arange(self.every, self.sweeps + 1, self.every)

    def pictured(self, snapshots: int) -> npt.NDArray[np.int64]:
        """Intervals after which `snapshots` configurations are kept."""
        return np.unique(np.arange(1, snapshots + 1) * self.sweeps // max(snapshots, 1)).clip(1)

    def at(self, interval: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Controls (temperature, pressure, field) at the end of an interval, shape (3, ...)."""
        return Leg(self.begin, self.end, self.sweeps, 1, 0).at(interval)

    def during(self, index: int) -> tuple[Point, float]:
        """Controls during interval `index`, counted from 0, which are those of its middle, and its length in s."""
        point = Point(*(float(x) for x in self.at(index + 0.5)[:, 0]))
        return point, float(self.seconds[index] - (self.seconds[index - 1] if index else 0.0))


@dataclass(frozen=True)
class Relaxation:
    """Constant temperature in the dark.

    The state before it is that of the part before, or the `start` of the simulation: ``start="HS+"`` at a low
    temperature is a crystal after flash cooling.

    Parameters
    ----------
    temperature : float
        K.
    duration : float
        s.
    measurements : int
        Number of measurements, the last one at the end.
    spacing : str
        ``"linear"``; or ``"logarithmic"``, at equal ratios of time over six decades.
    pressure, field : float
        GPa and kJ/mol.
    """

    temperature: float
    duration: float
    measurements: int = 200
    spacing: str = "linear"
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        _set_hold(self)

    def legs(self) -> tuple[TimedLeg, ...]:
        """The relaxation as one leg."""
        return (_hold_leg(self, (0.0, 0.0)),)


@dataclass(frozen=True)
class Illumination:
    """Constant temperature under light, which adds to the thermal rates and so breaks detailed balance.

    Parameters
    ----------
    temperature : float
        K.
    duration : float
        s.
    rate : float
        Photons that one LS molecule absorbs in a second: intensity times cross-section, 1/s. The crystal is thin: all
        molecules see the same light.
    quantum_yield : float
        Part of these photons after which the molecule is HS, with u = ±1 by equal chance.
    reverse : float
        Rate of HS → LS by light, 1/s, its quantum yield included.
    measurements : int
        Number of measurements, the last one at the end.
    spacing : str
        ``"linear"`` or ``"logarithmic"``.
    pressure, field : float
        GPa and kJ/mol.
    """

    temperature: float
    duration: float
    rate: float
    quantum_yield: float = 1.0
    reverse: float = 0.0
    measurements: int = 200
    spacing: str = "linear"
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        _set_hold(self)
        _set_light(self)

    def legs(self) -> tuple[TimedLeg, ...]:
        """The illumination as one leg."""
        return (_hold_leg(self, (self.rate * self.quantum_yield, self.reverse)),)


@dataclass(frozen=True)
class TemperatureScan:
    """Temperature that changes at a rate in K/min, in the dark or under light.

    Parameters
    ----------
    temperature : tuple of float
        First and last temperature, K.
    kelvin_per_minute : float
        Rate, K/min, positive; the order of the temperatures says which way.
    step : float
        Largest change of temperature at a time, K. It is constant in between, so that all rates are exact.
    measure_every : float
        Distance of measurements, K.
    rate, quantum_yield, reverse : float
        Light, as of `Illumination`.
    pressure, field : float
        GPa and kJ/mol.
    """

    temperature: tuple[float, float]
    kelvin_per_minute: float = 0.3
    step: float = 0.05
    measure_every: float = 0.25
    rate: float = 0.0
    quantum_yield: float = 1.0
    reverse: float = 0.0
    pressure: float = 0.0
    field: float = 0.0

    def __post_init__(self) -> None:
        given = self.temperature
        pair = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else ()
        if len(pair) != 2:
            raise InputError(f"temperature = {given!r}: must be first and last temperature in K, e.g. (30, 100)")
        first, last = (check_real("temperature", T, above=0.0, unit="K") for T in pair)
        if first == last:
            raise InputError(f"temperature = {(first, last)}: must differ; use Relaxation for a constant temperature")
        object.__setattr__(self, "temperature", (first, last))
        for name, unit in (("kelvin_per_minute", "K/min"), ("step", "K"), ("measure_every", "K")):
            object.__setattr__(self, name, check_real(name, getattr(self, name), above=0.0, unit=unit))
        _set_light(self)
        _set_drives(self)

    def legs(self) -> tuple[TimedLeg, ...]:
        """The scan as one leg."""
        first, last = self.temperature
        distance = abs(last - first)
        n_measured = max(1, round(distance / self.measure_every))
        every = max(1, math.ceil(distance / n_measured / self.step - 1e-9))
        ends = np.arange(1, n_measured * every + 1) / (n_measured * every)
        begin, end = (Point(T, self.pressure, self.field) for T in (first, last))
        light = (self.rate * self.quantum_yield, self.reverse)
        return (TimedLeg(begin, end, ends * (distance / self.kelvin_per_minute * _MINUTE), every, light),)


TimedProtocol = Relaxation | Illumination | TemperatureScan
"""Every protocol in seconds."""

TIMED_PROTOCOLS: dict[str, type] = {
    "relaxation": Relaxation,
    "illumination": Illumination,
    "temperature-scan": TemperatureScan,
}
"""Name in files of every protocol in seconds."""

_NAMES = ", ".join(cls.__name__ for cls in TIMED_PROTOCOLS.values())


def is_timed(protocol: Any) -> bool:
    """Whether a protocol, or the first part of a list, is one in seconds."""
    if isinstance(protocol, list | tuple) and protocol:
        return isinstance(protocol[0], TimedProtocol)
    return isinstance(protocol, TimedProtocol)


def make_timed_parts(protocol: Any) -> tuple[TimedProtocol, ...]:
    """The parts of a protocol in seconds, checked.

    Raises
    ------
    InputError
        If something else is given, or nothing.
    """
    single = isinstance(protocol, TimedProtocol)
    if not single and (not isinstance(protocol, Iterable) or isinstance(protocol, str | bytes)):
        raise InputError(f"protocol = {protocol!r}: must be one of {_NAMES}, or a list of them")
    parts = (protocol,) if single else tuple(protocol)
    for part in parts:
        if not isinstance(part, TimedProtocol):
            raise InputError(
                f"protocol = {part!r}: activated dynamics in seconds takes {_NAMES}, or a list of them; "
                "a protocol in Monte Carlo steps cannot stand beside them"
            )
    if not parts:
        raise InputError("protocol = []: must have at least one part, e.g. Relaxation(60, 3600)")
    return parts


def make_timed_legs(protocol: Any) -> tuple[TimedLeg, ...]:
    """The legs of a protocol in seconds, or of several one after another."""
    return tuple(leg for part in make_timed_parts(protocol) for leg in part.legs())


def describe_timed(parts: Iterable[TimedProtocol]) -> list[dict[str, Any]]:
    """Plain data of a protocol's parts, for provenance."""
    names = {cls: name for name, cls in TIMED_PROTOCOLS.items()}
    return [{"kind": names[type(part)], **asdict(part)} for part in parts]


def _hold_leg(part: Relaxation | Illumination, light: tuple[float, float]) -> TimedLeg:
    n, t = part.measurements, part.duration
    ends = np.geomspace(t * 1e-6, t, n) if part.spacing == "logarithmic" and n > 1 else t * np.arange(1, n + 1) / n
    point = Point(part.temperature, part.pressure, part.field)
    return TimedLeg(point, point, ends, 1, light)


def _set_hold(part: Relaxation | Illumination) -> None:
    object.__setattr__(part, "temperature", check_real("temperature", part.temperature, above=0.0, unit="K"))
    object.__setattr__(part, "duration", check_real("duration", part.duration, above=0.0, unit="s"))
    object.__setattr__(part, "measurements", check_integer("measurements", part.measurements, minimum=1))
    if part.spacing not in SPACINGS:
        raise InputError(f"spacing = {part.spacing!r}: must be one of {', '.join(SPACINGS)}")
    _set_drives(part)


def _set_light(part: Illumination | TemperatureScan) -> None:
    for name, unit in (("rate", "1/s"), ("quantum_yield", ""), ("reverse", "1/s")):
        object.__setattr__(part, name, check_real(name, getattr(part, name), minimum=0.0, unit=unit))


def _set_drives(part: TimedProtocol) -> None:
    object.__setattr__(part, "pressure", check_real("pressure", part.pressure, unit="GPa"))
    object.__setattr__(part, "field", check_real("field", part.field, unit="kJ/mol"))
