"""The table ``[protocol]`` of a run file, one class for each kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from mcsco.campaign.fields import Energies, Energy, Pressure, Pressures, Rate, Sweeps, Temperature, Temperatures
from mcsco.campaign.section import Section
from mcsco.campaign.timed_sections import IlluminationSection, RelaxationSection, ScanSection, SequenceSection
from mcsco.sampling import (
    QUANTITIES,
    FieldCycle,
    FreeEnergySurface,
    Hold,
    PressureCycle,
    PressureRamp,
    Quench,
    Ramp,
    ReplicaExchange,
    ReversalCurves,
    ThermalCycle,
)


def _as_list(value: Any) -> Any:
    """One temperature is a list of one."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _precision(value: Any) -> Any:
    """One standard error, or a table of them by quantity."""

    def error(x: Any) -> float:
        if isinstance(x, bool) or not isinstance(x, int | float) or not 0 < x <= 1e4:
            raise ValueError("must be a standard error, a number above 0 and at most 10000")
        return float(x)

    if not isinstance(value, dict):
        return error(value)
    if not value:
        raise ValueError("must name at least one quantity, e.g. {q = 0.01}")
    for name in value:
        if name not in QUANTITIES:
            raise ValueError(f"'{name}' must be one of {', '.join(QUANTITIES)}")
    return {name: error(x) for name, x in value.items()}


Precision = Annotated[Any, BeforeValidator(_precision)]


class RampSection(Section):
    """``[protocol]`` of kind ``ramp``."""

    kind: Literal["ramp"]
    temperature: tuple[Temperature, Temperature]
    sweeps_per_kelvin: Rate = 400.0
    measure_every: Sweeps | None = None
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> Ramp:
        """The protocol."""
        return Ramp(**self.model_dump(exclude={"kind"}))


class CycleSection(Section):
    """``[protocol]`` of kind ``thermal-cycle``."""

    kind: Literal["thermal-cycle"]
    temperature: tuple[Temperature, Temperature]
    sweeps_per_kelvin: Rate = 400.0
    measure_every: Sweeps | None = None
    cycles: int = Field(default=1, ge=1, le=10**5)
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> ThermalCycle:
        """The protocol."""
        return ThermalCycle(**self.model_dump(exclude={"kind"}))


class HoldSection(Section):
    """``[protocol]`` of kind ``hold``: one after another at every temperature."""

    kind: Literal["hold"]
    temperature: Annotated[tuple[Temperature, ...], Field(min_length=1), BeforeValidator(_as_list)]
    sweeps: Sweeps
    measure_every: Sweeps = 10
    equilibration: int = Field(default=0, ge=0, le=10**12)
    pressure: Pressure = 0.0
    field: Energy = 0.0
    precision: Precision | None = None
    of: Literal["gamma", "q", "eta", "energy"] | None = None

    @model_serializer(mode="wrap")
    def _without_precision(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Holds without a precision are named by the hash that they had before there was one."""
        data: dict[str, Any] = handler(self)
        return {key: value for key, value in data.items() if value is not None or key not in ("precision", "of")}

    def build(self) -> list[Hold]:
        """The protocol."""
        rest = self.model_dump(exclude={"kind", "temperature"})
        return [Hold(temperature=T, **rest) for T in self.temperature]


class QuenchSection(Section):
    """``[protocol]`` of kind ``quench``."""

    kind: Literal["quench"]
    temperature: Temperature
    sweeps: Sweeps
    measurements: int = Field(default=60, ge=1, le=10**6)
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> Quench:
        """The protocol."""
        return Quench(**self.model_dump(exclude={"kind"}))


class PressureRampSection(Section):
    """``[protocol]`` of kind ``pressure-ramp``."""

    kind: Literal["pressure-ramp"]
    pressure: tuple[Pressure, Pressure]
    temperature: Temperature
    sweeps_per_gpa: Rate = 20000.0
    measure_every: Sweeps | None = None
    field: Energy = 0.0

    def build(self) -> PressureRamp:
        """The protocol."""
        return PressureRamp(**self.model_dump(exclude={"kind"}))


class PressureCycleSection(Section):
    """``[protocol]`` of kind ``pressure-cycle``."""

    kind: Literal["pressure-cycle"]
    pressure: tuple[Pressure, Pressure]
    temperature: Temperature
    sweeps_per_gpa: Rate = 20000.0
    measure_every: Sweeps | None = None
    cycles: int = Field(default=1, ge=1, le=10**5)
    field: Energy = 0.0

    def build(self) -> PressureCycle:
        """The protocol."""
        return PressureCycle(**self.model_dump(exclude={"kind"}))


class FieldCycleSection(Section):
    """``[protocol]`` of kind ``field-cycle``."""

    kind: Literal["field-cycle"]
    field: tuple[Energy, Energy]
    temperature: Temperature
    sweeps: Sweeps = 10000
    measure_every: Sweeps | None = None
    cycles: int = Field(default=1, ge=1, le=10**5)
    pressure: Pressure = 0.0

    def build(self) -> FieldCycle:
        """The protocol."""
        return FieldCycle(**self.model_dump(exclude={"kind"}))


class ReversalCurvesSection(Section):
    """``[protocol]`` of kind ``reversal-curves``."""

    kind: Literal["reversal-curves"]
    saturation: Temperature
    reversal: tuple[Temperature, Temperature]
    curves: int = Field(default=30, ge=2, le=10**4)
    sweeps_per_kelvin: Rate = 100.0
    measure_every: Sweeps | None = None
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> ReversalCurves:
        """The protocol."""
        return ReversalCurves(**self.model_dump(exclude={"kind"}))


Count = Annotated[int, Field(ge=1, le=10**4)]
Spring = Annotated[Energy, Field(gt=0)]


class SurfaceSection(Section):
    """``[protocol]`` of kind ``free-energy-surface``."""

    kind: Literal["free-energy-surface"]
    temperature: Annotated[tuple[Temperature, ...], Field(min_length=1)]
    sweeps: Sweeps = 20_000
    measure_every: Sweeps = 10
    equilibration: int = Field(default=1000, ge=0, le=10**12)
    windows: tuple[Count, Count] | None = None
    spring: tuple[Spring, Spring] | None = None
    bins: tuple[Count, Count] | None = None
    bootstrap: int = Field(default=100, ge=2, le=10**4)
    method: Literal["umbrella", "flat-histogram"] = "umbrella"
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> FreeEnergySurface:
        """The protocol."""
        return FreeEnergySurface(**self.model_dump(exclude={"kind"}))


class ExchangeSection(Section):
    """``[protocol]`` of kind ``replica-exchange``: one of temperature, pressure and field is the ladder."""

    kind: Literal["replica-exchange"]
    temperature: Temperatures
    sweeps: Sweeps
    measure_every: Sweeps = 10
    equilibration: int = Field(default=0, ge=0, le=10**12)
    exchange_every: Sweeps = 1
    pressure: Pressures = 0.0
    field: Energies = 0.0
    rungs: int | None = Field(default=None, ge=2, le=4096)
    optimise: bool = False

    def build(self) -> ReplicaExchange:
        """The protocol."""
        return ReplicaExchange(**self.model_dump(exclude={"kind"}))


ProtocolSection = Annotated[
    RampSection
    | CycleSection
    | HoldSection
    | QuenchSection
    | PressureRampSection
    | PressureCycleSection
    | FieldCycleSection
    | ReversalCurvesSection
    | SurfaceSection
    | ExchangeSection
    | RelaxationSection
    | IlluminationSection
    | ScanSection
    | SequenceSection,
    Field(discriminator="kind"),
]
