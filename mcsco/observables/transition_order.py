"""First order, continuous, or not to be decided: what crystals of several sizes say about a transition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mcsco.observables.resampling import summarize
from mcsco.observables.series import Estimate
from mcsco.observables.size_scaling import CORRECTIONS, Limit, Power, limit, power_law
from mcsco.observables.universality import matching

if TYPE_CHECKING:
    from mcsco.observables.finite_size import Exponents, FiniteSizeScaling

SIGNIFICANT = 3.0
"""Standard errors."""
LOW_BARRIER = 0.5
"""RT: a valley less deep is hardly one."""
HIGH_BARRIER = 1.0
"""RT: a barrier that the largest crystal of a first-order transition must reach, so that walls exist at all."""


class Verdict(NamedTuple):
    """The order of a transition, with the numbers that it rests on."""

    order: str
    """``"first order"``, ``"continuous"`` or ``"cannot be decided"``."""
    reasons: tuple[str, ...]
    """What speaks for it, or what is missing."""
    critical: Limit
    """Crossings of U4 for infinite size."""
    barriers: tuple[Estimate, ...]
    """ΔF/RT between the peaks, smallest crystal first."""
    barrier_growth: Power
    """Power of the size; first order: d − 1 with L, 1 with N."""
    gap: Limit
    """Distance of the peaks for infinite size: latent heat per molecule (kJ/mol), or jump of γ or η."""
    heat_capacity: Power
    """Maximum of C against size; first order: d with L, 1 with N."""
    susceptibility: Power
    """Maximum of χ against size; γ/ν, or d with L and 1 with N at first order."""
    exponents: Exponents
    classes: tuple[str, ...]
    """Universality classes that agree with all exponents."""

    def __str__(self) -> str:
        text = f"{self.order}: {'; '.join(self.reasons)}"
        return text + (f" ({', '.join(self.classes)})" if self.order == "continuous" and self.classes else "")


def verdict(scaling: FiniteSizeScaling) -> Verdict:
    """Order of the transition of several crystals.

    First order needs a barrier that grows with the size (three standard errors from the smallest to the largest
    crystal, which must reach 1 RT) and peaks whose distance stays finite in the limit of infinite size. Continuous
    needs a barrier that does not grow and is small in the largest crystal, and cumulants that cross at one place.
    Everything else cannot be decided: also a crystal that never passed the valley. A weak transition of first order
    looks continuous in crystals that are smaller than its correlation length; no size can exclude that.
    """
    sizes, found = scaling.sizes, scaling.bimodalities
    barriers = tuple(b.barrier for b in found)
    exponents = scaling.exponents()
    growth = power_law(sizes, [b.copies_barrier for b in found]) if found else _no_power()
    gap = limit(sizes, [b.copies_gap for b in found], CORRECTIONS[scaling.scale]) if found else _no_limit()
    first, against_first = _first_order(scaling, gap)
    smooth, against_smooth = _continuous(scaling)
    if first:
        order, reasons = "first order", first
    elif smooth and not against_smooth:
        order, reasons = "continuous", smooth
    else:
        order, reasons = "cannot be decided", [*against_first, *against_smooth]
    measured = exponents.measured() | {"binder": scaling.critical_binder.value}
    return Verdict(
        order,
        tuple(reasons),
        scaling.critical,
        barriers,
        growth,
        gap,
        scaling.power("heat capacity"),
        scaling.power("susceptibility"),
        exponents,
        tuple(c.name for c in matching(scaling.scale, measured)),
    )


def _first_order(scaling: FiniteSizeScaling, gap: Limit) -> tuple[list[str], list[str]]:
    """Reasons for first order, all of them or none, and what is missing."""
    missing = []
    if not scaling.bimodalities:
        return [], ["no distributions were given"]
    unvisited = [b.barrier.reason for b in scaling.bimodalities if math.isnan(b.barrier.error)]
    if unvisited:
        return [], [unvisited[0]]
    rise = summarize(scaling.bimodalities[-1].copies_barrier - scaling.bimodalities[0].copies_barrier)
    last = scaling.bimodalities[-1].barrier
    if rise.value <= SIGNIFICANT * rise.error:
        missing.append(f"the barrier does not grow with size, by {_plain(rise)} RT")
    if last.value < HIGH_BARRIER:
        missing.append(f"the barrier of the largest crystal, {_plain(last)} RT, is below {HIGH_BARRIER:g} RT")
    if not gap.value.value > SIGNIFICANT * gap.value.error:
        missing.append(f"the distance of the peaks may vanish for infinite size, {_plain(gap.value)}")
    if missing:
        return [], missing
    return [
        f"the barrier grows with size by {_plain(rise)} RT to {_plain(last)} RT",
        f"the peaks stay {_plain(gap.value)} apart for infinite size",
    ], []


def _continuous(scaling: FiniteSizeScaling) -> tuple[list[str], list[str]]:
    """Reasons for a continuous transition, and what speaks against it."""
    reasons, against = [], []
    if scaling.bimodalities:
        last = scaling.bimodalities[-1].barrier
        rise = summarize(scaling.bimodalities[-1].copies_barrier - scaling.bimodalities[0].copies_barrier)
        if math.isfinite(last.error) and last.value < LOW_BARRIER + SIGNIFICANT * last.error:
            reasons.append(f"no valley in the largest crystal, {_plain(last)} RT")
        else:
            against.append(f"a valley of {_plain(last)} RT in the largest crystal")
        if rise.value > SIGNIFICANT * rise.error:
            against.append(f"the barrier grows by {_plain(rise)} RT")
    found = scaling.crossings()
    lost = [c.at.reason for c in found if math.isnan(c.at.error)]
    if lost:
        return reasons, [*against, lost[0]]
    u = scaling.critical_binder.value
    if not math.isfinite(u.error):
        against.append(u.reason)
    elif 0 < u.value < 2 / 3:
        reasons.append(f"cumulants cross at {_plain(scaling.critical.value)} with U4 = {_plain(u)}")
    else:
        against.append(f"cumulants cross at U4 = {_plain(u)}, outside 0 … 2/3")
    return reasons, against


def _plain(x: Estimate) -> str:
    return str(x).split(" (")[0]


def _no_power() -> Power:
    return Power(Estimate(math.nan, math.nan, reason="no distributions were given"), math.nan, math.nan, ())


def _no_limit() -> Limit:
    return Limit(Estimate(math.nan, math.nan, reason="no distributions were given"), {}, np.full(1, math.nan))
