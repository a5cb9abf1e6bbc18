"""The tables of a run file but ``[protocol]``."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mcsco import landau
from mcsco.campaign.fields import (
    Energy,
    Entropy,
    Extent,
    FilePath,
    Offset,
    SiteVolume,
    Stiffness,
    Strain,
    Stress,
    Temperature,
    TemperatureDifference,
    Text,
    Volume,
)
from mcsco.campaign.section import Section
from mcsco.model import Disorder, Model, presets


class SpinSection(Section):
    """``[model.spin]``."""

    enthalpy: Energy
    entropy: Entropy
    volume: Volume = 0.0


class OrderDisorderSection(Section):
    """``[model.distortion]`` of kind ``order-disorder``."""

    kind: Literal["order-disorder"]


class DisplaciveSection(Section):
    """``[model.distortion]`` of kind ``displacive``."""

    kind: Literal["displacive"]
    barrier: Energy
    stiffness: Energy


DistortionSection = Annotated[OrderDisorderSection | DisplaciveSection, Field(discriminator="kind")]


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


class IntramolecularSection(Section):
    """One of ``[[model.interactions]]``."""

    kind: Literal["intramolecular"]
    spin: Energy = 0.0


class SublatticesSection(Section):
    """One of ``[[model.interactions]]``."""

    kind: Literal["sublattices"]
    spin: Energy = 0.0


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
    NearestNeighboursSection
    | InfiniteRangeSection
    | IntramolecularSection
    | SublatticesSection
    | ElasticitySection
    | LongRangeSection,
    Field(discriminator="kind"),
]


class DisorderSection(Section):
    """``[model.disorder]``; fractions of sites."""

    dilution: float = Field(default=0.0, ge=0, lt=1)
    host: float = Field(default=0.0, ge=-1, le=1)
    pinned_ls: float = Field(default=0.0, ge=0, le=1)
    pinned_hs: float = Field(default=0.0, ge=0, le=1)
    enthalpy_spread: Energy = 0.0
    seed: int = Field(default=0, ge=0, lt=2**128)


class ModelSection(Section):
    """``[model]``: a preset, or all parts; disorder goes with both."""

    preset: str | None = None
    shape: Annotated[tuple[Extent, ...], Field(min_length=2, max_length=3)] | None = None
    spin: SpinSection | None = None
    distortion: DistortionSection | None = None
    interactions: tuple[InteractionSection, ...] = ()
    second: SpinSection | None = None
    disorder: DisorderSection | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.preset is not None:
            if self.spin or self.distortion or self.interactions or self.second:
                raise ValueError("give either a preset or spin, second, distortion and interactions, not both")
            presets.get(self.preset)
        elif self.spin is None or self.shape is None:
            raise ValueError("give a preset, or both shape and spin")
        return self

    def build(self) -> Model:
        """The model that the section describes."""
        return self.crystal

    @cached_property
    def crystal(self) -> Model:
        """What `build` returns; made once, since small tasks ask for it a dozen times."""
        if self.preset is not None:
            disorder = None if self.disorder is None else Disorder(**self.disorder.model_dump())
            return replace(presets.load(self.preset, self.shape), disorder=disorder)
        data = self.model_dump(exclude={"preset", "shape"}) | {"lattice": {"shape": self.shape}}
        return Model.from_dict(data)


class RunSection(Section):
    """``[run]``."""

    seed: int = Field(default=0, ge=0, lt=2**128)
    replicas: int = Field(default=8, ge=1, le=10**6)
    start: Literal["LS", "HS+", "HS-", "HS", "random"] | None = None
    dynamics: Literal["metropolis", "heat-bath", "arrhenius"] = "metropolis"
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
    tolerance: TemperatureDifference = 0.5
    rounds: int = Field(default=12, ge=1, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.T_down < self.T_up:
            raise ValueError(f"T_down = {self.T_down:g} must be below T_up = {self.T_up:g} K")
        if len(set(self.free)) != len(self.free):
            raise ValueError("free: names a key twice")
        return self


Values = Annotated[tuple[Any, ...], Field(min_length=1)]


LOOP_QUANTITIES = ("T_up", "T_down", "width")
"""What a grid of thermal cycles is refined by."""


class RefineSection(Section):
    """``[campaign.refine]``: more points where a quantity changes between neighbours."""

    of: Text
    quantity: Literal["gamma", "q", "eta", "energy", "T_up", "T_down", "width"] = "q"
    step: float = Field(gt=0, le=1e4)
    smallest: float = Field(gt=0, le=1e6)
    rounds: int = Field(default=20, ge=1, le=100)


class CampaignSection(Section):
    """``[campaign]``: many runs, each the run of the file with some of its values replaced."""

    grid: dict[str, Values] = Field(default_factory=dict)
    zip: tuple[dict[str, Values], ...] = ()
    points: tuple[dict[str, Any], ...] = ()
    repeats: int = Field(default=1, ge=1, le=10**6)
    states: bool = False
    refine: RefineSection | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for number, group in enumerate(self.zip):
            lengths = {len(values) for values in group.values()}
            if len(lengths) > 1:
                raise ValueError(f"zip.{number}: has lists of {sorted(lengths)} values; keys vary together, one length")
        keys = [*self.grid, *(key for group in self.zip for key in group), *{k for p in self.points for k in p}]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"the key '{key}' varies twice; name it in one of grid, zip and points")
            if key == "run.seed":
                raise ValueError("run.seed: cannot vary; seeds follow from the task, use repeats")
        if self.refine and len(self.grid.get(self.refine.of, ())) < 2:
            raise ValueError(f"refine.of = '{self.refine.of}': must be a key of grid with two values at least")
        if any(set(point) != set(self.points[0]) for point in self.points):
            raise ValueError("points: must all have the same keys")
        if self.repeats == 1 and not keys:
            raise ValueError("nothing varies; give grid, zip, points or repeats")
        return self
