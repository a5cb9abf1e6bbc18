"""Anharmonic crystals: energies of kernel, oracle and twin; reproducibility; widths, starts and refusals."""

import numpy as np
import pytest
import spring_twin as twin
from conftest import CRYSTALS
from scipy import optimize

from mcsco.engine.anharmonic_batch import TARGET, AnharmonicBatch, make_basis
from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.errors import InputError, StateError
from mcsco.model import NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs
from mcsco.sampling.open_crystal import SpringSimulation

SPRINGS = Springs(20.0, 10.0, 5.0, 5.4, shear=0.04, lattice_spacing=10.3, anharmonic=True)
SPIN = SpinCrossover(6.0, 25.0, 10.0)


def build(crystal, **options):
    shear = 0.04 if crystal.n_dimensions > 1 else 0.0
    springs = Springs(20.0, 10.0, 5.0, 5.4, shear=shear, lattice_spacing=10.3, anharmonic=True)
    return SpringModel(crystal, SPIN, springs, OrderDisorder(), (NearestNeighbours(0.3, -0.2),), **options)


def simulate(crystal=None, **options):
    settings = {"temperature": 240.0, "distortion": OrderDisorder(), "start": "random", "seed": 4} | options
    return SpringSimulation(Crystal.disc(9) if crystal is None else crystal, SPIN, SPRINGS, **settings)


def twin_energy(model, state, displacement, strain, pressure, field):
    """H by loops over bonds, with true distances."""
    H = twin.elastic_energy(model.crystal, model.springs, *state, displacement, strain, anharmonic=True)
    H += (SPIN.enthalpy + 10.0 * pressure) * np.sum(state.spin > 0) - field * np.sum(state.distortion, dtype=float)
    for i, j, v in twin.bonds(model.crystal):
        if np.abs(v).sum() == 1:
            H -= 0.3 * state.spin[i] * state.spin[j] - 0.2 * state.distortion[i] * float(state.distortion[j])
    return H


def test_energies_of_kernel_oracle_and_twin(crystal):
    """The kernel adds up differences over 300 sweeps; oracle and twin see the configuration alone."""
    batch = AnharmonicBatch(build(crystal), "random", 2, make_key(51, 0))
    batch.tune(280.0, 0.1, 0.2, 100)
    batch.advance(280.0, 0.1, 0.2, 200)
    running = batch.configuration.energy.copy()
    energies = batch.energies(0.1, 0.2)
    np.testing.assert_allclose(running, batch.configuration.energy, rtol=1e-10)
    for r in range(2):
        expected = twin_energy(batch.model, batch.state(r), *batch.displacements(r), 0.1, 0.2)
        assert energies[r] == pytest.approx(expected, rel=1e-11)


def test_a_drift_of_the_running_energy_is_an_error():
    batch = AnharmonicBatch(build(Crystal((5, 5))), "random", 3, make_key(52, 0))
    batch.advance(280.0, 0.0, 0.0, 20)
    batch.recount()
    batch.configuration.energy[1] += 0.01
    with pytest.raises(StateError, match="differ from their recount"):
        batch.energies()
    with pytest.raises(StateError, match="differ from their recount"):
        batch.advance(280.0, 0.0, 0.0, 1000)


def test_lengths_of_linear_springs_are_those_to_first_order():
    crystal, rng = CRYSTALS["square"], np.random.default_rng(6)
    w = rng.normal(0, 1, (20, 2))
    linear, true = (Springs(20.0, 10.0, 5.0, 5.4, anharmonic=word) for word in (False, True))
    at = linear.spacing * crystal.bonds.length
    for scale in (1e-2, 1e-3):
        stretch = true.lengths(crystal, scale * w) - at
        np.testing.assert_allclose(stretch, linear.lengths(crystal, scale * w) - at, atol=scale**2)


@pytest.mark.parametrize("name", ["square", "torus", "film", "cube"])
def test_relaxed_energy_is_the_minimum_over_displacements_and_strains(name):
    crystal = CRYSTALS[name]
    model, N, d = build(crystal), crystal.n_molecules, crystal.n_dimensions
    state = twin.to_state(np.random.default_rng(7).integers(-1, 2, N), True)
    strains = twin.strains(crystal)

    def energy(x):
        strain = sum((e * E for e, E in zip(x[N * d :], strains, strict=True)), np.zeros((d, d)))
        return model.springs.elastic_energy(crystal, state, 10.0 * x[: N * d].reshape(N, d), strain)

    least = optimize.minimize(energy, np.zeros(N * d + len(strains)), method="BFGS", options={"gtol": 1e-5}).fun
    relaxed = model.springs.relaxed_energy(crystal, state)
    assert relaxed == pytest.approx(least, rel=1e-5)
    linear = Springs(20.0, 10.0, 5.0, 5.4, shear=0.04, lattice_spacing=10.3).relaxed_energy(crystal, state)
    assert relaxed != pytest.approx(linear, rel=5e-5)


def test_the_same_seed_gives_the_same_trajectory_however_it_is_cut():
    whole, parts, other = simulate(), simulate(), simulate(seed=5)
    for simulation, cuts in ((whole, (1100,)), (parts, (1, 0, 700, 399)), (other, (1100,))):
        simulation.equilibrate(50)
        for sweeps in cuts:
            simulation.run(sweeps)
    assert whole.sweeps == parts.sweeps == 1150
    assert np.array_equal(whole.state.distortion, parts.state.distortion)
    assert np.array_equal(whole.positions, parts.positions)
    assert whole.energy == parts.energy
    assert whole.acceptance == parts.acceptance
    assert not np.array_equal(whole.positions, other.positions)


def test_a_replica_does_not_depend_on_how_many_there_are():
    few, many = (AnharmonicBatch(build(Crystal((4, 4))), "LS", n, make_key(53, 0)) for n in (1, 3))
    for batch in (few, many):
        batch.advance(280.0, 0.0, 0.0, 30)
    assert np.array_equal(few.configuration.displacement[0], many.configuration.displacement[0])
    assert not np.array_equal(many.configuration.displacement[0], many.configuration.displacement[1])


def test_widths_are_tuned_in_equilibration_and_fixed_afterwards():
    simulation = simulate(Crystal((8, 8)), temperature=300.0)
    simulation.equilibrate(300)
    widths = simulation._batch.widths.copy()
    assert np.isnan(simulation.acceptance.displacement)
    simulation.run(300)
    assert simulation.acceptance.displacement == pytest.approx(TARGET, abs=0.05)
    assert simulation.acceptance.deformation == pytest.approx(TARGET, abs=0.15)
    # In units of the thermal motion widths hold at other temperatures, too.
    simulation.temperature = 150.0
    simulation.run(300)
    assert simulation.acceptance.displacement == pytest.approx(TARGET, abs=0.07)
    assert np.array_equal(simulation._batch.widths, widths)


def test_linear_crystals_accept_every_draw():
    springs = Springs(20.0, 10.0, 5.0, 5.4)
    simulation = SpringSimulation(Crystal((4, 4)), SPIN, springs, 240.0)
    simulation.equilibrate(5)
    assert simulation.sweeps == 5
    assert simulation.acceptance == (1.0, 1.0)


@pytest.mark.parametrize("start", ["LS", "HS+", "HS-"])
def test_uniform_starts_have_the_size_and_the_shear_of_their_molecules(crystal, start):
    """Second order in the shear is left, and what clamps force upon a crystal."""
    batch = AnharmonicBatch(build(crystal), start, 1, make_key(54, 0))
    springs, state, N = batch.model.springs, batch.state(), crystal.n_molecules
    begun = springs.elastic_energy(crystal, state, *batch.displacements())
    if crystal.clamped:
        assert begun <= springs.elastic_energy(crystal, state, np.zeros(crystal.positions.shape))
    else:
        assert begun < (1e-9 if start == "LS" else 0.2) * N


def test_pressure_field_and_temperature_act():
    simulation = simulate(Crystal((6, 6)), temperature=400.0)
    simulation.run(300)
    assert simulation.gamma > 0.6
    simulation.pressure = 1.0
    simulation.run(300)
    assert simulation.gamma < 0.3
    simulation.pressure, simulation.field = 0.0, 8.0
    simulation.run(300)
    assert simulation.eta > 0.9
    expected = simulation.model.energy(simulation.state, 0.0, 8.0, *simulation._batch.displacements(0))
    assert simulation.energy == pytest.approx(expected)


@pytest.mark.parametrize("pinned", ["HS", "LS"])
def test_a_pinned_shell_keeps_its_spins_and_may_move(pinned):
    simulation = simulate(Crystal((6, 6)), pinned=pinned)
    before = simulation.positions
    simulation.run(50)
    surface = simulation.model.crystal.surface()
    assert np.all((simulation.state.spin > 0)[surface] == (pinned == "HS"))
    assert np.abs(simulation.positions - before)[surface].min() > 0
    if pinned == "HS":
        assert {-1, 1} == set(simulation.state.distortion[surface].tolist())


def test_deformations_leave_clamped_axes_alone():
    assert len(make_basis(CRYSTALS["torus"])) == 3
    assert len(make_basis(CRYSTALS["3-torus"])) == 6
    assert len(make_basis(CRYSTALS["clamped torus"])) == 0
    for E in make_basis(CRYSTALS["clamped film"]):
        assert not E[:, 1].any()
    batch = AnharmonicBatch(build(CRYSTALS["clamped torus"]), "LS", 1, make_key(55, 0))
    batch.advance(280.0, 0.0, 0.0, 10)
    assert np.isnan(batch.acceptance()[1])
    assert not batch.displacements()[1].any()


def mask(*empty):
    there = np.ones((5, 5), dtype=bool)
    for site in empty:
        there[site] = False
    return there


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "iterate"}, "solver = 'iterate'"),
        ({"start": "warm"}, "start = 'warm'"),
        ({"crystal": Crystal((5, 5), mask=mask((2, slice(None))))}, "2 pieces"),
        ({"crystal": Crystal((5, 5), "periodic", mask=mask((2, slice(None))))}, "do not span"),
    ],
)
def test_refused_simulations(options, message):
    with pytest.raises(InputError, match=message):
        simulate(**options)


def test_springs_and_batches_of_the_wrong_kind_are_refused():
    with pytest.raises(InputError, match="anharmonic = 1"):
        Springs(20.0, 10.0, 5.0, 5.4, anharmonic=1)
    linear = SpringModel(Crystal((4, 4)), SPIN, Springs(20.0, 10.0, 5.0, 5.4))
    with pytest.raises(InputError, match="are linear"):
        AnharmonicBatch(linear, "LS", 1, make_key(0, 0))
    with pytest.raises(InputError, match="are anharmonic"):
        SpringBatch(build(Crystal((4, 4))), "LS", 1, make_key(0, 0))
