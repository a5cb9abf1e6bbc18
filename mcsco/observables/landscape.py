"""What a free-energy surface says: its phases, the barrier between them, and where they are in balance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError
from mcsco.observables.basins import Place, deepest, find_pass, lowest_path
from mcsco.observables.series import Estimate, unknown

if TYPE_CHECKING:
    import xarray

Floats = npt.NDArray[np.float64]

ONE_PHASE = "the surface has one minimum only: no barrier at this temperature"
NOT_FOUND = "no temperature within reach of the measured ones"

# A rise counts as a barrier from this many of its standard errors on, and from this part of RT for the whole crystal.
_SIGNIFICANT = 5.0
_LEAST_RISE = 0.25

# Bins whose ln P is less certain are no part of a valley: the logarithm of a few counts is far from normal.
_KNOWN = 0.35

REACH = 30.0
"""Kelvin over which a surface is carried to another temperature."""


@dataclass(frozen=True)
class Spot:
    """A stationary point of the surface."""

    q: Estimate
    eta: Estimate
    free_energy: Estimate
    """kJ/mol per molecule, above the lowest bin."""


@dataclass(frozen=True)
class Landscape:
    """The surface at one temperature. LS is the phase with the lower q; a phase that is not there is None."""

    temperature: float
    """K."""
    n_sites: int
    LS: Spot | None
    HS: Spot | None
    saddle: Spot | None
    """Highest point of the lowest way from LS to HS."""
    G_LH: Estimate
    """Barrier from LS to HS, kJ/mol per molecule."""
    G_HL: Estimate
    """Barrier from HS to LS, kJ/mol per molecule."""
    delta_G: Estimate
    """Depth of HS minus depth of LS, kJ/mol per molecule: G_LH − G_HL."""
    log_weight: Estimate
    """ln of the ratio of the probabilities of all states on the HS side and on the LS side."""
    T_eq: Estimate
    """Temperature of equal weight, carried here from `temperature`, K."""
    T_depth: Estimate
    """Temperature of equal depth, K."""
    path: tuple[tuple[float, float], ...]
    """(q, η) along the lowest way from LS to HS."""

    def total(self, barrier: Estimate) -> Estimate:
        """A barrier of the whole crystal in units of RT: what counts for the rate."""
        return barrier.scaled(self.n_sites / (self.temperature * units.KELVIN))


def surface(dataset: xarray.Dataset) -> list[Landscape]:
    """Phases, saddle and barriers of a free-energy surface at each of its temperatures.

    Errors are the scatter of the bootstrap copies at the same bins. A minimum that rises to its pass by less than five
    errors is none, nor is one that no dip of the distribution of q separates from the lowest.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `mcsco.simulate` returns for a `FreeEnergySurface`.

    Raises
    ------
    InputError
        If the dataset is no free-energy surface.
    """
    if "free_energy_bootstrap" not in dataset:
        raise InputError("dataset: holds no free-energy surface; simulate a FreeEnergySurface first")
    return [_landscape(dataset.isel(temperature=i)) for i in range(dataset.sizes["temperature"])]


def _landscape(part: xarray.Dataset) -> Landscape:
    T, N = float(part["temperature"]), int(part.attrs["n_sites"])
    RT = T * units.KELVIN
    # Bins that few pieces of the measurements have seen make minima by chance.
    is_known = part["free_energy_error"].values < _KNOWN * RT / N
    G = np.where(is_known, part["free_energy"].values, np.nan)
    copies, energy = part["free_energy_bootstrap"].values, part["energy"].values
    found = find_pass(G) if np.isfinite(G).any() else None
    if found is not None:
        rise = G[found.saddle] - G[found.other]
        noise = float(np.nanstd(_at(copies, found.saddle) - _at(copies, found.other), ddof=1))
        if rise < max(_SIGNIFICANT * noise, _LEAST_RISE * RT / N) or not _parts(part, found.low[0], found.other[0]):
            found = None
    if found is None:
        return _one_phase(part, G, copies, T, N)
    if part["q"].values[found.low[0]] < part["q"].values[found.other[0]]:
        ls, hs, side = found.low, found.other, 1
    else:
        ls, hs, side = found.other, found.low, 0
    on_hs, on_ls = found.label == side, found.label == 1 - side
    P, P_copies = np.exp(-N * G / RT), np.exp(-N * copies / RT)
    weight = np.log(np.nansum(P[on_hs]) / np.nansum(P[on_ls]))
    weights = np.log(np.nansum(P_copies[:, on_hs], axis=1) / np.nansum(P_copies[:, on_ls], axis=1))
    depths = N / RT * (_at(copies, ls) - _at(copies, hs))
    path = lowest_path(G, found, RT / N)[:: 1 if side else -1]
    q, eta = part["q"].values, part["eta"].values
    return Landscape(
        T,
        N,
        LS=_spot(part, G, copies, ls, on_ls),
        HS=_spot(part, G, copies, hs, on_hs),
        saddle=_spot(part, G, copies, found.saddle, None),
        G_LH=_difference(G, copies, found.saddle, ls),
        G_HL=_difference(G, copies, found.saddle, hs),
        delta_G=_difference(G, copies, hs, ls),
        log_weight=Estimate(float(weight), float(np.std(weights, ddof=1))),
        T_eq=_balance(lambda at: _log_weight(G, energy, on_hs, on_ls, N, T, at), T, weights),
        T_depth=_balance(lambda at: _log_depth(G, energy, on_hs, on_ls, N, T, at), T, depths),
        path=tuple((float(q[i]), float(eta[j])) for i, j in path),
    )


def _parts(part: xarray.Dataset, i: int, j: int) -> bool:
    """Whether P summed over η has a dip between two q: a hole in what was seen makes a valley, but no dip."""
    scale = int(part.attrs["n_sites"]) / (float(part["temperature"]) * units.KELVIN)
    P = np.nansum(np.exp(-scale * part["free_energy"].values), axis=1)
    i, j = min(i, j), max(i, j)
    return bool(P[i : j + 1].min() < math.exp(-_LEAST_RISE) * min(P[i], P[j]))


def _one_phase(part: xarray.Dataset, G: Floats, copies: Floats, T: float, N: int) -> Landscape:
    """The surface with its only minimum, which is HS if q is positive there."""
    spot = _spot(part, G, copies, deepest(G), None) if np.isfinite(G).any() else None
    is_hs = spot is not None and spot.q.value > 0
    nothing = unknown(ONE_PHASE)
    return Landscape(
        T, N, None if is_hs else spot, spot if is_hs else None, None,
        nothing, nothing, nothing, nothing, nothing, nothing, (),
    )  # fmt: skip


def _at(x: Floats, place: Place) -> Floats:
    return np.asarray(x[..., place[0], place[1]])


def _difference(G: Floats, copies: Floats, a: Place, b: Place) -> Estimate:
    return Estimate(float(G[a] - G[b]), float(np.nanstd(_at(copies, a) - _at(copies, b), ddof=1)))


def _spot(part: xarray.Dataset, G: Floats, copies: Floats, place: Place, valley: npt.NDArray[np.bool_] | None) -> Spot:
    """A bin; its place is uncertain by the width of the bin, and by where the copies have the minimum of its valley."""
    places = []
    for name, axis in (("q", 0), ("eta", 1)):
        x, bounds = part[name].values, part[f"{name}_bounds"].values
        error = float(np.ptp(bounds[place[axis]])) / math.sqrt(12)
        if valley is not None:
            inside = np.where(valley & np.isfinite(copies), copies, np.inf).reshape(len(copies), -1)
            at = np.unravel_index(inside.argmin(axis=1), G.shape)[axis]
            error = math.hypot(error, float(np.std(x[at] - x[place[axis]])))
        places.append(Estimate(float(x[place[axis]]), error))
    error = float(np.nanstd(_at(copies, place), ddof=1))
    return Spot(places[0], places[1], Estimate(float(G[place]), error))


def carried(G: Floats, energy: Floats, N: int, T: float, at: float) -> Floats:
    """N G/RT at another temperature, up to a constant: ln P + const = −N G/RT − N E (1/RT' − 1/RT).

    Exact where the energy follows from (q, η); else to first order in the fluctuation of the energy within a bin.
    """
    return np.asarray(N * G / (T * units.KELVIN) + N * energy * (1 / at - 1 / T) / units.KELVIN)


def _log_weight(G: Floats, energy: Floats, on_hs: Floats, on_ls: Floats, N: int, T: float, at: float) -> float:
    from scipy.special import logsumexp

    minus = -carried(G, energy, N, T, at)
    known = np.isfinite(minus)
    return float(logsumexp(minus[known & (on_hs > 0)]) - logsumexp(minus[known & (on_ls > 0)]))


def _log_depth(G: Floats, energy: Floats, on_hs: Floats, on_ls: Floats, N: int, T: float, at: float) -> float:
    F = carried(G, energy, N, T, at)
    return float(np.nanmin(F[on_ls > 0]) - np.nanmin(F[on_hs > 0]))


def _balance(excess: Callable[[float], float], T: float, copies: Floats) -> Estimate:
    """Where an excess of HS vanishes. The copies have it at T; its slope there carries their scatter to the result."""
    from scipy.optimize import brentq

    low, high = T - REACH, T + REACH
    if not (low > 0 and excess(low) * excess(high) < 0):
        return unknown(NOT_FOUND)
    root = float(brentq(excess, low, high, xtol=1e-6))
    slope = (excess(root + 0.01) - excess(root - 0.01)) / 0.02
    return Estimate(root, float(np.std(copies, ddof=1) / abs(slope)))


def balance(landscapes: Sequence[Landscape], of: str = "weight") -> Estimate:
    """Temperature at which both phases are equally probable, or equally deep, from the nearest surface.

    Parameters
    ----------
    landscapes : sequence of Landscape
        Of one crystal, as `surface` returns them.
    of : str
        ``"weight"`` (probability of all states on either side of the pass) or ``"depth"`` (of the minima).

    Returns
    -------
    Estimate
        K; NaN with a reason if no surface has two phases.
    """
    if of not in ("weight", "depth"):
        raise InputError(f"of = {of!r}: must be 'weight' or 'depth'")
    found = [(x.T_eq if of == "weight" else x.T_depth, x.temperature) for x in landscapes]
    known = [(abs(T.value - at), i) for i, (T, at) in enumerate(found) if math.isfinite(T.value)]
    return found[min(known)[1]][0] if known else unknown(ONE_PHASE if found else NOT_FOUND)


def size_exponent(landscapes: Sequence[Landscape], barrier: str = "G_LH") -> Estimate:
    """Power x of N in the barrier of the whole crystal, N·G ∝ N^x: 1 where all couplings have infinite range.

    With walls between the phases it is (d − 1)/d for large crystals.

    Parameters
    ----------
    landscapes : sequence of Landscape
        Of crystals of different size at one temperature, each with two phases.
    barrier : str
        ``"G_LH"`` or ``"G_HL"``.

    Raises
    ------
    InputError
        If there are fewer than two sizes, or a barrier is missing.
    """
    if barrier not in ("G_LH", "G_HL"):
        raise InputError(f"barrier = {barrier!r}: must be 'G_LH' or 'G_HL'")
    totals = [x.total(getattr(x, barrier)) for x in landscapes]
    if len({x.n_sites for x in landscapes}) < 2 or not all(math.isfinite(t.error) and t.value > 0 for t in totals):
        raise InputError("landscapes: must have a barrier each, and two sizes at least")
    x = np.log([landscape.n_sites for landscape in landscapes])
    y, sigma = np.log([t.value for t in totals]), np.array([t.error / t.value for t in totals])
    w = 1 / sigma**2
    mean = w @ x / w.sum()
    spread = w @ (x - mean) ** 2
    return Estimate(float(w @ ((x - mean) * y) / spread), float(1 / math.sqrt(spread)))
