"""Transition temperatures of noisy branches whose true ones are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from mcsco import InputError
from mcsco.observables import crossing_temperature, steepest_temperature
from mcsco.observables.legs import monotone_legs

R = 8.314462618


def slichter_drickamer(T: np.ndarray, dH: float, dS: float, Gamma: float) -> np.ndarray:
    """HS fraction as q = 2γ − 1 of ln[(1−γ)/γ] = [ΔH + Γ(1−2γ)]/RT − ΔS/R, with ΔH and Γ in J/mol."""

    def gamma(t: float) -> float:
        def f(g):
            return math.log((1 - g) / g) - (dH + Gamma * (1 - 2 * g)) / (R * t) + dS / R

        return brentq(f, 1e-12, 1 - 1e-12)

    return np.array([2 * gamma(t) - 1 for t in T])


BRANCHES = {
    "jump": lambda T: np.where(T > 231.3, 1.0, -1.0),
    "jump after a gradual part": lambda T: np.where(T > 231.3, 0.9, -1 + 0.8 * np.clip((T - 150) / 81.3, 0, 1) ** 3),
    "jump before a gradual part": lambda T: np.where(
        T > 231.3, 1 - 0.4 * np.exp(-np.clip(T - 231.3, 0, None) / 20), -0.9
    ),
    "jump of |η|": lambda T: np.where(T > 231.3, 0.85, 0.02),
}


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("step", [0.25, 1.0])
@pytest.mark.parametrize("name", BRANCHES)
def test_a_jump_is_found_between_the_temperatures_that_bracket_it(rng, name, step, noise):
    T = np.arange(150.0, 300.0, step)
    y = BRANCHES[name](T)
    found = np.array([steepest_temperature(T, y + noise * rng.normal(size=T.size)).value for _ in range(40)])
    assert abs(found.mean() - 231.3) < 0.5 * step + 0.05
    assert np.abs(found - 231.3).max() < (1.2 * step if noise < 0.1 else 2 * step + 0.2)


@pytest.mark.parametrize("width", [2.0, 8.0, 25.0])
@pytest.mark.parametrize("noise", [0.005, 0.05])
def test_a_gradual_curve_is_steepest_at_its_inflection(rng, width, noise):
    T = np.arange(150.0, 320.0, 0.5)
    y = np.tanh((T - 231.3) / width)
    found = np.array([steepest_temperature(T, y + noise * rng.normal(size=T.size)).value for _ in range(40)])
    assert abs(found.mean() - 231.3) < 0.05 + 0.03 * width
    # Far better than the largest single difference, which is anywhere once noise beats the slope.
    assert found.std() < 0.12 * width


def test_slichter_drickamer_curve(rng):
    # A cluster crystal with weak negative cooperativity; the steepest point of the asymmetric curve from a fine grid.
    fine = np.linspace(120, 260, 14_001)
    exact = slichter_drickamer(fine[::20], 15420.0, 84490 / 1000, -840.0)
    steepest = fine[::20][np.argmax(np.gradient(exact, fine[::20]))]
    T = np.arange(100.0, 300.0, 1.0)
    y = slichter_drickamer(T, 15420.0, 84.49, -840.0)
    assert steepest_temperature(T, y).value == pytest.approx(steepest, abs=1.0)
    found = np.array([steepest_temperature(T, y + 0.02 * rng.normal(size=T.size)).value for _ in range(40)])
    assert found.mean() == pytest.approx(steepest, abs=3.0)
    assert crossing_temperature(T, y, 0.0).value == pytest.approx(15420 / 84.49, abs=0.01)
    assert crossing_temperature(T, y, 0.8).value == pytest.approx(243.004, abs=0.01)
    assert crossing_temperature(T, y, -0.8).value == pytest.approx(143.521, abs=0.01)


def test_noise_that_is_correlated_in_time_is_not_a_transition(ar1):
    for n in (600, 4000):
        T = np.linspace(150, 300, n)
        found = [steepest_temperature(T, 0.1 * x).value for x in ar1(0.9, 40, n)]
        assert sum(math.isnan(t) for t in found) >= 36
    y = np.where(T > 222.22, 1.0, -1.0)
    assert steepest_temperature(T, y + 0.1 * ar1(0.9, T.size)).value == pytest.approx(222.22, abs=0.3)


def test_a_saturated_branch_does_not_hide_the_noise_elsewhere(rng):
    # q = −1 exactly over most of the range, noise only where molecules switch.
    T = np.arange(80.0, 320.0, 0.5)
    smooth = np.tanh((T - 260) / 15)
    y = np.where(T < 200, -1.0, smooth + 0.08 * rng.normal(size=T.size))
    assert steepest_temperature(T, y).value == pytest.approx(260, abs=4)


def test_branches_without_an_answer(rng):
    T = np.arange(150.0, 300.0, 0.5)
    assert "no change beyond the noise" in steepest_temperature(T, 0.05 * rng.normal(size=T.size)).reason
    assert "no change" in steepest_temperature(T, np.full(T.size, -1.0)).reason
    assert "end of the range" in steepest_temperature(T, np.exp((T - 300) / 20)).reason
    assert "points" in steepest_temperature([1.0, 2.0], [0.0, 1.0]).reason
    assert "not crossed" in crossing_temperature(T, np.tanh((T - 290) / 20), 0.8).reason
    assert "not crossed" in crossing_temperature(T, np.full(T.size, -1.0), 0.0).reason
    for read in (steepest_temperature, lambda t, x: crossing_temperature(t, x, 0.0)):
        with pytest.raises(InputError):
            read(T, np.full(T.size, np.nan))
        with pytest.raises(InputError):
            read(T, np.zeros(3))
        with pytest.raises(InputError):
            read([], [])


def test_temperatures_packed_around_the_transition(rng):
    T = np.concatenate([np.arange(150.0, 215.0, 2.0), np.arange(215.0, 245.0, 0.25), np.arange(245.0, 300.0, 2.0)])
    y = np.where(T > 231.3, 1.0, -1.0) + 0.05 * rng.normal(size=T.size)
    assert steepest_temperature(T, y).value == pytest.approx(231.3, abs=0.3)
    assert crossing_temperature(T, y, 0.0).value == pytest.approx(231.3, abs=0.3)


def test_a_crossing_is_one_even_if_the_noise_crosses_many_times(rng):
    T = np.arange(150.0, 300.0, 0.5)
    y = np.tanh((T - 231.3) / 30)
    found, crossings = [], []
    for _ in range(60):
        noisy = y + 0.1 * rng.normal(size=T.size)
        crossings.append(np.count_nonzero(np.diff(np.sign(noisy))))
        found.append(crossing_temperature(T, noisy, 0.0).value)
    assert np.mean(crossings) > 2
    assert np.mean(found) == pytest.approx(231.3, abs=0.9)
    assert np.std(found) < 2.5


@settings(max_examples=60, deadline=None)
@given(
    jump=st.floats(170, 280),
    step=st.floats(0.2, 2.0),
    low=st.floats(-1, -0.3),
    high=st.floats(0.3, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_jump_whatever_the_order_of_the_measurements(jump, step, low, high, seed):
    rng = np.random.default_rng(seed)
    T = np.repeat(np.arange(150.0, 300.0, step), 2)
    y = np.where(jump < T, high, low) + 0.02 * rng.normal(size=T.size)
    order = rng.permutation(T.size)
    a, b = steepest_temperature(T, y), steepest_temperature(T[order], y[order])
    assert a.value == pytest.approx(jump, abs=1.1 * step)
    assert b.value == pytest.approx(a.value, abs=1e-6)
    assert crossing_temperature(T, y, 0.0).value == pytest.approx(jump, abs=1.1 * step)


def test_legs_follow_the_temperature():
    T = np.array([1, 1, 2, 2, 3, 3, 2, 2, 1, 2, 3, 3.0])
    legs = monotone_legs(T)
    assert [leg.direction for leg in legs] == [1, -1, 1]
    assert [(leg.steps.start, leg.steps.stop) for leg in legs] == [(0, 6), (6, 9), (9, 12)]
    assert [leg.direction for leg in monotone_legs(np.full(5, 80.0))] == [0]
    jitter = np.array([10, 11, 10.9, 12, 13, 12.95, 11, 9, 9.1, 5])
    assert [leg.direction for leg in monotone_legs(jitter, 0.2)] == [1, -1]
    assert len(monotone_legs(jitter)) == 6
