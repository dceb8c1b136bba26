"""Group the faces of unknown people by how near they are; groups only grow, and a machine never joins two of them."""

import numpy as np

from kith.identity.cluster_pairs import NO_PAIRS, ClusterPairs, joined, nearest_points, points_of
from kith.identity.clusters import Clusters, Nearness, clusters_of
from kith.values.samples import Faces, Ids

SAME = Nearness(alone=0.38, together=0.52)  # docs/recognition.md, "Unknown people"
PERHAPS_SAME = Nearness(alone=0.42, together=0.56)


def grouped(faces: Faces, nearness: Nearness = SAME) -> Ids:
    """Return each face's group (N), whose number is the appearance that founded it; a face like no other has its own.

    The nearest come together first, as long as the mean of the squared distances between the faces of both, with what
    `nearness` adds for few of them, is small enough. Two faces of one photo are never in one group. Whoever is in a
    group of several, or was put into one by the user, stays in it, and two such groups stay two.
    """
    if faces.groups.all():
        return faces.groups.copy()  # nobody is new: there is nothing to reckon
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
    """Return pairs of groups that may be one person, the nearest first: for the user to decide.

    Left out are pairs that the user has settled, both of them.
    """
    clusters = clusters_of(faces)
    several = np.flatnonzero(clusters.several)
    none = several[:0]
    first, second, _ = clusters.near(several, none, nearness)
    numbers = clusters.numbers.tolist()
    settled = set(faces.groups[faces.settled].tolist())
    found = []
    for cluster, other in zip(first.tolist(), second.tolist(), strict=True):
        is_settled = settled.issuperset((numbers[cluster], numbers[other]))
        if clusters.are_apart(cluster, other) and not is_settled:
            pair = numbers[cluster], numbers[other]
            found.append(pair)
    return [*dict.fromkeys(found)]


def _let_poor_faces_join(faces: Faces, groups: Ids, clusters: Clusters, nearness: Nearness) -> None:
    """Give each face that is not good and in no group to the nearest group that agrees; it founds none."""
    poor = faces.unknown & ~faces.good
    roots = clusters.roots(clusters.of_face)
    standing = np.unique(roots)
    founded = np.flatnonzero(clusters.new)
    grown = np.unique(clusters.roots(founded))
    numbers, sizes = np.unique(groups, return_counts=True)
    of_one = numbers[sizes == 1]
    is_new = groups == 0
    is_alone = np.isin(groups, of_one) & ~is_new & ~faces.settled
    new = np.flatnonzero(poor & is_new)
    alone = np.flatnonzero(poor & is_alone)
    of_new = _nearest_cluster(faces, new, clusters, standing, nearness)
    of_alone = _nearest_cluster(faces, alone, clusters, grown, nearness)
    face, cluster, between = joined([of_new, of_alone])
    order = np.argsort(between, kind="stable")
    agrees = between[order] <= nearness.limit
    agreeing = order[agrees]
    rows = face[agreeing].tolist()
    nearest = cluster[agreeing].tolist()
    for row, root in zip(rows, nearest, strict=True):
        photo = int(faces.photos[row])
        if photo not in clusters.photos[root]:
            groups[row] = clusters.numbers[root]
            clusters.photos.add(root, {photo})


def _nearest_cluster(faces: Faces, rows: Ids, clusters: Clusters, among: Ids, nearness: Nearness) -> ClusterPairs:
    """Return the nearest cluster of each of some faces, by what is between them."""
    if not len(among) or not len(rows):
        return NO_PAIRS
    asking = points_of(faces.vectors, rows, nearness.penalty)
    nearest, between = nearest_points(asking, clusters.points(among, nearness))
    return rows, among[nearest], between
