"""What is between clusters of faces: the pairs that are near each other, and the nearest of each face, in blocks.

Between two clusters is q + q' - 2 m·m', by their means m and what each adds, q: `own`, its penalty with it.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from kith.values.samples import Floats, Ids

PROPOSALS = 16  # the nearest other clusters of each that are tried in a round
ROWS, COLUMNS = 512, 4096  # of distances held at once by a thread: 8 MB

ClusterPairs = tuple[Ids, Ids, Floats]  # (P each) with what is between the two

NO_PAIRS: ClusterPairs = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def near_pairs(means: Floats, own: Floats, rows: int, limit: float) -> ClusterPairs:
    """Return the pairs, each once, of one of the first `rows` and any of all, ascending, with `limit` between."""
    left, right = _factors(means, own)
    compare = partial(_near_later, left[:rows], right, limit)
    tops = range(0, rows, ROWS)
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # numpy computes beside other threads
        blocks = threads.map(compare, tops)
        first, second, between = joined(blocks)
    order = np.lexsort((second, first, between))
    return first[order], second[order], between[order]


def nearest_clusters(vectors: Floats, faces: Ids, means: Floats, own: Floats) -> tuple[Ids, Floats]:
    """Return the nearest cluster of each of some faces (N), and what is between them without the faces' penalty."""
    step = max(1, ROWS * COLUMNS // len(means))
    blocks = [faces[start : start + step] for start in range(0, len(faces), step)]
    compare = partial(_nearest, vectors, -2 * means.T, own)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(compare, blocks))
    nearest, between = zip(*found, strict=True)
    return np.concatenate(nearest), np.concatenate(between)


def joined(parts: Iterable[ClusterPairs]) -> ClusterPairs:
    """Return pairs as one."""
    first, second, between = zip(NO_PAIRS, *parts, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(between)


def _factors(means: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Return the two matrices whose product is what is between each two clusters."""
    column = own[:, None]
    ones = np.ones_like(column)
    left = np.hstack((-2 * means, ones, column))
    right = np.hstack((means, column, ones))
    return left, np.ascontiguousarray(right.T)


def _near_later(left: Floats, right: Floats, limit: float, top: int) -> ClusterPairs:
    """Return for a block of rows the nearest of the clusters that come later, each pair once."""
    kept = NO_PAIRS
    block = left[top : top + ROWS]
    for start in range(top, right.shape[1], COLUMNS):
        tile = block @ right[:, start : start + COLUMNS]
        row, column = np.nonzero(tile <= limit)
        between = tile[row, column]
        first = row + top
        second = column + start
        is_later = second > first
        later = first[is_later], second[is_later], between[is_later]
        kept = joined((kept, later))
        if len(kept[0]) > ROWS * PROPOSALS:
            kept = _nearest_of_each(kept)
    return kept


def _nearest_of_each(pairs: ClusterPairs) -> ClusterPairs:
    first, second, between = pairs
    order = np.lexsort((between, first))
    rows = first[order]
    begins = np.searchsorted(rows, rows)
    rank = np.arange(len(rows)) - begins
    nearest = order[rank < PROPOSALS]
    return first[nearest], second[nearest], between[nearest]


def _nearest(vectors: Floats, factor: Floats, own: Floats, faces: Ids) -> tuple[Ids, Floats]:
    probes = vectors[faces]
    between = probes @ factor
    between += own
    nearest = between.argmin(axis=1)
    least = between[np.arange(len(nearest)), nearest]
    own_of_faces = (probes**2).sum(axis=1)
    return nearest, least + own_of_faces
