"""Presets load, carry their source, and have the couplings they were calibrated with."""

import json

import naive
import numpy as np
import pytest

import mcsco
from mcsco import InputError, Model, presets
from mcsco.units import KELVIN, R


@pytest.mark.parametrize("name", presets.names())
def test_every_preset(name):
    preset, model = presets.get(name), presets.load(name)
    assert isinstance(model, Model)
    assert preset.name == name
    assert preset.summary
    assert preset.source
    assert presets.load(name, (6, 4)).lattice.shape == (6, 4)
    assert presets.load(name, (6, 4)) == model.with_shape((6, 4))
    assert Model.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_names():
    assert {"pmpea", "pmpea-volume", "pmpea-nn", "fe2fe", "fe2co", "dpp-py"} <= set(presets.names())
    assert mcsco.presets is presets


def test_unknown_preset():
    with pytest.raises(InputError, match="preset = 'pmpae': unknown; known are pmpea, "):
        presets.load("pmpae")


@pytest.mark.parametrize(
    ("name", "Delta", "J", "K", "L"),
    [("pmpea", 2335.75, 295.18, 800.0, 0.0), ("pmpea-volume", 2093.67, -71.68, 400.0, 200.0)],
)
def test_infinite_range_sets(name, Delta, J, K, L):
    """Energy per molecule Δn − J n²/2 − K m²/2 − L n m² of a uniform crystal, in K."""
    model = presets.load(name)
    N = model.lattice.n_sites
    assert model.spin.entropy == pytest.approx(8 * R)
    for share in (0.25, 0.5, 1.0):
        codes = np.zeros(N, dtype=np.int8)
        codes[: int(share * N)] = 1
        expected = Delta * share - J * share**2 / 2 - K * share**2 / 2 - L * share**3
        assert model.energy(naive.to_state(model, codes)) / N / KELVIN == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "Delta", "J", "K", "L"),
    [
        ("pmpea-displacive", 2348.3148, 99.8044, 943.7431, 0.0),
        ("pmpea-displacive-volume", 2243.4816, -68.8525, 754.9944, 94.3743),
    ],
)
def test_displacive_sets(name, Delta, J, K, L):
    """The same energy with any u, and in V_HS = 600 (u² − 1)², V_LS = 2000 u² + 600 u⁴ (K)."""
    model = presets.load(name, (4, 5))
    assert model.spin.entropy == pytest.approx(8 * R)
    rng = np.random.default_rng(7)
    spin, u = np.where(rng.random((4, 5)) < 0.4, 1, -1), rng.normal(0.2, 0.8, (4, 5))
    n, m = (spin > 0).mean(), u.mean()
    wells = np.where(spin > 0, 600 * (u**2 - 1) ** 2, 2000 * u**2 + 600 * u**4).mean()
    expected = Delta * n - J * n**2 / 2 - K * m**2 / 2 - L * n * m**2 + wells
    assert model.energy(mcsco.model.State(spin, u)) / 20 / KELVIN == pytest.approx(expected, rel=1e-12)


def test_nearest_neighbour_set():
    """Energy 2724 n − 100 Σnn' − 200 Σuu' (K): all HS on the cubic lattice costs 2724 − 300 − 600, all LS nothing."""
    model = presets.load("pmpea-nn", (4, 4, 4))
    LS, HS = (model.energy(naive.to_state(model, np.full((4, 4, 4), code))) for code in (0, 1))
    assert pytest.approx(2724 - 300 - 600, rel=1e-12) == (HS - LS) / 64 / KELVIN
    one = np.zeros((4, 4, 4), dtype=np.int8)
    one[0, 0, 0] = -1
    assert (model.energy(naive.to_state(model, one)) - LS) / KELVIN == pytest.approx(2724, rel=1e-9)


@pytest.mark.parametrize(("name", "T_half", "Gamma"), [("fe2fe", 250.0, 0.42), ("fe2co", 182.5, -0.84)])
def test_clusters(name, T_half, Gamma):
    model = presets.load(name)
    assert model.distortion is None
    assert 1000 * model.spin.enthalpy / model.spin.entropy == pytest.approx(T_half, abs=0.1)
    assert model.couplings.Gamma == Gamma
