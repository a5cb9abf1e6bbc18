"""Calibrated three-state models of [Fe(PM-PEA)2(NCS)2]: spinodals, Maxwell temperature, branches."""

import math

import numpy as np
import pytest
from scipy.optimize import fsolve

from mcsco.meanfield import MeanField
from mcsco.model import presets
from mcsco.units import R

VOLUME = (2093.67, 8.0, -71.68, 400.0, 200.0)
PAIRWISE = (2335.75, 8.0, 295.18, 800.0, 0.0)
BLOCKS = (1963.87, 8.0, -13.55, 100.0, 150.0)  # rigid blocks of two molecules


@pytest.mark.parametrize(
    ("numbers", "block", "T_up", "T_down", "T_M"),
    [
        (VOLUME, 1, 235.00006, 220.00011, 226.314342),
        (PAIRWISE, 1, 234.99998, 220.00012, 226.331354),
        (BLOCKS, 2, 234.99976, 219.99947, 226.692487),
    ],
)
def test_loop(three_state, numbers, block, T_up, T_down, T_M):
    mean_field = MeanField(three_state(*numbers, block=block))
    assert mean_field.spinodals() == pytest.approx((T_down, T_up), abs=2e-5)
    assert mean_field.maxwell_temperature() == pytest.approx(T_M, abs=1e-6)
    assert mean_field.transition_temperature() == mean_field.maxwell_temperature()
    assert not mean_field.is_gradual


def solve(equations, guess):
    z, info, *_ = fsolve(equations, guess, xtol=1e-14, full_output=True)
    assert np.abs(info["fvec"]).max() < 1e-10
    return z


def fold(guess, Delta, ln_g, J, K, L):
    """(n, m, T) where the gradient and the Hessian's determinant vanish, without the package's variables."""

    def equations(z):
        n, m, T = z
        plus, minus, square = (n + m) / 2, (n - m) / 2, n * n - m * m
        return (
            Delta - J * n - L * m * m - T * ln_g + T * (math.log(plus * minus) / 2 - math.log(1 - n)),
            -K * m - 2 * L * n * m + T * math.log(plus / minus) / 2,
            ((-J + T * (1 / (1 - n) + n / square)) * (-K - 2 * L * n + T * n / square)
             - (2 * L * m + T * m / square) ** 2) / 1000,
        )  # fmt: skip

    return solve(equations, guess)


def pitchfork(Delta, ln_g, J, K, L):
    """(n, T) where the undistorted state becomes unstable against m."""

    def equations(z):
        n, T = z
        return n * (K + 2 * L * n) - T, T * (math.log(2) + ln_g - math.log(n / (1 - n))) - Delta + J * n

    return solve(equations, (0.35, 235.0))


@pytest.mark.parametrize(("numbers", "guess"), [(VOLUME, (0.7938, 0.7844, 220.0)), (PAIRWISE, (0.7463, 0.7325, 220.0))])
def test_spinodals_solve_the_equations_of_the_fold_and_of_the_pitchfork(three_state, numbers, guess):
    mean_field = MeanField(three_state(*numbers))
    T_down, T_up = mean_field.spinodals()
    n, m, T = fold(guess, *numbers)
    assert pytest.approx(T, abs=1e-8) == T_down
    assert mean_field.branch(T_down, "HS") == pytest.approx((2 * n - 1, m), abs=1e-4)
    n, T = pitchfork(*numbers)
    assert pytest.approx(T, abs=1e-8) == T_up
    assert mean_field.branch(T_up, "LS") == pytest.approx((2 * n - 1, 0), abs=1e-8)


@pytest.mark.parametrize("name", ["pmpea", "pmpea-volume"])
def test_branches_end_at_the_spinodals(name):
    mean_field = MeanField(presets.load(name))
    T_down, T_up = mean_field.spinodals()
    assert np.isfinite(mean_field.branch(T_up - 1e-7, "LS")).all()
    assert np.isnan(mean_field.branch(T_up + 1e-7, "LS")).all()
    assert np.isfinite(mean_field.branch(T_down + 1e-7, "HS")).all()
    assert np.isnan(mean_field.branch(T_down - 1e-7, "HS")).all()


@pytest.mark.parametrize(
    ("numbers", "block", "T", "q"),
    [
        *((VOLUME, 1, *row) for row in [
            (150, -0.989736), (180, -0.901281), (200, -0.722321), (210, -0.587323), (220.5, -0.420326),
            (228, -0.291747), (234.5, -0.178397), (235, -0.1697),
        ]),
        (PAIRWISE, 1, 150, -0.997939),
        (PAIRWISE, 1, 234.99998, -0.4125),
        (BLOCKS, 2, 150, -0.999849),
        (BLOCKS, 2, 234.9997, -0.038),
    ],
)  # fmt: skip
def test_low_spin_branch(three_state, numbers, block, T, q):
    found, eta = MeanField(three_state(*numbers, block=block)).branch(T, "LS")
    digits = 6 if q not in (-0.1697, -0.4125, -0.038) else 3 if q == -0.038 else 4
    assert found == pytest.approx(q, abs=0.6 * 10**-digits)
    assert eta == 0


@pytest.mark.parametrize(
    ("numbers", "block", "T", "q", "m", "digits"),
    [
        *((VOLUME, 1, *row, 6) for row in [
            (220.5, 0.660395, 0.823208), (228, 0.810952, 0.901107), (236, 0.863411, 0.927421),
            (400, 0.985950, 0.948731), (700, 0.994498, 0.571932),
        ]),
        *((VOLUME, 1, *row, 3) for row in [
            (225, 0.777, 0.884), (235, 0.858, 0.925), (250, 0.909, None), (300, 0.963, 0.970),
        ]),
        *((PAIRWISE, 1, *row, 3) for row in [
            (225, 0.706, 0.849), (235, 0.8137, 0.9030), (250, 0.882, None), (300, 0.954, 0.966),
        ]),
        *((BLOCKS, 2, *row, 3) for row in [
            (225, 0.886, 0.940), (235, 0.948, 0.971), (250, 0.977, None), (300, 0.997, 0.988),
        ]),
    ],
)  # fmt: skip
def test_high_spin_branch(three_state, numbers, block, T, q, m, digits):
    found = MeanField(three_state(*numbers, block=block)).branch(T, "HS")
    assert found[0] == pytest.approx(q, abs=0.6 * 10**-digits)
    if m is not None:
        assert found[1] == pytest.approx(m, abs=0.6 * 10**-digits)


def test_jump_at_the_maxwell_temperature(three_state):
    jump = MeanField(three_state(*VOLUME)).maxwell_jump()
    assert jump.low_spin == pytest.approx((-0.321007, 0), abs=1e-6)
    assert jump.high_spin == pytest.approx((0.793672, 0.892326), abs=1e-6)
    assert jump.entropy == pytest.approx(32.679381, abs=1e-6)
    assert jump.latent_heat == pytest.approx(7.395813, abs=1e-6)
    assert jump.latent_heat == pytest.approx(jump.temperature * jump.entropy / 1000, rel=1e-12)


@pytest.mark.parametrize("numbers", [VOLUME, PAIRWISE])
def test_distortion_of_the_high_spin_branch_vanishes_where_n_times_the_coupling_is_T(three_state, numbers):
    mean_field = MeanField(three_state(*numbers))
    T = mean_field.paraelastic_temperature()
    n = (1 + mean_field.branch(T, "HS")[0]) / 2
    assert pytest.approx(n * (numbers[3] + 2 * numbers[4] * n), abs=1e-7) == T
    assert 795 < T < 800
    assert mean_field.branch(T + 1e-6, "HS")[1] == 0
    assert 0 < mean_field.branch(T - 1e-3, "HS")[1] < 1e-2
    assert mean_field.symmetry_breaking_temperatures("HS") == (T,)
    assert mean_field.symmetry_breaking_temperatures("LS") == ()


def test_volume_preset_is_the_calibration(three_state):
    loaded, built = MeanField(presets.load("pmpea-volume")), MeanField(three_state(*VOLUME))
    assert loaded.spinodals() == pytest.approx(built.spinodals(), abs=1e-9)
    assert loaded.free_energy(0.3, 0.2, 250.0) == pytest.approx(float(built.free_energy(0.3, 0.2, 250.0)), abs=1e-12)


def test_transition_is_symmetry_breaking_entropy_of_one_variant(three_state):
    """LS → HSls at low disorder carries ΔS; the paraelastic HS phase has R ln 2 more."""
    mean_field = MeanField(three_state(*VOLUME))
    assert mean_field.entropy(1.0, 1.0) == pytest.approx(8 * R)
    assert mean_field.entropy(1.0, 0.0) - mean_field.entropy(1.0, 1.0) == pytest.approx(R * math.log(2))
    assert mean_field.entropy(-1.0, 0.0) == 0
