"""Group the faces of unknown people by how near they are; groups only grow, and a machine never joins two of them."""

from dataclasses import dataclass

import numpy as np

from kith.identity.cluster_pairs import NO_PAIRS, ClusterPairs, joined, near_pairs, nearest_clusters
from kith.values.samples import Faces, Flags, Floats, Ids

PAIRS = 50_000  # looked at before those that meanwhile are one cluster are left out


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
    new = np.flatnonzero(clusters.new)
    clusters.grow(new, nearness)
    groups = faces.groups.copy()
    counted = faces.good & faces.unknown
    roots = clusters.roots(clusters.of_face)
    groups[counted] = clusters.numbers[roots]
    _let_poor_faces_join(faces, groups, clusters, nearness)
    return np.where(groups == 0, faces.ids, groups)


def near_groups(faces: Faces, nearness: Nearness = PERHAPS_SAME) -> list[tuple[int, int]]:
    """Return pairs of groups that may be one person, the nearest first: for the user to decide."""
    clusters = clusters_of(faces)
    several = np.flatnonzero(clusters.several)
    first, second, _ = clusters.near(several, several[:0], nearness)
    numbers = clusters.numbers.tolist()
    found = []
    for cluster, other in zip(first.tolist(), second.tolist(), strict=True):
        if clusters.are_apart(cluster, other):
            pair = numbers[cluster], numbers[other]
            found.append(pair)
    return found


class Clusters:
    """Clusters of faces, each known by the mean vector m and the mean square q of its faces' lengths.

    The mean of the squared distances between the faces of two clusters is then q + q' - 2 m·m'. `several` marks the
    groups that stay, `new` the clusters of new faces, `of_face` is the first cluster of each face.
    """

    def __init__(self, of_face: Ids, vectors: Floats, photos: list[set[int]], numbers: Ids, several: Flags) -> None:
        count = len(numbers)
        sizes = np.bincount(of_face, minlength=count)
        squared_lengths = (vectors**2).sum(axis=1, keepdims=True)
        self.of_face = of_face
        self.photos = photos
        self.numbers = numbers
        self.several = several
        self.new = np.zeros(count, np.bool_)
        self.sizes = sizes
        self.means = _means(of_face, vectors, sizes)
        self.squares = _means(of_face, squared_lengths, sizes)[:, 0]
        self._into = np.arange(count)

    def roots(self, clusters: Ids) -> Ids:
        """Return which clusters these have become."""
        into = self._into[clusters]
        while (into != self._into[into]).any():
            into = self._into[into]
        return into

    def grow(self, changed: Ids, nearness: Nearness) -> None:
        """Unite clusters that agree, until none of the changed ones agrees with any."""
        while len(changed):
            into = self._into
            standing = np.flatnonzero(into == np.arange(len(into)))
            others = np.setdiff1d(standing, changed)
            pairs = self.near(changed, others, nearness)
            changed = self._unite_all(pairs, nearness)

    def near(self, rows: Ids, others: Ids, nearness: Nearness) -> ClusterPairs:
        """Return pairs of one of `rows` and any cluster that agree, ascending by what is between them."""
        order = np.concatenate((rows, others))
        own = self.own(order, nearness)
        first, second, between = near_pairs(self.means[order], own, len(rows), nearness.limit)
        return order[first], order[second], between

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
            block = slice(start, start + PAIRS)
            first = self.roots(firsts[block])
            second = self.roots(seconds[block])
            are_two = first != second
            for face, other_face in zip(first[are_two].tolist(), second[are_two].tolist(), strict=True):
                cluster = self._root(face)
                other = self._root(other_face)
                if cluster != other and self._agree(cluster, other, nearness):
                    united = self._unite(cluster, other)
                    changed.add(united)
        roots = self.roots(np.array([*changed], np.int64))
        return np.unique(roots)

    def _root(self, cluster: int) -> int:
        into = int(self._into[cluster])
        while into != cluster:
            cluster = into
            into = int(self._into[cluster])
        return cluster

    def _agree(self, cluster: int, other: int, nearness: Nearness) -> bool:
        if self.several[cluster] and self.several[other]:
            return False
        if not self.are_apart(cluster, other):
            return False
        product = float(self.means[cluster] @ self.means[other])
        between = self.squares[cluster] + self.squares[other] - 2 * product
        faces = 1 / self.sizes[cluster] + 1 / self.sizes[other]
        penalties = nearness.penalty * faces
        return bool(between + penalties <= nearness.limit)

    def _unite(self, cluster: int, other: int) -> int:
        if self._is_taken_up(cluster, other):
            cluster, other = other, cluster
        sizes = self.sizes
        size = sizes[cluster] + sizes[other]
        share = np.float32(sizes[other] / size)
        for averages in (self.means, self.squares):
            averages[cluster] += share * (averages[other] - averages[cluster])
        sizes[cluster] = size
        self.photos[cluster] |= self.photos[other]
        if not self.several[cluster]:
            numbers = self.numbers
            numbers[cluster] = min(numbers[cluster], numbers[other])
        self._into[other] = cluster
        return cluster

    def _is_taken_up(self, cluster: int, other: int) -> bool:
        """Say whether the second of two clusters stays: a group of several before others, else the larger one."""
        if self.several[other]:
            return True
        if self.several[cluster]:
            return False
        return bool(self.sizes[other] > self.sizes[cluster])


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
    several = members > 1
    clusters = Clusters(of_face.astype(np.int64), faces.vectors[counted], photos, numbers, several)
    is_new = faces.groups[counted] == 0
    founded = of_face[is_new]
    clusters.new[founded] = True
    return clusters


def _let_poor_faces_join(faces: Faces, groups: Ids, clusters: Clusters, nearness: Nearness) -> None:
    """Give each face that is not good and in no group to the nearest group that agrees; it founds none."""
    poor = faces.unknown & ~faces.good
    standing = clusters.roots(clusters.of_face)
    founded = np.flatnonzero(clusters.new)
    grown = clusters.roots(founded)
    numbers, sizes = np.unique(groups, return_counts=True)
    of_one = numbers[sizes == 1]
    is_new = groups == 0
    is_alone = np.isin(groups, of_one) & ~is_new
    new = np.flatnonzero(poor & is_new)
    alone = np.flatnonzero(poor & is_alone)
    of_new = _nearest_cluster(faces.vectors, new, clusters, np.unique(standing), nearness)
    of_alone = _nearest_cluster(faces.vectors, alone, clusters, np.unique(grown), nearness)
    face, cluster, between = joined([of_new, of_alone])
    order = np.argsort(between, kind="stable")
    agreeing = order[between[order] <= nearness.limit]
    for row, root in zip(face[agreeing].tolist(), cluster[agreeing].tolist(), strict=True):
        photos = clusters.photos[root]
        photo = int(faces.photos[row])
        if photo not in photos:
            groups[row] = clusters.numbers[root]
            photos.add(photo)


def _nearest_cluster(vectors: Floats, faces: Ids, clusters: Clusters, among: Ids, nearness: Nearness) -> ClusterPairs:
    """Return the nearest cluster of each of some faces, by what is between them."""
    if not len(among) or not len(faces):
        return NO_PAIRS
    own = clusters.own(among, nearness)
    nearest, between = nearest_clusters(vectors, faces, clusters.means[among], own)
    return faces, among[nearest], between + np.float32(nearness.penalty)


def _means(of_face: Ids, values: Floats, sizes: Ids) -> Floats:
    if not len(sizes):
        return np.empty((0, values.shape[1]), np.float32)
    order = np.argsort(of_face, kind="stable")
    starts = np.cumsum(sizes) - sizes
    sums = np.add.reduceat(values[order], starts, axis=0, dtype=np.float64)
    return (sums / sizes[:, None]).astype(np.float32)
