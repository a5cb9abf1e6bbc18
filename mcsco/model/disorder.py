"""Frozen disorder: molecules that are missing, that cannot switch, or whose ΔH differs from the others'."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer, check_real

FREE, PINNED, EMPTY = 0, 1, 2
"""Kinds of sites: of a molecule that switches, of one that keeps its spin state, and of the diluent."""


class Sites(NamedTuple):
    """One realisation of the disorder of a lattice; arrays of the lattice's shape."""

    kind: npt.NDArray[np.int8]
    """`FREE`, `PINNED` or `EMPTY`."""
    n: npt.NDArray[np.int8]
    """HS occupation of a pinned molecule; 0 elsewhere."""
    enthalpy: npt.NDArray[np.float64]
    """What ΔH of a molecule differs by from the common one, kJ/mol; 0 at empty sites."""


@dataclass(frozen=True)
class Disorder:
    """Sites that differ from one another for good, drawn once from a seed of their own.

    Numbers of sites are exact (fractions of all sites, rounded), their places are random and without correlation. All
    replicas of a run share one realisation: average over several seeds, e.g. with ``[campaign.grid]``.

    Parameters
    ----------
    dilution : float
        Fraction of sites that hold another metal (Fe_{1−x}M_x): they have no spin crossover, no distortion and no part
        in γ, q and η, which are per switchable or pinned molecule.
    host : float
        The σ with which diluents act on their neighbours and on the infinite-range coupling, from −1 (as small as a LS
        molecule) over 0 (neutral, as in site-diluted Ising models) to +1 (as large as a HS one).
    pinned_ls, pinned_hs : float
        Fractions of all sites whose molecule stays LS or HS. A pinned HS molecule still turns its distortion.
    enthalpy_spread : float
        Standard deviation of a normal distribution of ΔH over the molecules, kJ/mol (a random field).
    seed : int
        Of this realisation; not the seed of the simulation.

    Raises
    ------
    InputError
        If a fraction is outside [0, 1], together they exceed 1, or another value breaks its rule.
    """

    dilution: float = 0.0
    host: float = 0.0
    pinned_ls: float = 0.0
    pinned_hs: float = 0.0
    enthalpy_spread: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("dilution", "pinned_ls", "pinned_hs"):
            value = check_real(f"disorder {name}", getattr(self, name), minimum=0.0)
            object.__setattr__(self, name, value)
        total = self.dilution + self.pinned_ls + self.pinned_hs
        if not total <= 1.0:
            raise InputError(f"disorder: dilution + pinned_ls + pinned_hs = {total:g}: must be at most 1")
        if not self.dilution < 1.0:
            raise InputError("disorder dilution = 1: leaves no molecule; choose less")
        host = check_real("disorder host", self.host, minimum=-1.0)
        if host > 1.0:
            raise InputError(f"disorder host = {self.host!r}: must be from -1 (as LS) to 1 (as HS)")
        object.__setattr__(self, "host", host)
        spread = check_real("disorder enthalpy_spread", self.enthalpy_spread, minimum=0.0, unit="kJ/mol")
        object.__setattr__(self, "enthalpy_spread", spread)
        object.__setattr__(self, "seed", check_integer("disorder seed", self.seed, minimum=0))

    @property
    def is_none(self) -> bool:
        """Whether all sites are equal after all."""
        return not any(getattr(self, f.name) for f in fields(self) if f.name not in ("host", "seed"))

    def sites(self, shape: tuple[int, ...]) -> Sites:
        """The realisation on a lattice of the given shape."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=self.seed, spawn_key=shape)))
        N = int(np.prod(shape))
        ends = np.rint(np.cumsum([self.dilution, self.pinned_ls, self.pinned_hs]) * N).astype(int)
        order = rng.permutation(N)
        kind, n = np.zeros(N, dtype=np.int8), np.zeros(N, dtype=np.int8)
        kind[order[: ends[0]]] = EMPTY
        kind[order[ends[0] : ends[2]]] = PINNED
        n[order[ends[1] : ends[2]]] = 1
        if not np.any(kind != EMPTY):
            raise InputError(f"disorder dilution = {self.dilution:g}: leaves no molecule of {N}; choose less")
        enthalpy = np.where(kind == EMPTY, 0.0, self.enthalpy_spread * rng.standard_normal(N))
        return Sites(kind.reshape(shape), n.reshape(shape), enthalpy.reshape(shape))
