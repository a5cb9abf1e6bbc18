"""Heat and entropy of a thermal cycle: known curves, the exact sum of a finite crystal, and Clausius' inequality."""

import math

import numpy as np
import pytest
import xarray as xr

import mcsco
from mcsco.errors import InputError
from mcsco.meanfield import FiniteSize
from mcsco.observables import calorimetry
from mcsco.units import R


def series(energy, T):
    return xr.Dataset({"energy": (("replica", "step"), np.atleast_2d(energy))}, {"temperature": ("step", T)})


def test_einstein_crystal():
    """∫ C/T dT of harmonic oscillators against their entropy in closed form."""
    T, theta = np.linspace(20.0, 400.0, 4000), 150.0
    energy = 1e-3 * R * theta / np.expm1(theta / T)

    def entropy(t):
        x = theta / t
        return R * (x / np.expm1(x) - np.log(-np.expm1(-x)))

    found = calorimetry(series([energy, energy * (1 + 1e-9)], T), (50.0, 350.0))
    assert found.heating.entropy.value == pytest.approx(entropy(350.0) - entropy(50.0), abs=1e-4)
    assert found.heating.enthalpy.value == pytest.approx(np.interp(350, T, energy) - np.interp(50, T, energy))
    assert math.isnan(found.cooling.entropy.value)
    assert "cooling" in found.cooling.entropy.reason
    assert math.isnan(found.production.value)


def test_a_jump_produces_entropy():
    """ΔH/T_up on heating, ΔH/T_down on cooling, whatever the replicas' order of legs."""
    up, dH = np.arange(200.0, 250.0, 0.01), 15.0
    heating, cooling = dH * (up > 235.0), dH * (up > 219.0)
    T = np.concatenate([up, up[::-1]])
    found = calorimetry(series([np.concatenate([heating, cooling[::-1]])] * 2, T))
    assert found.heating.entropy.value == pytest.approx(1e3 * dH / 235.0, abs=5e-3)
    assert found.cooling.entropy.value == pytest.approx(1e3 * dH / 219.0, abs=5e-3)
    assert found.production.value == pytest.approx(1e3 * dH * (1 / 219 - 1 / 235), abs=5e-3)


def test_simulation_against_the_exact_sum():
    """Slow ramp of a crystal without a loop: ∫ dH/T is the entropy of the exact sum, degeneracy g and all."""
    model = mcsco.presets.load("fe2fe", (16, 16))
    dataset = mcsco.simulate(model, mcsco.Ramp((150.0, 350.0), sweeps_per_kelvin=40, measure_every=2), seed=5)
    found = calorimetry(dataset).heating
    ends = [FiniteSize(model, n_sites=256).averages(T) for T in (150.0, 350.0)]
    for value, exact in (
        (found.entropy, ends[1].entropy - ends[0].entropy), (found.enthalpy, ends[1].energy - ends[0].energy)
    ):  # fmt: skip
        assert abs(value.value - exact) < 4 * value.error
        assert value.error < 0.02 * exact


def test_clausius():
    """The loop of a simulated crystal produces ΔH (1/T_down − 1/T_up), and not less than nothing."""
    model = mcsco.presets.load("pmpea", (32, 32))
    dataset = mcsco.simulate(model, mcsco.ThermalCycle((180, 290), sweeps_per_kelvin=100), seed=6)
    found = calorimetry(dataset)
    assert found.production.value > 4 * found.production.error
    assert found.production.value == pytest.approx(found.cooling.entropy.value - found.heating.entropy.value, abs=1e-9)
    true = float(np.diff([FiniteSize(model, n_sites=1024).averages(T).entropy for T in (180.0, 290.0)])[0])
    assert found.heating.entropy.value < true < found.cooling.entropy.value


@pytest.mark.parametrize("between", [(10.0, 300.0), (250.0, 250.0), (200.0, math.nan)])
def test_range_must_be_covered(between):
    T = np.linspace(100.0, 300.0, 50)
    with pytest.raises(InputError, match="between"):
        calorimetry(series(T, T), between)


def test_a_hold_is_no_ramp():
    with pytest.raises(InputError, match="no leg"):
        calorimetry(series(np.zeros(50), np.full(50, 200.0)))
