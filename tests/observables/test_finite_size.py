"""Crossings, exponents, collapse and the order of a transition, on crystals whose averages are known exactly."""

import math

import numpy as np
import pytest
from exact_samples import K, blume_capel, draw, exact_curves
from scipy.optimize import brentq

from mcsco import InputError
from mcsco.observables import FiniteSizeScaling, Reweighting, crossing, finite_size, limit, power_law
from mcsco.observables.collapse import collapse, quality
from mcsco.observables.universality import MEAN_FIELD, MEAN_FIELD_BINDER, TRICRITICAL_MEAN_FIELD

DELTA = 0.2
T_C = K * brentq(lambda t: t - 2 * math.exp(-DELTA / t) / (1 + 2 * math.exp(-DELTA / t)), 0.4, 0.9)
"""Δ/K = 0.2: the transition of infinite crystals is continuous at T = K n₀(T)."""


@pytest.fixture(scope="module")
def mean_field() -> FiniteSizeScaling:
    T = np.linspace(T_C - 14, T_C + 14, 29)
    return FiniteSizeScaling([exact_curves(blume_capel(DELTA, N), T) for N in (64, 128, 256, 512)], scale="molecules")


def test_mean_field_cumulant_is_that_of_the_quartic_distribution():
    m = np.linspace(-6, 6, 20001)
    for power, U4 in ((4, MEAN_FIELD_BINDER), (6, TRICRITICAL_MEAN_FIELD.binder)):
        P = np.exp(-(m**power))
        m2, m4 = (np.average(m**k, weights=P) for k in (2, 4))
        assert 1 - m4 / (3 * m2**2) == pytest.approx(U4, rel=1e-10)


def test_crossings_lead_to_the_critical_temperature(mean_field):
    shifts = [c.at.value - T_C for c in mean_field.crossings()]
    assert np.all(np.diff(shifts) > 0)
    assert shifts[-1] / shifts[0] == pytest.approx(1 / 4, rel=0.05)  # as 1/N
    assert mean_field.critical.by_power[1.0] == pytest.approx(T_C, abs=0.02)
    assert mean_field.critical_binder.by_power[0.5] == pytest.approx(MEAN_FIELD_BINDER, abs=2e-3)


def test_exponents_are_those_of_mean_field(mean_field):
    found = mean_field.exponents(T_C)
    assert found.inverse_nu.exponent.value == pytest.approx(MEAN_FIELD.inverse_nu, rel=0.01)
    assert found.beta_nu.exponent.value == pytest.approx(-MEAN_FIELD.beta_nu, rel=0.01)
    assert found.gamma_nu.exponent.value == pytest.approx(MEAN_FIELD.gamma_nu, rel=0.02)
    # The drift between neighbouring sizes goes towards the exact value.
    drift = [abs(local.value - 0.5) for local in found.gamma_nu.local]
    assert drift == sorted(drift, reverse=True)


def test_collapse_finds_temperature_and_exponents(mean_field):
    for name, kappa in (("binder", 0.0), ("order", -0.25), ("total susceptibility", 0.5)):
        found = collapse(mean_field.curves, mean_field.sizes, (T_C + 2, 1.6, kappa), name, reach=0.6)
        assert found.critical.value == pytest.approx(T_C, abs=2.0)
        assert found.nu.value == pytest.approx(2.0, rel=0.05)
        assert found.kappa.value == pytest.approx(kappa, abs=0.02)


def test_quality_is_one_for_points_within_errors_and_large_without(rng):
    def points(shift):
        x = np.sort(rng.uniform(-1, 1, 200))
        return x, x + shift + 0.01 * rng.normal(size=x.size), np.full(x.size, 0.01)

    assert quality([points(0.0) for _ in range(4)]) == pytest.approx(1.0, abs=0.15)
    assert quality([points(0.1 * k) for k in range(4)]) > 20
    assert math.isnan(quality([(np.array([k, k + 0.5]), np.zeros(2), np.ones(2)) for k in range(3)]))


def test_limit_and_power_law_of_known_laws(rng):
    sizes = [8.0, 16.0, 32.0, 64.0]
    noise = 1e-3 * np.array([1, 1, 1, 1])[:, None] * rng.normal(size=(4, 400))
    copies = [np.concatenate([[y], y + n]) for y, n in zip([2 + 3 / s**2 for s in sizes], noise, strict=True)]
    found = limit(sizes, copies)
    assert found.by_power[2.0] == pytest.approx(2.0, abs=1e-9)
    assert abs(found.value.value - 2.0) < found.value.error
    assert found.value.error > 1e-3
    y = [np.concatenate([[3 * s**0.7], 3 * s**0.7 * (1 + n)]) for s, n in zip(sizes, noise, strict=True)]
    power = power_law(sizes, y)
    x = np.log(sizes)
    assert power.exponent.value == pytest.approx(0.7, abs=1e-9)
    assert power.exponent.error == pytest.approx(1e-3 / math.sqrt(np.sum((x - x.mean()) ** 2)), rel=0.15)
    assert power.amplitude == pytest.approx(3.0)
    assert "needs 3" in limit(sizes[:2], copies[:2]).value.reason


def simulated(delta, T, sizes, rng, steps=1500):
    return [draw(blume_capel(delta, N), [(t, 0.0) for t in T], rng, 4, steps) for N in sizes]


def test_continuous_transition_is_called_continuous(rng):
    found = finite_size(
        simulated(DELTA, T_C + np.array([-12.0, 0.0, 12.0]), (64, 144, 256, 576), rng), scale="molecules"
    )
    verdict = found.verdict()
    assert verdict.order == "continuous", str(verdict)
    assert "mean field" in verdict.classes
    assert abs(verdict.critical.value.value - T_C) < 3 * verdict.critical.value.error
    assert abs(found.exponents(T_C).gamma_nu.exponent.value - 0.5) < 0.03
    assert all(abs(x.height.value) > 0 for x in found.maxima("heat capacity"))


def test_first_order_transition_is_called_first_order(rng):
    # Δ/K = 0.48, T_t = K/3: below it. The energy jumps by a finite amount.
    crystals = simulated(0.48, (72.0, 80.0, 88.0, 96.0), (64, 100, 144, 256), rng, steps=8000)
    verdict = finite_size(crystals, scale="molecules").verdict()
    assert verdict.order == "first order", str(verdict)
    assert verdict.barrier_growth.exponent.value > 0.3
    assert verdict.gap.value.value > 3 * verdict.gap.value.error
    assert verdict.barriers[-1].value > verdict.barriers[0].value


def test_two_sizes_do_not_decide(rng):
    verdict = finite_size(simulated(DELTA, (T_C - 8, T_C + 8), (36, 64), rng), scale="molecules").verdict()
    assert verdict.order == "cannot be decided"
    assert any("needs 3" in reason for reason in verdict.reasons)


def test_errors_of_a_crossing_are_the_scatter_of_repetitions(rng):
    found = []
    for seed in range(12):
        data = simulated(DELTA, (T_C - 10, T_C + 10), (36, 144), rng, steps=500)
        found.append(finite_size(data, scale="molecules", resamples=30, seed=seed).crossings()[0].at)
    assert np.std([x.value for x in found]) == pytest.approx(np.mean([x.error for x in found]), rel=0.6)


def test_mistakes(mean_field, rng):
    curves = mean_field.curves
    with pytest.raises(InputError, match="two different"):
        FiniteSizeScaling(curves[:1])
    with pytest.raises(InputError, match="'extent' or 'molecules'"):
        FiniteSizeScaling(curves, scale="L")
    with pytest.raises(InputError, match="'eta' or 'q'"):
        FiniteSizeScaling(curves, order="m")
    with pytest.raises(InputError, match="different paths"):
        crossing(curves[0], exact_curves(blume_capel(DELTA, 16), [100.0, 101.0]), (1, 2))
    with pytest.raises(InputError, match="needs 3"):
        collapse(curves[:2], (1.0, 2.0), (T_C, 2.0, 0.0))
    with pytest.raises(InputError, match="outside the path"):
        collapse(curves, mean_field.sizes, (T_C + 50, 2.0, 0.0))
    one = Reweighting(draw(blume_capel(0.3, 16), [(100.0, 0.0)], rng, 1, 200))
    with pytest.raises(InputError, match="no condition changes"):
        finite_size([one])
    with pytest.raises(InputError, match="quantity"):
        curves[0].quantity("colour")
