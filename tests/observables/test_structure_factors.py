"""Structure factors of random sites, single waves, independent Ising rings and Gaussian fields, all known exactly."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from mcsco import InputError, State
from mcsco.observables import bragg_amplitude, structure_factors


def of_u(u):
    return SimpleNamespace(spin=np.ones(u.shape, dtype=np.int8), distortion=u)


def rings(rng, n_replicas, n_rows, L, t):
    """Rows of independent periodic Ising rings with neighbour correlation t, drawn exactly."""
    # Given the first spin, each next one is kept with the weight of the paths that close the ring.
    sigma = np.empty((n_replicas, n_rows, L), dtype=np.int8)
    sigma[..., 0] = rng.choice([-1, 1], size=(n_replicas, n_rows))
    for i in range(1, L):
        kept = (1 + t) / 2 * (1 + t ** (L - i))
        turned = (1 - t) / 2 * (1 - t ** (L - i))
        same = sigma[..., i - 1] == sigma[..., 0]
        p = np.where(same, kept / (kept + turned), 0.0)
        kept_away = (1 + t) / 2 * (1 - t ** (L - i))
        turned_back = (1 - t) / 2 * (1 + t ** (L - i))
        p = np.where(same, p, kept_away / (kept_away + turned_back))
        sigma[..., i] = sigma[..., i - 1] * np.where(rng.random(p.shape) < p, 1, -1)
    return sigma


def gaussian_field(rng, n, shape, xi, lattice=True):
    """Real fields with S(k) = 1/(1 + Σ ξ_a² k̂_a²) exactly, ξ by axis; with k instead of k̂ isotropic if ξ is."""
    k = np.meshgrid(*(2 * np.pi * np.fft.fftfreq(L) for L in shape), indexing="ij")
    if lattice:
        k = [2 * np.sin(q / 2) for q in k]
    S = 1 / (1 + sum((x * q) ** 2 for x, q in zip(xi, k, strict=True)))
    axes = tuple(range(1, len(shape) + 1))
    return np.fft.ifftn(np.fft.fftn(rng.normal(size=(n, *shape)), axes=axes) * np.sqrt(S), axes=axes).real


@pytest.mark.parametrize("shape", [(2, 2), (6, 5), (2, 3, 4), (8, 8, 6)])
def test_sum_rules(shape, rng):
    spin = rng.choice([-1, 1], size=shape).astype(np.int8)
    u = rng.normal(size=shape)
    S = structure_factors(State(spin, u))
    n = (spin > 0) - np.mean(spin > 0)
    assert S.S_nn.sum() == pytest.approx(np.sum(n**2))
    assert S.S_uu.sum() == pytest.approx(np.sum((u - u.mean()) ** 2))
    assert S.S_nu.sum() == pytest.approx(np.sum(n * u))
    assert S.S_nn.flat[0] == S.S_uu.flat[0] == S.S_nu.flat[0] == 0
    shells = S.radial("nn")
    assert shells.counts.sum() == n.size
    assert shells.counts @ shells.S == pytest.approx(np.sum(n**2))
    raw = structure_factors(State(spin, u), subtract="none")
    assert raw.S_uu.sum() == pytest.approx(np.sum(u**2))
    assert raw.S_nu.flat[0] == pytest.approx(np.mean(spin > 0) * u.sum())


def test_from_the_definition(rng):
    spin = rng.choice([-1, 1], size=(4, 6)).astype(np.int8)
    u = rng.choice([-1, 0, 1], size=(4, 6)).astype(np.int8)
    S = structure_factors(State(spin, u))
    y, x = np.indices(u.shape)
    ky, kx = S.wavevectors
    wave = np.exp(-1j * (ky[3, 0] * y + kx[0, 2] * x))
    n_k, u_k = np.sum((spin > 0) * wave), np.sum(u * wave)
    assert S.S_nn[3, 2] == pytest.approx(abs(n_k) ** 2 / 24)
    assert S.S_uu[3, 2] == pytest.approx(abs(u_k) ** 2 / 24)
    assert S.S_nu[3, 2] == pytest.approx((n_k * np.conj(u_k)).real / 24)


def test_independent_sites_have_a_flat_structure_factor(rng):
    p, shape, n = 0.3, (24, 24), 400
    hs = rng.random((n, *shape)) < p
    u = rng.choice([-1, 1], size=hs.shape) * hs
    S = structure_factors(State(np.where(hs, 1, -1), u), replicas=True, subtract="common")
    mean, error = S.S_nn.mean(axis=0), S.S_nn.std(axis=0) / math.sqrt(n)
    deviation = (mean - p * (1 - p)) / error
    assert np.abs(deviation).max() < 5
    assert deviation[0, 0] == pytest.approx(0, abs=4)
    assert S.averaged().S_uu.mean() == pytest.approx(p, rel=0.01)
    assert S.averaged().S_nu.mean() == pytest.approx(0, abs=0.005)
    assert S.averaged().anisotropy("nn") == pytest.approx([1, 1], abs=0.05)
    assert pytest.approx(p, rel=0.25) == S.averaged().radial("uu").S


def test_shells_of_a_small_square():
    radial = structure_factors(of_u(np.ones((4, 4)))).radial()
    assert radial.counts.tolist() == [1, 8, 6, 1]  # 0 | 1 and √2 | 2 and √5 | √8
    unit = math.pi / 2
    assert radial.k[1] == pytest.approx(unit * (4 + 4 * math.sqrt(2)) / 8)
    assert radial.k[2] == pytest.approx(unit * (2 * 2 + 4 * math.sqrt(5)) / 6)


@pytest.mark.parametrize(("waves", "length"), [((0, 6), 16.0), ((6, 0), 8.0), ((3, 8), 48 / math.sqrt(9 + 16))])
def test_one_wave_has_its_wavelength(waves, length):
    y, x = np.indices((48, 96))
    u = np.cos(2 * np.pi * (waves[0] * y / 48 + waves[1] * x / 96) + 0.4)
    S = structure_factors(of_u(u))
    assert S.characteristic_length() == pytest.approx(length)
    assert S.S_uu[waves] == pytest.approx(48 * 96 / 4)  # half of the power, at k and at −k
    assert S.S_uu[waves] == pytest.approx(S.S_uu[-waves[0], -waves[1]])


def test_square_waves_in_the_spin():
    spin = np.tile(np.repeat([1, -1], 8), (64, 4))
    S = structure_factors(State(spin, np.where(spin > 0, 1, 0)))
    R = S.characteristic_length("nn")
    assert 0.75 * 16 < R < 16
    assert S.characteristic_length("uu") == pytest.approx(R)
    assert S.S_nu == pytest.approx(S.S_nn)


def test_twins_show_the_axis_of_their_walls():
    u = np.tile(np.repeat([1, -1], 4), (64, 8))  # walls run along y, k along x
    along_y, along_x = structure_factors(of_u(u)).anisotropy()
    assert along_x == math.inf
    assert np.isnan(along_y)
    noise = 0.3 * np.random.default_rng(3).normal(size=u.shape)
    along_y, along_x = structure_factors(of_u(u + noise)).anisotropy()
    assert along_x > 30
    assert along_y == pytest.approx(1, abs=0.3)
    y, x = np.indices((64, 64))
    diagonal = np.where((x + y) % 16 < 8, 1.0, -1.0) + noise
    assert structure_factors(of_u(diagonal)).anisotropy().max() < 0.05


def test_anisotropy_in_three_dimensions(rng):
    field = gaussian_field(rng, 30, (12, 16, 20), (0.5, 1.0, 2.0))
    along = structure_factors(of_u(field), replicas=True).averaged().anisotropy()
    assert along[0] > 1.5 * along[1] > 1.5**2 * along[2]
    isotropic = gaussian_field(rng, 60, (16, 16, 16), (1.0, 1.0, 1.0), lattice=False)
    assert structure_factors(of_u(isotropic), replicas=True).averaged().anisotropy() == pytest.approx([1] * 3, abs=0.1)


@pytest.mark.parametrize("subtract", ["none", "common", "each"])
def test_correlation_length_of_a_gaussian_field(subtract, rng):
    xi = (2.0, 5.0)
    S = structure_factors(of_u(gaussian_field(rng, 3000, (32, 48), xi)), replicas=True, subtract=subtract)
    for estimate, exact in zip(S.correlation_length(), xi, strict=True):
        assert abs(estimate.value - exact) < 4 * estimate.error
        assert estimate.error < 0.12 * exact
        assert estimate.n_effective == 3000


def test_correlation_length_of_ising_rings(rng):
    t = 0.6
    spin = rings(rng, 4000, 2, 12, t)
    S = structure_factors(State(spin, np.zeros_like(spin)), replicas=True, subtract="common")
    across, along = S.correlation_length("nn")
    exact = math.sqrt(t) / (1 - t)  # S(k) = (1 − t²)/(1 + t² − 2t cos k)/4, on a ring too but for a factor
    assert abs(along.value - exact) < 4 * along.error
    assert along.error < 0.1 * exact
    assert np.isnan(across.value) or across.value < 0.2
    points = S.averaged().S_nn[0, :2]
    assert points[0] == pytest.approx((1 + t) / (1 - t) * (1 - t**12) / (1 + t**12) / 4, rel=0.1)
    assert along.value == pytest.approx(math.sqrt(points[0] / points[1] - 1) / (2 * math.sin(math.pi / 12)), rel=0.02)


def test_one_state_has_a_length_without_error(rng):
    S = structure_factors(of_u(gaussian_field(rng, 1, (64, 64), (3.0, 3.0))[0]), subtract="none")
    for estimate in S.correlation_length():
        assert np.isnan(estimate.error)
        assert estimate.reason


def test_lengths_that_are_not_resolved():
    checkerboard = np.where(np.indices((8, 8)).sum(axis=0) % 2, 1.0, -1.0)
    for estimate in structure_factors(of_u(checkerboard)).correlation_length():
        assert np.isnan(estimate.value)
        assert "does not fall" in estimate.reason
    short = structure_factors(of_u(np.random.default_rng(1).normal(size=(50, 3, 8))), replicas=True)
    assert "extent of 3" in short.correlation_length()[0].reason


@pytest.mark.parametrize("value", [1.0, 0.1, -0.3])
def test_a_uniform_crystal_has_no_length(value):
    S = structure_factors(of_u(np.full((12, 14), value)))
    assert np.isnan(S.characteristic_length())
    assert np.isnan(S.anisotropy()).all()
    assert not S.S_uu.any()


def test_replicas_keep_their_axis(rng):
    spin = rng.choice([-1, 1], size=(4, 6, 8)).astype(np.int8)
    S = structure_factors(State(spin, spin), replicas=True)
    assert S.S_nn.shape == (4, 6, 8)
    assert S.radial().S.shape == (4, S.radial().k.size)
    assert S.characteristic_length().shape == (4,)
    assert S.anisotropy().shape == (4, 2)
    one = structure_factors(State(spin[2], spin[2]))
    assert S.S_uu[2] == pytest.approx(one.S_uu)
    assert S.radial().S[2] == pytest.approx(one.radial().S)
    assert S.characteristic_length()[2] == pytest.approx(one.characteristic_length())
    assert S.anisotropy()[2] == pytest.approx(one.anisotropy())


def test_common_mean_keeps_the_fluctuations_of_the_mean(rng):
    u = rng.normal(size=(50, 4, 4)) + rng.normal(size=(50, 1, 1))
    S = structure_factors(of_u(u), replicas=True, subtract="common")
    assert S.S_uu[:, 0, 0].mean() == pytest.approx(16 * u.mean(axis=(1, 2)).var(ddof=1))


def test_bragg_amplitude(rng):
    u = rng.choice([-1, 0, 1], size=(3, 6, 8)).astype(np.int8)
    amplitudes = bragg_amplitude(of_u(u), replicas=True)
    assert amplitudes == pytest.approx(np.abs(u.reshape(3, -1).mean(axis=1)))
    assert bragg_amplitude(of_u(u[1])) == amplitudes[1]
    raw = structure_factors(of_u(u), replicas=True, subtract="none").S_uu[:, 0, 0]
    assert amplitudes == pytest.approx(np.sqrt(raw / 48))
    twins = np.tile([1, -1], (6, 4))
    assert bragg_amplitude(of_u(twins)) == 0


def test_bad_arguments(rng):
    u = rng.normal(size=(6, 6))
    with pytest.raises(InputError, match="subtract"):
        structure_factors(of_u(u), subtract="mean")
    with pytest.raises(InputError, match="two or more"):
        structure_factors(of_u(u), subtract="common")
    with pytest.raises(InputError, match="shape"):
        structure_factors(of_u(u[0]))
    S = structure_factors(of_u(u))
    for question in (S.radial, S.characteristic_length, S.correlation_length, S.anisotropy):
        with pytest.raises(InputError, match="must be one of"):
            question("u")
    for question in (S.characteristic_length, S.correlation_length):
        with pytest.raises(InputError, match="cross-correlation"):
            question("nu")
