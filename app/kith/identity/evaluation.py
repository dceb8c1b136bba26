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
        for first, second in _ties([samples[row] for row in rows], looks, gap_hours):
            tied[rows[first]].add(rows[second])
            tied[rows[second]].add(rows[first])
    return tied


def _ties(samples: Sequence[Sample], looks: Mapping[int, PhotoTraits], gap_hours: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a person's samples (indices) that prove nothing of each other."""
    yield from _equal_pairs([sample.photo_id for sample in samples])
    yield from map(tuple, alike_faces(np.stack([sample.vector for sample in samples])).tolist())
    traits = [looks[sample.photo_id] for sample in samples]
    hashed = [index for index, trait in enumerate(traits) if trait.phash is not None]
    for first, second in alike_photos([traits[index].phash or 0 for index in hashed]).tolist():
        yield hashed[first], hashed[second]
    dated = [index for index, trait in enumerate(traits) if trait.taken_at]
    shots = [Shot(PurePath(str(index)), traits[index].taken_at, 0) for index in dated]
    for first, second in _equal_pairs(events_of(shots, gap_hours)):
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
    left = [sorted(set(rows_of[sample.person_id]) - tied[row]) for row, sample in enumerate(samples)]
    known = [row for row, untied in enumerate(left) if untied]
    people = len({samples[row].person_id for row in known})
    missing = tuple(_missing(people, len(known), len(samples)))
    if missing:
        return Evaluation(people, len(known), len(samples), missing)
    held_out = _some(range(len(samples)))
    rows = sorted({*_some(known), *held_out})
    others = dict(zip(rows, other_people(gallery, np.array(rows)), strict=True))
    known_probes = _known(gallery, others, {row: left[row] for row in _some(known)})
    strangers = _strangers([others[row] for row in held_out])
    points = tuple(_point(known_probes, strangers, *pair) for pair in product(TOLERANCES, MARGINS))
    return Evaluation(people, len(known_probes), len(strangers), (), points, _best(points))


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
    return rows if len(rows) <= MOST_PROBES else sorted(random.Random(0).sample(rows, MOST_PROBES))


def _known(
    gallery: Gallery, others: Mapping[int, tuple[Candidate, ...]], own_rows: Mapping[int, Sequence[int]]
) -> Probes:
    """Ask samples of the gallery without the rows tied to them: only their own person's distance is another then."""
    own = np.array([_own_distance(gallery.vectors, row, rows) for row, rows in own_rows.items()])
    other = np.array([others[row][0].value if others[row] else math.inf for row in own_rows])
    return Probes(np.minimum(own, other), np.abs(own - other), own < other)


def _own_distance(vectors: NDArray[np.float32], row: int, own: Sequence[int]) -> float:
    distances = np.linalg.norm(vectors[own].astype(np.float64) - vectors[row], axis=1)
    return float(np.sort(distances)[:NEAREST_SAMPLES].mean())


def _strangers(others: Sequence[tuple[Candidate, ...]]) -> Probes:
    distance = np.array([candidates[0].value if candidates else math.inf for candidates in others])
    margin = np.array([candidates[0].margin if candidates else math.inf for candidates in others])
    return Probes(distance, margin, np.zeros(len(others), np.bool_))


def _point(known: Probes, strangers: Probes, face_tol: float, face_margin: float) -> Point:
    named = known.accepted(face_tol, face_margin)
    false = strangers.accepted(face_tol, face_margin)
    return Point(
        face_tol,
        face_margin,
        found=Share(int((named & known.right).sum()), len(known)),
        wrong=Share(int((named & ~known.right).sum()), len(known)),
        false=Share(int(false.sum()), len(strangers)),
    )


def _best(points: Sequence[Point]) -> Point | None:
    """Return the point of the most found without a wrong name and with few strangers.

    Of equals the one in their middle: as far from losing the known as from letting strangers in.
    """
    sound = [point for point in points if point.false.value <= MOST_FALSE and not point.wrong.count]
    if not sound:
        return None
    most = max(_merit(point) for point in sound)
    equals = [point for point in sound if _merit(point) == most]
    middle = np.mean([(point.face_tol, point.face_margin) for point in equals], axis=0)
    return min(equals, key=lambda point: math.dist((point.face_tol, point.face_margin), middle))


def _merit(point: Point) -> tuple[int, int]:
    return point.found.count, -point.false.count
