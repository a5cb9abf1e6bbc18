"""Binning analysis and jackknife against analytic errors."""

import math

import numpy as np
import pytest

from mcsco import InputError
from mcsco.observables import binning, estimate, jackknife


def test_binning_climbs_from_the_naive_error_to_the_true_one(ar1):
    phi, n = 0.9, 2**16
    found = binning(ar1(phi, n))
    assert found.length.tolist() == [2**k for k in range(12)]
    assert found.n_bins[-1] == 32
    naive, true = 1 / math.sqrt(n), math.sqrt(19 / n)
    assert found.error[0] == pytest.approx(naive, rel=0.03)
    plateaus = np.array([binning(x).plateau for x in ar1(phi, 12, n)])
    assert np.isfinite(plateaus).sum() >= 10
    assert np.nanmean(plateaus) == pytest.approx(true, rel=0.12)
    # One level up from a bin length m the exact variance of the mean of AR(1) bins is known.
    m = 8
    exact = (19 - 2 * phi * (1 - phi**m) / (m * (1 - phi) ** 2)) / n
    assert found.error[3] == pytest.approx(math.sqrt(exact), rel=0.05)


def test_binning_of_a_chain_shorter_than_its_memory_has_no_plateau(ar1):
    assert math.isnan(binning(np.cumsum(ar1(0.0, 512))).plateau)


def test_binning_keeps_replicas_apart(ar1):
    x = ar1(0.9, 16, 4096)
    assert binning(x).error[3] == pytest.approx(binning(x.ravel()).error[3])
    assert binning(ar1(0.0, 5, 33)).n_bins.tolist() == [165, 80, 40]
    with pytest.raises(InputError, match="at least 32"):
        binning(np.arange(31.0))


def test_jackknife_of_the_mean_is_the_mean(ar1):
    pairs = [(estimate(x), jackknife(np.mean, x)) for x in ar1(0.9, 20, 4, 2000)]
    for direct, left_out in pairs:
        assert left_out.value == pytest.approx(direct.value, abs=0.5 * direct.error)
    ratio = [left_out.error / direct.error for direct, left_out in pairs]
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.12)


def test_jackknife_of_a_variance_has_the_error_of_gaussian_theory(ar1):
    # var(s²) = 2σ⁴/N Σρ² = 2/N (1 + φ²)/(1 − φ²) for AR(1) of unit variance.
    phi, n = 0.9, 19 * 100
    chains = ar1(phi, 150, n)
    exact = math.sqrt(2 / n * (1 + phi**2) / (1 - phi**2))
    found = [e for x in chains if math.isfinite((e := jackknife(np.var, x)).error)]
    assert len(found) > 140
    error = np.array([e.error for e in found])
    value = np.array([e.value for e in found])
    assert np.sqrt(np.mean(error**2)) == pytest.approx(exact, rel=0.2)
    assert 0.58 < np.mean(np.abs(value - 1) < error) < 0.78
    naive = math.sqrt(2 / n)
    assert np.mean(np.abs(value - 1) < naive) < 0.4  # 0.25 in theory


def test_jackknife_removes_the_bias_of_a_variance(ar1):
    # Expectation of var over N = n·2τ correlated samples: 1 − 1/n. Blocks of 4τ remove three quarters of it.
    n = 60
    removed = [jackknife(np.var, x).value - x.var() for x in ar1(0.9, 200, 19 * n)]
    assert 0.6 / n < np.mean(removed) < 1.1 / n


def test_jackknife_propagates_a_ratio(rng):
    a, b = 2.0 + 0.3 * rng.normal(size=20_000), 5.0 + 0.5 * rng.normal(size=20_000)
    found = jackknife(lambda x, y: x.mean() / y.mean(), a, b)
    exact = 0.4 * math.sqrt((0.3 / 2) ** 2 + (0.5 / 5) ** 2) / math.sqrt(20_000)
    assert found.error == pytest.approx(exact, rel=0.35)
    assert abs(found.value - 0.4) < 4 * exact


def test_jackknife_sees_correlations_between_its_series(ar1):
    x = 10 + ar1(0.8, 8000)
    assert jackknife(lambda a, b: a.mean() - b.mean(), x, x).reason == "the function does not depend on the data"
    ratio = jackknife(lambda a, b: a.mean() / b.mean(), x, x + 1e-3 * ar1(0.0, 8000))
    assert ratio.error < 1e-4 * estimate(x).error * 10


def test_jackknife_refuses():
    x = np.linspace(0, 1, 400)  # a drift, not a stationary series
    e = jackknife(np.var, x)
    assert math.isnan(e.error)
    assert "independent" in e.reason
    assert math.isnan(jackknife(np.var, np.ones(100)).error)
    assert jackknife(np.var, np.ones(100)).value == 0
    with pytest.raises(InputError, match="equal shape"):
        jackknife(lambda a, b: 0.0, np.zeros(10), np.zeros(11))
    with pytest.raises(InputError, match="equal shape"):
        jackknife(lambda: 0.0)


def test_jackknife_of_a_function_without_a_value(rng):
    e = jackknife(lambda x: math.nan, rng.normal(size=500))
    assert math.isnan(e.value)
    assert "not finite" in e.reason
