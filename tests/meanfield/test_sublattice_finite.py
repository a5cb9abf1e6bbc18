"""The exact sum over two sublattices equals enumeration, and its limit is the mean field."""

from itertools import product

import numpy as np
import pytest

import mcsco
from mcsco import InputError, units
from mcsco.meanfield import FiniteSize, SublatticeFiniteSize, SublatticeMeanField
from mcsco.model import State
from mcsco.model.disorder import EMPTY, FREE

FIRST, SECOND = mcsco.SpinCrossover(2.0, 10.0, 5.0), mcsco.SpinCrossover(1.0, 12.0, 7.0)
FAR = (mcsco.InfiniteRange(spin=1.1), mcsco.Sublattices(spin=0.9))
CASES = {
    "sublattices": ((2, 4), FAR, {}),
    "molecules": ((2, 4), (*FAR, mcsco.Intramolecular(spin=-0.7)), {"second": SECOND}),
    "small molecules": ((2, 2), (*FAR, mcsco.Intramolecular(spin=-0.7)), {"second": SECOND}),
    "diluted": ((2, 4), FAR, {"disorder": mcsco.Disorder(dilution=0.25, host=0.4, seed=3)}),
    "everything": (
        (2, 4),
        (*FAR, mcsco.Intramolecular(spin=-0.7)),
        {"second": SECOND, "disorder": mcsco.Disorder(0.125, -0.5, 0.125, 0.125, 0.8, seed=5)},
    ),
}  # fmt: skip


def build(case: str) -> mcsco.Model:
    shape, terms, options = CASES[case]
    return mcsco.Model(mcsco.Lattice(shape), FIRST, None, terms, **options)


def enumerated(model: mcsco.Model, T: float, P: float) -> dict[str, float]:
    """Averages over all states that `Model.energy` accepts, with weight g^N_HS exp(−H/T)."""
    kind = np.full(model.lattice.shape, FREE) if model.sites is None else model.sites.kind
    fixed = np.zeros(model.lattice.shape) if model.sites is None else model.sites.n
    ln_g = np.where(model.lattice.sublattice() == 0, model.spin.ln_g, (model.second or model.spin).ln_g)
    first, molecule = model.lattice.sublattice() == 0, kind != EMPTY
    partner = np.roll(np.arange(model.lattice.n_sites).reshape(kind.shape), -1, axis=-1)[first]
    rows, weights = [], []
    for free in product((0, 1), repeat=int((kind == FREE).sum())):
        n = fixed.astype(np.int8)
        n[kind == FREE] = free
        H = model.energy(State((2 * n - 1).astype(np.int8), np.zeros_like(n)), P)
        weights.append((n * ln_g).sum() - H / (units.KELVIN * T))
        a, b = n[first & molecule].mean(), n[~first & molecule].mean()
        both = molecule[first] & molecule.ravel()[partner]
        states = n[first][both] + 2 * n.ravel()[partner][both]
        rows.append([n[molecule].mean(), a, b, abs(a - b), H, *(np.bincount(states, minlength=4) / both.sum())])
    log_Z = np.logaddexp.reduce(weights)
    p, x = np.exp(np.array(weights) - log_Z), np.array(rows)
    mean = p @ x
    N = model.lattice.n_sites
    return {
        "gamma": mean[0],
        "gamma_a": mean[1],
        "gamma_b": mean[2],
        "difference": mean[3],
        "var_gamma": p @ (x[:, 0] - mean[0]) ** 2,
        "energy": mean[4] / N,
        "heat_capacity": p @ (x[:, 4] - mean[4]) ** 2 / (units.KELVIN * T) ** 2 / N * units.R,
        "free_energy": -units.KELVIN * T * log_Z / N,
        "molecules": tuple(mean[5:]),
    }


@pytest.mark.parametrize("case", CASES)
def test_the_sum_equals_enumeration(case: str) -> None:
    model = build(case)
    exact, found = enumerated(model, 170.0, 0.2), SublatticeFiniteSize(model, 0.2).averages(170.0)
    if model.second is None:
        assert np.all(np.isnan(found.molecules))
        del exact["molecules"]
    for name, value in exact.items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-10), name


def test_equal_centres_have_the_statistics_of_one_kind_of_site() -> None:
    model = mcsco.Model(mcsco.Lattice((6, 8)), FIRST, None, [mcsco.InfiniteRange(spin=3.5)], second=FIRST)
    one = mcsco.Model(model.lattice, FIRST, None, model.interactions)
    new, old = SublatticeFiniteSize(model).averages(200.0), FiniteSize(one).averages(200.0)
    for name in ("gamma", "var_gamma", "energy", "heat_capacity", "free_energy"):
        assert getattr(new, name) == pytest.approx(getattr(old, name), rel=1e-10), name
    p = np.exp(SublatticeFiniteSize(model).log_probability(200.0))
    counts = np.add.outer(np.arange(25), np.arange(25))
    assert np.bincount(counts.ravel(), p.ravel()) == pytest.approx(np.exp(FiniteSize(one).log_probability(200.0)))


def test_large_crystals_approach_the_mean_field() -> None:
    """The 1/N correction of γ halves when N doubles, and its extrapolation hits the mean field."""
    terms = (mcsco.InfiniteRange(spin=0.8), mcsco.Sublattices(spin=0.7), mcsco.Intramolecular(spin=-0.5))
    model = mcsco.Model(mcsco.Lattice((4, 8)), FIRST, None, terms, second=SECOND)
    limit = SublatticeMeanField(model, 0.1).equilibrium(150.0)
    sizes = [
        SublatticeFiniteSize(model.with_shape(shape), 0.1).averages(150.0) for shape in ((8, 8), (8, 16), (16, 16))
    ]
    readings = [[s.gamma_a, s.gamma_b, s.molecules[2], s.energy] for s in sizes]
    goal = [limit.gamma_a, limit.gamma_b, limit.molecules[2], limit.enthalpy]
    for k in range(4):
        misses = [reading[k] - goal[k] for reading in readings]
        assert misses[0] / misses[1] == pytest.approx(2, abs=0.05)
        assert misses[1] / misses[2] == pytest.approx(2, abs=0.03)
        assert abs(2 * misses[2] - misses[1]) < 0.02 * abs(misses[2])


def test_disordered_crystals_approach_the_mean_over_disorder() -> None:
    """Averages over realisations at N = 64, 256 extrapolate to the mean field of the quenched distribution."""
    from dataclasses import replace

    disorder = mcsco.Disorder(0.125, 0.3, 0.0625, 0.03125, 0.9, seed=0)
    terms = (mcsco.InfiniteRange(spin=0.8), mcsco.Intramolecular(spin=-0.6))
    model = mcsco.Model(mcsco.Lattice((8, 8)), FIRST, None, terms, SECOND, disorder)
    limit = SublatticeMeanField(model).equilibrium(150.0)
    free = []
    for seed in range(24):
        one = replace(model, disorder=replace(disorder, seed=seed), lattice=mcsco.Lattice((8, 16)))
        found = SublatticeFiniteSize(one).averages(150.0)
        free.append((found.gamma_a, found.gamma_b, found.molecules[2]))
    mean, error = np.mean(free, axis=0), np.std(free, axis=0, ddof=1) / np.sqrt(len(free))
    exact = np.array([limit.gamma_a, limit.gamma_b, limit.molecules[2]])
    assert np.all(error < 0.01)
    assert np.all(np.abs(mean - exact) < 4 * error)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"interactions": (mcsco.NearestNeighbours(0.1),)}, "knows neither"),
        ({"distortion": mcsco.OrderDisorder()}, "knows neither"),
        ({"lattice": mcsco.Lattice((3, 4))}, "even extents"),
        ({"lattice": mcsco.Lattice((64, 64))}, "at most 1024"),
    ],
)
def test_what_has_no_exact_sum_is_refused(options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        SublatticeFiniteSize(mcsco.Model(**{"lattice": mcsco.Lattice((4, 4)), "spin": FIRST, **options}))
