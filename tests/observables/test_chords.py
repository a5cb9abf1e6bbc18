"""Chords against a walk along each line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mcsco.observables.chords import chords

CODES = st.one_of(st.tuples(*[st.integers(2, 6)] * 2), st.tuples(*[st.integers(2, 4)] * 3)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(0, 2))
)


def walk(line, phase):
    """Lengths of the chords of a phase in a periodic line; None if the whole line is one."""
    L = len(line)
    if all(c == phase for c in line):
        return None
    lengths = []
    for i in range(L):
        if line[i] == phase and line[i - 1] != phase:
            n = 1
            while line[(i + n) % L] == phase:
                n += 1
            lengths.append(n)
    return lengths


@settings(max_examples=300, deadline=None)
@given(CODES)
def test_every_line_walked(code):
    found = chords(code, 3)
    for phase in range(3):
        for axis in range(code.ndim):
            lines = np.moveaxis(code, axis, -1).reshape(-1, code.shape[axis]).tolist()
            walks = [walk(line, phase) for line in lines]
            lengths = [n for w in walks if w is not None for n in w]
            c = found[phase][axis]
            assert c.unbroken == walks.count(None)
            assert c.counts.tolist() == np.bincount(lengths, minlength=code.shape[axis] + 1).tolist()


def test_mean_of_alternating_stripes():
    code = np.zeros((4, 12), dtype=np.int8)
    code[:, 2:7] = 1
    (zero_y, zero_x), (one_y, one_x) = chords(code, 2)
    assert (zero_x.mean, one_x.mean) == (7.0, 5.0)
    assert np.isnan(zero_y.mean)
    assert (zero_y.unbroken, one_y.unbroken) == (7, 5)


def test_random_sites_have_geometric_chords(rng):
    p = 0.7
    (_, x) = chords((rng.random((400, 400)) < p).astype(np.int8), 2)[1]
    assert x.mean == pytest.approx(1 / (1 - p), rel=0.01)
    n = np.arange(1, 6)
    assert x.counts[1:6] / x.counts.sum() == pytest.approx((1 - p) * p ** (n - 1), abs=0.01)
