"""Anharmonic clusters of two to four molecules against quadrature over all their shapes; wrong samplers are seen.

A cluster of N free molecules is integrated over its shape: the first molecule sits at the origin, the second on the
first axis, the third in the plane of the first two. The orientations then contribute x₁ in two dimensions and x₁² y₂ in
three, the chain integral ∫ r^(d−1) exp(−k(r − ℓ)²/2T) dr of a dimer being the simplest case.
"""

import itertools
from functools import lru_cache

import numpy as np
import pytest
import spring_twin as twin
from scipy import integrate, optimize, stats

from mcsco.engine.anharmonic_batch import AnharmonicBatch
from mcsco.engine.random_numbers import make_key
from mcsco.model import NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs
from mcsco.units import KELVIN

T, PRESSURE, FIELD, LANES, ROUNDS = 260.0, 0.05, 0.3, 1000, 100

TETRAHEDRON = np.zeros((2, 2, 2), dtype=bool)
TETRAHEDRON[0, 0, 0] = TETRAHEDRON[1, 0, 0] = TETRAHEDRON[0, 1, 0] = TETRAHEDRON[0, 0, 1] = True
CLUSTERS = {
    "dimer in 1-D": Crystal((2,)),
    "dimer in 2-D": Crystal((1, 2)),
    "dimer in 3-D": Crystal((1, 1, 2)),
    "triangle": Crystal((2, 2), mask=np.array([[True, True], [True, False]])),
    "square": Crystal((2, 2)),
    "tetrahedron": Crystal((2, 2, 2), mask=TETRAHEDRON),
}
NODES = {"dimer": 30, "triangle": 16, "square": 7, "tetrahedron": 7}


def build(name, **changes):
    crystal = CLUSTERS[name]
    shear = 0.03 if len(crystal.bonds.first) > 1 else 0.0
    settings = {
        "stiffness_nearest": 12.0,
        "stiffness_diagonal": 8.0,
        "radius_LS": 5.0,
        "radius_HS": 5.3,
        "shear": 0.0 if name == "tetrahedron" else shear,
        "lattice_spacing": 10.1,
        "anharmonic": True,
    }
    spin = SpinCrossover(enthalpy=5.5, entropy=25.0, volume=10.0)
    near = NearestNeighbours(0.2, 0.0 if name == "tetrahedron" else 0.2)
    distortion = None if name == "tetrahedron" else OrderDisorder()
    return SpringModel(crystal, spin, Springs(**(settings | changes)), distortion, (near,))


def frame(crystal):
    """Sites turned such that the first molecules span the first axes, Å/a, and which coordinates are free."""
    x = (crystal.positions - crystal.positions[0]).astype(float)
    N, d = x.shape
    first = x[1 : d + 1].T
    turn = np.linalg.qr(np.concatenate([first, np.eye(d)], axis=1))[0]
    turned = x @ turn
    turned *= np.sign([*np.where(np.diag(turned[1 : d + 1]) == 0, 1, np.diag(turned[1 : d + 1])), *[1] * d])[:d]
    free = np.array([[axis < i for axis in range(d)] for i in range(N)])
    return turned, free


def shape_integrals(model, state, n_nodes):
    """∫ exp(−H_el/T) over the shapes of a cluster, and the means of H_el and of the sum of lengths in it."""
    crystal, springs = model.crystal, model.springs
    bonds, d = crystal.bonds, crystal.n_dimensions
    start, free = frame(crystal)
    root, rest = np.sqrt(springs.stiffness(crystal)), springs.rest_lengths(crystal, state)

    def lengths(q):
        r = np.zeros((*q.shape[:-1], *start.shape))
        r[..., free] = q
        return np.linalg.norm(r[..., bonds.second, :] - r[..., bonds.first, :], axis=-1), r

    best = optimize.least_squares(lambda q: root * (lengths(q)[0] - rest), springs.spacing * start[free])
    # Nodes of Gauss and Hermite along the principal axes of the minimum: its harmonic approximation is integrated
    # exactly by one of them already, so that the others only mend the anharmonic part.
    axes = np.sqrt(2 * KELVIN * T) * np.linalg.inv(np.linalg.cholesky(best.jac.T @ best.jac)).T
    node, weight = np.polynomial.hermite.hermgauss(n_nodes)
    z = np.array(list(itertools.product(node, repeat=free.sum())))
    w = np.prod(np.array(list(itertools.product(weight * np.exp(node**2), repeat=free.sum()))), axis=1)
    length, r = lengths(best.x + z @ axes.T)
    H = np.sum((root * (length - rest)) ** 2, axis=1) / 2
    w *= np.exp(-H / (KELVIN * T)) * np.abs(np.linalg.det(axes))
    if d > 1:
        w *= r[:, 1, 0] ** (d - 1)
    if d == 3 and len(start) > 2:
        w *= np.abs(r[:, 2, 1])
    return w.sum(), w @ H / w.sum(), w @ length.sum(axis=1) / w.sum()


@lru_cache(maxsize=12)
def exact(model, n_nodes):
    """Of every configuration of a cluster: its probability and the means of H_el and of the sum of lengths."""
    codes = twin.configurations(model.crystal.n_molecules, model.distortion is not None)
    weights, means = [], []
    for c in codes:
        state = twin.to_state(c, model.distortion is not None)
        Z, *mean = shape_integrals(model, state, n_nodes)
        H = model.energy(state, PRESSURE, FIELD if model.distortion else 0.0, np.zeros(model.crystal.positions.shape))
        H -= model.springs.elastic_energy(model.crystal, state, np.zeros(model.crystal.positions.shape))
        weights.append(np.log(Z) - H / (KELVIN * T) + model.spin.ln_g * np.sum(np.abs(c)))
        means.append(mean)
    p = np.exp(np.array(weights) - max(weights))
    return p / p.sum(), np.array(means)


def n_nodes(name):
    return NODES[name.split()[0]]


def vectors(batch):
    """Bond vectors of all lanes, shape (R, B, d)."""
    bonds, d = batch.model.crystal.bonds, batch.model.crystal.n_dimensions
    w, G = batch.configuration.displacement[:, :, :d], batch.configuration.deformation[:, :d, :d]
    step = batch.model.springs.spacing * (bonds.offset + np.einsum("rxy,by->rbx", G, bonds.offset))
    return w[:, bonds.second] - w[:, bonds.first] + step


def sample(batch, thin=20):
    """Codes (N, rounds R) and lengths (B, rounds R) of lanes that have forgotten their last sample."""
    field = FIELD if batch.three else 0.0
    codes, lengths = [], []
    batch.tune(T, PRESSURE, field, 300)
    for _ in range(ROUNDS):
        batch.advance(T, PRESSURE, field, thin)
        codes.append(batch.codes.copy())
        lengths.append(np.linalg.norm(vectors(batch), axis=2).T)
    for series in ([c.sum(axis=0) for c in codes], [np.abs(c).sum(axis=0) for c in codes], [x.sum(0) for x in lengths]):
        x = np.array(series, dtype=float)  # (rounds, R)
        x -= x.mean()
        assert abs(np.mean(x[1:] * x[:-1])) < (0.01 + 5 / np.sqrt(x.size)) * np.mean(x**2)
    return np.concatenate(codes, axis=1), np.concatenate(lengths, axis=1)


def p_value(batch, model, n):
    """The smallest of three P-values: Pearson's for all configurations, and z-tests of H_el and of the sum of lengths.

    `model` is what the batch is held against.
    """
    three = model.distortion is not None
    p, means = exact(model, n)
    codes, lengths = sample(batch)
    counts = np.bincount(twin.label(codes, three), minlength=len(p))
    rest = np.stack(
        [
            model.springs.rest_lengths(model.crystal, twin.to_state(c, three))
            for c in twin.configurations(len(codes), three)
        ]
    )[twin.label(codes, three)].T
    H = model.springs.stiffness(model.crystal) @ (lengths - rest) ** 2 / 2
    values = [twin.chi_squared(counts, p)]
    for x, mean in ((H, p @ means[:, 0]), (lengths.sum(axis=0), p @ means[:, 1])):
        z = (x.mean() - mean) / (x.std() / np.sqrt(x.size))
        values.append(2 * stats.norm.sf(abs(z)))
    return min(values)


@pytest.mark.parametrize("name", ["dimer in 2-D", "triangle", "tetrahedron"])
def test_the_quadrature_has_converged(name):
    """A node fewer changes nothing that the samples could see: these resolve 1e-2 of a p and 2e-3 of the mean H_el."""
    few, many = (exact(build(name), n_nodes(name) - fewer) for fewer in (1, 0))
    np.testing.assert_allclose(few[0], many[0], rtol=1e-3)
    np.testing.assert_allclose(few[1], many[1], rtol=2e-3)


@pytest.mark.parametrize("name", CLUSTERS)
def test_clusters_over_all_configurations_and_shapes(name):
    model = build(name)
    assert p_value(AnharmonicBatch(model, "random", LANES, make_key(31, 0)), model, n_nodes(name)) > 1e-4


def dimer_cells(model, power, edges):
    """Probability of every configuration and class of length of a dimer, from r^power exp(−k(r−ℓ)²/2T)."""
    k, cells = model.springs.stiffness_nearest, []
    for c in twin.configurations(2, True):
        n, sigma = np.abs(c), 2 * np.abs(c) - 1
        rest = 2 * 5.0 + 0.3 * n.sum()
        H = 6.0 * n.sum() - 0.2 * sigma.prod() - 0.2 * c.prod() - FIELD * c.sum()
        weight = np.exp(model.spin.ln_g * n.sum() - H / (KELVIN * T))
        for low, high in itertools.pairwise([6.0, *edges, 15.0]):

            def density(r, rest=rest):
                return r**power * np.exp(-k * (r - rest) ** 2 / (2 * KELVIN * T))

            cells.append(weight * integrate.quad(density, low, high)[0])
    return np.array(cells) / sum(cells)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_lengths_of_a_dimer_follow_the_chain_integral(d):
    """Joint distribution of nine configurations and ten classes of length; another dimension does not fit."""
    model, edges = build(f"dimer in {d}-D"), np.linspace(9.0, 11.4, 9)
    codes, lengths = sample(AnharmonicBatch(model, "random", LANES, make_key(32, 0)))
    counts = np.bincount(10 * twin.label(codes, True) + np.digitize(lengths[0], edges), minlength=90)
    for power in range(3):
        p = twin.chi_squared(counts, dimer_cells(model, power, edges))
        assert p > 1e-4 if power == d - 1 else p < 1e-6


@pytest.mark.parametrize("name", ["dimer in 3-D", "square"])
@pytest.mark.parametrize("change", [{"stiffness_nearest": 12.6}, {"radius_HS": 5.0}, {"radius_HS": 5.31}])
def test_an_error_in_the_springs_is_seen(name, change):
    """Of 5 % in the stiffness, of lengths that do not follow the spins, and of 0.2 % in the radius."""
    batch = AnharmonicBatch(build(name, **change), "random", LANES, make_key(33, 0))
    assert p_value(batch, build(name), n_nodes(name)) < 1e-6


def test_frozen_lengths_are_seen():
    """A crystal that never moves its molecules keeps the lengths it began with, and its spins follow these."""
    model = build("triangle")
    batch = AnharmonicBatch(model, "LS", LANES, make_key(34, 0))
    batch.widths[:] = 0.0
    before, counts = vectors(batch), np.zeros(27, dtype=np.int64)
    for _ in range(20):
        batch.advance(T, PRESSURE, FIELD, 20)
        counts += np.bincount(twin.label(batch.codes, True), minlength=27)
    assert np.array_equal(vectors(batch), before)
    assert twin.chi_squared(counts, exact(model, n_nodes("triangle"))[0]) < 1e-6


class TooWarm(AnharmonicBatch):
    """Everything is 5 % too warm."""

    def advance(self, temperature, *rest):  # noqa: D102
        super().advance(1.05 * temperature, *rest)


def test_an_error_in_the_temperature_is_seen():
    assert p_value(TooWarm(build("triangle"), "LS", LANES, make_key(35, 0)), build("triangle"), 16) < 1e-6
