"""Where a line of transitions changes its order.

At fixed temperature the transition is passed by a second condition, for a spin-crossover crystal the pressure (with
ΔV, a change of pressure is a change of ΔH). Along the line two quantities tell the order:

* the barrier ΔF/RT between the two peaks of the distribution of the conjugate density (`barrier_line`). It grows with
  the size where the transition is of first order, falls to zero where it is continuous, and tends to a constant at the
  tricritical point as long as the dimension is below 3: the lines of two sizes cross there. Above three dimensions,
  and with couplings of infinite range, the constant is zero and there is no crossing;
* the value of U4 where two sizes have the same (`cumulant_line`). It tends to the number of the critical class above
  the tricritical temperature, to 1/2 below, where three phases have equal weights, and to a number of its own at the
  tricritical point: 1/3 with couplings of infinite range, exactly. Where it is known, it marks the place.

Both converge with corrections of the irrelevant scaling fields, so that an extrapolation follows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.bimodality import bimodality
from mcsco.observables.combined_holds import Reweighting
from mcsco.observables.resampling import summarize
from mcsco.observables.series import Estimate
from mcsco.observables.size_scaling import CORRECTIONS, Limit, crossing, limit, separating

Floats = npt.NDArray[np.float64]


class Line(NamedTuple):
    """A transition line as one crystal, or a pair of sizes, sees it."""

    size: float
    temperature: Floats
    """K, shape (point,)."""
    at: Floats
    """Pressure or field of the transition, GPa or kJ/mol, shape (1 + copies, point)."""
    height: Floats
    """Barrier/RT, or U4 at the crossing, shape (1 + copies, point)."""


class Mark(NamedTuple):
    """The tricritical point as lines of certain sizes place it."""

    sizes: tuple[float, ...]
    temperature: Estimate
    """K."""
    at: Estimate
    """GPa or kJ/mol."""
    height: Estimate
    copies: Floats
    """Temperature and place, shape (2, 1 + copies)."""


class Tricritical(NamedTuple):
    """The tricritical point."""

    marks: tuple[Mark, ...]
    temperature: Limit
    """K, for infinite size; the value of the largest sizes, without an error, if there are fewer than three marks."""
    at: Limit
    """GPa or kJ/mol."""


def barrier_line(
    crystal: Reweighting, temperature: Sequence[float], path: npt.ArrayLike, size: float, control: str = "pressure"
) -> Line:
    """Barrier where fluctuations are largest along `path`, at each temperature.

    Parameters
    ----------
    crystal : Reweighting
    temperature : sequence of float
        K.
    path : array_like, shape (point,)
        Pressures or fields.
    size : float
        ℓ that belongs to the crystal.
    control : str
        ``"pressure"`` or ``"field"``.
    """
    found = [bimodality(crystal, path, control, temperature=T) for T in temperature]
    heights = np.stack([b.copies_barrier for b in found], axis=1)
    places = np.array([b.at for b in found])
    return Line(size, np.asarray(temperature, dtype=np.float64), np.tile(places, (len(heights), 1)), heights)


def cumulant_line(
    small: Reweighting,
    large: Reweighting,
    temperature: Sequence[float],
    path: npt.ArrayLike,
    size: float,
    order: str = "eta",
    control: str = "pressure",
) -> Line:
    """Crossing of U4 of two crystals along `path` at each temperature; arguments as for `barrier_line`."""
    x = np.asarray(path, dtype=np.float64)
    found = []
    for T in temperature:
        pair = [r.along(T, pressure=x) if control == "pressure" else r.along(T, field=x) for r in (small, large)]
        found.append(crossing(pair[0], pair[1], (size, 2 * size), "binder", order))
    places = np.stack([c.copies_at for c in found], axis=1)
    heights = np.stack([c.copies_height for c in found], axis=1)
    return Line(size, np.asarray(temperature, dtype=np.float64), places, heights)


def tricritical(lines: Sequence[Line], height: float | None = None, scale: str = "extent") -> Tricritical:
    """The place where lines of neighbouring sizes cross, or where each has a known height.

    Parameters
    ----------
    lines : sequence of Line
        Smallest size first, with the same temperatures.
    height : float, optional
        Known value at the tricritical point.
    scale : str
        What the size is, see `FiniteSizeScaling`; it sets the powers of the extrapolation.

    Raises
    ------
    InputError
        If there are too few lines or temperatures.
    """
    if len(lines) < (2 if height is None else 1):
        raise InputError(f"{len(lines)} lines: a crossing needs two, a known height one")
    if min(line.temperature.size for line in lines) < 4:
        raise InputError("a transition line needs 4 temperatures at least")
    if height is None:
        marks = [_mark(a, b.height, b) for a, b in pairwise(lines)]
    else:
        marks = [_mark(line, np.full_like(line.height, height), line) for line in lines]
    powers = CORRECTIONS[scale]
    sizes = [mark.sizes[0] for mark in marks]
    return Tricritical(
        tuple(marks),
        limit(sizes, [mark.copies[0] for mark in marks], powers),
        limit(sizes, [mark.copies[1] for mark in marks], powers),
    )


def _mark(line: Line, height: Floats, place: Line) -> Mark:
    from scipy.interpolate import PchipInterpolator

    T = line.temperature
    copies = np.full((3, len(line.height)), np.nan)
    for c, (y, y_) in enumerate(zip(line.height, height, strict=True)):
        good = np.isfinite(y) & np.isfinite(y_) & np.isfinite(place.at[c])
        if good.sum() < 4:
            continue
        # Monotone pieces: a cubic spline would swing where the barrier has become zero.
        difference = PchipInterpolator(T[good], (y_ - y)[good])
        roots = difference.roots(extrapolate=False)
        roots = roots[np.isfinite(roots)]
        if roots.size:
            root = separating(difference, roots)
            copies[:, c] = root, _value(T[good], place.at[c][good], root), _value(T[good], y[good], root)
    sizes = (line.size,) if place is line else (line.size, place.size)
    reason = f"lines of sizes {', '.join(f'{s:g}' for s in sizes)} do not meet between {T[0]:g} and {T[-1]:g} K"
    temperature, at, common = (summarize(row, reason) for row in copies)
    return Mark(sizes, temperature, at, common, copies[:2])


def _value(x: Floats, y: Floats, at: float) -> float:
    from scipy.interpolate import PchipInterpolator

    return float(PchipInterpolator(x, y)(at)) if math.isfinite(at) else math.nan
