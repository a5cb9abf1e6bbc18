"""The kernel J(k) of coherent elasticity: closed forms, symmetries, and a minimisation over displacements."""

import itertools

import numpy as np
import pytest

from mcsco.model import Elasticity
from mcsco.units import GPA_A3, KELVIN

CUBIC = (12.0, 4.2, 3.5)
SHAPES = [(5, 5), (4, 4), (6, 5), (5, 8), (3, 5, 7), (4, 4, 4), (4, 5, 6), (2, 2), (2, 3, 2)]
TENSOR = ((0.01, 0.004, 0.02), (0.004, -0.006, 0.003), (0.02, 0.003, 0.015))


def rotation(angle, d, plane=(0, 1)):
    Q = np.eye(d)
    i, j = plane
    Q[i, i] = Q[j, j] = np.cos(angle)
    Q[i, j], Q[j, i] = -np.sin(angle), np.sin(angle)
    return Q


def voigt(C):
    """Voigt matrix of a stiffness tensor."""
    d = len(C)
    pairs = [(i, i) for i in range(d)] + ([(0, 1)] if d == 2 else [(1, 2), (0, 2), (0, 1)])
    return [[float(C[a + b]) for b in pairs] for a in pairs]


def turned(elasticity, d, Q):
    """The same crystal turned by Q."""
    C = np.einsum("ai,bj,ck,dl,ijkl->abcd", Q, Q, Q, Q, elasticity.stiffness_tensor(d))
    strains = [Q @ elasticity.strain(d, of) @ Q.T for of in ("spin", "distortion")]
    return Elasticity(voigt(C), elasticity.site_volume, strains[0], strains[1])


def wavevectors(shape):
    """Cartesian k of every point of the grid; the last lattice axis is x."""
    return np.stack(np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij")[::-1], axis=-1)


def energy_of_a_wave(C, eigenstrain, k):
    """Least over a of ½ (sym(k a) − ε⁰):C:(sym(k a) − ε⁰) with a general solver: what an inclusion wave costs."""
    d = len(k)
    columns = []
    for i in range(d):
        a = np.eye(d)[i]
        columns.append((np.outer(k, a) + np.outer(a, k)) / 2)
    A = np.array(columns)  # (d, d, d): strain per unit of a_i
    H = np.einsum("aij,ijkl,bkl->ab", A, C, A)
    b = np.einsum("aij,ijkl,kl->a", A, C, eigenstrain)
    a = np.linalg.lstsq(H, b, rcond=None)[0]
    rest = np.einsum("a,aij->ij", a, A) - eigenstrain
    return 0.5 * np.einsum("ij,ijkl,kl", rest, C, rest)


@pytest.mark.parametrize("L", [32, 33])
def test_bitter_crum_in_the_plane(L):
    K, G = (x * KELVIN / (1000.0 * GPA_A3) for x in (20000.0, 9000.0))  # GPa of 20000 and 9000 K per site
    elasticity = Elasticity((K + G, K - G, G), 1000.0, spin_strain=0.2)
    J = elasticity.kernel((L, L))[..., 0, 0].ravel() / KELVIN
    assert J[0] == pytest.approx(800.0, rel=1e-12)
    np.testing.assert_allclose(J[1:], 551.724138, rtol=1e-9)


@pytest.mark.parametrize("shape", [(5, 5, 5), (4, 4, 4), (3, 4, 6)])
def test_bitter_crum_in_space(shape):
    K, G, v = 9.0, 4.0, 0.05
    elasticity = Elasticity((K + 4 * G / 3, K - 2 * G / 3, G), 970.0, spin_strain=v)
    J = elasticity.kernel(shape)[..., 0, 0].ravel() / (970.0 * GPA_A3)
    assert J[0] == pytest.approx(K * v**2, rel=1e-12)
    np.testing.assert_allclose(J[1:], (K * v) ** 2 / (K + 4 * G / 3), rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_mirror_symmetric_in_k_and_positive_semi_definite(shape):
    d = len(shape)
    strain = [row[:d] for row in TENSOR[:d]]
    elasticity = Elasticity(CUBIC, 970.0, 0.03, strain)
    J = elasticity.kernel(shape)
    axes = tuple(range(d))
    np.testing.assert_allclose(J, np.roll(np.flip(J, axes), 1, axes), atol=1e-12)
    np.testing.assert_allclose(J, np.swapaxes(J, -1, -2), atol=1e-12)
    assert np.linalg.eigvalsh(J).min() > -1e-12
    # relaxing can only lower the energy: S − J(k) ≥ 0
    assert np.linalg.eigvalsh(elasticity.self_energy(d) - J).min() > -1e-12
    np.testing.assert_array_equal(J[(0,) * d], elasticity.self_energy(d))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("clamped", [False, True])
def test_kernel_is_what_relaxed_waves_save(shape, clamped):
    """½ (S − J)(k) of a wave of eigenstrain n ε^n + u ε^u is its energy after minimisation over displacements."""
    d = len(shape)
    rng = np.random.default_rng(4)
    A = rng.normal(size=(d * (d + 1) // 2,) * 2)
    stiffness = A @ A.T + 3 * np.eye(len(A))
    spin, distortion = (x + x.T for x in rng.normal(scale=0.02, size=(2, d, d)))
    elasticity = Elasticity(stiffness, 970.0, spin, distortion, clamped=clamped)
    C, J, S = elasticity.stiffness_tensor(d), elasticity.kernel(shape), elasticity.self_energy(d)
    unit = 970.0 * GPA_A3
    for site in itertools.product(*map(range, shape)):
        k = wavevectors(shape)[site]
        for n, u in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
            eigenstrain = n * spin + u * distortion
            if not k.any():  # a homogeneous strain that is free, or none
                cost = 0.5 * np.einsum("ij,ijkl,kl", eigenstrain, C, eigenstrain) if clamped else 0.0
            else:
                signs = itertools.product(*((1, -1) if x == -0.5 else (1,) for x in k))
                cost = np.mean([energy_of_a_wave(C, eigenstrain, k * np.array(s)) for s in signs])
            theta = np.array([n, u])
            assert 0.5 * theta @ (S - J[site]) @ theta == pytest.approx(cost * unit, abs=1e-10)


@pytest.mark.parametrize("clamped", [False, True])
@pytest.mark.parametrize("L", [8, 9])
def test_walls_of_a_shear_cost_nothing_along_the_axes_only(L, clamped):
    """Twins of e13 are compatible across walls perpendicular to a or to c, and across no other."""
    elasticity = Elasticity(CUBIC, 970.0, distortion_strain=0.02704, clamped=clamped)
    J, S = elasticity.kernel((L, L))[..., 1, 1], elasticity.self_energy(2)[1, 1]
    assert pytest.approx(4 * 3.5 * 0.02704**2 * 970.0 * GPA_A3, rel=1e-12) == S
    np.testing.assert_allclose(J[0, 1:], S, rtol=1e-12)
    np.testing.assert_allclose(J[1:, 0], S, rtol=1e-12)
    assert J[1:, 1:].max() < 0.99 * S
    assert np.diagonal(J)[1:] == pytest.approx(S * 3.5 / (4.2 + (12.0 - 4.2) / 2 + 3.5))  # softest at 45°


def test_walls_of_a_shear_cost_nothing_along_two_axes_in_space():
    J = Elasticity(CUBIC, 970.0, distortion_strain=0.02704).kernel((7, 7, 7))[..., 1, 1]
    S = J[0, 0, 0]
    free = J > (1 - 1e-9) * S
    expected = np.zeros_like(free)
    expected[0, 0, :] = True  # k along x = a
    expected[:, 0, 0] = True  # k along z = c
    np.testing.assert_array_equal(free, expected)


@pytest.mark.parametrize("L", [8, 9])
def test_walls_of_a_deviatoric_strain_cost_nothing_at_45_degrees_only(L):
    e = 0.02
    elasticity = Elasticity(CUBIC, 970.0, distortion_strain=((e, 0.0), (0.0, -e)))
    J, S = elasticity.kernel((L, L))[..., 1, 1], elasticity.self_energy(2)[1, 1]
    at_45 = np.abs(wavevectors((L, L))[..., 0]) == np.abs(wavevectors((L, L))[..., 1])
    np.testing.assert_allclose(J[at_45], S, rtol=1e-12)
    assert J[~at_45].max() < 0.99 * S


@pytest.mark.parametrize("d", [2, 3])
def test_rotation_of_the_crystal(d):
    """Turning crystal and wavevector together changes nothing; J depends on the direction of k only."""
    elasticity = Elasticity(CUBIC, 970.0, [row[:d] for row in TENSOR[:d]], 0.02704)
    Q = rotation(np.arctan2(4.0, 3.0), d)
    J, J_turned = elasticity.kernel((31,) * d), turned(elasticity, d, Q).kernel((31,) * d)
    for k in ((5, 0), (0, 5), (10, 5), (-5, 10)):
        for kz in (0, 3)[: d - 1]:
            k_turned = np.rint(rotation(np.arctan2(4.0, 3.0), 2) @ k).astype(int)
            before, after = ((*(() if d == 2 else (kz,)), y, x) for x, y in (k, k_turned))
            np.testing.assert_allclose(J_turned[after], J[before], rtol=1e-10, atol=1e-12)
    one, twice = (0,) * (d - 1) + (3,), (0,) * (d - 1) + (12,)
    np.testing.assert_allclose(J[one], J[twice], rtol=1e-12)


def test_quarter_turn_of_an_even_lattice():
    """Nyquist wavevectors too: a quarter turn exchanges the axes and the sign of a shear."""
    elasticity = Elasticity(CUBIC, 970.0, ((0.02, 0.0), (0.0, 0.01)), 0.02704)
    turned_once = Elasticity(CUBIC, 970.0, ((0.01, 0.0), (0.0, 0.02)), -0.02704)
    np.testing.assert_allclose(
        turned_once.kernel((6, 6)), np.swapaxes(np.roll(np.flip(elasticity.kernel((6, 6)), 0), 1, 0), 0, 1), atol=1e-12
    )


@pytest.mark.parametrize("L", [6, 7])
def test_cross_terms_vanish_where_the_direction_has_no_sign(L):
    """Volume and shear couple as sin 2φ, of opposite sign for (½, k) and (½, −k), which are one and the same wave."""
    J = Elasticity(CUBIC, 970.0, 0.03, 0.02704).kernel((L, L))[..., 0, 1]
    assert np.abs(J[1, 1]) > 0.05
    if L % 2 == 0:
        np.testing.assert_allclose(J[L // 2], 0.0, atol=1e-12)
        np.testing.assert_allclose(J[:, L // 2], 0.0, atol=1e-12)


def test_a_two_dimensional_crystal_is_a_layer_of_the_a_c_plane():
    """A lattice one cell thick does not exist, but waves without k along b do not know the difference."""
    strain = ((0.01, 0.0, 0.02), (0.0, 0.0, 0.0), (0.02, 0.0, -0.03))
    planar = Elasticity(CUBIC, 970.0, spin_strain=strain, distortion_strain=0.02704)
    J_2, J_3 = planar.kernel((5, 7)), planar.kernel((5, 3, 7))
    np.testing.assert_allclose(J_2, J_3[:, 0], atol=1e-12)


def test_voigt_forms_agree():
    C11, C12, C44 = CUBIC
    six = np.diag([C11 - C12] * 3 + [C44] * 3)
    six[:3, :3] += C12
    three = np.diag([C11 - C12] * 2 + [C44])
    three[:2, :2] += C12
    strains = (0.03, 0.02704)
    forms = [Elasticity(stiffness, 970.0, *strains) for stiffness in (CUBIC, six, six.tolist())]
    for form in forms[1:]:
        np.testing.assert_array_equal(form.kernel((4, 5)), forms[0].kernel((4, 5)))
        np.testing.assert_array_equal(form.kernel((3, 4, 5)), forms[0].kernel((3, 4, 5)))
    np.testing.assert_array_equal(Elasticity(three, 970.0, *strains).kernel((4, 5)), forms[0].kernel((4, 5)))


def test_orthorhombic_stiffness_in_the_plane():
    """Components 11, 33, 13 and 55 of a 6×6 matrix make the 3×3 one of the a-c plane."""
    six = np.diag([21.0, 17.0, 14.0, 3.0, 4.0, 5.0])
    six[0, 1] = six[1, 0] = 6.0
    six[0, 2] = six[2, 0] = 7.0
    six[1, 2] = six[2, 1] = 8.0
    three = [[21.0, 7.0, 0.0], [7.0, 14.0, 0.0], [0.0, 0.0, 4.0]]
    one, other = Elasticity(six, 970.0, 0.03, 0.02704), Elasticity(three, 970.0, 0.03, 0.02704)
    np.testing.assert_array_equal(one.kernel((4, 5)), other.kernel((4, 5)))


def test_strains_given_as_numbers():
    number = Elasticity(CUBIC, 970.0, 0.03, 0.02704)
    space = Elasticity(CUBIC, 970.0, np.eye(3) * 0.01, [[0, 0, 0.02704], [0, 0, 0], [0.02704, 0, 0]])
    plane = Elasticity(CUBIC, 970.0, np.eye(2) * 0.015, [[0, 0.02704], [0.02704, 0]])
    np.testing.assert_allclose(number.kernel((3, 4, 5)), space.kernel((3, 4, 5)), atol=1e-15)
    np.testing.assert_allclose(number.kernel((4, 5)), plane.kernel((4, 5)), atol=1e-15)
