"""The sampler draws every configuration with its Boltzmann weight, springs integrated out; wrong versions do not.

In linear elasticity the displacements of a configuration are Gaussian with a covariance that does not depend on it, so
that the weight of the spins is exp(−H/T) with H at relaxed springs.
"""

from functools import lru_cache

import numpy as np
import pytest
import spring_twin as twin
from scipy import stats

from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.model import NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs
from mcsco.sampling.open_crystal import hold_surface
from mcsco.units import KELVIN

T, PRESSURE, FIELD, LANES = 260.0, 0.05, 0.3, 1000

THREE = {
    "square": Crystal((3, 3)),
    "film": Crystal.film((2, 3)),
    "clamped film": Crystal.film((2, 3), clamped=True),
    "corner": Crystal((2, 3), mask=np.array([[True, True, False], [True, True, True]])),
    "small": Crystal((2, 3)),
    "ring": Crystal((6,), "periodic", clamped=True),
}
PLAIN = {"square": Crystal((3, 3)), "torus": Crystal((3, 3), "periodic"), "cube": Crystal((2, 2, 2))}


def build_three(name, **changes):
    shear = 0.03 if THREE[name].n_dimensions > 1 else 0.0
    springs = Springs(**({"stiffness_nearest": 30.0, "stiffness_diagonal": 15.0, "shear": shear} | RADII | changes))
    spin = SpinCrossover(enthalpy=5.5, entropy=25.0, volume=10.0)
    return SpringModel(THREE[name], spin, springs, OrderDisorder(), (NearestNeighbours(0.2, 0.2),))


def build_plain(name, **changes):
    springs = Springs(**({"stiffness_nearest": 15.0, "stiffness_diagonal": 8.0} | RADII | changes))
    spin = SpinCrossover(enthalpy=5.5, entropy=23.0, volume=10.0)
    return SpringModel(PLAIN[name], spin, springs, None, () if name == "torus" else (NearestNeighbours(0.2),))


RADII = {"radius_LS": 5.0, "radius_HS": 5.25}


@lru_cache(maxsize=1)
def enumerate_states(model):
    """Probability of every configuration, and Σn, Σu, Σu² and the elastic energy, in which slow modes would show."""
    three = model.distortion is not None
    codes = twin.configurations(model.crystal.n_molecules, three)
    elastic, logs = [], []
    for c in codes:
        state = twin.to_state(c, three)
        H = model.energy(state, PRESSURE, FIELD if three else 0.0)
        logs.append(-H / (KELVIN * T) + model.spin.ln_g * np.sum(np.abs(c)))
        elastic.append(model.springs.relaxed_energy(model.crystal, state))
    p = np.exp(np.array(logs) - max(logs))
    u = codes.sum(axis=1)
    return p / p.sum(), np.stack([np.abs(codes).sum(axis=1), u, u**2, elastic], axis=1)


def p_value(batch, n_samples, thin, model=None):
    """The smaller P-value of Pearson's test over all configurations and of a z-test of the mean elastic energy.

    The latter is the most powerful test for an error in the stiffness. Fails if successive samples are correlated,
    which neither test allows.
    """
    three, field = batch.three, FIELD if batch.three else 0.0
    probabilities, table = enumerate_states(batch.model if model is None else model)
    counts = np.zeros(len(table), dtype=np.int64)
    batch.advance(T, PRESSURE, field, 150)
    before = twin.label(batch.codes, three)
    correlations = []
    for _ in range(n_samples // LANES):
        batch.advance(T, PRESSURE, field, thin)
        now = twin.label(batch.codes, three)
        counts += np.bincount(now, minlength=len(counts))
        a, b = (table[which] - table[which].mean(axis=0) for which in (before, now))
        correlations.append(np.mean(a * b, axis=0) / np.maximum(np.mean(b * b, axis=0), 1e-9))
        before = now
    correlation = np.mean(correlations, axis=0)
    assert np.all(np.abs(correlation) < 0.01 + 5 / np.sqrt(n_samples)), correlation
    elastic = table[:, 3] - probabilities @ table[:, 3]
    z = (counts @ elastic) / np.sqrt(counts.sum() * (probabilities @ elastic**2))
    return min(twin.chi_squared(counts, probabilities), 2 * stats.norm.sf(abs(z)))


N_SAMPLES = [10**5, pytest.param(10**6, marks=pytest.mark.validate)]


@pytest.mark.parametrize("n_samples", N_SAMPLES)
@pytest.mark.parametrize("name", THREE)
def test_three_states_over_all_configurations(name, n_samples):
    batch = SpringBatch(build_three(name), "random", LANES, make_key(11, 0))
    assert p_value(batch, n_samples, 20 if name == "film" else 14) > 1e-4


@pytest.mark.parametrize("n_samples", N_SAMPLES)
@pytest.mark.parametrize("name", PLAIN)
def test_plain_spins_over_all_configurations(name, n_samples):
    batch = SpringBatch(build_plain(name), "random", LANES, make_key(12, 0))
    assert p_value(batch, n_samples, 14) > 1e-4


class WithoutNoise(SpringBatch):
    """Relaxes the crystal in every sweep instead of drawing its displacements."""

    def _draw_stretches(self, theta, T, noise):
        return super()._draw_stretches(theta, T, 0.0 * noise)


class TooWarm(SpringBatch):
    """Draws the displacements at a temperature that is 30 % too high."""

    def _draw_stretches(self, theta, T, noise):
        return super()._draw_stretches(theta, 1.3 * T, noise)


class AtOnce(SpringBatch):
    """Updates all molecules at once, as if bonded ones did not feel each other."""

    def __init__(self, *args):
        super().__init__(*args)
        self._visits, self._rows = [np.arange(self.model.crystal.n_molecules)], [self._Q]


class WithoutNeighbours(SpringBatch):
    """Forgets that the rest length of a bond has two ends."""

    def __init__(self, *args):
        super().__init__(*args)
        self._rows = [0.0 * rows for rows in self._rows]


@pytest.mark.parametrize("wrong", [WithoutNoise, TooWarm, AtOnce, WithoutNeighbours])
def test_wrong_samplers_are_seen(wrong):
    batch = wrong(build_plain("square"), "random", LANES, make_key(13, 0))
    assert p_value(batch, 10**5, 20) < 1e-6


@pytest.mark.parametrize("change", [{"stiffness_nearest": 20.0}, {"stiffness_diagonal": 8.8}, {"radius_HS": 5.26}])
def test_an_error_in_the_springs_is_seen(change):
    batch = SpringBatch(build_plain("square", **change), "random", LANES, make_key(14, 0))
    assert p_value(batch, 2 * 10**5, 14, build_plain("square")) < 1e-6


def test_an_error_in_the_shear_is_seen():
    batch = SpringBatch(build_three("small", shear=0.033), "random", LANES, make_key(14, 0))
    assert p_value(batch, 2 * 10**5, 14, build_three("small")) < 1e-6


@pytest.mark.parametrize("pinned", ["HS", "LS"])
def test_a_pinned_surface_leaves_the_rest_in_equilibrium_with_it(pinned):
    spin = SpinCrossover(enthalpy=5.5, entropy=18.0 if pinned == "HS" else 27.0, volume=10.0)
    springs = Springs(15.0, 8.0, **RADII)
    model = SpringModel(Crystal((3, 5)), spin, springs)
    held = hold_surface(model.crystal, pinned)
    assert np.count_nonzero(held) == 12
    inside = np.flatnonzero(held == 0)
    batch = SpringBatch(model, "random", LANES, make_key(15, 0), held)
    logs = []
    for free in twin.configurations(3, False):
        codes = np.full(15, int(pinned == "HS"))
        codes[inside] = free
        H = model.energy(twin.to_state(codes, False), PRESSURE)
        logs.append(-H / (KELVIN * T) + spin.ln_g * codes.sum())
    p = np.exp(np.array(logs) - max(logs))
    counts = np.zeros(8, dtype=np.int64)
    batch.advance(T, PRESSURE, 0.0, 50)
    for _ in range(50):
        batch.advance(T, PRESSURE, 0.0, 14)
        counts += np.bincount(twin.label(batch.codes[inside], False), minlength=8)
    assert np.all(batch.codes[held != 0] == int(pinned == "HS"))
    assert counts.min() > 250
    assert twin.chi_squared(counts, p / p.sum()) > 1e-4
