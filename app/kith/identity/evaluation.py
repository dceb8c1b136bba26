"""Measure a knowledge base by its own samples: each is asked who it is, as if it were not taught."""

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from kith.identity.gallery import Gallery
from kith.identity.health import alike_faces, alike_photos, other_people
from kith.identity.nearest import NEAREST_SAMPLES
from kith.photos.events import Shot, events_of
from kith.values.decisions import Candidate
from kith.values.samples import PhotoTraits, Sample

TOLERANCES = tuple(round(0.40 + step / 100, 2) for step in range(31))
MARGINS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10)
MOST_FALSE = 0.01  # of strangers accepted
LEAST_PEOPLE = 5
LEAST_KNOWN = 30
LEAST_STRANGERS = 100  # with fewer a share of 1 % cannot be told from none
MOST_PROBES = 2000  # of each kind: more only takes longer


@dataclass(frozen=True, slots=True)
class Probes:
    """Samples asked of a gallery without them: the nearest person's distance, the margin to the next, if it is they.

    All three N long; of strangers, whose person was held out, `right` is never true.
    """

    distance: NDArray[np.float64]
    margin: NDArray[np.float64]
    right: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.distance)

    def accepted(self, face_tol: float, face_margin: float) -> NDArray[np.bool_]:
        """Say which would be named."""
        return (self.distance < face_tol) & (self.margin >= face_margin)


@dataclass(frozen=True, slots=True)
class Share:
    """A count of n, as a share with its 95 % interval."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval: E. B. Wilson, "Probable Inference …", JASA 22 (1927), 209."""
        if not self.of:
            return 0.0, 1.0
        from scipy.stats import binomtest  # seconds, which only those pay who evaluate

        interval = binomtest(self.count, self.of).proportion_ci(0.95, "wilson")
        return float(interval.low), float(interval.high)


@dataclass(frozen=True, slots=True)
class Point:
    """What a tolerance and a margin come to: known found, known by a wrong name, strangers accepted."""

    face_tol: float
    face_margin: float
    found: Share
    wrong: Share
    false: Share


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
    shots = [Shot(PurePath(str(index)), taken_at, 0) for index, taken_at in time_of.items()]
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


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well a knowledge base knows its people: `missing` says what it lacks for figures to mean anything.

    `people` have samples that are asked as known; `points` are all tolerances with all margins, `best` is recommended.
    """

    people: int
    known: int
    strangers: int
    missing: tuple[str, ...]
    points: tuple[Point, ...] = ()
    best: Point | None = None


def evaluate_gallery(samples: Sequence[Sample], gallery: Gallery, tied: Sequence[set[int]]) -> Evaluation:
    """Ask each sample of a gallery (its rows) twice: as known, without what is tied to it, and as a stranger."""
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, sample in enumerate(samples):
        rows_of[sample.person_id].append(row)
    left = {}
    for row, sample in enumerate(samples):
        untied = set(rows_of[sample.person_id]) - tied[row]
        if untied:
            left[row] = sorted(untied)
    people = len({samples[row].person_id for row in left})
    missing = tuple(_missing(people, len(left), len(samples)))
    if missing:
        return Evaluation(people, len(left), len(samples), missing)
    asked = _some([*left])
    held_out = _some(range(len(samples)))
    rows = sorted({*asked, *held_out})
    nearest_others = other_people(gallery, np.array(rows))
    others = dict(zip(rows, nearest_others, strict=True))
    known = _known(gallery, others, {row: left[row] for row in asked})
    strangers = _strangers([others[row] for row in held_out])
    points = tuple(_point(known, strangers, *pair) for pair in product(TOLERANCES, MARGINS))
    return Evaluation(people, len(known), len(strangers), (), points, _best(points))


def point_at(points: Sequence[Point], face_tol: float, face_margin: float) -> Point:
    """Return the point nearest to a tolerance and a margin."""
    return min(points, key=lambda point: (abs(point.face_tol - face_tol), abs(point.face_margin - face_margin)))


def _missing(people: int, known: int, strangers: int) -> Iterator[str]:
    if people < LEAST_PEOPLE:
        yield f"{LEAST_PEOPLE} people with photos of two occasions or more, here are {people}"
    if known < LEAST_KNOWN:
        yield f"{LEAST_KNOWN} photos of which the person has another of another occasion, here are {known}"
    if strangers < LEAST_STRANGERS:
        yield f"{LEAST_STRANGERS} photos that teach, to be held out as strangers, here are {strangers}"


def _some(rows: Sequence[int]) -> Sequence[int]:
    if len(rows) <= MOST_PROBES:
        return rows
    drawn = random.Random(0).sample(rows, MOST_PROBES)
    return sorted(drawn)


def _known(
    gallery: Gallery, others: Mapping[int, tuple[Candidate, ...]], own_rows: Mapping[int, Sequence[int]]
) -> Probes:
    """Ask samples of the gallery without the rows tied to them: only their own person's distance is another then."""
    vectors = gallery.vectors
    own = np.array([_own_distance(vectors, row, rows) for row, rows in own_rows.items()])
    other = _distances([others[row] for row in own_rows])
    return Probes(np.minimum(own, other), np.abs(own - other), own < other)


def _own_distance(vectors: NDArray[np.float32], row: int, own: Sequence[int]) -> float:
    samples = vectors[own].astype(np.float64)
    distances = np.linalg.norm(samples - vectors[row], axis=1)
    nearest = np.sort(distances)[:NEAREST_SAMPLES]
    return float(nearest.mean())


def _strangers(others: Sequence[tuple[Candidate, ...]]) -> Probes:
    distance = _distances(others)
    margin = np.array([candidates[0].margin if candidates else math.inf for candidates in others])
    return Probes(distance, margin, np.zeros(len(others), np.bool_))


def _distances(others: Sequence[Sequence[Candidate]]) -> NDArray[np.float64]:
    """Return how far the nearest of each is, infinite where there is nobody."""
    return np.array([candidates[0].value if candidates else math.inf for candidates in others])


def _point(known: Probes, strangers: Probes, face_tol: float, face_margin: float) -> Point:
    named = known.accepted(face_tol, face_margin)
    found = _share(named & known.right)
    wrong = _share(named & ~known.right)
    false = _share(strangers.accepted(face_tol, face_margin))
    return Point(face_tol, face_margin, found, wrong, false)


def _share(are_such: NDArray[np.bool_]) -> Share:
    return Share(int(are_such.sum()), len(are_such))


def _best(points: Sequence[Point]) -> Point | None:
    """Return the point of the most found without a wrong name and with few strangers.

    Of equals the one in their middle: as far from losing the known as from letting strangers in.
    """
    careful = [point for point in points if point.false.value <= MOST_FALSE]
    sound = [point for point in careful if not point.wrong.count]
    if not sound:
        return None
    most = max(_merit(point) for point in sound)
    equals = [point for point in sound if _merit(point) == most]
    places = [(point.face_tol, point.face_margin) for point in equals]
    middle = np.mean(places, axis=0)
    from_middle = [math.dist(place, middle) for place in places]
    return equals[np.argmin(from_middle)]


def _merit(point: Point) -> tuple[int, int]:
    return point.found.count, -point.false.count
