"""Block spins under one global strain: laws of the kernel's moves, bit identity, the dataset, mistakes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mcsco import Hold, Quench, Ramp, ThermalCycle, landau, observables
from mcsco.engine import Control
from mcsco.engine.bridge_batch import BridgeBatch
from mcsco.engine.bridge_kernel import AIM, bridge_sweeps
from mcsco.engine.random_numbers import make_key
from mcsco.errors import InputError, StateError
from mcsco.model import SpinCrossover
from mcsco.model.bridge import GlobalStrain, pmpea_bridge
from mcsco.sampling import simulate_bridge
from mcsco.units import KELVIN

BLOCKS = GlobalStrain.matched(landau.load("source-paper"), 66.5, 4)
PRESSED = GlobalStrain(SpinCrossover(2.4, 11.0, 15.0), 0.3, -0.2, 0.5, -0.3, -0.4, 3)


def point(n_replicas, T, pressure=0.0):
    return Control(np.full(n_replicas, T), np.full(n_replicas, pressure), np.zeros(n_replicas))


def make_batch(model=PRESSED, n_molecules=60, n_replicas=5, start="HS+", strain_moves=3, seed=4):
    return BridgeBatch(model, n_molecules, n_replicas, start, 170.0, strain_moves, make_key(seed, 0))


def test_spins_without_positions_are_a_lattice_of_spins():
    """One sweep of the kernel against the exact law of N_b attempts on an array of spins, chi-squared."""
    model, T, eta, R = PRESSED, 170.0, 0.6, 40_000
    n = 8
    per_block = 2**n
    spins = 1 - 2 * ((np.arange(per_block)[:, None] >> np.arange(n)) & 1)  # every configuration
    k = (spins > 0).sum(axis=1)
    H = 3 * n * (model.energy(2 * k / n - 1, eta) / KELVIN - T * model.spin.ln_g * (2 * k / n - 1) / 2)
    move = np.zeros((per_block, per_block))
    for site in range(n):
        to = np.arange(per_block) ^ (1 << site)
        move[np.arange(per_block), to] = np.minimum(1, np.exp(-(H[to] - H) / T)) / n
    move[np.diag_indices(per_block)] = 1 - move.sum(axis=1)
    start = (k == 3) / (k == 3).sum()
    law = start @ np.linalg.matrix_power(move, n)
    expected = np.bincount(k, law) * R

    batch = make_batch(model, 3 * n, R, strain_moves=1)
    batch.high[:], batch.eta[:], batch.width[:] = 3, eta, 1e-14
    batch.advance(point(R, T), point(R, T), 0, 1, 1)
    found = np.bincount(batch.high, minlength=n + 1)
    assert expected.min() > 4
    assert stats.chisquare(found, expected * (R / expected.sum())).pvalue > 1e-3
    # attempts in a fixed order, each spin once, would have another law
    ordered = start
    for site in range(n):
        to = np.arange(per_block) ^ (1 << site)
        chance = np.minimum(1, np.exp(-(H[to] - H) / T))
        ordered = ordered * (1 - chance) + (ordered * chance)[to]
    other = np.bincount(k, ordered) * R
    likely = other > 4
    of_found, of_other = found[likely], other[likely]
    assert stats.chisquare(of_found, of_other * (of_found.sum() / of_other.sum())).pvalue < 1e-6


def test_one_step_of_the_strain_follows_its_law():
    """Acceptance of steps of a known width from a known place, against a quadrature."""
    R, T, width, eta = 60_000, 170.0, 0.9, 0.5
    # so costly a flip that both spins stay LS
    hard = replace(PRESSED, spin=SpinCrossover(1e6, 11.0))
    batch = BridgeBatch(hard, 6, R, "LS", T, 1, make_key(5, 0))
    batch.eta[:], batch.width[:] = eta, width
    batch.advance(point(R, T), point(R, T), 0, 1, 1)
    new = np.linspace(eta - width, eta + width, 200_001)
    energy = 6 * (PRESSED.energy(-1.0, new) - PRESSED.energy(-1.0, eta)) / KELVIN
    chance = float(np.mean(np.minimum(1, np.exp(-energy / T))))
    assert abs(batch.accepted.mean() - chance) < 3.5 * np.sqrt(chance * (1 - chance) / R)
    moved = batch.eta[batch.accepted > 0]
    cumulated = np.cumsum(np.minimum(1, np.exp(-energy / T)))
    assert stats.kstest(moved, lambda x: np.interp(x, new, cumulated / cumulated[-1])).pvalue > 1e-3
    assert (batch.eta[batch.accepted == 0] == eta).all()


# Reproducible


def test_chunks_and_checkpoints_do_not_change_a_bit():
    R = 5
    begin, end = point(R, 120.0), point(R, 220.0, 0.03)
    whole = make_batch()
    whole.advance(begin, end, 0, 60, 60, tuned=20)
    for cuts in (range(1, 61), (7, 19, 20, 21, 60), (33, 60)):
        pieces, done = make_batch(), 0
        for cut in cuts:
            other = make_batch(start="LS")
            other.restore(pieces.memory())
            pieces = other
            pieces.advance(begin, end, done, cut - done, 60, tuned=20)
            done = cut
        assert pieces.sweep == whole.sweep
        for name in ("high", "eta", "width"):
            assert np.array_equal(getattr(pieces, name), getattr(whole, name)), name
    assert not np.array_equal(make_batch(seed=5).memory()["eta"], whole.eta)


def test_seeds():
    def run(seed):
        return simulate_bridge(PRESSED, Hold(170.0, 50, 5), seed=seed, n_molecules=30, replicas=3)

    assert run(1).equals(run(1))
    assert not run(1).q.equals(run(2).q)
    first, second, third = run(1).q.values
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)


def test_a_checkpoint_of_something_else_is_refused():
    memory = make_batch().memory()
    for name, wrong in (("high", memory["high"] + 30), ("eta", memory["eta"][:2]), ("width", 0 * memory["width"])):
        with pytest.raises(StateError, match="holds no state of this model"):
            make_batch().restore({**memory, name: wrong})


def test_the_kernel_has_one_compiled_version():
    simulate_bridge(PRESSED, Hold(170.0, 5, 5), n_molecules=30)
    simulate_bridge(BLOCKS, Ramp((170.0, 180.0), 1.0), n_molecules=64, replicas=1)
    assert len(bridge_sweeps.signatures) == 1


# Widths of the strain's steps


def test_widths_are_tuned_in_the_equilibration_only():
    batch = make_batch(pmpea_bridge(), 4096, 8)
    batch.width *= 30
    T = point(8, 300.0)
    batch.advance(T, T, 0, 400, 2000, tuned=400)
    tuned = batch.width.copy()
    taken = np.zeros(8)
    for done in range(400, 800):
        batch.advance(T, T, done, 1, 2000, tuned=400)
        taken += batch.accepted
    assert np.array_equal(batch.width, tuned)
    assert taken / 1200 == pytest.approx(np.full(8, AIM), abs=0.1)


# The door


def test_dataset_is_like_that_of_simulate():
    protocol = [
        Hold(180.0, 20, 10, equilibration=5, pressure=0.1),
        ThermalCycle((180.0, 190.0), 4.0),
        Quench(150.0, 50),
    ]
    dataset = simulate_bridge(PRESSED, protocol, seed=2, n_molecules=30, replicas=4)
    assert dataset.q.dims == ("replica", "step")
    assert set(dataset.coords) == {"temperature", "pressure", "field", "sweep", "leg", "replica"}
    assert {"gamma", "q", "eta", "energy"} == set(dataset.data_vars)
    assert dataset.sizes["replica"] == 4
    assert dataset.sweep.values[:2].tolist() == [15, 25]
    assert dataset.temperature.values[-1] == 150.0
    assert GlobalStrain.from_dict(json.loads(dataset.attrs["model"])) == PRESSED
    assert dataset.attrs["n_sites"] == 30
    assert (2 * dataset.gamma - 1).values == pytest.approx(dataset.q.values)
    first = dataset.isel(step=0)
    assert first.energy.values == pytest.approx(PRESSED.energy(first.q.values, first.eta.values, 0.1))
    last = dataset.isel(step=-1)
    assert last.energy.values == pytest.approx(PRESSED.energy(last.q.values, last.eta.values))


def test_loop_of_a_ramp():
    cycle = ThermalCycle((210.0, 240.0), sweeps_per_kelvin=60, measure_every=15)
    loop = observables.loop(simulate_bridge(pmpea_bridge(), cycle, seed=1, n_molecules=2048))
    # in 2048 molecules both jumps come before the spinodals at 235 and 220 K, and the rate delays them
    assert 233.5 < loop.T_up.value < 236.0
    assert 219.0 < loop.T_down.value < 221.5
    assert loop.eta.T_up.value == pytest.approx(loop.T_up.value, abs=0.5)


def test_a_cooling_protocol_starts_in_hs():
    dataset = simulate_bridge(pmpea_bridge(), Ramp((300.0, 290.0), 10.0), n_molecules=512, replicas=2)
    assert dataset.attrs["start"] == "HS+"
    assert (dataset.eta.values > 1.3).all()
    mirrored = simulate_bridge(pmpea_bridge(), Hold(300.0, 10), n_molecules=512, replicas=2, start="HS-")
    assert (mirrored.eta.values < -1.3).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "random"}, r"start = 'random': must be one of LS, HS\+, HS-"),
        ({"n_molecules": 31}, "n_molecules = 31: must be a multiple of the block size 3"),
        ({"replicas": 0}, "replicas = 0: must be at least 1"),
        ({"strain_moves": 0}, "strain_moves = 0: must be at least 1"),
        ({"protocol": Hold(170.0, 10, field=0.1)}, "field: a global strain has none here"),
        ({"model": "pmpea"}, "model = 'pmpea': must be a GlobalStrain"),
        ({"protocol": 5}, "protocol = 5: must be"),
    ],
)
def test_mistakes(options, message):
    arguments = {"model": PRESSED, "protocol": Hold(170.0, 10), "n_molecules": 30, **options}
    with pytest.raises(InputError, match=message):
        simulate_bridge(**arguments)
