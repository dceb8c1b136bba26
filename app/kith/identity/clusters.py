"""Clusters of faces that are near each other; they only grow, and two groups that stay are never joined."""

from dataclasses import dataclass

import numpy as np

from kith.identity.cluster_means import Means
from kith.identity.cluster_pairs import ClusterPairs, Places, Points, near_pairs
from kith.values.samples import Faces, Flags, Ids

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


class Photos:
    """The photos that show faces of each cluster; of the only face of one its number is enough."""

    def __init__(self, of_face: Ids, photos: Ids, members: Ids) -> None:
        """Take each face's cluster and photo, and how many faces each cluster has."""
        self._only = np.zeros(len(members), np.int64)
        self._only[of_face] = photos
        self._several: dict[int, set[int]] = {}
        of_several = members[of_face] > 1
        of_which, shown_in = of_face[of_several].tolist(), photos[of_several].tolist()
        for cluster, photo in zip(of_which, shown_in, strict=True):
            self._several.setdefault(cluster, set()).add(photo)

    def __getitem__(self, cluster: int) -> set[int]:
        """Return the photos of a cluster, not to be changed."""
        several = self._several.get(cluster)
        return {int(self._only[cluster])} if several is None else several

    def add(self, cluster: int, photos: set[int]) -> None:
        """Say that these show a face of the cluster, too."""
        self._several.setdefault(cluster, self[cluster]).update(photos)


class Clusters:
    """Clusters of faces, each known by the mean vector m and the mean square q of its faces' lengths.

    The mean of the squared distances between the faces of two clusters is then q + q' - 2 m·m'. `several` marks the
    groups that stay, of several faces or settled by the user, `new` the clusters of new faces, `of_face` is the first
    cluster of each face.
    """

    def __init__(self, of_face: Ids, means: Means, sizes: Ids, photos: Photos, numbers: Ids, several: Flags) -> None:
        self.of_face = of_face
        self.means = means
        self.sizes = sizes
        self.photos = photos
        self.numbers = numbers
        self.several = several
        self.new = np.zeros(len(numbers), np.bool_)
        self._into = np.arange(len(numbers))

    def roots(self, clusters: Places) -> Ids:
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
        order = np.concatenate((rows, others)).astype(np.int32)  # of pairs there may be millions
        first, second, between = near_pairs(self.points(order, nearness), len(rows), nearness.limit)
        return order[first], order[second], between

    def points(self, clusters: Places, nearness: Nearness) -> Points:
        """Return the means of some clusters, and what each adds to what is between it and any other."""
        penalties = nearness.penalty / self.sizes[clusters]
        own = self.means.squares[clusters] + penalties
        return Points(lambda places: self.means[clusters[places]], own.astype(np.float32))

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
        means, squares, sizes = self.means, self.means.squares, self.sizes
        product = float(means.of(cluster) @ means.of(other))
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
        self.means.unite(cluster, other, share)
        sizes[cluster] = size
        self.photos.add(cluster, self.photos[other])
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
    counted = np.flatnonzero(faces.good & faces.unknown)
    numbers, of_face = np.unique(group_of_face[counted], return_inverse=True)
    place = np.searchsorted(numbers, group_of_face)
    inside = np.flatnonzero(np.append(numbers, 0)[place] == group_of_face)
    members = np.bincount(place[inside], minlength=len(numbers))
    photos = Photos(place[inside], faces.photos[inside], members)
    settled = np.isin(numbers, group_of_face[faces.settled])
    sizes = np.bincount(of_face, minlength=len(numbers))
    means = Means(faces.vectors, counted, of_face, sizes)
    clusters = Clusters(of_face, means, sizes, photos, numbers, (members > 1) | settled)
    is_new = faces.groups[counted] == 0
    clusters.new[of_face[is_new]] = True
    return clusters
