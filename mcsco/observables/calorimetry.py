"""What a calorimeter would see along a thermal cycle: heat and entropy of either direction, and their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco.errors import InputError, check_real
from mcsco.observables.branches import PerReplica
from mcsco.observables.chains import Chains
from mcsco.observables.dataset import coordinate, variable
from mcsco.observables.legs import Leg, monotone_legs
from mcsco.observables.series import Estimate, unknown
from mcsco.observables.transition import MIN_TEMPERATURES, branch

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


class Heat(NamedTuple):
    """What a crystal takes up between two temperatures on one way; on cooling what it gives off."""

    enthalpy: Estimate
    """ΔH = ∫ C dT, kJ/mol."""
    entropy: Estimate
    """∫ dH/T = ∫ (C/T) dT, J/(mol K): the entropy that calorimetry reports."""


class Calorimetry(NamedTuple):
    """Heat on the two ways of a thermal cycle; every value is a mean over replicas with its standard error."""

    heating: Heat
    cooling: Heat
    production: Estimate
    """−∮ dH/T of the cycle, J/(mol K): the entropy that hysteresis produces, never negative (Clausius)."""


def calorimetry(dataset: xr.Dataset, between: tuple[float, float] | None = None) -> Calorimetry:
    """Integrate the energy of a thermal cycle or ramp to the entropies that a calorimeter would report.

    The weight of a state is g^N_HS exp(−H/RT) with a constant g, so that H without T ln g is the heat content: in
    equilibrium dS = dH/T, with the spin, the mixing and the distortion entropy in it. Along a branch that is followed
    slowly ∫ dH/T is the true difference of entropy. A jump inside the loop is irreversible: its heat is taken up at
    T_up, where ΔH/T is less than ΔS, and given off at T_down, where it is more,

        ∫ dH/T on heating  ≤  ΔS  ≤  −∫ dH/T on cooling,

    and the two differ by the entropy that the cycle produces, about ΔH (1/T_down − 1/T_up).

    Parameters
    ----------
    dataset : xarray.Dataset
        With `energy` (kJ/mol per molecule, without T ln g) on (replica, step), and `temperature` on `step`; pressure
        and field constant. H is then the enthalpy.
    between : tuple of float, optional
        Temperatures in K from and to which is integrated; by default the widest range that all legs cover.

    Returns
    -------
    Calorimetry
        NaN with a reason where a direction is missing. Several legs of one direction are averaged in each replica.

    Raises
    ------
    InputError
        If `energy` or `temperature` is missing, there is no leg, or the range is empty or not covered.
    """
    T, energy = coordinate(dataset, "temperature"), variable(dataset, "energy")
    legs = [leg for leg in monotone_legs(T) if np.unique(T[leg.steps]).size >= MIN_TEMPERATURES]
    if not legs:
        raise InputError(
            f"dataset: no leg with {MIN_TEMPERATURES} temperatures; a heat is integrated over a ramp or a cycle"
        )
    low, high = _range(T, legs, between)
    ways = {direction: [leg for leg in legs if leg.direction == direction] for direction in (1, -1)}
    heat = {direction: _integrate(T, energy, ways[direction], low, high) for direction in (1, -1)}
    reasons = {1: "no heating leg", -1: "no cooling leg"}
    up, down = (Heat(*(_estimate(values, reasons[direction]) for values in heat[direction])) for direction in (1, -1))
    return Calorimetry(up, down, _estimate(heat[-1][1] - heat[1][1], "needs a heating and a cooling leg"))


def _range(T: Floats, legs: list[Leg], between: tuple[float, float] | None) -> tuple[float, float]:
    covered = max(T[leg.steps].min() for leg in legs), min(T[leg.steps].max() for leg in legs)
    low, high = covered if between is None else sorted(check_real("between", x, unit="K") for x in between)
    if not covered[0] <= low < high <= covered[1]:
        raise InputError(
            f"between = {(low, high)} K: must be a range inside {covered[0]:g} to {covered[1]:g} K, as all legs are"
        )
    return float(low), float(high)


def _integrate(T: Floats, energy: Chains, legs: list[Leg], low: float, high: float) -> tuple[Floats, Floats]:
    """ΔH in kJ/mol and ∫ dH/T in J/(mol K) from `low` to `high`, mean over the legs, shape (replica,) each."""
    if not legs:
        return np.full(len(energy), np.nan), np.full(len(energy), np.nan)
    found = np.empty((2, len(energy), len(legs)))
    for (r, row), (i, leg) in ((a, b) for a in enumerate(energy) for b in enumerate(legs)):
        t, H = branch(T[leg.steps], row[leg.steps])
        inside = np.concatenate([[low], t[(t > low) & (t < high)], [high]])
        H = np.interp(inside, t, H)
        steps = np.diff(H)
        found[:, r, i] = steps.sum(), 1e3 * np.sum(2 * steps / (inside[1:] + inside[:-1]))
    enthalpy, entropy = found.mean(axis=2)
    return enthalpy, entropy


def _estimate(values: Floats, reason: str) -> Estimate:
    return unknown(reason) if np.isnan(values).all() else PerReplica(values).estimate()
