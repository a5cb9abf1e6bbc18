"""Block spins under one global strain: numbers of the preset, the matched coefficients, energy, mistakes."""

import json

import numpy as np
import pytest

from mcsco import landau
from mcsco.errors import InputError
from mcsco.model import SpinCrossover
from mcsco.model.bridge import GlobalStrain, pmpea_bridge
from mcsco.units import KELVIN, R

PAPER = landau.load("source-paper")
SPIN = SpinCrossover(15.6, 66.5)


def test_preset_in_kelvin():
    p = pmpea_bridge().coefficients()
    assert p.enthalpy == pytest.approx(1879.556228, abs=5e-7)
    assert p.ln_g == pytest.approx(7.998111610, abs=5e-10)
    found = (p.B, p.C, p.b, p.D, p.E)
    assert found == pytest.approx((-218.080195, 154.944922, 66.650930, -43.323105, -81.314135), abs=5e-7)


def test_preset_is_the_potential_of_the_source_paper():
    # the model room may not read the landau room: the same numbers stand in both, and must stay the same
    potential = landau.Potential(a1=0.6, C=35, b=10, D=-6.5, E=-12.2, T_sc=235, B=2.53857)
    assert pmpea_bridge() == GlobalStrain.matched(potential, 66.5)


@pytest.mark.parametrize("block_size", [1, 2, 7])
def test_energy_is_the_landau_polynomial(block_size):
    q, eta, u = np.linspace(-1, 1, 9)[:, None], np.linspace(-2, 2, 7), PAPER.unit(66.5).kelvin * KELVIN
    for T in (150.0, 235.0, 300.0):
        G = u * PAPER.free_energy(q, eta, T)
        raw = GlobalStrain.raw(PAPER, 66.5, block_size)
        assert raw.energy(q, eta) - T * 0.0665 * q / 2 == pytest.approx(G, abs=1e-12)
        matched = GlobalStrain.matched(PAPER, 66.5, block_size, temperature=220.0)
        # −T s2/n_d = (T/n_d)(−ln 2 + q²/2 + q⁴/12 + ...): the first two are taken out at 220 K
        taken = R / 1000 * 220.0 / block_size * (q**2 / 2 + q**4 / 12)
        assert matched.energy(q, eta) + taken - T * 0.0665 * q / 2 == pytest.approx(G, abs=1e-12)


def test_pressure_works_on_the_molecules_that_are_hs():
    model = GlobalStrain(SpinCrossover(15.6, 66.5, 12.0), 0.1, 0.2, 0.3, -0.4, -0.5)
    extra = model.energy([-1.0, 0.0, 1.0], 0.7, pressure=0.5) - model.energy([-1.0, 0.0, 1.0], 0.7)
    assert extra == pytest.approx([-3.0, 0.0, 3.0])  # half of 0.5 GPa · 12 cm3/mol = 6 kJ/mol each way
    assert model.coefficients(0.5).enthalpy == pytest.approx(21.6 / KELVIN)


def test_plain_data_there_and_back():
    model = GlobalStrain.matched(PAPER, 66.5, 5)
    assert GlobalStrain.from_dict(json.loads(json.dumps(model.to_dict()))) == model
    with pytest.raises(InputError, match="strain = 1: is no part of a GlobalStrain; leave it out"):
        GlobalStrain.from_dict({**model.to_dict(), "strain": 1})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GlobalStrain(SPIN, 0, 1, 0, -1, -1), "b = 0 kJ/mol: must be greater than 0"),
        (lambda: GlobalStrain(SPIN, 0, 1, 1, -1, -1, block_size=0), "block_size = 0: must be at least 1"),
        (lambda: GlobalStrain(SPIN, 0, float("nan"), 1, -1, -1), r"C = nan kJ/mol: must be finite"),
        (lambda: GlobalStrain(SpinCrossover(15.6, 0.0), 0, 1, 1, -1, -1), "entropy = 0.0 .*: must be greater than 0"),
        (lambda: GlobalStrain(None, 0, 1, 1, -1, -1), "spin = None: must be a SpinCrossover"),
        (lambda: GlobalStrain.raw(landau.load("consistent-eq3"), 66.5), "a0 = .*: a global strain has no entropy"),
        (lambda: GlobalStrain.raw(PAPER, -1.0), "entropy = -1.0 .*: must be greater than 0"),
        (lambda: GlobalStrain.raw(PAPER, 66.5, 3).n_blocks(64), "n_molecules = 64: must be a multiple of the block"),
    ],
)
def test_mistakes(make, message):
    with pytest.raises(InputError, match=message):
        make()
