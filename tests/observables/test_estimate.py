"""Means, autocorrelation times and standard errors, on chains where all three are known exactly."""

import math
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from mcsco import InputError
from mcsco.observables import Estimate, equilibrated_start, estimate
from mcsco.observables.autocorrelation import STARTS, squared_errors, summed_correlations


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.98])
def test_autocorrelation_time_of_ar1(ar1, phi):
    two_tau = (1 + phi) / (1 - phi)
    chains = ar1(phi, 40, int(400 * two_tau))
    found = np.array([estimate(x).tau for x in chains])
    # pymbar's floor 2τ >= 1 biases white noise upwards by a tenth.
    assert 0.92 < found.mean() / (two_tau / 2) < 1.15


def test_long_slow_chain_is_binned_without_changing_its_tau(ar1):
    phi = 0.998  # 2τ = 999: pymbar alone needs seconds here
    found = np.array([estimate(x).tau for x in ar1(phi, 12, 100_000)])
    assert found.mean() == pytest.approx(999 / 2, rel=0.25)


def test_error_bars_cover_as_often_as_a_standard_error_must_and_naive_ones_do_not(ar1):
    phi, n_effective = 0.9, 60
    chains = ar1(phi, 400, 19 * n_effective)
    estimates = [estimate(x) for x in chains]
    value, error = (np.array([getattr(e, name) for e in estimates]) for name in ("value", "error"))
    answered = np.isfinite(error)
    assert answered.mean() > 0.9
    covered = np.mean(np.abs(value[answered]) < error[answered])
    naive = chains.std(axis=1) / np.sqrt(chains.shape[1])
    assert 0.61 < covered < 0.75  # 0.683
    assert np.mean(np.abs(value) < naive) < 0.3  # 0.18 in theory
    assert np.sqrt(np.mean(error[answered] ** 2)) == pytest.approx(chains.mean(axis=1).std(), rel=0.12)


def test_error_is_a_standard_error_and_not_a_standard_deviation(rng):
    x = 3.0 + 2.0 * rng.normal(size=40_000)
    long, short = estimate(x), estimate(x[:10_000])
    assert long.error == pytest.approx(2.0 / 200, rel=0.15)
    assert short.error == pytest.approx(2 * long.error, rel=0.25)
    assert long.n_effective == pytest.approx(40_000, rel=0.2)
    assert long.reason == ""


def test_replicas_count_as_independent_chains(ar1):
    ensembles = ar1(0.9, 60, 8, 600)
    estimates = [estimate(x) for x in ensembles]
    true = math.sqrt(19 / (8 * 600))
    assert np.mean([e.error for e in estimates]) == pytest.approx(true, rel=0.12)
    assert np.mean([e.tau for e in estimates]) == pytest.approx(9.5, rel=0.12)
    assert 0.55 < np.mean([abs(e.value) < e.error for e in estimates]) < 0.82


def test_replicas_stuck_in_different_states_get_no_confident_error(rng):
    stuck = np.array([1.0, 1.0, -1.0, 1.0])[:, None] + 0.01 * rng.normal(size=(4, 5000))
    e = estimate(stuck)
    assert math.isnan(e.error)
    assert e.n_effective < 5
    assert "independent" in e.reason


def test_many_stuck_replicas_give_the_error_of_their_scatter(rng):
    means = rng.normal(size=(60, 1))
    e = estimate(means + 0.01 * rng.normal(size=(60, 400)))
    assert e.error == pytest.approx(means.std() / math.sqrt(60), rel=0.1)


@pytest.mark.parametrize("n_effective", [1, 3, 8])
def test_short_chains_are_refused_with_a_reason(ar1, n_effective):
    estimates = [estimate(x) for x in ar1(0.99, 100, 199 * n_effective)]
    refused = [e for e in estimates if math.isnan(e.error)]
    assert len(refused) >= 92
    assert all("autocorrelation times" in e.reason and math.isfinite(e.value) for e in refused)


@pytest.mark.parametrize(
    "x", [np.full(1000, 0.3), np.full((4, 50), -1.0), np.zeros(30), 0.1 + 1e-16 * np.arange(100) % 3e-16]
)
def test_constant_series_has_a_value_and_no_error(x):
    e = estimate(x)
    assert e.value == pytest.approx(np.mean(x))
    assert math.isnan(e.error)
    assert "never changes" in e.reason


def test_one_measurement():
    e = estimate([2.5])
    assert (e.value, e.reason) == (2.5, "one measurement has no error")
    assert math.isnan(e.error)


@pytest.mark.parametrize(
    ("series", "says"),
    [
        ([1.0, float("nan"), 2.0], "series[1] = nan"),
        (np.array([[1.0, 2.0], [3.0, np.inf]]), "series[1, 1] = inf"),
        ([], "not empty"),
        (np.zeros((2, 3, 4)), "(2, 3, 4)"),
        ([[1.0, 2.0], [1.0]], "equal lengths"),
        (["a", "b"], "real numbers"),
        (3.0, "()"),
    ],
)
def test_unusable_series(series, says):
    with pytest.raises(InputError) as caught:
        estimate(series)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=25, deadline=None)
@given(shift=st.floats(-1e3, 1e3), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 2**32 - 1))
def test_shift_and_scale_move_the_value_and_scale_the_error(shift, scale, seed):
    x = np.random.default_rng(seed).normal(size=(3, 200))
    a, b = estimate(x), estimate(shift - scale * x)
    assert b.value == pytest.approx(shift - scale * a.value, abs=1e-9 * (abs(shift) + scale))
    assert b.error == pytest.approx(scale * a.error, rel=1e-6)
    assert b.tau == pytest.approx(a.tau, rel=1e-6)


def test_data_arrays_are_read_by_their_dimension_names(ar1):
    x = ar1(0.9, 4, 500)
    assert estimate(xr.DataArray(x.T, dims=("step", "replica"))) == estimate(x)


def test_text_shows_two_digits_of_the_error():
    assert str(Estimate(234.5678, 0.1234)) == "234.57 ± 0.12"
    assert str(Estimate(1234.0, 45.0)) == "1234 ± 45"
    assert "nan (too short)" in str(Estimate(1.0, math.nan, reason="too short"))


def test_equilibrated_start_finds_the_end_of_a_transient(ar1):
    x = ar1(0.8, 2, 6000)
    x += 30 * np.exp(-np.arange(6000) / 100)
    assert 200 < equilibrated_start(x) < 1200
    assert abs(estimate(x).value) > 0.3  # the transient would have been in the mean
    start = equilibrated_start(x)
    rest = estimate(x[:, start:])
    assert abs(rest.value) < 4 * rest.error


def test_equilibrated_start_of_long_and_of_constant_series(ar1):
    x = ar1(0.5, 20_000)
    x[:4000] += 10
    assert 3750 <= equilibrated_start(x) < 8000
    assert equilibrated_start(np.ones(500)) == 0
    assert equilibrated_start([1.0, 2.0]) == 0
    frozen = np.concatenate([np.linspace(1, -1, 100), np.full(900, -1.0)])
    assert 95 <= equilibrated_start(frozen) < 200


def test_equilibrated_start_keeps_a_stationary_series(ar1):
    starts = [equilibrated_start(x) / 500 for x in ar1(0.97, 200, 500)]  # 8 times 2τ
    assert np.mean(starts) < 0.2
    assert max(starts) <= 0.5


def test_equilibrated_start_sees_a_common_transient_shorter_than_tau(ar1):
    x = ar1(0.97, 64, 500)
    biased = x + 10 * np.exp(-np.arange(500) / 10)
    assert equilibrated_start(biased) >= 20
    rest = estimate(biased[:, equilibrated_start(biased) :])
    assert abs(rest.value) < 4 * rest.error
    assert biased.mean() - x.mean() > 3 * rest.error  # what keeping it would have cost


@pytest.mark.parametrize("shape", [(1, 4), (1, 16), (1, 100), (1, 2048), (2, 5), (3, 13), (8, 20), (4, 700), (64, 128)])
@pytest.mark.parametrize("phi", [-0.6, 0.0, 0.7, 0.98])
def test_the_sum_over_lags_is_that_of_pymbar(shape, phi):
    from pymbar import timeseries

    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=shape)
        for t in range(1, shape[1]):
            x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * x[:, t]
        for series in (x + 3.0, np.round(2 * x)):
            if np.ptp(series) == 0:
                continue
            several = timeseries.statistical_inefficiency_multiple
            known = timeseries.statistical_inefficiency(series[0]) if len(series) == 1 else several(series)
            assert summed_correlations(series) == pytest.approx(known, rel=1e-10)


@pytest.mark.parametrize("n", [16, 20, 100, 2048])
@pytest.mark.parametrize("walk", [0.0, 0.3])
def test_errors_after_all_starts_at_once_are_those_of_each_tail(n, walk):
    from pymbar import timeseries

    starts = np.unique((np.array(STARTS) * n).astype(int))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = walk * np.cumsum(rng.normal(size=n)) + rng.normal(size=n)
        known = [x[k:].var() * timeseries.statistical_inefficiency(x[k:]) / (n - k) for k in starts]
        assert squared_errors(x, starts) == pytest.approx(known, rel=1e-9)
    x[n // 2 :] = 1.0
    assert squared_errors(x, np.array([0, n // 2]))[1] == 0.0


def test_import_is_light_and_nothing_heavy_is_needed():
    code = (
        "import sys; import mcsco.observables as ob; heavy = {'pymbar', 'xarray', 'pandas', 'numba', 'scipy.optimize'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "import numpy as np; ob.estimate(np.random.default_rng(0).normal(size=100));"
        "assert not heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
