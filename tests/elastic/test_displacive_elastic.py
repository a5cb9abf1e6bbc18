"""Continuous distortions in an elastic crystal: against a sampler that sums every pair, and bit by bit with itself."""

import displacive_twin as twin
import naive
import numpy as np
import pytest

from mcsco.engine import Control, field_batch
from mcsco.engine.batch import start_codes
from mcsco.engine.displacive_batch import DisplaciveFieldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.model import (
    Displacive,
    Elasticity,
    InfiniteRange,
    Lattice,
    LongRange,
    Model,
    NearestNeighbours,
    SpinCrossover,
)
from mcsco.units import KELVIN, R

T = 300.0
TILTED = ((0.02, 0.006), (0.006, 0.01))  # a volume strain with a shear: n and u meet on the site
CASES = {
    "shear": (Elasticity((12.0, 4.2, 3.5), 970.0, 0.0, 0.027),),
    "both": (Elasticity((12.0, 4.2, 3.5), 970.0, TILTED, 0.02), NearestNeighbours(-20 * KELVIN, 60 * KELVIN)),
    "frustrated": (
        LongRange({(0, 1): -90 * KELVIN, (1, 1): -60 * KELVIN}, "distortion"),
        InfiniteRange(-100 * KELVIN, -150 * KELVIN),
    ),
}


def build(name, shape, gap=100.0):
    spin = SpinCrossover((gap + 3.0 * T) * KELVIN, 3.0 * R)
    return Model(Lattice(shape), spin, Displacive(500 * KELVIN, 2500 * KELVIN), CASES[name])


def make(model, n_replicas, threads=1, seed=11):
    codes = start_codes(model, "random", n_replicas, seed, 0)
    return DisplaciveFieldBatch(model, codes, "metropolis", make_key(seed, 0), threads)


def control(n_replicas, T=T, field=0.0):
    return Control(np.full(n_replicas, T), np.zeros(n_replicas), np.full(n_replicas, field))


class PairSampler:
    """Metropolis with the whole energy as one quadratic form of (n, u), summed over all pairs; no proposal fits a well.

    Beside steps of u there are flips that throw u anywhere into [−2, 2].
    """

    def __init__(self, model, n_replicas, rng):
        N = model.lattice.n_sites
        pairs, (d_h, J, K, Gamma, K_inf, *_) = model.pair_terms, twin.in_kelvin(model)
        basis = np.eye(2 * N).reshape(2 * N, 2, *model.lattice.shape)
        shifts = np.array([pairs.energies(b[:, None])[0] for b in basis])
        both = np.array([[pairs.energies((a + b)[:, None])[0] for b in basis] for a in basis])
        zero = pairs.energies(np.zeros((2, 1, *model.lattice.shape)))[0]
        M = (both - shifts[:, None] - shifts[None, :] + zero) / KELVIN  # second derivatives
        self.linear = (shifts - zero) / KELVIN - np.diag(M) / 2
        for i, j in naive.bonds(model.lattice.shape):
            for a, b, c in ((i, j, -4 * J), (N + i, N + j, -K)):
                M[a, b] += c
                M[b, a] += c
        M[:N, :N] -= 2 * Gamma / N
        M[N:, N:] -= K_inf / N
        self.M = M
        self.linear[:N] += d_h - T * model.spin.ln_g + Gamma + 2 * J * model.lattice.coordination
        self.model, self.N, self.rng = model, N, rng
        self.x = np.concatenate([rng.integers(0, 2, (n_replicas, N)), rng.normal(0, 0.5, (n_replicas, N))], axis=1)

    def sweep(self):
        """Three attempts at every site: a flip and two steps."""
        x, N, rng = self.x, self.N, self.rng
        everyone = np.arange(len(x))
        for i in rng.permutation(N):
            for flips in (True, False, False):
                n, u = x[:, i].copy(), x[:, N + i].copy()
                new_n = 1 - n if flips else n
                new_u = rng.uniform(-2, 2, len(x)) if flips else u + rng.uniform(-0.6, 0.6, len(x))
                d = np.stack([new_n - n, new_u - u], axis=1)
                at = [i, N + i]
                dE = np.einsum("rp,rp->r", d, x @ self.M[:, at] + self.linear[at])
                dE += 0.5 * np.einsum("rp,pq,rq->r", d, self.M[np.ix_(at, at)], d)
                dE += twin.potential(self.model, new_n, new_u) - twin.potential(self.model, n, u)
                inside = (np.abs(u) <= 2) & (np.abs(new_u) <= 2)
                accepted = everyone[inside & (rng.random(len(x)) < np.exp(np.minimum(0.0, -dE / T)))]
                x[accepted, i], x[accepted, N + i] = new_n[accepted], new_u[accepted]


def averages(n, u):
    """Of every replica: γ, γ², η², ⟨u²⟩, ⟨u⁴⟩, ⟨n u²⟩ and, for the pattern, ⟨n u⟩²."""
    gamma, eta = n.mean(axis=1), u.mean(axis=1)
    rows = (gamma, gamma**2, eta**2, (u**2).mean(axis=1), (u**4).mean(axis=1), (n * u**2).mean(axis=1))
    return np.stack([*rows, (n * u).mean(axis=1) ** 2], axis=1)


@pytest.mark.parametrize("name", CASES)
def test_against_a_sampler_of_pairs(name):
    model = build(name, (3, 3), {"shear": 0.0, "both": -400.0, "frustrated": 0.0}[name])
    sampler = PairSampler(model, 1500, np.random.default_rng(2))
    batch, at = make(model, 512), control(512)
    slow = fast = 0.0
    for sweep in range(240):
        sampler.sweep()
        if sweep >= 60:
            slow = slow + averages(sampler.x[:, :9], sampler.x[:, 9:]) / 180
    batch.advance(at, at, 0, 100, 100)
    for _ in range(150):
        batch.advance(at, at, 0, 6, 6)
        codes = batch.codes().reshape(512, -1)
        fast = fast + averages(codes["n"].astype(float), codes["u"].astype(float)) / 150
    error = np.hypot(*(x.std(axis=0, ddof=1) / np.sqrt(len(x)) for x in (slow, fast)))
    z = (slow.mean(axis=0) - fast.mean(axis=0)) / error
    assert 0.15 < fast[:, 0].mean() < 0.9
    assert np.all(error[[0, 3]] / fast.mean(axis=0)[[0, 3]] < 0.01)
    assert np.abs(z).max() < 4.5, z


@pytest.mark.parametrize(
    ("name", "shape"),
    [(name, shape) for name in CASES for shape in ((8, 32), (9, 10))] + [("shear", (4, 4, 32)), ("shear", (3, 4, 5))],
)
def test_energy_is_the_oracles(name, shape):
    model = build(name, shape)
    batch, at = make(model, 2), control(2, 250.0, 0.3)
    batch.advance(at, at, 0, 3, 3)
    batch.recount()
    energy = batch.energy(batch.sums(), at.pressure, at.field)
    for r in range(2):
        assert energy[r] == pytest.approx(model.energy(batch.state(r), 0.0, 0.3), rel=1e-11, abs=1e-8)


@pytest.mark.parametrize("name", ["shear", "both"])
@pytest.mark.parametrize("n_replicas", [1, 3])
def test_fast_fields_are_the_fields_of_any_shape(name, n_replicas, monkeypatch):
    """Without noise, T → 0, the draw in one piece and SciPy's transforms give the same fields of the same n and u."""
    model = build(name, (8, 32))
    fast = make(model, n_replicas)
    assert fast.spectral is not None
    at = control(n_replicas)
    fast.advance(at, at, 0, 5, 5)
    monkeypatch.setattr(field_batch, "is_spectral", lambda shape: False)
    general = make(model, n_replicas)
    assert general.spectral is None
    general.set_codes(fast.codes())
    fields = []
    for batch in (fast, general):
        batch.start[:, 0], batch.step[:] = 1e-10, 0.0
        batch._draw(1)
        inside = batch.packed.copy()
        inside[:, :-1] = 1
        fields.append(
            [
                f.reshape(inside.shape)[:, :-1, fast.layout.offset : fast.layout.offset + 16 * n_replicas]
                for f in batch.fields[:2]
            ]
        )
    for a, b in zip(*fields, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4 * np.abs(b).max())
        assert b.std() > 0 or name == "shear"


@pytest.mark.parametrize("shape", [(16, 64), (9, 10)], ids=str)
def test_same_trajectory_for_threads_chunks_and_a_resume(shape):
    model = build("both", shape)
    begin, end = control(2, 250.0), control(2, 320.0, 0.2)
    whole = make(model, 2)
    whole.advance(begin, end, 0, 12, 12)
    threads = make(model, 2, threads=3)
    threads.advance(begin, end, 0, 12, 12)
    first = make(model, 2)
    first.advance(begin, end, 0, 5, 12)
    second = make(model, 2)
    second.restore(first.memory())
    second.advance(begin, end, 5, 7, 12)
    for other in (threads, second):
        assert np.array_equal(other.codes(), whole.codes())
