"""The model: lattice, molecule and interactions put together, checked, and nothing more."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from mcsco.errors import InputError
from mcsco.model.elasticity import Elasticity
from mcsco.model.energy import energy_terms
from mcsco.model.interactions import Couplings, InfiniteRange, NearestNeighbours
from mcsco.model.lattice import Lattice
from mcsco.model.long_range import LongRange
from mcsco.model.pair_terms import PairTerms, pair_terms
from mcsco.model.site import Displacive, Distortion, OrderDisorder, SpinCrossover
from mcsco.model.state import State

DISTORTIONS: dict[str, type] = {"order-disorder": OrderDisorder, "displacive": Displacive}
"""Name in files of every kind of distortion."""

Interaction = NearestNeighbours | InfiniteRange | Elasticity | LongRange
"""Every kind of interaction that a model can have."""

INTERACTIONS: dict[str, type] = {
    "nearest-neighbours": NearestNeighbours,
    "infinite-range": InfiniteRange,
    "elasticity": Elasticity,
    "long-range": LongRange,
}
"""Name in files of every kind of interaction."""


@dataclass(frozen=True)
class Model:
    """A spin-crossover crystal: what its energy is, without temperature, dynamics or randomness.

    Parameters
    ----------
    lattice : Lattice
    spin : SpinCrossover
    distortion : OrderDisorder, Displacive or None
        None is the plain Ising-like spin-crossover lattice (Wajnflasz and Pick,
        DOI 10.1051/jphyscol:1971127).
    interactions : sequence of NearestNeighbours, InfiniteRange, Elasticity or LongRange
        Terms of the same kind add up.

    Raises
    ------
    InputError
        If a part has the wrong type, or the distortion is coupled although there is none.
    """

    lattice: Lattice
    spin: SpinCrossover
    distortion: Distortion | None = None
    interactions: tuple[Interaction, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.lattice, Lattice):
            raise InputError(f"lattice = {self.lattice!r}: must be a Lattice, e.g. Lattice((64, 64))")
        if not isinstance(self.spin, SpinCrossover):
            raise InputError(f"spin = {self.spin!r}: must be a SpinCrossover, e.g. SpinCrossover(18.2, 66.5)")
        if self.distortion is not None and not isinstance(self.distortion, Distortion):
            raise InputError(f"distortion = {self.distortion!r}: must be OrderDisorder() or Displacive(…), or None")
        given = self.interactions
        terms = tuple(given) if isinstance(given, Iterable) else (given,)
        for term in terms:
            if not isinstance(term, Interaction):
                names = ", ".join(cls.__name__ for cls in INTERACTIONS.values())
                raise InputError(f"interaction = {term!r}: must be one of {names}")
        object.__setattr__(self, "interactions", terms)
        _, K, _, K_inf, L = self.couplings
        pairs = self.pair_terms  # raises where a tensor does not fit the lattice
        far = pairs is not None and (pairs.J[..., 1, :].any() or pairs.S[1].any() or pairs.linear[1])
        if self.distortion is None and (K or K_inf or L or far):
            raise InputError(
                "interactions: couple the distortion, but the model has none; "
                "give distortion=OrderDisorder() or leave 'distortion', 'mixed' and 'distortion_strain' at 0"
            )

    @cached_property
    def couplings(self) -> Couplings:
        """All interactions added up, kJ/mol."""
        near = [t for t in self.interactions if isinstance(t, NearestNeighbours)]
        far = [t for t in self.interactions if isinstance(t, InfiniteRange)]
        return Couplings(
            J=sum(t.spin for t in near),
            K=sum(t.distortion for t in near),
            Gamma=sum(t.spin for t in far),
            K_inf=sum(t.distortion for t in far),
            L=sum(t.mixed for t in far),
        )

    @cached_property
    def pair_terms(self) -> PairTerms | None:
        """Elasticity and other pair couplings of long range in one form, or None."""
        return pair_terms(self)

    def energy(self, state: State, pressure: float = 0.0, field: float = 0.0) -> float:
        """Total energy H of the lattice in kJ/mol (see `mcsco.model.energy` for the formula and the arguments)."""
        return sum(energy_terms(self, state, pressure, field).values())

    def with_shape(self, shape: tuple[int, ...]) -> "Model":
        """The same molecule and interactions on a lattice of another shape."""
        return Model(Lattice(shape), self.spin, self.distortion, self.interactions)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` turns back into the same model."""
        kind_of = {cls: kind for kind, cls in (DISTORTIONS | INTERACTIONS).items()}
        distortion = self.distortion
        return {
            "lattice": {"shape": list(self.lattice.shape)},
            "spin": asdict(self.spin),
            "distortion": None if distortion is None else {"kind": kind_of[type(distortion)], **asdict(distortion)},
            "interactions": [{"kind": kind_of[type(term)], **asdict(term)} for term in self.interactions],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Model":
        """Build a model from the data that `to_dict` gives; unknown keys are errors."""
        check_keys("model", data, {f.name for f in fields(cls)})
        for key in ("lattice", "spin"):
            if key not in data:
                raise InputError(f"model.{key}: is missing")
        distortion, interactions = data.get("distortion"), data.get("interactions", ())
        if isinstance(interactions, str | bytes | Mapping) or not isinstance(interactions, Iterable):
            raise InputError(f"model.interactions = {interactions!r}: must be a list of tables")
        return cls(
            lattice=_build("model.lattice", Lattice, data["lattice"]),
            spin=_build("model.spin", SpinCrossover, data["spin"]),
            distortion=None if distortion is None else _build_kind("model.distortion", DISTORTIONS, distortion),
            interactions=tuple(
                _build_kind(f"model.interactions[{i}]", INTERACTIONS, term) for i, term in enumerate(interactions)
            ),
        )


def check_keys(where: str, data: Mapping[str, Any], known: set[str]) -> None:
    """Raise `InputError` unless `data` is a table whose keys are all known."""
    if not isinstance(data, Mapping):
        raise InputError(f"{where} = {data!r}: must be a table of {', '.join(sorted(known))}")
    for key in data:
        if key not in known:
            raise InputError(f"{where}.{key}: unknown key; known are {', '.join(sorted(known))}")


def _build(where: str, cls: type, data: Mapping[str, Any]) -> Any:
    check_keys(where, data, {f.name for f in fields(cls)})
    try:
        return cls(**data)
    except TypeError as error:  # a required key is missing
        raise InputError(f"{where}: {str(error).split('__init__() ')[-1]}") from None


def _build_kind(where: str, kinds: Mapping[str, type], data: Mapping[str, Any]) -> Any:
    kind = data.get("kind", "") if isinstance(data, Mapping) else ""
    if not isinstance(kind, str) or kind not in kinds:
        raise InputError(f"{where}.kind = {kind!r}: must be one of {', '.join(kinds)}")
    return _build(where, kinds[kind], {key: value for key, value in data.items() if key != "kind"})
