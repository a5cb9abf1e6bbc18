"""Susceptibility, heat capacity and Binder cumulant on distributions whose moments are known."""

import math

import numpy as np
import pytest

from mcsco import InputError
from mcsco.observables import binder, heat_capacity, susceptibility

R = 8.314462618


def test_susceptibility_of_gaussian_fluctuations(ar1):
    q = 0.3 + 0.02 * ar1(0.8, 4, 10_000)
    e = susceptibility(q, 230.0, 4096)
    exact = 4096 * 0.02**2 / 230
    assert abs(e.value - exact) < 4 * e.error
    assert e.error == pytest.approx(exact * math.sqrt(2 / 40_000 * (1 + 0.64) / (1 - 0.64)), rel=0.5)


def test_sign_flips_do_not_inflate_the_susceptibility_of_eta(ar1, rng):
    sign = np.where(np.cumsum(rng.random(40_000) < 0.02) % 2, 1.0, -1.0)
    eta = sign * (0.8 + 0.03 * ar1(0.5, 40_000))
    exact = 1024 * 0.03**2 / 250
    e = susceptibility(eta, 250.0, 1024, signed=False)
    assert abs(e.value - exact) < 4 * e.error
    assert susceptibility(eta, 250.0, 1024).value > 100 * exact


def test_heat_capacity_of_independent_molecules(rng):
    # Two levels: γ = 1/(1 + exp(ΔH/RT − ΔS/R)), C = R (ΔH/RT)² γ(1 − γ).
    dH, dS, T, N = 15.42, 84.49, 182.0, 900
    gamma = 1 / (1 + math.exp(1000 * dH / (R * T) - dS / R))
    energy = dH * rng.binomial(N, gamma, size=30_000) / N
    e = heat_capacity(energy, T, N)
    exact = R * (1000 * dH / (R * T)) ** 2 * gamma * (1 - gamma)
    assert exact == pytest.approx(215.8, abs=0.5)  # J/(mol K)
    assert abs(e.value - exact) < 4 * e.error
    assert e.error < 0.02 * exact


def test_binder_of_disorder_and_of_order(rng):
    e = binder(rng.normal(size=50_000))
    assert abs(e.value) < 4 * e.error
    assert e.error < 0.02
    ordered = rng.choice([-1, 1], size=5000) * (0.9 + 0.001 * rng.normal(size=5000))
    assert binder(ordered).value == pytest.approx(2 / 3, abs=1e-5)


def test_binder_does_not_see_slow_flips(ar1, rng):
    magnitude = np.abs(0.5 + 0.1 * ar1(0.5, 5000))
    slow = np.where(np.arange(5000) < 2300, 1.0, -1.0)
    assert binder(slow * magnitude) == binder(magnitude)


def test_without_fluctuations_there_is_no_error():
    assert "zero throughout" in binder(np.zeros(100)).reason
    frozen = binder(np.full(100, 0.4))
    assert frozen.value == pytest.approx(2 / 3)
    assert math.isnan(frozen.error)
    chi = susceptibility(np.full(100, -1.0), 100.0, 64)
    assert chi.value == 0
    assert math.isnan(chi.error)
    assert "never changes" in chi.reason


@pytest.mark.parametrize(("T", "N"), [(0.0, 64), (-5.0, 64), (math.nan, 64), (100.0, 0), (100.0, 2.5)])
def test_arguments_out_of_range(T, N):
    for quantity in (susceptibility, heat_capacity):
        with pytest.raises(InputError):
            quantity(np.arange(100.0), T, N)
