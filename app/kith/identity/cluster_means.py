"""The mean vectors of clusters of faces, kept so that a million faces alone need no room for theirs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.values.samples import Floats, Ids

BLOCK = 2**12  # clusters whose faces are summed at once: what bounds the memory


class Means:
    """The mean vector (D) and the mean square of the lengths of each cluster's faces.

    A cluster of one face has that face's vector for its mean, and it stays where it is: `vectors` (N x D) are not
    copied. All others have a place of their own.
    """

    def __init__(self, vectors: Floats, rows: Ids, of_face: Ids, sizes: Ids) -> None:
        """Take the faces that count, `rows` of the vectors, each of the cluster `of_face`; `sizes` count these."""
        count = len(sizes)
        order = np.argsort(of_face, kind="stable")
        rows = rows[order]
        starts = np.cumsum(sizes) - sizes
        single = sizes == 1
        self.squares = np.zeros(count, np.float32)
        self._vectors = vectors
        self._row = np.full(count, -1, np.int64)
        self._row[single] = rows[starts[single]]
        self._place = np.full(count, -1, np.int64)
        self._used = 0
        self._own = np.empty((count - int(single.sum()), vectors.shape[1]), np.float32)
        for begin in range(0, count, BLOCK):
            clusters = np.arange(begin, min(begin + BLOCK, count))
            self._sum_up(clusters, rows[starts[begin] : starts[clusters[-1]] + sizes[clusters[-1]]], sizes[clusters])

    def _sum_up(self, clusters: Ids, rows: Ids, sizes: Ids) -> None:
        """Reckon what some clusters' faces come to, in double precision."""
        faces = self._vectors[rows]
        lengths = (faces**2).sum(axis=1)
        starts = np.cumsum(sizes) - sizes
        self.squares[clusters] = np.add.reduceat(lengths, starts, dtype=np.float64) / sizes
        several = np.flatnonzero(sizes > 1)
        if len(several):
            sums = np.add.reduceat(faces, starts, axis=0, dtype=np.float64)[several]
            self._give_room(clusters[several])
            self._own[self._place[clusters[several]]] = sums / sizes[several, None]

    def _give_room(self, clusters: Ids) -> None:
        needed = self._used + len(clusters)
        if needed > len(self._own):
            grown = np.empty((needed + needed // 4 + 1, self._own.shape[1]), np.float32)
            grown[: self._used] = self._own[: self._used]
            self._own = grown
        self._place[clusters] = np.arange(self._used, needed)
        self._used = needed

    def __getitem__(self, clusters: NDArray[np.signedinteger[Any]]) -> Floats:
        """Return the means of some clusters, in a new array."""
        place = self._place[clusters]
        means: Floats = self._vectors[self._row[clusters]]
        has_own = place >= 0
        means[has_own] = self._own[place[has_own]]
        return means

    def of(self, cluster: int) -> Floats:
        """Return the mean of one cluster, not to be written to."""
        place = self._place[cluster]
        mean: Floats = self._vectors[self._row[cluster]] if place < 0 else self._own[place]
        return mean

    def unite(self, cluster: int, other: int, share: np.float32) -> None:
        """Move a cluster's averages by this share of the way to those of another that it takes up."""
        mean = self.of(cluster)
        united = mean + share * (self.of(other) - mean)
        if self._place[cluster] < 0:
            self._give_room(np.array([cluster]))
        self._own[self._place[cluster]] = united
        self.squares[cluster] += share * (self.squares[other] - self.squares[cluster])
