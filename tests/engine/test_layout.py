"""Packed strings: round trip, ghosts, and passes that cover every site once without bonds inside."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcsco.engine import Control
from mcsco.engine.batch import start_codes
from mcsco.engine.lattice_batch import LatticeBatch
from mcsco.engine.layout import ALIGN, make_layout, pack, unpack
from mcsco.engine.random_numbers import make_key
from mcsco.model import InfiniteRange, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R

SHAPES = [
    *((2, 2), (2, 3), (3, 2), (3, 3), (2, 7), (7, 2), (5, 8), (8, 5), (6, 10), (9, 11), (4, 64), (3, 65)),
    *((2, 2, 2), (2, 2, 3), (3, 2, 2), (3, 3, 3), (2, 3, 5), (4, 4, 6), (5, 4, 2), (3, 4, 5)),
]

shapes = st.lists(st.integers(2, 7), min_size=2, max_size=3).map(tuple)


@settings(deadline=None)
@given(shape=shapes, n_replicas=st.sampled_from([1, 2, 3, 16, 63, 64, 65, 200]), seed=st.integers(0, 2**32))
def test_round_trip(shape, n_replicas, seed):
    layout = make_layout(Lattice(shape), n_replicas)
    codes = np.random.default_rng(seed).integers(-1, 2, (n_replicas, *shape), dtype=np.int8)
    assert np.array_equal(unpack(layout, pack(layout, codes), shape), codes)


def sites_of(layout, item):
    row, parity, begin, end = item
    columns = [2 * k + parity for k in range(begin, end) if 2 * k + parity < layout.n_columns]
    return [row * layout.n_columns + column for column in columns]


@given(shape=shapes)
def test_passes_cover_every_site_once_and_contain_no_bond(shape):
    layout = make_layout(Lattice(shape), 2)
    bonds = naive.bonds(shape)
    seen = []
    for begin, end in zip(layout.passes[:-1], layout.passes[1:], strict=True):
        together = {site for item in layout.items[begin:end] for site in sites_of(layout, item)}
        assert not any(a in together and b in together for a, b in bonds)
        seen += sorted(together)
        assert len(together) == sum(len(sites_of(layout, item)) for item in layout.items[begin:end])
    assert sorted(seen) == list(range(int(np.prod(shape))))
    assert layout.passes[0] == 0
    assert layout.passes[-1] == len(layout.items)


@given(shape=shapes)
def test_passes_are_those_of_the_twin(shape):
    layout = make_layout(Lattice(shape), 1)
    expected = [
        sorted(row * shape[-1] + column for row, _, columns in items for column in columns)
        for items in naive.strings(shape)
    ]
    found = [
        sorted(site for item in layout.items[begin:end] for site in sites_of(layout, item))
        for begin, end in zip(layout.passes[:-1], layout.passes[1:], strict=True)
    ]
    assert found == expected
    even = all(extent % 2 == 0 for extent in shape)
    assert len(found) == (2 if even else np.prod([3 if extent % 2 else 2 for extent in shape]))


@given(shape=shapes)
def test_neighbouring_rows(shape):
    layout = make_layout(Lattice(shape), 1)
    rows = layout.n_rows
    pairs = sorted(tuple(sorted(pair)) for pair in naive.bonds(shape[:-1]))
    found = sorted(
        tuple(sorted((row, int(layout.row_neighbours[row, side])))) for row in range(rows) for side in (0, 2)
        if layout.row_neighbours[row, side] < rows
    )  # fmt: skip
    assert found == pairs
    back = [(1, 0), (3, 2)]
    for there, here in back:
        for row in range(rows):
            other = layout.row_neighbours[row, there]
            if other < rows:
                assert layout.row_neighbours[other, here] == row


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("three", [True, False], ids=["three-state", "plain"])
def test_ghosts_are_right_after_sweeps(shape, three):
    """The whole packed array, ghosts and padding included, is what packing the configuration afresh gives."""
    n_replicas = 5
    model = Model(
        Lattice(shape),
        SpinCrossover(900 * KELVIN, 3 * R),
        OrderDisorder() if three else None,
        (NearestNeighbours(20 * KELVIN, 30 * KELVIN * three), InfiniteRange(50 * KELVIN)),
    )
    batch = LatticeBatch(model, start_codes(model, "random", n_replicas, 4, 0), "metropolis", make_key(4, 0))
    control = Control(np.full(n_replicas, 300.0), np.zeros(n_replicas), np.zeros(n_replicas))
    for _ in range(3):
        before = batch.codes()
        batch.advance(control, control, 0, 2, 2)
        assert not np.array_equal(batch.codes(), before)
        assert np.array_equal(pack(batch.layout, batch.codes()), batch.packed)
    assert np.all(batch.packed[:, -1] == 0)  # the row that stands for missing directions
    assert batch.layout.offset % ALIGN == 0
    assert batch.layout.stride % ALIGN == 0
