"""Group the faces of unknown people by how near they are; groups only grow, and a machine never joins two of them."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from kith.values.samples import Faces, Flags, Floats, Ids

PROPOSALS = 16  # the nearest other clusters of each that are tried in a round
ROWS, COLUMNS = 512, 4096  # of distances held at once by a thread: 8 MB
PAIRS = 50_000  # looked at before those that meanwhile are one cluster are left out

Pairs = tuple[Ids, Ids, Floats]


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near one person's faces are: two alone (distance), and two large groups (root mean square distance)."""

    alone: float
    together: float

    @property
    def limit(self) -> float:
        """The squared distance of two clusters, their faces' penalties with it, up to which they agree."""
        return self.together**2

    @property
    def penalty(self) -> float:
        """What a single face adds to a squared distance, n faces a n-th of it: few faces say little about a person."""
        return (self.together**2 - self.alone**2) / 2


SAME = Nearness(alone=0.38, together=0.52)  # docs/recognition.md, "Unknown people"
PERHAPS_SAME = Nearness(alone=0.42, together=0.56)


def grouped(faces: Faces, nearness: Nearness = SAME) -> Ids:
    """Return each face's group (N), whose number is the appearance that founded it; a face like no other has its own.

    The nearest come together first, as long as the mean of the squared distances between the faces of both, with what
    `nearness` adds for few of them, is small enough. Two faces of one photo are never in one group. Whoever is in a
    group of several stays in it, and two such groups stay two.
    """
    clusters = clusters_of(faces)
    clusters.grow(np.flatnonzero(clusters.new), nearness)
    groups = faces.groups.copy()
    counted = faces.good & faces.unknown
    groups[counted] = clusters.numbers[clusters.roots(clusters.of_face)]
    _let_poor_faces_join(faces, groups, clusters, nearness)
    return np.where(groups == 0, faces.ids, groups)


def near_groups(faces: Faces, nearness: Nearness = PERHAPS_SAME) -> list[tuple[int, int]]:
    """Return pairs of groups that may be one person, the nearest first: for the user to decide."""
    clusters = clusters_of(faces)
    several = np.flatnonzero(clusters.several)
    pairs = clusters.near(several, several[:0], nearness)
    found = ((int(one), int(other)) for one, other in zip(*pairs[:2], strict=True))
    return [
        (int(clusters.numbers[one]), int(clusters.numbers[other]))
        for one, other in found
        if clusters.photos[one].isdisjoint(clusters.photos[other])
    ]


class Clusters:
    """Clusters of faces, each known by the mean vector m and the mean square q of its faces' lengths.

    The mean of the squared distances between the faces of two clusters is then q + q' - 2 m·m'. `several` marks the
    groups that stay, `new` the clusters of new faces, `of_face` is the first cluster of each face.
    """

    def __init__(self, of_face: Ids, vectors: Floats, photos: list[set[int]], numbers: Ids, several: Flags) -> None:
        self.of_face, self.photos, self.numbers, self.several = of_face, photos, numbers, several
        self.new = np.zeros(len(numbers), np.bool_)
        self.sizes = np.bincount(of_face, minlength=len(numbers))
        self.means = _means(of_face, vectors, self.sizes)
        self.squares = _means(of_face, (vectors**2).sum(axis=1, keepdims=True), self.sizes)[:, 0]
        self._into = np.arange(len(numbers))

    def roots(self, clusters: Ids) -> Ids:
        """Return which clusters these have become."""
        into = self._into[clusters]
        while (into != self._into[into]).any():
            into = self._into[into]
        return into

    def grow(self, changed: Ids, nearness: Nearness) -> None:
        """Unite clusters that agree, until none of the changed ones agrees with any."""
        while len(changed):
            there = np.flatnonzero(self._into == np.arange(len(self._into)))
            changed = self._unite_all(self.near(changed, np.setdiff1d(there, changed), nearness), nearness)

    def near(self, rows: Ids, others: Ids, nearness: Nearness) -> Pairs:
        """Return pairs of one of `rows` and any cluster that agree, ascending by what is between them."""
        order = np.concatenate((rows, others))
        own = (self.squares[order] + nearness.penalty / self.sizes[order]).astype(np.float32)[:, None]
        left, right = _factors(self.means[order], own)
        tops = range(0, len(rows), ROWS)
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # numpy computes beside other threads
            blocks = threads.map(lambda top: _near_later(left[: len(rows)], right, top, nearness.limit), tops)
            one, other, between = _joined(blocks)
        ascending = np.lexsort((other, one, between))
        return order[one[ascending]], order[other[ascending]], between[ascending]

    def _unite_all(self, pairs: Pairs, nearness: Nearness) -> Ids:
        changed = set()
        for start in range(0, len(pairs[0]), PAIRS):
            ones, others = (self.roots(side[start : start + PAIRS]) for side in pairs[:2])
            apart = ones != others
            for first, second in zip(ones[apart].tolist(), others[apart].tolist(), strict=True):
                one, other = self._root(first), self._root(second)
                if one != other and self._agree(one, other, nearness):
                    changed.add(self._unite(one, other))
        return np.unique(self.roots(np.array([*changed], np.int64)))

    def _root(self, cluster: int) -> int:
        while (into := int(self._into[cluster])) != cluster:
            cluster = into
        return cluster

    def _agree(self, one: int, other: int, nearness: Nearness) -> bool:
        if (self.several[one] and self.several[other]) or not self.photos[one].isdisjoint(self.photos[other]):
            return False
        between = self.squares[one] + self.squares[other] - 2 * float(self.means[one] @ self.means[other])
        return bool(between + nearness.penalty * (1 / self.sizes[one] + 1 / self.sizes[other]) <= nearness.limit)

    def _unite(self, one: int, other: int) -> int:
        if self.several[other] or (not self.several[one] and self.sizes[other] > self.sizes[one]):
            one, other = other, one
        share = np.float32(self.sizes[other] / (self.sizes[one] + self.sizes[other]))
        self.means[one] += share * (self.means[other] - self.means[one])
        self.squares[one] += share * (self.squares[other] - self.squares[one])
        self.sizes[one] += self.sizes[other]
        self.photos[one] |= self.photos[other]
        if not self.several[one]:
            self.numbers[one] = min(self.numbers[one], self.numbers[other])
        self._into[other] = one
        return one


def clusters_of(faces: Faces) -> Clusters:
    """Return the groups there are, and a cluster of its own for each new face that counts."""
    numbers = np.where(faces.groups == 0, faces.ids, faces.groups)
    counted = faces.good & faces.unknown
    own, of_face = np.unique(numbers[counted], return_inverse=True)
    photos: list[set[int]] = [set() for _ in own]
    place = {number: index for index, number in enumerate(own.tolist())}
    members = np.zeros(len(own), np.int64)
    for number, photo in zip(numbers.tolist(), faces.photos.tolist(), strict=True):
        if (index := place.get(number)) is not None:
            photos[index].add(photo)
            members[index] += 1
    clusters = Clusters(of_face.astype(np.int64), faces.vectors[counted], photos, own, members > 1)
    clusters.new[of_face[faces.groups[counted] == 0]] = True
    return clusters


def _let_poor_faces_join(faces: Faces, groups: Ids, clusters: Clusters, nearness: Nearness) -> None:
    """Give each face that is not good and in no group to the nearest group that agrees; it founds none."""
    poor = faces.unknown & ~faces.good
    there = np.unique(clusters.roots(clusters.of_face))
    grown = np.unique(clusters.roots(np.flatnonzero(clusters.new)))
    numbers, sizes = np.unique(groups, return_counts=True)
    alone = np.isin(groups, numbers[sizes == 1]) & (groups > 0)
    asked = ((np.flatnonzero(poor & (groups == 0)), there), (np.flatnonzero(poor & alone), grown))
    found = [_nearest_cluster(faces.vectors, face, clusters, among, nearness) for face, among in asked]
    face, cluster, between = _joined(found)
    for index in np.argsort(between, kind="stable").tolist():
        photos, photo = clusters.photos[cluster[index]], int(faces.photos[face[index]])
        if between[index] <= nearness.limit and photo not in photos:
            groups[face[index]] = clusters.numbers[cluster[index]]
            photos.add(photo)


def _nearest_cluster(vectors: Floats, faces: Ids, clusters: Clusters, among: Ids, nearness: Nearness) -> Pairs:
    """Return the nearest cluster of each of some faces, by what is between them."""
    if not len(among) or not len(faces):
        return _NO_PAIRS
    own = (clusters.squares[among] + nearness.penalty / clusters.sizes[among]).astype(np.float32)
    means, step = -2 * clusters.means[among].T, max(1, ROWS * COLUMNS // len(among))

    def compare(start: int) -> Pairs:
        probes = vectors[faces[start : start + step]]
        between = probes @ means
        between += own
        nearest = between.argmin(axis=1)
        least = between[np.arange(len(nearest)), nearest] + (probes**2).sum(axis=1) + np.float32(nearness.penalty)
        return faces[start : start + step], among[nearest], least

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return _joined(threads.map(compare, range(0, len(faces), step)))


def _means(of_face: Ids, values: Floats, sizes: Ids) -> Floats:
    if not len(sizes):
        return np.empty((0, values.shape[1]), np.float32)
    order = np.argsort(of_face, kind="stable")
    starts = np.cumsum(sizes) - sizes
    return (np.add.reduceat(values[order], starts, axis=0, dtype=np.float64) / sizes[:, None]).astype(np.float32)


def _factors(means: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Return the two matrices whose product is what is between each two clusters."""
    ones = np.ones_like(own)
    return np.hstack((-2 * means, ones, own)), np.ascontiguousarray(np.hstack((means, own, ones)).T)


def _near_later(left: Floats, right: Floats, top: int, limit: float) -> Pairs:
    """Return for a block of rows the nearest of the clusters that come later, each pair once."""
    kept = _NO_PAIRS
    for start in range(top, right.shape[1], COLUMNS):
        tile = left[top : top + ROWS] @ right[:, start : start + COLUMNS]
        row, column = np.nonzero(tile <= limit)
        later = column + start > row + top
        row, column = row[later], column[later]
        kept = _joined((kept, (row + top, column + start, tile[row, column])))
        if len(kept[0]) > ROWS * PROPOSALS:
            kept = _nearest_of_each(kept)
    return kept


_NO_PAIRS: Pairs = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def _joined(parts: Iterable[Pairs]) -> Pairs:
    one, other, between = zip(_NO_PAIRS, *parts, strict=True)
    return np.concatenate(one), np.concatenate(other), np.concatenate(between)


def _nearest_of_each(pairs: Pairs) -> Pairs:
    order = np.lexsort((pairs[2], pairs[0]))
    rows = pairs[0][order]
    order = order[np.arange(len(rows)) - np.searchsorted(rows, rows) < PROPOSALS]
    return pairs[0][order], pairs[1][order], pairs[2][order]
