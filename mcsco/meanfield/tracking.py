"""Following a minimum of the free energy of two sublattices while temperature or pressure change.

A step is accepted if no order parameter changes by more than `CLOSE`, else it is halved; where the smallest step still
moves the crystal further, the minimum has ceased to exist and the crystal falls into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mcsco.meanfield.descent import Landscape, settle
from mcsco.meanfield.potential import Array

CLOSE = 0.03
SMALLEST = 1e-6
"""Step, relative to the temperature, at which a minimum counts as lost."""
BROKEN = 1e-6
"""Difference of γ_a and γ_b, or distortion, from which on a symmetry counts as broken."""

Control = Callable[[float], Landscape]
"""The free energy at a value of what is changed."""


class SublatticeEvent(NamedTuple):
    """What happens to a crystal of two sublattices on its way."""

    kind: str
    """``"jump"``: its minimum ends; ``"order"``: γ_a and γ_b part or meet, or η appears or vanishes, continuously."""
    temperature: float
    """K."""
    before: tuple[float, float]
    """(γ_a, γ_b) at it, or just before it."""
    after: tuple[float, float]
    """(γ_a, γ_b) at it, or after a jump."""

    def scaled(self, factor: Array) -> SublatticeEvent:
        """The event with its order parameters times `factor` of each sublattice."""
        before, after = ((float(s[0] * factor[0]), float(s[1] * factor[1])) for s in (self.before, self.after))
        return self._replace(before=before, after=after)


class SublatticeTransitions(NamedTuple):
    """Both directions, and the steps of the equilibrium curve."""

    heating: tuple[SublatticeEvent, ...]
    """On the way up from LS."""
    cooling: tuple[SublatticeEvent, ...]
    """On the way down from HS."""
    half_conversion: tuple[float, float]
    """Temperatures in K at which γ_a and γ_b of the equilibrium state pass ½; nan for one that does not."""
    plateau: float
    """Distance of the two in K."""


class _Step(NamedTuple):
    left: float
    right: float
    before: Array
    """Fields, shape (1, D)."""
    after: Array
    lost: bool


def follow(
    at: Control, start: Array, values: Sequence[float], smallest: float | None = None
) -> list[tuple[Landscape, Array]]:
    """The landscape and the fields of the minimum, shape (D,), at every one of `values`, the first given by `start`."""
    t, found = start, [(at(values[0]), start[0])]
    for left, right in pairwise(values):
        for step in _steps(at, t, left, right, right - left, smallest):
            t = step.after
        found.append((at(right), t[0]))
    return found


def events(at: Control, start: Array, first: float, last: float, is_symmetric: bool) -> list[SublatticeEvent]:
    """Jumps and breaks of symmetry between two temperatures; order parameters per site of each sublattice."""
    found = []
    for step in _steps(at, start, first, last, (last - first) / 64):
        before, after = _order(at(step.left), step.before), _order(at(step.right), step.after)
        broken = [_broken(x, is_symmetric) for x in (before, after)]
        if step.lost:
            T, before = _fold(at, step)
            found.append(_event("jump", T, before, after))
        elif broken[0] != broken[1]:
            whole = step.before if sum(broken[0]) < sum(broken[1]) else step.after
            T, critical = _pitchfork(at, step, _symmetric(whole, broken))
            found.append(_event("order", T, critical, critical))
    return found


def bisect(low: float, high: float, is_low: Callable[[float], bool]) -> float:
    """Where `is_low` ceases to hold between `low` and `high`, to rounding."""
    for _ in range(60):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return (low + high) / 2


def _steps(
    at: Control, t: Array, first: float, last: float, width: float, smallest: float | None = None
) -> Iterator[_Step]:
    here, x = first, _order(at(first), t)
    while here != last:
        limit = smallest if smallest is not None else SMALLEST * abs(here)
        there = last if abs(last - here) <= abs(width) * 1.001 else here + width
        landscape = at(there)
        is_small = abs(there - here) <= limit
        new = settle(landscape, landscape.fields_of(x[None]), near=None if is_small else 2 * CLOSE)
        x_new = _order(landscape, new)
        change = np.abs(x_new - x).max()
        is_lost = change > CLOSE
        if is_lost and not is_small:
            width = (there - here) / 2
            continue
        yield _Step(here, there, t, new, is_lost)
        t, here, x = new, there, x_new
        if is_lost:
            width = (last - first) / 1000
        elif change < CLOSE / 3:
            width *= 2


def _order(landscape: Landscape, t: Array) -> Array:
    return np.asarray(landscape.at(t)[2].x[0])


def _broken(x: Array, is_symmetric: bool) -> list[bool]:
    """Whether γ_a and γ_b of equal sublattices differ, and whether the crystal is distorted."""
    return [is_symmetric and abs(x[0] - x[1]) > BROKEN, bool(np.abs(x[2:]).max(initial=0.0) > BROKEN)]


def _event(kind: str, T: float, before: Array, after: Array) -> SublatticeEvent:
    return SublatticeEvent(kind, T, (float(before[0]), float(before[1])), (float(after[0]), float(after[1])))


def _softest(at: Control, T: float, t: Array) -> tuple[Array, float]:
    """R, and the smallest eigenvalue of M, in fields of shape (1, D)."""
    landscape = at(T)
    _, r, pairs = landscape.at(t)
    return r[0], float(landscape.stability(pairs)[1][0, 0])


def _fold(at: Control, step: _Step) -> tuple[float, Array]:
    """Temperature and order parameters of the stationary point near the left of a step at which M becomes singular."""
    from scipy.optimize import root

    scale = np.maximum(1.0, np.abs(step.before[0]))

    def place(y: Array) -> tuple[float, Array]:
        return step.left * float(np.exp(np.clip(y[-1], -0.5, 0.5))), step.before + y[:-1] * scale

    def equations(y: Array) -> Array:
        return np.append(*_softest(at, *place(y)))

    solution = root(equations, np.zeros(scale.size + 1), method="hybr", options={"xtol": 1e-12})
    T, t = place(solution.x)
    if np.abs(solution.fun).max() < 1e-7 and abs(T / step.left - 1) < 1e-4:
        return T, _order(at(T), t)
    return step.left, _order(at(step.left), step.before)


def _symmetric(t: Array, broken: list[list[bool]]) -> Array:
    """Fields `t` less what rounding has left of the symmetries that the step breaks."""
    new = t.copy()
    if broken[0][0] != broken[1][0]:
        for pair in range(0, t.shape[1], 2):
            new[:, pair : pair + 2] = t[:, pair : pair + 2].mean()
    if broken[0][1] != broken[1][1]:
        new[:, 2:] = 0.0
    return new


def _pitchfork(at: Control, step: _Step, t: Array) -> tuple[float, Array]:
    """Where the state of unbroken symmetry near the fields `t` loses its stability, and its order parameters there."""
    from scipy.optimize import brentq

    def softness(T: float) -> float:
        return _softest(at, T, settle(at(T), t, leave=False))[1]

    low, high = step.left, step.right
    crosses = (softness(low) > 0) != (softness(high) > 0)
    T = float(brentq(softness, low, high, xtol=1e-10)) if crosses else (low + high) / 2
    return T, _order(at(T), settle(at(T), t, leave=False))
