"""Valleys of a surface on a grid: its two deepest minima, the pass between them, and the path over it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Place = tuple[int, ...]
"""Indices of a bin."""

_STEPS = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j)


class Pass(NamedTuple):
    """Two valleys and the lowest way from one to the other."""

    low: Place
    """Deepest bin of all."""
    other: Place
    """Deepest bin of the other valley."""
    saddle: Place
    """Highest bin of the lowest way between them."""
    label: Integers
    """0 in the valley of `low`, 1 in that of `other`, −1 where nothing is known; of the shape of the surface."""


def deepest(G: Floats) -> Place:
    """The lowest bin."""
    return tuple(int(i) for i in np.unravel_index(int(np.nanargmin(G)), G.shape))


def find_pass(G: Floats) -> Pass | None:
    """The pass with the highest rise from the shallower of its two valleys; None if there is one valley only.

    The surface, shape (q, eta) with NaN where it is not known, is flooded from below. Where two lakes meet lies the
    lowest way between their deepest points; the lake with the higher one ends there.
    """
    meetings = _flood(G, None)
    if not meetings:
        return None
    low, other, saddle = max(meetings, key=lambda m: G[m[2]] - G[m[1]])
    label = np.full(G.shape, -1, dtype=np.int64)
    _flood(G, (low, other), label)
    return Pass(low, other, saddle, label)


def _flood(G: Floats, keep: tuple[Place, Place] | None, label: Integers | None = None) -> list[tuple[Place, ...]]:
    """Every meeting of two lakes: deepest points of the lower and of the higher one, and where they meet.

    The two valleys of `keep` stay apart, and `label` says which of them a bin belongs to.
    """
    parent: dict[Place, Place] = {}

    def root(place: Place) -> Place:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    meetings: list[tuple[Place, ...]] = []
    order = np.argsort(G, axis=None, kind="stable")
    for index in order[: np.count_nonzero(np.isfinite(G))].tolist():
        here = tuple(int(i) for i in np.unravel_index(index, G.shape))
        around = [(here[0] + i, here[1] + j) for i, j in _STEPS]
        lakes = sorted({root(place) for place in around if place in parent}, key=lambda place: (G[place], place))
        parent[here] = lakes[0] if lakes else here
        for lake in lakes[1:]:
            if keep is not None and {lake, lakes[0]} == set(keep):
                continue
            meetings.append((lakes[0], lake, here))
            parent[lake] = lakes[0]
    if label is not None and keep is not None:
        for place in parent:
            label[place] = keep.index(root(place)) if root(place) in keep else -1
    return meetings


def lowest_path(G: Floats, way: Pass, scale: float) -> list[Place]:
    """Bins from the lowest to the other valley along which Σ exp(G/scale) is least: over the saddle, down its sides."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    number = np.full(G.shape, -1, dtype=np.int64)
    known = np.argwhere(np.isfinite(G))
    number[tuple(known.T)] = np.arange(len(known))
    # Where a sum cannot tell heights apart any more, deep in the valleys, the length of the path decides.
    cost = np.exp(np.clip((G - G[way.saddle]) / scale, -30.0, 30.0))
    rows, columns, weights = [], [], []
    for i, j in _STEPS:
        there = known + np.array([i, j])
        inside = np.all((there >= 0) & (there < G.shape), axis=1)
        a, b = known[inside], there[inside]
        joined = number[tuple(b.T)] >= 0
        a, b = a[joined], b[joined]
        rows.append(number[tuple(a.T)])
        columns.append(number[tuple(b.T)])
        weights.append((cost[tuple(a.T)] + cost[tuple(b.T)]) / 2 * np.hypot(i, j))
    edges = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    graph = coo_array(edges, shape=(len(known), len(known))).tocsr()
    _, before = dijkstra(graph, indices=int(number[way.low]), return_predecessors=True)
    path = [int(number[way.other])]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return [tuple(int(i) for i in known[k]) for k in reversed(path)]
