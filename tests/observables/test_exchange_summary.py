"""Diagnostics of replica exchange: counts, round trips, and when the ladder is not believed."""

import numpy as np
import pytest

from mcsco import (
    InputError,
    Lattice,
    Model,
    OrderDisorder,
    ReplicaExchange,
    SpinCrossover,
    observables,
    presets,
    simulate,
)


@pytest.fixture(scope="module")
def gas():
    """Molecules without interaction, which forget their state within a sweep or two."""
    model = Model(Lattice((4, 4)), SpinCrossover(8.0, 30.0), OrderDisorder())
    protocol = ReplicaExchange((150.0, 450.0), rungs=8, sweeps=6000, exchange_every=4, measure_every=4)
    return simulate(model, protocol, seed=2, replicas=4, threads=1, dynamics="heat-bath")


def test_round_trips_are_as_many_as_the_acceptance_allows(gas):
    found = observables.exchange(gas)
    assert found.verdict == "ok"
    assert found.round_trips == pytest.approx(found.ideal_round_trips, rel=0.1)
    assert found.round_trip_time.value == pytest.approx(4 * 8 * 6000 / found.round_trips)
    assert found.round_trip_time.error < 0.1 * found.round_trip_time.value
    assert found.fraction[0] == 1.0
    assert found.fraction[-1] == 0.0
    assert np.all(np.diff(found.fraction) < 0)
    assert found.barrier.value == pytest.approx(sum(1 - a.value for a in found.acceptance))
    accepted = gas["accepted"].values.sum(axis=0) / gas["attempts"].values.sum(axis=0)
    np.testing.assert_allclose([a.value for a in found.acceptance], accepted, atol=0.03)


def test_effective_samples_are_those_of_the_rung(gas):
    found = observables.exchange(gas)
    rung = observables.at_rung(gas, 3)
    assert rung["gamma"].dims == ("replica", "step")
    expected = min(observables.estimate(x).n_effective for x in (rung["energy"], rung["q"], abs(rung["eta"])))
    assert found.n_effective[3] == pytest.approx(expected)


def test_rungs_are_read_as_holds(gas):
    holds = observables.equilibrium(observables.as_holds(gas))
    np.testing.assert_allclose([hold.temperature for hold in holds], gas["temperature"])
    for k, hold in enumerate(holds):
        # n = 1 − 1/(1 + 2 g e^(−ΔH/RT)), and C_p = var(H)/RT² of independent molecules
        T = hold.temperature
        weight = 2 * np.exp(30.0 / 8.31446261815324 - 8000.0 / (8.31446261815324 * T))
        gamma = weight / (1 + weight)
        assert abs(hold.gamma.value - gamma) < 4 * hold.gamma.error, k
        capacity = 8000.0**2 * gamma * (1 - gamma) / (8.31446261815324 * T**2)
        assert abs(hold.heat_capacity.value - capacity) < 4 * hold.heat_capacity.error, k


def test_too_few_rungs_are_told():
    dataset = simulate(
        presets.load("pmpea", (8, 8)), ReplicaExchange((190, 270), rungs=3, sweeps=500), seed=1, replicas=2, threads=1
    )
    found = observables.exchange(dataset)
    assert "of the swaps between" in found.verdict
    assert "add rungs there" in found.verdict
    assert "fewer than 10 a ladder" in found.verdict


def test_walkers_that_keep_their_phase_are_told():
    """256 molecules stay in their phase: acceptance alone looks well, round trips do not."""
    protocol = ReplicaExchange((221, 233), rungs=16, sweeps=1500, equilibration=700, optimise=True)
    found = observables.exchange(simulate(presets.load("pmpea", (16, 16)), protocol, seed=1, replicas=2, threads=1))
    assert found.round_trips < 2
    assert found.ideal_round_trips > 20
    assert "walkers keep a phase" in found.verdict
    assert np.isnan(found.round_trip_time.value) == (found.round_trips == 0)


def test_what_is_no_exchange_is_refused(gas):
    with pytest.raises(InputError, match="has no dimension 'rung'"):
        observables.exchange(observables.at_rung(gas, 0))
    with pytest.raises(InputError, match="rung = 8: must be at most 7"):
        observables.at_rung(gas, 8)
