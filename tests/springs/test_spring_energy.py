"""The energy of the spring network: oracle, engine and twin agree; symmetries and elastic constants hold."""

import numpy as np
import pytest
import spring_twin as twin
from scipy import optimize

from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.engine.spring_network import SpringNetwork, rigid_motions
from mcsco.model import NearestNeighbours, OrderDisorder, SpinCrossover, State
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs

rng = np.random.default_rng(5)
START = rng.bit_generator.state


@pytest.fixture(autouse=True)
def _same_numbers_in_any_order():
    rng.bit_generator.state = START


def draw_state(N):
    return twin.to_state(rng.integers(-1, 2, N), True)


def test_bonds_of_the_crystal_are_those_of_a_loop_over_sites(crystal):
    def canonical(i, j, v):
        return (i, j, *v) if tuple(v) > (0,) * len(v) else (j, i, *(-v))

    ours = sorted(canonical(int(i), int(j), v) for i, j, v in zip(*crystal.bonds, strict=True))
    theirs = sorted(canonical(i, j, v) for i, j, v in twin.bonds(crystal))
    assert [tuple(map(int, bond)) for bond in ours] == [tuple(map(int, bond)) for bond in theirs]


def test_energy_at_given_displacements(crystal, springs):
    N, d = crystal.n_molecules, crystal.n_dimensions
    for _ in range(3):
        state, w, strain = draw_state(N), rng.normal(0, 0.3, (N, d)), rng.normal(0, 0.02, (d, d))
        expected = twin.elastic_energy(crystal, springs, *state, w, strain)
        assert springs.elastic_energy(crystal, state, w, strain) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("solver", ["factorise", "iterate"])
def test_relaxed_energy_of_oracle_twin_and_engine(model, solver):
    crystal, springs = model.crystal, model.springs
    batch = SpringBatch(model, "random", 4, make_key(3, 0), solver=solver)
    engine = batch.energies(0.1, 0.2)
    for replica in range(4):
        state = batch.state(replica)
        relaxed = springs.relaxed_energy(crystal, state)
        assert relaxed == pytest.approx(twin.relaxed_energy(crystal, springs, *state), abs=1e-9)
        assert engine[replica] == pytest.approx(model.energy(state, 0.1, 0.2), abs=1e-10)
        w, strain = batch.displacements(replica)
        assert springs.elastic_energy(crystal, state, w, strain) == pytest.approx(relaxed, abs=1e-10)
        assert np.abs(rigid_motions(crystal).T @ w.ravel()).max() < 1e-9


def test_relaxed_energy_is_a_minimum(crystal, springs):
    state = draw_state(crystal.n_molecules)
    network = SpringNetwork(crystal, springs)
    misfit = springs.rest_lengths(crystal, state) - springs.spacing * crystal.bonds.length
    w, strain = network.displacements(springs.stiffness(crystal) * misfit)
    least = springs.relaxed_energy(crystal, state)
    for _ in range(5):
        moved = springs.elastic_energy(crystal, state, w + rng.normal(0, 1e-3, w.shape), strain)
        assert moved > least
    for E in twin.strains(crystal):
        assert springs.elastic_energy(crystal, state, w, strain + 1e-3 * E) > least


def test_couplings_pressure_and_field_enter_the_energy():
    crystal = Crystal((3, 4))
    near = NearestNeighbours(0.4, -0.7)
    springs = Springs(50.0, 20.0, 5.0, 5.3, shear=0.02)
    model = SpringModel(crystal, SpinCrossover(6.0, 25.0, 10.0), springs, OrderDisorder(), (near, near))
    state = draw_state(12)
    expected = twin.relaxed_energy(crystal, springs, *state)
    expected += 7.0 * np.sum(state.spin > 0) - 0.3 * np.sum(state.distortion)
    for i, j, v in twin.bonds(crystal):
        if np.abs(v).sum() == 1:
            expected -= 0.8 * state.spin[i] * state.spin[j] - 1.4 * state.distortion[i] * float(state.distortion[j])
    assert model.energy(state, pressure=0.1, field=0.3) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ["square", "film", "cube", "torus"])
def test_rigid_motions_cost_nothing(name):
    from conftest import CRYSTALS

    crystal = CRYSTALS[name]
    springs = Springs(50.0, 20.0, 5.0, 5.3, shear=0.02)
    state = draw_state(crystal.n_molecules)
    w = rng.normal(0, 0.3, (crystal.n_molecules, crystal.n_dimensions))
    at_rest = springs.elastic_energy(crystal, state, w)
    motions = rigid_motions(crystal)
    open_axes = crystal.boundary.count("open")
    assert motions.shape[1] == crystal.n_dimensions + open_axes * (open_axes - 1) // 2
    for motion in motions.T:
        moved = w + 0.7 * motion.reshape(w.shape)
        assert springs.elastic_energy(crystal, state, moved) == pytest.approx(at_rest, rel=1e-12)


def test_lattice_symmetries():
    """A quarter turn exchanges the two diagonals; mirrors do so too; a translation of a torus does nothing."""
    spins = rng.integers(-1, 2, (4, 4))

    def relaxed(codes, boundary):
        springs = Springs(50.0, 20.0, 5.0, 5.3, shear=0.05)
        return springs.relaxed_energy(Crystal((4, 4), boundary), twin.to_state(codes.ravel(), True))

    here = relaxed(spins, "open")
    assert relaxed(-np.rot90(spins), "open") == pytest.approx(here, abs=1e-10)
    assert relaxed(-spins[::-1], "open") == pytest.approx(here, abs=1e-10)
    assert relaxed(spins[::-1, ::-1], "open") == pytest.approx(here, abs=1e-10)
    assert abs(relaxed(np.rot90(spins), "open") - here) > 0.1
    assert relaxed(np.roll(spins, (1, 2), (0, 1)), "periodic") == pytest.approx(relaxed(spins, "periodic"), abs=1e-10)


@pytest.mark.parametrize("u", [0, 1, -1])
@pytest.mark.parametrize("boundary", ["open", "periodic"])
@pytest.mark.parametrize("shape", [(4, 4), (3, 3, 3)])
def test_uniform_crystals_have_no_stress(shape, boundary, u):
    """Also with a uniform shear, whose strain is then `shear`: u = 1 shears a free crystal and stores no energy."""
    crystal = Crystal(shape, boundary)
    springs = Springs(50.0, 20.0, 5.0, 5.3, shear=0.02, lattice_spacing=10.6)
    N = crystal.n_molecules
    state = State(np.ones(N, np.int8), np.full(N, u, np.int8))
    assert springs.relaxed_energy(crystal, state) == pytest.approx(0.0, abs=1e-10)
    network = SpringNetwork(crystal, springs)
    misfit = springs.rest_lengths(crystal, state) - springs.spacing * crystal.bonds.length
    w, strain = network.displacements(springs.stiffness(crystal) * misfit)
    r = crystal.positions - crystal.positions.mean(axis=0)
    shear = strain[0, -1] if boundary == "periodic" else (w[:, 0] @ r[:, -1]) / (10.6 * np.sum(r[:, -1] ** 2))
    assert shear == pytest.approx(0.02 * u, abs=1e-12)


@pytest.mark.parametrize(("shape", "layer"), [((3, 4), 1.0), ((3, 3, 4), 10.0)])
def test_elastic_constants(shape, layer):
    k1, k2, a, strain = 50.0, 20.0, 10.0, 0.01
    crystal, springs = Crystal(shape, "periodic"), Springs(k1, k2, 5.0, 5.0)
    N, d = crystal.n_molecules, len(shape)
    state = State(-np.ones(N, np.int8), np.zeros(N, np.int8))

    def modulus(entries):
        E = np.zeros((d, d))
        for a_, b_ in entries:
            E[a_, b_] = strain
        volume = N * a**2 * layer
        return 2 * springs.elastic_energy(crystal, state, np.zeros((N, d)), E) / (volume * strain**2)

    C11 = (k1 + (d - 1) * k2) / layer
    assert modulus([(0, 0)]) == pytest.approx(C11)
    assert (modulus([(0, 0), (1, 1)]) - 2 * C11) / 2 == pytest.approx(k2 / layer)
    assert modulus([(0, 1), (1, 0)]) == pytest.approx(4 * k2 / layer)


def test_linear_theory_is_the_limit_of_small_misfit():
    """With true distances the relaxed energy tends to the linear one, with an error proportional to the misfit."""
    crystal = Crystal((3, 3))
    states = [draw_state(9) for _ in range(4)]
    errors = []
    for misfit in (0.2, 0.02):
        springs = Springs(50.0, 20.0, 5.0, 5.0 + misfit, shear=0.2 * misfit)
        relative = []
        for state in states:

            def energy(w, springs=springs, state=state):
                return twin.elastic_energy(crystal, springs, *state, w.reshape(9, 2), anharmonic=True)

            exact = optimize.minimize(energy, np.zeros(18), method="BFGS", options={"gtol": 1e-9 * 50}).fun
            relative.append(abs(exact / springs.relaxed_energy(crystal, state) - 1))
        errors.append(max(relative))  # a single state may have a small first order by chance
    assert errors[0] < 0.1
    assert errors[1] == pytest.approx(errors[0] / 10, rel=0.3)
