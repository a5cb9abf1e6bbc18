"""Mean field of continuous distortions: calibrated sets, an independent solution, derivatives, limits."""

import math
from functools import cache

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve

from mcsco.errors import InputError
from mcsco.meanfield import MeanField
from mcsco.model import (
    Displacive,
    InfiniteRange,
    Lattice,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
    presets,
)
from mcsco.units import KELVIN, R

PAIRWISE = (943.7431, 0.0, 99.8044, 2348.3148)  # K, L, J, Δ in K; ε = 600, κ = 4000, ln g = 8
VOLUME = (754.9944, 94.3743, -68.8525, 2243.4816)
STRONG_VOLUME = (471.8715, 235.9358, -427.9829, 2009.4760)


def displacive(K, L, J, Delta, epsilon=600.0, kappa=4000.0, ln_g=8.0, interactions=()):
    """Model of the energy Δn − J n²/2 − K η²/2 − L n η² (K per molecule)."""
    return Model(
        Lattice((8, 8)),
        SpinCrossover((Delta - J / 2) * KELVIN, ln_g * R),
        Displacive(epsilon * KELVIN, kappa * KELVIN),
        (InfiniteRange(J / 2 * KELVIN, K * KELVIN, L * KELVIN), *interactions),
    )


@cache
def theory(numbers, field=0.0):
    """Its branches are traced once for all tests."""
    return MeanField(displacive(*numbers), field=field)


@pytest.mark.parametrize(
    ("numbers", "loop", "q_c", "q_150", "hot"),
    [
        (PAIRWISE, (220.000179, 234.999996), -0.5236, -0.9981, [(0.6761, 0.9615), (0.7947, 1.0230), (0.9462, 1.0829)]),
        (VOLUME, (220.000222, 235.000001), -0.4228, -0.9962, [(0.7381, 0.9899), (0.8336, 1.0405), (0.9543, 1.0861)]),
        (STRONG_VOLUME, (220.000282, 235.000004), -0.248, -0.9826,
         [(0.7900, 1.0125), (0.8653, 1.0539), (0.9608, 1.0883)]),
    ],
)  # fmt: skip
def test_calibrated_sets(numbers, loop, q_c, q_150, hot):
    mean_field = theory(numbers)
    T_down, T_up = mean_field.spinodals()
    assert (T_down, T_up) == pytest.approx(loop, abs=1e-6)
    assert not mean_field.is_gradual
    assert mean_field.branch(T_up, "LS") == (pytest.approx(q_c, abs=5.1e-5 if q_c != -0.248 else 5e-4), 0)
    assert mean_field.branch(150.0, "LS") == (pytest.approx(q_150, abs=5.1e-5), 0)
    for T, state in zip((225.0, 235.5, 300.0), hot, strict=True):
        assert mean_field.branch(T, "HS") == pytest.approx(state, abs=5.1e-5)


def averages(T, field):
    """Z, ⟨u⟩, ⟨u²⟩ in both wells by 400 Gauss-Legendre points on [−3, 3]."""
    u, w = np.polynomial.legendre.leggauss(400)
    u, w = 3 * u, 3 * w
    for V in (600 * (u**2 - 1) ** 2, 2000 * u**2 + 600 * u**4):
        f = w * np.exp((field * u - V) / T)
        yield f.sum(), (f @ u) / f.sum(), (f @ u**2) / f.sum()


def equations(n, m, T, K, L, J, Delta):
    """Residuals of self-consistency, and the determinant of e'' + T Cov⁻¹, without the package."""
    (Z_h, m_h, s_h), (Z_l, m_l, s_l) = averages(T, (K + 2 * L * n) * m)
    odds = math.exp(8 - (Delta - J * n - L * m * m) / T) * Z_h / Z_l
    new_n = odds / (1 + odds)
    new_m = new_n * m_h + (1 - new_n) * m_l
    mixed = new_n * (m_h - new_m)
    covariance = [[new_n * (1 - new_n), mixed], [mixed, new_n * s_h + (1 - new_n) * s_l - new_m**2]]
    hessian = np.array([[-J, -2 * L * m], [-2 * L * m, -(K + 2 * L * n)]]) + T * np.linalg.inv(covariance)
    return new_n - n, new_m - m, np.linalg.det(hessian) / 1e6


@pytest.mark.filterwarnings("ignore:xtol")
@pytest.mark.parametrize("numbers", [PAIRWISE, STRONG_VOLUME])
def test_spinodals_solve_the_equations_of_an_independent_quadrature(numbers):
    mean_field = theory(numbers)
    T_down, T_up = mean_field.spinodals()
    n, m, T = fsolve(lambda z: equations(*z, *numbers), (0.75, 0.86, 220.0), xtol=1e-14)
    assert pytest.approx(T, abs=1e-7) == T_down
    assert mean_field.branch(T_down, "HS") == pytest.approx((2 * n - 1, m), abs=1e-4)

    def softness(n, T):  # T/⟨u²⟩ − (K + 2Lγ)
        (_, _, s_h), (_, _, s_l) = averages(T, 0.0)
        return T / (n * s_h + (1 - n) * s_l) - numbers[0] - 2 * numbers[1] * n

    n = (1 + mean_field.branch(T_up, "LS")[0]) / 2
    assert equations(n, 0.0, T_up, *numbers)[0] == pytest.approx(0, abs=1e-9)
    assert softness(n, T_up) == pytest.approx(0, abs=1e-6)


def test_paraelastic_temperature_of_a_saturated_crystal_is_the_calibrations():
    """T/⟨u²⟩ of HS molecules is K + 2L at 800 K; the few LS molecules left lower the temperature by 2 to 4 K."""
    for numbers, expected in ((PAIRWISE, 798.0977), (VOLUME, 797.4293), (STRONG_VOLUME, 796.0932)):
        all_hs = brentq(lambda T, K=numbers[0] + 2 * numbers[1]: T / next(averages(T, 0.0))[2] - K, 700, 900)
        assert all_hs == pytest.approx(800, abs=2e-3)
        mean_field = theory(numbers)
        T = mean_field.paraelastic_temperature()
        assert pytest.approx(expected, abs=1e-4) == T
        assert mean_field.symmetry_breaking_temperatures("HS") == (T,)
        assert mean_field.branch(T + 1e-6, "HS")[1] == 0
        assert 0 < mean_field.branch(T - 1e-3, "HS")[1] < 1e-2


@pytest.mark.parametrize("name", ["pmpea-displacive", "pmpea-displacive-volume"])
def test_presets_are_the_calibrated_sets(name):
    numbers = PAIRWISE if name == "pmpea-displacive" else VOLUME
    q, eta = np.array([-0.5, 0.2, 0.9]), np.array([0.1, -0.6, 1.1])
    phi = MeanField(presets.load(name)).free_energy(q, eta, 230.0)
    assert phi == pytest.approx(theory(numbers).free_energy(q, eta, 230.0), abs=1e-12)


# derivatives


@pytest.fixture(scope="module")
def mixed():
    """All couplings, pressure and a field."""
    model = displacive(600.0, 120.0, 50.0, 2200.0, interactions=(NearestNeighbours(0.05, 0.2),))
    model = Model(model.lattice, SpinCrossover(model.spin.enthalpy, model.spin.entropy, 15.0), *(
        model.distortion, model.interactions))  # fmt: skip
    return MeanField(model, pressure=0.02, field=0.1)


@pytest.mark.parametrize(
    ("q", "eta", "T"), [(-0.7, 0.1, 190.0), (0.3, -0.8, 240.0), (0.9, 1.2, 320.0), (0.0, 2.5, 60.0)]
)
def test_gradient_of_the_free_energy_is_field_minus_local_field(mixed, q, eta, T):
    """∂φ/∂γ = ε − T (ln g + ln Z_H/Z_L − ℓ), ∂φ/∂η = T y + ∂e/∂η; ∂φ/∂T = −S, and H = φ + T S."""
    d = 1e-4
    slope_q = float(np.diff(mixed.free_energy([q - d, q + d], eta, T))[0]) / (2 * d)
    slope_eta = float(np.diff(mixed.free_energy(q, [eta - d, eta + d], T))[0]) / (2 * d)
    p, n = mixed._p, (1 + q) / 2
    y = float(mixed._site.field_of(np.array(n), np.array(eta), 1 / T))
    ratio = float(mixed._site.in_field(np.array(y), 1 / T).ln_ratio)
    epsilon = p.enthalpy + p.Gamma * (1 - 2 * n) - p.L * eta**2
    expected = (epsilon - T * (p.ln_g + ratio - math.log(n / (1 - n)))) * KELVIN / 2
    assert slope_q == pytest.approx(expected, rel=1e-6)
    assert slope_eta == pytest.approx((T * y - (p.K + 2 * p.L * n) * eta - p.field) * KELVIN, rel=1e-6)
    slope_T = float(np.diff(mixed.free_energy(q, eta, [T - 0.01, T + 0.01]))[0]) / 0.02
    S = float(mixed.entropy(q, eta, T))
    assert -1000 * slope_T == pytest.approx(S, rel=1e-6)
    assert mixed.enthalpy(q, eta, T) - T * S / 1000 == pytest.approx(float(mixed.free_energy(q, eta, T)), abs=1e-12)


@pytest.mark.parametrize(
    ("numbers", "which", "T", "field"),
    [
        (PAIRWISE, "LS", 225.0, 0.0),
        (VOLUME, "HS", 223.0, 0.0),
        (PAIRWISE, "HS", 790.0, 0.0),
        (PAIRWISE, "HS", 830.0, 0.0),
        (STRONG_VOLUME, "HS", 260.0, 0.3),
        (VOLUME, "LS", 210.0, -0.3),
    ],
)
def test_heat_capacity_is_the_derivative_of_entropy_and_of_enthalpy(numbers, which, T, field):
    mean_field = theory(numbers, field)
    states = [(t, mean_field.branch(t, which)) for t in (T - 2e-3, T + 2e-3)]
    dS = np.diff([float(mean_field.entropy(*s, t)) for t, s in states])[0]
    dH = np.diff([float(mean_field.enthalpy(*s, t)) for t, s in states])[0]
    d_phi = np.diff([float(mean_field.free_energy(*s, t)) for t, s in states])[0]
    S = float(mean_field.entropy(*mean_field.branch(T, which), T))
    assert mean_field.heat_capacity(T, which) == pytest.approx(T * dS / 4e-3, rel=2e-6)
    assert mean_field.heat_capacity(T, which) == pytest.approx(1000 * dH / 4e-3, rel=2e-6)
    assert -1000 * d_phi / 4e-3 == pytest.approx(S, rel=1e-6)


def test_barriers_vanish_at_the_spinodals_and_are_equal_at_the_maxwell_temperature():
    mean_field = theory(PAIRWISE)
    T_down, T_up = mean_field.spinodals()
    T = mean_field.maxwell_temperature()
    assert pytest.approx(226.28746, abs=1e-5) == T
    G_LH, G_HL = mean_field.barriers(T)
    assert pytest.approx(G_HL, abs=1e-10) == G_LH
    assert G_LH > 0.01
    assert mean_field.barriers(T_up)[0] == pytest.approx(0, abs=1e-9)
    assert mean_field.barriers(T_down)[1] == pytest.approx(0, abs=1e-9)
    jump = mean_field.maxwell_jump()
    rise = mean_field.enthalpy(*jump.high_spin, T) - mean_field.enthalpy(*jump.low_spin, T)
    assert jump.latent_heat == pytest.approx(float(rise), abs=1e-9)
    q, eta = np.linspace(jump.low_spin[0], jump.high_spin[0], 81), np.linspace(0, 1.2, 121)
    coarse = mean_field.free_energy(q[:, None], eta, T)
    i = coarse.min(axis=1).argmax()
    # The lowest way crosses between the points of this grid: the pass itself needs a finer one.
    q, eta = q[i] + np.linspace(-0.03, 0.03, 61), eta[coarse[i].argmin()] + np.linspace(-0.03, 0.03, 61)
    lowest_way = mean_field.free_energy(q[:, None], eta, T).min(axis=1).max()
    assert lowest_way - mean_field.free_energy(*jump.low_spin, T) == pytest.approx(G_LH, abs=1e-4)


# limits


@pytest.mark.parametrize("T", [30.0, 200.0, 900.0])
def test_independent_molecules(T):
    """γ/(1−γ) = g e^{−Δ/T} Z_H/Z_L, and ⟨V⟩ is in the energy; in a field η = γ m_H + (1−γ) m_L."""
    mean_field = MeanField(displacive(0.0, 0.0, 0.0, 1500.0))
    (Z_h, _, _), (Z_l, _, _) = averages(T, 0.0)
    odds = math.exp(8 - 1500 / T) * Z_h / Z_l
    for which in ("LS", "HS"):
        q, eta = mean_field.branch(T, which)
        assert (1 + q) / 2 == pytest.approx(odds / (1 + odds), rel=1e-9)
        assert eta == 0
    assert mean_field.is_gradual
    assert mean_field.free_energy(q, 0.0, T) == pytest.approx(-KELVIN * T * math.log(Z_l * (1 + odds)), abs=1e-11)
    (Z_h, m_h, _), (Z_l, m_l, _) = averages(T, 90.0)
    odds = math.exp(8 - 1500 / T) * Z_h / Z_l
    n = odds / (1 + odds)
    poled = MeanField(mean_field.model, field=90.0 * KELVIN).branch(T, "HS")
    assert poled == pytest.approx((2 * n - 1, n * m_h + (1 - n) * m_l), abs=1e-10)


WIDTHS = math.log(4000 / (8 * 600)) / 2


@cache
def stiff(scale):
    return MeanField(displacive(800.0, 50.0, 150.0, 2250.0, 600 * scale, 4000 * scale))


@pytest.fixture(scope="module")
def order_disorder():
    model = displacive(800.0, 50.0, 150.0, 2250.0, ln_g=8 + WIDTHS)
    return MeanField(Model(model.lattice, model.spin, OrderDisorder(), model.interactions))


def test_stiff_wells_are_the_order_disorder_model(order_disorder):
    """ε = 600 c, κ = 4000 c, c → ∞: u = 0 in LS and ±1 in HS.

    Each of these three wells has a width, however,

        Z_H/Z_L → 2 cosh y √(κ/8ε),   so that  ln g (order-disorder) = ln g (displacive) + ½ ln(κ/8ε) at every T.

    What is left, ⟨u²⟩ = T/κ in LS and ⟨u⟩ = ±1 + y T/8ε - ... in HS, falls as 1/c.
    """

    def numbers(x):
        return np.array([*x.spinodals(), x.maxwell_temperature(), x.paraelastic_temperature(),
                         *x.branch(224.0, "HS"), *x.branch(320.0, "HS"), x.branch(224.0, "LS")[0]])  # fmt: skip

    limit = numbers(order_disorder)
    far, near = (numbers(stiff(scale)) - limit for scale in (1e3, 1e4))
    assert near[:4] == pytest.approx(0, abs=0.05)
    assert near[4:] == pytest.approx(0, abs=1e-4)
    assert far / near == pytest.approx(10, rel=0.05)
    # the widths shift the loop by what they add to the entropy, here R ln 0.91
    assert abs(WIDTHS) * limit[1] / 8 > 2


def test_stiff_wells_vibrate_with_half_a_kelvin_each(order_disorder):
    """C_p of stiff wells is that of order-disorder plus R/2, in both spin states."""
    for T, which in ((200.0, "LS"), (300.0, "HS")):
        expected = order_disorder.heat_capacity(T, which) + R / 2
        assert stiff(1e4).heat_capacity(T, which) == pytest.approx(expected, rel=1e-3)


def test_neighbours_enter_through_the_coordination_number():
    """J and K per bond act as Γ = 2zJ, K∞ = zK and a constant −zJ/2."""
    near = displacive(300.0, 0.0, 0.0, 2300.0, interactions=(NearestNeighbours(0.1, 1.1),))
    far = displacive(300.0, 0.0, 0.0, 2300.0, interactions=(InfiniteRange(0.8, 4.4),))
    q, eta = np.array([-0.9, 0.4, 0.8]), np.array([0.01, 1.3, -0.5])
    expected = MeanField(far).free_energy(q, eta, 180.0) - 0.2
    assert MeanField(near).free_energy(q, eta, 180.0) == pytest.approx(expected, abs=1e-12)


def test_closed_curve_passes_through_the_undistorted_states():
    mean_field = theory(VOLUME)
    q, _ = mean_field.branch(210.0, "LS")
    assert mean_field.slichter_drickamer((1 + q) / 2) == pytest.approx(210.0, abs=1e-8)
    hot = mean_field.branch(950.0, "HS")
    assert mean_field.slichter_drickamer([(1 + hot[0]) / 2])[0] == pytest.approx(950.0, abs=1e-7)


def test_potentials_need_a_temperature():
    mean_field = theory(VOLUME)
    with pytest.raises(InputError, match="T: is needed"):
        mean_field.enthalpy(0.0, 0.0)
    with pytest.raises(InputError, match="must be greater than 0"):
        mean_field.free_energy(0.0, 0.0, -3.0)
    assert np.isnan(mean_field.free_energy([-1.1, 0.0], [0.0, np.nan], 200.0)).all()
    assert np.isfinite(mean_field.free_energy([-1.0, 1.0], [0.7, 1.5], 200.0)).all()
