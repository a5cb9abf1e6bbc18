"""Isotropic elasticity without shear is a coupling of infinite range: simulation against the exact finite-size sum."""

import numpy as np
import pytest

from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.meanfield import FiniteSize
from mcsco.model import Elasticity, InfiniteRange, Lattice, Model, OrderDisorder, SpinCrossover
from mcsco.units import GPA_A3, KELVIN, R

TEMPERATURES = (120.0, 160.0, 185.0, 200.0, 215.0, 250.0, 320.0)


def isotropic(d, clamped=False):
    """Bulk modulus 20000 K and shear modulus 9000 K per site, volume strain 0.2."""
    K, G = (x * KELVIN / (1000.0 * GPA_A3) for x in (20000.0, 9000.0))
    stiffness = (K + G, K - G, G) if d == 2 else (K + 4 * G / 3, K - 2 * G / 3, G)
    return Elasticity(stiffness, 1000.0, spin_strain=0.2, clamped=clamped)


def build(shape, distorts, clamped=False):
    far = InfiniteRange(-60.0 * KELVIN, 150.0 * KELVIN) if distorts else InfiniteRange(20.0 * KELVIN)
    T_half, ln_g = 200.0, 8.0
    S = 800.0 - 551.724138 if clamped else 0.0  # puts T½ of a clamped crystal where it was
    enthalpy = (ln_g + (np.log(2.0) if distorts else 0.0)) * T_half * KELVIN - S * KELVIN
    spin = SpinCrossover(enthalpy, ln_g * R)
    return Model(Lattice(shape), spin, OrderDisorder() if distorts else None, (isotropic(len(shape), clamped), far))


def deviations(model, n_replicas, burn_in, samples, thin, dynamics):
    """(⟨γ⟩, var γ) of the chain against the exact values, in errors, shape (2, temperature)."""
    exact = [FiniteSize(model).averages(T) for T in TEMPERATURES]
    T = np.repeat(TEMPERATURES, n_replicas)
    n_lanes = T.size
    batch = FieldBatch(model, start_codes(model, "random", n_lanes, 2, 0), dynamics, make_key(2, 0))
    control = Control(T, np.zeros(n_lanes), np.zeros(n_lanes))
    batch.advance(control, control, 0, burn_in, burn_in)
    gamma = np.empty((samples, len(TEMPERATURES), n_replicas))
    for now in gamma:
        batch.advance(control, control, 0, thin, thin)
        now[:] = (batch.running[:, 0] / model.lattice.n_sites).reshape(now.shape)
    batch.recount()
    z = []
    for i, reference in enumerate(exact):
        mean = gamma[:, i].mean(axis=0)
        # about the exact mean: an estimate of each replica without bias
        var = ((gamma[:, i] - reference.gamma) ** 2).mean(axis=0)
        z.append([(x.mean() - y) / (x.std(ddof=1) / np.sqrt(n_replicas)) for x, y in
                  ((mean, reference.gamma), (var, reference.var_gamma))])  # fmt: skip
        assert var.std(ddof=1) / np.sqrt(n_replicas) < 0.1 * reference.var_gamma
    return np.array(z).T


def within_errors(z):
    """Of 14 normal deviates one passes 3.5 once in 150 tries, and their squares add up to 14 ± 5.3."""
    return np.abs(z).max() < 3.5 and (z**2).sum() < 14 + 4 * 5.3


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("distorts", [False, True], ids=["two states", "three states"])
def test_gamma_and_its_variance_at_seven_temperatures(distorts, dynamics):
    z = deviations(build((33, 33), distorts), 40, 100, 60, 5, dynamics)
    assert within_errors(z), z


def test_a_clamped_crystal_is_anticooperative():
    model = build((12, 12), False, clamped=True)
    z = deviations(model, 32, 60, 60, 3, "heat-bath")
    assert within_errors(z), z
    ideal = Model(model.lattice, SpinCrossover(8.0 * 200.0 * KELVIN, 8.0 * R))
    assert FiniteSize(model).averages(200.0).var_gamma < 0.6 * FiniteSize(ideal).averages(200.0).var_gamma


@pytest.mark.validate
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("distorts", [False, True], ids=["two states", "three states"])
@pytest.mark.parametrize("shape", [(33, 33), (32, 32), (10, 11, 10)], ids=str)
def test_gamma_and_its_variance_to_high_precision(shape, distorts, dynamics):
    z = deviations(build(shape, distorts), 64, 300, 400, 5, dynamics)
    assert within_errors(z), z
