"""Mean field and exact finite sums of models with elasticity and other long-range couplings."""

import itertools
import math

import numpy as np
import pytest

from mcsco.errors import InputError
from mcsco.meanfield import FiniteSize, MeanField
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
from mcsco.units import GPA_A3, KELVIN

SPIN = SpinCrossover(enthalpy=15.0, entropy=60.0, volume=4.0)
SHEAR = Elasticity((12.0, 4.2, 3.5), 970.0, distortion_strain=0.02704)
VOLUME = Elasticity((9.0, 4.0, 2.5), 970.0, spin_strain=0.02)  # isotropic: C44 = (C11 - C12)/2
BOTH = Elasticity((12.0, 4.2, 3.5), 970.0, 0.02, 0.02704, stress=((0.1, 0.02), (0.02, -0.05)))
SKEW = Elasticity((12.0, 4.2, 3.5), 970.0, ((0.02, 0.01), (0.01, 0.0)), 0.02704)

# Couples all pairs of a 3 × 2 lattice alike: r and −r coincide along the second axis, where each is given half.
EVERY_PAIR = LongRange({(i, j): 0.11 / (1 + j) for i in (-1, 0, 1) for j in (0, 1) if i or j})


def model_of(*terms, shape=(5, 5), distorts=True):
    return Model(Lattice(shape), SPIN, OrderDisorder() if distorts else None, terms)


def without_self_terms(model):
    """J'(0), ½ (S − J̄) and the rest of the pair terms, from their definition."""
    pairs = model.pair_terms
    in_real_space = np.fft.ifftn(pairs.J, axes=range(model.lattice.n_dimensions)).real
    at_zero = in_real_space[(0,) * model.lattice.n_dimensions]
    return pairs.J[(0,) * model.lattice.n_dimensions] - at_zero, (pairs.S - at_zero) / 2, pairs


@pytest.mark.parametrize(
    ("terms", "distorts"),
    [
        ((SHEAR,), True),
        ((BOTH, InfiniteRange(0.3, 0.8, 0.4), NearestNeighbours(0.1, 0.2)), True),
        ((BOTH, LongRange({(0, 1): -0.3, (1, 1): 0.2}), LongRange({(1, 0): 0.4}, "distortion")), True),
        ((LongRange({(0, 1): 0.3, (2, 1): -0.1}), InfiniteRange(-0.7)), False),
        ((Elasticity((12.0, 4.2, 3.5), 970.0, 0.02, 0.02704, clamped=True),), True),
    ],
)
@pytest.mark.parametrize("shape", [(5, 5), (4, 6), (3, 4, 5)])
def test_energy_of_random_crystals(terms, distorts, shape):
    """Sites drawn independently with the means (γ, η) have the mean-field energy on average, but for self-terms.

    The average of the pair energy over such crystals follows from the first and second moments of a site.
    """
    if len(shape) == 3:
        terms = tuple(
            LongRange({(0, *r): x for r, x in term.kernel}, term.of) if isinstance(term, LongRange) else term
            for term in terms
            if not (isinstance(term, Elasticity) and term.stress)
        )
    model = model_of(*terms, shape=shape, distorts=distorts)
    pressure, field = 0.2, 0.15 if distorts else 0.0
    gamma, eta = 0.62, 0.35 if distorts else 0.0
    J, K, Gamma, K_inf, L = model.couplings
    z = model.lattice.coordination
    q = 2 * gamma - 1
    expected = (SPIN.enthalpy + pressure * SPIN.volume) * gamma - field * eta
    expected += Gamma * gamma * (1 - gamma) - K_inf / 2 * eta**2 - L * gamma * eta**2 - z / 2 * (J * q**2 + K * eta**2)
    if model.pair_terms is not None:
        coupling, on_site, pairs = without_self_terms(model)
        mean = np.array([gamma, eta])
        moments = np.array([[gamma, eta], [eta, gamma]]) if distorts else np.diag([gamma, 0.0])
        expected += np.sum(on_site * moments) + (pairs.linear + pressure * pairs.per_pressure) @ mean + pairs.constant
        expected -= mean @ coupling @ mean / 2
    found = MeanField(model, pressure, field).enthalpy(q, eta)
    assert found == pytest.approx(expected, abs=1e-12)


def test_couplings_with_neighbours_given_as_long_range():
    """A kernel that reaches the nearest neighbours only is the nearest-neighbour model."""
    near = model_of(NearestNeighbours(0.6, 0.8), shape=(6, 6))
    kernel = {(0, 1): 1.0, (1, 0): 1.0}
    far = model_of(
        LongRange({r: 0.6 * x for r, x in kernel.items()}),
        LongRange({r: 0.8 * x for r, x in kernel.items()}, "distortion"),
        shape=(6, 6),
    )
    one, other = MeanField(near, 0.1), MeanField(far, 0.1)
    assert not one.is_gradual
    assert other.spinodals() == pytest.approx(one.spinodals(), rel=1e-9)
    assert other.free_energy(0.3, 0.2, 180.0) == pytest.approx(one.free_energy(0.3, 0.2, 180.0), abs=1e-12)


def bitter_crum(elasticity, d):
    """(J(0), B) of an isotropic medium with the eigenstrain (v/d)·1, in kJ/mol."""
    C11, C12, _ = elasticity.stiffness
    v = elasticity.spin_strain
    bulk = (C11 + (d - 1) * C12) / d
    unit = elasticity.site_volume * GPA_A3
    return bulk * v**2 * unit, (bulk * v) ** 2 / C11 * unit


@pytest.mark.parametrize("shape", [(5, 5), (4, 6), (3, 4, 5), (32, 32)])
@pytest.mark.parametrize("distorts", [True, False], ids=["three states", "two states"])
def test_bitter_crum_is_a_coupling_of_infinite_range(shape, distorts):
    S, B = bitter_crum(VOLUME, len(shape))
    Gamma = (S - B) / 2
    far = (InfiniteRange(Gamma, 0.9 if distorts else 0.0),)
    simple = Model(Lattice(shape), SPIN, OrderDisorder() if distorts else None, far)
    elastic = model_of(VOLUME, InfiniteRange(0.0, 0.9 if distorts else 0.0), shape=shape, distorts=distorts)
    for T in (60.0, 240.0):
        for one, other in zip(FiniteSize(simple, 50).averages(T), FiniteSize(elastic, 50).averages(T), strict=True):
            assert other == pytest.approx(one, rel=1e-9, abs=1e-13)
    assert MeanField(elastic).enthalpy(0.3, 0.0) == pytest.approx(float(MeanField(simple).enthalpy(0.3, 0.0)))


@pytest.mark.parametrize(
    ("terms", "distorts"),
    [
        ((VOLUME, InfiniteRange(-0.4, 0.8, 0.3)), True),
        ((VOLUME, EVERY_PAIR), False),
        ((Elasticity((9.0, 4.0, 2.5), 970.0, spin_strain=0.02, clamped=True),), False),
        ((Elasticity((9.0, 4.0, 2.5), 970.0, 0.02, stress=((0.1, 0.03), (0.03, 0.2))),), True),
    ],
)
def test_finite_sum_equals_enumeration(terms, distorts):
    model = model_of(*terms, shape=(3, 2), distorts=distorts)
    pressure, T, field = 0.3, 170.0, 0.1 if distorts else 0.0
    rows = []
    for sites in itertools.product(((-1, 0), (1, -1), (1, 1)) if distorts else ((-1, 0), (1, 0)), repeat=6):
        spin, u = np.array(sites).T.reshape(2, 3, 2)
        energy = model.energy(State(spin, u), pressure, field)
        n = (spin > 0).sum()
        rows.append((n * model.spin.ln_g - energy / (KELVIN * T), n / 6, u.mean(), energy / 6))
    log_weight, gamma, eta, energy = np.array(rows).T
    P = np.exp(log_weight - log_weight.max())
    free_energy = -KELVIN * T * (math.log(P.sum()) + log_weight.max()) / 6
    P /= P.sum()
    found = FiniteSize(model, pressure=pressure, field=field).averages(T)
    assert found.gamma == pytest.approx(P @ gamma, abs=1e-12)
    assert found.eta == pytest.approx(P @ eta, abs=1e-12)
    assert found.energy == pytest.approx(P @ energy, abs=1e-11)
    assert found.var_energy == pytest.approx(P @ energy**2 - (P @ energy) ** 2, abs=1e-11)
    assert found.free_energy == pytest.approx(free_energy, abs=1e-11)
    assert found.entropy == pytest.approx(1000 * (P @ energy - free_energy) / T, abs=1e-8)


@pytest.mark.parametrize("term", [SHEAR, BOTH, LongRange({(0, 1): 0.3}), LongRange({(1, 1): -0.2}, "distortion")])
def test_kernels_that_depend_on_k_have_no_finite_sum(term):
    with pytest.raises(InputError, match="depends on k; use MeanField or a simulation"):
        FiniteSize(model_of(term))
    MeanField(model_of(term))


@pytest.mark.parametrize("make", [MeanField, FiniteSize])
def test_a_coupling_of_hs_fraction_and_distortion_is_refused(make):
    """Volume and shape share a strain component, so that η has no preferred sign any more but γη enters."""
    same = Elasticity((9.0, 4.0, 2.5), 970.0, spin_strain=0.02, distortion_strain=((0.01, 0.0), (0.0, 0.01)))
    with pytest.raises(InputError, match="couple the HS fraction with the mean distortion"):
        make(model_of(same))
    if make is MeanField:
        with pytest.raises(InputError, match="couple the HS fraction with the mean distortion"):
            make(model_of(SKEW))


def test_stress_and_pressure_act_as_field_and_volume():
    strain = np.array([[0.01, 0.02704], [0.02704, 0.01]])
    stressed = model_of(Elasticity((12.0, 4.2, 3.5), 970.0, 0.02, 0.02704, stress=((0.0, 0.01), (0.01, 0.0))))
    free = model_of(Elasticity((12.0, 4.2, 3.5), 970.0, 0.02, 0.02704))
    unit = 970.0 * GPA_A3
    with_field = MeanField(free, 0.3, field=0.01 * 2 * strain[0, 1] * unit)
    assert MeanField(stressed, 0.3).branch(200.0, "HS") == pytest.approx(with_field.branch(200.0, "HS"), abs=1e-12)
    ideal = Model(free.lattice, SpinCrossover(15.0, 60.0, 4.0 + 0.02 * unit), OrderDisorder(), free.interactions)
    shift = MeanField(free, 0.3).enthalpy(0.0, 0.0) - MeanField(free).enthalpy(0.0, 0.0)
    assert shift == pytest.approx(0.3 * ideal.spin.volume / 2)


def test_self_term_of_a_shear_in_an_isotropic_plane():
    """J(k)/J(0) = 1 − (1 − C44/C11) sin²2φ, and the mean of sin²2φ over a square of wavevectors is π/2 − 1."""
    model = model_of(Elasticity((3.2, 1.2, 1.0), 970.0, distortion_strain=0.02), shape=(257, 257))
    undistorted, distorted = MeanField(model).enthalpy(1.0, [0.0, 1.0])
    coupling = 2 * (undistorted - distorted) / model.pair_terms.S[1, 1]
    assert coupling == pytest.approx((math.pi / 2 - 1) * (1 - 1 / 3.2), abs=2e-4)


def test_bitter_crum_with_hysteresis():
    """The loop of a crystal whose cooperativity is all elastic: that of Slichter and Drickamer with Γ = (S − B)/2."""
    elastic = Elasticity((14.0, 5.0, 4.5), 970.0, spin_strain=0.09)
    S, B = bitter_crum(elastic, 3)
    model = model_of(elastic, shape=(4, 4, 4), distorts=False)
    simple = Model(Lattice((4, 4, 4)), SPIN, None, (InfiniteRange((S - B) / 2),))
    assert not MeanField(model).is_gradual
    np.testing.assert_allclose(MeanField(model).spinodals(), MeanField(simple).spinodals(), rtol=1e-9)
