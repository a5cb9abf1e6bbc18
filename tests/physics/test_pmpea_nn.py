"""The thermal loop of the set with nearest neighbours only, as the run file of the repository describes it."""

from pathlib import Path

import pytest
from agreement import Comparison, check, is_rejected

from mcsco import MeanField, Model, NearestNeighbours, ThermalCycle, simulate
from mcsco.campaign import read_config
from mcsco.observables import Estimate, loop

FILE = Path(__file__).parents[2] / "runs/pmpea-nn/thermal_loop.toml"

# Measured with the seed of the file, 2025; the tests draw other numbers.
T_UP, T_DOWN = Estimate(238.64, 0.21), Estimate(216.69, 0.23)


@pytest.fixture(scope="module")
def config():
    return read_config(FILE)


def heating_and_cooling(config, seed, rate=None, model=None):
    protocol = config.protocol.build()
    if rate is not None:
        protocol = ThermalCycle(protocol.temperature, rate, measure_every=round(rate / 8))
    dataset = simulate(model or config.model.build(), protocol, seed, replicas=config.run.replicas, threads=1)
    return loop(dataset)


@pytest.mark.validate
def test_loop_is_reproduced_with_other_random_numbers(config, record_property):
    found = heating_and_cooling(config, seed=7)
    rows = [Comparison("T_up", T_UP, found.T_up), Comparison("T_down", T_DOWN, found.T_down)]
    check("pmpea-nn, 8000 molecules, 400 MCS/K: loop of an independent run", rows, record_property)
    # q and η jump together.
    assert found.eta.T_up.value == pytest.approx(found.T_up.value, abs=0.1)
    assert found.eta.T_down.value == pytest.approx(found.T_down.value, abs=0.1)


@pytest.mark.validate
def test_loop_is_set_by_nucleation(config):
    """It lies well inside the spinodals of the mean field, and a faster ramp widens it on both sides."""
    slow, fast = (heating_and_cooling(config, seed=8, rate=rate) for rate in (400, 50))
    T_down, T_up = MeanField(config.model.build()).spinodals()
    for found in (slow, fast):
        assert T_down + 10.0 < found.T_down.value < found.T_up.value < T_up - 10.0
    assert Comparison("T_up", slow.T_up, fast.T_up).z > 4.0
    assert Comparison("T_down", slow.T_down, fast.T_down).z < -4.0


@pytest.mark.validate
def test_a_coupling_off_by_two_per_cent_is_seen(config):
    model = config.model.build()
    near = model.interactions[0]
    wrong = Model(model.lattice, model.spin, model.distortion, (NearestNeighbours(near.spin, 1.02 * near.distortion),))
    found = heating_and_cooling(config, seed=9, model=wrong)
    assert is_rejected([Comparison("T_up", T_UP, found.T_up), Comparison("T_down", T_DOWN, found.T_down)])
