"""Phases and barriers of surfaces that are known, and the combination of windows against pymbar."""

import numpy as np
import pytest
import xarray
from scipy import sparse

from mcsco import observables
from mcsco.errors import InputError
from mcsco.observables.basins import find_pass, lowest_path
from mcsco.observables.reweighting import combine
from mcsco.units import KELVIN

T, N = 220.0, 400
RT = T * KELVIN


def wells(depth=0.0, noise=0.0, temperatures=(T,), copies=40, rise=30.0):
    """Two valleys at (−0.6, 0) and (0.6, 0.8) with a ridge of `rise` RT for the crystal, HS deeper by `depth` RT.

    The energy is that of a G which is linear in T, −5 RT (q/0.6) per 10 K for the crystal.
    """
    rng = np.random.default_rng(1)
    q, eta = np.linspace(-0.98, 0.98, 50), np.linspace(0.01, 0.99, 50)
    along = q[:, None] / 0.6
    G = rise * (along**2 - 1) ** 2 - depth * (along + 1) / 2 + 300 * (eta - 0.4 * (1 + along)) ** 2
    G = np.broadcast_to(G * RT / N, (len(temperatures), 50, 50)).copy()
    G += noise * RT / N * rng.normal(size=G.shape)
    spread = rng.normal(size=(copies, *G.shape)) * max(noise, 1e-3) * RT / N
    low = G.min(axis=(1, 2), keepdims=True)
    energy = np.broadcast_to(10.0 * along[:, :, None][None, :, :, 0] * np.ones(50), G.shape)
    on = ("temperature", "q", "eta")
    half = 0.02
    return xarray.Dataset(
        {
            "free_energy": (on, G - low),
            "free_energy_error": (on, spread.std(axis=0)),
            "free_energy_bootstrap": (("bootstrap", *on), G + spread - low),
            "energy": (on, energy),
        },
        coords={
            "temperature": list(temperatures),
            "q": q,
            "eta": eta,
            "q_bounds": (("q", "bound"), np.stack([q - half, q + half], axis=1)),
            "eta_bounds": (("eta", "bound"), np.stack([eta - half / 2, eta + half / 2], axis=1)),
        },
        attrs={"n_sites": N},
    )


def test_two_wells():
    (x,) = observables.surface(wells(depth=4.0, noise=0.05))
    assert x.LS.q.value == pytest.approx(-0.6, abs=0.05)
    assert x.HS.q.value == pytest.approx(0.6, abs=0.05)
    assert x.HS.eta.value == pytest.approx(0.8, abs=0.03)
    assert x.saddle.q.value == pytest.approx(0.0, abs=0.08)
    assert x.total(x.G_LH).value == pytest.approx(28.0, abs=0.5)
    assert x.total(x.G_HL).value == pytest.approx(32.0, abs=0.5)
    assert x.delta_G.value == pytest.approx(x.G_LH.value - x.G_HL.value)
    assert x.total(x.G_LH).error == pytest.approx(0.07, rel=0.4)
    # Of the LS valley only the half with η > 0 is there.
    assert x.log_weight.value == pytest.approx(4.0 + np.log(2.0), abs=0.3)
    assert np.abs(np.diff(np.array(x.path), axis=0)).max() < 0.05
    assert max(wells(depth=4.0)["free_energy"].sel(temperature=T, q=q, eta=e, method="nearest") for q, e in x.path) < (
        1.02 * x.saddle.free_energy.value
    )


def test_noise_is_no_valley():
    (x,) = observables.surface(wells(depth=120.0, noise=0.3))
    assert x.saddle is None
    assert x.LS is None
    assert "one minimum only" in x.G_LH.reason
    assert np.isnan(observables.balance([x]).value)


def test_balance_follows_from_the_energies():
    # d(N ΔG/RT)/dT = −N ΔE/RT² with ΔE = 20 kJ/mol between the minima, so that 4 RT are gone after:
    expected = T - 4.0 / (N * 20.0 / (KELVIN * T**2))
    found = observables.surface(wells(depth=4.0, noise=0.01))
    assert observables.balance(found, "depth").value == pytest.approx(expected, abs=2e-3)
    expected = T - found[0].log_weight.value / (N * 20.0 / (KELVIN * T**2))
    assert observables.balance(found).value == pytest.approx(expected, abs=0.01)
    assert observables.balance(found).error > 0
    with pytest.raises(InputError, match="weight"):
        observables.balance(found, "area")


def test_exponent_of_the_barrier():
    landscapes = []
    for n, rise in ((100, 7.0), (200, 7.0 * 2**0.5), (400, 14.0)):
        dataset = wells(rise=rise, noise=0.02)
        for name in ("free_energy", "free_energy_error", "free_energy_bootstrap"):
            dataset[name] = dataset[name] * N / n
        dataset.attrs["n_sites"] = n
        landscapes += observables.surface(dataset)
    exponent = observables.size_exponent(landscapes)
    assert exponent.value == pytest.approx(0.5, abs=5 * exponent.error)
    assert exponent.error < 0.02
    with pytest.raises(InputError, match="two sizes"):
        observables.size_exponent(landscapes[:1])


def test_not_a_surface():
    with pytest.raises(InputError, match="no free-energy surface"):
        observables.surface(xarray.Dataset())


def test_pass_is_the_lowest_way():
    rng = np.random.default_rng(5)
    for _ in range(20):
        G = rng.random((7, 6))
        G[rng.random(G.shape) < 0.1] = np.nan
        found = find_pass(G)
        if found is None:
            continue
        path = lowest_path(G, found, 0.002)
        assert path[0] == found.low
        assert path[-1] == found.other
        assert max(G[place] for place in path) == G[found.saddle]
        # No way below: without all bins as high as the saddle the two valleys are apart.
        flooded = np.where(G[found.saddle] > G, G, np.nan)
        assert not _joined(flooded, found.low, found.other)
        assert set(found.label[np.isfinite(G)].tolist()) <= {0, 1, -1}


def _joined(G, a, b):
    reached, todo = {a}, [a]
    while todo:
        i, j = todo.pop()
        for x in range(max(0, i - 1), min(G.shape[0], i + 2)):
            for y in range(max(0, j - 1), min(G.shape[1], j + 2)):
                if (x, y) not in reached and np.isfinite(G[x, y]):
                    reached.add((x, y))
                    todo.append((x, y))
    return b in reached


CENTRES, SPRING, LENGTH = np.array([-2.0, -0.7, 0.6, 2.0]), 3.0, 500


class Drawn:
    """Numbers drawn from exp(−x²/2) under four springs, as whole numbers of tenths; ten pieces a window."""

    def __init__(self, seed):
        K = CENTRES.size
        mean = SPRING * CENTRES[:, None] / (1 + SPRING)
        x = np.random.default_rng(seed).normal(mean, 1 / np.sqrt(1 + SPRING), (K, LENGTH))
        self.x = np.rint(10 * x).ravel() / 10
        self.states, index = np.unique(self.x, return_inverse=True)
        self.seen = np.bincount(index)
        units = np.repeat(np.arange(K * 10), LENGTH // 10)
        self.counts = sparse.csr_array((np.ones(self.x.size), (units, index)), shape=(K * 10, self.states.size))
        self.unit = np.repeat(np.arange(K), 10)
        self.bias = SPRING / 2 * (self.states - CENTRES[:, None]) ** 2

    def combined(self, copies=10, repeated=1):
        """The distribution, every measurement counted several times and worth as much less."""
        weight = np.full(CENTRES.size, 1 / repeated)
        return combine(self.bias, repeated * self.counts, self.unit, weight, np.zeros(CENTRES.size), copies, 1)


def test_states_give_what_pymbar_gives_for_measurements():
    from pymbar import MBAR

    drawn = Drawn(3)
    combined = drawn.combined()
    u = SPRING / 2 * (drawn.x - CENTRES[:, None]) ** 2
    mbar = MBAR(u, np.full(CENTRES.size, LENGTH), solver_protocol="robust")
    np.testing.assert_allclose(combined.f, mbar.f_k - mbar.f_k[0], atol=1e-6)
    mixture = (LENGTH * np.exp(mbar.f_k[:, None] - drawn.bias)).sum(axis=0)
    p = drawn.seen / mixture
    np.testing.assert_allclose(np.exp(combined.log_p), p / p.sum(), rtol=1e-6)


def test_errors_are_the_scatter_of_repetitions():
    means, errors = [], []
    for seed in range(80):
        drawn = Drawn(seed)
        combined = drawn.combined(60)
        means.append(np.exp(combined.log_p) @ drawn.states**2)
        errors.append((np.exp(combined.copies) @ drawn.states**2).std(ddof=1))
    # x² of the discrete distribution is larger by 1/12 of the step squared.
    assert np.mean(means) == pytest.approx(1.0 + 0.01 / 12, abs=4 * np.std(means) / 80**0.5)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(means, ddof=1), rel=0.25)


def test_what_measurements_are_worth():
    # Counting every measurement three times, worth a third each, changes nothing.
    drawn = Drawn(5)
    once, thrice = drawn.combined(), drawn.combined(repeated=3)
    np.testing.assert_allclose(once.log_p, thrice.log_p, atol=1e-8)
    seen = np.isfinite(once.copies)
    np.testing.assert_allclose(once.copies[seen], thrice.copies[seen], atol=1e-7)
