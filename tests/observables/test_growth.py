"""Growth exponents of power laws, with and without noise, drift and uneven times."""

import math

import numpy as np
import pytest

from mcsco import InputError
from mcsco.observables import Estimate, estimate, growth_exponent

t = np.arange(1.0, 1025.0)


def test_an_exact_power_law():
    found = growth_exponent(t, 2.5 * t**0.5)
    assert found.value == pytest.approx(0.5)
    assert found.amplitude == pytest.approx(2.5)
    assert found.window == pytest.approx((1.0, 1024.0))
    assert found.local == pytest.approx(np.full(1023, 0.5))
    assert found.time[:2] == pytest.approx([math.sqrt(2), math.sqrt(6)])
    assert found.drift.value == pytest.approx(0, abs=1e-12)
    assert isinstance(found, Estimate)
    assert math.isnan(found.error)
    assert "one replica" in found.reason
    assert np.isnan(found.local_error).all()


def test_error_covers_the_truth_over_repetitions(rng):
    times = np.geomspace(10, 1000, 12)
    pulls = []
    for _ in range(200):
        # Noise of a replica is common to all its times, and grows: no line through one replica would show it.
        # The last term leaves the mean over all replicas as it is.
        x = np.log(times)
        R = 3 * times ** (1 / 3) * np.exp(0.05 * rng.normal(size=(16, 1)) * x - 0.05**2 * x**2 / 2)
        found = growth_exponent(times, R)
        pulls.append((found.value - 1 / 3) / found.error)
    assert abs(np.mean(pulls)) < 0.3
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)
    assert found.n_effective == 16
    assert np.all(found.local_error > 0)


def test_dense_late_times_do_not_outweigh_early_ones():
    # Two power laws, meeting at t = 32, the middle of ln t: the fit lies between, though 97 % of the times are late.
    R = np.where(t < 32, t**0.5, 32**0.25 * t**0.25)
    found = growth_exponent(t, R)
    assert found.value == pytest.approx(0.375, abs=0.01)
    assert found.drift.value == pytest.approx(-0.25, abs=0.02)
    assert found.local[0] == pytest.approx(0.5)
    assert found.local[-1] == pytest.approx(0.25)


def test_window_is_inclusive():
    R = np.where(t < 32, t**0.5, 32**0.25 * t**0.25)
    early, late = growth_exponent(t, R, (2, 32)), growth_exponent(t, R, window=(32, 500))
    assert early.value == pytest.approx(0.5)
    assert early.window == pytest.approx((2.0, 32.0))
    assert late.value == pytest.approx(0.25)
    assert late.window == pytest.approx((32.0, 500.0))
    assert late.local.size == 1023


def test_time_zero_is_left_out():
    times = np.arange(50.0)
    found = growth_exponent(times, np.maximum(times, 0.7))
    assert found.value == pytest.approx(1.0)
    assert found.window[0] == pytest.approx(1.0)


def test_units_of_time_and_length_do_not_matter(rng):
    R = t**0.4 * np.exp(0.02 * rng.normal(size=(5, t.size)))
    found, scaled = growth_exponent(t, R), growth_exponent(60 * t, 7 * R)
    assert scaled.value == pytest.approx(found.value)
    assert scaled.error == pytest.approx(found.error)
    assert scaled.amplitude == pytest.approx(7 * found.amplitude * 60**-found.value)
    assert found.scaled(2.0).value == pytest.approx(2 * found.value)


def test_one_replica_agrees_with_the_mean_of_the_estimate(rng):
    # With noise that is small, the jackknife of the logarithm is the mean of the exponents of the replicas.
    R = t[:64] ** 0.5 * np.exp(1e-4 * rng.normal(size=(30, 64)))
    single = [growth_exponent(t[:64], row).value for row in R]
    found = growth_exponent(t[:64], R)
    assert found.value == pytest.approx(np.mean(single), abs=1e-7)
    assert found.error == pytest.approx(np.std(single, ddof=1) / math.sqrt(30), rel=1e-3)
    assert math.isfinite(estimate(single).value)


@pytest.mark.parametrize(
    ("time", "length", "window", "message"),
    [
        (t, t[:-1], None, "equal steps"),
        (t[::-1], t, None, "increase"),
        (t - 2, t, None, "negative"),
        (t, t - 1, None, "positive everywhere"),
        (t, np.where(t == 7, np.nan, t), None, "finite"),
        (t, t, (10, 12), "holds 3"),
        (t[:3], t[:3], None, "holds 3"),
        (t, t, (12, 10), "window end"),
        (t, t, (0, 10), "window start"),
        (t, t, 10.0, "two times"),
        (t, t, ("a", 10), "window start"),
    ],
)
def test_bad_input(time, length, window, message):
    with pytest.raises(InputError, match=message):
        growth_exponent(time, length, window)
