"""Derivatives along branches, tables, and the Landau expansion."""

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from mcsco.meanfield import MeanField
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover, presets
from mcsco.units import KELVIN


@pytest.mark.parametrize(
    ("name", "which", "T", "field"),
    [
        ("pmpea-volume", "LS", 200.0, 0.0),
        ("pmpea-volume", "HS", 225.0, 0.0),
        ("pmpea", "HS", 500.0, 0.0),
        ("pmpea", "HS", 900.0, 0.0),
        ("pmpea", "HS", 260.0, 0.3),
        ("pmpea", "LS", 210.0, -0.3),
        ("fe2co", "LS", 190.0, 0.0),
    ],
)
def test_heat_capacity_is_the_derivative_of_entropy_and_of_enthalpy(name, which, T, field):
    mean_field = MeanField(presets.load(name), field=field)
    dT = 1e-3
    states = [mean_field.branch(T + d, which) for d in (-dT, dT)]
    dS = np.diff([float(mean_field.entropy(*s)) for s in states])[0]
    dH = np.diff([float(mean_field.enthalpy(*s)) for s in states])[0]
    assert mean_field.heat_capacity(T, which) == pytest.approx(T * dS / (2 * dT), rel=1e-6)
    assert mean_field.heat_capacity(T, which) == pytest.approx(1000 * dH / (2 * dT), rel=1e-6)


@pytest.mark.parametrize("field", [0.0, 0.2])
def test_entropy_is_minus_the_temperature_derivative_of_the_branch_free_energy(field):
    mean_field = MeanField(presets.load("pmpea-volume"), field=field)
    phi = [float(mean_field.free_energy(*mean_field.branch(T, "HS"), T)) for T in (239.99, 240.01)]
    S = mean_field.entropy(*mean_field.branch(240.0, "HS"))
    assert -1000 * (phi[1] - phi[0]) / 0.02 == pytest.approx(float(S), rel=1e-7)


def test_entropy_difference_is_the_integral_of_heat_capacity():
    mean_field = MeanField(presets.load("pmpea-volume"))
    T = np.linspace(150, 234, 2001)
    curve = mean_field.branch_curve(T, "LS")
    assert np.trapezoid(curve.heat_capacity / T, T) == pytest.approx(curve.entropy[-1] - curve.entropy[0], rel=1e-6)


def test_branch_curve_keeps_the_shape_and_marks_missing_states():
    mean_field = MeanField(presets.load("pmpea"))
    T = np.array([[300.0, 100.0], [225.0, 240.0], [219.0, 221.0]])
    curve = mean_field.branch_curve(T, "HS")
    assert all(column.shape == T.shape for column in curve)
    missing = np.isnan(curve.q)
    assert missing.tolist() == [[False, True], [False, False], [True, False]]
    assert (np.isnan(curve.heat_capacity) == missing).all()
    assert (np.isnan(curve.free_energy) == missing).all()
    assert (curve.q[1, 0], curve.eta[1, 0]) == mean_field.branch(225.0, "HS")
    difference = curve.enthalpy - T * curve.entropy / 1000 - curve.free_energy
    assert difference[~missing] == pytest.approx(0, abs=1e-12)


def test_free_energy_of_impossible_states_is_nan():
    mean_field = MeanField(presets.load("pmpea"))
    phi = mean_field.free_energy([-1.1, 1.1, 0.0, 0.0, -1.0, 1.0], [0, 0, 0.51, 0.5, 0, -1], 200.0)
    assert np.isnan(phi).tolist() == [True, True, True, False, False, False]
    assert phi[4] == 0
    assert np.isnan(MeanField(presets.load("fe2fe")).free_energy(0.5, 0.1, 200.0))


def power_series(f, reach, degree):
    """Taylor coefficients of f(q, η) at 0 from a Chebyshev interpolation on |q|, |η| ≤ `reach`."""
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    q, eta = np.meshgrid(reach * nodes, reach * nodes, indexing="ij")
    inverse = np.linalg.inv(chebyshev.chebvander(nodes, degree))
    c = inverse @ f(q, eta) @ inverse.T
    to_power = np.zeros((degree + 1, degree + 1))
    for n in range(degree + 1):
        to_power[n, : n + 1] = chebyshev.cheb2poly([0] * n + [1])
    scale = reach ** np.arange(degree + 1.0)
    return to_power.T @ c @ to_power / np.outer(scale, scale)


@pytest.mark.parametrize("T", [150.0, 235.0])
@pytest.mark.parametrize("field", [0.0, 0.4])
def test_landau_expansion_is_the_taylor_series_of_the_free_energy(T, field):
    model = Model(
        Lattice((4, 4)),
        SpinCrossover(17.0, 66.5, 20.0),
        OrderDisorder(),
        (InfiniteRange(-0.6, 3.1, 1.7), NearestNeighbours(0.05, 0.2)),
    )
    mean_field = MeanField(model, pressure=0.03, field=field)
    c = power_series(lambda q, eta: mean_field.free_energy(q, eta, T), 0.25, 24)
    landau = mean_field.landau_expansion(T)
    assert c[0, 0] == pytest.approx(landau.G0, abs=1e-9)
    assert c[1, 0] == pytest.approx(landau.a1 * (landau.T_sc - T), abs=1e-8)
    assert c[2, 0] == pytest.approx(landau.B / 2, abs=1e-7)
    assert c[3, 0] == pytest.approx(0, abs=1e-6)
    assert c[4, 0] == pytest.approx(landau.C / 4, abs=1e-5)
    assert c[0, 1] == pytest.approx(-field, abs=1e-8)
    assert c[1, 1] == pytest.approx(0, abs=1e-7)
    assert c[0, 2] == pytest.approx(landau.a0 / 2 * (T - landau.T_c), abs=1e-7)
    assert c[1, 2] == pytest.approx(landau.D, abs=1e-6)
    assert c[2, 2] == pytest.approx(landau.E / 2, abs=1e-5)
    assert c[0, 4] == pytest.approx(landau.b / 4, abs=1e-5)


def test_landau_coefficients_of_the_calibration(three_state):
    """Closed forms, in K per molecule."""
    J, K, L, T = -71.68, 400.0, 200.0, 230.0
    landau = MeanField(three_state(2093.67, 8.0, J, K, L)).landau_expansion(T)
    assert landau.a1 / KELVIN == pytest.approx((8 + np.log(2)) / 2)
    assert landau.T_sc == pytest.approx((2093.67 - J / 2) / (8 + np.log(2)))
    assert landau.T_c == pytest.approx((K + L) / 2)
    kelvin = [x / KELVIN for x in (landau.B, landau.C, landau.a0, landau.b, landau.D, landau.E)]
    assert kelvin == pytest.approx([T - J / 4, T / 3, 2, 8 * T / 3, -(T + L / 2), 2 * T])


def test_landau_expansion_of_plain_spins_has_no_distortion():
    mean_field = MeanField(presets.load("fe2co"))
    landau = mean_field.landau_expansion(200.0)
    assert (landau.a0, landau.b, landau.D, landau.E) == (0, 0, 0, 0)
    assert landau.T_sc == pytest.approx(mean_field.half_conversion_temperature(), rel=1e-12)
    q = 0.03
    series = landau.G0 + landau.a1 * (landau.T_sc - 200) * q + landau.B / 2 * q**2 + landau.C / 4 * q**4
    assert mean_field.free_energy(q, 0.0, 200.0) == pytest.approx(series, abs=1e-9)
