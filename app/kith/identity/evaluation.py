"""Measure a knowledge base by its own samples: each is asked who it is, as if it were not taught."""

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
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
_Z = 1.959964  # of the normal distribution: 95 %


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
        spread = _Z * math.sqrt(self.value * (1 - self.value) / self.of + (_Z / (2 * self.of)) ** 2)
        middle, scale = self.value + _Z**2 / (2 * self.of), 1 + _Z**2 / self.of
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


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
        for one, other in _ties([samples[row] for row in rows], looks, gap_hours):
            tied[rows[one]].add(rows[other])
            tied[rows[other]].add(rows[one])
    return tied


def _ties(own: Sequence[Sample], looks: Mapping[int, PhotoTraits], gap_hours: float) -> Iterator[tuple[int, int]]:
    yield from (
        (one, other) for other in range(len(own)) for one in range(other) if own[one].photo_id == own[other].photo_id
    )
    yield from map(tuple, alike_faces(np.stack([one.vector for one in own])).tolist())
    hashed = [(index, phash) for index, one in enumerate(own) if (phash := looks[one.photo_id].phash) is not None]
    for one, other in alike_photos([phash for _, phash in hashed]).tolist():
        yield hashed[one][0], hashed[other][0]
    shots = [Shot(PurePath(str(index)), looks[one.photo_id].taken_at, 0) for index, one in enumerate(own)]
    dated = [index for index, shot in enumerate(shots) if shot.taken_at]
    events = events_of([shots[index] for index in dated], gap_hours)
    for place, one in enumerate(dated):
        for other, event in zip(dated[:place], events, strict=False):
            if event is not None and event == events[place]:
                yield other, one


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
    left = {
        row: [other for other in rows_of[one.person_id] if other not in tied[row]] for row, one in enumerate(samples)
    }
    known = [row for row, own in left.items() if own]
    asked = {samples[row].person_id for row in known}
    missing = tuple(_missing(len(asked), len(known), len(samples)))
    if missing:
        return Evaluation(len(asked), len(known), len(samples), missing)
    held_out = _some(range(len(samples)))
    rows = sorted({*_some(known), *held_out})
    others = dict(zip(rows, other_people(gallery, np.array(rows)), strict=True))
    known_probes = _known(gallery, others, {row: left[row] for row in _some(known)})
    strangers = _strangers([others[row] for row in held_out])
    points = tuple(_point(known_probes, strangers, *pair) for pair in product(TOLERANCES, MARGINS))
    return Evaluation(len(asked), len(known_probes), len(strangers), (), points, _best(points))


def point_at(points: Sequence[Point], face_tol: float, face_margin: float) -> Point:
    """Return the point nearest to a tolerance and a margin."""
    return min(points, key=lambda one: (abs(one.face_tol - face_tol), abs(one.face_margin - face_margin)))


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
    distance = np.array([one[0].value if one else math.inf for one in others])
    margin = np.array([one[0].margin if one else math.inf for one in others])
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
    sound = [one for one in points if one.false.value <= MOST_FALSE and not one.wrong.count]
    most = max(((one.found.count, -one.false.count) for one in sound), default=None)
    equals = [one for one in sound if (one.found.count, -one.false.count) == most]
    middle = np.mean([(one.face_tol, one.face_margin) for one in equals], axis=0) if equals else (0, 0)
    return min(equals, key=lambda one: math.dist((one.face_tol, one.face_margin), middle), default=None)
