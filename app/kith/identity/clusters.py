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

ClusterPairs = tuple[Ids, Ids, Floats]  # (P each) with what is between the two


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
    first, second, _ = clusters.near(several, several[:0], nearness)
    numbers = clusters.numbers.tolist()
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return [(numbers[cluster], numbers[other]) for cluster, other in pairs if clusters.are_apart(cluster, other)]


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
            standing = np.flatnonzero(self._into == np.arange(len(self._into)))
            others = np.setdiff1d(standing, changed)
            pairs = self.near(changed, others, nearness)
            changed = self._unite_all(pairs, nearness)

    def near(self, rows: Ids, others: Ids, nearness: Nearness) -> ClusterPairs:
        """Return pairs of one of `rows` and any cluster that agree, ascending by what is between them."""
        order = np.concatenate((rows, others))
        left, right = _factors(self.means[order], self.own(order, nearness))
        left = left[: len(rows)]
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # numpy computes beside other threads
            tops = range(0, len(rows), ROWS)
            blocks = threads.map(lambda top: _near_later(left, right, top, nearness.limit), tops)
            first, second, between = _joined(blocks)
        ascending = np.lexsort((second, first, between))
        return order[first[ascending]], order[second[ascending]], between[ascending]

    def own(self, clusters: Ids, nearness: Nearness) -> Floats:
        """Return what each of some clusters adds to what is between it and any other."""
        penalties = nearness.penalty / self.sizes[clusters]
        return (self.squares[clusters] + penalties).astype(np.float32)

    def are_apart(self, cluster: int, other: int) -> bool:
        """Say whether no photo shows faces of both."""
        return self.photos[cluster].isdisjoint(self.photos[other])

    def _unite_all(self, pairs: ClusterPairs, nearness: Nearness) -> Ids:
        firsts, seconds, _ = pairs
        changed = set()
        for start in range(0, len(firsts), PAIRS):
            first, second = self.roots(firsts[start : start + PAIRS]), self.roots(seconds[start : start + PAIRS])
            are_two = first != second
            for face, other_face in zip(first[are_two].tolist(), second[are_two].tolist(), strict=True):
                cluster, other = self._root(face), self._root(other_face)
                if cluster != other and self._agree(cluster, other, nearness):
                    changed.add(self._unite(cluster, other))
        return np.unique(self.roots(np.array([*changed], np.int64)))

    def _root(self, cluster: int) -> int:
        into = int(self._into[cluster])
        while into != cluster:
            cluster, into = into, int(self._into[into])
        return cluster

    def _agree(self, cluster: int, other: int, nearness: Nearness) -> bool:
        if (self.several[cluster] and self.several[other]) or not self.are_apart(cluster, other):
            return False
        product = float(self.means[cluster] @ self.means[other])
        between = self.squares[cluster] + self.squares[other] - 2 * product
        faces = 1 / self.sizes[cluster] + 1 / self.sizes[other]
        return bool(between + nearness.penalty * faces <= nearness.limit)

    def _unite(self, cluster: int, other: int) -> int:
        if self.several[other] or (not self.several[cluster] and self.sizes[other] > self.sizes[cluster]):
            cluster, other = other, cluster
        share = np.float32(self.sizes[other] / (self.sizes[cluster] + self.sizes[other]))
        self.means[cluster] += share * (self.means[other] - self.means[cluster])
        self.squares[cluster] += share * (self.squares[other] - self.squares[cluster])
        self.sizes[cluster] += self.sizes[other]
        self.photos[cluster] |= self.photos[other]
        if not self.several[cluster]:
            self.numbers[cluster] = min(self.numbers[cluster], self.numbers[other])
        self._into[other] = cluster
        return cluster


def clusters_of(faces: Faces) -> Clusters:
    """Return the groups there are, and a cluster of its own for each new face that counts."""
    group_of_face = np.where(faces.groups == 0, faces.ids, faces.groups)
    counted = faces.good & faces.unknown
    numbers, of_face = np.unique(group_of_face[counted], return_inverse=True)
    photos: list[set[int]] = [set() for _ in numbers]
    place = {number: index for index, number in enumerate(numbers.tolist())}
    members = np.zeros(len(numbers), np.int64)
    for number, photo in zip(group_of_face.tolist(), faces.photos.tolist(), strict=True):
        index = place.get(number)
        if index is not None:
            photos[index].add(photo)
            members[index] += 1
    clusters = Clusters(of_face.astype(np.int64), faces.vectors[counted], photos, numbers, members > 1)
    is_new = faces.groups[counted] == 0
    clusters.new[of_face[is_new]] = True
    return clusters


def _let_poor_faces_join(faces: Faces, groups: Ids, clusters: Clusters, nearness: Nearness) -> None:
    """Give each face that is not good and in no group to the nearest group that agrees; it founds none."""
    poor = faces.unknown & ~faces.good
    standing = np.unique(clusters.roots(clusters.of_face))
    grown = np.unique(clusters.roots(np.flatnonzero(clusters.new)))
    numbers, sizes = np.unique(groups, return_counts=True)
    is_alone = np.isin(groups, numbers[sizes == 1]) & (groups > 0)
    new, alone = np.flatnonzero(poor & (groups == 0)), np.flatnonzero(poor & is_alone)
    of_new = _nearest_cluster(faces.vectors, new, clusters, standing, nearness)
    of_alone = _nearest_cluster(faces.vectors, alone, clusters, grown, nearness)
    face, cluster, between = _joined([of_new, of_alone])
    order = np.argsort(between, kind="stable")
    agreeing = order[between[order] <= nearness.limit]
    for row, root in zip(face[agreeing].tolist(), cluster[agreeing].tolist(), strict=True):
        photos, photo = clusters.photos[root], int(faces.photos[row])
        if photo not in photos:
            groups[row] = clusters.numbers[root]
            photos.add(photo)


def _nearest_cluster(vectors: Floats, faces: Ids, clusters: Clusters, among: Ids, nearness: Nearness) -> ClusterPairs:
    """Return the nearest cluster of each of some faces, by what is between them."""
    if not len(among) or not len(faces):
        return _NO_PAIRS
    own = clusters.own(among, nearness)
    means = -2 * clusters.means[among].T
    step = max(1, ROWS * COLUMNS // len(among))

    def compare(start: int) -> ClusterPairs:
        asked = faces[start : start + step]
        probes = vectors[asked]
        between = probes @ means
        between += own
        nearest = between.argmin(axis=1)
        least = between[np.arange(len(nearest)), nearest]
        own_of_probes = (probes**2).sum(axis=1)
        return asked, among[nearest], least + own_of_probes + np.float32(nearness.penalty)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return _joined(threads.map(compare, range(0, len(faces), step)))


def _means(of_face: Ids, values: Floats, sizes: Ids) -> Floats:
    if not len(sizes):
        return np.empty((0, values.shape[1]), np.float32)
    order = np.argsort(of_face, kind="stable")
    starts = np.cumsum(sizes) - sizes
    sums = np.add.reduceat(values[order], starts, axis=0, dtype=np.float64)
    return (sums / sizes[:, None]).astype(np.float32)


def _factors(means: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Return the two matrices whose product is what is between each two clusters."""
    column = own[:, None]
    ones = np.ones_like(column)
    left, right = np.hstack((-2 * means, ones, column)), np.hstack((means, column, ones))
    return left, np.ascontiguousarray(right.T)


def _near_later(left: Floats, right: Floats, top: int, limit: float) -> ClusterPairs:
    """Return for a block of rows the nearest of the clusters that come later, each pair once."""
    kept = _NO_PAIRS
    for start in range(top, right.shape[1], COLUMNS):
        tile = left[top : top + ROWS] @ right[:, start : start + COLUMNS]
        row, column = np.nonzero(tile <= limit)
        between = tile[row, column]
        first, second = row + top, column + start
        is_later = second > first
        kept = _joined((kept, (first[is_later], second[is_later], between[is_later])))
        if len(kept[0]) > ROWS * PROPOSALS:
            kept = _nearest_of_each(kept)
    return kept


_NO_PAIRS: ClusterPairs = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def _joined(parts: Iterable[ClusterPairs]) -> ClusterPairs:
    first, second, between = zip(_NO_PAIRS, *parts, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(between)


def _nearest_of_each(pairs: ClusterPairs) -> ClusterPairs:
    first, second, between = pairs
    order = np.lexsort((between, first))
    rows = first[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    nearest = order[rank < PROPOSALS]
    return first[nearest], second[nearest], between[nearest]
