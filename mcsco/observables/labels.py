"""Connected domains on a torus: which sites hang together, and which domains wind around the crystal."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Labels(NamedTuple):
    """Nearest-neighbour clusters of one phase, numbered by descending size."""

    domain: npt.NDArray[np.int32]
    """Number of the domain, from 1; 0 outside of the phase. Shape of the lattice."""
    size: Ints
    """Sites of each domain, shape (domain,)."""
    wraps: npt.NDArray[np.bool_]
    """Whether a domain holds a closed path that winds around the crystal along an axis, shape (domain, axis)."""


class Seams(NamedTuple):
    """Bonds that cross the edge of the box, between pieces that are connected within it; each kind once."""

    tail: Ints  # piece at the far end of the axis
    head: Ints  # piece at the near end, one period further
    step: Ints  # (bond, axis): 1 along the axis that the bond crosses


def label_domains(phase: npt.NDArray[np.bool_]) -> Labels:
    """Nearest-neighbour clusters of a phase on a periodic square or cubic lattice.

    The box is labelled as if it were open, and the pieces are joined over its seams. A path inside the box
    cannot wind, so the windings are those of the small graph of pieces and seam bonds: with an offset of whole
    periods for every piece, taken along a spanning tree, a bond that does not fit the offsets of its ends closes a
    path that winds. A domain that reaches from edge to edge without closing on itself does not wrap.

    Parameters
    ----------
    phase : array of bool
        Sites of the phase, shape of the lattice, extents of 2 or more.

    Returns
    -------
    Labels
    """
    from scipy import ndimage
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pieces, n_pieces = ndimage.label(phase)
    seams = _seams(pieces)
    ones = np.ones(seams.tail.size, dtype=np.int8)
    graph = coo_array((ones, (seams.tail, seams.head)), shape=(n_pieces + 1, n_pieces + 1))
    n_clusters, cluster = connected_components(graph, directed=False)  # piece 0, the outside, is one of its own
    size = np.bincount(cluster, weights=np.bincount(pieces.ravel(), minlength=n_pieces + 1)).astype(np.int64)
    size[cluster[0]] = 0
    order = np.argsort(-size, kind="stable")[:-1]
    rank = np.zeros(n_clusters, dtype=np.int32)
    rank[order] = np.arange(1, n_clusters, dtype=np.int32)
    wraps = np.zeros((n_clusters, phase.ndim), dtype=np.bool_)
    bond, axis = np.nonzero(_windings(seams, n_pieces, cluster))
    wraps[cluster[seams.tail[bond]], axis] = True
    return Labels(rank[cluster][pieces], size[order], wraps[order])


def _seams(pieces: npt.NDArray[np.int32]) -> Seams:
    """Distinct seam bonds of the labelled open box."""
    d = pieces.ndim
    rows = []
    for axis in range(d):
        tail, head = pieces.take(-1, axis).ravel(), pieces.take(0, axis).ravel()
        both = (tail > 0) & (head > 0)
        rows.append(np.stack([tail[both], head[both], np.full(int(both.sum()), axis)], axis=1))
    bonds = np.unique(np.concatenate(rows).astype(np.int64), axis=0)
    return Seams(bonds[:, 0], bonds[:, 1], np.eye(d, dtype=np.int64)[bonds[:, 2]])


def _windings(seams: Seams, n_pieces: int, cluster: npt.NDArray[np.int32]) -> Ints:
    """Periods by which a path along the tree from tail to head misses the seam bond between them, (bond, axis)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order

    n = n_pieces + 1
    # Piece 0 becomes the root of one tree over all clusters, through one piece of each.
    _, first = np.unique(cluster[seams.tail], return_index=True)
    roots = seams.tail[first]
    source = np.concatenate([seams.tail, seams.head])
    target = np.concatenate([seams.head, seams.tail])
    step = np.concatenate([seams.step, -seams.step])
    rows, columns = np.concatenate([source, 0 * roots]), np.concatenate([target, roots])
    graph = coo_array((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(n, n)).tocsr()
    _, parent = breadth_first_order(graph, 0, directed=False)
    parent = np.where(parent < 0, 0, parent).astype(np.int64)

    key = source * n + target
    by_key = np.argsort(key, kind="stable")
    child = np.flatnonzero(parent)
    offset = np.zeros((n, seams.step.shape[1]), dtype=np.int64)
    offset[child] = step[by_key[np.searchsorted(key[by_key], parent[child] * n + child)]]
    while parent.any():  # every pass doubles the length of the paths that are summed
        offset += offset[parent]
        parent = parent[parent]
    windings: Ints = offset[seams.tail] + seams.step - offset[seams.head]
    return windings
