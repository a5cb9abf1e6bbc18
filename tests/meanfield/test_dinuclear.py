"""The preset `dinuclear` does what its source describes."""

import numpy as np
import pytest

import mcsco
from mcsco.meanfield import SublatticeMeanField

MODEL = mcsco.presets.load("dinuclear")


def test_only_one_centre_switches_on_cooling() -> None:
    temperatures = np.linspace(300.0, 2.0, 60)
    theory = SublatticeMeanField(MODEL)
    cooling = theory.curve(temperatures, "HS")
    heating = theory.curve(temperatures[::-1], "LS")
    assert cooling.gamma[0] > 0.98
    assert cooling.gamma_b.min() > 0.99
    assert np.allclose(cooling.molecules[-1], [0, 0, 1, 0], atol=1e-6)  # a LS, b HS
    assert np.all(np.diff(cooling.gamma_a) <= 0)
    assert np.allclose(cooling.gamma_a, heating.gamma_a[::-1], atol=1e-9)  # no hysteresis
    T_a, T_b = theory.half_conversion_temperatures()
    assert T_a == pytest.approx(110.0, abs=0.01)
    assert np.isnan(T_b)


def test_compression_at_room_temperature_is_gradual_and_complete() -> None:
    pressures = np.linspace(0.0, 3.5, 36)
    theory = SublatticeMeanField(MODEL)
    up, down = theory.pressure_curve(pressures, 298.0, "HS"), theory.pressure_curve(pressures[::-1], 298.0, "LS")
    assert np.allclose(up.gamma, down.gamma[::-1], atol=1e-9)
    assert np.all(np.diff(up.gamma) < 0)
    at_7, at_25 = (float(np.interp(P, pressures, up.gamma)) for P in (0.7, 2.5))
    assert (at_7, at_25) == pytest.approx((0.9, 0.1), abs=1e-5)
    assert up.molecules[-1, 0] > 0.98  # LS-LS
    assert up.pressure[-1] == 3.5
    assert all(len(SublatticeMeanField(MODEL, P).minima(298.0)) == 1 for P in pressures)
