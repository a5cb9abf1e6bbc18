"""Activated dynamics in real time against exact laws: single molecules, rate equations, light, TIESST, resume."""

import numpy as np
import pytest
from scipy import integrate, stats

import mcsco
from mcsco import (
    Illumination,
    InfiniteRange,
    InputError,
    Kinetics,
    Lattice,
    Model,
    NearestNeighbours,
    OrderDisorder,
    Relaxation,
    SpinCrossover,
    TemperatureScan,
)
from mcsco.engine.arrhenius_batch import ArrheniusBatch
from mcsco.engine.batch import Control, start_codes
from mcsco.engine.nfold_batch import NFoldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.observables import light_induced_loop, relaxation_fit, relaxation_temperature, threshold_intensity
from mcsco.sampling import KineticJourney, simulate_kinetics
from mcsco.units import KELVIN, R

FREE = Model(Lattice((32, 32)), SpinCrossover(16.0, 66.5))
COOPERATIVE = Model(Lattice((48, 48)), SpinCrossover(16.0, 66.5), None, (InfiniteRange(1.5),))


def rates(model, kinetics, T, gamma=1.0):
    """(LS → HS, HS → LS) in 1/s of two states, in mean field."""
    RT = R / 1000 * T
    gap = model.spin.enthalpy + model.couplings.Gamma * (1 - 2 * gamma)
    return (
        kinetics.rate * np.exp(model.spin.ln_g - (kinetics.barrier + gap / 2) / RT),
        kinetics.rate * np.exp(-(kinetics.barrier - gap / 2) / RT),
    )


@pytest.mark.parametrize(("temperature", "start", "other"), [(60.0, "HS", 1.05), (210.0, "LS", 1.5)])
def test_single_molecules_relax_exponentially_with_the_sum_of_both_rates(temperature, start, other):
    kinetics = Kinetics(1e6, 17.0)
    up, down = rates(FREE, kinetics, temperature)
    k, limit = up + down, up / (up + down)
    first = 1.0 if start == "HS" else 0.0
    found = simulate_kinetics(FREE, Relaxation(temperature, 3 / k, 12), 1, kinetics=kinetics, start=start, replicas=16)
    gamma = limit + (first - limit) * np.exp(-k * found.time.values)
    error = np.sqrt(gamma * (1 - gamma) / (FREE.lattice.n_sites * 16))
    deviation = (found.gamma.values.mean(axis=0) - gamma) / error
    assert np.sum(deviation**2) < stats.chi2.isf(1e-4, 12) * 2  # measurements of one run are correlated
    wrong = limit + (first - limit) * np.exp(-other * k * found.time.values)
    assert np.abs((found.gamma.values.mean(axis=0) - wrong) / error).max() > 6


def test_mean_field_rate_equation():
    """Infinite range at N → ∞: dγ/dt = W_up(γ)(1 − γ) − W_down(γ)γ, self-accelerated."""
    T, kinetics = 55.0, Kinetics.with_hs_barrier(COOPERATIVE, 1e6, 10.0)
    k = rates(COOPERATIVE, kinetics, T)[1]

    def slope(_, y):
        up, down = rates(COOPERATIVE, kinetics, T, y[0])
        return [up * (1 - y[0]) - down * y[0]]

    found = simulate_kinetics(COOPERATIVE, Relaxation(T, 0.8 / k, 20), 4, kinetics=kinetics, replicas=24)
    exact = integrate.solve_ivp(slope, (0, 0.8 / k), [1.0], t_eval=found.time.values, rtol=1e-9, atol=1e-12).y[0]
    mean, error = found.gamma.values.mean(axis=0), found.gamma.values.std(axis=0, ddof=1) / np.sqrt(24)
    N = COOPERATIVE.lattice.n_sites
    assert np.all(np.abs(mean - exact) < 4.5 * error + 4 / N)
    assert exact[0] > 0.95
    assert exact[-1] < 0.1
    not_accelerated = np.exp(-k * found.time.values)
    assert np.abs(mean - not_accelerated).max() > 50 * error.max()
    fit = relaxation_fit(found)
    assert fit.verdict == "sigmoidal"
    alpha = 1.5 / (R / 1000 * T)
    assert fit.sigmoidal.shape.value == pytest.approx(alpha, abs=4 * fit.sigmoidal.shape.error + 0.01 * alpha)
    assert fit.sigmoidal.rate.value == pytest.approx(k, abs=4 * fit.sigmoidal.rate.error + 0.01 * k)


def test_a_free_molecule_is_found_to_relax_exponentially():
    kinetics = Kinetics(1e6, 17.0)
    k = rates(FREE, kinetics, 60.0)[1]
    fit = relaxation_fit(simulate_kinetics(FREE, Relaxation(60.0, 4 / k, 40), 7, kinetics=kinetics, replicas=8))
    assert fit.verdict == "exponential"
    assert fit.exponential.rate.value == pytest.approx(k, abs=4 * fit.exponential.rate.error)


def passage_times(kind, model, kinetics, T, n, seed, stretch=1.0):
    """Time in s at which γ first falls to 1/2 from HS+, of n replicas, resolved by short intervals."""
    codes = start_codes(model, "HS+", n, seed, 0)
    control = Control(np.full(n, T), np.zeros(n), np.zeros(n))
    steps = ArrheniusBatch(model, codes, "arrhenius", make_key(seed, 1), kinetics=kinetics)
    steps.advance(control, control, 0, 1, 1)
    dt = float(steps.seconds[0])
    batch = steps if kind == "steps" else NFoldBatch(model, codes, make_key(seed, 2), kinetics, 20 * dt)
    found, half = np.full(n, np.nan), model.lattice.n_sites / 2
    t = 0.0
    while np.isnan(found).any():
        batch.advance(control, control, 0, 20 if kind == "steps" else 1, 20)
        t += 20 * dt
        found[np.isnan(found) & (batch.running[:, 0] <= half)] = t
    return found * stretch


def test_both_kernels_have_the_same_first_passage_times():
    """Two-sample Kolmogorov-Smirnov; a clock that is 15 % slow is seen."""
    far, near = InfiniteRange(0.3, 0.8), NearestNeighbours(0.05, 0.2)
    model = Model(Lattice((4, 4)), SpinCrossover(16.0, 66.5), OrderDisorder(), (far, near))
    kinetics = Kinetics(1e6, 17.0, flip_barrier=16.0)
    # All replicas of the equal steps visit the same molecules: several batches, so that they count as independent.
    steps = np.concatenate([passage_times("steps", model, kinetics, 150.0, 40, seed) for seed in range(15)])
    events = passage_times("nfold", model, kinetics, 150.0, 600, 50)
    assert stats.ks_2samp(steps, events).pvalue > 1e-3
    assert stats.ks_2samp(steps, events * 1.15).pvalue < 1e-4


def test_simulation_with_arrhenius_dynamics_counts_seconds():
    kinetics = Kinetics(1e6, 17.0)
    simulation = mcsco.Simulation(FREE, 200.0, start="HS", seed=2, dynamics="arrhenius", kinetics=kinetics)
    simulation.run(5)
    up, down = rates(FREE, kinetics, 200.0)
    assert simulation.time == pytest.approx(5 / max(up, down), rel=1e-12)
    assert np.isnan(mcsco.Simulation(FREE, 200.0).time)


def test_light_drives_free_molecules_to_the_balance_of_all_rates():
    kinetics = Kinetics(1e6, 17.0)
    T, light, quantum_yield, reverse = 50.0, 2.0, 0.5, 0.4
    up, down = rates(FREE, kinetics, T)
    expected = (up + light * quantum_yield) / (up + down + light * quantum_yield + reverse)
    part = Illumination(T, 40.0, light, quantum_yield, reverse, measurements=100)
    found = simulate_kinetics(FREE, part, 3, kinetics=kinetics, replicas=8)
    gamma = found.gamma.values[:, 20:].mean(axis=1)
    assert gamma.mean() == pytest.approx(expected, abs=4 * gamma.std(ddof=1) / np.sqrt(8))
    assert abs(gamma.mean() - (up + light) / (up + down + light + reverse)) > 0.05


def test_light_fills_both_variants_equally():
    model = Model(Lattice((32, 32)), SpinCrossover(16.0, 66.5), OrderDisorder())
    found = simulate_kinetics(model, Illumination(10.0, 5.0, 1.0, measurements=5), 5, replicas=8)
    assert found.gamma.values[:, -1].mean() == pytest.approx(1 - np.exp(-5.0), abs=4 * 0.0009)
    assert abs(found.eta.values[:, -1].mean()) < 4 / np.sqrt(8 * 1024)


@pytest.mark.parametrize(("exponent", "barrier"), [(6, 1318), (8, 1605), (10, 1893), (12, 2183)])
def test_trapped_hs_relaxes_at_65_kelvin(exponent, barrier):
    """HS molecules frozen at 30 K and warmed at 0.3 K/min relax fastest at 65 K: E_a/T² · r = k∞ e^{−E_a/T}."""
    kinetics = Kinetics.with_hs_barrier(FREE, 10.0**exponent, barrier * KELVIN)
    parts = [Relaxation(30.0, 10 * 3600.0, 4), TemperatureScan((30, 90), 0.3)]
    found = simulate_kinetics(FREE, parts, exponent, kinetics=kinetics, replicas=16)
    assert np.all(found.gamma.values[:, :4] == 1.0)
    T = relaxation_temperature(found, leg=1)
    assert T.value == pytest.approx(65.0, abs=4 * T.error + 0.1)
    assert T.error < 0.4


def test_faster_warming_relaxes_at_a_higher_temperature():
    kinetics = Kinetics.with_hs_barrier(FREE, 1e8, 1605 * KELVIN)
    slow, fast = (
        relaxation_temperature(simulate_kinetics(FREE, TemperatureScan((40, 100), rate), 1, kinetics=kinetics))
        for rate in (0.3, 5.0)
    )
    # E_a/T² r = k∞ e^{−E_a/T} at 5 K/min
    assert fast.value == pytest.approx(72.8, abs=4 * fast.error + 0.15)
    assert fast.value - slow.value > 5


def test_thermal_loop_widens_with_the_scan_rate():
    model = Model(Lattice((16, 16)), SpinCrossover(15.6, 66.5), None, (InfiniteRange(5.0),))
    kinetics = Kinetics(0.1, 0.0)

    def width(rate):
        parts = [TemperatureScan((170, 300), rate, 0.5, 0.5), TemperatureScan((300, 170), rate, 0.5, 0.5)]
        found = simulate_kinetics(model, parts, 1, kinetics=kinetics, replicas=4, start="LS")
        return mcsco.observables.loop(found).q.width

    slow, fast = width(4.0), width(100.0)
    assert fast.value - slow.value > 4 * np.hypot(fast.error, slow.error)


def test_light_induced_hysteresis_and_threshold():
    kinetics = Kinetics.with_hs_barrier(COOPERATIVE, 1e6, 10.0)
    light = {"rate": 1e-3, "step": 0.5, "measure_every": 0.5}
    parts = [
        Illumination(20.0, 8000.0, 1e-3, measurements=4),
        TemperatureScan((20, 90), 0.5, **light),
        TemperatureScan((90, 20), 0.5, **light),
    ]
    loop = light_induced_loop(simulate_kinetics(COOPERATIVE, parts, 1, kinetics=kinetics, replicas=4), 1, 2)
    assert loop.width.value > 5
    assert loop.T_up.value > loop.T_down.value
    runs = [
        simulate_kinetics(COOPERATIVE, Illumination(55.0, 5e3, rate, measurements=20), 2, kinetics=kinetics, replicas=2)
        for rate in (1e-4, 1e-3, 1e-2, 1e-1)
    ]
    found = threshold_intensity(runs)
    assert found.low < found.value < found.high
    with pytest.raises(InputError, match="at least two intensities"):
        threshold_intensity(runs[:1])


@pytest.mark.parametrize("near", [False, True], ids=["far", "near"])
def test_resume_and_chunks_are_bit_identical(near, monkeypatch):
    terms = (InfiniteRange(0.5, 1.0, -0.2), *((NearestNeighbours(0.1, 0.2),) if near else ()))
    model = Model(Lattice((5, 4, 3)), SpinCrossover(16.0, 66.5), OrderDisorder(), terms)
    parts = [Illumination(40.0, 10.0, 1.0, measurements=3), TemperatureScan((40, 90), 5.0, 1.0, 5.0)]

    def journey():
        return KineticJourney(model, parts, 9, kinetics=Kinetics(1e6, 17.0), replicas=6, snapshots=2, threads=1)

    whole = journey()
    assert whole.run()
    monkeypatch.setattr("mcsco.engine.nfold_batch._DRAWS_PER_CALL", 60)
    pieces, calls = journey(), 0

    def stopped():
        nonlocal calls
        calls += 1
        return calls % 7 == 0

    while not pieces.run(stopped):
        memory = pieces.memory()
        pieces = journey()
        pieces.restore(memory)
    assert calls > 50
    a, b = whole.dataset(), pieces.dataset()
    for name in ("gamma", "eta", "energy", "spin", "snapshot_distortion", "time"):
        np.testing.assert_array_equal(a[name].values, b[name].values)
    assert whole.n_events == pieces.n_events > 100


def test_barrier_of_the_hs_phase():
    model = mcsco.presets.load("pmpea-nn", (4, 4, 4))
    kinetics = Kinetics.with_hs_barrier(model, 1e8, 13.0)
    assert kinetics.hs_barrier(model) == pytest.approx(13.0, rel=1e-12)
    all_hs = np.ones(model.lattice.shape, dtype=np.int8)
    one_ls, u = all_hs.copy(), all_hs.copy()
    one_ls[0, 0, 0], u[0, 0, 0] = -1, 0
    gap = model.energy(mcsco.State(all_hs, all_hs)) - model.energy(mcsco.State(one_ls, u))
    assert kinetics.barrier - gap / 2 == pytest.approx(13.0, rel=1e-9)


def test_what_is_refused():
    elastic, displacive = (mcsco.presets.load(name, (8, 8)) for name in ("pmpea-elastic", "pmpea-displacive"))
    with pytest.raises(InputError, match="elasticity and long-range couplings have no thermally activated rates"):
        simulate_kinetics(elastic, Relaxation(60.0, 1.0))
    with pytest.raises(InputError, match="Displacive"):
        mcsco.Simulation(displacive, 60.0, dynamics="arrhenius")
    with pytest.raises(InputError, match="'lattice': has no dynamics 'arrhenius'"):
        mcsco.Simulation(FREE, 60.0, dynamics="arrhenius", kernel="lattice")
    with pytest.raises(InputError, match="dynamics = 'metropolis' has no rates"):
        mcsco.Simulation(FREE, 60.0, kinetics=Kinetics())
    with pytest.raises(InputError, match="cannot stand beside them"):
        simulate_kinetics(FREE, [Relaxation(60.0, 1.0), mcsco.Hold(60.0, 10)])
    with pytest.raises(InputError, match="kinetics rate = 0"):
        Kinetics(rate=0)
    with pytest.raises(InputError, match="spacing = 'log'"):
        Relaxation(60.0, 1.0, spacing="log")
    with pytest.raises(InputError, match="use Relaxation for a constant temperature"):
        TemperatureScan((60, 60))
