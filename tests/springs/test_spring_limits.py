"""Exact limits of the spring network: chains, rings and tori."""

import itertools
import math

import numpy as np
import pytest
import spring_twin as twin
from scipy import stats

from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.model import SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs
from mcsco.sampling.open_crystal import SpringSimulation
from mcsco.units import KELVIN, R

SPIN = SpinCrossover(enthalpy=6.0, entropy=25.0)
rng = np.random.default_rng(8)
START = rng.bit_generator.state


@pytest.fixture(autouse=True)
def _same_numbers_in_any_order():
    rng.bit_generator.state = START


def hs_counts(model, T, lanes, rounds, thin):
    """How often Σn = 0 … N, from lanes that are sampled every `thin` sweeps."""
    batch = SpringBatch(model, "random", lanes, make_key(21, 0))
    batch.advance(T, 0.0, 0.0, 10 * thin)
    counts = np.zeros(model.crystal.n_molecules + 1, dtype=np.int64)
    for _ in range(rounds):
        batch.advance(T, 0.0, 0.0, thin)
        counts += np.bincount(np.abs(batch.codes).sum(axis=0), minlength=len(counts))
    return counts


@pytest.mark.parametrize("boundary", ["open", "periodic"])
def test_spins_of_a_chain_at_constant_pressure_decouple(boundary):
    """Every bond finds its own length, so that γ(T) is that of isolated molecules and nothing is cooperative."""
    crystal, springs = Crystal((8,), boundary), Springs(40.0, 20.0, 5.0, 5.2, lattice_spacing=10.1)
    for codes in rng.integers(0, 2, (10, 8)):
        assert springs.relaxed_energy(crystal, twin.to_state(codes, False)) == pytest.approx(0.0, abs=1e-10)
    model = SpringModel(crystal, SPIN, springs)
    for T in (210.0, 240.0, 300.0):
        gamma = 1.0 / (1.0 + math.exp((SPIN.enthalpy * 1e3 - T * SPIN.entropy) / (R * T)))
        expected = stats.binom.pmf(np.arange(9), 8, gamma)
        assert twin.chi_squared(hs_counts(model, T, 1000, 40, 12), expected) > 1e-4


def test_a_long_chain_follows_isolated_molecules():
    """γ of 4000 molecules, for each of which the error is that of an independent one: ±0.0025 after 10 samples."""
    simulation = SpringSimulation(Crystal((4000,)), SPIN, Springs(40.0, 20.0, 5.0, 5.2), temperature=230.0)
    simulation.run(40)
    gammas = []
    for _ in range(10):
        simulation.run(10)
        gammas.append(simulation.gamma)
    expected = 1.0 / (1.0 + math.exp((SPIN.enthalpy * 1e3 - 230.0 * SPIN.entropy) / (R * 230.0)))
    assert np.mean(gammas) == pytest.approx(expected, abs=5 * math.sqrt(expected * (1 - expected) / 40000))


@pytest.mark.parametrize("N", [5, 12])
def test_a_clamped_ring_keeps_only_its_total_length(N):
    """H = (k/2N) (N a − Σℓ)²: an antiferro coupling of infinite range, whose exact sum over Σn is the reference."""
    k, a, radii, T = 40.0, 10.2, (5.0, 5.25), 250.0
    crystal, springs = Crystal((N,), "periodic", clamped=True), Springs(k, 20.0, *radii, lattice_spacing=a)

    def elastic(n):
        return k / (2 * N) * (N * a - 2 * N * radii[0] - 2 * (radii[1] - radii[0]) * n) ** 2

    for codes in rng.integers(0, 2, (10, N)):
        state = twin.to_state(codes, False)
        assert springs.relaxed_energy(crystal, state) == pytest.approx(elastic(codes.sum()), abs=1e-10)
    logs = np.array(
        [
            math.log(math.comb(N, n)) + n * SPIN.ln_g - (n * SPIN.enthalpy + elastic(n)) / (KELVIN * T)
            for n in range(N + 1)
        ]
    )
    p = np.exp(logs - logs.max())
    p /= p.sum()
    counts = hs_counts(SpringModel(crystal, SPIN, springs), T, 1000, 100, 15)
    assert twin.chi_squared(counts, p) > 1e-4
    n = np.arange(N + 1)
    spread = np.sqrt(p @ n**2 - (p @ n) ** 2)
    assert spread < 0.8 * np.sqrt(p @ n * (1 - p @ n / N)), "the coupling should repel"


@pytest.mark.parametrize("shape", [(3, 3), (4, 6), (5, 5), (3, 4, 5)])
def test_a_torus_at_constant_pressure_relaxes_mode_by_mode(shape):
    crystal, springs = Crystal(shape, "periodic"), Springs(50.0, 20.0, 5.0, 5.3, shear=0.04, lattice_spacing=10.2)
    for _ in range(4):
        state = twin.to_state(rng.integers(-1, 2, crystal.n_molecules), True)
        expected = twin.k_space_energy(crystal, springs, *state)
        assert springs.relaxed_energy(crystal, state) == pytest.approx(expected, abs=1e-9)


def test_a_torus_at_constant_pressure_is_ferro():
    """⟨γ⟩ and var γ against enumeration of 3×3; like states attract: uniform crystals cost nothing, mixtures do."""
    crystal, springs, T = Crystal((3, 3), "periodic"), Springs(15.0, 8.0, 5.0, 5.25), 240.0
    model = SpringModel(crystal, SPIN, springs)
    n, weight = [], []
    for codes in itertools.product((0, 1), repeat=9):
        H = model.energy(twin.to_state(codes, False))
        n.append(sum(codes))
        weight.append(math.exp(-H / (KELVIN * T) + SPIN.ln_g * sum(codes)))
        elastic = H - SPIN.enthalpy * sum(codes)
        assert elastic > 0.3 if 0 < sum(codes) < 9 else abs(elastic) < 1e-9
    n, weight = np.array(n), np.array(weight) / sum(weight)
    gamma, variance = weight @ n / 9, weight @ (n / 9) ** 2 - (weight @ n / 9) ** 2
    assert variance > 2 * gamma * (1 - gamma) / 9
    counts = hs_counts(model, T, 1000, 100, 25)
    m = np.arange(10) / 9
    measured = counts @ m / counts.sum()
    squared = counts @ (m - measured) ** 2 / counts.sum()
    fourth = weight @ (n / 9 - gamma) ** 4
    assert measured == pytest.approx(gamma, abs=5 * math.sqrt(variance / counts.sum()))
    assert squared == pytest.approx(variance, abs=5 * math.sqrt((fourth - variance**2) / counts.sum()))


def test_a_clamped_torus_is_less_cooperative_than_a_free_one():
    """With the outer shape held, a uniform crystal of the other size is under stress."""
    springs = Springs(15.0, 8.0, 5.0, 5.25, lattice_spacing=10.0)
    free, held = (Crystal((4, 4), "periodic", clamped=clamped) for clamped in (False, True))
    HS = twin.to_state(np.ones(16), False)
    assert springs.relaxed_energy(free, HS) == pytest.approx(0.0, abs=1e-10)
    # Per molecule two nearest and two diagonal bonds, too long by 0.5 and √2·0.5 Å.
    expected = 16 * (2 * 15.0 / 2 * 0.5**2 + 2 * 8.0 / 2 * 2 * 0.5**2)
    assert springs.relaxed_energy(held, HS) == pytest.approx(expected)
    film = Crystal.film((4, 4), clamped=True)
    assert 0 < springs.relaxed_energy(film, HS) < expected
