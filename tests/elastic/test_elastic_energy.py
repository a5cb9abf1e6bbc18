"""The energy of a configuration: oracle, sum over sites, sum over waves, and the strain field itself."""

import itertools

import numpy as np
import pytest

from mcsco.engine.choice import make_one
from mcsco.model import (
    Elasticity,
    InfiniteRange,
    Lattice,
    LongRange,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
    State,
)
from mcsco.units import GPA_A3

SPIN = SpinCrossover(15.0, 60.0, 10.0)
CUBIC = (12.0, 4.2, 3.5)
SHEAR = 0.02704
SKEW = ((0.01, 0.004, 0.02), (0.004, -0.006, 0.003), (0.02, 0.003, 0.015))
STRESS = ((0.3, 0.01, 0.2), (0.01, -0.1, 0.0), (0.2, 0.0, 0.15))
SHAPES = [(3, 3), (4, 4), (4, 5), (2, 6), (3, 4, 5), (2, 3, 4), (4, 4, 4)]
TERMS = {
    "free": (Elasticity(CUBIC, 970.0, 0.03, SHEAR),),
    "clamped": (Elasticity(CUBIC, 970.0, 0.03, SHEAR, STRESS, clamped=True),),
    "stress": (Elasticity(CUBIC, 970.0, 0.03, SHEAR, STRESS),),
    "skew": (Elasticity(CUBIC, 970.0, SKEW, SHEAR, STRESS),),
    "two": (Elasticity(CUBIC, 970.0, 0.03), Elasticity((20.0, 7.0, 3.0), 500.0, 0.0, SKEW), InfiniteRange(-0.5, 0.3)),
}


def long_range(d):
    zeros = (0,) * (d - 2)
    return (
        LongRange({(*zeros, 0, 1): -0.31, (*zeros, 1, 1): 0.12, (*zeros, 2, 0): 0.4}),
        LongRange({(*zeros, 1, 0): -0.2, (*zeros, 1, -1): 0.17}, "distortion"),
    )


def random_state(shape, rng, distorts=True):
    spin = rng.integers(0, 2, shape) * 2 - 1
    u = (rng.integers(0, 2, shape) * 2 - 1) * (spin + 1) // 2 * distorts
    return State(spin.astype(np.int8), u.astype(np.int8))


def relaxed_energy(elasticity, state, pressure):
    """Minimum of V0 Σ [½ (ε − ε⁰):C:(ε − ε⁰) − σ:ε] over displacements and shape, without what σ does to a LS crystal.

    Waves of displacement are strains sym(k a); the minimum is found by least squares in the metric of C.
    """
    shape, d = state.spin.shape, state.spin.ndim
    C = elasticity.stiffness_tensor(d).reshape(d * d, d * d)
    # C vanishes on antisymmetric tensors: its root by eigenvalues serves as a metric.
    values, vectors = np.linalg.eigh(C)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    n, u = (state.spin + 1) / 2, state.distortion.astype(float)
    eigenstrain = n[..., None, None] * elasticity.strain(d, "spin") + u[..., None, None] * elasticity.strain(
        d, "distortion"
    )
    waves = np.fft.fftn(eigenstrain, axes=range(d))
    frequencies = [np.fft.fftfreq(extent) for extent in shape]
    total = 0.0
    for place in itertools.product(*map(range, shape)):
        k = np.array([frequencies[axis][place[axis]] for axis in reversed(range(d))])
        target = root @ waves[place].reshape(-1)
        if not k.any():
            rest = target if elasticity.clamped else np.zeros(d * d)
            total += 0.5 * np.sum(np.abs(rest) ** 2)
            continue
        signs = list(itertools.product(*((1, -1) if x == -0.5 else (1,) for x in k)))
        for sign in signs:
            q = k * sign
            basis = [np.outer(q, a) + np.outer(a, q) for a in np.eye(d)]
            A = root @ np.array(basis).reshape(d, d * d).T
            a = np.linalg.lstsq(A.astype(complex), target, rcond=None)[0]
            total += 0.5 * np.sum(np.abs(A @ a - target) ** 2) / len(signs)
    total /= state.spin.size
    if not elasticity.clamped:
        sigma = elasticity.external_stress(d) - pressure * np.eye(d)
        total -= np.sum(sigma * eigenstrain)
    return total * elasticity.site_volume * GPA_A3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", TERMS)
def test_three_ways_of_summing(name, shape):
    terms = TERMS[name] + long_range(len(shape))
    model = Model(Lattice(shape), SPIN, OrderDisorder(), terms)
    rng = np.random.default_rng(8)
    for pressure in (0.0, 0.7):
        state = random_state(shape, rng)
        theta = np.stack([(state.spin + 1) / 2, state.distortion.astype(float)])
        found = model.pair_terms.energy(theta, pressure)
        assert found == pytest.approx(model.pair_terms.energy_in_real_space(theta, pressure), abs=1e-10 * theta[0].size)
        expected = sum(relaxed_energy(term, state, pressure) for term in terms if isinstance(term, Elasticity))
        sigma, u = state.spin.astype(float), state.distortion.astype(float)
        for term in terms:
            if isinstance(term, LongRange):
                x = sigma if term.of == "spin" else u
                for r, value in term.kernel:
                    expected -= 0.5 * value * np.sum(x * np.roll(x, r, range(len(r))))
        assert found == pytest.approx(expected, abs=1e-10 * theta[0].size)
        rest = Model(
            Lattice(shape), SPIN, OrderDisorder(), [t for t in terms if not isinstance(t, Elasticity | LongRange)]
        )
        assert model.energy(state, pressure, 0.2) == pytest.approx(rest.energy(state, pressure, 0.2) + found, abs=1e-9)


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (3, 4, 6)], ids=str)
@pytest.mark.parametrize("distorts", [True, False])
def test_the_engine_reports_the_energy_of_the_oracle(shape, distorts):
    far = long_range(len(shape))[: 1 + distorts]
    elastic = Elasticity(CUBIC, 970.0, 0.03, SHEAR if distorts else 0.0, STRESS)
    near = NearestNeighbours(0.1, 0.3 if distorts else 0.0)
    model = Model(
        Lattice(shape), SPIN, OrderDisorder() if distorts else None, (elastic, near, InfiniteRange(-0.3), *far)
    )
    batch = make_one(model, "random", 5, "metropolis")
    energies = batch.energy(batch.sums(), np.array([0.6]), np.array([0.0]))
    assert energies[0] == pytest.approx(model.energy(batch.state(), 0.6), abs=1e-9)


def test_a_shift_of_the_reference_changes_nothing():
    """A single domain is free of stress: no elastic energy in a free crystal, ½ S in a clamped one."""
    shape = (4, 5)
    for clamped in (False, True):
        elasticity = Elasticity(CUBIC, 970.0, 0.03, SHEAR, clamped=clamped)
        model = Model(Lattice(shape), SpinCrossover(0.0, 60.0), OrderDisorder(), (elasticity,))
        S = elasticity.self_energy(2)
        for u in (1, -1):
            state = State(np.ones(shape, np.int8), np.full(shape, u, np.int8))
            expected = 10.0 * (S[0, 0] + S[1, 1] + 2 * u * S[0, 1]) if clamped else 0.0
            assert model.energy(state) == pytest.approx(expected, abs=1e-11)
