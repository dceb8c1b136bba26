"""Clusters of faces that are near each other; they only grow, and two groups that stay are never joined."""

from dataclasses import dataclass

import numpy as np

from kith.identity.cluster_pairs import ClusterPairs, near_pairs
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


class Clusters:
    """Clusters of faces, each known by the mean vector m and the mean square q of its faces' lengths.

    The mean of the squared distances between the faces of two clusters is then q + q' - 2 m·m'. `several` marks the
    groups that stay, of several faces or settled by the user, `new` the clusters of new faces, `of_face` is the first
    cluster of each face.
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
        mean_squares = _means(of_face, squared_lengths, sizes)
        self.squares = mean_squares[:, 0]
        self._into = np.arange(count)

    def roots(self, clusters: Ids) -> Ids:
        """Return which clusters these have become."""
        before = clusters
        into = self._into[before]
        while (into != before).any():
            before = into
            into = self._into[before]
        return into

    def grow(self, changed: Ids, nearness: Nearness) -> None:
        """Unite clusters that agree, until none of the changed ones agrees with any."""
        while len(changed):
            into = self._into
            is_standing = into == np.arange(len(into))
            standing = np.flatnonzero(is_standing)
            others = np.setdiff1d(standing, changed)
            pairs = self.near(changed, others, nearness)
            changed = self._unite_all(pairs, nearness)

    def near(self, rows: Ids, others: Ids, nearness: Nearness) -> ClusterPairs:
        """Return pairs of one of `rows` and any cluster that agree, ascending by what is between them."""
        order = np.concatenate((rows, others))
        means = self.means[order]
        own = self.own(order, nearness)
        first, second, between = near_pairs(means, own, len(rows), nearness.limit)
        return order[first], order[second], between

    def own(self, clusters: Ids, nearness: Nearness) -> Floats:
        """Return what each of some clusters adds to what is between it and any other."""
        penalties = nearness.penalty / self.sizes[clusters]
        own = self.squares[clusters] + penalties
        return own.astype(np.float32)

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
            one_of_two = first[are_two].tolist()
            the_other = second[are_two].tolist()
            for one_root, other_root in zip(one_of_two, the_other, strict=True):
                cluster = self._root(one_root)
                other = self._root(other_root)
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
        means, squares, sizes = self.means, self.squares, self.sizes
        product = float(means[cluster] @ means[other])
        between = squares[cluster] + squares[other] - 2 * product
        faces = 1 / sizes[cluster] + 1 / sizes[other]
        penalties = nearness.penalty * faces
        return bool(between + penalties <= nearness.limit)

    def _unite(self, cluster: int, other: int) -> int:
        if self._is_taken_up(cluster, other):
            cluster, other = other, cluster
        sizes = self.sizes
        size = sizes[cluster] + sizes[other]
        share = np.float32(sizes[other] / size)
        for averages in (self.means, self.squares):
            difference = averages[other] - averages[cluster]
            averages[cluster] += share * difference
        sizes[cluster] = size
        photos = self.photos
        photos[cluster] |= photos[other]
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
    groups = group_of_face.tolist()
    photo_of_face = faces.photos.tolist()
    for number, photo in zip(groups, photo_of_face, strict=True):
        index = place.get(number)
        if index is not None:
            photos[index].add(photo)
            members[index] += 1
    settled = np.isin(numbers, group_of_face[faces.settled])
    several = (members > 1) | settled
    vectors = faces.vectors[counted]
    clusters = Clusters(of_face.astype(np.int64), vectors, photos, numbers, several)
    is_new = faces.groups[counted] == 0
    founded = of_face[is_new]
    clusters.new[founded] = True
    return clusters


def _means(of_face: Ids, values: Floats, sizes: Ids) -> Floats:
    if not len(sizes):
        return np.empty((0, values.shape[1]), np.float32)
    order = np.argsort(of_face, kind="stable")
    starts = np.cumsum(sizes) - sizes
    sums = np.add.reduceat(values[order], starts, axis=0, dtype=np.float64)
    return (sums / sizes[:, None]).astype(np.float32)
