"""The n-fold way of unequal sites: every rate, equilibrium, energies, light, and going on bit by bit."""

import itertools
import math

import naive
import numpy as np
import pytest

import mcsco
from mcsco import InfiniteRange, InputError, Intramolecular, Kinetics, NearestNeighbours, Sublattices
from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.nfold_batch import NFoldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.errors import StateError
from mcsco.model.disorder import EMPTY, FREE
from mcsco.units import R

KINETICS = Kinetics(rate=40.0, barrier=5.0, flip_rate=15.0, flip_barrier=4.0)
T, PRESSURE = 300.0, 0.05
FIRST, SECOND = mcsco.SpinCrossover(7.0, 25.0, 6.5), mcsco.SpinCrossover(9.5, 28.0, -4.0)

SPINS = {
    "attractive": (NearestNeighbours(0.25), InfiniteRange(1.2), Sublattices(0.9)),
    "repulsive": (NearestNeighbours(-0.3), InfiniteRange(-0.8), Sublattices(-1.1)),
    "far": (InfiniteRange(0.7), Sublattices(1.6)),
    "near": (NearestNeighbours(-0.4),),
}
INSIDE = {"attractive": 0.7, "repulsive": -0.8, "far": -1.0, "near": 0.5}
DISTORTED = {
    "attractive": (NearestNeighbours(distortion=0.4), InfiniteRange(distortion=1.1, mixed=0.6)),
    "repulsive": (NearestNeighbours(distortion=-0.5), InfiniteRange(distortion=-0.7, mixed=-0.4)),
    "far": (InfiniteRange(distortion=1.4, mixed=0.9),),
    "near": (NearestNeighbours(distortion=0.5),),
}
SITES = {
    "two centres": (True, None),
    "pinned": (True, {"pinned_ls": 0.25, "pinned_hs": 0.25}),
    "diluted": (False, {"dilution": 0.25, "host": 0.4}),
    "all": (True, {"dilution": 0.25, "host": -0.3, "pinned_hs": 0.25}),
}


def build(sites, terms, three=False, shape=(2, 2), flip_inside=False, **more):
    two, disorder = SITES[sites]
    interactions = list(SPINS[terms])
    if two:
        interactions.append(Intramolecular(-INSIDE[terms] if flip_inside else INSIDE[terms]))
    if three:
        interactions += DISTORTED[terms]
    return mcsco.Model(
        mcsco.Lattice(shape),
        FIRST,
        mcsco.OrderDisorder() if three else None,
        tuple(interactions),
        second=SECOND if two else None,
        disorder=mcsco.Disorder(**{**(disorder or {}), "seed": 3, **more}) if disorder or more else None,
    )


def centres(model):
    """The spin-crossover centre of every site, or None."""
    flat = model.lattice.sublattice().ravel()
    kind = np.zeros(flat.size) if model.sites is None else model.sites.kind.ravel()
    own = [model.spin if model.second is None or not b else model.second for b in flat]
    return [None if k == EMPTY else c for c, k in zip(own, kind, strict=True)]


def choices(model):
    """What every site can be."""
    free = (-1, 0, 1) if model.distortion else (0, 1)
    if model.sites is None:
        return [free] * model.lattice.n_sites
    pinned = {0: (0,), 1: (-1, 1) if model.distortion else (1,)}
    kind, n = (array.ravel() for array in model.sites[:2])
    return [free if k == FREE else pinned[int(x)] for k, x in zip(kind, n, strict=True)]


def configurations(model):
    return np.array(list(itertools.product(*choices(model))), dtype=np.int8)


def energies(model, codes, pressure=PRESSURE, field=0.0):
    return np.array([model.energy(naive.to_state(model, c), pressure, field) for c in codes])


def boltzmann(model, codes, field=0.0):
    """Π g_i^{n_i} exp(−H/RT), normalised."""
    ln_g = np.array([0.0 if c is None else c.ln_g for c in centres(model)])
    x = (codes != 0) @ ln_g - energies(model, codes, field=field) / (R / 1000 * T)
    weight = np.exp(x - x.max())
    return weight / weight.sum()


def jump_rates(model, code, field, light):
    """Rate in 1/s of every jump (site, new code) that is possible, from differences of `Model.energy`."""
    RT, rates = R / 1000 * T, {}
    before = model.energy(naive.to_state(model, code), PRESSURE, field)
    fixed = np.zeros(code.size) if model.sites is None else model.sites.kind.ravel() != FREE
    for site, (values, centre) in enumerate(zip(choices(model), centres(model), strict=True)):
        for s in set(values) - {int(code[site])}:
            after = code.copy()
            after[site] = s
            half = (model.energy(naive.to_state(model, after), PRESSURE, field) - before) / 2
            if code[site] == 0:
                rate = KINETICS.rate * math.exp(centre.ln_g - (KINETICS.barrier + half) / RT)
                rates[site, s] = rate + light[0] / (len(values) - 1)
            elif s == 0:
                rates[site, s] = KINETICS.rate * math.exp(-(KINETICS.barrier + half) / RT) + light[1]
            else:
                assert fixed[site] or len(values) == 3
                rates[site, s] = KINETICS.flip_rate * math.exp(-(KINETICS.flip_barrier + half) / RT)
    return rates


def control(n, field=0.0):
    return Control(np.full(n, T), np.full(n, PRESSURE), np.full(n, field))


def kernel_rates(batch, field, light):
    """The same from the class table of the kernel, of a batch of one replica that does not move meanwhile."""
    batch.rates[:] = 0.0
    assert batch.move(control(1, field), 1e-300, light)
    count = np.diff(batch.starts[0])
    rates, code = {}, batch.molecules[0]
    for site, c in enumerate(batch.classes[0]):
        ways = ((1, -1) if batch.three else (1, 1)) if code[site] == 0 else (0, -int(code[site]))
        for s, rate in zip(ways, batch.rates[c] / count[c], strict=True):
            if rate > 0.0:
                rates[site, s] = rate
    return rates


def a_batch(model, codes, seed=1):
    return NFoldBatch(model, np.ascontiguousarray(codes.reshape(-1, *model.lattice.shape)), make_key(seed, 0), KINETICS)


@pytest.mark.parametrize("three", [False, True], ids=["plain", "three-state"])
@pytest.mark.parametrize("terms", SPINS)
@pytest.mark.parametrize("sites", SITES)
def test_all_rates_are_those_of_the_energy_and_balance(sites, terms, three):
    model = build(sites, terms, three)
    codes = configurations(model)
    field = 0.3 if three else 0.0
    number = {tuple(c): i for i, c in enumerate(codes.tolist())}
    weight = boltzmann(model, codes, field)
    flow = np.zeros((len(codes), len(codes)))
    batch = a_batch(model, codes[:1])
    for i, code in enumerate(codes):
        batch.set_codes(code.reshape(1, *model.lattice.shape))
        for light in ((0.0, 0.0), (0.6, 0.2)):
            found, expected = kernel_rates(batch, field, light), jump_rates(model, code, field, light)
            assert found.keys() == expected.keys()
            np.testing.assert_allclose([found[k] for k in expected], list(expected.values()), rtol=1e-10)
        for (site, s), rate in kernel_rates(batch, field, (0.0, 0.0)).items():
            after = code.copy()
            after[site] = s
            flow[i, number[tuple(after.tolist())]] = weight[i] * rate
        energy = batch.energy(batch.sums(), np.array([PRESSURE]), np.array([field]))
        assert energy[0] == pytest.approx(energies(model, code[None], field=field)[0], abs=1e-9)
    assert np.count_nonzero(flow) > 0
    np.testing.assert_allclose(flow, flow.T, rtol=1e-9)


@pytest.mark.parametrize("shape", [(2, 6), (4, 4), (4, 2, 4)])
@pytest.mark.parametrize("terms", SPINS)
def test_rates_and_energies_on_larger_lattices(shape, terms):
    model = build("all", terms, True, shape, dilution=0.2, pinned_hs=0.1, pinned_ls=0.1)
    rng = np.random.default_rng(1)
    batch = a_batch(model, np.zeros((1, *shape), dtype=np.int8))
    for _ in range(3):
        code = np.array([rng.choice(values) for values in choices(model)], dtype=np.int8)
        batch.set_codes(code.reshape(1, *shape))
        found, expected = kernel_rates(batch, 0.3, (0.5, 0.1)), jump_rates(model, code, 0.3, (0.5, 0.1))
        assert found.keys() == expected.keys()
        np.testing.assert_allclose([found[k] for k in expected], list(expected.values()), rtol=1e-9)
        energy = batch.energy(batch.sums(), np.array([PRESSURE]), np.array([0.3]))
        assert energy[0] == pytest.approx(energies(model, code[None], field=0.3)[0], abs=1e-8)


EQUILIBRIA = [
    ("two centres", "attractive", False),
    ("two centres", "repulsive", False),
    ("pinned", "far", True),
    ("all", "repulsive", True),
]


def slowest(model, codes, weight):
    """Relaxation time in s of the slowest mode of the master equation, from its symmetric form."""
    number = {tuple(c): i for i, c in enumerate(codes.tolist())}
    Q = np.zeros((len(codes), len(codes)))
    for i, code in enumerate(codes):
        for (site, s), rate in jump_rates(model, code, 0.0, (0.0, 0.0)).items():
            after = code.copy()
            after[site] = s
            Q[i, number[tuple(after.tolist())]] = rate
    Q -= np.diag(Q.sum(axis=1))
    root = np.sqrt(weight)
    return -1.0 / np.linalg.eigvalsh(root[:, None] * Q / root)[-2]


@pytest.mark.parametrize(("sites", "terms", "three"), EQUILIBRIA)
def test_equilibrium_over_all_configurations(sites, terms, three):
    """One look at every one of many replicas, long after the start: these are independent."""
    n = 20000
    more = {"dilution": 0.25, "pinned_hs": 0.125, "pinned_ls": 0.125} if three else {}
    model = build(sites, terms, three, (2, 4), **more)
    codes = configurations(model)
    weight = boltzmann(model, codes)
    batch = a_batch(model, start_codes(model, "random", n, 3, 0), 3)
    batch.interval = 8 * slowest(model, codes, weight)
    batch.advance(control(n), control(n), 0, 1, 1)
    batch.recount()
    number = {tuple(c): i for i, c in enumerate(codes.tolist())}
    counts = np.bincount([number[tuple(c)] for c in batch.molecules.tolist()], minlength=len(codes))
    assert naive.chi_squared(counts, weight) > 1e-4
    wrong = build(sites, terms, three, (2, 4), flip_inside=True, **more)
    assert naive.chi_squared(counts, boltzmann(wrong, codes)) < 1e-10


EVERYTHING = build("all", "repulsive", True, (4, 6), dilution=0.2, pinned_hs=0.1, pinned_ls=0.1)


def test_restored_replicas_go_on_bit_by_bit(monkeypatch):
    monkeypatch.setattr("mcsco.engine.nfold_batch._DRAWS_PER_CALL", 90)
    n = 3
    start = start_codes(EVERYTHING, "random", n, 1, 0)
    whole, pieces = a_batch(EVERYTHING, start), a_batch(EVERYTHING, start)
    while not whole.move(control(n, 0.2), 0.5, (0.3, 0.1)):
        pass
    while not pieces.move(control(n, 0.2), 0.5, (0.3, 0.1)):
        memory = pieces.memory()
        pieces = a_batch(EVERYTHING, start)
        pieces.restore(memory)
        pieces.recount()
    assert whole.events.min() > 100
    for name, array in whole.memory().items():
        np.testing.assert_array_equal(array, pieces.memory()[name])


def test_running_sums_are_counted_again():
    batch = a_batch(EVERYTHING, start_codes(EVERYTHING, "random", 2, 1, 0))
    batch.advance(control(2), control(2), 0, 1, 1)
    batch.recount()
    first = EVERYTHING.lattice.sublattice().ravel() == 0
    n = batch.molecules & 1
    np.testing.assert_array_equal(batch.sublattice_sums(), np.stack([n[:, first].sum(1), n[:, ~first].sum(1)], axis=1))
    a, b = batch.sublattice_sums().T
    np.testing.assert_array_equal(batch.running[:, 2], a - b)
    batch.running[0, 2] += 1
    with pytest.raises(StateError, match="running sums"):
        batch.recount()


def test_a_checkpoint_in_which_a_pinned_molecule_has_switched_is_refused():
    batch = a_batch(EVERYTHING, start_codes(EVERYTHING, "LS", 1, 1, 0))
    memory = batch.memory()
    memory["codes"][0, EVERYTHING.sites.n == 1] = 0
    with pytest.raises(StateError, match="no configuration of this model"):
        batch.restore(memory)


@pytest.mark.parametrize("start", ["LS", "HS-", "random"])
def test_every_start_leaves_fixed_sites_alone(start):
    batch = a_batch(EVERYTHING, start_codes(EVERYTHING, start, 2, 1, 0))
    for replica in range(2):
        EVERYTHING.energy(batch.state(replica))  # raises where a fixed site is in another state
    batch.advance(control(2), control(2), 0, 1, 1)
    EVERYTHING.energy(batch.state(1))


def test_light_and_relaxation_of_a_molecule_of_two_centres():
    """At 10 K light takes both centres to HS; in the dark at 60 K the one with the larger ΔH falls back first."""
    kinetics = Kinetics(1e6, 12.0)
    model = mcsco.Model(
        mcsco.Lattice((16, 16)), FIRST, None, (Intramolecular(-0.2),), second=mcsco.SpinCrossover(9.5, 28.0)
    )
    n, dark = 8, (0.0, 0.0)
    batch = NFoldBatch(model, start_codes(model, "LS", n, 2, 0), make_key(2, 0), kinetics)
    at = [Control(np.full(n, x), np.zeros(n), np.zeros(n)) for x in (10.0, 60.0)]
    while not batch.move(at[0], 2.0, (1.0, 0.0)):
        pass
    expected = 1 - math.exp(-2.0)
    error = math.sqrt(expected * (1 - expected) / (n * 128))
    assert batch.sublattice_sums().mean(axis=0) / 128 == pytest.approx([expected] * 2, abs=4.5 * error)
    while not batch.move(at[0], 20.0, (1.0, 0.0)):
        pass
    assert np.all(batch.running[:, 0] == 256)
    RT = R / 1000 * 60.0
    # While both are HS, a centre pays 2 J_m less to be HS than alone in the mixed molecule.
    down = [kinetics.rate * math.exp(-(kinetics.barrier - (s.enthalpy + 0.4) / 2) / RT) for s in (FIRST, model.second)]
    seconds = 0.1 / down[1]
    while not batch.move(at[1], seconds, dark):
        pass
    a, b = batch.sublattice_sums().mean(axis=0) / 128
    assert 1 - a == pytest.approx(1 - math.exp(-down[0] * seconds), abs=4.5 * math.sqrt(0.1 * down[0] / down[1] / 1024))
    assert 1 - b == pytest.approx(1 - math.exp(-0.1), abs=4.5 * math.sqrt(0.1 / 1024))
    assert b < a


def test_a_spread_of_enthalpies_is_refused():
    model = build("two centres", "near", shape=(8, 10), enthalpy_spread=0.2)
    with pytest.raises(InputError, match=r"enthalpy_spread = 0.2: makes 80 kinds .* the 64 .* leave it out"):
        a_batch(model, start_codes(model, "LS", 1, 1, 0))
    small = build("two centres", "near", enthalpy_spread=0.2)
    assert len(a_batch(small, start_codes(small, "LS", 1, 1, 0)).kinds.table) == 4


def test_equal_sites_are_of_one_kind():
    model = mcsco.Model(mcsco.Lattice((4, 4)), FIRST, None, (NearestNeighbours(0.2), InfiniteRange(1.0)))
    batch = a_batch(model, start_codes(model, "LS", 1, 1, 0))
    assert batch.kinds.table.shape == (1, 5)
    assert batch.n_classes == 3 * 5


def test_barriers_of_both_centres_of_a_molecule():
    model = build("two centres", "repulsive", shape=(4, 4))
    all_hs = np.ones((1, 4, 4), dtype=np.int8)
    for second, site in ((False, (0, 0)), (True, (0, 1))):
        kinetics = Kinetics.with_hs_barrier(model, 1e8, 13.0, PRESSURE, second=second)
        assert kinetics.hs_barrier(model, pressure=PRESSURE, second=second) == pytest.approx(13.0)
        code = all_hs[0].copy()
        code[site] = 0
        gap = np.diff(energies(model, np.stack([code, all_hs[0]])))[0]
        # A finite crystal adds (Γ + Γ_s)/N to the gap.
        assert kinetics.barrier - gap / 2 == pytest.approx(13.0 - (-0.8 - 1.1) / 16 / 2, abs=1e-12)
    with pytest.raises(InputError, match="without disorder"):
        KINETICS.hs_barrier(EVERYTHING)
    with pytest.raises(InputError, match="have one centre"):
        KINETICS.hs_barrier(mcsco.presets.load("pmpea", (4, 4)), second=True)
