"""Strain and stress inside a crystal, held against the energy of the model, equilibrium and known solutions."""

import numpy as np
import pytest

import mcsco
from mcsco.model import (
    Elasticity,
    InfiniteRange,
    Lattice,
    Model,
    NearestNeighbours,
    OrderDisorder,
    SpinCrossover,
    State,
)
from mcsco.observables import strain_maps
from mcsco.units import GPA_A3

SPIN = SpinCrossover(15.0, 60.0)
CUBIC = (12.0, 4.2, 3.5)
SHEAR = 0.02704
SKEW = ((0.01, 0.004, 0.02), (0.004, -0.006, 0.003), (0.02, 0.003, 0.015))
STRESS = ((0.3, 0.01, 0.2), (0.01, -0.1, 0.0), (0.2, 0.0, 0.15))
TERMS = {
    "free": Elasticity(CUBIC, 970.0, 0.03, SHEAR),
    "clamped": Elasticity(CUBIC, 970.0, 0.03, SHEAR, STRESS, clamped=True),
    "stressed": Elasticity(CUBIC, 970.0, 0.03, SHEAR, STRESS),
    "skew": Elasticity(CUBIC, 970.0, SKEW, SHEAR, STRESS),
}
ODD, EVEN = [(5, 7), (9, 9), (3, 5, 7)], [(2, 6), (4, 4), (4, 5), (2, 3, 4), (4, 6, 4)]


def model_of(term, shape):
    return Model(Lattice(shape), SPIN, OrderDisorder(), (term, NearestNeighbours(0.1, 0.3), InfiniteRange(0.4)))


def random_state(shape, seed=8):
    rng = np.random.default_rng(seed)
    spin = rng.integers(0, 2, shape) * 2 - 1
    u = (rng.integers(0, 2, shape) * 2 - 1) * (spin + 1) // 2
    return State(spin.astype(np.int8), u.astype(np.int8))


def ordered(u):
    u = np.asarray(u, dtype=np.int8)
    return State(np.ones(u.shape, np.int8), u)


def wavevectors(shape):
    """Cartesian components last, and where no component is at the edge of the zone of an even extent."""
    axes = np.meshgrid(*(np.fft.fftfreq(extent) for extent in shape), indexing="ij")
    k = 2 * np.pi * np.stack(axes[::-1], axis=-1)
    return k, np.all(np.abs(k + np.pi) > 1e-9, axis=-1)


def modes(field, shape):
    return np.fft.fftn(field, axes=range(len(shape)))


@pytest.mark.parametrize("shape", ODD + EVEN, ids=str)
@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("pressure", [0.0, 0.7])
def test_the_maps_hold_the_energy_of_the_model(name, shape, pressure):
    model, term = model_of(TERMS[name], shape), TERMS[name]
    state = random_state(shape)
    maps = strain_maps(model, state, pressure)
    only = Model(model.lattice, SPIN, OrderDisorder(), (term,))
    without = Model(model.lattice, SPIN, OrderDisorder())
    energy = only.energy(state, pressure) - without.energy(state, pressure)
    assert maps.energy == pytest.approx(energy, abs=1e-9)
    # Eshelby: −½ σ:ε⁰ of the internal stress, and the work of the external one on the eigenstrain.
    internal = np.sum((maps.stress - maps.external_stress) * maps.eigenstrain)
    work = np.sum(maps.external_stress * maps.eigenstrain)
    assert -(0.5 * internal + work) * 970.0 * GPA_A3 == pytest.approx(energy, abs=1e-9)


@pytest.mark.parametrize("shape", ODD, ids=str)
@pytest.mark.parametrize("name", TERMS)
def test_the_stored_energy_is_that_of_the_strain(name, shape):
    """Where no wave is at the edge of the zone, site by site; and a wrong factor of ½ in the shear would show."""
    maps = strain_maps(model_of(TERMS[name], shape), random_state(shape))
    misfit = maps.strain - maps.eigenstrain
    density = 0.5 * 970.0 * GPA_A3 * np.sum(misfit * maps.stress, axis=(-2, -1))
    assert maps.energy_density == pytest.approx(density, abs=1e-12)
    assert np.all(maps.energy_density >= 0)


@pytest.mark.parametrize("shape", ODD + EVEN, ids=str)
@pytest.mark.parametrize("name", TERMS)
def test_equilibrium_compatibility_and_the_displacements(name, shape):
    maps = strain_maps(model_of(TERMS[name], shape), random_state(shape))
    k, inside = wavevectors(shape)
    stress, strain, w = (modes(x, shape) for x in (maps.stress, maps.strain, maps.displacement))
    assert np.abs(np.einsum("...ij,...j->...i", stress, k)[inside]).max() < 1e-12 * np.abs(stress).max()
    # Saint-Venant: k × ε × k = 0. In 2-D as a plane in three dimensions.
    d = len(shape)
    k3, e3 = np.zeros((*shape, 3)), np.zeros((*shape, 3, 3), dtype=complex)
    k3[..., :d], e3[..., :d, :d] = k, strain
    cross = np.cross(np.swapaxes(np.cross(k3[..., None, :], e3), -1, -2), k3[..., None, :])
    scale = np.abs(strain).max() * 3 * np.pi**2
    assert np.abs(cross[inside]).max() < 1e-12 * scale
    eigen = np.zeros_like(e3)
    eigen[..., :d, :d] = modes(maps.eigenstrain, shape)
    assert (
        np.abs(np.cross(np.swapaxes(np.cross(k3[..., None, :], eigen), -1, -2), k3[..., None, :])).max()
        > 1e-2 * scale / 9
    )
    gradient = 0.5j * (k[..., :, None] * w[..., None, :] + k[..., None, :] * w[..., :, None]) / maps.spacing
    away = inside & np.any(k != 0, axis=-1)
    assert gradient[away] == pytest.approx(strain[away], abs=1e-13 * strain.size)
    assert maps.displacement.mean(axis=tuple(range(d))) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("shape", [(5, 7), (4, 6), (3, 4, 6)], ids=str)
@pytest.mark.parametrize("name", TERMS)
def test_the_boundary(name, shape):
    """The mean stress of a free crystal is what acts on it; a clamped crystal keeps its shape."""
    term, d, P = TERMS[name], len(shape), 0.4
    maps = strain_maps(model_of(term, shape), random_state(shape), P)
    lattice = tuple(range(d))
    assert maps.strain.mean(axis=lattice) == pytest.approx(maps.homogeneous_strain, abs=1e-14)
    if term.clamped:
        assert np.abs(maps.homogeneous_strain).max() == 0
        expected = -np.einsum("ijkl,kl", term.stiffness_tensor(d), maps.eigenstrain.mean(axis=lattice))
        assert np.abs(expected).max() > 0.01
    else:
        expected = term.external_stress(d) - P * np.eye(d)
    assert maps.stress.mean(axis=lattice) == pytest.approx(expected, abs=1e-13)
    assert maps.mean_stress.mean() == pytest.approx(np.trace(expected) / d, abs=1e-13)
    assert maps.volume_strain.mean() == pytest.approx(np.trace(maps.homogeneous_strain), abs=1e-14)


STRIPES = np.where(np.arange(12) // 3 % 2, -1, 1)
DIAGONAL = np.where((np.arange(12)[:, None] + np.arange(12)) // 3 % 2, -1, 1)


@pytest.mark.parametrize(
    ("strain", "u", "is_compatible"),
    [
        (SHEAR, np.broadcast_to(STRIPES, (12, 12)), True),
        (SHEAR, np.broadcast_to(STRIPES[:, None], (12, 12)), True),
        (SHEAR, DIAGONAL, False),
        (((SHEAR, 0.0), (0.0, -SHEAR)), DIAGONAL, True),
        (((SHEAR, 0.0), (0.0, -SHEAR)), np.broadcast_to(STRIPES, (12, 12)), False),
        (SHEAR, np.broadcast_to(STRIPES, (4, 6, 12)), True),
        (SHEAR, np.broadcast_to(STRIPES[:, None, None], (12, 4, 6)), True),
        (SHEAR, np.broadcast_to(STRIPES[:, None], (4, 12, 6)), False),
    ],
)
def test_twins_without_and_with_stress(strain, u, is_compatible):
    """Walls of a shear e13 are free of stress perpendicular to 1 or to 3, those of (e, −e) at 45°, and no others."""
    term = Elasticity(CUBIC, 970.0, 0.0, strain)
    maps = strain_maps(model_of(term, u.shape), ordered(u))
    if is_compatible:
        assert np.abs(maps.stress).max() < 1e-13
        assert maps.strain == pytest.approx(maps.eigenstrain, abs=1e-15)
        assert maps.energy == pytest.approx(0, abs=1e-12)
    else:
        assert np.abs(maps.stress).max() > 0.25 * 2 * 3.5 * SHEAR  # a quarter of what a rigid surrounding does
        assert maps.energy > 0.05 * u.size


def test_a_single_domain_has_the_strain_of_a_molecule():
    maps = strain_maps(model_of(TERMS["free"], (4, 6)), ordered(-np.ones((4, 6))))
    assert maps.strain == pytest.approx(np.broadcast_to([[0.015, -SHEAR], [-SHEAR, 0.015]], (4, 6, 2, 2)), abs=1e-15)
    assert np.abs(maps.stress).max() < 1e-14
    assert np.abs(maps.displacement).max() < 1e-13


@pytest.mark.parametrize("shape", [(9, 11), (8, 10), (4, 5, 6)], ids=str)
def test_volume_in_an_isotropic_medium(shape):
    """Crum: tr ε = ⟨v n⟩ + α v (n − ⟨n⟩) at every point, α = K/(K + 2G(d−1)/d), whatever the shape of the domains."""
    d, v, C11, C12 = len(shape), 0.04, 12.0, 4.2
    G = (C11 - C12) / 2
    K = (C11 + (d - 1) * C12) / d
    model = Model(Lattice(shape), SPIN, None, (Elasticity((C11, C12, G), 970.0, v),))
    state = random_state(shape)
    n = (state.spin + 1) / 2
    maps = strain_maps(model, State(state.spin, np.zeros_like(state.spin)))
    alpha = K / (K + 2 * G * (d - 1) / d)
    assert maps.volume_strain == pytest.approx(v * (n.mean() + alpha * (n - n.mean())), abs=1e-14)


def test_the_external_stress_strains_a_ls_crystal():
    """Hooke's law; the energy has its zero there."""
    term = Elasticity(CUBIC, 970.0, 0.03, SHEAR, ((0.2, 0.0), (0.0, 0.0)))
    maps = strain_maps(model_of(term, (4, 4)), State(-np.ones((4, 4), np.int8), np.zeros((4, 4), np.int8)))
    C11, C12, _ = CUBIC
    expected = 0.2 * np.array([[C11, 0], [0, -C12]]) / (C11**2 - C12**2)
    assert maps.strain == pytest.approx(np.broadcast_to(expected, (4, 4, 2, 2)), abs=1e-15)
    assert maps.energy == pytest.approx(0, abs=1e-12)


def test_which_term():
    one, two = Elasticity(CUBIC, 970.0, 0.03), Elasticity(CUBIC, 500.0, 0.0, SHEAR)
    state = random_state((4, 5))
    plain = Model(Lattice((4, 5)), SPIN, OrderDisorder())
    both = Model(Lattice((4, 5)), SPIN, OrderDisorder(), (one, two))
    with pytest.raises(mcsco.InputError, match="no Elasticity"):
        strain_maps(plain, state)
    with pytest.raises(mcsco.InputError, match="2 Elasticity terms"):
        strain_maps(both, state)
    with pytest.raises(mcsco.InputError, match="term = 2"):
        strain_maps(both, state, term=2)
    total = sum(strain_maps(both, state, 0.3, term=i).energy for i in (0, 1))
    assert total == pytest.approx(both.energy(state, 0.3) - plain.energy(state, 0.3), abs=1e-9)
    with pytest.raises(mcsco.InputError, match="shape"):
        strain_maps(both, random_state((5, 4)), term=0)
