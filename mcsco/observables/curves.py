"""Order parameter, fluctuations and cumulants of one crystal along a path of conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError
from mcsco.observables.resampling import summarize
from mcsco.observables.series import Estimate
from mcsco.units import R

Floats = npt.NDArray[np.float64]

MOMENTS = (
    "energy", "energy2", "q", "q_abs", "q2", "q4", "eta", "eta_abs", "eta2", "eta4",
)  # fmt: skip
"""⟨H/N⟩ in kJ/mol with P ΔV and field, its square, and moments of q and η."""

MIN_EFFECTIVE = 50

QUANTITIES = (
    "order", "binder", "susceptibility", "total susceptibility", "heat capacity",
    "binder slope", "logarithmic slope",
)  # fmt: skip
"""Names of what `Curves.quantity` gives."""


class Extremum(NamedTuple):
    """A maximum along the path."""

    at: Estimate
    """Temperature in K, pressure in GPa or field in kJ/mol."""
    height: Estimate
    copies_at: Floats
    copies_height: Floats


@dataclass(frozen=True)
class Curves:
    """Averages along a path of conditions, with bootstrap copies (first axis; the first entry is the data)."""

    n_sites: int
    n_dimensions: int
    temperature: Floats
    """K, shape (point,)."""
    pressure: Floats
    """GPa, shape (point,)."""
    field: Floats
    """kJ/mol, shape (point,)."""
    moments: dict[str, Floats]
    """Of `MOMENTS`, shape (1 + copies, point) each."""
    n_effective: Floats
    """Independent samples behind each point, shape (point,)."""
    reason: str = ""
    """Why errors should not be trusted, or empty."""

    @property
    def control(self) -> str:
        """What changes along the path: ``"temperature"``, ``"pressure"`` or ``"field"``."""
        changing = [name for name in ("temperature", "pressure", "field") if np.ptp(getattr(self, name)) > 0]
        if len(changing) != 1:
            raise InputError(f"path along which {changing or 'nothing'} changes: exactly one condition must change")
        return changing[0]

    @property
    def x(self) -> Floats:
        """The condition that changes, shape (point,)."""
        values: Floats = getattr(self, self.control)
        return values

    @property
    def extent(self) -> float:
        """Linear size N^(1/d)."""
        return float(self.n_sites ** (1 / self.n_dimensions))

    def quantity(self, name: str, order: str = "eta") -> Floats:
        """One of `QUANTITIES` with its copies, shape (1 + copies, point); NaN where samples do not suffice.

        With m the order parameter, q or η, and s the condition that changes:

        * ``order`` ⟨|m|⟩, ``binder`` U4 = 1 − ⟨m⁴⟩/3⟨m²⟩²;
        * ``susceptibility`` N(⟨m²⟩ − ⟨|m|⟩²)/T, with a maximum near the transition, and ``total susceptibility``
          N⟨m²⟩/T, which is that of the disordered phase; 1/K;
        * ``heat capacity`` N var(H/N)/RT², J/(mol K);
        * ``binder slope`` |dU4/ds| and ``logarithmic slope`` |d ln⟨m²⟩/ds| (DOI 10.1103/PhysRevB.44.5081).
        """
        if order not in ("q", "eta"):
            raise InputError(f"order = {order!r}: must be 'q' or 'eta'")
        m, N, T = self.moments, self.n_sites, self.temperature
        m2 = m[f"{order}2"]
        with np.errstate(divide="ignore", invalid="ignore"):
            if name == "order":
                y = m[f"{order}_abs"]
            elif name == "binder":
                y = 1 - m[f"{order}4"] / (3 * m2**2)
            elif name == "susceptibility":
                y = N * (m2 - m[f"{order}_abs"] ** 2) / T
            elif name == "total susceptibility":
                y = N * m2 / T
            elif name == "heat capacity":
                y = N * 1e6 * (m["energy2"] - m["energy"] ** 2) / (R * T**2)
            elif name == "binder slope":
                y = np.abs(derivative(self.x, self.quantity("binder", order)))
            elif name == "logarithmic slope":
                y = np.abs(derivative(self.x, np.log(m2)))
            else:
                raise InputError(f"quantity = {name!r}: must be one of {', '.join(QUANTITIES)}")
        return np.where(self.n_effective >= MIN_EFFECTIVE, y, np.nan)

    def maximum(self, name: str, order: str = "eta") -> Extremum:
        """Place and height of the maximum of a quantity; NaN if it lies at an end of the path."""
        at, height = maxima(self.x, self.quantity(name, order))
        reason = f"{name}: no maximum inside the path {self.x[0]:g} to {self.x[-1]:g}; widen it"
        return Extremum(summarize(at, reason), summarize(height, reason), at, height)

    def at(self, name: str, x: npt.ArrayLike, order: str = "eta") -> Floats:
        """A quantity at one place on the path, or at one for each copy; shape (1 + copies,)."""
        y = self.quantity(name, order)
        where = np.broadcast_to(np.asarray(x, dtype=np.float64), (len(y),))
        return np.array([_interpolate(self.x, row, value) for row, value in zip(y, where, strict=True)])


def derivative(x: Floats, y: Floats) -> Floats:
    """dy/dx along the last axis, by cubic splines through the points where every row is known; elsewhere NaN."""
    from scipy.interpolate import CubicSpline

    out = np.full(y.shape, np.nan)
    known = np.isfinite(y).all(axis=0)
    if known.sum() >= 4:
        out[:, known] = CubicSpline(x[known], y[:, known], axis=-1)(x[known], 1)
    return out


def maxima(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Vertex of the parabola through the highest point of every row and its neighbours; NaN if it is at an end."""
    at, height = np.full(len(y), np.nan), np.full(len(y), np.nan)
    for c, row in enumerate(y):
        if not np.isfinite(row).any():
            continue
        k = int(np.nanargmax(row))
        if 0 < k < len(x) - 1 and np.isfinite(row[k - 1 : k + 2]).all():
            a, b, h = np.polyfit(x[k - 1 : k + 2] - x[k], row[k - 1 : k + 2], 2)
            at[c] = x[k] - b / (2 * a) if a < 0 else x[k]
            height[c] = h - b**2 / (4 * a) if a < 0 else h
    return at, height


def _interpolate(x: Floats, row: Floats, value: float) -> float:
    from scipy.interpolate import CubicSpline

    good = np.isfinite(row)
    if not math.isfinite(value) or good.sum() < 4 or not x[good][0] <= value <= x[good][-1]:
        return math.nan
    return float(CubicSpline(x[good], row[good])(value))
