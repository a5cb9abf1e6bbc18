"""The tricritical point of a model with couplings of infinite range: T_t = K/3, Δ_t = (2/3) ln 2 K."""

import math

import numpy as np
import pytest
from exact_samples import K, blume_capel, exact_curves

from mcsco import InputError
from mcsco.observables import crossing, tricritical
from mcsco.observables.tricritical import Line
from mcsco.units import KELVIN

DELTA_T = 2 / 3 * math.log(2)
T_T = K / 3


def exact_line(N, temperature):
    """Crossings of U4 of N and 2N molecules along the pressure."""
    P = np.linspace(-0.024, 0.012, 31) * K * KELVIN
    pairs = []
    for T in temperature:
        a, b = (exact_curves(blume_capel(DELTA_T, size), T, P) for size in (N, 2 * N))
        pairs.append(crossing(a, b, (N, 2 * N)))
    at, height = (np.array([[getattr(pair, name).value for pair in pairs]]) for name in ("at", "height"))
    return Line(float(N), np.asarray(temperature), at, height)


@pytest.fixture(scope="module")
def lines():
    return [exact_line(N, np.linspace(0.97, 1.09, 7) * T_T) for N in (64, 128, 256)]


def test_known_cumulant_marks_the_tricritical_point(lines):
    found = tricritical(lines, 1 / 3, "molecules")
    late = [mark.temperature.value / T_T - 1 for mark in found.marks]
    assert late == sorted(late, reverse=True)
    assert 0 < late[-1] < 0.02
    assert found.temperature.value.value == pytest.approx(T_T, abs=2 * found.temperature.value.error or 0.01 * T_T)
    pressures = [mark.at.value / (K * KELVIN) for mark in found.marks]
    assert abs(pressures[-1]) < abs(pressures[0]) < 0.01


def test_lines_of_barriers_cross_where_they_do(rng):
    T = np.linspace(90.0, 110.0, 9)
    noise = 0.02 * rng.normal(size=(3, 61, 1))
    noise[:, 0] = 0.0
    rows = [1.5 - size * (T - 100) / 200 + noise[k] for k, size in enumerate((8, 16, 32))]
    lines = [Line(s, T, np.tile(0.01 * T, (61, 1)), y) for s, y in zip((8, 16, 32), rows, strict=True)]
    found = tricritical(lines)
    assert [m.temperature.value for m in found.marks] == pytest.approx([100.0, 100.0], abs=1e-6)
    # Of 8/200 x error of the difference: 0.028/0.04.
    assert found.marks[0].temperature.error == pytest.approx(0.028 / 0.04, rel=0.4)
    assert found.marks[0].height.value == pytest.approx(1.5, abs=1e-6)
    assert found.marks[0].at.value == pytest.approx(1.0, abs=1e-6)


def test_lines_that_do_not_meet_tell_so():
    T = np.linspace(90.0, 110.0, 9)
    lines = [Line(s, T, np.zeros((1, 9)), np.full((1, 9), s)) for s in (1.0, 2.0)]
    assert "do not meet between 90 and 110 K" in tricritical(lines).marks[0].temperature.reason
    with pytest.raises(InputError, match="a crossing needs two"):
        tricritical(lines[:1])
    with pytest.raises(InputError, match="needs 4 temperatures"):
        tricritical([Line(s, T[:3], np.zeros((1, 3)), np.zeros((1, 3))) for s in (1.0, 2.0)])
