"""Both kernels beyond enumeration: against each other, and against the exact sum over (N₊, N₋) at infinite range."""

import numpy as np
import pytest
from scipy.special import gammaln

from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.random_numbers import make_key
from mcsco.engine.replica_batch import ReplicaBatch
from mcsco.model import presets
from mcsco.units import KELVIN, R


def lane_means(cls, model, T, dynamics, n_replicas, equilibration, n_samples, every, start="random"):
    """Time averages of n, |η|, η², energy and bonds of every replica, shape (n_replicas, 6): independent numbers."""
    batch = cls(model, start_codes(model, start, n_replicas, 1, 0), dynamics, make_key(1, 0))
    control = Control(np.full(n_replicas, T), np.zeros(n_replicas), np.zeros(n_replicas))
    batch.advance(control, control, 0, equilibration, equilibration)
    N, total = model.lattice.n_sites, 0.0
    for _ in range(n_samples):
        batch.advance(control, control, 0, every, every)
        s = batch.sums()
        E = batch.energy(s, np.zeros(n_replicas), np.zeros(n_replicas))
        n, eta = s.n / N, s.u / N
        total = total + np.stack([n, n**2, np.abs(eta), eta**2, E / N / KELVIN, s.bonds_u / N], axis=1)
    return total / n_samples


def scatter(means):
    return means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(len(means))


@pytest.mark.parametrize(
    ("shape", "dynamics"), [((12, 10), "metropolis"), ((7, 9), "heat-bath"), ((4, 5, 6), "metropolis")]
)
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
def test_same_averages(build, shape, dynamics, three):
    model = build("both", shape, three)
    (a, da), (b, db) = (
        scatter(lane_means(cls, model, 280.0, dynamics, 256, 100, 30, 10)) for cls in (LatticeBatch, ReplicaBatch)
    )
    deviation = np.abs(a - b)[da > 0] / np.hypot(da, db)[da > 0]
    assert np.max(deviation) < 4.5
    assert np.max((da / np.maximum(np.abs(a), 1e-9))[:3:2]) < 0.02  # precise enough to mean something


def exact_averages(model, T):
    """⟨n⟩, ⟨n²⟩, ⟨|η|⟩, ⟨η²⟩ and ⟨E⟩/N (K) without nearest neighbours, from the sum over (N₊, N₋)."""
    N = model.lattice.n_sites
    plus, minus = np.meshgrid(np.arange(N + 1), np.arange(N + 1), indexing="ij")
    possible = (plus + minus <= N) & ((minus == 0) | (model.distortion is not None))
    n, eta = (plus + minus) / N, (plus - minus) / N * (model.distortion is not None)
    c = model.couplings
    E = (model.spin.enthalpy * n + c.Gamma * n * (1 - n) - c.K_inf / 2 * eta**2 - c.L * n * eta**2) / KELVIN
    zero = np.where(possible, N - plus - minus, 0)
    log_weight = gammaln(N + 1) - gammaln(plus + 1) - gammaln(minus + 1) - gammaln(zero + 1)
    log_weight = np.where(possible, log_weight + model.spin.ln_g * N * n - N * E / T, -np.inf)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    return [float(np.sum(weight * x)) for x in (n, n**2, np.abs(eta), eta**2, E)]


def test_exact_sum_gives_the_reference_values():
    """Printed values of this model at N = 64; its reference energy counts −J n²/2 with J = −71.68 K where we have Γ."""
    model = presets.load("pmpea-volume", (8, 8))
    n, _, abs_eta, _, E = exact_averages(model, 235.0)
    assert (n, abs_eta) == (pytest.approx(0.919618, abs=5e-6), pytest.approx(0.913869, abs=5e-6))
    assert pytest.approx(1633.116863, abs=2e-4) == E
    n, _, abs_eta, _, E = exact_averages(model, 200.0)
    assert (n, abs_eta, E) == (
        pytest.approx(0.142110, abs=5e-6),
        pytest.approx(0.045200, abs=5e-6),
        pytest.approx(297.555252, abs=2e-4),
    )
    assert model.spin.ln_g == pytest.approx(8.0, rel=1e-12)
    assert model.spin.entropy == pytest.approx(8 * R)


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize(
    ("preset", "cls", "T"),
    [
        ("pmpea-volume", ReplicaBatch, 300.0),
        ("pmpea-volume", ReplicaBatch, 240.0),
        ("pmpea", LatticeBatch, 260.0),
        ("pmpea", ReplicaBatch, 260.0),
        ("fe2fe", LatticeBatch, 250.0),
        ("fe2co", ReplicaBatch, 182.0),
    ],
)
def test_infinite_range_at_64_sites(preset, cls, T, dynamics):
    model = presets.load(preset, (8, 8))
    found, error = scatter(lane_means(cls, model, T, dynamics, 256, 400, 40, 10, "HS"))
    exact = np.array(exact_averages(model, T))
    assert np.all(np.abs(found[:5] - exact) <= 4.5 * error[:5] + 1e-12)
    assert error[0] < 0.005
