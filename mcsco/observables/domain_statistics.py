"""Domains of both order parameters: LS and HS, and the two variants of the distorted HS crystal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from mcsco.observables.chords import Chords, chords
from mcsco.observables.configuration import as_configuration
from mcsco.observables.labels import Ints, label_domains
from mcsco.observables.walls import Orientation, Walls, walls


@dataclass(frozen=True)
class DomainSet:
    """The domains of one phase: clusters of sites that are nearest neighbours on the torus."""

    n_sites: int
    """Molecules of the whole crystal."""
    sizes: Ints
    """Sites of each domain, in descending order, shape (domain,)."""
    wraps: npt.NDArray[np.bool_]
    """Whether a domain holds a closed path that winds around the crystal along an axis, shape (domain, axis)."""
    chords: tuple[Chords, ...]
    """Chord lengths along each axis."""

    @property
    def number(self) -> int:
        """Number of domains."""
        return self.sizes.size

    @property
    def fraction(self) -> float:
        """Part of the molecules that is in this phase."""
        return float(self.sizes.sum() / self.n_sites)

    @property
    def largest(self) -> int:
        """Sites of the largest domain, 0 if there is none."""
        return int(self.sizes[0]) if self.sizes.size else 0

    @property
    def mean_size(self) -> float:
        """Σs²/Σs, the mean size of the domain of a molecule; NaN without a domain."""
        s = self.sizes.astype(np.float64)
        return float(s @ s / s.sum()) if s.size else float("nan")

    @property
    def percolates(self) -> npt.NDArray[np.bool_]:
        """Whether any domain winds around the crystal, shape (axis,)."""
        return np.asarray(self.wraps.any(axis=0))

    @property
    def mean_chord(self) -> npt.NDArray[np.float64]:
        """Mean chord length along each axis in sites, shape (axis,); NaN along an axis without chords."""
        return np.array([c.mean for c in self.chords])


@dataclass(frozen=True)
class FieldDomains:
    """The two kinds of domains of one order parameter and the walls between them."""

    positive: DomainSet
    """HS domains, or those with u > 0."""
    negative: DomainSet
    """LS domains, or those with u < 0."""
    walls: Walls

    @property
    def sizes(self) -> Ints:
        """Sites of the domains of both kinds, in descending order."""
        return np.sort(np.concatenate([self.positive.sizes, self.negative.sizes]))[::-1]

    @property
    def number(self) -> int:
        """Number of domains of both kinds."""
        return self.positive.number + self.negative.number

    @property
    def largest(self) -> int:
        """Sites of the largest domain of either kind."""
        return max(self.positive.largest, self.negative.largest)

    @property
    def mean_size(self) -> float:
        """Σs²/Σs over the domains of both kinds; NaN without a domain."""
        s = self.sizes.astype(np.float64)
        return float(s @ s / s.sum()) if s.size else float("nan")

    @property
    def wall_density(self) -> float:
        """Bonds between the two kinds, per molecule of the crystal."""
        return self.walls.density

    @property
    def orientation(self) -> Orientation:
        """Directions of the walls of a 2-D lattice, in bins of 10 degrees."""
        return self.walls.orientation()


@dataclass(frozen=True)
class Domains:
    """Domains of one state, for each order parameter separately."""

    q: FieldDomains
    """HS (positive) and LS (negative) domains; walls are bonds between a HS and a LS molecule."""
    eta: FieldDomains
    """Variants u > 0 and u < 0 of HS molecules; walls are bonds between the two. LS molecules, and HS ones with u = 0,
    are background: they separate domains and border on no wall."""

    @property
    def HS(self) -> DomainSet:
        """HS domains."""
        return self.q.positive

    @property
    def LS(self) -> DomainSet:
        """LS domains."""
        return self.q.negative

    @property
    def plus(self) -> DomainSet:
        """Domains of the variant u > 0."""
        return self.eta.positive

    @property
    def minus(self) -> DomainSet:
        """Domains of the variant u < 0."""
        return self.eta.negative


@overload
def domains(state: Any, replicas: Literal[False] = False, smoothing: float = ...) -> Domains: ...


@overload
def domains(state: Any, replicas: Literal[True], smoothing: float = ...) -> tuple[Domains, ...]: ...


def domains(state: Any, replicas: bool = False, smoothing: float = 2.0) -> Domains | tuple[Domains, ...]:
    """Sizes, percolation, walls and chords of the domains of both order parameters.

    Parameters
    ----------
    state : State
        Anything with `spin` (σ = ±1) and `distortion` (u) on a periodic lattice, shape (L_y, L_x) or (L_z, L_y, L_x).
    replicas : bool
        Whether an axis of replicas comes first.
    smoothing : float
        Standard deviation of the Gaussian under which the direction and length of walls are measured, in lattice
        units. Sizes, bonds and chords do not depend on it.

    Returns
    -------
    Domains, or tuple of Domains
        With `replicas`, one for each.

    Raises
    ------
    InputError
        If the state is not one of a periodic lattice, or the smoothing is not positive.

    Examples
    --------
    >>> import mcsco
    >>> simulation = mcsco.Simulation(mcsco.presets.load("pmpea-nn"), temperature=150.0, start="HS+", seed=1)
    >>> found = mcsco.observables.domains(simulation.state)
    >>> found.plus.number, found.plus.percolates.tolist(), found.eta.wall_density
    (1, [True, True, True], 0.0)
    """
    hs, u = as_configuration(state, replicas)
    found = tuple(_domains(h, x, smoothing) for h, x in zip(hs, u, strict=True))
    return found if replicas else found[0]


def _domains(hs: npt.NDArray[np.bool_], u: npt.NDArray[Any], smoothing: float) -> Domains:
    plus, minus = hs & (u > 0), hs & (u < 0)
    return Domains(_field(hs, ~hs, smoothing), _field(plus, minus, smoothing))


def _field(positive: npt.NDArray[np.bool_], negative: npt.NDArray[np.bool_], smoothing: float) -> FieldDomains:
    code = positive.astype(np.int8) + 2 * negative.astype(np.int8)
    _, *found = chords(code, 3)
    return FieldDomains(
        _domain_set(positive, found[0]), _domain_set(negative, found[1]), walls(positive, negative, smoothing)
    )


def _domain_set(phase: npt.NDArray[np.bool_], found: tuple[Chords, ...]) -> DomainSet:
    labels = label_domains(phase)
    return DomainSet(phase.size, labels.size, labels.wraps, found)
