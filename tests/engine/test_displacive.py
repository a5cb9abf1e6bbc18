"""Continuous distortions: moves against twins, detailed balance, exact integrals of small crystals, and mistakes."""

import displacive_twin as twin
import numpy as np
import pytest

from mcsco import InputError, Simulation
from mcsco.engine import STARTS, Control, make_one
from mcsco.engine.batch import start_codes
from mcsco.engine.displacive_batch import DisplaciveLatticeBatch, DisplaciveReplicaBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.wells import Wells
from mcsco.errors import StateError
from mcsco.model import Displacive, InfiniteRange, Model, NearestNeighbours, SpinCrossover
from mcsco.units import KELVIN

BOTH = pytest.mark.parametrize("cls", [DisplaciveLatticeBatch, DisplaciveReplicaBatch])
SHAPES = [(2, 2), (2, 3), (6, 8), (5, 7), (4, 9), (4, 4, 6), (3, 4, 5)]
WELLS = {"deep": (600, 4000), "shallow": (150, 300), "stiff": (900, 30000), "quartic": (400, 0)}


@pytest.fixture(scope="module")
def crystal(build):
    """A displacive model with couplings of the given name and wells of the given kind."""

    def make(name, shape, wells="deep", enthalpy=None):
        plain = build(name, shape)
        barrier, stiffness = (E * KELVIN for E in WELLS[wells])
        spin = plain.spin if enthalpy is None else SpinCrossover(enthalpy * KELVIN, plain.spin.entropy)
        return Model(plain.lattice, spin, Displacive(barrier, stiffness), plain.interactions)

    return make


def make_batch(cls, model, n_replicas=3, start="random", seed=6, threads=1):
    return cls(model, start_codes(model, start, n_replicas, seed, 0), "metropolis", make_key(seed, 0), threads)


def controls(n_replicas, T, pressure=0.0, field=0.0):
    return Control(*(np.full(n_replicas, float(x)) for x in (T, pressure, field)))


def lane_means(batch, T, field, burn_in, n_samples, every):
    """Time averages of every replica, independent numbers: as in `twin.ring_averages`, then n², |η|, η², energy."""
    model, R = batch.model, batch.n_replicas
    N, n_bonds = model.lattice.n_sites, model.lattice.n_bonds
    control = controls(R, T, 0.0, field)
    batch.advance(control, control, 0, burn_in, burn_in)
    total = 0.0
    for _ in range(n_samples):
        batch.advance(control, control, 0, every, every)
        codes, sums = batch.codes().reshape(R, -1), batch.sums()
        n, u = codes["n"].astype(float), codes["u"].astype(float)
        nn = (sums.bonds_spin - n_bonds + 2 * model.lattice.coordination * sums.n) / 4 / n_bonds
        rows = [x.mean(axis=1) for x in (n, u, u**2, u**4, n * u**2)] + [nn, sums.bonds_u / n_bonds]
        gamma, eta = rows[0], rows[1]
        energy = batch.energy(sums, control.pressure, control.field) / N / KELVIN
        total = total + np.stack([*rows, gamma**2, np.abs(eta), eta**2, energy], axis=1)
    return total / n_samples


def z_scores(means, exact):
    error = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    return (means.mean(axis=0) - exact) / error


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("cls", "name"),
    [(DisplaciveLatticeBatch, name) for name in ("neighbours", "both")]
    + [(DisplaciveReplicaBatch, name) for name in ("neighbours", "repulsive", "mixed")],
)
def test_one_sweep_is_that_of_the_twin(crystal, cls, name, shape):
    """Which random number serves which site and move, neighbours across every seam, and every decision."""
    model = crystal(name, shape)
    sweep_twin = twin.lattice_sweep if cls is DisplaciveLatticeBatch else twin.replica_sweep
    rng = np.random.default_rng(17)
    batch = make_batch(cls, model, 70)
    control = Control(rng.uniform(200, 400, 70), rng.uniform(0, 0.2, 70), rng.uniform(-1, 1, 70))
    batch.sweep = 2**32 - 2
    for sweep in range(2**32 - 2, 2**32 + 2):
        before = batch.codes()
        batch.advance(control, control, 0, 1, 1)
        n, u, clear = sweep_twin(model, before, batch.table, control.temperature, sweep, batch.key, *control[1:])
        after = batch.codes()
        assert clear.mean() > 0.9
        assert np.array_equal(after["n"][clear], n[clear])
        np.testing.assert_allclose(after["u"][clear], u[clear], rtol=0, atol=5e-6)
        assert np.any(after["n"] != before["n"])
        assert np.mean(after["u"] != before["u"]) > 0.2


@pytest.mark.parametrize("wells", WELLS)
def test_detailed_balance_of_both_moves_on_2x2(crystal, wells):
    """π(x) q(x → x') α(x → x') dx = π(x') q(x' → x) α(x' → x) dx' from the oracle's energy, with ρ and without."""
    T, rng = 250.0, np.random.default_rng(4)
    model = crystal("mixed", (2, 2), wells)
    centre, ratio, _ = twin.proposals(make_batch(DisplaciveReplicaBatch, model).table, T)

    def log_weight(n, u):
        energies = [model.energy(state_of(a, b), 0.0, 0.3) for a, b in zip(n, u, strict=True)]
        return model.spin.ln_g * n.sum(axis=1) - np.array(energies) / (KELVIN * T)

    n, u = rng.integers(0, 2, (2000, 4)), rng.normal(0.0, 0.7, (2000, 4))
    n[:, 0], u[:, 0] = 0, rng.normal(0.0, 0.3 if wells != "stiff" else 0.1, 2000)
    positive = rng.random(2000) < 0.5
    up_n, up_u = n.copy(), u.copy()
    up_n[:, 0], up_u[:, 0], possible = twin.flip(n[:, 0], u[:, 0], positive, centre, ratio)
    assert 0.2 < possible.mean() <= 1.0
    down_n, down_u, _ = twin.flip(up_n[:, 0], up_u[:, 0], positive, centre, ratio)
    np.testing.assert_allclose(down_u[possible], u[possible, 0], atol=1e-12)
    assert not down_n.any()
    weights = np.exp(log_weight(n, u) - log_weight(up_n, up_u))[possible]  # π(x) / π(x')
    for jacobian in (True, False):
        there = 0.5 * np.minimum(1.0, twin.flip_ratio(0, ratio, jacobian) / weights)
        back = np.minimum(1.0, twin.flip_ratio(1, ratio, jacobian) * weights)
        balance = weights * there / (ratio * back)
        if jacobian:
            np.testing.assert_allclose(balance, 1.0, rtol=1e-9)
        else:
            assert np.max(np.abs(balance - 1.0)) > 0.02


def state_of(n, u):
    from mcsco.model import State

    return State((2 * n.reshape(2, 2) - 1).astype(np.int8), u.reshape(2, 2))


@BOTH
@pytest.mark.parametrize("wells", WELLS)
@pytest.mark.parametrize("T", [120.0, 300.0])
def test_free_molecules(crystal, cls, wells, T):
    """⟨n⟩, ⟨u⟩, ⟨u²⟩, ⟨u⁴⟩, ⟨n u²⟩ against integrals over one site, where HS is about as likely as LS."""
    model = crystal("free", (8, 16), wells)
    barrier, _ = WELLS[wells]
    model = crystal("free", (8, 16), wells, enthalpy=(3.0 + 0.2) * T - 0.1 * barrier)
    means = lane_means(make_batch(cls, model, 128), T, 0.2, 60, 25, 4)[:, :5]
    exact = twin.free_averages(model, T, 0.2)
    assert 0.1 < exact[0] < 0.95
    assert np.abs(z_scores(means, exact)).max() < 4.5
    assert means[:, 2].std() / np.sqrt(128) / exact[2] < 0.004


@pytest.mark.validate
@BOTH
@pytest.mark.parametrize("wells", WELLS)
def test_free_molecules_to_four_digits(crystal, cls, wells):
    """⟨n⟩, ⟨u²⟩ and ⟨u⁴⟩ with relative standard errors below 10⁻⁴, against integrals over one site."""
    model = crystal("free", (64, 64), wells, enthalpy=1000.0)
    means = lane_means(make_batch(cls, model, 16), 300.0, 0.2, 200, 12000, 2)[:, :5]
    exact = np.array(twin.free_averages(model, 300.0, 0.2))
    assert np.abs(z_scores(means, exact)).max() < 4.5
    error = means.std(axis=0, ddof=1) / 4.0
    assert np.all(error[[0, 2, 3]] / exact[[0, 2, 3]] < 1e-4)


@BOTH
@pytest.mark.parametrize("name", ["neighbours", "frustrated"])
@pytest.mark.parametrize("wells", ["deep", "shallow"])
def test_two_by_two_crystals(crystal, cls, name, wells):
    """Against a transfer matrix over a grid of u; the same test sees 5 % in a coupling."""
    model = crystal(name, (2, 2), wells, enthalpy=900.0)
    means = lane_means(make_batch(cls, model, 4096), 300.0, 0.3, 60, 40, 8)[:, :7]
    assert np.abs(z_scores(means, twin.ring_averages(model, 300.0, 0.3))).max() < 4.5
    J, K = model.couplings[:2]
    wrong = Model(model.lattice, model.spin, model.distortion, (NearestNeighbours(J, 1.05 * K),))
    assert np.abs(z_scores(means, twin.ring_averages(wrong, 300.0, 0.3))).max() > 6.0


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (DisplaciveLatticeBatch, "far"),
        *((DisplaciveReplicaBatch, name) for name in ("far", "far repulsive", "far mixed")),
    ],
)
def test_infinite_range_of_sixteen_molecules(crystal, cls, name):
    """Terms of any sign, the mixed one too, against convolutions of one-site densities."""
    far = {"far": (120, 250, 0), "far repulsive": (-150, -200, 0), "far mixed": (-60, 100, 150)}[name]
    free = crystal("free", (4, 4), enthalpy=900.0)
    model = Model(free.lattice, free.spin, free.distortion, (InfiniteRange(*(E * KELVIN for E in far)),))
    means = lane_means(make_batch(cls, model, 1024), 300.0, 0.0, 120, 60, 10)[:, [0, 7, 8, 9]]
    assert np.abs(z_scores(means, twin.far_averages(model, 300.0))).max() < 4.5


def test_both_kernels_give_the_same_averages(crystal):
    model = crystal("both", (5, 6), enthalpy=900.0)
    means = [
        lane_means(make_batch(cls, model, 256), 280.0, 0.1, 150, 60, 10)
        for cls in (DisplaciveLatticeBatch, DisplaciveReplicaBatch)
    ]
    error = np.hypot(*(m.std(axis=0, ddof=1) / 16 for m in means))
    assert np.abs((means[0] - means[1]).mean(axis=0) / error).max() < 4.5


@pytest.mark.parametrize("mistake", ["", "no density", "no volume", "no refusal", "step by place"])
def test_mistakes_are_seen(crystal, mistake):
    """Free molecules moved by the twin: right as it stands, wrong without any one part of the acceptance."""
    model, T, rng = crystal("free", (2, 2), "shallow", enthalpy=900.0), 300.0, np.random.default_rng(1)
    table = make_batch(DisplaciveReplicaBatch, model).table
    d_h = model.spin.enthalpy / KELVIN - T * model.spin.ln_g

    def H(n, u):
        return n * d_h + twin.potential(model, n, u)

    n, u, total = np.zeros(4096, dtype=np.int64), np.zeros(4096), 0.0
    for sweep in range(250):
        words = rng.integers(0, 2**32, (2, 4096), dtype=np.uint64)
        n, u, _ = twin.both_moves(n, u, H, T, table, *words, mistake)
        if sweep >= 50:
            total = total + np.stack([n, u, u**2, u**4, n * u**2], axis=1) / 200
    worst = np.abs(z_scores(total, twin.free_averages(model, T))).max()
    assert worst < 4.5 if not mistake else worst > 8.0


@BOTH
def test_energy_and_sums_are_the_oracles(crystal, cls):
    for shape in [(2, 2), (2, 5), (9, 6), (7, 33), (3, 3, 3), (6, 4, 8)]:
        for name in ("free", "both") if cls is DisplaciveLatticeBatch else ("both", "mixed"):
            model = crystal(name, shape)
            batch = make_batch(cls, model)
            control = Control(np.array([150.0, 300.0, 900.0]), np.array([0.0, 0.1, 0.2]), np.array([0.0, 0.3, -0.5]))
            batch.advance(control, control, 0, 4, 4)
            batch.recount()
            sums = batch.sums()
            energy = batch.energy(sums, control.pressure, control.field)
            for r in range(3):
                state = batch.state(r)
                assert state.distortion.dtype == np.float32
                oracle = model.energy(state, control.pressure[r], control.field[r])
                assert energy[r] == pytest.approx(oracle, rel=1e-12, abs=1e-9)
                assert sums.n[r] == np.sum(state.spin == 1)
                assert sums.u[r] == pytest.approx(np.sum(state.distortion, dtype=float), abs=1e-9)
                assert batch.eta()[r] == pytest.approx(state.eta, abs=1e-12)


@BOTH
def test_drift_of_the_running_sum_is_an_error(crystal, cls):
    batch = make_batch(cls, crystal("both", (4, 4)))
    batch.recount()
    batch.running[1, 0] += 1
    with pytest.raises(StateError, match="recount"):
        batch.recount()


@pytest.mark.parametrize("start", STARTS)
def test_starts_are_at_the_bottom_of_a_well(crystal, start):
    state = Simulation(crystal("far", (20, 20)), 300.0, start=start, seed=3).state
    assert np.array_equal(np.abs(state.distortion), state.spin == 1)
    assert state.gamma == {"LS": 0.0, "random": pytest.approx(0.5, abs=0.1)}.get(start, 1.0)
    if start in ("HS+", "HS-"):
        assert state.eta == {"HS+": 1.0, "HS-": -1.0}[start]
    elif start != "LS":
        assert abs(state.eta) < 0.25
        assert {-1.0, 1.0} <= set(np.unique(state.distortion))


def test_configurations_that_do_not_belong_are_refused(crystal, build):
    model = crystal("far", (4, 4))
    batch, other = (make_one(m, "HS", 0, "metropolis", "lattice") for m in (model, build("far", (4, 4))))
    with pytest.raises(StateError, match="no configuration"):
        batch.restore(other.memory())
    with pytest.raises(StateError, match="no configuration"):
        other.restore(batch.memory())
    memory = batch.memory()
    memory["codes_u"][0, 1, 1] = np.nan
    with pytest.raises(StateError, match="no configuration"):
        batch.restore(memory)


def test_heat_bath_is_refused(crystal):
    with pytest.raises(InputError, match=r"dynamics = 'heat-bath'.*use dynamics = 'metropolis' with Displacive"):
        Simulation(crystal("free", (4, 4)), 300.0, dynamics="heat-bath")


def test_counters_do_not_overflow(crystal):
    """All molecules of 300 rows flip at once, twice: far beyond 8 bits."""
    batch = make_batch(DisplaciveLatticeBatch, crystal("free", (300, 4)), start="LS")
    for pressure in (-100.0, 100.0):
        control = controls(3, 100.0, pressure)
        for _ in range(20):
            batch.advance(control, control, 0, 1, 1)
            batch.recount()
        assert batch.sums().n.tolist() == [1200 * (pressure < 0)] * 3


def test_table_of_proposals_holds_the_moments_of_the_wells():
    """Centre, ratio and reach at one temperature against sums over a fine grid; and at the ends of the table."""
    for barrier, stiffness in WELLS.values():
        wells = Wells(barrier, stiffness, -4.0 * barrier)
        u = np.linspace(0.0, 4.0, 200_001)
        for T in (40.0, 300.0):
            low = np.exp(-(stiffness / 2 * u**2 + barrier * u**4) / T)
            high = np.exp(-barrier * (u**2 - 1) ** 2 / T)
            mean = np.average(u, weights=high)
            deviation = np.sqrt(np.average((u - mean) ** 2, weights=high))
            centre, ratio, reach = twin.proposals(wells.table(), T)
            assert centre == pytest.approx(mean, rel=2e-3)
            assert ratio == pytest.approx(deviation / np.sqrt(np.average(u**2, weights=low)), rel=1e-2)
            assert reach / deviation == pytest.approx(2.6, rel=5e-3)
        table = wells.table()
        assert np.all(np.isfinite(table))
        assert np.all(table[1:] > 0)
