"""Crystals of several sizes together: transition temperature, exponents, collapse, order of the transition."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_integer
from mcsco.observables.bimodality import Bimodality, bimodality
from mcsco.observables.collapse import Collapse, collapse
from mcsco.observables.combined_holds import RESAMPLES, Reweighting
from mcsco.observables.curves import Curves, Extremum
from mcsco.observables.series import Estimate
from mcsco.observables.size_scaling import CORRECTIONS, Crossing, Limit, Power, crossing, limit, power_law

if TYPE_CHECKING:
    import xarray as xr

    from mcsco.observables.transition_order import Verdict

Floats = npt.NDArray[np.float64]

SCALES = ("extent", "molecules")


class Exponents(NamedTuple):
    """Powers of the size at the critical condition and at maxima."""

    inverse_nu: Power
    """1/ν from |dU4/ds| at s_c."""
    inverse_nu_logarithmic: Power
    """1/ν from |d ln⟨m²⟩/ds| at s_c."""
    beta_nu: Power
    """β/ν from ⟨|m|⟩ at s_c, with the sign of the power: −β/ν."""
    gamma_nu: Power
    """γ/ν from N⟨m²⟩/T at s_c."""
    gamma_nu_maximum: Power
    """γ/ν from the maxima of χ."""

    def measured(self) -> dict[str, Estimate]:
        """1/ν, β/ν and γ/ν with their errors."""
        beta = self.beta_nu.exponent.scaled(-1.0)
        return {"inverse_nu": self.inverse_nu.exponent, "beta_nu": beta, "gamma_nu": self.gamma_nu.exponent}


class FiniteSizeScaling:
    """Curves of crystals of several sizes on one path of conditions.

    Made by `finite_size`, or from curves that are known otherwise, for example exactly.

    Parameters
    ----------
    curves : sequence of Curves
        One for each size, on the same path.
    order : str
        ``"eta"`` or ``"q"``: the order parameter m. Its even powers and |m| enter, so that m must have its symmetry
        about zero; q has it only where LS and HS are equivalent.
    scale : str
        What the size is: ``"extent"``, L = N^(1/d), for couplings of short range, or ``"molecules"``, N, where
        couplings of infinite range leave no length and set the critical behaviour.
    bimodalities : sequence of Bimodality
        Of the same crystals, or empty.

    Raises
    ------
    InputError
        If there are fewer than two sizes, or two crystals of one size.
    """

    def __init__(
        self,
        curves: Sequence[Curves],
        order: str = "eta",
        scale: str = "extent",
        bimodalities: Sequence[Bimodality] = (),
    ) -> None:
        if scale not in SCALES:
            raise InputError(f"scale = {scale!r}: must be 'extent' or 'molecules'")
        if order not in ("eta", "q"):
            raise InputError(f"order = {order!r}: must be 'eta' or 'q'")
        by_size = sorted(range(len(curves)), key=lambda k: curves[k].n_sites)
        self.curves = tuple(curves[k] for k in by_size)
        self.bimodalities = tuple(bimodalities[k] for k in by_size) if bimodalities else ()
        self.order = order
        self.scale = scale
        self.sizes = tuple(c.extent if scale == "extent" else float(c.n_sites) for c in self.curves)
        if len(self.sizes) < 2 or len(set(self.sizes)) < len(self.sizes):
            raise InputError(f"sizes {self.sizes}: finite-size scaling needs two different ones at least")

    def crossings(self, name: str = "binder") -> tuple[Crossing, ...]:
        """Crossings of neighbouring sizes, see `crossing`."""
        return tuple(
            crossing(self.curves[k], self.curves[k + 1], (self.sizes[k], self.sizes[k + 1]), name, self.order)
            for k in range(len(self.sizes) - 1)
        )

    @cached_property
    def critical(self) -> Limit:
        """s_c: crossings of U4, extrapolated to infinite size."""
        found = self.crossings()
        return limit([c.sizes[0] for c in found], [c.copies_at for c in found], CORRECTIONS[self.scale])

    @cached_property
    def critical_binder(self) -> Limit:
        """U4 at the crossings, extrapolated to infinite size."""
        found = self.crossings()
        return limit([c.sizes[0] for c in found], [c.copies_height for c in found], CORRECTIONS[self.scale])

    def maxima(self, name: str = "susceptibility") -> tuple[Extremum, ...]:
        """Maxima of a quantity, smallest crystal first."""
        return tuple(c.maximum(name, self.order) for c in self.curves)

    def power(self, name: str, at: npt.ArrayLike | None = None) -> Power:
        """Power of the size of a quantity at its maximum, or at a condition (one number, or one for each copy)."""
        if at is None:
            return power_law(self.sizes, [m.copies_height for m in self.maxima(name)])
        return power_law(self.sizes, [c.at(name, at, self.order) for c in self.curves])

    def exponents(self, critical: float | None = None) -> Exponents:
        """Exponents at `critical`; by default at the extrapolated crossings, whose scatter enters the errors."""
        at = self.critical.copies if critical is None else np.array(critical)
        return Exponents(
            self.power("binder slope", at),
            self.power("logarithmic slope", at),
            self.power("order", at),
            self.power("total susceptibility", at),
            self.power("susceptibility"),
        )

    def collapse(
        self, name: str = "binder", start: tuple[float, float, float] | None = None, reach: float = 1.0
    ) -> Collapse:
        """The data collapse of a quantity; the first guess (s_c, ν, κ) comes from crossings and exponents."""
        if start is None:
            found = self.exponents()
            nu = 1 / found.inverse_nu.exponent.value
            kappa = {"binder": 0.0, "order": found.beta_nu.exponent.value}.get(name, found.gamma_nu.exponent.value)
            start = (self.critical.value.value, nu, kappa)
        if not all(math.isfinite(x) for x in start):
            raise InputError(f"first guess {start} of the collapse is not finite: give 'start' = (s_c, ν, κ)")
        return collapse(self.curves, self.sizes, start, name, self.order, reach=reach)

    def verdict(self) -> Verdict:
        """Order of the transition; see `transition_order.verdict`."""
        from mcsco.observables.transition_order import verdict

        return verdict(self)


def finite_size(
    datasets: Iterable[xr.Dataset | Reweighting],
    order: str = "eta",
    scale: str = "extent",
    path: npt.ArrayLike | None = None,
    points: int = 81,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> FiniteSizeScaling:
    """Combine holds of crystals of different sizes.

    Parameters
    ----------
    datasets : iterable of xarray.Dataset or Reweighting
        Holds at several temperatures, or at several pressures or fields, which `mcsco.simulate` returned; datasets of
        one size are combined.
    order, scale : str
        See `FiniteSizeScaling`.
    path : array_like, shape (point,), optional
        Values of the condition that changes; by default `points` of them over the range that all crystals share.
    points : int
    resamples, seed : int
        Of the bootstrap, see `Reweighting`.

    Raises
    ------
    InputError
        If not exactly one condition changes, or the crystals have no range in common.
    """
    check_integer("points", points, minimum=8)
    found = _by_size(datasets, resamples, seed)
    control, fixed, low, high = _path_of(found)
    x = np.linspace(low, high, points) if path is None else np.asarray(path, dtype=np.float64)
    at = {name: np.asarray(value) for name, value in fixed.items()} | {control: x}
    curves = [r.along(**at) for r in found]
    return FiniteSizeScaling(curves, order, scale, [bimodality(r, x, control, **fixed) for r in found])


def _by_size(datasets: Iterable[xr.Dataset | Reweighting], resamples: int, seed: int) -> list[Reweighting]:
    given = list(datasets)
    ready = [d for d in given if isinstance(d, Reweighting)]
    groups: dict[int, list[xr.Dataset]] = {}
    for d in given:
        if not isinstance(d, Reweighting):
            groups.setdefault(int(d.attrs.get("n_sites", 0)), []).append(d)
    # Different seeds: copies of different crystals must be independent.
    return ready + [Reweighting(group, resamples, seed + k) for k, (_, group) in enumerate(sorted(groups.items()))]


def _path_of(found: Sequence[Reweighting]) -> tuple[str, dict[str, float], float, float]:
    """The condition that changes, the others, and the range that all crystals share."""
    names = ("temperature", "pressure", "field")
    columns = [np.array(r.conditions) for r in found]
    everything = np.concatenate(columns) if columns else np.zeros((0, 3))
    changing = [k for k in range(3) if everything.size and np.ptp(everything[:, k]) > 0]
    if len(changing) != 1:
        what = " and ".join(names[k] for k in changing) or "no condition"
        raise InputError(f"holds in which {what} changes: exactly one of temperature, pressure and field must")
    k = changing[0]
    low, high = max(c[:, k].min() for c in columns), min(c[:, k].max() for c in columns)
    if not low < high:
        raise InputError(f"crystals have no range of {names[k]} in common: simulate all sizes at the same conditions")
    return names[k], {names[j]: float(everything[0, j]) for j in range(3) if j != k}, float(low), float(high)
