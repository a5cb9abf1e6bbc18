"""The engine's shifted fields against an independent sampler of the physical strain field."""

import numpy as np
import pytest
from strain_sampler import StrainSampler

from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.model import Elasticity, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R

CUBIC = (12.0, 4.2, 3.5)
CASES = {
    # name: elasticity, J and K of neighbours in K, ΔH in K, T; ln g = 8
    "shear": (Elasticity(CUBIC, 970.0, distortion_strain=0.02704), (0.0, 60.0), 1900.0, 225.0),
    "both": (Elasticity(CUBIC, 970.0, 0.03, 0.02704, stress=((0.1, 0.02), (0.02, 0.0))), (15.0, 60.0), 1900.0, 225.0),
    "plus": (Elasticity(CUBIC, 970.0, 0.03, ((0.02, 0.0), (0.0, -0.02))), (10.0, 70.0), 1960.0, 240.0),
}


def build(name, shape):
    elasticity, near, enthalpy, T = CASES[name]
    near = NearestNeighbours(*(x * KELVIN for x in near))
    spin = SpinCrossover(enthalpy * KELVIN, 8.0 * R)
    return Model(Lattice(shape), spin, OrderDisorder(), (elasticity, near)), elasticity, T


def observe(model, codes):
    """γ, |η|, η², structure factors of u at the longest waves along x and at 45°, long-range energy: (6, R)."""
    theta = np.stack([codes**2, codes]).astype(float)
    modes = np.abs(np.fft.fftn(theta[1], axes=(1, 2))) ** 2 / codes[0].size
    n, u = theta.mean(axis=(2, 3))
    return np.stack([n, np.abs(u), u**2, modes[:, 0, 1], modes[:, 1, 1], model.pair_terms.energies(theta)])


def means(samples):
    """Mean and error of (time, observable, replica), replicas being independent."""
    of_replica = np.mean(samples, axis=0)
    return of_replica.mean(axis=1), of_replica.std(axis=1, ddof=1) / np.sqrt(of_replica.shape[1])


def engine_means(name, shape, n_replicas, burn_in, sweeps, dynamics="metropolis"):
    model, _, T = build(name, shape)
    batch = FieldBatch(model, start_codes(model, "random", n_replicas, 3, 0), dynamics, make_key(3, 0))
    control = Control(*(np.full(n_replicas, x) for x in (T, 0.0, 0.0)))
    batch.advance(control, control, 0, burn_in, burn_in)
    samples = []
    for _ in range(sweeps // 5):
        batch.advance(control, control, 0, 5, 5)
        samples.append(observe(model, batch.codes()))
    return means(samples)


def strain_means(name, shape, n_replicas, burn_in, sweeps):
    model, elasticity, T = build(name, shape)
    rng = np.random.default_rng(17)
    sampler = StrainSampler(model, elasticity, rng.integers(-1, 2, (n_replicas, *shape)), T, rng)
    samples = []
    for sweep in range(burn_in + sweeps):
        sampler.sweep()
        if sweep >= burn_in and sweep % 5 == 0:
            samples.append(observe(model, sampler.codes))
    return means(samples)


def agree(name, shape, n_replicas, burn_in, sweeps):
    one, error_one = engine_means(name, shape, 4 * n_replicas, burn_in, sweeps)
    other, error_other = strain_means(name, shape, n_replicas, burn_in, sweeps)
    z = (one - other) / np.hypot(error_one, error_other)
    assert np.all(np.abs(z) < 4), (one, other, z)
    assert np.all(error_other[:2] < 0.1 * np.abs(other[:2]))  # a comparison that means something


@pytest.mark.parametrize("name", CASES)
def test_both_samplers_agree(name):
    agree(name, (9, 9), 48, 100, 250)


@pytest.mark.validate
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("shape", [(15, 15), (9, 21)], ids=str)
def test_both_samplers_agree_on_larger_lattices(name, shape):
    agree(name, shape, 64, 400, 1500)
