"""The input file of a run: TOML in, validated and complete configuration out.

Numbers are in the public units; a string with a unit (``"2188 K"``) is accepted for every quantity that has one.
All errors of a file are found at once, each with the path of its key.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mcsco import landau
from mcsco.campaign.explain import explain
from mcsco.errors import InputError
from mcsco.model import Model, presets
from mcsco.sampling import Hold, Quench, Ramp, ThermalCycle
from mcsco.units import QUANTITIES, parse_quantity


def _from_text(quantity: str) -> BeforeValidator:
    """Turn a string with a unit into a number."""
    return BeforeValidator(lambda value: parse_quantity(value, quantity) if isinstance(value, str) else value)


def _field(quantity: str, **rules: Any) -> Any:
    return Field(json_schema_extra={"unit": next(iter(QUANTITIES[quantity]))}, **rules)


def _tensor(quantity: str | None, *, number: bool = False, limit: float) -> BeforeValidator:
    """A row or a matrix of numbers, or one `number`, each at most `limit` and with a unit if there is a quantity."""

    def entry(value: Any) -> float:
        if isinstance(value, str) and quantity is not None:
            value = parse_quantity(value, quantity)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"'{value}' must be a number")
        if not -limit <= value <= limit:
            raise ValueError(f"{value:g} must lie between {-limit:g} and {limit:g}")
        return float(value)

    def whole(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            if number:
                return entry(value)
            raise ValueError("must be a list of numbers or of rows")
        if not any(isinstance(row, list | tuple) for row in value):
            return tuple(entry(x) for x in value)
        if len({len(row) if isinstance(row, list | tuple) else 0 for row in value}) != 1:
            raise ValueError("must have rows of one length")
        return tuple(tuple(entry(x) for x in row) for row in value)

    return BeforeValidator(whole)


def _plain_text(value: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("must be one line of text, without control characters")
    return value


# Upper bounds lie far beyond any crystal: they catch a forgotten prefix, and numbers that no sum survives.
Energy = Annotated[float, _from_text("energy"), _field("energy", ge=-1e4, le=1e4)]
Entropy = Annotated[float, _from_text("entropy"), _field("entropy", ge=0, le=1e3)]
Temperature = Annotated[float, _from_text("temperature"), _field("temperature", gt=0, le=1e5)]
Pressure = Annotated[float, _from_text("pressure"), _field("pressure", ge=-1e3, le=1e3)]
Volume = Annotated[float, _from_text("volume"), _field("volume", ge=-1e4, le=1e4)]
SiteVolume = Annotated[float, _from_text("site volume"), _field("site volume", gt=0, le=1e6)]
Stiffness = Annotated[Any, _tensor("stiffness", limit=1e4), _field("stiffness")]
Stress = Annotated[Any, _tensor("stiffness", limit=1e3), _field("stiffness")]
Strain = Annotated[Any, _tensor(None, number=True, limit=1.0)]
Offset = tuple[Annotated[int, Field(ge=-(10**6), le=10**6)], ...]
Extent = Annotated[int, Field(ge=2)]
Sweeps = Annotated[int, Field(ge=1, le=10**12)]
Rate = Annotated[float, Field(gt=0, le=1e9)]
Text = Annotated[str, AfterValidator(_plain_text)]
FilePath = Annotated[Text, Field(min_length=1)]


class Section(BaseModel):
    """A table of the file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class SpinSection(Section):
    """``[model.spin]``."""

    enthalpy: Energy
    entropy: Entropy
    volume: Volume = 0.0


class DistortionSection(Section):
    """``[model.distortion]``."""

    kind: Literal["order-disorder"]


class NearestNeighboursSection(Section):
    """One of ``[[model.interactions]]``."""

    kind: Literal["nearest-neighbours"]
    spin: Energy = 0.0
    distortion: Energy = 0.0


class InfiniteRangeSection(Section):
    """One of ``[[model.interactions]]``."""

    kind: Literal["infinite-range"]
    spin: Energy = 0.0
    distortion: Energy = 0.0
    mixed: Energy = 0.0


class ElasticitySection(Section):
    """One of ``[[model.interactions]]``; C by 3 cubic constants or a Voigt matrix, strains by number or matrix."""

    kind: Literal["elasticity"]
    stiffness: Stiffness
    site_volume: SiteVolume
    spin_strain: Strain = 0.0
    distortion_strain: Strain = 0.0
    stress: Stress | None = None
    clamped: bool = False


class LongRangeSection(Section):
    """One of ``[[model.interactions]]``; the kernel as a list of ``[offset, coupling]``."""

    kind: Literal["long-range"]
    kernel: tuple[tuple[Offset, Energy], ...]
    of: Literal["spin", "distortion"] = "spin"

    @model_validator(mode="after")
    def _once(self) -> Self:
        offsets = [offset for offset, _ in self.kernel]
        if not offsets:
            raise ValueError("kernel: has no entry; give e.g. [[[0, 1], 0.1]]")
        for i, offset in enumerate(offsets):
            if offset in offsets[:i]:
                raise ValueError(f"kernel: has the offset {list(offset)} twice; give each once")
        return self


InteractionSection = Annotated[
    NearestNeighboursSection | InfiniteRangeSection | ElasticitySection | LongRangeSection, Field(discriminator="kind")
]


class ModelSection(Section):
    """``[model]``: a preset, or all parts."""

    preset: str | None = None
    shape: Annotated[tuple[Extent, ...], Field(min_length=2, max_length=3)] | None = None
    spin: SpinSection | None = None
    distortion: DistortionSection | None = None
    interactions: tuple[InteractionSection, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.preset is not None:
            if self.spin or self.distortion or self.interactions:
                raise ValueError("give either a preset or spin, distortion and interactions, not both")
            presets.get(self.preset)
        elif self.spin is None or self.shape is None:
            raise ValueError("give a preset, or both shape and spin")
        return self

    def build(self) -> Model:
        """The model that the section describes."""
        if self.preset is not None:
            return presets.load(self.preset, self.shape)
        data = self.model_dump(exclude={"preset", "shape"}) | {"lattice": {"shape": self.shape}}
        return Model.from_dict(data)


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
    temperature: Annotated[tuple[Temperature, ...], Field(min_length=1)]
    sweeps: Sweeps
    measure_every: Sweeps = 10
    equilibration: int = Field(default=0, ge=0, le=10**12)
    pressure: Pressure = 0.0
    field: Energy = 0.0

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


ProtocolSection = Annotated[RampSection | CycleSection | HoldSection | QuenchSection, Field(discriminator="kind")]


class RunSection(Section):
    """``[run]``."""

    seed: int = Field(default=0, ge=0, lt=2**128)
    replicas: int = Field(default=8, ge=1, le=10**6)
    start: Literal["LS", "HS+", "HS-", "HS", "random"] | None = None
    dynamics: Literal["metropolis", "heat-bath"] = "metropolis"
    kernel: Literal["auto", "lattice", "replica"] = "auto"
    snapshots: int = Field(default=0, ge=0, le=10**6)


class MeasuredSection(Section):
    """``[measured]``: what the simulation is held against."""

    source: Text = ""
    T_up: Temperature | None = None
    T_down: Temperature | None = None
    file: FilePath | None = None
    chi_t_hs: float = Field(default=3.5, gt=0)
    chi_t_ls: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.chi_t_ls < self.chi_t_hs:
            raise ValueError(f"chi_t_ls = {self.chi_t_ls:g} must be below chi_t_hs = {self.chi_t_hs:g} cm3 K/mol")
        return self


class LandauSection(Section):
    """``[landau]``: the potential drawn beside the simulation."""

    set: str

    @model_validator(mode="after")
    def _known(self) -> Self:
        landau.get(self.set)
        return self


class CalibrateSection(Section):
    """``[calibrate]``: the loop that the simulation shall have, and which energies are free to reach it."""

    T_up: Temperature
    T_down: Temperature
    free: Annotated[tuple[Text, ...], Field(min_length=1, max_length=8)]
    tolerance: Annotated[float, _from_text("temperature"), Field(gt=0, le=100)] = 0.5
    rounds: int = Field(default=12, ge=1, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.T_down < self.T_up:
            raise ValueError(f"T_down = {self.T_down:g} must be below T_up = {self.T_up:g} K")
        if len(set(self.free)) != len(self.free):
            raise ValueError("free: names a key twice")
        return self


class RunConfig(Section):
    """A whole file."""

    title: Text = "mcsco run"
    output: FilePath | None = None
    model: ModelSection
    protocol: ProtocolSection
    run: RunSection = RunSection()
    measured: MeasuredSection | None = None
    landau: LandauSection | None = None
    calibrate: CalibrateSection | None = None

    @model_validator(mode="after")
    def _buildable(self) -> Self:
        model = self.model.build()
        self.protocol.build()
        if self.calibrate and self.protocol.kind != "thermal-cycle":
            raise ValueError("calibrate: needs a protocol of kind 'thermal-cycle', whose loop can meet T_up and T_down")
        if self.protocol.field and model.distortion is None:
            raise ValueError(
                f"protocol.field = {self.protocol.field!r} kJ/mol: acts on the distortion, but the model has none; "
                "leave it at 0"
            )
        return self

    def to_toml(self) -> str:
        """The complete configuration, which reads back as the same run."""
        data = self.model_dump(exclude_none=True, mode="json")
        model = self.model.build().to_dict()
        data["model"] = {
            "shape": model["lattice"]["shape"],
            "spin": model["spin"],
            "distortion": model["distortion"],
            "interactions": model["interactions"],
        }
        return tomli_w.dumps(_without_none(data))

    def with_measured_file(self, name: str) -> RunConfig:
        """The same run with its measured file under another name."""
        if self.measured is None:
            return self
        return self.model_copy(update={"measured": self.measured.model_copy(update={"file": name})})

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the numbers of a run."""
        data = json.loads(self.model_dump_json(include={"protocol", "run"})) | {"model": self.model.build().to_dict()}
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def read_config(path: Path) -> RunConfig:
    """Read and validate a run file.

    Raises
    ------
    InputError
        With every error of the file, on one line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors on Windows begin a file with a byte-order mark
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not a text file; give the path of a TOML file") from None
    return parse_config(text, str(path))


def parse_config(text: str, name: str = "configuration") -> RunConfig:
    """Validate the text of a run file; `name` stands at the head of errors."""
    try:
        data = tomllib.loads(text)
        # In JSON form arrays pass for tuples while numbers, strings and booleans stay apart.
        as_json = json.dumps(data, default=str)
    except (ValueError, RecursionError) as error:  # ValueError also of integers with thousands of digits
        raise InputError(f"{name}: is not valid TOML ({error})") from None
    try:
        return RunConfig.model_validate_json(as_json)
    except ValidationError as error:
        known = _all_keys()
        raise InputError(f"{name}: " + "; ".join(explain(e, known) for e in error.errors())) from None


def _all_keys() -> set[str]:
    return {key for section in Section.__subclasses__() for key in section.model_fields}


def _without_none(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_none(value) for key, value in data.items() if value is not None}
    if isinstance(data, list | tuple):
        return [_without_none(value) for value in data]
    return data
