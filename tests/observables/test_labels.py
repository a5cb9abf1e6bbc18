"""Periodic labelling and winding against a flood fill that walks from site to site."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mcsco.observables.labels import label_domains


def flood_fill(phase):
    """Clusters as {sites: axes of winding}: a site met again one period away closes a winding path."""
    shape, d = phase.shape, phase.ndim
    seen, clusters = set(), {}
    for start in map(tuple, np.argwhere(phase)):
        if start in seen:
            continue
        where, winds, front = {start: np.zeros(d, dtype=int)}, np.zeros(d, dtype=bool), [start]
        while front:
            site = front.pop()
            for axis in range(d):
                for step in (1, -1):
                    periods = where[site].copy()
                    next_site = list(site)
                    next_site[axis] += step
                    periods[axis] += next_site[axis] // shape[axis]
                    next_site[axis] %= shape[axis]
                    other = tuple(next_site)
                    if not phase[other]:
                        continue
                    if other in where:
                        winds |= where[other] != periods
                    else:
                        where[other] = periods
                        front.append(other)
        seen |= set(where)
        clusters[frozenset(where)] = tuple(winds.tolist())
    return clusters


SHAPES = st.one_of(
    st.tuples(*[st.integers(2, 7)] * 2),
    st.tuples(*[st.integers(2, 4)] * 3),
)
PHASES = SHAPES.flatmap(lambda shape: arrays(np.bool_, shape))


@settings(max_examples=400, deadline=None)
@given(PHASES)
def test_every_cluster_is_that_of_a_flood_fill(phase):
    labels = label_domains(phase)
    expected = flood_fill(phase)
    found = {
        frozenset(map(tuple, np.argwhere(labels.domain == i + 1))): tuple(labels.wraps[i].tolist())
        for i in range(labels.size.size)
    }
    assert found == expected
    assert np.array_equal(labels.domain > 0, phase)
    assert labels.size.tolist() == sorted((len(c) for c in expected), reverse=True)
    assert labels.size.tolist() == [np.count_nonzero(labels.domain == i + 1) for i in range(labels.size.size)]


@settings(max_examples=100, deadline=None)
@given(PHASES, st.integers(0, 6), st.integers(0, 6))
def test_translations_change_nothing(phase, dy, dx):
    moved = label_domains(np.roll(phase, (dy, dx), (0, 1)))
    here = label_domains(phase)
    assert moved.size.tolist() == here.size.tolist()
    assert sorted(moved.wraps.tolist()) == sorted(here.wraps.tolist())


def test_reaching_from_edge_to_edge_is_not_winding():
    staircase = np.zeros((6, 6), dtype=bool)
    staircase[1, :4] = staircase[2, 3] = staircase[3, 3:] = True
    labels = label_domains(staircase)
    assert labels.size.tolist() == [8]
    assert labels.wraps.tolist() == [[False, False]]
    staircase[2, 0] = staircase[3, 0] = True  # closes the path over the seam
    assert label_domains(staircase).wraps.tolist() == [[False, True]]


def test_a_spiral_winds_along_both_axes():
    y, x = np.indices((8, 8))
    diagonal = ((x - y) % 8 == 0) | ((x - y) % 8 == 1)
    assert label_domains(diagonal).wraps.tolist() == [[True, True]]
    slanted = (x - 2 * y) % 16 < 3  # twice along x for once along y, on the torus of 8 by 16
    y, x = np.indices((8, 16))
    slanted = (x - 2 * y) % 16 < 3
    assert label_domains(slanted).wraps.tolist() == [[True, True]]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plate_winds_within_its_plane_only(axis):
    phase = np.zeros((4, 5, 6), dtype=bool)
    np.moveaxis(phase, axis, 0)[2] = True
    labels = label_domains(phase)
    assert labels.wraps.tolist() == [[a != axis for a in range(3)]]
    assert labels.size.tolist() == [120 // phase.shape[axis]]


@pytest.mark.parametrize("fill", [True, False])
def test_one_phase_or_none(fill):
    labels = label_domains(np.full((2, 3), fill))
    assert labels.size.tolist() == ([6] if fill else [])
    assert labels.wraps.tolist() == ([[True, True]] if fill else [])
    assert labels.wraps.shape == (int(fill), 2)
