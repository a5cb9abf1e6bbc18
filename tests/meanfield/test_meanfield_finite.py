"""Exact finite-size sums: references, brute enumeration, and the approach to the mean field."""

import itertools
import math

import numpy as np
import pytest

from mcsco.errors import InputError
from mcsco.meanfield import FiniteSize, MeanField
from mcsco.model import InfiniteRange, Lattice, Model, OrderDisorder, SpinCrossover, State, presets
from mcsco.units import KELVIN, R

DISTORTING = (SpinCrossover(2.4, 11.0, 15.0), OrderDisorder(), (InfiniteRange(0.7, 1.3, -0.6),))
PLAIN = (SpinCrossover(2.4, 11.0, 15.0), None, (InfiniteRange(-1.1),))


@pytest.mark.parametrize("parts", [DISTORTING, PLAIN], ids=["three states", "two states"])
@pytest.mark.parametrize("shape", [(2, 3), (3, 3)])
def test_sum_equals_enumeration_of_every_configuration(parts, shape):
    pressure, T = 0.02, 170.0
    field = 0.15 if parts is DISTORTING else 0.0
    model = Model(Lattice(shape), *parts)
    N = model.lattice.n_sites
    rows = []
    for sites in itertools.product(((-1, 0), (1, -1), (1, 1)) if model.distortion else ((-1, 0), (1, 0)), repeat=N):
        spin, u = np.array(sites).T.reshape(2, *shape)
        energy = model.energy(State(spin, u), pressure, field)
        n_high = (spin > 0).sum()
        rows.append((n_high * model.spin.ln_g - energy / (KELVIN * T), n_high / N, u.mean(), energy / N))
    log_weight, gamma, eta, energy = np.array(rows).T
    P = np.exp(log_weight - log_weight.max())
    log_Z = np.log(P.sum()) + log_weight.max()
    P /= P.sum()
    found = FiniteSize(model, pressure=pressure, field=field).averages(T)
    assert found.gamma == pytest.approx(P @ gamma, abs=1e-12)
    assert found.q == pytest.approx(2 * (P @ gamma) - 1, abs=1e-12)
    assert found.eta == pytest.approx(P @ eta, abs=1e-12)
    assert found.eta_abs == pytest.approx(P @ np.abs(eta), abs=1e-12)
    assert found.eta2 == pytest.approx(P @ eta**2, abs=1e-12)
    assert found.eta4 == pytest.approx(P @ eta**4, abs=1e-12)
    assert found.energy == pytest.approx(P @ energy, abs=1e-12)
    assert found.var_gamma == pytest.approx(P @ gamma**2 - (P @ gamma) ** 2, abs=1e-12)
    assert found.var_energy == pytest.approx(P @ energy**2 - (P @ energy) ** 2, abs=1e-11)
    assert found.free_energy == pytest.approx(-KELVIN * T * log_Z / N, abs=1e-12)


@pytest.mark.parametrize(
    ("n_sites", "T", "gamma", "eta_abs", "energy"),
    [
        (64, 200.0, 0.142110, 0.045200, 297.555252),
        (64, 220.0, 0.302187, None, None),
        (64, 226.314, 0.661339, 0.566737, None),
        (64, 235.0, 0.919618, 0.913869, 1633.116863),
        (64, 300.0, 0.980751, 0.967838, 1716.309551),
        (1024, 235.0, 0.928761, None, None),
        (1024, 300.0, 0.981657, None, None),
    ],
)
def test_references(n_sites, T, gamma, eta_abs, energy):
    found = FiniteSize(presets.load("pmpea-volume"), n_sites).averages(T)
    assert found.gamma == pytest.approx(gamma, abs=6e-7)
    if eta_abs is not None:
        assert found.eta_abs == pytest.approx(eta_abs, abs=6e-7)
    if energy is not None:
        assert found.energy / KELVIN == pytest.approx(energy, abs=6e-7)


@pytest.mark.parametrize("parts", [DISTORTING, PLAIN], ids=["three states", "two states"])
def test_fluctuations_are_derivatives(parts):
    small = FiniteSize(Model(Lattice((5, 5)), *parts))
    T, dT = 190.0, 1e-3
    before, here, after = (small.averages(T + d) for d in (-dT, 0, dT))
    assert here.heat_capacity == pytest.approx(1000 * (after.energy - before.energy) / (2 * dT), rel=1e-7)
    assert here.entropy == pytest.approx(-1000 * (after.free_energy - before.free_energy) / (2 * dT), rel=1e-7)
    dH = 1e-4
    spin = parts[0]
    shifted = [
        FiniteSize(Model(Lattice((5, 5)), SpinCrossover(spin.enthalpy + d, spin.entropy, spin.volume), *parts[1:]))
        for d in (-dH, dH)
    ]
    gamma = [x.averages(T).gamma for x in shifted]
    assert 25 * here.var_gamma == pytest.approx(-(gamma[1] - gamma[0]) / (2 * dH) * KELVIN * T, rel=1e-6)


def test_probability_gives_the_averages():
    small = FiniteSize(presets.load("pmpea-volume"), 40, field=0.02)
    P = np.exp(small.log_probability(228.0))
    plus, minus = np.indices(P.shape)
    found = small.averages(228.0)
    assert P.sum() == pytest.approx(1)
    assert (P[plus + minus > 40] == 0).all()
    assert (P * (plus + minus)).sum() / 40 == pytest.approx(found.gamma, abs=1e-12)
    assert (P * (plus - minus)).sum() / 40 == pytest.approx(found.eta, abs=1e-12)
    flat = FiniteSize(presets.load("fe2fe"), 500)
    P = np.exp(flat.log_probability(240.0))
    assert P @ np.arange(501) / 500 == pytest.approx(flat.averages(240.0).gamma, abs=1e-12)


@pytest.mark.parametrize(("name", "T"), [("pmpea-volume", 226.0), ("pmpea", 300.0)])
def test_probability_of_a_large_crystal_has_the_mean_field_free_energy_as_its_rate(name, T):
    """−(T/N) ln P → φ − φ_min with corrections of order ln N / N, everywhere and not only at the minima."""
    model = presets.load(name)
    mean_field = MeanField(model)
    lowest = float(mean_field.free_energy(*mean_field.equilibrium(T), T))
    errors = []
    for N in (200, 800):
        plus, minus = np.indices((N + 1, N + 1))
        phi = mean_field.free_energy(2 * (plus + minus) / N - 1, (plus - minus) / N, T) - lowest
        rate = -KELVIN * T / N * FiniteSize(model, N).log_probability(T)
        errors.append(np.nanmax(np.abs(rate - phi)[np.isfinite(rate)]))
        assert errors[-1] < 3 * KELVIN * T * math.log(N) / N
    assert errors[1] < errors[0] / 3


def test_averages_approach_the_mean_field_as_one_over_n():
    model = presets.load("pmpea-volume")
    q, eta = MeanField(model).branch(260.0, "HS")
    shift = [FiniteSize(model, N).averages(260.0) for N in (1024, 4096)]
    assert (shift[0].q - q) / (shift[1].q - q) == pytest.approx(4, rel=0.02)
    assert shift[1].q == pytest.approx(q, abs=1e-3)
    assert shift[1].eta_abs == pytest.approx(eta, abs=1e-3)
    # fluctuations within one phase give the C_p of its branch
    assert shift[1].heat_capacity == pytest.approx(MeanField(model).heat_capacity(260.0, "HS"), rel=1e-2)


def test_one_molecule():
    model = Model(Lattice((2, 2)), *DISTORTING)
    found = FiniteSize(model, 1).averages(170.0)
    # its own γ and η: Γ γ(1−γ) = 0 and η² = 1 when it is HS
    energy = 2.4 - 1.3 / 2 + 0.6
    odds = 2 * math.exp(11.0 / R - energy / (KELVIN * 170.0))
    assert found.gamma == pytest.approx(odds / (1 + odds), abs=1e-12)
    assert found.eta_abs == pytest.approx(found.gamma, abs=1e-14)


def test_neighbours_are_refused():
    with pytest.raises(InputError, match="infinite range only"):
        FiniteSize(presets.load("pmpea-nn"))


@pytest.mark.parametrize("n_sites", [0, 2.5, True, 16385])
def test_impossible_sizes_are_refused(n_sites):
    with pytest.raises(InputError, match="n_sites"):
        FiniteSize(presets.load("pmpea"), n_sites)


def test_size_is_that_of_the_lattice_unless_given():
    assert FiniteSize(presets.load("pmpea", shape=(5, 7))).n_sites == 35
    assert FiniteSize(presets.load("fe2fe"), 100_000).averages(250.0).gamma == pytest.approx(0.499331, abs=1e-5)
