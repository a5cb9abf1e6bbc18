"""Simulated block spins under one global strain against exact finite-N sums, and wrong models that must fail."""

from dataclasses import replace

import agreement
import numpy as np
import pytest

from mcsco import Hold, landau, observables
from mcsco.meanfield import BridgeFiniteSize
from mcsco.model import SpinCrossover
from mcsco.model.bridge import GlobalStrain, pmpea_bridge
from mcsco.sampling import simulate_bridge

BLOCKS = GlobalStrain.matched(landau.load("source-paper"), 66.5, 4)
PRESSED = GlobalStrain(SpinCrossover(2.4, 11.0, 15.0), 0.3, -0.2, 0.5, -0.3, -0.4, 3)

CASES = {  # model, N, temperatures, pressure
    "preset": (pmpea_bridge(), 64, (200.0, 220.0, 228.0, 235.0, 300.0), 0.0),
    "blocks": (BLOCKS, 64, (218.0, 230.0, 260.0), 0.0),
    "pressed": (PRESSED, 30, (60.0, 170.0), 0.02),
    "two spins": (PRESSED, 6, (90.0,), 0.0),
}


@pytest.fixture(scope="module")
def holds():
    """Series of every case: (model, N, pressure, T, dataset)."""
    found = []
    for index, (model, N, temperatures, pressure) in enumerate(CASES.values()):
        for T in temperatures:
            hold = Hold(T, 12_000, 3, equilibration=1_000, pressure=pressure)
            dataset = simulate_bridge(model, hold, seed=100 * index + int(T), n_molecules=N, replicas=16)
            found.append((model, N, pressure, T, dataset))
    return found


def compare(holds, change=lambda model: model):
    """Simulated averages against the exact sum of `change(model)`."""
    comparisons = []
    for model, N, pressure, T, dataset in holds:
        exact = BridgeFiniteSize(change(model), N, pressure).averages(T)
        eta = np.abs(dataset.eta.values)
        for what, expected, series in (
            ("q", exact.q, dataset.q.values),
            ("|eta|", exact.eta_abs, eta),
            ("eta^2", exact.eta2, eta**2),
            ("energy", exact.energy, dataset.energy.values),
            ("var q", 4 * exact.var_gamma, (dataset.q.values - exact.q) ** 2),
        ):
            found = observables.estimate(series)
            comparisons.append(agreement.Comparison(f"{what} at {T:g} K, N = {N}", expected, found))
    return comparisons


def test_averages_equal_exact_sums(holds, record_property):
    claim = "block spins under one global strain: q, |η|, η², energy and var q against exact finite-N sums"
    agreement.check(claim, compare(holds), record_property, together=5)


WRONG = {
    "entropy off by 0.5 %": lambda m: replace(m, spin=replace(m.spin, entropy=1.005 * m.spin.entropy)),
    "E off by 2 %": lambda m: replace(m, E=1.02 * m.E),
    "b off by 2 %": lambda m: replace(m, b=1.02 * m.b),
    "factor 1/2 in B": lambda m: replace(m, B=2 * m.B),
    "C without its 1/4": lambda m: replace(m, C=4 * m.C),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_models_are_rejected(holds, name):
    assert agreement.is_rejected(compare(holds, WRONG[name]))


def test_blocks_of_another_size_are_rejected(holds):
    of_blocks = [hold for hold in holds if hold[0] is BLOCKS]
    assert agreement.is_rejected(compare(of_blocks, lambda m: replace(m, block_size=2)))


@pytest.mark.validate
@pytest.mark.parametrize(("n_molecules", "up", "down"), [(1000, 233.75, 221.75), (10_000, 234.75, 220.25)])
def test_reference_loop_of_200_sweeps_every_half_kelvin(n_molecules, up, down):
    """The reference is one run each: it must lie within the scatter of runs, and the mean within a step."""
    T = np.arange(210.0, 242.01, 0.5)
    for temperatures, start, expected in ((T, "LS", up), (T[::-1], "HS+", down)):
        steps = [Hold(float(t), 200, 200) for t in temperatures]
        found = simulate_bridge(pmpea_bridge(), steps, seed=7, n_molecules=n_molecules, replicas=16, start=start)
        sign = 1 if start == "LS" else -1
        crossed = (sign * found.q.values > 0).argmax(axis=1)
        jumps = (temperatures[crossed] + temperatures[crossed - 1]) / 2
        scatter = max(jumps.std(ddof=1), 0.25 / np.sqrt(3))
        assert abs(jumps.mean() - expected) < 2.5 * scatter
        assert abs(jumps.mean() - expected) < 0.5
