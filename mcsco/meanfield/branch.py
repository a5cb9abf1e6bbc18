"""Following one minimum of the free energy as the temperature changes, up to where it ceases to be one.

The parameter is β = 1/T, in which ℓ = ln γ/(1−γ) becomes a straight line at low and at high temperature. A step is
accepted only if predictor, corrector and both tangents agree, so that it never jumps to another minimum; towards the
end of a branch the steps shrink, and the end itself is then polished as the solution of two equations.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mcsco.errors import StateError
from mcsco.meanfield.potential import Array
from mcsco.meanfield.site import Local, Site, fraction
from mcsco.meanfield.stationary import aligned_roots

TOLERANCE = 2e-3
"""Largest disagreement in ℓ between predictor and corrector."""
SMALLEST_STEP = 1e-11
"""Relative step in β at which a branch counts as ended."""
SETTLED = 1e-8
"""Change in ℓ below which Newton's method has converged as soon as it stops to improve."""
LOWEST = 1e-4
"""The low-temperature end of every branch, in units of the hottest one."""


class Point(NamedTuple):
    """A minimum on the aligned sheet."""

    beta: float
    ell: float
    y: float

    @property
    def temperature(self) -> float:
        """T in K."""
        return 1.0 / self.beta


class Branch(NamedTuple):
    """A minimum followed from where it starts."""

    points: tuple[Point, ...]
    """In the order in which they were found."""
    end: Point | None
    """Where it loses stability; None if it goes on to the other end of the temperature scale."""

    def contains(self, beta: float) -> bool:
        """Whether the minimum exists at `beta`; its end belongs to it."""
        if self.end is None:
            return True
        if abs(beta / self.end.beta - 1) < 1e-15:  # 1/(1/T) need not be T
            return True
        return (beta - self.end.beta) * (self.points[0].beta - self.end.beta) >= 0

    def at(self, site: Site, beta: float) -> Point | None:
        """The minimum at `beta`, or None where it does not exist."""
        if not self.contains(beta):
            return None
        start = self.points[0]
        if start.beta == beta:
            return start
        before = [x for x in self.points if (x.beta - beta) * (start.beta - beta) > 0]
        nearest = min(before, key=lambda x: abs(x.beta - beta))
        found = _follow(site, nearest, beta, beta - nearest.beta)[-1]
        if found.beta == beta:
            return found
        if self.end is not None and abs(self.end.beta - beta) < 1e-8 * beta:
            return self.end  # closer to it than the smallest step
        raise StateError(
            f"mean-field branch at T = {1 / beta!r} K: lost at {found.temperature!r} K; please report this model"
        )


def trace_low_spin(site: Site) -> Branch:
    """The minimum of lowest γ at low temperature, followed on heating."""
    coldest, hottest = _range(site)
    return _trace(site, coldest, hottest)


def trace_high_spin(site: Site) -> Branch:
    """The only minimum at high temperature, followed on cooling."""
    coldest, hottest = _range(site)
    return _trace(site, hottest, coldest)


def pitchforks(site: Site, branch: Branch) -> list[float]:
    """Temperatures in K where η appears or vanishes continuously along `branch`."""
    if site.p.field != 0:
        return []
    found = []
    for left, right in pairwise(branch.points):
        if (left.y == 0) != (right.y == 0):
            middle = Point((left.beta + right.beta) / 2, (left.ell + right.ell) / 2, 0.0)
            solution = _polish(_pitchfork(site), middle)
            if solution is not None:
                found.append(solution.temperature)
    return sorted(found)


def half_conversion(site: Site, branch: Branch) -> float | None:
    """The β of γ = 1/2 on `branch` in 1/K, the hottest one if there are several, or None."""
    from scipy.optimize import brentq

    def r(beta: float) -> float:
        return float(_at(site, 0.0, beta)[1].r)

    points = sorted(branch.points)
    pairs = [(left.beta, right.beta) for left, right in pairwise(points) if left.ell * right.ell <= 0]
    if branch.end is None or branch.end.beta > points[0].beta:  # the branch goes on to infinite temperature
        pairs.insert(0, (1e-12 * points[0].beta, points[0].beta))
    for low, high in pairs:
        if (r(low) > 0) != (r(high) > 0):
            return float(brentq(r, low, high, xtol=1e-300, rtol=1e-14))
    return None


def _range(site: Site) -> tuple[float, float]:
    hottest = site.hottest()
    return LOWEST * hottest, hottest


def _trace(site: Site, start: float, goal: float) -> Branch:
    first = next(root for root in aligned_roots(site, start) if root.minima == 2)
    points = _follow(site, Point(1 / start, first.ell, first.y), 1 / goal, (1 / goal - 1 / start) / 64)
    if points[-1].beta == 1 / goal:
        return Branch(tuple(points), None)
    return Branch(tuple(points), _end(site, points[-1]))


def _follow(site: Site, start: Point, goal: float, step: float) -> list[Point]:
    """Points from `start` to β = `goal`, or to where the minimum disappears; `step` is the first one to try."""
    points = [start]
    tangent = _tangent(site, start)
    while points[-1].beta != goal and abs(step) > SMALLEST_STEP * points[-1].beta:
        here = points[-1]
        beta = goal if abs(goal - here.beta) <= abs(step) * 1.001 else here.beta + step
        width = beta - here.beta
        there = _settle(site, here.ell + tangent * width, beta)
        error = np.inf
        if there is not None:
            next_tangent = _tangent(site, there)
            change = there.ell - here.ell
            error = max(abs(change - tangent * width), abs(change - (tangent + next_tangent) / 2 * width))
        if there is None or not error <= TOLERANCE:
            step = width / 2
            continue
        points.append(there)
        tangent = next_tangent
        step = width * (2.0 if error < TOLERANCE / 4 else 1.0)
    return points


def _at(site: Site, ell: float, beta: float) -> tuple[float, Local]:
    y, here = site.aligned_sheet(np.asarray(ell), beta)
    return float(y), here


def _tangent(site: Site, point: Point) -> float:
    here = site.local(np.asarray(point.ell), point.beta, np.asarray(point.y))
    return float(-here.r_beta / here.r_ell)


def _settle(site: Site, ell: float, beta: float) -> Point | None:
    """The minimum at `beta` near `ell` by Newton's method, or None if it does not lead to one."""
    guess, previous = ell, np.inf
    for _ in range(15):
        y, here = _at(site, ell, beta)
        if not here.r_ell > 0:
            return None
        change = float(here.r / here.r_ell)
        if abs(change) <= SETTLED and abs(change) >= previous / 2:  # only rounding is left
            return Point(beta, ell, y)
        ell, previous = ell - change, abs(change)
        if not abs(ell - guess) <= 2 * TOLERANCE:
            return None
    return None


Equations = Callable[[float, float], tuple[float, float]]


def _end(site: Site, last: Point) -> Point:
    """The fold or the pitchfork at which the branch ends just beyond `last`."""
    candidates = [_polish(_fold(site, undistorted=last.y == 0), last)]
    if site.p.field == 0 and site.p.distorts:
        candidates.append(_polish(_pitchfork(site), last))
    close = [x for x in candidates if x is not None and abs(x.beta / last.beta - 1) < 1e-7]
    if not close:
        return last
    end = min(close, key=lambda x: abs(x.beta - last.beta))
    return end._replace(y=_at(site, end.ell, end.beta)[0] if last.y != 0 else 0.0)


def _fold(site: Site, undistorted: bool) -> Equations:
    """The equations r = 0 and dr/dℓ = 0: minimum and saddle merge in γ."""

    def equations(ell: float, beta: float) -> tuple[float, float]:
        here = site.local(np.asarray(ell), beta, np.asarray(0.0)) if undistorted else _at(site, ell, beta)[1]
        return float(here.r), float(here.r_ell)

    return equations


def _pitchfork(site: Site) -> Equations:
    """The equations r = 0 at η = 0 and (K + 2Lγ)⟨u²⟩ = T: the state without distortion becomes unstable against it."""

    def equations(ell: float, beta: float) -> tuple[float, float]:
        r = site.local(np.asarray(ell), beta, np.asarray(0.0)).r
        return float(r), float(site.softness(fraction(np.asarray(ell)), beta))

    return equations


def _polish(equations: Equations, start: Point) -> Point | None:
    """Solve two equations in (ℓ, β) from `start`, or None if that does not succeed."""
    from scipy.optimize import root

    def scaled(x: Array) -> tuple[float, float]:
        return equations(float(x[0]), start.beta * float(np.exp(np.clip(x[1], -1.0, 1.0))))  # β stays positive

    solution = root(scaled, (start.ell, 0.0), method="hybr", options={"xtol": 1e-15})
    if not np.all(np.abs(solution.fun) < 1e-9) or abs(solution.x[1]) >= 1:
        return None
    return Point(start.beta * float(np.exp(solution.x[1])), float(solution.x[0]), start.y)
