"""Reweighted averages against exact sums over all configurations."""

import numpy as np
import pytest
from exact_samples import K, blume_capel, draw, exact_curves

from mcsco import InputError
from mcsco.observables import Reweighting
from mcsco.observables.resampling import errors
from mcsco.units import KELVIN

HOLDS = (85.0, 95.0, 105.0, 115.0)
BETWEEN = np.array([88.0, 100.0, 112.0])


def deviations(model, conditions, T, P, rng, resamples=40):
    """Deviation from the exact average, in standard errors, of every quantity at every point."""
    data = Reweighting(draw(model, conditions, rng, 4, 2500), resamples=resamples)
    found, exact = data.along(T, P), exact_curves(model, T, P)
    names = ("order", "binder", "total susceptibility", "heat capacity")
    y = np.array([found.quantity(name) for name in names])
    y0 = np.array([exact.quantity(name)[0] for name in names])
    sigma = np.array([errors(copies) for copies in y])
    return (y[:, 0] - y0) / sigma


def test_several_temperatures_reach_those_between(rng):
    z = deviations(blume_capel(0.3, 36), [(T, 0.0) for T in HOLDS], BETWEEN, 0.0, rng)
    assert np.abs(z).max() < 4
    assert 0.2 < np.mean(z**2) < 3


def test_degeneracy_stays_out_of_the_exponent(rng):
    # With an entropy the exponent holds H alone: reweighting with H − T ln g N_HS is far off.
    model = blume_capel(0.9, 36)
    model = type(model)(
        model.lattice, type(model.spin)(0.9 * K * KELVIN, 20.0, 1.0), model.distortion, model.interactions
    )
    data = draw(model, [(100.0, 0.0), (110.0, 0.0)], rng, 4, 4000)
    right = Reweighting(data, resamples=20).along(104.0)
    exact = exact_curves(model, 104.0)
    error = errors(right.moments["q"])[0]
    assert abs(right.moments["q"][0, 0] - exact.moments["q"][0, 0]) < 4 * error
    free = data.assign(energy=data.energy - 0.02 * data.temperature * data.gamma)
    wrong = Reweighting(free, resamples=20).along(104.0)
    assert abs(wrong.moments["q"][0, 0] - exact.moments["q"][0, 0]) > 8 * error


def test_pressure_and_temperature_together(rng):
    conditions = [(T, P) for T in (90.0, 100.0) for P in (0.0, 0.12)]
    z = deviations(blume_capel(0.4, 36), conditions, np.array([94.0, 96.0]), 0.06, rng)
    assert np.abs(z).max() < 4


def test_errors_are_the_scatter_of_repetitions(rng):
    model, exact = blume_capel(0.3, 16), exact_curves(blume_capel(0.3, 16), 100.0).quantity("binder")[0, 0]
    values, sigmas = [], []
    for _ in range(30):
        curves = Reweighting(draw(model, [(90.0, 0.0), (110.0, 0.0)], rng, 2, 400), resamples=30).along(100.0)
        y = curves.quantity("binder")
        values.append(y[0, 0])
        sigmas.append(errors(y)[0])
    assert np.std(values) == pytest.approx(np.mean(sigmas), rel=0.35)
    assert abs(np.mean(values) - exact) < 4 * np.std(values) / np.sqrt(30)


def test_one_hold_is_plain_reweighting(rng):
    data = draw(blume_capel(0.3, 16), [(100.0, 0.0)], rng, 1, 3000)
    found = Reweighting(data, resamples=0).along([100.0, 104.0])
    e, eta = data.energy.values[0], data.eta.values[0]
    weight = np.exp(-16 * (e - e.mean()) / KELVIN * (1 / 104 - 1 / 100))
    assert found.moments["eta2"][0, 0] == pytest.approx(np.mean(eta**2), rel=1e-12)
    assert found.moments["eta2"][0, 1] == pytest.approx(np.average(eta**2, weights=weight), rel=1e-10)


def test_what_is_too_far_is_not_a_number(rng):
    data = Reweighting(draw(blume_capel(0.3, 144), [(100.0, 0.0)], rng, 1, 500), resamples=0)
    assert np.isnan(data.along([100.0, 300.0]).quantity("binder")[0]).tolist() == [False, True]


def test_distribution_is_the_exact_one(rng):
    model = blume_capel(0.4, 36)
    found = Reweighting(draw(model, [(95.0, 0.0), (105.0, 0.0)], rng, 4, 4000), resamples=20).distribution(
        "gamma", 100.0
    )
    from mcsco.meanfield import FiniteSize

    joint = np.exp(FiniteSize(model).log_probability(100.0))
    exact = np.array([np.trace(joint[::-1], offset=k - 36) for k in range(37)])
    assert np.diff(found.x) == pytest.approx(1 / 36)
    index = np.round(found.x * 36).astype(int)
    p = found.probability / 36
    sigma = errors(p)
    assert np.abs((p[0] - exact[index]) / sigma)[exact[index] > 1e-3].max() < 4.2


def test_mistakes():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="do not overlap"):
        Reweighting(draw(blume_capel(0.3, 900), [(60.0, 0.0), (200.0, 0.0)], rng, 1, 100))
    with pytest.raises(InputError, match="of different crystals"):
        Reweighting([draw(blume_capel(0.3, n), [(100.0, 0.0)], rng, 1, 100) for n in (16, 36)])
    with pytest.raises(InputError, match="at least one"):
        Reweighting([])
    one = Reweighting(draw(blume_capel(0.3, 16), [(100.0, 0.0)], rng, 1, 100))
    with pytest.raises(InputError, match="greater than 0"):
        one.along([-1.0])
    with pytest.raises(InputError, match="must be energy"):
        one.distribution("volume", 100.0)
    assert "run longer" in Reweighting(draw(blume_capel(0.3, 16), [(100.0, 0.0)], rng, 1, 16)).reason
