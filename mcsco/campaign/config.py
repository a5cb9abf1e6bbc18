"""The input file of a run: TOML in, validated and complete configuration out.

Numbers are in the public units; a string with a unit (``"2188 K"``) is accepted for every quantity that has one.
All errors of a file are found at once, each with the path of its key.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mcsco import landau
from mcsco.errors import InputError
from mcsco.model import Model, presets
from mcsco.sampling import Hold, Ramp, ThermalCycle
from mcsco.units import QUANTITIES, parse_quantity


def _from_text(quantity: str) -> BeforeValidator:
    """Turn a string with a unit into a number."""
    return BeforeValidator(lambda value: parse_quantity(value, quantity) if isinstance(value, str) else value)


def _field(quantity: str, **rules: Any) -> Any:
    return Field(json_schema_extra={"unit": next(iter(QUANTITIES[quantity]))}, **rules)


Energy = Annotated[float, _from_text("energy"), _field("energy")]
Entropy = Annotated[float, _from_text("entropy"), _field("entropy", ge=0)]
Temperature = Annotated[float, _from_text("temperature"), _field("temperature", gt=0)]
Pressure = Annotated[float, _from_text("pressure"), _field("pressure")]
Volume = Annotated[float, _from_text("volume"), _field("volume")]
Extent = Annotated[int, Field(ge=2)]


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


InteractionSection = Annotated[NearestNeighboursSection | InfiniteRangeSection, Field(discriminator="kind")]


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
    sweeps_per_kelvin: float = Field(default=400.0, gt=0)
    measure_every: Annotated[int, Field(ge=1)] | None = None
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> Ramp:
        """The protocol."""
        return Ramp(**self.model_dump(exclude={"kind"}))


class CycleSection(Section):
    """``[protocol]`` of kind ``thermal-cycle``."""

    kind: Literal["thermal-cycle"]
    temperature: tuple[Temperature, Temperature]
    sweeps_per_kelvin: float = Field(default=400.0, gt=0)
    measure_every: Annotated[int, Field(ge=1)] | None = None
    cycles: int = Field(default=1, ge=1)
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> ThermalCycle:
        """The protocol."""
        return ThermalCycle(**self.model_dump(exclude={"kind"}))


class HoldSection(Section):
    """``[protocol]`` of kind ``hold``: one after another at every temperature."""

    kind: Literal["hold"]
    temperature: Annotated[tuple[Temperature, ...], Field(min_length=1)]
    sweeps: int = Field(ge=1)
    measure_every: int = Field(default=10, ge=1)
    equilibration: int = Field(default=0, ge=0)
    pressure: Pressure = 0.0
    field: Energy = 0.0

    def build(self) -> list[Hold]:
        """The protocol."""
        rest = self.model_dump(exclude={"kind", "temperature"})
        return [Hold(temperature=T, **rest) for T in self.temperature]


ProtocolSection = Annotated[RampSection | CycleSection | HoldSection, Field(discriminator="kind")]


class RunSection(Section):
    """``[run]``."""

    seed: int = Field(default=0, ge=0)
    replicas: int = Field(default=8, ge=1)
    start: Literal["LS", "HS+", "HS-", "HS", "random"] | None = None
    dynamics: Literal["metropolis", "heat-bath"] = "metropolis"
    kernel: Literal["auto", "lattice", "replica"] = "auto"


class MeasuredSection(Section):
    """``[measured]``: what the simulation is held against."""

    source: str = ""
    T_up: Temperature | None = None
    T_down: Temperature | None = None
    file: str | None = None
    chi_t_hs: float = Field(default=3.5, gt=0)
    chi_t_ls: float = Field(default=0.0, ge=0)


class LandauSection(Section):
    """``[landau]``: the potential drawn beside the simulation."""

    set: str

    @model_validator(mode="after")
    def _known(self) -> Self:
        landau.get(self.set)
        return self


class RunConfig(Section):
    """A whole file."""

    title: str = "mcsco run"
    output: str | None = None
    model: ModelSection
    protocol: ProtocolSection
    run: RunSection = RunSection()
    measured: MeasuredSection | None = None
    landau: LandauSection | None = None

    @model_validator(mode="after")
    def _buildable(self) -> Self:
        self.model.build()
        self.protocol.build()
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
        With every error of the file, one a line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not a text file; give the path of a TOML file") from None
    return parse_config(text, str(path))


def parse_config(text: str, name: str = "configuration") -> RunConfig:
    """Validate the text of a run file; `name` stands at the head of errors."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{name}: is not valid TOML ({error})") from None
    try:
        # In JSON form arrays pass for tuples while numbers, strings and booleans stay apart.
        return RunConfig.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        raise InputError(f"{name}: " + "; ".join(_explain(e) for e in error.errors())) from None
    except RecursionError:
        raise InputError(f"{name}: is nested too deeply") from None


_TAGS = {"ramp", "thermal-cycle", "hold", "nearest-neighbours", "infinite-range"}


def _explain(error: Any) -> str:
    """One line: path, value, rule, remedy."""
    path = [str(part) for part in error["loc"] if part not in _TAGS and not str(part).startswith("tuple[")]
    where = ".".join(path) or "file"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], sorted(_all_keys()), n=1)
        return f"{where}: unknown key" + (f"; did you mean '{near[0]}'?" if near else "")
    if error["type"] == "missing":
        return f"{where}: is missing"
    given = error.get("input")
    shown = f" = {given!r}" if isinstance(given, int | float | str | bool) else ""
    return f"{where}{shown}: {message[0].lower()}{message[1:]}"


def _all_keys() -> set[str]:
    keys, todo = set(), [*Section.__subclasses__()]
    for section in todo:
        keys |= set(section.model_fields)
    return keys


def _without_none(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_none(value) for key, value in data.items() if value is not None}
    if isinstance(data, list | tuple):
        return [_without_none(value) for value in data]
    return data
