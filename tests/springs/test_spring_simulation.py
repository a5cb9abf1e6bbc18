"""Crystals, springs and the simulation: shapes, refusals, reproducibility."""

import numpy as np
import pytest

from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch, colours
from mcsco.engine.spring_network import SpringNetwork
from mcsco.errors import InputError
from mcsco.model import InfiniteRange, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs
from mcsco.sampling.open_crystal import SpringSimulation

SPRINGS = Springs(60.0, 30.0, 5.0, 5.2, shear=0.02)
SPIN = SpinCrossover(15.3, 66.5, 10.0)


def simulate(crystal=None, **options):
    settings = {"temperature": 240.0, "distortion": OrderDisorder(), "start": "random", "seed": 4} | options
    return SpringSimulation(Crystal.disc(9) if crystal is None else crystal, SPIN, SPRINGS, **settings)


def test_numbers_of_molecules_and_bonds():
    L = 6
    square, torus, cube = Crystal((L, L)), Crystal((L, L), "periodic"), Crystal((L, L, L), "periodic")
    near = square.bonds.is_nearest
    assert (near.sum(), (~near).sum()) == (2 * L * (L - 1), 2 * (L - 1) ** 2)
    assert len(torus.bonds.first) == 4 * L**2
    assert len(cube.bonds.first) == 9 * L**3
    film = Crystal.film((3, L, L))
    assert film.boundary == ("open", "periodic", "periodic")
    assert film.surface().sum() == 2 * L**2
    assert film.surface(2).all()
    assert square.surface().sum() == 4 * (L - 1)
    assert square.surface(2).sum() == 4 * (L - 1) + 4 * (L - 3)
    assert not torus.surface().any()


@pytest.mark.parametrize("diameter", [8, 15, 30.5])
def test_round_particles(diameter):
    disc = Crystal.disc(diameter)
    assert disc.n_molecules == pytest.approx(np.pi / 4 * diameter**2, rel=0.08)
    assert np.array_equal(disc.occupied, disc.occupied.T)
    assert np.array_equal(disc.occupied, disc.occupied[::-1])
    sphere = Crystal.sphere(8)
    assert sphere.n_molecules == pytest.approx(np.pi / 6 * 8**3, rel=0.1)
    grid = disc.to_grid(np.arange(disc.n_molecules))
    assert np.array_equal(grid[disc.occupied], np.arange(disc.n_molecules))
    assert np.isnan(grid[~disc.occupied]).all()


def test_crystals_compare_by_content():
    mask = np.ones((4, 4), dtype=bool)
    assert Crystal((4, 4), mask=mask) == Crystal([4, 4])
    assert hash(Crystal((4, 4), mask=mask)) == hash(Crystal((4, 4)))
    mask[0, 0] = False
    assert Crystal((4, 4), mask=mask) != Crystal((4, 4))
    assert Crystal((4, 4), "periodic") != Crystal((4, 4), "periodic", clamped=True)


def test_bonded_molecules_have_different_colours(crystal):
    colour = colours(crystal)
    assert np.all(colour[crystal.bonds.first] != colour[crystal.bonds.second])
    if crystal.boundary == ("open", "open") and crystal.mask is None:
        assert colour.max() == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": 5}, "one to three extents"),
        ({"shape": (2, 2, 2, 2)}, "one to three extents"),
        ({"shape": (0, 4)}, "at least 1"),
        ({"shape": (1,)}, "at least 2"),
        ({"shape": (4, 4), "boundary": "closed"}, "'open' or 'periodic'"),
        ({"shape": (4, 4), "boundary": ("open",)}, "one of them for each axis"),
        ({"shape": (2, 4), "boundary": "periodic"}, "at least 3 along a periodic axis"),
        ({"shape": (4, 4), "clamped": True}, "needs a periodic axis"),
        ({"shape": (4, 4), "mask": np.ones((4, 5), bool)}, "must be bool of shape"),
        ({"shape": (4, 4), "mask": np.ones((4, 4))}, "must be bool of shape"),
    ],
)
def test_refused_crystals(arguments, message):
    with pytest.raises(InputError, match=message):
        Crystal(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stiffness_nearest": 0.0}, "stiffness_nearest = 0.0"),
        ({"stiffness_diagonal": -1.0}, "must be greater than 0"),
        ({"radius_LS": 0.0}, "radius_LS"),
        ({"radius_HS": float("nan")}, "must be finite"),
        ({"shear": "1"}, "without quotes"),
        ({"lattice_spacing": 0.0}, "lattice_spacing"),
    ],
)
def test_refused_springs(arguments, message):
    good = {"stiffness_nearest": 60.0, "stiffness_diagonal": 30.0, "radius_LS": 5.0, "radius_HS": 5.2}
    with pytest.raises(InputError, match=message):
        Springs(**(good | arguments))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "temperature"),
        ({"pressure": float("inf")}, "pressure"),
        ({"field": None}, "field"),
        ({"start": "warm"}, "start = 'warm'"),
        ({"seed": -1}, "seed"),
        ({"pinned": "surface"}, "must be one of HS, LS"),
        ({"pinned": "HS", "pinned_layers": 0}, "layers = 0"),
        ({"pinned": "HS", "crystal": Crystal((4, 4), "periodic")}, "has no surface"),
        ({"distortion": None}, "give OrderDisorder"),
        ({"distortion": "u"}, "OrderDisorder"),
        ({"interactions": [InfiniteRange(1.0)]}, "must be NearestNeighbours"),
        ({"crystal": (4, 4)}, "must be a Crystal"),
        ({"crystal": Crystal((9,))}, "no diagonals"),
        ({"solver": "exact"}, "solver = 'exact'"),
    ],
)
def test_refused_simulations(options, message):
    with pytest.raises(InputError, match=message):
        simulate(**options)


def loose(*empty):
    mask = np.ones((5, 5), dtype=bool)
    for site in empty:
        mask[site] = False
    return mask


@pytest.mark.parametrize(
    "crystal",
    [
        Crystal((1, 6)),
        Crystal((1, 4, 4)),
        Crystal((5, 5), mask=loose((0, 0), (0, 1), (0, 2), (0, 3), (1, 3), (1, 4))),
        Crystal((5, 5), mask=loose((2, slice(None)))),
    ],
    ids=["line in a plane", "layer in space", "one bond", "two pieces"],
)
def test_crystals_that_are_not_rigid_are_refused(crystal):
    with pytest.raises(InputError, match="hang loosely"):
        SpringNetwork(crystal, SPRINGS)


def test_a_crystal_with_a_gap_across_a_periodic_axis_is_refused():
    with pytest.raises(InputError, match="do not span"):
        SpringNetwork(Crystal((5, 5), "periodic", mask=loose((2, slice(None)))), SPRINGS)


def test_the_same_seed_gives_the_same_trajectory_however_it_is_cut():
    whole, parts, other = simulate(), simulate(), simulate(seed=5)
    for simulation, cuts in ((whole, (30,)), (parts, (1, 0, 12, 17)), (other, (30,))):
        for sweeps in cuts:
            simulation.run(sweeps)
    assert whole.sweeps == parts.sweeps == 30
    assert np.array_equal(whole.state.distortion, parts.state.distortion)
    assert whole.energy == parts.energy
    assert not np.array_equal(whole.state.distortion, other.state.distortion)


def test_a_batch_resumes_from_its_codes_and_its_sweep():
    model = SpringModel(Crystal.disc(7), SPIN, SPRINGS, OrderDisorder())
    whole, resumed = (SpringBatch(model, "random", 3, make_key(1, 0)) for _ in range(2))
    whole.advance(230.0, 0.0, 0.0, 10)
    resumed.codes, resumed.sweep = whole.codes.copy(), 10
    whole.advance(230.0, 0.0, 0.0, 5)
    resumed.advance(230.0, 0.0, 0.0, 5)
    assert np.array_equal(whole.codes, resumed.codes)


@pytest.mark.parametrize("crystal", [Crystal((5, 6)), Crystal.film((3, 4, 4)), Crystal.sphere(6)])
def test_both_solvers_give_the_same_trajectory(crystal):
    direct, iterative = (simulate(crystal, solver=solver) for solver in ("factorise", "iterate"))
    for simulation in (direct, iterative):
        simulation.run(5)
    assert np.array_equal(direct.state.distortion, iterative.state.distortion)
    np.testing.assert_allclose(direct.positions, iterative.positions, atol=1e-6)


def test_observables_and_controls():
    simulation = simulate(interactions=[NearestNeighbours(0.1, 0.2)], pressure=0.1, field=0.3)
    simulation.run(3)
    state = simulation.state
    assert state.spin.shape == (simulation.model.crystal.n_molecules,)
    assert simulation.gamma == np.mean(state.spin > 0)
    assert simulation.q == pytest.approx(2 * simulation.gamma - 1)
    assert simulation.eta == pytest.approx(state.distortion.mean())
    assert simulation.energy == pytest.approx(simulation.model.energy(state, 0.1, 0.3), abs=1e-9)
    simulation.temperature = 400.0
    simulation.run(100)
    assert simulation.gamma > 0.9
    simulation.temperature, simulation.field = 120.0, 0.0
    simulation.run(100)
    assert simulation.gamma < 0.05
    assert "T = 120 K, 203 MCS" in repr(simulation)


def test_relaxed_positions_have_the_size_of_their_molecules():
    """A HS crystal with u = +1 is larger by R_HS/R_LS and sheared, whatever reference it is measured from."""
    springs = Springs(60.0, 30.0, 5.0, 5.2, shear=0.02, lattice_spacing=10.1)
    simulation = SpringSimulation(Crystal((4, 4)), SPIN, springs, 240.0, OrderDisorder(), start="HS+")
    r = simulation.positions.reshape(4, 4, 2)
    steps = np.diff(r, axis=0).reshape(-1, 2), np.diff(r, axis=1).reshape(-1, 2)
    for step in steps:
        np.testing.assert_allclose(step, np.broadcast_to(step[0], step.shape), atol=1e-10)
    np.testing.assert_allclose([steps[0][0], steps[1][0]], 10.4 * np.array([[1, 0.02], [0.02, 1]]), atol=1e-10)


@pytest.mark.parametrize(("start", "gamma"), [("LS", 0.0), ("HS", 1.0), ("HS+", 1.0), ("HS-", 1.0)])
def test_starts(start, gamma):
    simulation = simulate(start=start)
    assert simulation.gamma == gamma
    assert simulation.eta == pytest.approx({"HS+": 1.0, "HS-": -1.0}.get(start, 0.0), abs=0.4)


def test_a_pinned_shell_shifts_the_transition_towards_its_phase():
    """Near T1/2 a HS shell pulls the inside to HS, a LS shell to LS."""
    gammas = {}
    for pinned in ("HS", "LS"):
        simulation = simulate(Crystal((10, 10)), pinned=pinned, temperature=225.0, start=pinned)
        simulation.run(60)
        inside = ~simulation.model.crystal.surface()
        assert np.all((simulation.state.spin > 0)[~inside] == (pinned == "HS"))
        gammas[pinned] = np.mean(simulation.state.spin[inside] > 0)
    assert gammas["HS"] > gammas["LS"] + 0.5
