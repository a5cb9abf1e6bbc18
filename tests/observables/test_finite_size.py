"""Crossings, exponents, collapse and the order of a transition, on crystals whose averages are known exactly."""

import math

import numpy as np
import pytest
from exact_samples import K, blume_capel, draw, exact_curves
from scipy.optimize import brentq

from mcsco import InputError
from mcsco.meanfield import FiniteSize
from mcsco.observables import (
    Curves,
    Distribution,
    Estimate,
    FiniteSizeScaling,
    Reweighting,
    crossing,
    finite_size,
    limit,
    power_law,
)
from mcsco.observables.bimodality import read_bimodality
from mcsco.observables.collapse import collapse, quality
from mcsco.observables.universality import MEAN_FIELD, MEAN_FIELD_BINDER, TRICRITICAL_MEAN_FIELD

DELTA = 0.2
T_C = K * brentq(lambda t: t - 2 * math.exp(-DELTA / t) / (1 + 2 * math.exp(-DELTA / t)), 0.4, 0.9)
"""Δ/K = 0.2: the transition of infinite crystals is continuous at T = K n₀(T)."""


@pytest.fixture(scope="module")
def mean_field() -> FiniteSizeScaling:
    T = np.linspace(T_C - 14, T_C + 14, 85)
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
    assert mean_field.critical.by_power[1.0] == pytest.approx(T_C, abs=0.05)
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
    for name, kappa in (("order", -0.25), ("total susceptibility", 0.5)):
        found = collapse(mean_field.curves, mean_field.sizes, (T_C + 2, 1.6, kappa), name, reach=0.6)
        assert found.critical.value == pytest.approx(T_C, abs=0.5)
        assert found.nu.value == pytest.approx(2.0, rel=0.1)
        assert found.kappa.value == pytest.approx(kappa, abs=0.02)


def test_collapse_of_curves_without_corrections_is_exact():
    # <m²> and <m⁴> of a scaling function: U4 = 0.4 − 0.2 tanh(t ℓ^1.25).
    x = np.linspace(90.0, 110.0, 81)
    curves = []
    for ell in (8, 16, 32):
        U4 = 0.4 - 0.2 * np.tanh((x - 101.0) * ell**1.25 / 400)
        moments = {"eta2": np.ones((1, 81)), "eta4": 3 * (1 - U4[None])}
        zero = np.zeros_like(x)
        curves.append(Curves(ell**2, 2, x, zero, zero, moments, np.full(81, np.inf)))
    found = collapse(curves, (8, 16, 32), (100.0, 1.0, 0.0), reach=0.9)
    assert found.critical.value == pytest.approx(101.0, abs=0.02)
    assert found.nu.value == pytest.approx(0.8, abs=0.005)
    assert found.quality < 0.1
    assert found.kappa == Estimate(0.0, 0.0)
    with pytest.raises(InputError, match="fewer than 4 points"):
        collapse(curves, (8, 16, 32), (100.0, 1.0, 0.0), reach=0.02)


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


def simulated(delta, conditions, sizes, rng, steps=1500):
    return [draw(blume_capel(delta, N), conditions, rng, 4, steps) for N in sizes]


QUICK = {"scale": "molecules", "points": 25, "resamples": 24}


def test_continuous_transition_is_called_continuous(rng):
    conditions = [(T_C + dT, 0.0) for dT in (-12.0, 0.0, 12.0)]
    found = finite_size(simulated(DELTA, conditions, (64, 144, 256, 576), rng), **QUICK)
    verdict = found.verdict()
    assert verdict.order == "continuous", str(verdict)
    assert "mean field" in verdict.classes
    assert abs(verdict.critical.value.value - T_C) < 3 * verdict.critical.value.error
    gamma = found.exponents(T_C).gamma_nu.exponent
    assert abs(gamma.value - 0.5) < 3 * gamma.error < 0.1


def test_first_order_transition_is_called_first_order(rng):
    # Far below T_t = K/3 the pressure drives the molecules from u = ±1 to u = 0.
    conditions = [(70.0, P) for P in (-0.01, 0.0, 0.01)]
    verdict = finite_size(simulated(0.4875, conditions, (32, 48, 64), rng, steps=4000), **QUICK).verdict()
    assert verdict.order == "first order", str(verdict)
    assert abs(verdict.barrier_growth.exponent.value - 1.0) < 0.4
    assert verdict.gap.value.value > 0.5
    assert [b.value for b in verdict.barriers] == sorted(b.value for b in verdict.barriers)


def test_two_sizes_do_not_decide(rng):
    conditions = [(T_C - 16, 0.0), (T_C + 8, 0.0)]
    verdict = finite_size(simulated(DELTA, conditions, (64, 256), rng), **QUICK).verdict()
    assert verdict.order == "cannot be decided"
    assert any("needs 3" in reason for reason in verdict.reasons)


def test_a_valley_that_nobody_passed_does_not_decide(rng):
    conditions = [(45.0, P) for P in (-0.002, 0.0, 0.002)]
    verdict = finite_size(simulated(0.4985, conditions, (100, 144, 196), rng), **QUICK).verdict()
    assert verdict.order == "cannot be decided"
    assert any("never visited" in reason for reason in verdict.reasons)


def test_errors_of_a_crossing_are_the_scatter_of_repetitions(rng):
    found = []
    for seed in range(10):
        data = simulated(DELTA, [(T_C - 16, 0.0), (T_C + 4, 0.0)], (64, 256), rng, steps=500)
        found.append(finite_size(data, seed=seed, **QUICK).crossings()[0].at)
    known = [x for x in found if math.isfinite(x.error)]
    assert len(known) > 7
    assert np.std([x.value for x in known]) == pytest.approx(np.mean([x.error for x in known]), rel=0.6)


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


def exact_distribution(delta, N, T, counts=1e12):
    """P(γ) from the sum over all states."""
    joint = np.exp(FiniteSize(blume_capel(delta, N)).log_probability(T))[::-1]
    p = np.array([np.trace(joint, offset=k - N) for k in range(N + 1)])
    return Distribution(np.arange(N + 1) / N, p[None] * N, counts)


def test_barrier_is_proportional_to_the_number_of_molecules():
    found = [read_bimodality(exact_distribution(0.4875, N, 70.0)) for N in (64, 128, 256)]
    barriers = [b.barrier.value for b in found]
    assert barriers[1] / barriers[0] == pytest.approx(2.0, rel=0.06)
    assert barriers[2] / barriers[1] == pytest.approx(2.0, rel=0.04)
    # The double tangent does not depend on the condition at which the distribution was measured.
    other = read_bimodality(exact_distribution(0.4880, 128, 70.0))
    assert other.barrier.value == pytest.approx(barriers[1], rel=1e-6)
    assert other.low.value == pytest.approx(found[1].low.value, rel=1e-6)


def test_no_barrier_without_two_phases():
    assert read_bimodality(exact_distribution(0.2, 128, T_C)).barrier.value < 1e-3
    x = np.linspace(-3, 3, 41)
    gaussian = np.exp(-(x**2) / 2)[None] / math.sqrt(2 * math.pi)
    assert read_bimodality(Distribution(x, gaussian, 1e6)).barrier.value < 1e-10


def test_levels_that_cannot_occur_are_no_valley():
    x = np.arange(21) / 20
    P = np.exp(-40 * (x - 0.4) ** 2)
    P[9] = 0.0
    assert read_bimodality(Distribution(x, P[None] / P.sum() * 20, 1e5)).barrier.value < 0.05
    P[7:12] = 0.0
    assert math.isnan(read_bimodality(Distribution(x, P[None] / P.sum() * 20, 1e5)).barrier.value)
