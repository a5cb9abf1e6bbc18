"""Walls of stripes and discs, whose number, length and direction are known."""

import math

import numpy as np
import pytest

from mcsco import InputError, Lattice, Model, NearestNeighbours, SpinCrossover, State
from mcsco.observables.walls import walls


def stripes(shape, waves, phase=0.3):
    """Half of the crystal, in plane waves with whole numbers of waves along each axis."""
    r = np.indices(shape)
    argument = sum(2 * math.pi * m * x / L for m, x, L in zip(waves, r, shape, strict=True))
    return np.sin(argument + phase) > 0


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 2), (5, 4), (2, 3, 4), (3, 3, 2)])
def test_bonds_are_those_of_the_energy(shape, rng):
    hs = rng.random(shape) < 0.5
    lattice = Lattice(shape)
    model = Model(lattice, SpinCrossover(0.0, 0.0), None, (NearestNeighbours(spin=1.0),))
    energy = model.energy(State(np.where(hs, 1, -1).astype(np.int8), np.zeros(shape, dtype=np.int8)))
    found = walls(hs, ~hs)
    assert found.bonds.sum() == (energy + lattice.n_bonds) / 2
    assert found.density == found.bonds.sum() / hs.size
    assert found.density_per_axis.sum() == pytest.approx(found.density)


@pytest.mark.parametrize("L", [2, 3, 4, 9])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slab_has_two_walls_at_any_extent(L, axis):
    shape = [5, 6, 7]
    shape[axis] = L
    slab = np.zeros(shape, dtype=bool)
    np.moveaxis(slab, axis, 0)[0] = True
    expected = [0, 0, 0]
    expected[axis] = 2 * slab.size // L
    assert walls(slab, ~slab).bonds.tolist() == expected


def test_sites_of_neither_phase_bound_on_no_wall():
    code = np.zeros((6, 12), dtype=int)
    code[:, 1:4], code[:, 4:8], code[:, 9:11] = 1, 2, 1
    assert walls(code == 1, code == 2).bonds.tolist() == [0, 6]
    apart = np.zeros((40, 80), dtype=int)
    apart[:, :25], apart[:, 40:65] = 1, 2  # 15 sites of background on either side
    found = walls(apart == 1, apart == 2)
    assert found.bonds.tolist() == [0, 0]
    assert found.length == 0
    assert np.isnan(found.fraction(90.0))
    assert np.isnan(found.axis_fractions).all()


@pytest.mark.parametrize(
    ("waves", "angle"),
    [
        ((4, 0), 0.0),
        ((0, 4), 90.0),
        ((-3, 3), 45.0),
        ((3, 3), 135.0),
        ((-4, 1), math.degrees(math.atan2(1, 4))),
        ((-2, 5), math.degrees(math.atan2(5, 2))),
        ((5, 2), 180 - math.degrees(math.atan2(2, 5))),
    ],
)
def test_direction_and_length_of_stripes(waves, angle):
    L = 128
    hs = stripes((L, L), waves)
    found = walls(hs, ~hs)
    assert found.fraction(angle) > 0.999
    assert found.fraction(np.array(waves) / 3.0) == pytest.approx(found.fraction(angle))
    assert found.fraction(angle + 90.0, within=70.0) < 1e-3
    assert found.fraction(angle, within=90.0) == pytest.approx(1.0)
    tangent = np.exp(2j * np.arctan2(found.normal[:, 1], -found.normal[:, 0]))
    mean = math.degrees(np.angle(found.weight @ tangent)) / 2
    assert abs((mean - angle + 90) % 180 - 90) < 0.2
    assert found.length == pytest.approx(2 * L * math.hypot(*waves), rel=0.01)  # two walls a wavelength
    # A wall along axis x cuts bonds of axis y, and the other way round.
    assert found.bonds.tolist() == [2 * L * abs(m) for m in waves]
    assert found.axis_fractions == pytest.approx(np.square(waves) / np.dot(waves, waves), abs=0.01)


def test_bins_are_centred_on_the_axes():
    hs = stripes((60, 60), (5, 0))
    flat = walls(hs, ~hs).orientation()
    assert flat.angle.tolist() == list(range(0, 180, 10))
    assert flat.fraction.tolist() == [1.0] + 17 * [0.0]
    upright = walls(hs.T, ~hs.T).orientation(4)
    assert upright.angle.tolist() == [0.0, 45.0, 90.0, 135.0]
    assert upright.fraction.tolist() == [0.0, 0.0, 1.0, 0.0]
    both = walls(stripes((64, 64), (-3, 3)), ~stripes((64, 64), (-3, 3))).orientation(4)
    assert both.fraction == pytest.approx(np.array([0.0, 1.0, 0.0, 0.0]))


def test_extents_that_differ_turn_the_stripes():
    hs = stripes((64, 128), (-4, 4))  # wavevector along y is twice that along x
    assert walls(hs, ~hs).fraction(math.degrees(math.atan2(1, 2))) > 0.999


def test_a_disc_has_walls_in_all_directions(rng):
    y, x = np.indices((256, 256))
    fractions, lengths = [], []
    for _ in range(8):
        cy, cx = rng.uniform(0, 256, 2)
        dy, dx = (y - cy + 128) % 256 - 128, (x - cx + 128) % 256 - 128
        disc = np.hypot(dy, dx) < 60
        found = walls(disc, ~disc, smoothing=4.0)  # wider than the facets of a disc made of squares
        fractions.append(found.orientation().fraction)
        lengths.append(found.length)
        assert found.fraction(37.0) == pytest.approx(10 / 90, abs=0.025)
        tangent = np.arctan2(found.normal[:, 1], -found.normal[:, 0])
        assert abs(found.weight @ np.exp(2j * tangent)) < 0.01 * found.length
        assert abs(found.weight @ np.exp(4j * tangent)) < 0.03 * found.length
    assert np.mean(lengths) == pytest.approx(2 * math.pi * (60 - 4.0**2 / 120), rel=0.005)  # smoothing shrinks it
    assert np.mean(fractions, axis=0) == pytest.approx(np.full(18, 1 / 18), rel=0.2)


def test_a_sphere_has_area_and_isotropic_normals():
    r = np.indices((64, 64, 64)) - 31.3
    ball = np.sqrt((r**2).sum(axis=0)) < 20
    found = walls(ball, ~ball)
    assert found.length == pytest.approx(4 * math.pi * (20 - 2.0**2 / 20) ** 2, rel=0.005)
    assert found.axis_fractions == pytest.approx([1 / 3] * 3, rel=0.02)
    assert np.linalg.norm(found.normal, axis=1) == pytest.approx(1.0)
    assert found.fraction([1, 2, 3], within=30.0) == pytest.approx(1 - math.cos(math.radians(30)), rel=0.1)


@pytest.mark.parametrize("waves", [(3, 0, 0), (0, 2, 0), (0, 0, 4), (0, 3, 3), (2, -2, 2)])
def test_normals_of_plates(waves):
    hs = stripes((48, 48, 48), waves)
    found = walls(hs, ~hs)
    assert found.fraction(waves) > 0.999
    assert found.length == pytest.approx(2 * 48**2 * np.linalg.norm(waves), rel=0.01)
    assert found.axis_fractions == pytest.approx(np.square(waves) / np.dot(waves, waves), abs=0.01)


def test_single_sites_have_bonds_but_no_direction(rng):
    hs = stripes((128, 128), (0, 3))
    flipped = hs ^ (rng.random(hs.shape) < 0.02)
    found = walls(flipped, ~flipped)
    assert found.bonds.sum() > 2 * walls(hs, ~hs).bonds.sum()
    assert found.length == pytest.approx(6 * 128, rel=0.02)
    assert found.fraction(90.0, within=15.0) > 0.9


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 5), (2, 2, 3)])
def test_smoothing_wider_than_the_crystal(shape):
    half = np.zeros(shape, dtype=bool)
    half[..., 0] = True
    found = walls(half, ~half, smoothing=0.5)
    assert found.fraction([0] * (len(shape) - 1) + [1]) == pytest.approx(1.0)
    assert found.length == pytest.approx(2 * half.size / shape[-1])
    assert np.isfinite(walls(half, ~half, smoothing=5.0).length)


def test_bad_questions():
    hs = stripes((16, 16), (0, 2))
    found = walls(hs, ~hs)
    for direction in (math.nan, "x", [1.0], [0, 0], [1, 2, 3], [math.inf, 1], [[1, 0]], "10"):
        with pytest.raises(InputError, match="direction"):
            found.fraction(direction)
    for within in (0.0, -5.0, 91.0, math.nan):
        with pytest.raises(InputError, match="within"):
            found.fraction(0.0, within)
    with pytest.raises(InputError, match="n_bins"):
        found.orientation(1)
    with pytest.raises(InputError, match="smoothing"):
        walls(hs, ~hs, smoothing=0.0)
    plates = stripes((8, 8, 8), (1, 0, 0))
    with pytest.raises(InputError, match="2-D"):
        walls(plates, ~plates).orientation()
    with pytest.raises(InputError, match="3 components"):
        walls(plates, ~plates).fraction(45.0)
