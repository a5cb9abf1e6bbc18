"""Equilibrium summaries of holds made of chains with known averages and variances."""

import math

import numpy as np
import pytest
import xarray as xr

from mcsco import InputError
from mcsco.observables import equilibrium

R = 8.314462618
N = 400


@pytest.fixture
def holds(ar1):
    """Two holds with a ramp between them: mean of q, standard deviations 0.02, 0.03 and 0.05."""
    n, replicas = 3000, 3
    temperature = np.concatenate([np.full(n, 200.0), np.linspace(200.5, 249.5, 99), np.full(n, 250.0)])
    leg = np.concatenate([np.full(n, 0), np.full(99, 1), np.full(n, 2)])
    steps = temperature.size
    mean = np.where(temperature < 225, -0.7, 0.8)
    q = mean + 0.02 * ar1(0.8, replicas, steps)
    q[:, n + 99 : n + 300] -= 1.0 * np.exp(-np.arange(201) / 30)  # the second hold starts out of equilibrium
    eta = np.where(temperature < 225, 0.0, 0.6) + 0.03 * ar1(0.5, replicas, steps)
    eta[1] *= -1
    energy = 5 * mean + 0.05 * ar1(0.6, replicas, steps)
    dims = ("replica", "step")
    return xr.Dataset(
        {"gamma": (dims, (1 + q) / 2), "q": (dims, q), "eta": (dims, eta), "energy": (dims, energy)},
        coords={
            "temperature": ("step", temperature),
            "pressure": ("step", np.full(steps, 0.1)),
            "field": ("step", np.zeros(steps)),
            "leg": ("step", leg),
        },
        attrs={"n_sites": N, "entropy": 66.5},
    )


def test_each_hold_is_summarised_and_the_ramp_is_not(holds):
    cold, hot = equilibrium(holds)
    assert [(e.leg, e.temperature, e.pressure, e.field) for e in (cold, hot)] == [(0, 200, 0.1, 0), (2, 250, 0.1, 0)]
    exact_hot = {
        "gamma": 0.9,
        "q": 0.8,
        "eta": 0.6,
        "energy": 4.0,
        "chi_q": N * 0.02**2 / 250,
        "chi_eta": N * 0.03**2 / 250,
        "heat_capacity": N * 50.0**2 / (R * 250**2),
        # m = 0.6 + 0.03 g: <m²> = m0² + s², <m⁴> = m0⁴ + 6 m0² s² + 3 s⁴
        "binder": 1 - (0.6**4 + 6 * 0.6**2 * 0.03**2 + 3 * 0.03**4) / (3 * (0.6**2 + 0.03**2) ** 2),
    }
    for name, exact in exact_hot.items():
        e = getattr(hot, name)
        assert abs(e.value - exact) < 4.5 * e.error, name
        assert e.error < 0.1 * abs(exact), name
    assert abs(cold.q.value + 0.7) < 4 * cold.q.error
    assert abs(cold.eta.value - 0.03 * math.sqrt(2 / math.pi)) < 4 * cold.eta.error
    assert abs(cold.binder.value) < 4 * cold.binder.error


def test_the_transient_is_cut_off(holds):
    _, hot = equilibrium(holds)
    assert 60 < hot.discarded < 1000
    assert hot.q.tau == pytest.approx(4.5, rel=0.3)  # (1 + 0.8)/(1 − 0.8)/2


def test_conditions_other_than_temperature_end_a_hold(holds):
    pressure = np.where(np.arange(holds.sizes["step"]) < 1000, 0.0, 0.3)
    found = equilibrium(holds.assign_coords(pressure=("step", pressure)))
    assert [(e.temperature, e.pressure) for e in found] == [(200, 0), (200, 0.3), (250, 0.3)]


def test_coordinates_that_do_not_matter_may_be_missing(holds):
    first = holds.drop_vars(["pressure", "field", "leg", "gamma"]).isel(replica=0, step=slice(0, 3000))
    (found,) = equilibrium(first)
    assert (found.pressure, found.field, found.leg) == (0, 0, 0)


def test_what_cannot_be_summarised(holds):
    ramp = holds.isel(step=slice(3000, 3099))
    with pytest.raises(InputError, match="Hold"):
        equilibrium(ramp)
    with pytest.raises(InputError, match="n_sites"):
        equilibrium(holds.drop_attrs())
    with pytest.raises(InputError, match="energy"):
        equilibrium(holds.drop_vars("energy"))


def test_a_short_hold_has_values_and_reasons(holds):
    (found,) = equilibrium(holds.isel(step=slice(0, 20), replica=[0]))
    assert math.isfinite(found.q.value)
    assert math.isnan(found.q.error)
    assert "run longer" in found.q.reason
    assert "run longer" in found.chi_q.reason
