"""Open crystals switch from their corners, periodic ones everywhere alike (arXiv:0910.4519, arXiv:0710.0921)."""

import numpy as np
import pytest

from mcsco.engine.random_numbers import make_key
from mcsco.engine.spring_batch import SpringBatch
from mcsco.model import SpinCrossover
from mcsco.model.crystal import Crystal
from mcsco.model.springs import SpringModel, Springs

L, REPLICAS, FRACTION = 16, 32, 0.3
SPIN = SpinCrossover(enthalpy=15.3, entropy=66.5)
SPRINGS = Springs(90.0, 45.0, radius_LS=5.0, radius_HS=5.2)


def switched_early(boundary, start):
    """Which molecules have switched when 30 % have, on a ramp of 0.2 K a sweep; shape (replicas, L, L)."""
    batch = SpringBatch(SpringModel(Crystal((L, L), boundary), SPIN, SPRINGS), start, REPLICAS, make_key(3, 0))
    maps = np.full((L * L, REPLICAS), np.nan)
    T = 235.0 if start == "LS" else 225.0
    while np.isnan(maps).any() and 150.0 < T < 320.0:
        T += 0.2 if start == "LS" else -0.2
        batch.advance(T, 0.0, 0.0, 1)
        new = (batch.codes != 0) == (start == "LS")
        crossed = np.isnan(maps[0]) & (new.mean(axis=0) >= FRACTION)
        maps[:, crossed] = new[:, crossed]
    assert not np.isnan(maps).any()
    return maps.T.reshape(REPLICAS, L, L)


def excess(maps):
    """Mean over replicas, and error, of corners − edges and of edges − inside; parts are a quarter of L deep."""
    outer = (np.arange(L) < L // 4) | (np.arange(L) >= L - L // 4)
    n_outer = outer[:, None].astype(int) + outer[None, :]
    corners, edges, inside = (maps[:, n_outer == n].mean(axis=1) for n in (2, 1, 0))
    return [(x.mean(), x.std(ddof=1) / np.sqrt(REPLICAS)) for x in (corners - edges, edges - inside)]


@pytest.mark.parametrize("start", ["LS", "HS"])
def test_an_open_square_switches_from_its_corners(start):
    (corners, error), (edges, error_of_edges) = excess(switched_early("open", start))
    assert corners > 0.1
    assert corners > 10 * error
    assert edges > 3 * error_of_edges


def test_a_periodic_square_switches_everywhere_alike():
    for difference, error in excess(switched_early("periodic", "LS")):
        assert abs(difference) < 4 * error
        assert error < 0.03
