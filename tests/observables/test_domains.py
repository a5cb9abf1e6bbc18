"""Domains of states whose spin and distortion are laid out by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from mcsco import InputError, State
from mcsco.observables import domains


@pytest.fixture
def banded() -> State:
    """Rows of 12: four LS, then three u = +1, three u = −1 and two u = +1, which are not joined over the LS sites."""
    u = np.tile(np.array([0] * 4 + [1] * 3 + [-1] * 3 + [1] * 2, dtype=np.int8), (5, 1))
    return State(np.where(u == 0, -1, 1).astype(np.int8), u)


def test_both_fields_of_a_banded_crystal(banded):
    d = domains(banded)
    assert d.LS.sizes.tolist() == [20]
    assert d.HS.sizes.tolist() == [40]
    assert d.plus.sizes.tolist() == [15, 10]
    assert d.minus.sizes.tolist() == [15]
    assert d.eta.sizes.tolist() == [15, 15, 10]
    assert (d.q.number, d.eta.number) == (2, 3)
    assert (d.q.largest, d.eta.largest) == (40, 15)
    assert (d.HS.fraction, d.plus.fraction) == (40 / 60, 25 / 60)
    assert d.HS.mean_size == 40.0
    assert d.plus.mean_size == (225 + 100) / 25
    assert d.eta.mean_size == (225 + 225 + 100) / 40
    assert d.plus.percolates.tolist() == [True, False]
    assert d.q.walls.bonds.tolist() == [0, 10]
    assert d.eta.walls.bonds.tolist() == [0, 10]
    assert d.q.wall_density == d.eta.wall_density == 10 / 60
    assert d.HS.chords[1].counts.tolist() == [0] * 8 + [5] + [0] * 4
    assert d.HS.chords[0].unbroken == 8
    assert d.plus.mean_chord.tolist()[1] == 2.5
    assert math.isnan(d.plus.mean_chord[0])


def test_seams_join_the_outer_columns():
    u = np.array([[1, 0, -1, 0, 1]], dtype=np.int8).repeat(2, axis=0)
    d = domains(State(np.where(u == 0, -1, 1).astype(np.int8), u))
    assert d.plus.sizes.tolist() == [4]
    assert d.LS.sizes.tolist() == [2, 2]
    assert d.plus.percolates.tolist() == [True, False]


def test_distortion_of_LS_molecules_is_background():
    spin = np.ones((4, 8), dtype=np.int8)
    spin[:, 4:] = -1
    d = domains(State(spin, np.where(np.arange(8) % 2, -1.5, 0.25) * np.ones((4, 1))))
    assert d.plus.sizes.sum() == d.minus.sizes.sum() == 8
    assert d.eta.walls.bonds.tolist() == [0, 12]


def test_a_crystal_in_one_state():
    d = domains(State(np.full((3, 4), -1, dtype=np.int8), np.zeros((3, 4), dtype=np.int8)))
    assert d.LS.sizes.tolist() == [12]
    assert d.LS.percolates.all()
    assert d.HS.number == d.HS.largest == d.eta.number == d.eta.largest == 0
    assert not d.HS.percolates.any()
    assert math.isnan(d.HS.mean_size)
    assert math.isnan(d.eta.mean_size)
    assert d.q.walls.length == 0.0
    assert np.isnan(d.eta.orientation.fraction).all()


def test_chords_count_the_walls(rng):
    spin = rng.choice([-1, 1], size=(9, 11, 10)).astype(np.int8)
    d = domains(State(spin, np.zeros_like(spin)))
    for axis in range(3):
        assert 2 * d.HS.chords[axis].counts.sum() == 2 * d.LS.chords[axis].counts.sum() == d.q.walls.bonds[axis]


def test_reversing_the_distortion_swaps_the_variants(rng):
    spin = rng.choice([-1, 1, 1], size=(20, 30)).astype(np.int8)
    u = (rng.choice([-1, 1], size=(20, 30)) * (spin > 0)).astype(np.int8)
    here, there = domains(State(spin, u)), domains(State(spin, -u))
    assert here.plus.sizes.tolist() == there.minus.sizes.tolist()
    assert here.minus.sizes.tolist() == there.plus.sizes.tolist()
    assert here.eta.walls.bonds.tolist() == there.eta.walls.bonds.tolist()
    assert here.eta.walls.length == pytest.approx(there.eta.walls.length)
    assert here.HS.sizes.tolist() == there.HS.sizes.tolist()


def test_replicas_one_by_one(rng):
    spin = rng.choice([-1, 1], size=(3, 6, 8)).astype(np.int8)
    u = (spin > 0).astype(np.int8)
    stack = domains(State(spin, u), replicas=True)
    assert len(stack) == 3
    for i, found in enumerate(stack):
        one = domains(State(spin[i], u[i]))
        assert found.HS.sizes.tolist() == one.HS.sizes.tolist()
        assert found.q.walls.bonds.tolist() == one.q.walls.bonds.tolist()
    assert domains(State(spin, u)).HS.wraps.shape[1] == 3  # without the word, one crystal of 3 × 6 × 8


@pytest.mark.parametrize(
    ("spin", "distortion", "replicas", "message"),
    [
        (np.ones(8), np.zeros(8), False, "shape"),
        (np.ones((4, 1)), np.zeros((4, 1)), False, "at least 2"),
        (np.ones((4, 4)), np.zeros((4, 5)), False, "must be equal"),
        (np.ones((2, 4, 4, 4)), np.zeros((2, 4, 4, 4)), False, "replicas=True"),
        (np.ones((4, 4)), np.zeros((4, 4)), True, "replica"),
        (np.ones((0, 4, 4)), np.zeros((0, 4, 4)), True, "replica"),
        (np.zeros((4, 4)), np.zeros((4, 4)), False, "HS"),
        (np.ones((4, 4)), np.full((4, 4), np.nan), False, "finite"),
        (np.ones((4, 4)), np.full((4, 4), "a"), False, "number"),
        (np.ones((4, 4)), np.full((4, 4), 1j), False, "number"),
    ],
)
def test_what_is_no_state_is_refused(spin, distortion, replicas, message):
    with pytest.raises(InputError, match=message):
        domains(State(spin, distortion), replicas=replicas)


def test_parts_and_options_are_checked():
    with pytest.raises(InputError, match="'spin' and 'distortion'"):
        domains(SimpleNamespace(spin=np.ones((4, 4))))
    with pytest.raises(InputError, match="smoothing"):
        domains(State(np.ones((4, 4), dtype=np.int8), np.ones((4, 4), dtype=np.int8)), smoothing=-1.0)
