"""The symmetry-breaking reflection: Bragg and diffuse intensity."""

import numpy as np
import pytest

import mcsco
from mcsco.model import State
from mcsco.observables import bragg_amplitude, reflection, structure_factors

EVERYTHING = 10.0
"""A window wider than the zone."""


def state_of(u):
    u = np.asarray(u, dtype=np.int8)
    return State(np.where(u == 0, -1, 1).astype(np.int8), u)


def stripes(L, period):
    return np.broadcast_to(np.where(np.arange(L) // (period // 2) % 2, -1, 1), (L, L))


def test_one_domain_is_a_reflection_and_nothing_else():
    for u in (1, -1):
        found = reflection(state_of(np.full((6, 8), u)), EVERYTHING)
        assert found.intensity == pytest.approx(1, abs=1e-14)
        assert found.diffuse == pytest.approx(0, abs=1e-14)
    assert reflection(state_of(np.zeros((6, 8))), EVERYTHING).integrated == 0


@pytest.mark.parametrize("shape", [(7, 8), (4, 5, 6)], ids=str)
def test_amplitude_is_eta_and_the_zone_adds_up(shape):
    rng = np.random.default_rng(3)
    u = rng.choice([-1, 0, 1], p=[0.2, 0.3, 0.5], size=(5, *shape))
    found = reflection(state_of(u), EVERYTHING, replicas=True)
    eta = u.reshape(5, -1).mean(axis=1)
    assert found.amplitude == pytest.approx(np.abs(eta), abs=1e-14)
    assert found.amplitude == pytest.approx(bragg_amplitude(state_of(u), replicas=True), abs=1e-14)
    assert found.integrated == pytest.approx((u**2).reshape(5, -1).mean(axis=1), abs=1e-13)  # the HS fraction
    one = reflection(state_of(u[2]), EVERYTHING)
    assert one.intensity.shape == ()
    assert one.integrated == pytest.approx(found.integrated[2], abs=1e-14)


def test_twins_move_the_intensity_off_the_reflection():
    """Stripes of period p have S(2π/p) and odd harmonics: of a square wave, 1/(p/2 sin(π/p))² at ±2π/p each."""
    period = 8
    state = state_of(stripes(32, period))
    first = 2 * np.pi / period
    assert reflection(state, 0.99 * first).integrated == pytest.approx(0, abs=1e-14)
    wave = np.abs(np.mean(stripes(32, period)[0] * np.exp(1j * first * np.arange(32)))) ** 2
    assert reflection(state, first).diffuse == pytest.approx(2 * wave, rel=1e-12)
    assert wave == pytest.approx((2 / period / np.sin(np.pi / period)) ** 2, rel=1e-12)


def test_the_window_is_a_disc_in_k():
    rng = np.random.default_rng(8)
    state = state_of(rng.choice([-1, 1], size=(12, 9)))
    S = structure_factors(state).S_uu / 108
    expected = 0.0
    for y in range(12):
        for x in range(9):
            k = 2 * np.pi * np.hypot(min(y, 12 - y) / 12, min(x, 9 - x) / 9)
            expected += S[y, x] * (0 < k <= 1.3)
    assert reflection(state, 1.3).diffuse == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("window", [0.0, -1.0, float("nan"), "0.5"])
def test_bad_windows(window):
    with pytest.raises(mcsco.InputError, match="window"):
        reflection(state_of(np.ones((4, 4))), window)
