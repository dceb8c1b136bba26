"""What is between clusters of faces: the pairs that are near each other, and the nearest of each face, in blocks.

Between two clusters is q + q' - 2 m·m', by their means m and what each adds, q: `own`, its penalty with it. Of so many
that comparing all of them would take too long, only those are compared that lie in cells near each other.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.identity.cluster_cells import Cells, Search, Take
from kith.values.samples import Floats, Ids

PROPOSALS = 16  # the nearest other clusters of each that are tried in a round
FEW_PROPOSALS = 6  # the same where there are so many that not all are compared
ROWS, COLUMNS = 512, 4096  # of distances held at once by a thread: 8 MB
EFFORT = 5 * 10**10  # pairs that are compared where not all are, two minutes on two cores: docs/recognition.md
MOST_SHARE = 0.5  # of all points: looking into more cells takes as long as comparing everybody
LEAST_SHARE = 0.03  # of all points that each is compared with, however many there are

Places = NDArray[np.signedinteger[Any]]  # of 32 bits, where there are many
ClusterPairs = tuple[Places, Places, Floats]  # (P each) with what is between the two

NO_PAIRS: ClusterPairs = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Clusters or faces: `take` returns the vectors at some places, `own` is what each adds (N)."""

    take: Take
    own: Floats

    def at(self, places: Ids) -> Floats:
        """Return the vectors at some places with two columns for what each adds."""
        vectors, own = self.take(places), self.own[places, None]
        return np.hstack((vectors, own, np.ones_like(own)))


def points_of(vectors: Floats, rows: Ids, penalty: float) -> Points:
    """Return some faces as points, each with its penalty."""
    squares = np.einsum("ij,ij->i", vectors, vectors)[rows]
    own = squares + np.float32(penalty)
    return Points(lambda places: vectors[rows[places]], own)


@dataclass(frozen=True, slots=True)
class Everybody:
    """The search that compares everybody with everybody, or of one kind of points each pair once."""

    count: int
    pairs_once: bool
    step: int = 0
    is_complete: bool = True

    def tiles(self, asking: Floats, top: int) -> Iterator[tuple[Ids, Ids]]:
        """Yield all who ask with all points, or those from the first that asks on."""
        who = np.arange(len(asking))
        begin = top if self.pairs_once else 0
        for start in range(begin, self.count, COLUMNS):
            yield who, np.arange(start, min(start + COLUMNS, self.count))


def near_pairs(points: Points, rows: int, limit: float) -> ClusterPairs:
    """Return the pairs of one of the first `rows` points and any of all, ascending, with `limit` between.

    Each pair is there once, or twice where not all are compared.
    """
    search = _search(points, rows, pairs_once=True)
    compare = partial(_near, points, search, rows, limit)
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # numpy computes beside other threads
        first, second, between = joined(threads.map(compare, range(0, rows, search.step)))
    order = np.lexsort((second, first, between))
    return first[order], second[order], between[order]


def nearest_points(asking: Points, points: Points) -> tuple[Ids, Floats]:
    """Return the nearest point to each of those that ask (N), and what is between them: infinite where none is near."""
    search = _search(points, len(asking.own), pairs_once=False)
    compare = partial(_nearest, asking, points, search)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = [*threads.map(compare, range(0, len(asking.own), search.step))]
    nearest, between = zip(*found, strict=True)
    return np.concatenate(nearest), np.concatenate(between)


def joined(parts: Iterable[ClusterPairs]) -> ClusterPairs:
    """Return pairs as one."""
    first, second, between = zip(NO_PAIRS, *parts, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(between)


def _search(points: Points, rows: int, *, pairs_once: bool) -> Search:
    count = len(points.own)
    if MOST_SHARE * rows * count <= EFFORT:
        return Everybody(count, pairs_once, ROWS)
    share = max(LEAST_SHARE, EFFORT / (rows * count))
    return Cells.of(points.take, count, share)


def _tiles(asking: Points, points: Points, search: Search, places: Places) -> Iterator[tuple[Ids, Ids, Floats]]:
    """Yield which of the places are compared with which points, and what is between them."""
    vectors, own = asking.take(places), asking.own[places, None]
    left = np.hstack((-2 * vectors, np.ones_like(own), own))
    for who, others in search.tiles(vectors, int(places[0])):
        yield who, others, left[who] @ points.at(others).T


def _near(points: Points, search: Search, rows: int, limit: float, top: int) -> ClusterPairs:
    """Return for a block of rows the nearest of the points they are compared with."""
    places = np.arange(top, min(top + search.step, rows), dtype=np.int32)
    most = PROPOSALS if search.is_complete else FEW_PROPOSALS
    found: list[ClusterPairs] = []
    count = 0
    for who, others, tile in _tiles(points, points, search, places):
        near = np.flatnonzero(tile <= limit)  # several times as quick as with two dimensions
        between = tile.ravel()[near]
        row, column = np.divmod(near, tile.shape[1])
        first, second = places[who[row]], others[column].astype(np.int32)
        is_wanted = second > first if search.is_complete else second != first
        found.append((first[is_wanted], second[is_wanted], between[is_wanted]))
        count += len(found[-1][0])
        if count > 2 * len(places) * most:
            found = [_nearest_of_each(joined(found), most)]
            count = len(found[0][0])
    if not search.is_complete:
        found = [_nearest_of_each(joined(found), most)]
    one, other, apart = joined(found)
    return np.minimum(one, other), np.maximum(one, other), apart


def _nearest_of_each(pairs: ClusterPairs, most: int) -> ClusterPairs:
    first, second, between = pairs
    order = np.lexsort((between, first))
    rows = first[order]
    begins = np.searchsorted(rows, rows)
    rank = np.arange(len(rows)) - begins
    nearest = order[rank < most]
    return first[nearest], second[nearest], between[nearest]


def _nearest(asking: Points, points: Points, search: Search, top: int) -> tuple[Ids, Floats]:
    places = np.arange(top, min(top + search.step, len(asking.own)))
    nearest = np.zeros(len(places), np.int64)
    least = np.full(len(places), np.inf, np.float32)
    for who, others, tile in _tiles(asking, points, search, places):
        column = tile.argmin(axis=1)
        between = tile[np.arange(len(who)), column]
        is_nearer = between < least[who]
        nearer = who[is_nearer]
        nearest[nearer] = others[column[is_nearer]]
        least[nearer] = between[is_nearer]
    return nearest, least
