"""Limits in which the answer is known: no interaction, the Ising model, sequential transitions."""

import math

import numpy as np
import pytest

from mcsco.meanfield import MeanField
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R


@pytest.mark.parametrize(("distortion", "variants"), [(None, 1), (OrderDisorder(), 2)])
@pytest.mark.parametrize("T", [40.0, 180.0, 350.0, 5000.0])
def test_independent_molecules(distortion, variants, T):
    mean_field = MeanField(Model(Lattice((2, 2)), SpinCrossover(15.0, 60.0), distortion))
    odds = variants * math.exp(60.0 / R - 15000.0 / (R * T))
    for which in ("LS", "HS"):
        q, eta = mean_field.branch(T, which)
        assert (1 + q) / 2 == pytest.approx(odds / (1 + odds), rel=1e-9, abs=2e-16)
        assert eta == 0
    assert mean_field.free_energy(q, eta, T) == pytest.approx(-R * T / 1000 * math.log1p(odds), abs=1e-12)
    schottky = R * (15000.0 / (R * T)) ** 2 * odds / (1 + odds) ** 2
    assert mean_field.heat_capacity(T, "LS") == pytest.approx(schottky, rel=1e-9)
    T_half = 15000.0 / (60.0 + R * math.log(variants))
    assert mean_field.half_conversion_temperature() == pytest.approx(T_half, rel=1e-12)
    assert mean_field.is_gradual


def test_field_on_independent_molecules():
    mean_field = MeanField(Model(Lattice((2, 2)), SpinCrossover(15.0, 60.0), OrderDisorder()), field=1.2)
    y = 1200 / (R * 240.0)
    odds = 2 * math.exp(60.0 / R - 15000.0 / (R * 240.0)) * math.cosh(y)
    gamma = odds / (1 + odds)
    assert mean_field.branch(240.0, "HS") == pytest.approx((2 * gamma - 1, gamma * math.tanh(y)), abs=1e-12)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4)])
def test_ising_model_orders_at_z_J(shape):
    J = 0.4
    T_c = 2 * len(shape) * J / KELVIN
    mean_field = MeanField(Model(Lattice(shape), SpinCrossover(0, 0), interactions=(NearestNeighbours(spin=J),)))
    assert [p.q for p in mean_field.stationary_points(T_c * 1.0001)] == pytest.approx([0], abs=1e-9)
    below = mean_field.stationary_points(T_c * 0.9999)
    assert [p.kind for p in below] == ["stable", "unstable", "stable"]
    assert below[2].q == pytest.approx(math.sqrt(3e-4), rel=1e-3)
    T = 0.7 * T_c
    assert mean_field.stationary_points(T)[2].q == pytest.approx(
        math.tanh(mean_field.stationary_points(T)[2].q * T_c / T), abs=1e-12
    )


def test_distortion_of_all_high_spin_molecules_orders_at_z_K():
    K = 0.4
    model = Model(Lattice((4, 4)), SpinCrossover(-400, 0), OrderDisorder(), (NearestNeighbours(distortion=K),))
    mean_field = MeanField(model)
    T_c = 4 * K / KELVIN
    assert mean_field.paraelastic_temperature() == pytest.approx(T_c, rel=1e-10)
    assert mean_field.symmetry_breaking_temperatures("LS") == pytest.approx((T_c,), rel=1e-10)
    q, eta = mean_field.branch(0.6 * T_c, "HS")
    assert q == pytest.approx(1, abs=1e-12)
    assert eta == pytest.approx(math.tanh(eta / 0.6), abs=1e-12)
    assert mean_field.is_gradual


def test_sequential_transitions_have_no_loop(three_state):
    """With anticooperative spins η appears continuously on heating, and the spins follow gradually."""
    mean_field = MeanField(three_state(1600.0, 8.0, -800.0, 800.0, 0.0))
    assert mean_field.is_gradual
    appears, vanishes = mean_field.symmetry_breaking_temperatures("LS")
    for T in (appears, vanishes):
        q, eta = mean_field.branch(T, "LS")
        assert eta == pytest.approx(0, abs=1e-6)
        assert 800 * (1 + q) / 2 == pytest.approx(T, rel=1e-9)
    assert mean_field.branch(appears - 0.01, "LS")[1] == 0
    assert 0.001 < mean_field.branch(appears + 0.01, "LS")[1] < 0.1
    curve = mean_field.branch_curve(np.linspace(appears - 5, appears + 5, 201), "LS")
    assert np.abs(np.diff(curve.q)).max() < 0.01


def test_high_spin_ground_state_has_no_lower_spinodal():
    model = Model(Lattice((4, 4)), SpinCrossover(1.0, 60.0), interactions=(InfiniteRange(spin=8.0),))
    T_down, T_up = MeanField(model).spinodals()
    assert T_down == 0
    assert 0 < T_up < 100
    assert MeanField(model).branch(1e-3, "HS") == (1, 0)


@pytest.mark.parametrize("gamma", [0.02, 0.5, 0.9])
def test_stiff_couplings_do_not_change_the_small_ones(gamma):
    """Scaling all energies and T together scales φ and leaves the order parameters."""
    one, ten = (
        MeanField(
            Model(
                Lattice((4, 4)),
                SpinCrossover(18.0 * s, 66.5),
                OrderDisorder(),
                (InfiniteRange(-0.3 * s, 3.3 * s, 1.7 * s),),
            )
        )
        for s in (1, 10)
    )
    assert 10 * np.array(one.spinodals()) == pytest.approx(ten.spinodals(), rel=1e-10)
    T = float(one.slichter_drickamer(gamma))
    assert float(ten.slichter_drickamer(gamma)) == pytest.approx(10 * T)
