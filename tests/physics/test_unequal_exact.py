"""Crystals whose sites differ, against exhaustive enumeration with the oracle's energies."""

from dataclasses import replace
from itertools import product

import naive
import numpy as np
import pytest

from mcsco import (
    Disorder,
    Hold,
    InfiniteRange,
    Intramolecular,
    Lattice,
    Model,
    NearestNeighbours,
    OrderDisorder,
    Simulation,
    SpinCrossover,
    Sublattices,
    observables,
    simulate,
)
from mcsco.engine import Control, apply_sites
from mcsco.engine.batch import start_codes
from mcsco.engine.random_numbers import make_key
from mcsco.engine.unequal_batch import UnequalBatch
from mcsco.errors import InputError, StateError
from mcsco.model import State
from mcsco.units import KELVIN, R

T, LANES = 300.0, 4096
PRESSURE, FIELD = 0.05, 0.3
FIRST, SECOND = SpinCrossover(1000 * KELVIN, 3 * R, 10.0), SpinCrossover(500 * KELVIN, 1.2 * R, 25.0)


def build(three: bool, *, second: bool = True, disorder: Disorder | None = None, sublattices: float = 260.0) -> Model:
    terms = [
        NearestNeighbours(-25 * KELVIN, 60 * KELVIN * three),
        InfiniteRange(140 * KELVIN, 170 * KELVIN * three, 90 * KELVIN * three),
        Sublattices(sublattices * KELVIN),
    ]
    terms += [Intramolecular(-110 * KELVIN)] if second else []
    lattice = Lattice((2, 2) if three else (2, 4))
    return Model(lattice, FIRST, OrderDisorder() if three else None, tuple(terms), SECOND if second else None, disorder)


CASES = {
    "second": {},
    "sublattices": {"second": False},
    "pinned": {"disorder": Disorder(pinned_ls=0.25, pinned_hs=0.25, seed=1)},
    "diluted": {"disorder": Disorder(dilution=0.25, host=0.6, seed=2)},
    "random": {"second": False, "disorder": Disorder(enthalpy_spread=0.8, seed=3)},
    "all": {"disorder": Disorder(0.25, -0.4, 0.0, 0.25, 0.8, seed=5)},
}


def boltzmann(model: Model) -> np.ndarray:
    """Probability of every configuration in the order of `naive.label`; zero where a fixed site would have to move."""
    weights = []
    first = model.lattice.sublattice() == 0
    ln_g = np.where(first | (model.second is None), FIRST.ln_g, SECOND.ln_g)
    for row in naive.configurations(model):
        codes = row.reshape(model.lattice.shape)
        if not np.array_equal(apply_sites(model, codes[None])[0], codes):
            weights.append(-np.inf)
            continue
        state = State(np.where(codes != 0, 1, -1).astype(np.int8), codes if model.distortion else 0 * codes)
        energy = model.energy(state, PRESSURE, FIELD if model.distortion else 0.0)
        weights.append(float((ln_g * (codes != 0)).sum()) - energy / (KELVIN * T))
    p = np.exp(np.array(weights) - max(weights))
    return p / p.sum()


def make(model: Model, dynamics: str, seed: int = 3, start: str = "random") -> tuple[UnequalBatch, Control]:
    batch = UnequalBatch(model, start_codes(model, start, LANES, seed, 0), dynamics, make_key(seed, 0))
    field = FIELD if model.distortion else 0.0
    return batch, Control(*(np.full(LANES, x) for x in (T, PRESSURE, field)))


def counts_of(model: Model, dynamics: str, n_samples: int) -> np.ndarray:
    batch, control = make(model, dynamics)
    batch.advance(control, control, 0, 200, 200)
    counts = np.zeros(len(naive.configurations(model)), dtype=np.int64)
    for _ in range(-(-n_samples // LANES)):
        batch.advance(control, control, 0, 24, 24)
        counts += np.bincount(naive.label(model, batch.codes()), minlength=len(counts))
    batch.recount()
    return counts


ALL = list(product(CASES, ["metropolis", "heat-bath"], [True, False]))


@pytest.mark.parametrize(("name", "dynamics", "three"), ALL)
def test_distribution_over_all_configurations(name: str, dynamics: str, three: bool) -> None:
    model = build(three, **CASES[name])
    probabilities = boltzmann(model)
    counts = counts_of(model, dynamics, 2 * 10**5)
    assert not counts[probabilities == 0].any()
    possible = probabilities > 0
    assert naive.chi_squared(counts[possible], probabilities[possible]) > 1e-4


MISTAKES = {
    "J_m": lambda m: replace(m, interactions=(*m.interactions, Intramolecular(-8 * KELVIN))),
    "Gamma_s": lambda m: replace(m, interactions=(*m.interactions, Sublattices(40 * KELVIN))),
    "volume": lambda m: replace(m, second=replace(m.second, volume=15.0)),
    "host": lambda m: replace(m, disorder=replace(m.disorder, host=0.9)),
    "spread": lambda m: replace(m, disorder=replace(m.disorder, enthalpy_spread=0.9)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_small_mistakes_are_seen(mistake: str) -> None:
    model = build(False, disorder=Disorder(0.25, 0.6, 0.0, 0.125, 0.8, seed=5))
    counts = counts_of(model, "heat-bath", 2 * 10**5)
    for wrong, bound in ((lambda m: m, None), (MISTAKES[mistake], 1e-10)):
        probabilities = boltzmann(wrong(model))
        possible = probabilities > 0
        p = naive.chi_squared(counts[possible], probabilities[possible])
        assert p > 1e-4 if bound is None else p < bound


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("three", [True, False])
def test_energies_equal_the_oracle(name: str, three: bool) -> None:
    model = build(three, **CASES[name])
    batch, control = make(model, "metropolis")
    batch.advance(control, control, 0, 3, 3)
    energies = batch.energy(batch.sums(), control.pressure, control.field)
    for replica in range(0, LANES, 512):
        oracle = model.energy(batch.state(replica), PRESSURE, float(control.field[0]))
        assert energies[replica] == pytest.approx(oracle, abs=1e-9)


@pytest.mark.parametrize("three", [True, False])
def test_a_restored_batch_goes_on_bit_by_bit(three: bool) -> None:
    model = build(three, **CASES["all"]).with_shape((4, 6))
    batch, control = make(model, "metropolis")
    other, _ = make(model, "metropolis", start="LS")
    batch.advance(control, control, 0, 7, 7)
    other.restore(batch.memory())
    for each in (batch, other):
        each.advance(control, control, 0, 5, 5)
    assert np.array_equal(batch.codes(), other.codes())
    assert np.array_equal(batch.running, other.running)
    for wrong in ({"codes": np.zeros((LANES, 2, 6), np.int8)}, {"codes": np.ones((LANES, 4, 6), np.int8)}):
        with pytest.raises(StateError):
            other.restore(batch.memory() | wrong)
    first = model.lattice.sublattice() == 0
    high = batch.codes() != 0
    assert np.array_equal(batch.sublattice_sums(), np.stack([high[:, first].sum(1), high[:, ~first].sum(1)], axis=1))


@pytest.mark.parametrize("three", [True, False])
def test_the_kernel_of_equal_sites_draws_the_same_distribution(three: bool) -> None:
    """With terms of strength zero both replica kernels have the same model, and even the same random numbers."""
    from mcsco.engine.replica_batch import ReplicaBatch

    model = build(three, second=False, sublattices=0.0)
    start = start_codes(model, "random", LANES, 1, 0)
    control = Control(*(np.full(LANES, x) for x in (T, PRESSURE, FIELD * three)))
    batches = [cls(model, start.copy(), "metropolis", make_key(1, 0)) for cls in (UnequalBatch, ReplicaBatch)]
    for batch in batches:
        batch.advance(control, control, 0, 6, 6)
    differ = np.mean(batches[0].codes() != batches[1].codes())
    assert differ < 1e-4  # costs are rounded in another order


def test_fluctuations_of_a_diluted_crystal_are_those_of_its_molecules() -> None:
    """Free molecules: N var(q) = 4γ(1 − γ) with N the molecules that are there, which is what results say."""
    spin = SpinCrossover(T * 0.9 * KELVIN, 0.0)
    model = Model(Lattice((8, 8)), spin, None, (), disorder=Disorder(dilution=0.25, seed=1))
    dataset = simulate(model, Hold(T, sweeps=2000, equilibration=50, measure_every=20), seed=2, replicas=64)
    gamma = 1.0 / (1.0 + np.exp(0.9))
    q = dataset["q"].values
    assert dataset.attrs["n_sites"] == model.n_molecules == 48
    assert (q.mean() + 1) / 2 == pytest.approx(gamma, abs=5 * np.sqrt(gamma * (1 - gamma) / (48 * q.size)))
    # The relative standard error of a variance of 6400 samples is 2 %; all 64 sites would make it a third too large.
    assert dataset.attrs["n_sites"] * q.var() == pytest.approx(4 * gamma * (1 - gamma), rel=0.08)


def test_reweighting_refuses_centres_whose_pressure_work_differs() -> None:
    dataset = simulate(build(False), Hold(T, sweeps=200), seed=1, replicas=4)
    with pytest.raises(InputError, match="differ in ΔV"):
        observables.Reweighting(dataset)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"dynamics": "arrhenius"}, "use a protocol in seconds"), ({"kernel": "lattice"}, "choose 'replica' or 'auto'")],
)
def test_what_does_not_serve_unequal_sites_says_what_does(options: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Simulation(build(False), T, **options)  # type: ignore[arg-type]
