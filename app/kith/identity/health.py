"""Find what is wrong with a knowledge base, from stored observations: misfits, copies, and people too close."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.identity.comparison import nearest_people
from kith.identity.gallery import Gallery
from kith.identity.nearest import NEAREST_SAMPLES
from kith.values.decisions import Candidate
from kith.values.samples import Sample

# All four measured: docs/recognition.md, "The health of a knowledge base".
SAME_PHASH_BITS = 8  # perceptual hashes of copies, shrunk, compressed or slightly cropped, differ in no more
SAME_FACE = 0.2  # faces in copies of one photo are nearer, those of different photos farther apart
FAR = 0.62  # from the nearest half of a person's other samples, at most three: hardly the same person
LEAST_SAMPLES = 3

_BLOCK = 256  # rows compared with all at a time: what bounds the memory

Pairs = NDArray[np.intp]


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


def alike_photos(hashes: Sequence[int]) -> Pairs:
    """Return the pairs (P x 2, indices) of perceptual hashes (signed 64 bits) that stand for the same picture."""
    bits = np.array(hashes, np.int64).view(np.uint64)
    return _pairs(
        len(bits), lambda start, end: np.bitwise_count(bits[start:end, None] ^ bits[start:]) <= SAME_PHASH_BITS
    )


def alike_faces(vectors: NDArray[np.float32]) -> Pairs:
    """Return the pairs (P x 2, indices) of face vectors (N x D) that come from copies of one photo."""
    squares = np.einsum("ij,ij->i", vectors, vectors)

    def alike(start: int, end: int) -> NDArray[np.bool_]:
        products = vectors[start:end] @ vectors[start:].T
        found: NDArray[np.bool_] = squares[start:end, None] + squares[start:] - 2 * products < SAME_FACE**2
        return found

    return _pairs(len(vectors), alike)


def _pairs(count: int, alike: Callable[[int, int], NDArray[np.bool_]]) -> Pairs:
    """Return the pairs of which `alike`, asked for rows `start` to `end` against all from `start` on, says so."""
    found = [np.empty((0, 2), np.intp)]
    for start in range(0, count, _BLOCK):
        pairs = np.argwhere(np.triu(alike(start, start + _BLOCK), 1))
        found.append(pairs + start)
    return np.concatenate(found)


def groups(count: int, pairs: Pairs) -> list[list[int]]:
    """Return the indices below `count` that pairs hold together, two or more each."""
    from scipy.sparse import coo_array  # a fifth of a second, which no other job need pay
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    labels: NDArray[Any] = connected_components(graph, directed=False)[1]
    members: dict[int, list[int]] = {}
    for index in np.unique(pairs).tolist():
        members.setdefault(int(labels[index]), []).append(index)
    return list(members.values())


def other_people(gallery: Gallery, rows: NDArray[np.intp]) -> list[tuple[Candidate, ...]]:
    """Return the nearest people of some samples (rows of the gallery) as if their own person were not known."""
    own = [(person,) for person in gallery.person_ids[rows].tolist()]
    return nearest_people(gallery, gallery.model_id, gallery.vectors[rows], own)


def misfits(
    samples: Sequence[Sample], gallery: Gallery, others: Sequence[Sequence[Candidate]], copies: Pairs
) -> Iterator[Misfit]:
    """Yield the samples of a gallery, its rows, that are probably somebody else; `others` as of `other_people`.

    Each is compared with the nearest half of its person's other samples, three at most, its own copies left out: it
    does not fit where it is farther than FAR from them, or nearer to another person.
    """
    copies_of: dict[int, list[int]] = {}
    for one, other in copies.tolist():
        copies_of.setdefault(one, []).append(other)
        copies_of.setdefault(other, []).append(one)
    for _, members in groupby(range(len(samples)), key=lambda row: samples[row].person_id):
        rows = list(members)
        for row in rows:
            own = _distance_from_own(gallery.vectors, row, sorted({*rows} - {row, *copies_of.get(row, ())}))
            other = others[row][0] if others[row] else None
            resembled = other if own is not None and other is not None and other.value < own else None
            if own is not None and (own > FAR or resembled):
                yield Misfit(samples[row], own, resembled)


def _distance_from_own(vectors: NDArray[np.float32], row: int, own: Sequence[int]) -> float | None:
    if not own:
        return None
    distances = np.sort(np.linalg.norm(vectors[own] - vectors[row], axis=1))
    return float(distances[: max(1, min(NEAREST_SAMPLES, (len(own) + 1) // 2))].mean())


def close_people(samples: Sequence[Sample], others: Sequence[Sequence[Candidate]], face_tol: float) -> list[ClosePair]:
    """Return the pairs of people of whom a sample would be taken for the other, were it not known; closest first."""
    found: dict[tuple[int, int], list[tuple[float, Sample]]] = {}
    for sample, candidates in zip(samples, others, strict=True):
        for one in candidates:
            if one.value < face_tol:
                low, high = sorted((sample.person_id, one.person_id))
                found.setdefault((low, high), []).append((one.value, sample))
    ranked = sorted(found.items(), key=lambda pair: min(value for value, _ in pair[1]))
    counts = Counter(sample.person_id for sample in samples)
    return [_close_pair(people, [sample for _, sample in near], counts) for people, near in ranked]


def _close_pair(people: tuple[int, int], near: Sequence[Sample], counts: Mapping[int, int]) -> ClosePair:
    own = Counter(sample.person_id for sample in near)
    return ClosePair(people, tuple(near), any(2 * own[person] > counts[person] for person in people))
