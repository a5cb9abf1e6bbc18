"""Eqs. (1) and (2) alone, against direct minimisation and against their misprints."""

import numpy as np
import pytest

from mcsco import InputError
from mcsco.landau import Potential, SpinConversion, SymmetryBreaking


def lowest(G, x):
    i = np.argmin(G)
    return x[i], G[i]


@pytest.mark.parametrize(("a0", "ordered", "disordered"), [(0.05, 180.0, 260.0), (-0.05, 260.0, 180.0)])
def test_symmetry_breaking_is_the_minimum(a0, ordered, disordered):
    sb = SymmetryBreaking(a0, 10, 235)
    x = np.linspace(0, 2, 200001)
    for T in (ordered, disordered):
        eta, G = lowest(sb.potential(x, T), x)
        assert sb.eta(T) == pytest.approx(eta, abs=2e-5)
        assert sb.free_energy(T) == pytest.approx(G, abs=1e-8)
    assert sb.eta(ordered) == pytest.approx(np.sqrt(0.05 * abs(235 - ordered) / 10))
    assert sb.free_energy(ordered) == pytest.approx(-((0.05 * (235 - ordered)) ** 2) / 40)
    assert sb.eta(disordered) == 0
    assert sb.free_energy(disordered) == 0


@pytest.mark.parametrize("a0", [0.05, -0.05])
def test_entropy_never_falls_on_heating(a0):
    # A negative a0 has been said to lower the entropy above T_sb; equilibrium forbids that.
    sb = SymmetryBreaking(a0, 10, 235)
    T = np.linspace(150, 300, 61)
    S = sb.entropy(T)
    assert (np.diff(S) >= 0).all()
    np.testing.assert_allclose(S, -a0 / 2 * sb.eta(T) ** 2)
    dT = 1e-3
    np.testing.assert_allclose(S, -(sb.free_energy(T + dT) - sb.free_energy(T - dT)) / (2 * dT), atol=1e-7)
    assert sb.entropy(260) == pytest.approx(max(0.0, -np.sign(a0)) * 0.05**2 / 20 * 25)
    assert sb.entropy(200) == pytest.approx(max(0.0, np.sign(a0)) * 0.05**2 / 20 * -35)


def test_heat_capacity_jump():
    sb = SymmetryBreaking(0.05, 10, 235)
    slope = (sb.entropy(235 - 1e-3) - sb.entropy(235 - 2e-3)) / 1e-3
    assert sb.heat_capacity_jump == pytest.approx(235 * 0.05**2 / 20)
    assert sb.heat_capacity_jump == pytest.approx(235 * slope)


@pytest.mark.parametrize("B", [-8.0, -120.0, -1e-3, 0.0, 1e-70, 1e-3, 8.0, 50.0])
def test_spin_conversion_is_the_minimum(B):
    sc = SpinConversion(0.6, 35, 235, B)
    x = np.linspace(-1, 1, 200001)
    for T in (100.0, 190.0, 220.0, 234.9, 235.3, 260.0, 300.0):
        q, G = lowest(sc.potential(x, T), x)
        assert sc.q(T) == pytest.approx(q, abs=2e-5)
        assert sc.free_energy(T) == pytest.approx(G, abs=1e-7)
        assert sc.entropy(T) == pytest.approx(0.6 * q, abs=2e-5)


def test_closed_forms_of_the_critical_spin_conversion():
    sc = SpinConversion(0.6, 35, 235)
    T = np.linspace(180, 290, 111)
    np.testing.assert_allclose(sc.q(T), np.cbrt(0.6 / 35 * (T - 235)), atol=1e-14)
    np.testing.assert_allclose(sc.free_energy(T), -0.75 * ((0.6 * (T - 235)) ** 4 / 35) ** (1 / 3), atol=1e-12)
    np.testing.assert_allclose(sc.entropy(T), 0.6 * np.cbrt(0.6 * (T - 235) / 35), atol=1e-14)


def test_misprinted_free_energy_is_refuted():
    # One printing has a1 outside the fourth power, which is wrong by the factor a1.
    sc = SpinConversion(0.6, 35, 235)
    misprint = -0.75 * (0.6 * (235 - 200.0) ** 4 / 35) ** (1 / 3)
    assert sc.free_energy(200) == pytest.approx(0.6 * misprint)
    assert sc.potential(sc.q(200), 200) == pytest.approx(0.6 * misprint)


@pytest.mark.parametrize("B", [-4.0, -30.0])
def test_spinodals_and_binodal(B):
    sc = SpinConversion(0.6, 35, 235, B)
    width = 2 * (-B / 3) ** 1.5 / (0.6 * np.sqrt(35))
    assert sc.spinodals() == pytest.approx((235 - width, 235 + width))
    assert sc.binodal == pytest.approx(np.sqrt(-B / 35))
    assert sc.q(235 + 1e-9) == pytest.approx(sc.binodal)
    assert sc.potential(sc.binodal, 235) == pytest.approx(sc.potential(-sc.binodal, 235))
    assert sc.free_energy(235) == pytest.approx(-(B**2) / (4 * 35))
    assert sc.q(235) == 0


@pytest.mark.parametrize("B", [-200.0, -60.0, -4.0, 0.0, 6.0])
def test_full_potential_without_coupling_is_the_spin_conversion(B):
    p, sc = Potential(0.6, 35, 10, 0, 0, 235, B=B), SpinConversion(0.6, 35, 235, B)
    assert p.spinodals() == pytest.approx(sc.spinodals(), abs=1e-10, nan_ok=True)
    T = np.array([150.0, 200.0, 230.0, 240.0, 290.0])
    np.testing.assert_allclose(p.equilibrium(T)[0], sc.q(T), atol=1e-9)
    if B < 0:
        assert p.maxwell_temperature() == pytest.approx(235)
        assert p.phase_sequence() == "isosymmetric"
    else:
        assert p.phase_sequence() == "crossover"


def test_results_have_the_shape_of_the_temperature():
    sc, sb = SpinConversion(0.6, 35, 235, -4), SymmetryBreaking(0.05, 10, 235)
    for f in (sc.q, sc.free_energy, sc.entropy, sb.eta, sb.free_energy, sb.entropy):
        assert isinstance(f(200), float)
        assert f([200, 210, 235]).shape == (3,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SymmetryBreaking(0, 10, 235), "a0 = 0"),
        (lambda: SymmetryBreaking(0.1, 0, 235), "b = 0: must be greater than 0"),
        (lambda: SpinConversion(0.6, -35, 235), "C = -35: must be greater than 0"),
        (lambda: SpinConversion(0.6, 35, 235, B=np.nan), "B = nan: must be finite"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(InputError, match=message):
        make()
