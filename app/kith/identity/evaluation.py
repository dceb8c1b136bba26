"""Measure a knowledge base by its own samples: each is asked who it is, as if it were not taught."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kith.identity.certainty import evidence, probabilities, typicality
from kith.identity.comparison import CANDIDATES
from kith.identity.health import other_people
from kith.identity.nearest import distance_from
from kith.identity.own_samples import Own, quality, some
from kith.values.calibration import Calibration
from kith.values.decisions import Candidate

CERTAINTIES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 0.999)
BINS = 10  # of certainty
MOST_FALSE = 0.005  # of strangers accepted
MOST_WRONG = 0.001  # of known people accepted as others


@dataclass(frozen=True, slots=True)
class Probes:
    """Samples asked of a gallery without them: the likeliest person's certainty and distance, and if it is they.

    All three N long; of strangers, whose person was held out, `right` is never true.
    """

    certainty: NDArray[np.float64]
    distance: NDArray[np.float64]
    right: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.distance)

    def accepted(self, sure_at: float, face_tol: float) -> NDArray[np.bool_]:
        """Say which would be named; without a limit on distance where `face_tol` is 0."""
        sure = self.certainty >= sure_at
        return sure & (self.distance < face_tol) if face_tol else sure


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
    """What it comes to if photos are filed from a certainty on: known found, by a wrong name, strangers accepted."""

    sure_at: float
    found: Share
    wrong: Share
    false: Share


@dataclass(frozen=True, slots=True)
class Doubt:
    """A sample that is not found from a certainty on, or named as somebody else: its appearance and whose it is.

    `certainty` is that of the likeliest person; `is_wrong` tells that this is another one.
    """

    appearance_id: int
    person_id: int
    certainty: float
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well a knowledge base knows its people: `missing` says what it lacks for figures to mean anything.

    `people` have samples that are asked as known; `points` are all certainties, `best` is recommended, `error` the mean
    difference between how sure Kith was and how often it was right. `doubts` are the samples concerned, the worst
    first.
    """

    people: int
    known: int
    strangers: int
    missing: tuple[str, ...]
    points: tuple[Point, ...] = ()
    best: Point | None = None
    error: float = math.nan
    doubts: tuple[Doubt, ...] = ()


def evaluate_gallery(
    own: Own, calibration: Calibration | None, face_tol: float = 0.0, sure_at: float = 1.0
) -> Evaluation:
    """Ask each sample twice: as known, without what is tied to it, and as a stranger.

    Where there is enough to ask there is a calibration, be it fitted to these samples.
    """
    left = own.untied()
    people = len({own.samples[row].person_id for row in left})
    missing = own.missing()
    if missing or calibration is None:
        return Evaluation(people, len(left), len(own.samples), missing)
    known, strangers = ask_all(own, calibration)
    points = tuple(_point(known, strangers, certainty, face_tol) for certainty in CERTAINTIES)
    doubts = _doubts(own, some([*left]), known, known.accepted(sure_at, face_tol))
    error = _error(known, strangers)
    return Evaluation(people, len(known), len(strangers), (), points, _best(points), error, doubts)


def _doubts(own: Own, asked: Sequence[int], known: Probes, named: NDArray[np.bool_]) -> tuple[Doubt, ...]:
    """Return the samples (rows `asked`, as `known` came out) that are not `named` rightly, wrong names first."""
    found = named & known.right
    doubts = []
    for place in np.flatnonzero(~found).tolist():
        sample, certainty = own.samples[asked[place]], float(known.certainty[place])
        doubts.append(Doubt(sample.appearance_id, sample.person_id, certainty, not known.right[place]))
    return tuple(
        sorted(doubts, key=lambda doubt: (not doubt.is_wrong, -doubt.certainty * (1 if doubt.is_wrong else -1)))
    )


def ask_all(own: Own, calibration: Calibration) -> tuple[Probes, Probes]:
    """Ask the samples as known, each without what is tied to it, and as strangers; some of them where they are many."""
    left = own.untied()
    asked = some([*left])
    held_out = some(range(len(own.samples)))
    rows = sorted({*asked, *held_out})
    nearest_others = other_people(own.gallery, np.array(rows))
    others = dict(zip(rows, nearest_others, strict=True))
    known = _asked(own, calibration, others, {row: left[row] for row in asked})
    return known, _asked(own, calibration, others, dict.fromkeys(held_out, ()))


def point_at(points: Sequence[Point], sure_at: float) -> Point:
    """Return the point nearest to a certainty."""
    return min(points, key=lambda point: abs(point.sure_at - sure_at))


def _asked(
    own: Own,
    calibration: Calibration,
    others: Mapping[int, tuple[Candidate, ...]],
    own_rows: Mapping[int, Sequence[int]],
) -> Probes:
    """Ask samples who they are: of their own person only the rows given count, nobody's where there are none."""
    gallery = own.gallery
    layout = gallery.layout
    shape = len(own_rows), CANDIDATES + 1
    distance = np.full(shape, np.inf)
    samples = np.ones(shape)
    spread = np.zeros(shape)
    for place, (row, rows) in enumerate(own_rows.items()):
        people = [(candidate.person_id, candidate.value) for candidate in others[row]]
        if rows:
            apart = distance_from(gallery.vectors[row], gallery.vectors[rows])
            people.insert(0, (int(gallery.person_ids[row]), apart))
        at = np.searchsorted(layout.people, [person for person, _ in people])
        distance[place, : len(people)] = [value for _, value in people]
        samples[place, : len(people)] = layout.counts[at]
        spread[place, : len(people)] = gallery.spreads[at]
        if rows:
            samples[place, 0] = len(rows)
    asked = [*own_rows]
    of_face = typicality(calibration, gallery.vectors[asked]), *quality(own, asked)
    ratios = evidence(calibration, distance, samples, spread, *of_face)
    likely = probabilities(ratios, len(layout.people))
    best = likely.argmax(axis=1)
    row_of = np.arange(len(best))
    is_own = np.array([bool(rows) for rows in own_rows.values()], bool)
    return Probes(likely[row_of, best], distance[row_of, best], is_own & (best == 0))


def _point(known: Probes, strangers: Probes, sure_at: float, face_tol: float) -> Point:
    named = known.accepted(sure_at, face_tol)
    found = _share(named & known.right)
    wrong = _share(named & ~known.right)
    false = _share(strangers.accepted(sure_at, face_tol))
    return Point(sure_at, found, wrong, false)


def _share(are_such: NDArray[np.bool_]) -> Share:
    return Share(int(are_such.sum()), len(are_such))


def _best(points: Sequence[Point]) -> Point | None:
    """Return the point of the most found that lets as few strangers and wrong names pass as is aimed at."""
    careful = (point for point in points if point.false.value <= MOST_FALSE and point.wrong.value <= MOST_WRONG)
    return next(careful, None)


def _error(known: Probes, strangers: Probes) -> float:
    sure = np.concatenate([known.certainty, strangers.certainty])
    right = np.concatenate([known.right, strangers.right])
    are_known = np.arange(len(sure)) < len(known)
    return calibration_error(sure, right, are_known)


def calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    """Return the expected calibration error: how far apart certainty and truth are, over all bins (N each)."""
    return sum(weight * abs(mean - share) for mean, share, weight in reliability(sure, right, known))


def reliability(
    sure: NDArray[np.float64], right: NDArray[np.bool_], known: NDArray[np.bool_]
) -> list[tuple[float, float, float]]:
    """Return for each bin of certainty its mean, how often it was right, and its weight; empty bins are left out.

    All are N long. The `known` and the strangers weigh alike, so that their numbers do not count.
    """
    weights = np.where(known, 0.5 / max(known.sum(), 1), 0.5 / max((~known).sum(), 1))
    place = np.minimum((BINS * sure).astype(int), BINS - 1)
    sums = np.stack([np.bincount(place, weights * values, BINS) for values in (sure, right, np.ones_like(sure))])
    means = sums[:, sums[2] > 0]
    return [(mean / weight, share / weight, weight) for mean, share, weight in means.T.tolist()]
