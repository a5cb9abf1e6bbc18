"""The draw of long-range fields in one piece, against the general one, NumPy's transforms and its own covariance."""

import numpy as np
import pytest
from scipy import stats

from mcsco.engine import Control, field_batch
from mcsco.engine.batch import start_codes
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.layout import unpack
from mcsco.engine.random_numbers import WAVES, make_key, when
from mcsco.engine.spectral import WIDTH
from mcsco.engine.spectral_fields import is_spectral
from mcsco.engine.waves import WAVE_BLOCK, fill_normals
from mcsco.model import Elasticity, InfiniteRange, Lattice, LongRange, Model, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN

PLANES = [(4, 32), (8, 64), (16, 128), (32, 32), (64, 64), (128, 256), (256, 32), (4, 512)]
SOLIDS = [(4, 4, 32), (8, 4, 64), (4, 16, 32), (32, 8, 128), (64, 32, 32)]
FIELDS = {"n": (0,), "u": (1,), "n and u": (0, 1)}
T = 230.0


def build(shape, components):
    """A crystal whose J(k) has no more symmetry than k → −k, with fields of the given components."""
    zeros = (0,) * (len(shape) - 2)
    terms = []
    if 0 in components:
        terms += [
            LongRange({(*zeros, 2, 1): -15.0 * KELVIN, (*zeros, 0, 3): 9.0 * KELVIN}),
            InfiniteRange(20.0 * KELVIN),
        ]
    terms.append(Elasticity((12.0, 4.2, 3.5), 970.0, 0.03 * (0 in components), 0.02704 * (1 in components)))
    distortion = OrderDisorder() if 1 in components else None
    return Model(Lattice(shape), SpinCrossover(16.0, 66.5, 20.0), distortion, tuple(terms))


def make(model, monkeypatch, n_replicas=1, threads=1, fast=True, seed=9):
    with monkeypatch.context() as patch:
        if not fast:
            patch.setattr(field_batch, "is_spectral", lambda shape: False)
        codes = start_codes(model, "random", n_replicas, 9, 0)
        batch = FieldBatch(model, codes, "metropolis", make_key(seed, 0), threads)
    assert (batch.spectral is not None) == fast
    batch.start[:, 0] = T + 10.0 * np.arange(n_replicas)
    return batch


def fields(batch):
    """The site fields as the lattice kernel reads them, (2, R, *lattice)."""
    n_rows = batch.layout.n_rows
    strings = [field.reshape(2, n_rows + 1, batch.layout.stride) for field in batch.fields[:2]]
    return np.array([unpack_floats(batch.layout, string, batch.shape) for string in strings])


def unpack_floats(layout, strings, shape):
    as_bytes = [unpack(layout, strings.view(np.uint8)[..., i::4].view(np.int8), shape) for i in range(4)]
    return np.stack(as_bytes, axis=-1).view(np.float32)[..., 0]


def noise_alone(batch, sweep=0):
    """√T A ξ in K for the components, (components, R, *lattice): the draw for θ = 0 less what is uniform."""
    batch.sweep = sweep
    batch._draw(0)
    temperature = batch.start[:, 0].reshape(-1, *(1,) * len(batch.shape))
    sign = {0: -1.0, 1: 1.0}
    h = np.array([sign[p] * fields(batch)[p] * temperature * np.log(2.0) for p in batch.components])
    return h - h.mean(axis=tuple(range(2, h.ndim)), keepdims=True)


def without_molecules(model, monkeypatch, **options):
    batch = make(model, monkeypatch, **options)
    batch.packed[:] = 0
    return batch


def spectrum(batch):
    """J'(k) in K of the components, (*lattice, C, C): recovered from the fields of one molecule."""
    model = batch.model
    J = model.pair_terms.J / KELVIN
    J[(0,) * len(batch.shape)][0, 0] += 2.0 * model.couplings.Gamma / KELVIN
    J = J - np.diag(field_batch.shift(J))
    return J[..., batch.components, :][..., batch.components]


def test_which_shapes_are_served():
    for shape in PLANES + SOLIDS:
        assert is_spectral(shape)
    for shape in [(64, 16), (2, 64), (96, 64), (64, 96), (64, 65), (32, 3, 32), (64, 64, 16), (33, 40)]:
        assert not is_spectral(shape)


@pytest.mark.parametrize("shape", PLANES + SOLIDS, ids=str)
@pytest.mark.parametrize("components", FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize("n_replicas", [1, 3])
def test_same_mean_as_the_general_path(shape, components, n_replicas, monkeypatch):
    """J'(k) θ_k by two implementations: equal to round-off of single precision."""
    model = build(shape, components)
    found = []
    for fast in (True, False):
        batch = make(model, monkeypatch, n_replicas, fast=fast)
        assert tuple(batch.components) == components
        batch.start[:, 0] *= 1e-12  # √T ξ is 1e-8 of J' θ
        batch._draw(0)
        found.append(fields(batch))
    for p in components:
        assert found[1][p].std() > 0.01
        assert np.abs(found[0][p] - found[1][p]).max() < 4e-6 * np.abs(found[1][p]).max()


def white_waves(batch, replica, sweep):
    """ξ_k, (C, L0, L1, n + 1), from the counters that the draw uses, in natural order."""
    S = batch.spectral
    L0, L1, n, _, _, C, _ = S.extents
    c2, c3 = when(sweep, WAVES)
    k0, k1 = (np.uint32(x) for x in batch.key)

    def normals(first, where):
        drawn = np.zeros((4, WAVE_BLOCK), np.float32)
        fill_normals(drawn, np.zeros((4, WAVE_BLOCK), np.int32), first, where, c2, c3, k0, k1)
        return drawn[::2] + 1j * drawn[1::2]

    size = L0 * WIDTH
    n_blocks = L1 * n // WIDTH
    calls = -(-size * C // (2 * WAVE_BLOCK))
    rows = np.array([normals(i * WAVE_BLOCK, 2 * replica) for i in range(n_blocks * calls)])
    rows = rows.reshape(n_blocks, calls, 2, WAVE_BLOCK)
    one = rows.transpose(2, 0, 1, 3) if C == 2 else rows.reshape(1, n_blocks, -1)[..., :size]
    stored = one.reshape(C, L1, n // WIDTH, L0, WIDTH).transpose(0, 3, 1, 2, 4).reshape(C, L0, L1, n)
    xi = np.zeros((C, L0, L1, n + 1), complex)
    xi[np.ix_(range(C), *S.orders)] = stored * np.sqrt(0.5)
    strip = np.concatenate([normals(i, 2 * replica + 1) for i in range(0, L0 * L1, WAVE_BLOCK)], axis=1)
    z = np.zeros((C, L0, L1), complex)
    z[np.ix_(range(C), *S.orders[:2])] = strip[:C, : L0 * L1].reshape(C, L0, L1)
    mirror = np.roll(z[:, ::-1, ::-1], 1, axis=(1, 2)).conj()
    xi[..., 0], xi[..., n] = (z + mirror) / 2, (z - mirror) / 2j
    return xi


@pytest.mark.parametrize("shape", [(4, 32), (16, 128), (64, 64), (128, 32), (4, 8, 32), (64, 4, 64)], ids=str)
@pytest.mark.parametrize("components", FIELDS.values(), ids=FIELDS)
def test_same_noise_through_numpy(shape, components, monkeypatch):
    """√T A ξ with the same ξ, by NumPy in double precision."""
    batch = without_molecules(build(shape, components), monkeypatch, n_replicas=2)
    A = field_batch.root_of(spectrum(batch))[..., : shape[-1] // 2 + 1, :, :]
    found = noise_alone(batch, 5)
    for r in range(2):
        xi = white_waves(batch, r, 5).reshape(-1, *shape[:-1], shape[-1] // 2 + 1)
        modes = np.sqrt(batch.start[r, 0] * batch.model.lattice.n_sites) * np.einsum("...pq,q...->p...", A, xi)
        expected = np.array([np.fft.irfftn(m, shape, axes=range(len(shape))) for m in modes])
        expected -= expected.mean(axis=tuple(range(1, expected.ndim)), keepdims=True)
        assert np.abs(found[:, r] - expected).max() < 3e-6 * np.abs(expected).max()


def whiteness(batch, n_draws):
    """Mean z² of the covariance of the noise over T J'(k), in coordinates in which it should be the identity.

    The entries of a sample covariance of d independent unit normals have the variance 1/S, and 2/S on the diagonal:
    z² is 1 on average, with an error √(2/M) from M entries. Returns (z² − 1) in units of that error.
    """
    shape, C = batch.shape, len(batch.components)
    N = int(np.prod(shape))
    J = spectrum(batch).reshape(N, C, C).transpose(1, 2, 0).reshape(C, C, *shape)
    unit = np.fft.fftn(np.eye(N).reshape(N, *shape), axes=range(1, len(shape) + 1))
    axes = tuple(range(1, len(shape) + 1))
    blocks = [[np.fft.ifftn(unit * J[p, q], axes=axes).real.reshape(N, N) for q in range(C)] for p in range(C)]
    values, vectors = np.linalg.eigh(T * np.block(blocks))
    mean = np.kron(np.eye(C), np.ones((1, N)) / np.sqrt(N))
    flat = np.abs(mean @ vectors).max(axis=0) < 1e-6  # `noise_alone` leaves the mean out
    keep = (values > 1e-3 * values.max()) & flat
    assert keep.sum() > 0.7 * C * N  # J'(k) of a shear vanishes along the axes
    draws = np.array([noise_alone(batch, i)[:, 0].ravel() for i in range(n_draws)])
    y = draws @ (vectors[:, keep] / np.sqrt(values[keep]))
    covariance = y.T @ y / n_draws
    z2 = n_draws * (covariance - np.eye(keep.sum())) ** 2
    np.fill_diagonal(z2, np.diag(z2) / 2)
    z2 = z2[np.triu_indices(keep.sum())]
    return (z2.mean() - 1) / np.sqrt(2 / z2.size)


@pytest.mark.parametrize(
    ("shape", "components"),
    [((8, 32), (1,)), ((8, 32), (0, 1)), ((16, 32), (0,)), ((4, 4, 32), (1,))],
    ids=str,
)
def test_covariance_of_the_noise(shape, components, monkeypatch):
    batch = without_molecules(build(shape, components), monkeypatch)
    assert abs(whiteness(batch, 6000)) < 5


@pytest.mark.parametrize("what", ["strip", "one column", "one wave vector"])
def test_the_covariance_notices_a_wrong_column(what, monkeypatch):
    """√2 in the noise of the strip, of one other column or of one pair of waves is seen."""
    batch = without_molecules(build((8, 32), (0,)), monkeypatch)
    if what == "strip":
        for table in batch.spectral.strip_tables[2:4]:
            table *= np.sqrt(2.0)
    else:
        table = batch.spectral.root.reshape(8, WIDTH)
        table[slice(None) if what == "one column" else 3, 5] *= np.sqrt(2.0)
    assert whiteness(batch, 6000) > 8


def test_normal_deviates():
    """Uniform under their own distribution function, and independent, for 800 000 numbers of one key."""
    drawn, words = np.zeros((4, WAVE_BLOCK), np.float32), np.zeros((4, WAVE_BLOCK), np.int32)
    found = []
    for i in range(3125):
        fill_normals(drawn, words, i * WAVE_BLOCK, 0, np.uint32(7), np.uint32(8), np.uint32(3), np.uint32(4))
        found.append(drawn.astype(float))
    x = np.concatenate(found, axis=1)
    for row in x:
        assert stats.kstest(row, "norm").pvalue > 1e-3
    n = x.shape[1]
    assert np.abs(x.mean(axis=1)).max() < 4.5 / np.sqrt(n)
    assert np.abs((x**2).mean(axis=1) - 1).max() < 4.5 * np.sqrt(2 / n)
    assert np.abs((x**4).mean(axis=1) - 3).max() < 4.5 * np.sqrt(96 / n)
    assert np.abs(np.corrcoef(x)[np.triu_indices(4, 1)]).max() < 4.5 / np.sqrt(n)
    assert np.abs(np.corrcoef(x**2)[np.triu_indices(4, 1)]).max() < 4.5 / np.sqrt(n)


@pytest.mark.parametrize(
    ("shape", "components", "n_replicas"),
    [
        ((64, 64), (0, 1), 1),
        ((16, 32), (1,), 3),
        ((32, 128), (0,), 2),
        ((8, 4, 32), (0, 1), 2),
        ((32, 16, 64), (1,), 1),
    ],
    ids=str,
)
def test_number_of_threads(shape, components, n_replicas, monkeypatch):
    model = build(shape, components)
    begin, end = (Control(np.full(n_replicas, x), np.zeros(n_replicas), np.zeros(n_replicas)) for x in (210.0, 260.0))
    found = []
    for threads in (1, 2, 3):
        batch = make(model, monkeypatch, n_replicas, threads)
        batch.advance(begin, end, 0, 6, 6)
        batch.recount()
        found.append((batch.codes(), batch.running, fields(batch)))
    for result in found[1:]:
        for one, other in zip(result, found[0], strict=True):
            assert np.array_equal(one, other)


def test_sweeps_replicas_and_keys_have_their_own_noise(monkeypatch):
    batch = without_molecules(build((16, 32), (0, 1)), monkeypatch, n_replicas=2)
    other = without_molecules(build((16, 32), (0, 1)), monkeypatch, n_replicas=2, seed=10)
    first, second, third = noise_alone(batch, 0), noise_alone(batch, 1), noise_alone(other, 0)
    series = np.array([x.ravel() for draw in (first, second, third) for x in draw.swapaxes(0, 1)])
    # 1024 numbers, correlated in space by the kernel: independent fields stay far below this.
    assert np.abs(np.corrcoef(series)[np.triu_indices(len(series), 1)]).max() < 0.35
    assert np.array_equal(noise_alone(batch, 0), first)


def observe(batch, n_samples, thin=4):
    """Means over replicas and samples of γ, η², and the waves of u along both axes, with errors between replicas."""
    R, shape = batch.n_replicas, batch.shape
    control = Control(np.full(R, T), np.zeros(R), np.zeros(R))
    batch.advance(control, control, 0, 200, 200)
    samples = []
    for _ in range(n_samples):
        batch.advance(control, control, 0, thin, thin)
        u = batch.codes().astype(float)
        waves = np.abs(np.fft.fftn(u, axes=(1, 2))) ** 2 / u[0].size
        samples.append([np.abs(u).mean((1, 2)), waves[:, 0, 0], waves[:, 1, 0], waves[:, 0, 1], waves[:, 1, 1]])
    per_replica = np.mean(samples, axis=0)
    assert shape == u.shape[1:]
    return per_replica.mean(axis=1), per_replica.std(axis=1, ddof=1) / np.sqrt(R)


def test_same_distribution_as_the_general_path(monkeypatch):
    """The general path has passed enumeration on small lattices; both sample the same crystal of 8 x 32."""
    model = build((8, 32), (0, 1))
    options = {"n_replicas": 64}
    expected, error = observe(make(model, monkeypatch, fast=False, seed=1, **options), 150)
    found, error_2 = observe(make(model, monkeypatch, seed=2, **options), 150)
    assert np.abs((found - expected) / np.hypot(error, error_2)).max() < 4.5
    wrong = make(model, monkeypatch, seed=2, **options)
    wrong.spectral.root *= 1.1
    found, error_2 = observe(wrong, 150)
    assert np.abs((found - expected) / np.hypot(error, error_2)).max() > 6
