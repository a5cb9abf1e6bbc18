"""Second centres, sublattice couplings and disorder: what they cost, and what is refused."""

import numpy as np
import pytest

import mcsco
from mcsco import InputError, units
from mcsco.model import State
from mcsco.model.disorder import EMPTY, FREE, PINNED
from mcsco.model.energy import energy_terms

SHAPE = (4, 6)
FIRST, SECOND = mcsco.SpinCrossover(6.0, 50.0, 6.5), mcsco.SpinCrossover(0.5, 55.0, 7.0)


def a_model(*terms: object, shape=SHAPE, **options: object) -> mcsco.Model:
    return mcsco.Model(mcsco.Lattice(shape), FIRST, None, terms, **options)  # type: ignore[arg-type]


def random_state(model: mcsco.Model, seed: int = 0) -> State:
    rng = np.random.default_rng(seed)
    spin = (2 * rng.integers(0, 2, model.lattice.shape) - 1).astype(np.int8)
    if model.sites is not None:
        spin = np.where(model.sites.kind == FREE, spin, 2 * model.sites.n - 1).astype(np.int8)
    u = spin > 0
    sign = 2 * rng.integers(0, 2, model.lattice.shape) - 1
    return State(spin, (u * sign).astype(np.int8) if model.distortion else np.zeros_like(spin))


def bond_by_bond(model: mcsco.Model, state: State, pressure: float) -> float:
    """H written as a loop over sites and bonds, in kJ/mol."""
    J, K, Gamma, K_inf, L = model.couplings
    J_m, Gamma_s = model.sublattice_couplings
    N, shape = model.lattice.n_sites, model.lattice.shape
    sigma, u = state.spin.astype(float), state.distortion.astype(float)
    total = 0.0
    for site in np.ndindex(shape):
        centre = model.spin if sum(site) % 2 == 0 or model.second is None else model.second
        kind = FREE if model.sites is None else model.sites.kind[site]
        if kind == EMPTY:
            sigma[site] = model.disorder.host  # type: ignore[union-attr]
            continue
        own = 0.0 if model.sites is None else model.sites.enthalpy[site]
        if sigma[site] > 0:
            total += centre.enthalpy + own + units.pressure_work(pressure, centre.volume)
    for site in np.ndindex(shape):
        for axis in range(len(shape)):
            other = tuple((x + (a == axis)) % n for a, (x, n) in enumerate(zip(site, shape, strict=True)))
            total -= J * sigma[site] * sigma[other] + K * u[site] * u[other]
            if axis == len(shape) - 1 and sum(site) % 2 == 0:
                total -= J_m * sigma[site] * sigma[other]
    n = (1 + sigma) / 2
    a = np.indices(shape).sum(axis=0) % 2 == 0
    total += N * (Gamma * n.mean() * (1 - n.mean()) - K_inf / 2 * u.mean() ** 2 - L * n.mean() * u.mean() ** 2)
    return total - N * Gamma_s / 4 * (n[a].mean() - n[~a].mean()) ** 2


CASES = {
    "two centres": {"second": SECOND},
    "diluted": {"disorder": mcsco.Disorder(dilution=0.2, host=0.4, seed=3)},
    "pinned": {"disorder": mcsco.Disorder(pinned_ls=0.1, pinned_hs=0.25, seed=4)},
    "all": {"second": SECOND, "disorder": mcsco.Disorder(0.1, -0.5, 0.1, 0.1, 0.7, seed=5)},
}
TERMS = (mcsco.NearestNeighbours(spin=-0.3), mcsco.InfiniteRange(spin=1.1), mcsco.Sublattices(spin=0.8))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("distorts", [False, True])
def test_the_oracle_equals_a_loop_over_sites_and_bonds(case: str, distorts: bool) -> None:
    options = CASES[case]
    terms = [*TERMS, mcsco.Intramolecular(spin=-0.9)] if "second" in options else list(TERMS)
    if distorts:
        terms += [mcsco.NearestNeighbours(distortion=0.4), mcsco.InfiniteRange(distortion=1.3, mixed=0.6)]
    model = mcsco.Model(
        mcsco.Lattice(SHAPE), FIRST, mcsco.OrderDisorder() if distorts else None, tuple(terms), **options
    )
    for seed in range(5):
        state = random_state(model, seed)
        assert model.energy(state, pressure=0.7) == pytest.approx(bond_by_bond(model, state, 0.7), abs=1e-9)


def test_molecules_are_bricks_of_two_neighbours() -> None:
    lattice = mcsco.Lattice((4, 6, 2))
    partners, sublattice = lattice.partners(), lattice.sublattice().ravel()
    assert np.array_equal(partners[partners], np.arange(lattice.n_sites))
    assert np.all(sublattice != sublattice[partners])
    assert all(b in lattice.neighbours()[a] for a, b in enumerate(partners))


def test_numbers_of_sites_are_exact_and_follow_the_seed() -> None:
    disorder = mcsco.Disorder(dilution=0.25, pinned_ls=0.125, pinned_hs=0.0625, enthalpy_spread=0.3, seed=7)
    one, other = disorder.sites((8, 8)), mcsco.Disorder(**{**vars(disorder), "seed": 8}).sites((8, 8))
    assert [(one.kind == k).sum() for k in (FREE, PINNED, EMPTY)] == [36, 12, 16]
    assert one.n.sum() == 4
    assert np.all(one.kind[one.n == 1] == PINNED)
    assert np.array_equal(one.kind, disorder.sites((8, 8)).kind)
    assert not np.array_equal(one.kind, other.kind)
    spread = mcsco.Disorder(enthalpy_spread=0.3).sites((64, 64)).enthalpy
    assert abs(spread.mean()) < 4 * 0.3 / 64
    assert abs(spread.std() - 0.3) < 4 * 0.3 / (64 * np.sqrt(2))


def test_a_model_with_everything_reads_back() -> None:
    model = a_model(*TERMS, mcsco.Intramolecular(spin=-0.9), **CASES["all"])
    assert mcsco.Model.from_dict(model.to_dict()) == model
    assert "second" not in a_model().to_dict()
    assert "disorder" not in a_model().to_dict()
    assert model.with_shape((8, 8)).second == SECOND
    assert model.with_shape((8, 8)).disorder == model.disorder


def test_means_are_over_molecules() -> None:
    model = a_model(disorder=mcsco.Disorder(dilution=0.25))
    assert model.n_molecules == 18
    assert not model.is_uniform
    assert a_model(disorder=mcsco.Disorder(host=1.0)).is_uniform


def test_equal_centres_with_a_coupling_of_sublattices_are_not_uniform() -> None:
    assert a_model().is_uniform
    assert not a_model().has_sublattices
    assert not a_model(mcsco.Sublattices(spin=0.1)).is_uniform
    negative = a_model(mcsco.NearestNeighbours(spin=-0.1))
    assert negative.is_uniform
    assert negative.has_sublattices


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: a_model(mcsco.Intramolecular(0.1)), "second centre"),
        (lambda: a_model(mcsco.Sublattices(0.1), shape=(4, 5)), "even extents"),
        (lambda: a_model(second=SECOND, shape=(5, 4)), "even extents"),
        (lambda: a_model(second=3.0), "must be a SpinCrossover"),
        (lambda: a_model(disorder=0.1), "must be a Disorder"),
        (lambda: mcsco.Disorder(dilution=0.6, pinned_ls=0.6), "at most 1"),
        (lambda: mcsco.Disorder(dilution=1.0), "no molecule"),
        (lambda: mcsco.Disorder(host=2.0), "from -1"),
        (lambda: mcsco.Disorder(pinned_hs=-0.1), "at least 0"),
        (lambda: mcsco.MeanField(a_model(second=SECOND)), "SublatticeMeanField"),
        (
            lambda: mcsco.Model(mcsco.Lattice(SHAPE), FIRST, mcsco.Displacive(5.0, 30.0), second=SECOND),
            "does not go with",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(make, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=words):
        make()


def test_states_of_fixed_sites_are_checked() -> None:
    model = a_model(disorder=mcsco.Disorder(pinned_hs=0.5))
    state = random_state(model)
    wrong = State(np.where(model.sites.kind == PINNED, -1, state.spin).astype(np.int8), state.distortion)  # type: ignore[union-attr]
    with pytest.raises(InputError, match="pinned"):
        energy_terms(model, wrong)
