"""Kinds of ``[protocol]`` in seconds, and the table ``[kinetics]`` that they need."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcsco.campaign.fields import Energy, Pressure, Temperature
from mcsco.campaign.section import Section
from mcsco.model import Kinetics
from mcsco.sampling import Illumination, Relaxation, TemperatureScan
from mcsco.sampling.timed import TimedProtocol

Seconds = Annotated[float, Field(gt=0, le=1e15)]
PerSecond = Annotated[float, Field(ge=0, le=1e20)]
Kelvin = Annotated[float, Field(gt=0, le=1e4)]
Part = Annotated[float, Field(ge=0, le=1e3)]


class KineticsSection(Section):
    """``[kinetics]``."""

    rate: Annotated[float, Field(gt=0, le=1e20)] = 1e8
    barrier: Annotated[Energy, Field(ge=0)] = 19.5
    flip_rate: PerSecond | None = None
    flip_barrier: Annotated[Energy, Field(ge=0)] | None = None

    def build(self) -> Kinetics:
        """Prefactors and barriers."""
        return Kinetics(**self.model_dump())


class RelaxationSection(Section):
    """``[protocol]`` of kind ``relaxation``."""

    kind: Literal["relaxation"]
    temperature: Temperature
    duration: Seconds
    measurements: int = Field(default=200, ge=1, le=10**7)
    spacing: Literal["linear", "logarithmic"] = "linear"
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> Relaxation:
        """The protocol."""
        return Relaxation(**self.model_dump(exclude={"kind"}))


class IlluminationSection(Section):
    """``[protocol]`` of kind ``illumination``."""

    kind: Literal["illumination"]
    temperature: Temperature
    duration: Seconds
    rate: PerSecond
    quantum_yield: Part = 1.0
    reverse: PerSecond = 0.0
    measurements: int = Field(default=200, ge=1, le=10**7)
    spacing: Literal["linear", "logarithmic"] = "linear"
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> Illumination:
        """The protocol."""
        return Illumination(**self.model_dump(exclude={"kind"}))


class ScanSection(Section):
    """``[protocol]`` of kind ``temperature-scan``."""

    kind: Literal["temperature-scan"]
    temperature: tuple[Temperature, Temperature]
    kelvin_per_minute: Annotated[float, Field(gt=0, le=1e12)] = 0.3
    step: Kelvin = 0.05
    measure_every: Kelvin = 0.25
    rate: PerSecond = 0.0
    quantum_yield: Part = 1.0
    reverse: PerSecond = 0.0
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> TemperatureScan:
        """The protocol."""
        return TemperatureScan(**self.model_dump(exclude={"kind"}))


TimedSection = Annotated[RelaxationSection | IlluminationSection | ScanSection, Field(discriminator="kind")]


class SequenceSection(Section):
    """``[protocol]`` of kind ``sequence``: protocols in seconds one after another, e.g. light and then warming."""

    kind: Literal["sequence"]
    parts: Annotated[tuple[TimedSection, ...], Field(min_length=1, max_length=1000)]

    @property
    def field(self) -> float:
        """A field that acts in any part, kJ/mol."""
        return next((part.field for part in self.parts if part.field), 0.0)

    def build(self) -> tuple[TimedProtocol, ...]:
        """The protocols."""
        return tuple(part.build() for part in self.parts)


TIMED_KINDS = ("relaxation", "illumination", "temperature-scan", "sequence")
"""Kinds of protocols in seconds."""
