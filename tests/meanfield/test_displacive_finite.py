"""Exact finite crystals with a continuous distortion, and free-energy surfaces of both kinds."""

import itertools
import math
from functools import cache

import numpy as np
import pytest

from mcsco.errors import InputError
from mcsco.meanfield import FiniteSize, MeanField
from mcsco.model import Displacive, InfiniteRange, Lattice, Model, SpinCrossover, State, presets
from mcsco.units import KELVIN

SOFT = Model(
    Lattice((2, 2)),
    SpinCrossover(1.9, 11.0, 15.0),
    Displacive(300 * KELVIN, 1200 * KELVIN),
    (InfiniteRange(0.7, 2.3, -0.6),),
)


def by_brute_force(model, N, T, pressure, field, points=121):
    """All averages of N molecules from a tensor grid over their distortions; energies term by term."""
    beta = 1 / (KELVIN * T)
    x, w = np.polynomial.legendre.leggauss(points)
    x, w = 2.6 * x, 2.6 * w
    u = np.meshgrid(*[x] * N, indexing="ij")
    measure = math.prod(np.meshgrid(*[w] * N, indexing="ij"))
    eta = sum(u) / N
    J, K, Gamma, K_inf, L = model.couplings
    assert J == K == 0
    rows = []
    for spins in itertools.product((0, 1), repeat=N):
        gamma = sum(spins) / N
        H = sum(model.distortion.energy(n, x) for n, x in zip(spins, u, strict=True))
        H = H + N * (gamma * (model.spin.enthalpy + pressure * model.spin.volume) + Gamma * gamma * (1 - gamma))
        H = H - N * ((K_inf / 2 + L * gamma) * eta**2 + field * eta)
        weight = measure * np.exp(-beta * H + sum(spins) * model.spin.ln_g)
        moments = [gamma, eta, np.abs(eta), eta**2, eta**4, H / N, gamma**2, (H / N) ** 2]
        rows.append([weight.sum(), *((weight * f).sum() for f in moments)])
    Z, *sums = np.sum(rows, axis=0)
    gamma, eta, eta_abs, eta2, eta4, energy, gamma_2, energy_2 = np.array(sums) / Z
    free_energy = -math.log(Z) / (beta * N)
    return (gamma, eta, eta_abs, eta2, eta4, energy, gamma_2 - gamma**2, energy_2 - energy**2, free_energy)


@pytest.mark.parametrize(("N", "T", "field"), [(1, 170.0, 0.2), (2, 120.0, 0.0), (2, 300.0, -0.3), (3, 170.0, 0.15)])
def test_averages_equal_brute_integration(N, T, field):
    expected = by_brute_force(SOFT, N, T, 0.02, field, points=121 if N < 3 else 75)
    a = FiniteSize(SOFT, N, pressure=0.02, field=field).averages(T)
    found = (a.gamma, a.eta, a.eta_abs, a.eta2, a.eta4, a.energy, a.var_gamma, a.var_energy, a.free_energy)
    assert found[0] == pytest.approx(expected[0], rel=1e-8)
    for i in (1, 3, 4, 5, 6, 7, 8):
        assert found[i] == pytest.approx(expected[i], rel=1e-7, abs=1e-10)
    assert found[2] == pytest.approx(expected[2], rel=3e-3)  # a kink at η = 0 in the tensor grid


@cache
def volume():
    return presets.load("pmpea-displacive-volume")


def test_fluctuations_are_derivatives():
    small = FiniteSize(volume(), 12)
    before, here, after = (small.averages(230.0 + d) for d in (-0.01, 0, 0.01))
    assert here.heat_capacity == pytest.approx(1000 * (after.energy - before.energy) / 0.02, rel=1e-6)
    assert here.entropy == pytest.approx(-1000 * (after.free_energy - before.free_energy) / 0.02, rel=1e-6)
    d = 1e-4
    poled = [FiniteSize(volume(), 12, field=h).averages(230.0) for h in (-d, d)]
    assert (poled[1].eta - poled[0].eta) / (2 * d) == pytest.approx(12 * here.eta2 / (KELVIN * 230.0), rel=1e-5)


def test_approach_to_the_mean_field():
    """Away from the transition the shift falls as 1/N."""
    mean_field = MeanField(volume())
    q, eta = mean_field.equilibrium(260.0)
    small, large = (FiniteSize(volume(), N).averages(260.0) for N in (60, 240))
    assert (small.q - q) / (large.q - q) == pytest.approx(4, rel=0.15)
    assert large.q == pytest.approx(q, abs=6e-3)
    assert large.eta_abs == pytest.approx(eta, abs=6e-3)


@pytest.mark.parametrize("T", [226.0])
def test_surface_of_a_crystal_has_the_mean_field_free_energy_as_its_rate(T):
    """−(T/N) ln p → φ − G/N with corrections of order ln N/N, at any γ and η."""
    errors = []
    for N in (24, 96):
        surface = FiniteSize(volume(), N).surface(T)
        gamma, eta = surface.gamma[:: N // 8], np.array([-1.0, -0.3, 0.0, 0.6, 1.1])
        column = np.abs(surface.eta[:, None] - eta).argmin(axis=0)
        found = surface.free_energy[:: N // 8][:, column]
        phi = MeanField(volume()).free_energy(2 * gamma[:, None] - 1, surface.eta[column], T)
        whole = FiniteSize(volume(), N).averages(T).free_energy
        errors.append(np.abs(found - (phi - whole))[np.isfinite(found)].max())
        assert errors[-1] < 4 * KELVIN * T * math.log(N) / N
    assert errors[1] < errors[0] / 2


@pytest.mark.parametrize("name", ["pmpea-displacive-volume", "pmpea-volume", "fe2fe"])
def test_surface_is_the_density_behind_the_averages(name):
    small = FiniteSize(presets.load(name), 30)
    surface, averages = small.surface(232.0), small.averages(232.0)
    p = np.exp(-30 * surface.free_energy / (KELVIN * 232.0))
    if name == "pmpea-volume":  # states at even N_HS − |Ση| only; the rest is a continuation
        p[np.add.outer(np.arange(31), np.arange(-30, 31)) % 2 == 1] = 0
        p *= 2
    d_eta = surface.eta[1] - surface.eta[0] if surface.eta.size > 1 else 1.0
    p *= d_eta / 30
    assert surface.free_energy.shape == (surface.gamma.size, surface.eta.size) == p.shape
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p.sum(axis=1) @ surface.gamma == pytest.approx(averages.gamma, abs=1e-12)
    assert p.sum(axis=0) @ surface.eta**2 == pytest.approx(averages.eta2, abs=1e-12)


def test_three_state_surface_is_the_probability_of_the_states():
    small = FiniteSize(presets.load("pmpea-volume"), 12)
    surface, log_P = small.surface(228.0), small.log_probability(228.0)
    for plus, minus in itertools.product(range(13), repeat=2):
        if plus + minus <= 12:
            expected = -KELVIN * 228.0 / 12 * (log_P[plus, minus] + math.log(12 * 6))
            assert surface.free_energy[plus + minus, 12 + plus - minus] == pytest.approx(expected, abs=1e-12)
    assert np.isinf(surface.free_energy[3, 12 + 4])
    between = surface.free_energy[8, 11:14]  # N_HS = 8, Ση = −1, 0, 1
    assert between[1] == pytest.approx(between[::2].mean(), abs=0.02)


def test_energies_are_those_of_the_model():
    """One configuration of the oracle has the energy that the brute force above puts together."""
    spin, u = np.array([[1, -1], [1, 1]]), np.array([[0.7, -0.1], [1.2, -0.9]])
    n, eta, gamma = (spin + 1) / 2, u.mean(), 0.75
    expected = SOFT.distortion.energy(n, u).sum() + 4 * (gamma * (1.9 + 0.3) + 0.7 * gamma * (1 - gamma))
    expected -= 4 * ((2.3 / 2 - 0.6 * gamma) * eta**2 + 0.1 * eta)
    assert SOFT.energy(State(spin, u), pressure=0.02, field=0.1) == pytest.approx(expected, abs=1e-12)


def test_refusals():
    with pytest.raises(InputError, match="limited to 4096 molecules"):
        FiniteSize(volume(), 4097)
    with pytest.raises(InputError, match=r"use surface\(T\)"):
        FiniteSize(volume(), 8).log_probability(200.0)
