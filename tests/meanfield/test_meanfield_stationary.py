"""Stationary points: none overlooked, each of the kind it is said to be."""

import numpy as np
import pytest

from mcsco.meanfield import MeanField
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover, presets
from mcsco.units import KELVIN, R

INDEX = {"stable": 1, "metastable": 1, "saddle": -1, "unstable": 1}


def random_models(seed, count):
    """Models with couplings of any sign and strength, and every other one with a field."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        Delta, Gamma, K, L = rng.normal(800, 1200), *rng.normal((0, 500, 100), (600, 500, 300))
        model = Model(
            Lattice((4, 4)),
            SpinCrossover(Delta * KELVIN, float(rng.choice([0, 1, 3, 6, 9])) * R),
            OrderDisorder(),
            (InfiniteRange(Gamma * KELVIN, K * KELVIN, L * KELVIN),),
        )
        yield MeanField(model, field=(i % 2) * rng.normal(0, 60) * KELVIN), rng


@pytest.mark.parametrize("seed", [1, 2])
def test_numbers_of_minima_saddles_and_maxima_fit_together(seed):
    """On a triangle whose boundary repels, minima − saddles + maxima = 1 (Poincaré and Hopf)."""
    for mean_field, rng in random_models(seed, 25):
        for T in 10 ** rng.uniform(0.5, 3.3, 4):
            points = mean_field.stationary_points(T)
            weight = [2 if mean_field.field == 0 and p.eta != 0 else 1 for p in points]
            assert sum(w * INDEX[p.kind] for w, p in zip(weight, points, strict=True)) == 1, (mean_field, T)
            for p in points:
                assert mean_field.residual(p.q, p.eta, T) == pytest.approx((0, 0), abs=1e-8), (mean_field, T)
            energies = [p.free_energy for p in points]
            assert next(p.free_energy for p in points if p.kind == "stable") == min(energies)


def test_random_branches_are_minima_until_they_end():
    for mean_field, _ in random_models(3, 40):
        T_down, T_up = mean_field.spinodals()
        if mean_field.is_gradual:
            assert np.isnan((T_down, T_up)).all()
            continue
        for which, T_end, sign in (("LS", T_up, -1), ("HS", T_down, 1)):
            if T_end == 0:
                continue
            inside, outside = T_end * (1 + sign * 1e-6), T_end * (1 - sign * 1e-6)
            end = np.array(mean_field.branch(T_end, which))
            assert distance_to_minimum(mean_field, inside, mean_field.branch(inside, which)) < 1e-7, mean_field
            assert np.isnan(mean_field.branch(outside, which)).all()
            assert distance_to_minimum(mean_field, outside, end) > 0.01, mean_field
            assert distance_to_minimum(mean_field, inside, end) < 0.02, mean_field


def distance_to_minimum(mean_field, T, state):
    minima = [p for p in mean_field.stationary_points(T) if INDEX[p.kind] == 1 and p.kind != "unstable"]
    return min(abs(p.q - state[0]) + abs(p.eta - state[1]) for p in minima)


@pytest.mark.parametrize(
    ("name", "T", "field"),
    [("pmpea-volume", 226.0, 0.0), ("pmpea", 231.0, 0.0), ("pmpea", 500.0, 0.05), ("pmpea-nn", 240.0, 0.0)],
)
def test_minima_are_those_of_a_fine_grid(name, T, field):
    mean_field = MeanField(presets.load(name), field=field)
    step = 1 / 400
    q, eta = np.meshgrid(np.arange(-1, 1 + step, 2 * step), np.arange(-1, 1 + step, step), indexing="ij")
    phi = mean_field.free_energy(q, eta, T)
    phi = np.pad(np.where(np.isnan(phi), np.inf, phi), 1, constant_values=np.inf)
    centre = phi[1:-1, 1:-1]
    lowest = np.isfinite(centre)
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            if (di, dj) != (0, 0):
                lowest &= centre < phi[1 + di : phi.shape[0] - 1 + di, 1 + dj : phi.shape[1] - 1 + dj]
    found = {(p.q, s * p.eta) for p in mean_field.stationary_points(T) if "stable" in p.kind and p.kind != "unstable"
             for s in ((1, -1) if field == 0 else (1,))}  # fmt: skip
    on_grid = list(zip(q[lowest], eta[lowest], strict=True))
    assert len(on_grid) == len(found)
    for point in on_grid:
        assert min(abs(point[0] - p[0]) + abs(point[1] - p[1]) for p in found) < 4 * step


def test_opposite_domain_is_metastable_in_a_weak_field():
    points = MeanField(presets.load("pmpea"), field=0.05).stationary_points(300.0)
    minima = [(p.kind, np.sign(p.eta)) for p in points if p.kind in ("stable", "metastable")]
    assert sorted(minima) == [("metastable", -1), ("stable", 1)]


def test_field_of_the_other_sign_mirrors_everything():
    up, down = (MeanField(presets.load("pmpea"), field=h) for h in (0.1, -0.1))
    assert up.spinodals() == pytest.approx(down.spinodals(), abs=1e-9)
    q, eta = up.branch(240.0, "HS")
    assert eta > 0
    assert down.branch(240.0, "HS") == pytest.approx((q, -eta), abs=1e-12)
    assert [p.kind for p in up.stationary_points(228.0)] == [p.kind for p in down.stationary_points(228.0)]


def test_equilibrium_changes_at_the_maxwell_temperature():
    mean_field = MeanField(presets.load("pmpea-volume"))
    T = mean_field.maxwell_temperature()
    assert mean_field.equilibrium(T - 1e-4) == pytest.approx(mean_field.branch(T - 1e-4, "LS"), abs=1e-10)
    assert mean_field.equilibrium(T + 1e-4) == pytest.approx(mean_field.branch(T + 1e-4, "HS"), abs=1e-10)
    kinds = [p.kind for p in mean_field.stationary_points(T + 1)]
    assert kinds == ["metastable", "saddle", "stable"]


@pytest.mark.parametrize("T", [220.5, 226.0, 233.0])
def test_barrier_is_the_lowest_pass(T):
    """The pass equals max over γ of the minimum over η on a fine grid."""
    mean_field = MeanField(presets.load("pmpea-volume"))
    low, high = mean_field.branch(T, "LS"), mean_field.branch(T, "HS")
    q = np.linspace(low[0], high[0], 801)[:, None]
    eta = np.linspace(0, 1, 2001) * (1 + q) / 2
    pass_ = np.nanmin(mean_field.free_energy(q, eta, T), axis=1).max()
    expected = pass_ - mean_field.free_energy(*np.transpose([low, high]), T)
    assert mean_field.barriers(T) == pytest.approx(tuple(expected), abs=2e-6)


def test_barriers_vanish_at_the_spinodals_and_are_equal_at_the_maxwell_temperature():
    mean_field = MeanField(presets.load("pmpea-volume"))
    T_down, T_up = mean_field.spinodals()
    assert mean_field.barriers(T_up)[0] == pytest.approx(0, abs=1e-9)
    assert mean_field.barriers(T_down)[1] == pytest.approx(0, abs=1e-9)
    G_LH, G_HL = mean_field.barriers(mean_field.maxwell_temperature())
    assert pytest.approx(G_HL, abs=1e-10) == G_LH
    assert G_LH > 0.01
    assert np.isnan(mean_field.barriers(T_up + 1)).all()


def test_neighbours_enter_through_the_coordination_number():
    """An infinite-range model with Γ + 2zJ, K∞ + zK and the constant −zJ/2 has the same free energy."""
    J, K = 0.3, 1.1
    near = Model(Lattice((4, 4, 4)), SpinCrossover(15, 60), OrderDisorder(), (NearestNeighbours(J, K),))
    far = Model(Lattice((4, 4, 4)), SpinCrossover(15, 60), OrderDisorder(), (InfiniteRange(12 * J, 6 * K),))
    q, eta = np.array([-0.9, -0.2, 0.4, 0.8]), np.array([0.01, 0.3, -0.5, 0.0])
    expected = MeanField(far).free_energy(q, eta, 180.0) - 3 * J
    assert MeanField(near).free_energy(q, eta, 180.0) == pytest.approx(expected, abs=1e-12)
    assert MeanField(near).spinodals() == pytest.approx(MeanField(far).spinodals(), abs=1e-8)
    ordered = np.ones((4, 4, 4))
    model_energy = near.energy(type("S", (), {"spin": ordered, "distortion": ordered})) / 64
    assert MeanField(near).enthalpy(1.0, 1.0) == pytest.approx(model_energy, abs=1e-12)
