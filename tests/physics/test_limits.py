"""Limits with an exact answer (free molecules, field, pressure), and pairs of methods that must agree."""

import math

import numpy as np
import pytest
from agreement import Comparison, check

from mcsco import (
    Hold,
    InfiniteRange,
    Lattice,
    Model,
    NearestNeighbours,
    OrderDisorder,
    Simulation,
    SpinCrossover,
    presets,
    simulate,
)
from mcsco.meanfield import FiniteSize
from mcsco.observables import estimate, heat_capacity, jackknife
from mcsco.units import KELVIN, R

KERNELS = ("lattice", "replica")
DYNAMICS = ("metropolis", "heat-bath")
SITES = pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
EVERY_WAY = [pytest.param(k, d, id=f"{k}-{d}") for k in KERNELS for d in DYNAMICS]

ENTHALPY, ENTROPY, VOLUME = 16.0, 60.0, 12.0  # kJ/mol, J/(mol K), cm3/mol


def molecule(three, volume=0.0, interactions=(), shape=(16, 24), enthalpy=ENTHALPY):
    return Model(
        Lattice(shape), SpinCrossover(enthalpy, ENTROPY, volume), OrderDisorder() if three else None, interactions
    )


def free_energy_difference(T, three):
    """ΔG/RT of a free molecule between its spin states, R ln 2 of the two variants included."""
    return 1000.0 * ENTHALPY / (R * T) - ENTROPY / R - three * math.log(2.0)


def run(model, holds, seed, kernel="auto", dynamics="metropolis", start="random", replicas=32):
    dataset = simulate(
        model, holds, seed=seed, replicas=replicas, start=start, dynamics=dynamics, kernel=kernel, threads=1
    )
    for leg, hold in enumerate(holds):
        part = dataset["leg"].values == leg
        yield hold, *(dataset[name].values[:, part] for name in ("gamma", "eta", "energy"))


# free molecules


@SITES
@pytest.mark.parametrize(("kernel", "dynamics"), EVERY_WAY)
def test_free_molecules(three, kernel, dynamics, record_property):
    """γ = 1/(1 + exp(ΔG/RT)) and its binomial variance, up to |ΔG|/RT = 8."""
    model = molecule(three)
    N, half = model.lattice.n_sites, 1000.0 * ENTHALPY / (ENTROPY + three * R * math.log(2.0))
    # T of ΔG/RT = x from ΔG = ΔH − T ΔS.
    temperatures = [1000.0 * ENTHALPY / (R * x + 1000.0 * ENTHALPY / half) for x in (8.0, 5.0, 2.0, 0.0, -2.0, -5.0)]
    holds = [Hold(T, 1500, measure_every=5, equilibration=100) for T in temperatures]
    rows = []
    for hold, gamma, _, energy in run(model, holds, 1, kernel, dynamics):
        T = hold.temperature
        expected = 1.0 / (1.0 + math.exp(free_energy_difference(T, three)))
        variance = expected * (1.0 - expected) / N
        rows += [
            Comparison(f"γ, {T:.1f} K", expected, estimate(gamma)),
            Comparison(f"var γ, {T:.1f} K", variance, jackknife(np.var, gamma)),
        ]
        np.testing.assert_allclose(energy, ENTHALPY * gamma, rtol=1e-12, atol=1e-12)
    what = "three-state" if three else "plain"
    check(f"free {what} molecules: {kernel} kernel, {dynamics}", rows, record_property, together=2)


@SITES
@pytest.mark.parametrize(("kernel", "dynamics"), EVERY_WAY)
@pytest.mark.parametrize(("enthalpy", "start", "end"), [(ENTHALPY, "HS", 0.0), (-ENTHALPY, "LS", 1.0)])
def test_free_molecules_are_all_in_one_state_where_the_other_costs_40_RT(three, kernel, dynamics, enthalpy, start, end):
    simulation = Simulation(
        molecule(three, enthalpy=enthalpy), 40.0, start=start, dynamics=dynamics, kernel=kernel, threads=1
    )
    simulation.run(60)
    for _ in range(20):
        simulation.run(5)
        assert simulation.gamma == end


# field


@pytest.mark.parametrize(("kernel", "dynamics"), EVERY_WAY)
def test_field_on_free_molecules(kernel, dynamics, record_property):
    """Z = 1 + 2g exp(−ΔH/RT) cosh(h/RT) and η = γ tanh(h/RT)."""
    T, rows = 240.0, []
    holds = [Hold(T, 1500, measure_every=5, equilibration=100, field=h) for h in (-3.0, 0.0, 0.8, 4.0)]
    for hold, gamma, eta, energy in run(molecule(True), holds, 2, kernel, dynamics):
        x = 1000.0 * hold.field / (R * T)
        weight = math.exp(-free_energy_difference(T, True)) * math.cosh(x)
        expected = weight / (1.0 + weight)
        rows += [
            Comparison(f"γ, h = {hold.field:g}", expected, estimate(gamma)),
            Comparison(f"η, h = {hold.field:g}", expected * math.tanh(x), estimate(eta)),
        ]
        np.testing.assert_allclose(energy, ENTHALPY * gamma - hold.field * eta, rtol=1e-12, atol=1e-12)
    check(f"field on free molecules: {kernel} kernel, {dynamics}", rows, record_property, together=2)


@pytest.mark.parametrize("name", ["pmpea", "pmpea-volume"])
def test_poling(name, record_property):
    """A weak field, RT/50 a molecule, chooses the domain of a small coupled crystal.

    At 226.3 K the crystal changes its domain by way of LS; deep in HS it would keep the one of its start for a run.
    """
    model, T, rows = presets.load(name, (8, 8)), 226.3, []
    field = R * T / 5e4
    holds = [Hold(T, 20000, equilibration=4000, field=h) for h in (field, -field, 2 * field)]
    for hold, gamma, eta, energy in run(model, holds, 3, replicas=64, start="HS"):
        expected = FiniteSize(model, field=hold.field).averages(T)
        rows += [
            Comparison(f"η, h = {hold.field:.4f}", expected.eta, estimate(eta)),
            Comparison(f"γ, h = {hold.field:.4f}", expected.gamma, estimate(gamma)),
            Comparison(f"energy, h = {hold.field:.4f}", expected.energy, estimate(energy)),
        ]
    assert rows[0].simulated.value > 0.3
    assert rows[3].simulated.value < -0.3
    check(f"{name}: poling of 64 molecules by a field", rows, record_property, together=3)


# pressure


@pytest.mark.parametrize(
    "interactions",
    [(), (NearestNeighbours(0.15), InfiniteRange(1.0)), (NearestNeighbours(0.15), InfiniteRange(-1.5))],
    ids=["free", "attractive", "repulsive"],
)
def test_pressure_shifts_half_conversion_by_dV_over_dS(interactions, record_property):
    """γ = 1/2 at T½ = (ΔH + P ΔV)/ΔS, whatever the couplings of plain spins, which are even in σ."""
    model, rows = molecule(False, VOLUME, interactions), []
    holds = []
    for P in (-0.1, 0.0, 0.2, 0.5):
        T = (1000.0 * ENTHALPY + 1000.0 * P * VOLUME) / ENTROPY  # 1 GPa cm3/mol = 1 kJ/mol
        holds.append(Hold(T, 4000, measure_every=5, equilibration=500, pressure=P))
    for hold, gamma, *_ in run(model, holds, 4):
        rows.append(Comparison(f"γ, {hold.pressure:g} GPa, {hold.temperature:.2f} K", 0.5, estimate(gamma)))
    check(f"dT½/dP = ΔV/ΔS with {len(interactions)} kinds of coupling", rows, record_property)


# kernels and dynamics

SHAPES = [(16, 16), (7, 9), (5, 12), (6, 6, 6), (5, 6, 7), (3, 3, 5)]


def coupled(shape, three, far):
    """Couplings close to, but above the transition, so that correlations are strong and no replica is stuck."""
    z = 2 * len(shape)
    near = NearestNeighbours(60.0 * KELVIN * 4 / z, 140.0 * KELVIN * 4 / z * three)
    terms = (near, InfiniteRange(60.0 * KELVIN, 120.0 * KELVIN * three)) if far else (near,)
    half = (ENTROPY + three * R * math.log(2.0)) * 300.0 / 1000.0
    return molecule(three, interactions=terms, shape=shape, enthalpy=half)


def averages(model, kernel, dynamics, seed):
    ((hold, gamma, eta, energy),) = run(
        model, [Hold(300.0, 4000, equilibration=800)], seed, kernel, dynamics, replicas=64
    )
    found = {
        "γ": estimate(gamma),
        "energy": estimate(energy),
        "C": heat_capacity(energy, hold.temperature, model.lattice.n_sites),
    }
    return found | ({"|η|": estimate(np.abs(eta)), "η²": estimate(eta**2)} if eta.any() else {})


def compare_ways(ways, shape, three, far):
    model = coupled(shape, three, far)
    reference, *others = (averages(model, *way, seed) for seed, way in enumerate(ways, 21))
    return [
        Comparison(f"{name}, {way[0]} {way[1]}, {shape}", reference[name], found[name])
        for way, found in zip(ways[1:], others, strict=True)
        for name in found
    ]


@pytest.mark.parametrize("shape", [(16, 16), (7, 9), (5, 6, 7)])
def test_lattice_kernel_against_replica_kernel(shape, record_property):
    rows = compare_ways([("replica", "metropolis"), ("lattice", "metropolis")], shape, True, False)
    check(f"lattice against replica kernel, nearest neighbours, {shape}", rows, record_property, together=5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_heat_bath_against_metropolis(kernel, record_property):
    rows = compare_ways([(kernel, dynamics) for dynamics in DYNAMICS], (6, 6, 6), True, True)
    check(f"heat bath against Metropolis, {kernel} kernel", rows, record_property, together=5)


@pytest.mark.validate
@SITES
@pytest.mark.parametrize("far", [False, True], ids=["near", "near and far"])
@pytest.mark.parametrize("shape", SHAPES)
def test_all_kernels_and_dynamics(shape, far, three, record_property):
    ways = [(kernel, dynamics) for kernel in ("replica", "lattice") for dynamics in DYNAMICS]
    rows = compare_ways(ways, shape, three, far)
    what = f"{'three-state' if three else 'plain'}, {'near and far' if far else 'near'} couplings, {shape}"
    # All share one reference besides their series.
    check(f"both kernels and dynamics against one another: {what}", rows, record_property, together=15 if three else 9)
