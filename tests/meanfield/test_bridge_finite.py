"""Finite crystals under one global strain: reference numbers, another quadrature, limits."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx, gammaln

from mcsco import landau
from mcsco.errors import InputError
from mcsco.meanfield import BridgeFiniteSize, BridgeMeanField
from mcsco.model import SpinCrossover
from mcsco.model.bridge import GlobalStrain, pmpea_bridge
from mcsco.units import KELVIN, R

PRESSED = GlobalStrain(SpinCrossover(2.4, 11.0, 15.0), 0.3, -0.2, 0.5, -0.3, -0.4, 3)


@pytest.mark.parametrize(
    ("n_molecules", "T", "q", "eta_abs", "eta2"),
    [
        # ⟨|η|⟩: the reference prints 1-2 units less in the last digit; see the closed form below
        (64, 200, -0.825110, 0.258472, 0.098645),
        (64, 220, -0.604486, 0.249466, 0.092666),
        (64, 228, -0.240941, 0.401472, 0.322033),
        (64, 235, 0.853521, 1.396219, 1.985013),
        (64, 300, 0.966786, 1.533200, 2.367876),
        (256, 220, -0.613765, None, None),
        (256, 228, -0.446809, None, None),
        (256, 235, 0.879560, None, None),
        (256, 300, 0.968695, None, None),
        (1024, 235, 0.883447, None, 2.099456),
        (1024, 300, 0.969143, None, 2.404003),
    ],
)
def test_references(n_molecules, T, q, eta_abs, eta2):
    found = BridgeFiniteSize(pmpea_bridge(), n_molecules).averages(T)
    assert found.q == pytest.approx(q, abs=5e-7)
    assert found.gamma == pytest.approx((1 + q) / 2, abs=5e-7)
    if eta_abs is not None:
        assert found.eta_abs == pytest.approx(eta_abs, abs=5e-7)
    if eta2 is not None:
        assert found.eta2 == pytest.approx(eta2, abs=5e-7)


@pytest.mark.parametrize(("T", "digits"), [(200, 0.2584719), (220, 0.2494655), (228, 0.4014719)])
def test_mean_magnitude_of_the_strain_by_its_closed_form(T, digits):
    """∫₀^∞ η exp(−c(b η⁴/4 + A η²)) dη = ½ √(π/cb) exp(cA²/b) erfc(A √(c/b)), c = N/T."""
    p, N = pmpea_bridge().coefficients(), 64
    k = np.arange(N + 1)
    q, c = 2 * k / N - 1, N / T
    A = p.D * q + p.E / 2 * q**2
    spin = (p.enthalpy - T * p.ln_g) / 2 * q + p.B / 2 * q**2 + p.C / 4 * q**4
    choices = gammaln(N + 1) - gammaln(k + 1) - gammaln(N - k + 1)
    weight = np.exp(choices - c * spin - (choices - c * spin).max())
    above = weight * math.sqrt(math.pi / (c * p.b)) / 2 * erfcx(A * math.sqrt(c / p.b))
    below = [w * quad(lambda x, a=a: math.exp(-c * (p.b * x**4 / 4 + a * x**2)), 0, 4, limit=200, epsabs=0)[0]
             for w, a in zip(weight, A, strict=True)]  # fmt: skip
    mean = above.sum() / sum(below)
    assert mean == pytest.approx(digits, abs=1e-7)
    assert BridgeFiniteSize(pmpea_bridge(), N).averages(T).eta_abs == pytest.approx(mean, rel=1e-9)


def test_every_average_by_brute_force():
    N, T, pressure = 12, 170.0, 0.02
    eta = np.linspace(-6, 6, 24_001)
    k = np.arange(N // 3 + 1)
    q = (2 * k / k[-1] - 1)[:, None]
    e = PRESSED.energy(q, eta, pressure)
    entropy = PRESSED.spin.ln_g * N * q / 2 + np.array([math.log(math.comb(N // 3, i)) for i in k])[:, None]
    weight = np.exp(entropy - N * e / (KELVIN * T))
    Z = weight.sum() * (eta[1] - eta[0])
    P = weight / weight.sum()
    found = BridgeFiniteSize(PRESSED, N, pressure).averages(T)
    for value, x in (
        (found.q, q), (found.eta, eta), (found.eta_abs, abs(eta)), (found.eta2, eta**2), (found.eta4, eta**4),
        (found.energy, e), (found.var_gamma, (q - found.q) ** 2 / 4), (found.var_energy, (e - found.energy) ** 2),
    ):  # fmt: skip
        assert value == pytest.approx((P * x).sum(), rel=1e-6, abs=1e-12)
    assert found.free_energy == pytest.approx(-KELVIN * T * math.log(Z) / N, rel=1e-9)
    assert found.entropy == pytest.approx((found.energy - found.free_energy) / T * 1000)


def test_heat_capacity_is_the_slope_of_the_energy():
    small = BridgeFiniteSize(pmpea_bridge(), 200)
    for T in (180.0, 228.5, 260.0):
        slope = (small.averages(T + 1e-3).energy - small.averages(T - 1e-3).energy) / 2e-3 * 1000
        assert small.averages(T).heat_capacity == pytest.approx(slope, rel=1e-5)


def test_a_block_is_a_molecule_of_its_size():
    model = GlobalStrain.matched(landau.load("source-paper"), 66.5, 5)
    spin = SpinCrossover(5 * model.spin.enthalpy, 5 * model.spin.entropy)
    big = GlobalStrain(spin, *(5 * x for x in (model.B, model.C, model.b, model.D, model.E)))
    of_blocks, of_big = BridgeFiniteSize(model, 500).averages(226.0), BridgeFiniteSize(big, 100).averages(226.0)
    assert of_blocks.q == pytest.approx(of_big.q, abs=1e-12)
    assert of_blocks.eta2 == pytest.approx(of_big.eta2, abs=1e-12)
    assert of_blocks.energy == pytest.approx(of_big.energy / 5, abs=1e-12)


@pytest.mark.parametrize(("T", "which"), [(200.0, "LS"), (260.0, "HS")])
def test_large_crystals_approach_the_mean_field(T, which):
    theory = BridgeMeanField(pmpea_bridge())
    q, _ = theory.branch(T, which)
    away = [BridgeFiniteSize(pmpea_bridge(), N).averages(T).q - q for N in (1_000, 10_000, 100_000)]
    assert away[0] / away[1] == pytest.approx(10, rel=0.15)
    assert away[1] / away[2] == pytest.approx(10, rel=0.15)
    large = BridgeFiniteSize(pmpea_bridge(), 100_000).averages(T)
    assert large.free_energy == pytest.approx(float(theory.free_energy(*theory.branch(T, which), T)), abs=1e-4)
    assert large.entropy == pytest.approx(float(theory.entropy(q)), abs=1e-3)


def test_two_phases_meet_at_the_maxwell_temperature():
    T_M = BridgeMeanField(pmpea_bridge()).maxwell_temperature()
    q, P = BridgeFiniteSize(pmpea_bridge(), 4000).probability_of_q(T_M)
    high = P[q > 0.4].sum()  # the pass lies at q = 0.29
    assert P.sum() == pytest.approx(1.0)
    assert 0.2 < high / (1 - high) < 20  # e^(−N Δφ/T) is 1; what is left are the widths of the two peaks
    assert high / (1 - high) < 0.2 * np.exp(4000 * R * 0.3 / 235) ** 0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BridgeFiniteSize(PRESSED, 64), "n_molecules = 64: must be a multiple of the block size 3"),
        (lambda: BridgeFiniteSize(PRESSED, 0), "n_molecules = 0: must be at least 1"),
        (lambda: BridgeFiniteSize(PRESSED, 3 * 2**23), "at most 4194304 blocks can be summed"),
        (lambda: BridgeFiniteSize("pmpea", 64), "model = 'pmpea': must be a GlobalStrain"),
        (lambda: BridgeFiniteSize(PRESSED, 3).averages(-1), "temperature = -1 K: must be greater than 0"),
    ],
)
def test_mistakes(make, message):
    with pytest.raises(InputError, match=message):
        make()
