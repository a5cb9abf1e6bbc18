"""Thermal loops: values, errors over replicas, and what a missing branch does."""

import math

import numpy as np
import pytest

from mcsco import InputError
from mcsco.observables import Estimate, loop


def test_loop_of_q_and_of_eta_at_different_temperatures(cycle, rng):
    spread = rng.normal(size=(4, 24))
    means = np.array([235.0, 220.0, 241.0, 214.0])[:, None]
    jumps = means + spread
    found = loop(cycle(*jumps))
    exact = {"q.T_up": jumps[0], "q.T_down": jumps[1], "eta.T_up": jumps[2], "eta.T_down": jumps[3]}
    exact |= {"q.width": jumps[0] - jumps[1], "eta.width": jumps[2] - jumps[3]}
    exact |= {"q.T_half": (jumps[0] + jumps[1]) / 2, "eta.T_half": (jumps[2] + jumps[3]) / 2}
    for name, values in exact.items():
        order, quantity = name.split(".")
        e = getattr(getattr(found, order), quantity)
        assert e.value == pytest.approx(values.mean(), abs=0.3), name  # half a temperature step
        assert e.error == pytest.approx(values.std(ddof=1) / math.sqrt(24), rel=0.25), name
        assert e.error < 0.35 * values.std(), name  # a standard error, not a standard deviation
        assert e.n_effective == 24
    assert found.q.area.value == pytest.approx(1.9 * exact["q.width"].mean(), rel=0.02)
    # |η| below the transition is the mean magnitude of the noise, not zero.
    assert found.eta.area.value == pytest.approx(
        (0.8 - 0.05 * math.sqrt(2 / math.pi)) * exact["eta.width"].mean(), rel=0.02
    )
    assert found.q.T_cross.up.value == pytest.approx(found.q.T_up.value, abs=0.3)
    assert found.q.T_cross.down.value == pytest.approx(found.q.T_down.value, abs=0.3)
    assert found.q.dT80.up.value < 0.6  # a jump has no width beyond a step
    assert (found.T_up, found.T_down, found.width, found.area) == (
        found.q.T_up,
        found.q.T_down,
        found.q.width,
        found.q.area,
    )


def test_abruptness_of_gradual_branches(cycle):
    data = cycle([235.0] * 6, [235.0] * 6, [235.0] * 6, [235.0] * 6)
    T = data.temperature.values
    noise = 0.02 * np.random.default_rng(5).normal(size=(2, *data.q.shape))
    data["q"] = data.q * 0 + np.tanh((T - 225) / 12) + noise[0]
    data["eta"] = data.eta * 0 - 0.6 * (1 + np.tanh((T - 230) / 9)) / 2 + noise[1]
    found = loop(data)
    # q = ±0.8 at ±12 artanh 0.8; |η| at 10 and 90 % of its maximum at ±9 artanh 0.8.
    for branch in ("up", "down"):
        assert getattr(found.q.dT80, branch).value == pytest.approx(24 * math.atanh(0.8), abs=1.0)
        assert getattr(found.eta.dT80, branch).value == pytest.approx(18 * math.atanh(0.8), abs=2.0)
        assert getattr(found.q.T_cross, branch).value == pytest.approx(225, abs=0.5)
        assert getattr(found.eta.T_cross, branch).value == pytest.approx(230, abs=0.5)
    assert found.q.T_up.value == pytest.approx(225, abs=1)
    assert found.eta.T_up.value == pytest.approx(230, abs=1)
    assert abs(found.q.width.value) < 4 * found.q.width.error + 0.1
    assert abs(found.q.area.value) < 4 * found.q.area.error


def test_error_covers_the_true_transition_temperature(cycle, rng):
    covered = []
    for _ in range(60):
        found = loop(cycle(*(np.array([[235.0], [220.0], [235.0], [220.0]]) + rng.normal(size=(4, 10))), step=1.0))
        covered.append(abs(found.width.value - 15.0) < found.width.error)
    assert 0.5 < np.mean(covered) < 0.82  # 0.66 for the t-distribution with 9 degrees of freedom


def test_replicas_that_agree_to_the_step_get_the_error_of_the_step(cycle):
    found = loop(cycle([235.2] * 6, [220.2] * 6, [235.2] * 6, [220.2] * 6, noise=0.0))
    assert found.T_up.error == pytest.approx(0.5 / math.sqrt(12))
    assert found.width.error == pytest.approx(0.5 / math.sqrt(6))
    assert abs(found.T_up.value - 235.2) < 0.25 + 1e-9
    assert "spacing" in found.T_up.reason
    assert math.isnan(found.area.error)
    assert "agree" in found.area.reason


def test_one_replica_has_values_and_no_errors(cycle):
    found = loop(cycle([235.0], [220.0], [236.0], [219.0]).isel(replica=0))
    assert found.width.value == pytest.approx(15.0, abs=0.6)
    for e in (found.T_up, found.T_down, found.width, found.area, found.q.T_half, found.q.dT80.up, found.eta.T_up):
        assert math.isfinite(e.value)
        assert math.isnan(e.error)
        assert "one replica" in e.reason


def test_missing_cooling_leg(cycle):
    data = cycle([235.0] * 4, [220.0] * 4, [236.0] * 4, [219.0] * 4)
    found = loop(data.isel(step=slice(0, data.sizes["step"] // 2)))
    assert found.T_up.value == pytest.approx(235.0, abs=0.5)
    for e in (found.T_down, found.width, found.q.T_half, found.area, found.q.dT80.down):
        assert math.isnan(e.value)
        assert math.isnan(e.error)
        assert "cooling" in e.reason


def test_cooling_first_and_legs_told_by_temperature_alone(cycle):
    data = cycle([235.0] * 4, [220.0] * 4, [236.0] * 4, [219.0] * 4)
    half = data.sizes["step"] // 2
    turned = data.isel(step=np.r_[half : 2 * half, 0:half]).assign_coords(leg=("step", np.zeros(2 * half, dtype=int)))
    assert loop(turned).width.value == pytest.approx(15.0, abs=0.6)
    assert loop(turned).area.value == pytest.approx(1.9 * 15, rel=0.05)


def test_holds_and_quenches_are_no_branches(cycle):
    data = cycle([235.0] * 4, [220.0] * 4, [236.0] * 4, [219.0] * 4)
    half = data.sizes["step"] // 2
    hot = np.full(200, half - 1)
    cold = np.full(100, 2 * half - 1)
    found = loop(data.isel(step=np.r_[0:half, hot, half : 2 * half, cold, hot]))
    assert found.T_up.value == pytest.approx(235.0, abs=0.5)
    assert found.T_down.value == pytest.approx(220.0, abs=0.5)


def test_cycles_of_a_replica_are_averaged(cycle):
    data = cycle([235.0] * 4, [220.0] * 4, [235.0] * 4, [220.0] * 4, cycles=2)
    half = data.sizes["step"] // 4
    T, q = data.temperature.values, data.q.values.copy()
    second = slice(2 * half, 3 * half)
    q[:, second] = np.where(T[second] >= 241.0, 0.9, -1.0)
    found = loop(data.assign(q=(("replica", "step"), q)))
    assert found.T_up.value == pytest.approx(238.0, abs=0.5)
    assert found.T_up.n_effective == 4


def test_a_replica_without_a_transition_leaves_no_error(cycle):
    data = cycle([235.0] * 5, [220.0] * 5, [236.0] * 5, [219.0] * 5)
    q = data.q.values.copy()
    half = q.shape[1] // 2
    q[2, :half] = -1 + 0.01 * np.random.default_rng(1).normal(size=half)
    found = loop(data.assign(q=(("replica", "step"), q)))
    assert found.T_up.value == pytest.approx(235.0, abs=0.5)
    assert math.isnan(found.T_up.error)
    assert "4 of 5 replicas" in found.T_up.reason
    assert math.isfinite(found.T_down.error)


def test_models_without_distortion(cycle):
    data = cycle([235.0] * 4, [220.0] * 4, [236.0] * 4, [219.0] * 4)
    for plain in (data.drop_vars("eta"), data.assign(eta=0 * data.eta)):
        found = loop(plain)
        assert math.isfinite(found.width.error)
        assert math.isnan(found.eta.T_up.value)
        assert "zero throughout" in found.eta.width.reason


def test_every_value_is_an_estimate_and_shows_itself(cycle):
    found = loop(cycle([235.0] * 4, [220.0] * 4, [236.0] * 4, [219.0] * 4))
    for order in (found.q, found.eta):
        for e in (order.T_up, order.T_down, order.width, order.T_half, order.area, order.dT80.up, order.T_cross.down):
            assert isinstance(e, Estimate)
            assert math.isnan(e.error) <= bool(e.reason)
    assert "T_up" in str(found)
    assert "dT80 down" in str(found)


def test_datasets_that_are_not_loops(cycle):
    data = cycle([235.0] * 4, [220.0] * 4, [236.0] * 4, [219.0] * 4)
    with pytest.raises(InputError, match="no variable 'q'"):
        loop(data.drop_vars("q"))
    with pytest.raises(InputError, match="'temperature'"):
        loop(data.drop_vars("temperature"))
    with pytest.raises(InputError, match="nan"):
        loop(data.where(data.temperature != 200.0))
    with pytest.raises(InputError, match="dimensions"):
        loop(data.rename(step="time"))
    held = loop(data.assign_coords(temperature=("step", np.full(data.sizes["step"], 100.0))))
    assert math.isnan(held.T_up.value)
    assert "heating" in held.T_up.reason
