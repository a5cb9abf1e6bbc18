"""Blocks under one global strain at infinite size: reference numbers, an independent twin, and the Landau limit."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import xlogy

from mcsco import landau
from mcsco.errors import InputError
from mcsco.meanfield import BridgeMeanField
from mcsco.model import SpinCrossover
from mcsco.model.bridge import GlobalStrain, pmpea_bridge
from mcsco.units import KELVIN, R

PAPER = landau.load("source-paper")
UNIT = PAPER.unit(66.5)


@pytest.fixture(scope="module")
def preset():
    return BridgeMeanField(pmpea_bridge())


def paper_with(B):
    return landau.Potential(a1=0.6, C=35, b=10, D=-6.5, E=-12.2, T_sc=235, B=B)


def phi(model, q, T):
    """φ(q)/R with η at its minimum, K: straight from the definition, for comparison."""
    p = model.coefficients()
    A = p.D * q + p.E / 2 * q**2
    eta2 = np.maximum(0, -2 * A / p.b)
    mixing = -xlogy((1 + q) / 2, (1 + q) / 2) - xlogy((1 - q) / 2, (1 - q) / 2)
    spin = (p.enthalpy - T * p.ln_g) / 2 * q + p.B / 2 * q**2 + p.C / 4 * q**4
    return spin + p.b / 4 * eta2**2 + A * eta2 - T / model.block_size * mixing


def grid_minima(model, T):
    """Positions of the minima of φ with |artanh q| < 8.5 on a grid; further out the ground is too flat to be told."""
    q = np.tanh(np.linspace(-8.5, 8.5, 17_001))
    f = phi(model, q, T)
    return q[1:-1][(f[1:-1] < f[:-2]) & (f[1:-1] <= f[2:])]


def test_preset_transitions(preset):
    T_down, T_up = preset.spinodals()
    assert T_up == pytest.approx(235.0, abs=5e-7)
    assert T_down == pytest.approx(220.000005, abs=7e-6)  # what the last digit of B = 2.53857 is worth
    # more digits by another method: T_down is the lowest temperature at which a state with q > 0 is stationary
    u, q = UNIT.kelvin, np.linspace(0.6, 0.8, 2_000_001)
    slope = 0.6 * 235 * u + (2.53857 * u - 235) * q + (35 * u - 235 / 3) * q**3
    slope += u * (13 * q + 12.2 * q**2) / 10 * (-6.5 - 12.2 * q)  # η² ∂(D q + E q²/2)/∂q with η² = −(2D q + E q²)/b
    assert (slope / (0.6 * u - np.arctanh(q))).min() == pytest.approx(T_down, abs=1e-9)
    T_M = preset.maxwell_temperature()
    assert preset.maxwell_temperature() == pytest.approx(229.226526, abs=5e-7)
    q_LS, eta_LS = preset.branch(T_M, "LS")
    assert (q_LS, eta_LS) == (pytest.approx(-0.424037, abs=5e-7), 0.0)
    assert preset.branch(T_M, "HS") == pytest.approx((0.856062, 1.416668), abs=5e-7)
    assert preset.free_energy(q_LS, 0, T_M) == pytest.approx(preset.free_energy(*preset.branch(T_M, "HS"), T_M))


@pytest.mark.parametrize(
    ("T", "q"),
    [
        (120, -0.999673), (150, -0.991035), (180, -0.929750), (200, -0.822812), (210, -0.737929), (225, -0.528766),
        (230, -0.399011), (234.9, -0.023594),
    ],
)  # fmt: skip
def test_preset_ls_branch(preset, T, q):
    assert preset.branch(T, "LS") == (pytest.approx(q, abs=5e-7), 0.0)


@pytest.mark.parametrize(
    ("T", "q", "eta"),
    [
        (220.1, 0.708178, 1.237934), (225, 0.822296, 1.376195), (230, 0.860731, 1.422251), (235.1, 0.885058, 1.451288),
        (250, 0.924778, 1.498523), (300, 0.969289, 1.551223), (500, 0.993572, 1.579876),
    ],
)  # fmt: skip
def test_preset_hs_branch(preset, T, q, eta):
    assert preset.branch(T, "HS") == pytest.approx((q, eta), abs=5e-7)


@pytest.mark.parametrize(
    ("block_size", "T_down"),
    [(3, 232.837), (5, 227.045), (10, 221.593), (20, 218.398), (100, 215.438), (10**8, 214.573)],
)
def test_series_of_raw_models(block_size, T_down):
    theory = BridgeMeanField(GlobalStrain.raw(PAPER, 66.5, block_size))
    assert theory.spinodals()[0] == pytest.approx(T_down, abs=5e-4)
    # the symmetry breaks at 235 K for all of them, by the jump itself except in blocks of 3
    assert theory.symmetry_breaking_temperatures("LS") == ((235.0,) if block_size == 3 else ())
    if block_size != 3:
        assert theory.spinodals()[1] == pytest.approx(235.0, abs=1e-9)


def test_raw_blocks_of_three_break_the_symmetry_before_they_jump():
    # B_conf = 235 K/3u = 11.75 Landau units lies between 2D²/b = 8.45 and the critical 17.8: sequential
    model = GlobalStrain.raw(PAPER, 66.5, 3)
    theory = BridgeMeanField(model)
    T_up = theory.spinodals()[1]
    assert T_up == pytest.approx(235.2085476, abs=1e-7)
    q, eta = theory.branch(235.1, "LS")
    assert 0 < q < 0.2
    assert eta > 0
    # by another method: the minima of φ on a grid
    for T, expected in ((234.9, 2), (235.2, 2), (T_up - 0.001, 2), (T_up + 0.001, 1)):
        assert grid_minima(model, T).size == expected
    assert grid_minima(model, 235.2)[0] == pytest.approx(theory.branch(235.2, "LS")[0], abs=1e-3)


@pytest.mark.parametrize("block_size", [1, 2])
def test_small_raw_blocks_do_not_jump(block_size):
    model = GlobalStrain.raw(PAPER, 66.5, block_size)
    theory = BridgeMeanField(model)
    assert theory.is_gradual
    assert np.isnan([*theory.spinodals(), theory.maxwell_temperature(), *theory.barriers(230.0)]).all()
    assert theory.branch(230.0, "LS") == theory.branch(230.0, "HS")
    for T in np.linspace(150, 300, 31):
        assert grid_minima(model, T) == pytest.approx([theory.branch(T, "LS")[0]], abs=1e-3)


@pytest.mark.parametrize(
    ("block_size", "T_down"),
    [(1, 216.2536), (2, 216.4371), (5, 215.9664), (10, 215.5436), (100, 214.7497), (10**6, 214.5734)],
)
def test_series_of_matched_models(block_size, T_down):
    theory = BridgeMeanField(GlobalStrain.matched(PAPER, 66.5, block_size))
    assert theory.spinodals() == (pytest.approx(T_down, abs=5e-5), pytest.approx(235.0, abs=1e-9))
    if block_size == 1:
        assert theory.maxwell_temperature() == pytest.approx(228.306472, abs=5e-7)


@pytest.mark.parametrize(
    ("block_size", "T_down", "B"),
    [(1, 219, 1.84905), (1, 220, 2.53857), (1, 221, 3.23764), (2, 219, 1.81168), (2, 220, 2.53225), (2, 221, 3.26130)],
)
def test_the_B_that_gives_a_measured_T_down(block_size, T_down, B):
    def excess(value):
        model = GlobalStrain.matched(paper_with(value), 66.5, block_size)
        return BridgeMeanField(model).spinodals()[0] - T_down

    assert brentq(excess, B - 0.01, B + 0.01, xtol=1e-9) == pytest.approx(B, abs=6e-6)


@pytest.mark.parametrize("method", [GlobalStrain.raw, GlobalStrain.matched])
def test_infinite_blocks_are_the_clipped_landau_potential(method):
    theory = BridgeMeanField(method(PAPER, 66.5, 10**9))
    assert theory.spinodals() == pytest.approx(PAPER.spinodals(), abs=1e-5)
    assert theory.maxwell_temperature() == pytest.approx(PAPER.maxwell_temperature(), abs=1e-5)
    for T in (150, 176, 180, 200, 214.6, 220, 234.99):  # saturated, and not
        assert theory.branch(T, "LS") == pytest.approx(PAPER.branch(T, "LS"), abs=1e-6)
    # 214.7 K is inside the narrow window where q_HS < 1; its slope is infinite at T_down
    for T, digits in ((214.6, 1e-4), (214.7, 1e-5), (215, 1e-7), (230, 1e-7), (500, 1e-7)):
        assert theory.branch(T, "HS") == pytest.approx(PAPER.branch(T, "HS"), abs=digits)
    for T in (214.6, 220, 226.485578, 234.5):
        in_units = np.array(theory.barriers(T)) * 1000 / UNIT.joule_per_mole
        assert in_units == pytest.approx(PAPER.barriers(T), abs=2e-6)
        assert theory.saddle(T) == pytest.approx(PAPER.saddle(T), abs=1e-4)


def test_the_distance_to_landau_theory_falls_as_one_over_the_block_size():
    limit = PAPER.spinodals()[0]
    away = [BridgeMeanField(GlobalStrain.raw(PAPER, 66.5, n)).spinodals()[0] - limit for n in (10**3, 10**4, 10**5)]
    assert np.log10(away[0] / away[1]) == pytest.approx(1.0, abs=0.03)
    assert np.log10(away[1] / away[2]) == pytest.approx(1.0, abs=0.03)


def random_model(rng):
    return GlobalStrain(
        SpinCrossover(rng.uniform(0.5, 4.0), rng.uniform(5.0, 60.0), 5.0),
        *(rng.uniform(-1.5, 1.5, 2)),
        rng.uniform(0.05, 1.0),
        *(rng.uniform(-0.8, 0.8, 2)),
        int(rng.integers(1, 6)),
    )


def test_every_minimum_of_random_models_is_found():
    rng, n_several, n_checked = np.random.default_rng(5), 0, 0
    for _ in range(40):
        model = random_model(rng)
        theory = BridgeMeanField(model)
        for T in rng.uniform(30.0, 250.0, 4):
            found = [q for q, _ in theory.minima(T)]
            if np.abs(found).max() > np.tanh(8.4):
                continue
            if min(map(len, (theory.minima(0.98 * T), theory.minima(1.02 * T)))) < len(found):
                continue  # close to the end of a branch its minimum is too shallow for the grid
            expected = grid_minima(model, T)
            assert len(found) == expected.size, (model, T)
            assert found == pytest.approx(expected, abs=2e-3)
            n_several += len(found) > 1
            n_checked += 1
    assert n_checked > 60
    assert n_several > 8


def test_hs_that_never_gets_lost():
    # strong coupling: HS is metastable down to T = 0
    theory = BridgeMeanField(GlobalStrain(SpinCrossover(1.0, 20.0), -3.0, 0.0, 1.0, 0.0, 0.0))
    T_down, T_up = theory.spinodals()
    assert T_down == 0.0
    assert theory.branch(2.0, "HS")[0] == pytest.approx(1.0)
    assert theory.branch(0.9 * T_up, "LS")[0] < 0
    assert theory.maxwell_temperature() == pytest.approx(1000 / 20.0)


def test_free_energy_and_entropy_belong_together(preset):
    for T, which in ((180.0, "LS"), (230.0, "LS"), (230.0, "HS"), (300.0, "HS")):
        values = [preset.free_energy(*preset.branch(t, which), t) for t in (T - 0.01, T + 0.01)]
        q, _ = preset.branch(T, which)
        assert -(values[1] - values[0]) / 0.02 * 1000 == pytest.approx(preset.entropy(q), rel=1e-6)
    assert preset.mixing_entropy(0.0) == pytest.approx(R * np.log(2))
    assert preset.internal_entropy(1.0) - preset.internal_entropy(-1.0) == pytest.approx(66.5)
    assert preset.free_energy(1.1, 0.0, 230.0) == np.inf
    assert preset.free_energy(0.3, 0.5, 230.0) / KELVIN == pytest.approx(
        pmpea_bridge().energy(0.3, 0.5) / KELVIN - 230 * preset.entropy(0.3) / R
    )


def test_barriers_of_the_preset(preset):
    T_down, T_up = preset.spinodals()
    low, high = preset.barriers(preset.maxwell_temperature())
    assert low == pytest.approx(high, rel=1e-9)
    q, eta = preset.saddle(225.0)
    # the pass is the highest point on the way from one minimum to the other
    path = np.linspace(preset.branch(225.0, "LS")[0], preset.branch(225.0, "HS")[0], 20_001)
    heights = phi(preset.model, path, 225.0)
    assert path[heights.argmax()] == pytest.approx(q, abs=1e-4)
    assert preset.eta(q) == pytest.approx(eta)
    assert preset.barriers(225.0)[0] / KELVIN == pytest.approx(heights.max() - heights[0], abs=1e-6)
    assert preset.barriers(T_up)[0] == pytest.approx(0.0, abs=1e-12)
    assert preset.barriers(T_down)[1] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(preset.barriers(T_up + 0.01)).all()


def test_pressure_moves_the_loop():
    model = pmpea_bridge()
    spin = SpinCrossover(model.spin.enthalpy, model.spin.entropy, 10.0)
    pressed = GlobalStrain(spin, model.B, model.C, model.b, model.D, model.E)
    # T_up is where the field on q vanishes: T_sc + P ΔV/ΔS = 235 K + 0.1 · 10 kJ/mol / 66.5 J/(mol K)
    assert BridgeMeanField(pressed, pressure=0.1).spinodals()[1] == pytest.approx(235 + 1000 / 66.5)


def test_mistakes(preset):
    with pytest.raises(InputError, match=r"model = .*: must be a GlobalStrain"):
        BridgeMeanField(PAPER)
    with pytest.raises(InputError, match=r"branch = 'hs': must be 'LS' or 'HS'"):
        preset.branch(230.0, "hs")
    with pytest.raises(InputError, match="temperature = 0 K: must be greater than 0"):
        preset.branch(0, "HS")
    assert np.isnan(preset.branch(219.99, "HS")).all()
    assert np.isnan(preset.branch(235.01, "LS")).all()
