"""Plain spins against the closed form of Slichter and Drickamer and the fits of three compounds."""

import math

import numpy as np
import pytest

from mcsco.meanfield import MeanField
from mcsco.model import presets
from mcsco.units import R

FE2FE = [(0.1, 210.028), (0.2, 223.485), (0.3, 233.194), (0.4, 241.701),
         (0.6, 259.083), (0.7, 269.874), (0.8, 284.696), (0.9, 311.224)]  # fmt: skip
FE2CO = [(0.1, 143.521), (0.2, 155.349), (0.3, 164.790), (0.4, 173.592),
         (0.6, 192.163), (0.7, 203.447), (0.8, 218.245), (0.9, 243.004)]  # fmt: skip
FE2FE_GAMMA = [(150, 0.000640), (200, 0.054273), (225, 0.214202), (240, 0.379539), (250, 0.499331),
               (260, 0.609396), (275, 0.739231), (300, 0.867008), (350, 0.958354)]  # fmt: skip
FE2CO_GAMMA = [(100, 0.000626), (140, 0.077582), (160, 0.247715), (170, 0.358945), (180, 0.472395),
               (190, 0.578628), (200, 0.671603), (220, 0.809607), (250, 0.917294), (300, 0.974912)]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "T_half", "cooperativity", "slope", "width"),
    [("fe2fe", 250.057169, 0.101006, 0.01169820, 101.196), ("fe2co", 182.506806, -0.276781, 0.01090224, 99.483)],
)
def test_gradual_clusters(name, T_half, cooperativity, slope, width):
    mean_field = MeanField(presets.load(name))
    assert mean_field.is_gradual
    assert np.isnan(mean_field.spinodals()).all()
    assert math.isnan(mean_field.maxwell_temperature())
    assert np.isnan(mean_field.barriers(T_half)).all()
    assert mean_field.half_conversion_temperature() == pytest.approx(T_half, abs=1e-6)
    assert mean_field.transition_temperature() == mean_field.half_conversion_temperature()
    Gamma = presets.load(name).couplings.Gamma
    assert 1000 * Gamma / (2 * R * T_half) == pytest.approx(cooperativity, abs=1e-6)
    q = [mean_field.branch(T_half + dT, "LS")[0] for dT in (-0.01, 0.01)]
    assert (q[1] - q[0]) / 0.04 == pytest.approx(slope, abs=2e-8)
    T10, T90 = mean_field.slichter_drickamer([0.1, 0.9])
    assert pytest.approx(width, abs=1e-3) == T90 - T10


@pytest.mark.parametrize(("name", "points"), [("fe2fe", FE2FE), ("fe2co", FE2CO)])
def test_temperature_of_a_fraction(name, points):
    gamma, T = np.transpose(points)
    assert MeanField(presets.load(name)).slichter_drickamer(gamma) == pytest.approx(T, abs=6e-4)


@pytest.mark.parametrize(("name", "points"), [("fe2fe", FE2FE_GAMMA), ("fe2co", FE2CO_GAMMA)])
@pytest.mark.parametrize("which", ["LS", "HS"])
def test_fraction_at_a_temperature(name, points, which):
    T, gamma = np.transpose(points)
    curve = MeanField(presets.load(name)).branch_curve(T, which)
    assert (1 + curve.q) / 2 == pytest.approx(gamma, abs=6e-7)
    assert (curve.eta == 0).all()


@pytest.mark.parametrize(
    ("entropy", "T_half", "Gamma"),
    [(40, 149.327, 4.0386), (50, 148.432, 4.3441), (60, 147.791, 4.6366), (70, 147.306, 4.9196), (80, 146.924, 5.1949)],
)
def test_loop_of_dpp_py(plain, entropy, T_half, Gamma):
    mean_field = MeanField(plain(T_half * entropy / 1000, entropy, Gamma))
    assert mean_field.spinodals() == pytest.approx((123, 163), abs=3e-3)
    assert mean_field.maxwell_temperature() == pytest.approx(T_half, abs=1e-8)


def test_preset_dpp_py():
    assert MeanField(presets.load("dpp-py")).spinodals() == pytest.approx((123, 163), abs=3e-3)


def test_spinodals_are_the_extrema_of_the_closed_form(plain):
    mean_field = MeanField(plain(8.8, 60.0, 4.7))
    gamma = np.linspace(1e-4, 1 - 1e-3, 2_000_001)
    T = mean_field.slichter_drickamer(gamma)
    rising = T[gamma < 0.5].max()
    falling = T[gamma > 0.5].min()
    assert mean_field.spinodals() == pytest.approx((falling, rising), abs=1e-9)


@pytest.mark.parametrize("excess", [-0.01, 0.01])
def test_hysteresis_needs_gamma_above_the_critical_value(plain, excess):
    """The curve T(γ) is monotonic up to its critical Γ, found here from the slope of the closed form."""
    gamma = np.linspace(0.3, 0.7, 400_001)

    def smallest_slope(Gamma):
        return np.diff(MeanField(plain(15.0, 60.0, Gamma)).slichter_drickamer(gamma)).min()

    low, high = 3.0, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if smallest_slope(middle) > 0 else (low, middle)
    assert low == pytest.approx(2 * R * 250 / 1000, rel=0.03)  # 2RT½ to leading order in R/ΔS
    assert MeanField(plain(15.0, 60.0, low + excess)).is_gradual == (excess < 0)


def test_closed_form_of_a_distorting_model_is_its_undistorted_state():
    mean_field = MeanField(presets.load("pmpea-volume"))
    q, eta = mean_field.branch(210.0, "LS")
    assert eta == 0
    assert mean_field.slichter_drickamer((1 + q) / 2) == pytest.approx(210.0, abs=1e-9)


@pytest.mark.parametrize("name", ["dpp-py", "fe2fe"])
def test_pressure_shifts_the_transition_by_volume_over_entropy(plain, name):
    spin = presets.load(name).spin
    model = plain(spin.enthalpy, spin.entropy, presets.load(name).couplings.Gamma, volume=3.4)
    T0 = MeanField(model).transition_temperature()
    T1 = MeanField(model, pressure=0.5).transition_temperature()
    assert pytest.approx(0.5 * 3.4 * 1000 / spin.entropy, abs=1e-8) == T1 - T0


def test_pressure_on_the_three_state_model_obeys_clapeyron(three_state):
    model = three_state(2093.67, 8.0, -71.68, 400.0, 200.0)
    model = type(model)(
        model.lattice, type(model.spin)(model.spin.enthalpy, model.spin.entropy, 30.0), model.distortion,
        model.interactions,
    )  # fmt: skip
    jump = MeanField(model).maxwell_jump()
    volume = 30.0 * (jump.high_spin[0] - jump.low_spin[0]) / 2
    T = [MeanField(model, pressure=P).maxwell_temperature() for P in (-0.001, 0.001)]
    assert (T[1] - T[0]) / 0.002 == pytest.approx(1000 * volume / jump.entropy, rel=1e-5)
