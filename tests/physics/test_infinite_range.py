"""Ensemble averages of models with infinite range against the exact sums over all configurations of as many molecules.

A crystal of 4096 molecules stays for the whole run in the basin where it starts, if there are two: there it is held
against the sum over that basin alone, up to the least probable γ between the branches. One of 64 crosses often. One of
256 crosses only where the barrier is low, and is compared at such temperatures.
"""

from typing import NamedTuple

import numpy as np
import pytest
from agreement import Comparison, check, is_rejected

from mcsco import Hold, InfiniteRange, MeanField, Model, presets, simulate
from mcsco.meanfield import FiniteSize
from mcsco.observables import estimate, heat_capacity, jackknife

WIDE = (180.0, 205.0, 215.0, 220.0, 226.3, 231.0, 236.0, 245.0, 260.0, 300.0)
"""K, ten temperatures for a crystal that crosses freely."""
LOW_BARRIER = (180.0, 200.0, 210.0, 216.0, 219.0, 234.0, 237.0, 245.0, 260.0, 300.0)
"""K, ten temperatures at which 256 molecules leave the other basin at once."""
BASINS = {
    "LS": (150.0, 190.0, 215.0, 223.0, 226.0, 229.0),
    "HS": (223.0, 226.0, 229.0, 232.0, 240.0, 260.0, 300.0),
}
"""K, ten temperatures for 4096 molecules, three of them in both basins."""
CLUSTERS = (120.0, 150.0, 170.0, 180.0, 190.0, 220.0, 245.0, 255.0, 280.0, 320.0)


class Exact(NamedTuple):
    """Averages per molecule as the simulation measures them."""

    gamma: float
    eta_abs: float
    eta2: float
    energy: float
    var_gamma: float
    heat_capacity: float


def exact(model, T):
    averages = FiniteSize(model).averages(T)
    return Exact(*(getattr(averages, name) for name in Exact._fields))


def probabilities(model, T):
    """Logarithms ln P(N₊, N₋) as three columns γ, η, ln P, and the γ that separates the basins."""
    N = model.lattice.n_sites
    log_P = FiniteSize(model).log_probability(T)
    plus, minus = np.nonzero(log_P > -4000.0)
    log_P = log_P[plus, minus]
    total = plus + minus
    theory = MeanField(model)
    states = [theory.branch(T, which)[0] for which in ("LS", "HS")]
    separation = np.nan
    if np.isfinite(states).all():
        low, high = (round(N * (1 + q) / 2) for q in states)
        top = np.full(N + 1, -np.inf)
        np.maximum.at(top, total, log_P)
        weight = np.bincount(total, np.exp(log_P - top[total]), N + 1)
        with np.errstate(divide="ignore"):
            of_gamma = top + np.log(weight)
        separation = (low + int(of_gamma[low:high].argmin())) / N
    return total / N, (plus - minus) / N, log_P, separation


def exact_in_basin(model, T, basin):
    """Averages over one basin, from the energy as the class `InfiniteRange` states it; and the separation in γ."""
    gamma, eta, log_P, separation = probabilities(model, T)
    if np.isfinite(separation):
        inside = gamma < separation if basin == "LS" else gamma > separation
        gamma, eta, log_P = gamma[inside], eta[inside], log_P[inside]
    # In units of the basin's own largest probability, so that the rarer of two basins does not vanish.
    P = np.exp(log_P - log_P.max())
    _, _, Gamma, K_inf, L = model.couplings
    e = model.spin.enthalpy * gamma + Gamma * gamma * (1 - gamma) - (K_inf / 2 + L * gamma) * eta**2

    def mean(x):
        return float(np.average(x, weights=P))

    variance = mean((e - mean(e)) ** 2)
    capacity = model.lattice.n_sites * 1e6 * variance / (8.31446261815324 * T**2)
    var_gamma = mean((gamma - mean(gamma)) ** 2)
    return Exact(mean(gamma), mean(abs(eta)), mean(eta**2), mean(e), var_gamma, capacity), separation


def compare(label, dataset, leg, T, expected):
    """One leg of a dataset: six quantities, four without distortion."""
    gamma, eta, energy = (dataset[x].values[:, dataset["leg"].values == leg] for x in ("gamma", "eta", "energy"))
    found = {
        "gamma": estimate(gamma),
        "energy": estimate(energy),
        "var_gamma": jackknife(np.var, gamma),
        "heat_capacity": heat_capacity(energy, T, dataset.attrs["n_sites"]),
    }
    if eta.any():
        found |= {"eta_abs": estimate(np.abs(eta)), "eta2": estimate(eta**2)}
    return [Comparison(f"{name}, {label}, {T:g} K", getattr(expected, name), found[name]) for name in found]


def crossing(name, shape, temperatures, sweeps, dynamics="metropolis", kernel="auto", replicas=64, start="random"):
    """Comparisons of a crystal that visits all its states."""
    model = presets.load(name, shape)
    holds = [Hold(T, sweeps, measure_every=10, equilibration=sweeps // 5) for T in temperatures]
    dataset = simulate(
        model, holds, seed=7, replicas=replicas, start=start, dynamics=dynamics, kernel=kernel, threads=1
    )
    N = model.lattice.n_sites
    return [row for leg, T in enumerate(temperatures) for row in compare(f"N = {N}", dataset, leg, T, exact(model, T))]


def staying(temperatures, basin, sweeps, replicas=8):
    """Comparisons of 4096 molecules of `pmpea` in one basin, which they must not leave."""
    model = presets.load("pmpea", (64, 64))
    holds = [Hold(T, sweeps, measure_every=10, equilibration=sweeps // 5) for T in temperatures]
    start = "HS+" if basin == "HS" else "LS"
    dataset = simulate(model, holds, seed=11, replicas=replicas, start=start, threads=1)
    rows = []
    for leg, T in enumerate(temperatures):
        expected, separation = exact_in_basin(model, T, basin)
        gamma = dataset["gamma"].values[:, dataset["leg"].values == leg]
        assert not np.isfinite(separation) or np.all((gamma < separation) == (basin == "LS"))
        rows += compare(f"N = 4096 in {basin}", dataset, leg, T, expected)
    return rows


def agree(claim, rows, record_property):
    """Quantities of one leg come from the same series, so that they may be fully correlated."""
    together = 6 if any("eta2" in row.what for row in rows) else 4
    check(claim, rows, record_property, together)


def test_sum_over_both_basins_is_the_whole_sum():
    model = presets.load("pmpea-volume", (8, 8))
    T = 226.0
    parts = [exact_in_basin(model, T, basin)[0] for basin in ("LS", "HS")]
    gamma, _, log_P, separation = probabilities(model, T)
    P = np.exp(log_P)
    # The separation itself is in neither basin; what it weighs bounds the difference.
    weights = [P[gamma < separation].sum(), P[gamma > separation].sum()]
    left_out = P[gamma == separation].sum() / P.sum()
    whole = exact(model, T)
    for name in ("gamma", "eta_abs", "eta2", "energy"):
        mean = np.average([getattr(part, name) for part in parts], weights=weights)
        assert mean == pytest.approx(getattr(whole, name), rel=3 * left_out)
    assert left_out < 0.02
    only = exact_in_basin(model, 300.0, "HS")[0]
    np.testing.assert_allclose(only, exact(model, 300.0), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "dynamics", "kernel"),
    [("pmpea", "metropolis", "lattice"), ("pmpea", "heat-bath", "lattice"), ("pmpea-volume", "metropolis", "replica")],
)
def test_64_molecules_at_three_temperatures(name, dynamics, kernel, record_property):
    rows = crossing(name, (8, 8), (215.0, 226.3, 245.0), 6000, dynamics, kernel)
    agree(f"{name}, 64 molecules, {kernel} kernel, {dynamics}, short runs", rows, record_property)


def test_4096_molecules_in_both_basins(record_property):
    rows = [*staying((226.0,), "LS", 4000), *staying((226.0,), "HS", 4000)]
    agree("pmpea, 4096 molecules in either basin, short runs", rows, record_property)


@pytest.mark.parametrize("name", ["fe2co", "fe2fe"])
def test_clusters_without_distortion(name, record_property):
    rows = crossing(name, (16, 16), (170.0, 250.0), 4000, replicas=32)
    agree(f"{name}, 256 molecules, short runs", rows, record_property)


def test_a_coupling_off_by_two_per_cent_is_seen():
    model = presets.load("pmpea", (8, 8))
    far = model.interactions[0]
    wrong = Model(model.lattice, model.spin, model.distortion, (InfiniteRange(far.spin, 1.02 * far.distortion),))
    dataset = simulate(wrong, Hold(226.3, 20000, equilibration=2000), seed=1, replicas=64, start="random", threads=1)
    assert is_rejected(compare("wrong", dataset, 0, 226.3, exact(model, 226.3)))


@pytest.mark.validate
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("kernel", ["lattice", "replica"])
@pytest.mark.parametrize(("shape", "temperatures"), [((8, 8), WIDE), ((16, 16), LOW_BARRIER)])
def test_pmpea_that_crosses_freely(shape, temperatures, kernel, dynamics, record_property):
    rows = crossing("pmpea", shape, temperatures, 20000, dynamics, kernel)
    agree(f"pmpea, {shape[0] ** 2} molecules, {kernel} kernel, {dynamics}", rows, record_property)


@pytest.mark.validate
@pytest.mark.parametrize(("shape", "temperatures"), [((8, 8), WIDE), ((16, 16), LOW_BARRIER)])
def test_pmpea_volume_that_crosses_freely(shape, temperatures, record_property):
    rows = crossing("pmpea-volume", shape, temperatures, 20000)
    agree(f"pmpea-volume, {shape[0] ** 2} molecules, replica kernel", rows, record_property)


@pytest.mark.validate
def test_4096_molecules_at_ten_temperatures(record_property):
    rows = [row for basin, temperatures in BASINS.items() for row in staying(temperatures, basin, 20000)]
    agree("pmpea, 4096 molecules, each state in its own basin", rows, record_property)


@pytest.mark.validate
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", ["fe2co", "fe2fe"])
def test_clusters_at_ten_temperatures(name, dynamics, record_property):
    rows = crossing(name, (16, 16), CLUSTERS, 20000, dynamics, replicas=32)
    agree(f"{name}, 256 molecules, {dynamics}", rows, record_property)
