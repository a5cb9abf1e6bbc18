"""The model: lattice, molecule and interactions put together, checked, and nothing more."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

from mcsco.errors import InputError
from mcsco.model.disorder import EMPTY, Disorder, Sites
from mcsco.model.elasticity import Elasticity
from mcsco.model.energy import energy_terms
from mcsco.model.interactions import Couplings, InfiniteRange, Intramolecular, NearestNeighbours, Sublattices
from mcsco.model.lattice import Lattice
from mcsco.model.long_range import LongRange
from mcsco.model.pair_terms import PairTerms, pair_terms
from mcsco.model.site import Displacive, Distortion, OrderDisorder, SpinCrossover
from mcsco.model.state import State

DISTORTIONS: dict[str, type] = {"order-disorder": OrderDisorder, "displacive": Displacive}
"""Name in files of every kind of distortion."""

Interaction = NearestNeighbours | InfiniteRange | Intramolecular | Sublattices | Elasticity | LongRange
"""Every kind of interaction that a model can have."""

INTERACTIONS: dict[str, type] = {
    "nearest-neighbours": NearestNeighbours,
    "infinite-range": InfiniteRange,
    "intramolecular": Intramolecular,
    "sublattices": Sublattices,
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
    interactions : sequence of NearestNeighbours, InfiniteRange, Intramolecular, Sublattices, Elasticity or LongRange
        Terms of the same kind add up.
    second : SpinCrossover, optional
        The second centre of every molecule, whose first one is `spin`: sites whose indices have an even sum are first
        centres, each with the next site of the last axis as its second one, so that molecules lie like bricks. N is
        then the number of centres, and all quantities are per centre.
    disorder : Disorder, optional
        Sites that are empty, pinned, or differ in ΔH.

    Raises
    ------
    InputError
        If a part has the wrong type, the distortion is coupled although there is none, or there is no such second
        centre or sublattice as a term needs.
    """

    lattice: Lattice
    spin: SpinCrossover
    distortion: Distortion | None = None
    interactions: tuple[Interaction, ...] = ()
    second: SpinCrossover | None = None
    disorder: Disorder | None = None

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
        self._check_sites()

    def _check_sites(self) -> None:
        """Raise `InputError` unless second centres, sublattices and disorder fit the rest."""
        if self.second is not None and not isinstance(self.second, SpinCrossover):
            raise InputError(
                f"second = {self.second!r}: must be a SpinCrossover, e.g. SpinCrossover(6.0, 60.0), or None"
            )
        if self.disorder is not None and not isinstance(self.disorder, Disorder):
            raise InputError(f"disorder = {self.disorder!r}: must be a Disorder, e.g. Disorder(dilution=0.1), or None")
        if self.second is None and any(isinstance(t, Intramolecular) for t in self.interactions):
            raise InputError("interactions: Intramolecular couples the two centres of a molecule; give a second centre")
        two = self.second is not None or any(isinstance(t, Sublattices) for t in self.interactions)
        if two and not self.lattice.has_sublattices:
            raise InputError(
                f"lattice shape = {self.lattice.shape}: two sublattices need even extents; change the odd ones"
            )
        if not self.is_uniform and isinstance(self.distortion, Displacive):
            raise InputError(
                "distortion = Displacive(…): does not go with disorder, second centres or sublattices; "
                "use OrderDisorder() or None"
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

    @cached_property
    def sublattice_couplings(self) -> tuple[float, float]:
        """(J_m, Γ_s): intramolecular coupling per molecule and coupling of the sublattices per site, kJ/mol."""
        inner = sum(t.spin for t in self.interactions if isinstance(t, Intramolecular))
        return inner, sum(t.spin for t in self.interactions if isinstance(t, Sublattices))

    @property
    def is_uniform(self) -> bool:
        """Whether all sites are equal: one centre, no disorder, no coupling that tells sublattices apart."""
        return self.second is None and self.sites is None and not any(self.sublattice_couplings)

    @property
    def has_sublattices(self) -> bool:
        """Whether γ of the two sublattices may differ, by their centres or by a coupling that favours it."""
        J = self.couplings.J
        return self.lattice.has_sublattices and (self.second is not None or any(self.sublattice_couplings) or J < 0)

    @cached_property
    def sites(self) -> Sites | None:
        """The realisation of the disorder, or None."""
        if self.disorder is None or self.disorder.is_none:
            return None
        return self.disorder.sites(self.lattice.shape)

    @property
    def n_molecules(self) -> int:
        """Number of sites with a spin-crossover centre; γ, q and η are means over these."""
        return self.lattice.n_sites if self.sites is None else int((self.sites.kind != EMPTY).sum())

    def energy(self, state: State, pressure: float = 0.0, field: float = 0.0) -> float:
        """Total energy H of the lattice in kJ/mol (see `mcsco.model.energy` for the formula and the arguments)."""
        return sum(energy_terms(self, state, pressure, field).values())

    def with_shape(self, shape: tuple[int, ...]) -> "Model":
        """The same molecule and interactions on a lattice of another shape."""
        return replace(self, lattice=Lattice(shape))

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` turns back into the same model."""
        kind_of = {cls: kind for kind, cls in (DISTORTIONS | INTERACTIONS).items()}
        distortion = self.distortion
        sites = {"second": self.second, "disorder": self.disorder}
        return {
            "lattice": {"shape": list(self.lattice.shape)},
            "spin": asdict(self.spin),
            "distortion": None if distortion is None else {"kind": kind_of[type(distortion)], **asdict(distortion)},
            "interactions": [{"kind": kind_of[type(term)], **asdict(term)} for term in self.interactions],
            **{key: asdict(part) for key, part in sites.items() if part is not None},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Model":
        """Build a model from the data that `to_dict` gives; unknown keys are errors."""
        check_keys("model", data, {f.name for f in fields(cls)})
        for key in ("lattice", "spin"):
            if key not in data:
                raise InputError(f"model.{key}: is missing")
        distortion, interactions = data.get("distortion"), data.get("interactions", ())
        second, disorder = data.get("second"), data.get("disorder")
        if isinstance(interactions, str | bytes | Mapping) or not isinstance(interactions, Iterable):
            raise InputError(f"model.interactions = {interactions!r}: must be a list of tables")
        return cls(
            lattice=_build("model.lattice", Lattice, data["lattice"]),
            spin=_build("model.spin", SpinCrossover, data["spin"]),
            distortion=None if distortion is None else _build_kind("model.distortion", DISTORTIONS, distortion),
            interactions=tuple(
                _build_kind(f"model.interactions[{i}]", INTERACTIONS, term) for i, term in enumerate(interactions)
            ),
            second=None if second is None else _build("model.second", SpinCrossover, second),
            disorder=None if disorder is None else _build("model.disorder", Disorder, disorder),
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
