"""A knowledge base's own samples, asked as if they were not taught: what of their person proves something of each."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from kith.identity.alike_photos import alike_photos
from kith.identity.gallery import Gallery
from kith.identity.health import alike_faces
from kith.photos.events import Shot, events_of
from kith.values.samples import PhotoTraits, Sample

LEAST_PEOPLE = 5
LEAST_KNOWN = 30
LEAST_STRANGERS = 100  # with fewer a share of 1 % cannot be told from none
MOST_PROBES = 2000  # of each kind: more only takes longer


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """A knowledge base's samples, the rows of their gallery, and for each those of its person that prove nothing."""

    samples: Sequence[Sample]
    gallery: Gallery
    tied: Sequence[set[int]]

    def untied(self) -> dict[int, list[int]]:
        """Return for each sample that has some the others of its person that prove something."""
        rows_of: dict[int, set[int]] = defaultdict(set)
        for row, sample in enumerate(self.samples):
            rows_of[sample.person_id].add(row)
        left = {row: sorted(rows_of[sample.person_id] - self.tied[row]) for row, sample in enumerate(self.samples)}
        return {row: others for row, others in left.items() if others}

    def missing(self) -> tuple[str, ...]:
        """Return what it lacks for figures to mean anything."""
        asked = self.untied()
        people = len({self.samples[row].person_id for row in asked})
        return tuple(_missing(people, len(asked), len(self.samples)))


def independent(samples: Sequence[Sample], looks: Mapping[int, PhotoTraits], gap_hours: float) -> list[set[int]]:
    """Return for each sample the samples of its person that are no proof of it, itself among them.

    Those are of the same photo or a copy of it, and of the same event by the time that EXIF tells: of one event it is
    the clothes, the light and the minute that are alike.
    """
    tied = [{index} for index in range(len(samples))]
    by_person: dict[int, list[int]] = defaultdict(list)
    for index, sample in enumerate(samples):
        by_person[sample.person_id].append(index)
    for rows in by_person.values():
        of_person = [samples[row] for row in rows]
        for first, second in _ties(of_person, looks, gap_hours):
            row, other = rows[first], rows[second]
            tied[row].add(other)
            tied[other].add(row)
    return tied


def _ties(samples: Sequence[Sample], looks: Mapping[int, PhotoTraits], gap_hours: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a person's samples (indices) that prove nothing of each other."""
    photos = [sample.photo_id for sample in samples]
    yield from _equal_pairs(photos)
    vectors = np.stack([sample.vector for sample in samples])
    yield from map(tuple, alike_faces(vectors).tolist())
    traits = [looks[photo] for photo in photos]
    hash_of = {index: trait.phash for index, trait in enumerate(traits) if trait.phash is not None}
    hashed = [*hash_of]
    for first, second in alike_photos([*hash_of.values()]).tolist():
        yield hashed[first], hashed[second]
    time_of = {index: trait.taken_at for index, trait in enumerate(traits) if trait.taken_at}
    dated = [*time_of]
    shots = [Shot(str(index), taken_at, 0) for index, taken_at in time_of.items()]
    events = events_of(shots, gap_hours)
    for first, second in _equal_pairs(events):
        yield dated[first], dated[second]


def _equal_pairs(values: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """Yield the pairs (indices) of values that are equal, and not None."""
    indices_of: defaultdict[int | None, list[int]] = defaultdict(list)
    for index, value in enumerate(values):
        indices_of[value].append(index)
    indices_of.pop(None, None)
    for indices in indices_of.values():
        yield from combinations(indices, 2)


def _missing(people: int, known: int, strangers: int) -> Iterator[str]:
    if people < LEAST_PEOPLE:
        yield f"{LEAST_PEOPLE} people with photos of two occasions or more, here are {people}"
    if known < LEAST_KNOWN:
        yield f"{LEAST_KNOWN} photos of which the person has another of another occasion, here are {known}"
    if strangers < LEAST_STRANGERS:
        yield f"{LEAST_STRANGERS} photos that teach, to be held out as strangers, here are {strangers}"


def some(rows: Sequence[int]) -> Sequence[int]:
    """Return the rows, or so many of them at random."""
    if len(rows) <= MOST_PROBES:
        return rows
    drawn = random.Random(0).sample(rows, MOST_PROBES)
    return sorted(drawn)


def quality(own: Own, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how wide and how sharp samples are."""
    pixels = np.array([own.samples[row].pixels for row in rows])
    sharpness = np.array([own.samples[row].sharpness for row in rows])
    return pixels, sharpness
