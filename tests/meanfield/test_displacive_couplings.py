"""Continuous distortions with long-range couplings, random couplings and fields, and their Landau expansion."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from mcsco.campaign.config import read_config
from mcsco.errors import InputError
from mcsco.meanfield import MeanField
from mcsco.model import Displacive, Elasticity, InfiniteRange, Lattice, Model, SpinCrossover, presets
from mcsco.units import KELVIN, R

TORSION = Displacive(600 * KELVIN, 4000 * KELVIN)


def test_self_term_of_a_shear_acts_on_the_square_of_the_distortion():
    """Independent sites with given means: ½ (S − J̄)_uu ⟨u²⟩ is on the site, −½ J'_uu(0) η² in the mean field."""
    shear = Elasticity((12.0, 4.2, 3.5), 970.0, 0.02, 0.02704)
    model = Model(Lattice((5, 5)), SpinCrossover(15.0, 60.0), TORSION, (shear, InfiniteRange(0.3, 0.8, 0.4)))
    q, eta, T, beta = 0.24, 0.35, 210.0, 1 / (KELVIN * 210.0)
    gamma, pairs = (1 + q) / 2, model.pair_terms
    J_bar = pairs.J.reshape(-1, 2, 2).mean(axis=0)
    coupling, on_site = pairs.J[0, 0] - J_bar, pairs.S - J_bar
    u, w = np.polynomial.legendre.leggauss(300)
    u, w = 3 * u, 3 * w
    V = TORSION.energy(np.array([[1], [0]]), u[None, :])

    def state(y):  # shape (2, 300), each spin state normalised
        P = w * np.exp(-beta * (V + on_site[1, 1] * u**2 / 2) + y * u)
        return P / P.sum(axis=1, keepdims=True)

    share = np.array([gamma, 1 - gamma])
    P = state(brentq(lambda y: share @ state(y) @ u - eta, 0, 20, xtol=1e-14))
    expected = share @ (P * V).sum(axis=1) + on_site[1, 1] / 2 * (share @ P @ u**2) + on_site[0, 0] / 2 * gamma
    expected += 15.0 * gamma + 0.3 * gamma * (1 - gamma) - 0.4 * eta**2 - 0.4 * gamma * eta**2
    expected += pairs.linear @ [gamma, eta] + pairs.constant - np.array([gamma, eta]) @ coupling @ [gamma, eta] / 2
    assert MeanField(model).enthalpy(q, eta, T) == pytest.approx(expected, abs=1e-9)
    assert abs(on_site[1, 1]) > 0.5  # or the test would see nothing


def test_coupling_of_spin_and_distortion_on_the_site_is_refused():
    same = Elasticity(
        (9.0, 4.0, 2.5), 970.0, spin_strain=0.02, distortion_strain=((0.01, 0.0), (0.0, 0.01)), clamped=True
    )
    with pytest.raises(InputError, match="interactions: couple "):
        MeanField(Model(Lattice((4, 4)), SpinCrossover(15.0, 60.0), TORSION, (same,)))


INDEX = {"stable": 1, "metastable": 1, "saddle": -1, "unstable": 1}


@pytest.mark.parametrize("seed", range(3))
def test_numbers_of_minima_saddles_and_maxima_fit_together(seed):
    """φ grows without bound in η and is repelled by γ = 0 and 1: minima − saddles + maxima = 1."""
    rng = np.random.default_rng(seed)
    Delta, Gamma, K, L = rng.normal(800, 1200), *rng.normal((0, 500, 100), (600, 500, 300))
    model = Model(
        Lattice((4, 4)),
        SpinCrossover(Delta * KELVIN, float(rng.choice([0, 1, 3, 6, 9])) * R),
        Displacive(rng.uniform(100, 2000) * KELVIN, rng.uniform(0, 5000) * KELVIN),
        (InfiniteRange(Gamma * KELVIN, K * KELVIN, L * KELVIN),),
    )
    mean_field = MeanField(model, field=(seed % 2) * rng.normal(0, 60) * KELVIN)
    for T in 10 ** rng.uniform(1.3, 3.3, 2):
        points = mean_field.stationary_points(T)
        weight = [2 if mean_field.field == 0 and p.eta != 0 else 1 for p in points]
        assert sum(w * INDEX[p.kind] for w, p in zip(weight, points, strict=True)) == 1, (mean_field, T)
        for p in points:
            assert mean_field.residual(p.q, p.eta, T) == pytest.approx((0, 0), abs=1e-8), (mean_field, T)
        energies = [p.free_energy for p in points]
        assert next(p.free_energy for p in points if p.kind == "stable") == min(energies)


@pytest.mark.parametrize("T", [150.0, 235.0])
def test_landau_expansion_is_the_taylor_series_of_the_free_energy(T):
    """What is left after the fourth order is of the fifth: halving q and η divides it by about 32."""
    mean_field = MeanField(presets.load("pmpea-displacive-volume"), field=0.2)
    x = mean_field.landau_expansion(T)
    left = []
    for s in (0.08, 0.04):
        q, eta = s * np.array([1.0, -1.0, 0.5, 0.0, -0.7]), s * np.array([0.6, 0.5, -0.8, 1.0, 0.0])
        series = x.G0 + x.a1 * (x.T_sc - T) * q + x.B / 2 * q**2 + x.C / 4 * q**4 - 0.2 * eta
        series += x.a0 / 2 * (T - x.T_c) * eta**2 + x.b / 4 * eta**4 + x.D * q * eta**2 + x.E / 2 * q**2 * eta**2
        left.append(np.abs(mean_field.free_energy(q, eta, T) - series).max())
    assert left[0] < 1e-4
    assert 20 < left[0] / left[1] < 50


def test_run_file():
    config = read_config(Path(__file__).parents[2] / "runs" / "pmpea-displacive" / "thermal_loop.toml")
    assert config.model.build() == presets.load("pmpea-displacive")
