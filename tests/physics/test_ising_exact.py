"""Plain spins on a torus against the exact solution of the finite Ising model, around the critical temperature."""

import ising
import numpy as np
import pytest
from agreement import Comparison, check, is_rejected

from mcsco import Hold, Lattice, Model, NearestNeighbours, SpinCrossover, simulate
from mcsco.observables import estimate, heat_capacity
from mcsco.units import KELVIN, R

J = 100.0
"""Coupling, K per bond."""

NEAR = (2.0, 2.2, ising.CRITICAL, 2.35, 2.6)
"""Temperatures in units of J."""


def compare(L, temperatures, kernel, dynamics, sweeps, factor=1.0):
    """Energy and specific heat per site, in units of J and k_B, at each temperature."""
    model = Model(Lattice((L, L)), SpinCrossover(0.0, 0.0), interactions=[NearestNeighbours(spin=factor * J * KELVIN)])
    holds = [Hold(T * J, sweeps, measure_every=10, equilibration=sweeps // 4) for T in temperatures]
    dataset = simulate(model, holds, seed=L, replicas=32, start="LS", dynamics=dynamics, kernel=kernel, threads=1)
    for leg, T in enumerate(temperatures):
        energy = dataset["energy"].values[:, dataset["leg"].values == leg]
        expected = ising.exact((L, L), T)
        yield Comparison(f"energy, L = {L}, T = {T:.4f}", expected.energy, estimate(energy).scaled(1 / (J * KELVIN)))
        yield Comparison(
            f"specific heat, L = {L}, T = {T:.4f}",
            expected.heat_capacity,
            heat_capacity(energy, T * J, L * L).scaled(1 / R),
        )


def test_exact_solution_equals_enumeration():
    for shape in ((2, 2), (3, 3), (3, 4), (4, 3), (4, 4)):
        for T in (1.0, ising.CRITICAL, 3.0, 10.0):
            np.testing.assert_allclose(ising.exact(shape, T), ising.enumerated(shape, T), rtol=1e-13)


def test_exact_solution_tends_to_the_infinite_lattice():
    for T in (1.9, 3.0):
        assert ising.exact((96, 96), T).energy == pytest.approx(ising.onsager_energy(T), rel=1e-13)
    # At the critical point the energy of a finite torus differs from −√2 by order 1/L.
    differences = [ising.exact((L, L), ising.CRITICAL).energy + np.sqrt(2) for L in (32, 64)]
    assert differences[0] / differences[1] == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("kernel", ["lattice", "replica"])
def test_energy_and_specific_heat(kernel, dynamics, record_property):
    rows = list(compare(16, NEAR[1:4], kernel, dynamics, 4000))
    check(f"2-D Ising torus: {kernel} kernel, {dynamics}, short runs", rows, record_property, together=2)


@pytest.mark.validate
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("kernel", ["lattice", "replica"])
def test_energy_and_specific_heat_to_high_precision(kernel, dynamics, record_property):
    rows = [*compare(16, NEAR, kernel, dynamics, 20000), *compare(32, NEAR, kernel, dynamics, 20000)]
    check(f"2-D Ising torus: {kernel} kernel, {dynamics}", rows, record_property, together=2)


@pytest.mark.parametrize("kernel", ["lattice", "replica"])
def test_a_coupling_off_by_one_per_cent_is_seen(kernel):
    assert is_rejected(list(compare(16, NEAR[1:4], kernel, "metropolis", 4000, factor=1.01)))
