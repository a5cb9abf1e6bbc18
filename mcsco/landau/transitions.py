"""The transitions that a crystal meets on heating, on cooling and in equilibrium."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from mcsco.errors import InputError
from mcsco.landau.arrays import Array
from mcsco.landau.curve import Branch
from mcsco.landau.equilibrium import follow, maxwell_temperature
from mcsco.landau.stretches import find_stretches

if TYPE_CHECKING:
    from mcsco.landau.potential import Potential

Along = Literal["heating", "cooling", "equilibrium"]


class Transition(NamedTuple):
    """One transition, in the direction in which it was met."""

    temperature: float
    """K."""
    order: int
    """1 (q jumps) or 2 (only η sets in or vanishes, continuously)."""
    before: str
    """Phase: spin state LS (q < 0) or HS (q > 0), then hs (η = 0) or ls (η ≠ 0), e.g. "LShs"."""
    after: str
    q_before: float
    q_after: float
    eta_before: float
    eta_after: float
    entropy: float
    """S after − S before, Landau units per K; 0 at a second-order transition."""


class Leg(NamedTuple):
    """The part of a path that stays on one branch."""

    branch: Branch
    T_from: float
    T_to: float


def itinerary(p: Potential, along: Along) -> tuple[Leg, ...]:
    """The branches that a path visits, in that order; it runs from 0 K to infinity, or back on cooling.

    On heating and cooling a branch is followed to its end, where the crystal falls into the next one in the
    direction of q; in equilibrium it is left where the next one gets the lower G.
    """
    if along not in get_args(Along):
        raise InputError(f"along = {along!r}: must be one of {', '.join(get_args(Along))}")
    if along == "cooling":
        return _cool(p)
    branches = p.branches
    if along == "heating":
        here = next(i for i, branch in enumerate(branches) if branch.hot.T > 0)
    else:
        zero = np.asarray(0.0)
        here = int(np.nanargmin([float(p.free_energy(*follow(p, zero, branch), zero)) for branch in branches]))
    legs, T = [], 0.0
    while True:
        onward = range(here + 1, len(branches))
        if along == "heating":
            exits = [(branches[here].hot.T, i) for i in onward if branches[i].hot.T > branches[here].hot.T]
        else:
            exits = [(maxwell_temperature(p, branches[here], branches[i]), i) for i in onward]
        T_exit, following = min(((t, i) for t, i in exits if t > T), default=(np.inf, -1))
        legs.append(Leg(branches[here], T, T_exit))
        if following < 0:
            return tuple(legs)
        here, T = following, T_exit


def _cool(p: Potential) -> tuple[Leg, ...]:
    legs, T = [], np.inf
    for branch in reversed(p.branches):
        if branch.cold.T < T:
            legs.append(Leg(branch, T, max(branch.cold.T, 0.0)))
            T = legs[-1].T_to
        if T == 0:
            break
    return tuple(legs)


def state(p: Potential, T: Array, along: Along) -> tuple[Array, Array]:
    """(q, η) on a path, shape of `T`; at a jump, the state before it."""
    q, eta = np.full(T.shape, np.nan), np.full(T.shape, np.nan)
    for leg in itinerary(p, along):
        here = np.isnan(q) & (min(leg.T_from, leg.T_to) <= T) & (max(leg.T_from, leg.T_to) >= T)
        q_leg, eta_leg = follow(p, T, leg.branch)
        q, eta = np.where(here, q_leg, q), np.where(here, eta_leg, eta)
    return q, eta


def path(p: Potential, along: Along) -> tuple[Transition, ...]:
    """The transitions above 0 K along a path, in the order in which they are met."""
    legs = itinerary(p, along)
    met = _continuous(p, legs[0])
    for start, end in pairwise(legs):
        met += [_jump(p, start, end), *_continuous(p, end)]
    return tuple(met)


def phase_sequence(p: Potential, along: Along) -> str:
    """Classify the way from the LS to the HS phase; see `Potential.phase_sequence`."""
    if along == "cooling":
        raise InputError('along = \'cooling\': the sequence is that of rising T; use "heating" or "equilibrium"')
    met = path(p, along)
    jumps = any(t.order == 1 for t in met)
    onset = next((t for t in met if t.before.endswith("hs") and t.after.endswith("ls")), None)
    if onset is None:
        return "isosymmetric" if jumps else "crossover"
    if onset.order == 1:
        return "simultaneous"
    return "sequential" if jumps or onset.q_before > 0 else "crossover"


def _continuous(p: Potential, leg: Leg) -> list[Transition]:
    met = []
    for below, above in pairwise(find_stretches(p, leg.branch)):
        q, T = below.hot
        if not min(leg.T_from, leg.T_to) < T < max(leg.T_from, leg.T_to):
            continue
        sides = [_phase(q, below.is_ordered, rising=True), _phase(q, above.is_ordered, rising=False)]
        before, after = sides if leg.T_from < leg.T_to else sides[::-1]
        met.append(Transition(T, 2, before, after, q, q, 0.0, 0.0, 0.0))
    return met if leg.T_from < leg.T_to else met[::-1]


def _jump(p: Potential, start: Leg, end: Leg) -> Transition:
    T = start.T_to
    (q0, eta0), (q1, eta1) = (map(float, follow(p, np.asarray(T), leg.branch)) for leg in (start, end))
    entropy = float(p.entropy(q1, eta1)) - float(p.entropy(q0, eta0))
    before, after = (_phase_at(p, leg.branch, q, T) for leg, q in ((start, q0), (end, q1)))
    return Transition(T, 1, before, after, q0, q1, eta0, eta1, entropy)


def _phase_at(p: Potential, branch: Branch, q: float, T: float) -> str:
    """Phase of a branch at T; at its end, where q or η may be zero, that of the inside."""
    parts = find_stretches(p, branch)
    part = parts[-1] if branch.hot.T == T else next(s for s in parts if s.cold.T <= T <= s.hot.T)
    return _phase(q, part.is_ordered, rising=branch.hot.T == T)


def _phase(q: float, is_ordered: bool, *, rising: bool) -> str:
    """Name of a phase; `rising` tells from which side q = 0 is reached."""
    return ("LS" if q < 0 or (q == 0 and rising) else "HS") + ("ls" if is_ordered else "hs")
