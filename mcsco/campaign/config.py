"""The input file of a run: TOML in, validated and complete configuration out.

Numbers are in the public units; a string with a unit (``"2188 K"``) is accepted for every quantity that has one.
All errors of a file are found at once, each with the path of its key.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import tomli_w
from pydantic import ValidationError, model_validator

from mcsco.campaign.explain import explain
from mcsco.campaign.fields import FilePath, Text
from mcsco.campaign.protocol_sections import ProtocolSection
from mcsco.campaign.section import Section
from mcsco.campaign.sections import (
    LOOP_QUANTITIES,
    CalibrateSection,
    CampaignSection,
    LandauSection,
    MeasuredSection,
    ModelSection,
    RefineSection,
    RunSection,
)
from mcsco.campaign.timed_sections import TIMED_KINDS, KineticsSection
from mcsco.errors import InputError
from mcsco.model.kinetics import check_kinetic, check_timed
from mcsco.sampling import (
    FreeEnergySurface,
    Leg,
    Point,
    ReplicaExchange,
    TimedLeg,
    is_timed,
    make_legs,
    make_timed_legs,
)

if TYPE_CHECKING:
    from mcsco.sampling.protocols import Protocol


class RunConfig(Section):
    """A whole file."""

    title: Text = "mcsco run"
    output: FilePath | None = None
    model: ModelSection
    protocol: ProtocolSection
    run: RunSection = RunSection()
    kinetics: KineticsSection | None = None
    measured: MeasuredSection | None = None
    landau: LandauSection | None = None
    calibrate: CalibrateSection | None = None
    campaign: CampaignSection | None = None

    @model_validator(mode="after")
    def _buildable(self) -> Self:
        model = self.model.build()
        self.protocol.build()
        if self.calibrate and self.protocol.kind != "thermal-cycle":
            raise ValueError("calibrate: needs a protocol of kind 'thermal-cycle', whose loop can meet T_up and T_down")
        if self.protocol.kind == "free-energy-surface":
            self._check_surface()
        if self.run.snapshots and self.protocol.kind == "replica-exchange":
            raise ValueError(
                f"run.snapshots = {self.run.snapshots}: replica exchange keeps the final states only; leave it at 0"
            )
        if self.campaign and self.campaign.refine:
            self._check_refinement(self.campaign.refine)
        asked = {self.protocol.of} if self.protocol.kind == "hold" else set()
        if self.protocol.kind == "hold" and isinstance(self.protocol.precision, dict):
            asked = set(self.protocol.precision)
        if "eta" in asked and model.distortion is None:
            raise ValueError("protocol.precision of eta: the model has no distortion; ask for q or the energy")
        self._check_kinetics()
        field = self.protocol.field
        if field and model.distortion is None:
            raise ValueError(
                f"protocol.field = {field!r} kJ/mol: acts on the distortion, but the model has none; leave it at 0"
            )
        return self

    def _check_kinetics(self) -> None:
        timed = self.is_timed
        if timed and (self.run.kernel != "auto" or self.run.dynamics == "heat-bath"):
            raise ValueError("run.dynamics, run.kernel: a protocol in seconds has its own; leave them out")
        if timed or self.run.dynamics == "arrhenius":
            (check_timed if timed else check_kinetic)(self.model.build())
        elif self.kinetics is not None:
            raise ValueError(
                f"kinetics: a protocol of kind {self.protocol.kind!r} in Monte Carlo steps has no rates; leave it out, "
                "or set run.dynamics = 'arrhenius'"
            )

    def _check_refinement(self, refine: RefineSection) -> None:
        of_loops = refine.quantity in LOOP_QUANTITIES
        if self.protocol.kind not in ("hold", "thermal-cycle"):
            raise ValueError("campaign.refine: needs a protocol of kind 'hold' or 'thermal-cycle'")
        if of_loops != (self.protocol.kind == "thermal-cycle"):
            raise ValueError(
                f"campaign.refine.quantity = '{refine.quantity}': must be a mean (gamma, q, eta, energy) of holds, or "
                "T_up, T_down or width of thermal cycles"
            )

    def _check_surface(self) -> None:
        if self.campaign is not None:
            raise ValueError(
                "campaign: a free-energy surface is no task of a campaign; give all temperatures in one file, "
                "and one file for every other value"
            )
        if self.run.start is not None or self.run.snapshots:
            raise ValueError(
                "run.start, run.snapshots: a free-energy surface begins in its windows and keeps none; leave them out"
            )

    def to_toml(self) -> str:
        """The complete configuration, which reads back as the same run."""
        data = self.model_dump(exclude_none=True, mode="json")
        model = self.model.build().to_dict()
        data["model"] = {"shape": model.pop("lattice")["shape"], **model}
        return tomli_w.dumps(_without_none(data))

    def with_measured_file(self, name: str) -> RunConfig:
        """The same run with its measured file under another name."""
        if self.measured is None:
            return self
        return self.model_copy(update={"measured": self.measured.model_copy(update={"file": name})})

    @property
    def begin(self) -> Point:
        """Temperature, pressure and field at the beginning of the protocol."""
        protocol = self.protocol.build()
        if isinstance(protocol, FreeEnergySurface):
            return Point(protocol.temperatures[0], protocol.pressure, protocol.field)
        if isinstance(protocol, ReplicaExchange):
            return Point(*protocol.points(protocol.values)[0].tolist())
        return self.legs[0].begin

    @property
    def is_timed(self) -> bool:
        """Whether the protocol is in seconds."""
        return self.protocol.kind in TIMED_KINDS

    @property
    def counted(self) -> str:
        """What progress counts: intervals of a protocol in seconds, otherwise sweeps."""
        return "intervals" if self.is_timed else "sweeps"

    @property
    def legs(self) -> tuple[Leg | TimedLeg, ...]:
        """The legs of the protocol; none of a replica exchange or a free-energy surface."""
        protocol = self.protocol.build()
        if isinstance(protocol, ReplicaExchange | FreeEnergySurface):
            return ()
        return make_timed_legs(protocol) if is_timed(protocol) else make_legs(cast("Protocol", protocol))

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the numbers of a run."""
        data = json.loads(self.model_dump_json(include={"protocol", "run"})) | {"model": self.model.build().to_dict()}
        if self.kinetics is not None:
            data["kinetics"] = self.kinetics.model_dump()
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
        raise InputError(f"{name}: {explained(error)}") from None


def explained(error: ValidationError) -> str:
    """Everything that is wrong, on one line."""
    known = _all_keys()
    return "; ".join(explain(e, known) for e in error.errors())


def _all_keys() -> set[str]:
    return {key for section in Section.__subclasses__() for key in section.model_fields}


def _without_none(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_none(value) for key, value in data.items() if value is not None}
    if isinstance(data, list | tuple):
        return [_without_none(value) for value in data]
    return data
