"""Find what is wrong with a knowledge base, from stored observations: misfits, copies, and people too close."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.identity.comparison import nearest_people
from kith.identity.gallery import Gallery
from kith.identity.nearest import NEAREST_SAMPLES
from kith.values.decisions import Candidate
from kith.values.samples import Sample

# All measured: docs/recognition.md, "The health of a knowledge base".
SAME_FACE = 0.2  # faces in copies of one photo are nearer, those of different photos farther apart
FAR = 0.62  # from the nearest half of a person's other samples, at most three: hardly the same person
CLOSE = 0.56  # from the samples of somebody else: may be taken for theirs
LEAST_SAMPLES = 3

_BLOCK = 256  # rows compared with all at a time: what bounds the memory

RowPairs = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A sample that hardly shows its person: `own` is its distance from their others, `other` who it resembles more."""

    sample: Sample
    own: float
    other: Candidate | None


@dataclass(frozen=True, slots=True)
class ClosePair:
    """Two people, and the samples of either that would be taken for the other.

    `mixed` tells that these are most of one's samples: perhaps the two are one person.
    """

    people: tuple[int, int]
    samples: tuple[Sample, ...]
    mixed: bool


def alike_faces(vectors: NDArray[np.float32]) -> RowPairs:
    """Return the pairs (P x 2, indices) of face vectors (N x D) that come from copies of one photo."""
    squares = np.einsum("ij,ij->i", vectors, vectors)

    def alike(start: int, end: int) -> NDArray[np.bool_]:
        products = vectors[start:end] @ vectors[start:].T
        squared_distances = squares[start:end, None] + squares[start:] - 2 * products
        found: NDArray[np.bool_] = squared_distances < SAME_FACE**2
        return found

    return _pairs(len(vectors), alike)


def _pairs(count: int, alike: Callable[[int, int], NDArray[np.bool_]]) -> RowPairs:
    """Return the pairs of which `alike`, asked for rows `start` to `end` against all from `start` on, says so."""
    found = [np.empty((0, 2), np.intp)]
    for start in range(0, count, _BLOCK):
        are_alike = alike(start, start + _BLOCK)
        pairs = np.argwhere(np.triu(are_alike, 1))
        found.append(pairs + start)
    return np.concatenate(found)


def groups(count: int, pairs: RowPairs) -> list[list[int]]:
    """Return the indices below `count` that pairs hold together, two or more each."""
    from scipy.sparse import coo_array  # a fifth of a second, which no other job need pay
    from scipy.sparse.csgraph import connected_components

    first, second = pairs.T
    graph = coo_array((np.ones(len(pairs)), (first, second)), shape=(count, count))
    labels: NDArray[Any] = connected_components(graph, directed=False)[1]
    members: defaultdict[int, list[int]] = defaultdict(list)
    for index in np.unique(pairs).tolist():
        members[int(labels[index])].append(index)
    return list(members.values())


def other_people(gallery: Gallery, rows: NDArray[np.intp]) -> list[tuple[Candidate, ...]]:
    """Return the nearest people of some samples (rows of the gallery) as if their own person were not known."""
    own = [(person,) for person in gallery.person_ids[rows].tolist()]
    return nearest_people(gallery, gallery.model_id, gallery.vectors[rows], own)


def misfits(
    samples: Sequence[Sample], gallery: Gallery, others: Sequence[Sequence[Candidate]], copies: RowPairs
) -> Iterator[Misfit]:
    """Yield the samples of a gallery, its rows, that are probably somebody else; `others` as of `other_people`.

    Each is compared with the nearest half of its person's other samples, three at most, its own copies left out: it
    does not fit where it is farther than FAR from them, or nearer to another person.
    """
    copies_of: defaultdict[int, set[int]] = defaultdict(set)
    for row, copy in copies.tolist():
        copies_of[row].add(copy)
        copies_of[copy].add(row)
    for _, members in groupby(range(len(samples)), key=lambda row: samples[row].person_id):
        rows = set(members)
        for row in sorted(rows):
            compared = sorted(rows - {row} - copies_of[row])
            if compared:
                own = _distance_from_own(gallery.vectors, row, compared)
                resembled = next((other for other in others[row][:1] if other.value < own), None)
                if own > FAR or resembled:
                    yield Misfit(samples[row], own, resembled)


def _distance_from_own(vectors: NDArray[np.float32], row: int, compared: Sequence[int]) -> float:
    """Return the mean distance of a sample from the nearest half of others, three at most."""
    distances = np.linalg.norm(vectors[compared] - vectors[row], axis=1)
    counted = min(NEAREST_SAMPLES, (len(compared) + 1) // 2)
    nearest = np.sort(distances)[:counted]
    return float(nearest.mean())


def close_people(samples: Sequence[Sample], others: Sequence[Sequence[Candidate]]) -> list[ClosePair]:
    """Return the pairs of people of whom a sample may be taken for the other, were it not known; closest first."""
    near: defaultdict[tuple[int, int], list[Sample]] = defaultdict(list)
    least: dict[tuple[int, int], float] = {}
    for sample, candidates in zip(samples, others, strict=True):
        for candidate in candidates:
            distance = candidate.value
            if distance < CLOSE:
                low, high = sorted((sample.person_id, candidate.person_id))
                people = low, high
                near[people].append(sample)
                least[people] = min(distance, least.get(people, distance))
    counts = Counter(sample.person_id for sample in samples)
    closest_first = sorted(least.items(), key=itemgetter(1))
    return [_close_pair(people, near[people], counts) for people, _ in closest_first]


def _close_pair(people: tuple[int, int], near: Sequence[Sample], counts: Mapping[int, int]) -> ClosePair:
    own = Counter(sample.person_id for sample in near)
    mixed = any(2 * own[person] > counts[person] for person in people)
    return ClosePair(people, tuple(near), mixed)
