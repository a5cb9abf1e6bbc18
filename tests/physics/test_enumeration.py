"""Every kernel and dynamics against exhaustive enumeration: the distribution over all configurations is Boltzmann's.

Also: the same test rejects updates that are known to be wrong.
"""

from typing import NamedTuple

import naive
import numpy as np
import pytest
from scipy import stats

from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R

T = 300.0
LANES = 4096
KERNELS = {"lattice": LatticeBatch, "replica": ReplicaBatch}


class Case(NamedTuple):
    """Couplings in K, free-energy difference of the spin states at T in K, pressure in GPa, field in kJ/mol."""

    near: tuple[float, float] = (0.0, 0.0)
    far: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gap: float = 150.0
    pressure: float = 0.0
    field: float = 0.0


CASES = {
    "free": Case(),
    "neighbours": Case(near=(30.0, 70.0)),
    "frustrated": Case(near=(-35.0, -60.0)),
    "far": Case(far=(130.0, 280.0, 0.0)),
    "both": Case(near=(20.0, 40.0), far=(90.0, 150.0, 0.0)),
    "field": Case(near=(15.0, 30.0), far=(60.0, 120.0, 0.0), gap=100.0, pressure=0.05, field=0.4),
    "cold": Case(near=(15.0, 30.0), gap=-900.0),  # rates near 0 and 1
    "cold far": Case(far=(100.0, 150.0, 0.0), gap=1000.0),
    "repulsive": Case(near=(10.0, 20.0), far=(-150.0, -200.0, 0.0)),
    "mixed": Case(near=(15.0, 30.0), far=(-60.0, 100.0, 170.0), field=0.1),
}
REPLICA_ONLY = ("repulsive", "mixed")


def build(case, shape, three):
    near, far = ([E * KELVIN for E in couplings] for couplings in (case.near, case.far))
    ln_g, volume = 3.0, 10.0
    enthalpy = (case.gap + ln_g * T) * KELVIN - case.pressure * volume
    terms = (NearestNeighbours(*near), InfiniteRange(*far)) if three else (
        NearestNeighbours(near[0]), InfiniteRange(far[0]),
    )  # fmt: skip
    terms = tuple(term for term in terms if term not in (NearestNeighbours(), InfiniteRange()))
    return Model(Lattice(shape), SpinCrossover(enthalpy, ln_g * R, volume), OrderDisorder() if three else None, terms)


def classes(model):
    """Number of the class (Σn, Σu, Σσσ', Σuu') of every configuration, and these four as a table."""
    codes = naive.configurations(model).reshape(-1, *model.lattice.shape).astype(int)
    n, u = np.abs(codes), codes * bool(model.distortion)
    axes = tuple(range(1, codes.ndim))
    table = [x.sum(axis=axes) for x in (n, u)]
    table += [sum((x * np.roll(x, 1, axis)).sum(axis=axes) for axis in axes) for x in (2 * n - 1, u)]
    table = np.stack(table, axis=1)
    return np.unique(table, axis=0, return_inverse=True)[1].ravel(), table


def p_values(model, counts, probabilities):
    """Chi-squared over all configurations, and over the classes, which see a shift that many configurations share."""
    group, _ = classes(model)
    return (
        naive.chi_squared(counts, probabilities),
        naive.chi_squared(np.bincount(group, counts), np.bincount(group, probabilities)),
    )


def histogram(model, step, first, n_samples, thin, burn_in=200):
    """Counts of every configuration in a chain of many lanes; `step(n)` moves it, `first()` gives its labels.

    Fails if successive samples are correlated, since the chi-squared test needs independent ones.
    """
    step(burn_in)
    counts = np.zeros(len(naive.values(model)) ** model.lattice.n_sites, dtype=np.int64)
    _, table = classes(model)
    observed = np.concatenate([table, table[:, 1:2] ** 2], axis=1).astype(float)
    observed -= observed.mean(axis=0)
    moments = np.zeros((4, observed.shape[1]))
    before = first()
    n_rounds = -(-n_samples // len(before))
    for _ in range(n_rounds):
        step(thin)
        now = first()
        counts += np.bincount(now, minlength=len(counts))
        a, b = observed[before], observed[now]
        moments += [a.mean(axis=0), b.mean(axis=0), (b * b).mean(axis=0), (a * b).mean(axis=0)]
        before = now
    mean_a, mean_b, square, product = moments / n_rounds
    variance = square - mean_b**2
    live = variance > 1e-9
    correlation = (product - mean_a * mean_b)[live] / variance[live]
    assert np.all(np.abs(correlation) < 0.02 + 5 / np.sqrt(n_rounds * len(before))), correlation
    return counts


def sample_engine(model, kernel, dynamics, case, n_samples, thin, seed=11, temperature=T):
    batch = KERNELS[kernel](model, start_codes(model, "random", LANES, seed, 0), dynamics, make_key(seed, 0))
    control = Control(*(np.full(LANES, x) for x in (temperature, case.pressure, case.field)))
    return histogram(
        model,
        lambda n: batch.advance(control, control, 0, n, n),
        lambda: naive.label(model, batch.codes()),
        n_samples,
        thin,
    )


def combinations():
    for name in CASES:
        for kernel in KERNELS:
            if kernel == "lattice" and name in REPLICA_ONLY:
                continue
            for dynamics in ("metropolis", "heat-bath"):
                for sites in ("three-state", "plain"):
                    yield pytest.param(name, kernel, dynamics, sites, id=f"{name}-{kernel}-{dynamics}-{sites}")


ALL = list(combinations())


def check(name, kernel, dynamics, sites, shape, n_samples):
    case, three = CASES[name], sites == "three-state"
    model = build(case, shape, three)
    fast = not three or (kernel == "lattice" and not any(case.far))
    thin = 8 if fast else 40 if name == "mixed" else 16
    counts = sample_engine(model, kernel, dynamics, case, n_samples, thin)
    for p in p_values(model, counts, naive.boltzmann(model, T, case.pressure, case.field)):
        assert p > 1e-4


@pytest.mark.parametrize(("name", "kernel", "dynamics", "sites"), ALL)
def test_distribution_over_all_configurations(name, kernel, dynamics, sites):
    # Auxiliary fields are drawn lane by lane in every pass: even shapes have two passes, 3 x 3 has nine.
    slow = kernel == "lattice" and any(CASES[name].far)
    enough = 3 * 10**5 if slow or name in ("free", "frustrated") else 10**6
    check(name, kernel, dynamics, sites, (2, 2, 2) if slow else (3, 3), enough)


@pytest.mark.parametrize(("sites", "shape"), [("three-state", (3, 3)), ("plain", (2, 3))])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
def test_auxiliary_fields_on_odd_lattices(dynamics, sites, shape):
    check("field", "lattice", dynamics, sites, shape, 2 * 10**5)


@pytest.mark.validate
@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3), (2, 2, 2)])
@pytest.mark.parametrize(("name", "kernel", "dynamics", "sites"), ALL)
def test_distribution_over_all_configurations_to_high_precision(name, kernel, dynamics, sites, shape):
    slow = kernel == "lattice" and any(CASES[name].far) and 3 in shape
    check(name, kernel, dynamics, sites, shape, 2 * 10**6 if slow else 10**7)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_lane_has_its_own_controls(kernel):
    """Two temperatures and two fields in one batch, alternating from lane to lane."""
    model = build(CASES["both"], (2, 2), True)
    batch = KERNELS[kernel](model, start_codes(model, "random", LANES, 5, 0), "metropolis", make_key(5, 0))
    odd = np.arange(LANES) % 2 == 1
    control = Control(np.where(odd, 240.0, 330.0), np.zeros(LANES), np.where(odd, 0.3, -0.1))

    def advance(n):
        batch.advance(control, control, 0, n, n)

    for lanes, temperature, field in ((odd, 240.0, 0.3), (~odd, 330.0, -0.1)):
        counts = histogram(model, advance, lambda lanes=lanes: naive.label(model, batch.codes())[lanes], 2 * 10**5, 16)
        assert min(p_values(model, counts, naive.boltzmann(model, temperature, 0.0, field))) > 1e-4


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("wrong", ["temperature", "distortion", "spin"])
def test_an_error_of_five_per_cent_in_one_coupling_is_seen(kernel, wrong):
    case = CASES["both"]
    model = build(case, (2, 2, 2), True)
    J, K = case.near
    other = {"distortion": case._replace(near=(J, K * 1.05)), "spin": case._replace(near=(J * 1.05, K))}.get(
        wrong, case
    )
    temperature = T * (1.05 if wrong == "temperature" else 1.0)
    probabilities = naive.boltzmann(build(other, (2, 2, 2), True), temperature)
    counts = sample_engine(model, kernel, "heat-bath", case, 3 * 10**5, 16)
    assert min(p_values(model, counts, probabilities)) < 1e-10


@pytest.mark.parametrize(
    ("mistake", "accepted"),
    [({}, True), ({"noise": 0.0}, False), ({"bond_factor": 0.5}, False)],
    ids=["right", "frozen mean", "factor 2 in J and K"],
)
def test_wrong_rates_are_rejected(mistake, accepted):
    """A twin in NumPy passes as it stands; with the mean frozen over a colour, or a factor 2 in J, it must not."""
    model = build(CASES["both"], (2, 2, 2), True)
    rng = np.random.default_rng(7)
    codes = rng.integers(-1, 2, (LANES, 2, 2, 2))

    def sweep(n):
        nonlocal codes
        for _ in range(n):
            codes = naive.colour_sweep(model, codes, T, rng, **mistake)

    counts = histogram(model, sweep, lambda: naive.label(model, codes), 10**5, 12, burn_in=40)
    p = min(p_values(model, counts, naive.boltzmann(model, T)))
    assert p > 1e-4 if accepted else p < 1e-10


@pytest.mark.parametrize("sites", ["three-state", "plain"])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", ["both", "mixed", "cold"])
def test_sequential_twin_draws_the_same_distribution(name, dynamics, sites):
    case = CASES[name]
    model = build(case, (2, 2), sites == "three-state")
    probabilities = naive.boltzmann(model, T, 0.0, case.field)
    rng = np.random.default_rng(3)
    labels = rng.integers(0, len(probabilities), LANES)

    def sweep(n):
        nonlocal labels
        for _ in range(n):
            labels = naive.single_site_sweep(model, labels, probabilities, dynamics, rng)

    twin = histogram(model, sweep, lambda: labels, 10**5, 40 if name == "mixed" else 12)
    engine = sample_engine(model, "replica", dynamics, case, 2 * 10**5, 40 if name == "mixed" else 16)
    assert min(p_values(model, twin, probabilities)) > 1e-4
    assert stats.chi2_contingency(np.stack([twin, engine])[:, probabilities * twin.sum() > 10]).pvalue > 1e-4


@pytest.mark.parametrize("sites", ["three-state", "plain"])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", ["cold", "field", "mixed"])
def test_detailed_balance_on_2x2(name, dynamics, sites):
    case = CASES[name]
    model = build(case, (2, 2), sites == "three-state")
    pi = naive.boltzmann(model, T, case.pressure, case.field)
    for site in range(4):
        P = naive.site_matrix(model, pi, site, dynamics)
        assert P.min() >= -1e-15
        np.testing.assert_allclose(P.sum(axis=1), 1.0, rtol=1e-14)
        np.testing.assert_allclose(pi[:, None] * P, (pi[:, None] * P).T, atol=1e-16)


@pytest.mark.parametrize("sites", ["three-state", "plain"])
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
def test_sampled_fields_leave_the_distribution_invariant_and_frozen_means_do_not(dynamics, sites):
    """Exact to the accuracy of the integral over the fields, which the kinks of Metropolis limit."""
    model = build(CASES["both"], (2, 2), sites == "three-state")
    pi = naive.boltzmann(model, T)
    P = naive.pass_matrix(model, (0, 3), dynamics, T)
    np.testing.assert_allclose(P.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(pi @ P, pi, rtol=1e-9 if dynamics == "heat-bath" else 5e-3)
    frozen = naive.pass_matrix(model, (0, 3), dynamics, T, noise=0.0, n_nodes=1)
    assert np.max(np.abs(pi @ frozen / pi - 1)) > 0.02
