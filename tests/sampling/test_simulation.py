"""`Simulation`: names, units, starts, changes of the controls between runs, errors."""

import math

import numpy as np
import pytest

import mcsco
from mcsco import InputError, Simulation, State

KERNELS = pytest.mark.parametrize("kernel", ["lattice", "replica"])


@KERNELS
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
def test_measured_values_belong_to_the_state(build, kernel, three, dynamics):
    model = build(three=three)
    simulation = Simulation(model, 310.0, 0.05, 0.2 * three, start="random", seed=3, dynamics=dynamics, kernel=kernel)
    for sweeps in (0, 1, 20):
        simulation.run(sweeps)
        state = simulation.state
        assert isinstance(state, State)
        for array in state:
            assert (array.dtype, array.shape) == (np.int8, (6, 7))
        assert set(np.unique(state.spin)) == {-1, 1}
        assert simulation.gamma == pytest.approx(np.mean(state.spin == 1), abs=1e-15)
        assert simulation.q == pytest.approx(np.mean(state.spin), abs=1e-15)
        assert simulation.eta == pytest.approx(np.mean(state.distortion), abs=1e-15)
        assert simulation.energy == pytest.approx(model.energy(state, 0.05, 0.2 * three), rel=1e-12)
        assert type(simulation.gamma) is type(simulation.eta) is type(simulation.energy) is float
    assert simulation.sweeps == 21
    assert type(simulation.sweeps) is int


def test_defaults_are_those_of_the_contract(build):
    simulation = Simulation(build(), 200.0)
    assert (simulation.temperature, simulation.pressure, simulation.field, simulation.seed) == (200.0, 0.0, 0.0, 0)
    assert (simulation.gamma, simulation.eta, simulation.sweeps) == (0.0, 0.0, 0)


@KERNELS
def test_a_state_is_a_copy(build, kernel):
    simulation = Simulation(build(), 300.0, start="HS+", kernel=kernel)
    before = simulation.state
    simulation.run(5)
    assert (before.gamma, before.eta) == (1.0, 1.0)
    after = simulation.state
    after.spin[:] = -1
    after.distortion[:] = 0
    assert simulation.state.gamma == simulation.gamma > 0
    assert simulation.state.eta == simulation.eta


@pytest.mark.parametrize(
    ("start", "gamma", "eta"), [("LS", 0, 0), ("HS+", 1, 1), ("HS-", 1, -1), ("HS", 1, None), ("random", None, None)]
)
def test_starts(build, start, gamma, eta):
    simulation = Simulation(build((30, 30)), 300.0, start=start, seed=1)
    assert simulation.gamma == (pytest.approx(0.5, abs=0.08) if gamma is None else gamma)
    assert simulation.eta == (pytest.approx(0.0, abs=0.15) if eta is None else eta)


@KERNELS
def test_threads_and_chunks_leave_the_trajectory(build, kernel):
    states = []
    for threads in (None, 1, 2):
        for chunks in ((10,), (1,) * 10, (3, 0, 7)):
            simulation = Simulation(build((9, 8)), 300.0, start="random", seed=5, threads=threads, kernel=kernel)
            for sweeps in chunks:
                simulation.run(sweeps)
            states.append(simulation.state)
    assert all(np.array_equal(np.stack(states[0]), np.stack(state)) for state in states)


def test_seed_makes_the_trajectory(build):
    def run(seed):
        simulation = Simulation(build(), 300.0, start="LS", seed=seed)
        simulation.run(30)
        return simulation.state.distortion

    assert np.array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))
    run(2**70)  # seeds have no upper bound


@KERNELS
def test_controls_may_change_between_runs(build, kernel):
    """Heat melts, pressure stabilises LS, the field chooses the domain."""
    simulation = Simulation(build((16, 16)), 150.0, start="LS", seed=2, kernel=kernel)

    def after(**controls):
        for name, value in controls.items():
            setattr(simulation, name, value)
            assert getattr(simulation, name) == value
        simulation.run(60)
        assert simulation.energy == pytest.approx(
            simulation.model.energy(simulation.state, simulation.pressure, simulation.field), rel=1e-12
        )
        return simulation.gamma, simulation.eta

    assert after()[0] < 0.2
    assert after(temperature=900.0)[0] > 0.75
    assert after(pressure=4.0)[0] < 0.1
    assert after(pressure=0.0, temperature=400.0, field=8.0)[1] > 0.8
    assert after(field=-8.0)[1] < -0.8


def test_repr_tells_where_it_stands(build):
    simulation = Simulation(build((4, 5, 6), three=False), 250.0, start="HS")
    simulation.run(3)
    assert "4×5×6" in repr(simulation)
    assert "T = 250 K" in repr(simulation)
    assert "3 MCS" in repr(simulation)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"temperature": 0.0}, "temperature = 0.0 K: must be greater than 0"),
        ({"temperature": -5}, "temperature = -5 K: must be greater than 0"),
        ({"temperature": math.nan}, "temperature = nan K: must be finite"),
        ({"temperature": "150"}, "temperature = '150' K: must be a number; write it without quotes, in K"),
        ({"temperature": None}, "temperature = None K: must be a number in K"),
        ({"pressure": math.inf}, "pressure = inf GPa: must be finite"),
        ({"pressure": "1"}, "pressure = '1' GPa: must be a number"),
        ({"field": math.nan}, "field = nan kJ/mol: must be finite"),
        ({"start": "up"}, r"start = 'up': must be one of LS, HS\+, HS-, HS, random"),
        ({"start": None}, "start = None: must be one of"),
        ({"seed": -1}, "seed = -1: must be at least 0"),
        ({"seed": 1.5}, "seed = 1.5: must be a whole number"),
        ({"seed": None}, "seed = None: must be a whole number"),
        ({"dynamics": "glauber"}, "dynamics = 'glauber': must be one of metropolis, heat-bath"),
        ({"threads": 0}, "threads = 0: must be at least 1"),
        ({"threads": 2.0}, "threads = 2.0: must be a whole number"),
        ({"kernel": "gpu"}, "kernel = 'gpu': must be one of auto, lattice, replica"),
        ({"model": "pmpea"}, "model = 'pmpea': must be a Model, e.g."),
    ],
)
def test_wrong_arguments(build, arguments, match):
    with pytest.raises(InputError, match=match) as caught:
        Simulation(**({"model": build(), "temperature": 300.0} | arguments))
    assert "\n" not in str(caught.value)


def test_wrong_values_later(build):
    simulation = Simulation(build(), 300.0)
    with pytest.raises(InputError, match="temperature = 0 K"):
        simulation.temperature = 0
    with pytest.raises(InputError, match="pressure = nan GPa"):
        simulation.pressure = math.nan
    with pytest.raises(InputError, match="field = True kJ/mol"):
        simulation.field = True
    assert (simulation.temperature, simulation.pressure, simulation.field) == (300.0, 0.0, 0.0)
    for sweeps in (-1, 1.0, "3", None):
        with pytest.raises(InputError, match=r"sweeps = .*: must be"):
            simulation.run(sweeps)
    assert simulation.sweeps == 0
    simulation.run(np.int64(2))
    assert simulation.sweeps == 2


def test_lattice_kernel_refuses_mixed_terms(build):
    model = build(mixed=50.0)
    with pytest.raises(InputError, match="choose kernel = 'replica' or 'auto'"):
        Simulation(model, 300.0, kernel="lattice")
    Simulation(model, 300.0).run(1)


def test_presets_move():
    for name in mcsco.presets.names():
        shape = (4, 4, 4) if name == "pmpea-nn" else (16, 16)
        for start in ("LS", "HS+"):
            simulation = Simulation(mcsco.presets.load(name, shape), 200.0, start=start, seed=1)
            simulation.run(5)
            assert simulation.energy == pytest.approx(simulation.model.energy(simulation.state), rel=1e-12, abs=1e-9)
