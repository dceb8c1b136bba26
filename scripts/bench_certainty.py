"""How well certainty is calibrated and what it decides, on people it was not fitted on; a part of bench.py.

Protocol. HALVES times, people and the photos of strangers are parted in two. One half fits the calibration; of the
other half two thirds are known, by as many samples as the table says, and everybody in it is asked. So nothing that
decides was ever fitted on anybody who is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench_people import DEFAULTS, MARGIN, TOLERANCE, progress
from bench_tables import Row, Tables
from calibration_data import (
    CONDITIONS,
    WHOLE,
    FaceTable,
    Population,
    beside,
    drawn_gallery,
    face_table,
    fitted,
    gallery_of_vectors,
    parted,
)
from kith.identity.certainty import probabilities
from kith.identity.decision import LEAST_PIXELS_TELLING
from kith.identity.evaluation import calibration_error, reliability
from kith.values.calibration import Calibration
from kith.values.samples import LEAST_PIXELS

HALVES = 16
GALLERIES = 4  # drawn of each half and number of samples
DRAWS = 10
SAMPLES = (1, 3, 5, 8)
SURE = (0.2, 0.5, 0.9, 0.95, 0.96, 0.97, 0.99)
RESAMPLES = 2000
DRAWN_PEOPLE = (5, 14, 50, 200, 500)
DRAWN_SAMPLES = (1, 3, 5, 10, 15, 30)
DRAWN_HALVES = 8
DRAWN_AT_LEAST = 100  # people of each half, in as many galleries as it takes
HELD_OUT, OTHER = -2, -1
STREET = "street_voc"
KINDS = ((False, "bare"), (True, "bare"), (True, "masked"))  # of strangers: in the street or not, and what they wear
SURE_OF_STRANGERS = (0.9, 0.96, 0.99)


@dataclass(frozen=True, eq=False)
class Asked:
    """Faces asked of one gallery: the surest person and how sure, who it is (HELD_OUT and OTHER are strangers)."""

    faces: FaceTable
    best: NDArray[np.int64]
    sure: NDArray[np.float64]
    distance: NDArray[np.float64]
    margin: NDArray[np.float64]
    truth: NDArray[np.int64]

    def at(self, rows: NDArray[np.bool_]) -> "Asked":
        """Return some of the faces."""
        own = (self.best[rows], self.sure[rows], self.distance[rows], self.margin[rows], self.truth[rows])
        return Asked(self.faces.among(rows), *own)


@dataclass(frozen=True, eq=False)
class Half:
    """A calibration, the people and faces that it was not fitted on, and whom further people are drawn around.

    Those are of the half that it was fitted on, so that no stranger is asked of people drawn around themselves, and
    wear no masks: what is drawn would be their mask.
    """

    weights: NDArray[np.float64]
    blank: Calibration
    faces: FaceTable
    people: Sequence[str]
    population: Population


def certainty(data: Path) -> Tables:
    """Measure on people that nothing was fitted on."""
    faces = face_table(data)
    halves = [_half(faces, seed) for seed in progress(range(HALVES), f"{HALVES} ways to part the people", HALVES)]
    asked = {count: [one for half in halves for one in _asked(half, count)] for count in SAMPLES}
    whole = {count: [one.at(one.faces.condition == WHOLE) for one in ones] for count, ones in asked.items()}
    return {
        "certainty": [row for count in SAMPLES for row in _rules(count, whole[count])],
        "sure_at": [_row(count, sure, whole[count]) for count in SAMPLES for sure in SURE],
        "condition": [_condition(count, name, asked[count]) for count in (1, 5) for name in (WHOLE, *CONDITIONS)],
        "known by one photo": [_by_one_photo(halves, *kind) for kind in KINDS],
        "drawn people": [_drawn(halves, people, count) for people in DRAWN_PEOPLE for count in DRAWN_SAMPLES],
        "reliability": _reliability([one for ones in whole.values() for one in ones]),
    }


def _half(faces: FaceTable, seed: int) -> Half:
    of_first, people, others = parted(faces, seed)
    first = faces.among(of_first)
    calibration = fitted(first, people, DRAWS, 50 * seed, "")
    population = Population.of(first.among(first.cover != "masked"))
    return Half(np.array(calibration.weights), calibration, faces.among(~of_first), others, population)


def _asked(half: Half, samples: int) -> list[Asked]:
    results = []
    for number in range(GALLERIES):
        random = np.random.default_rng(100 * samples + number)
        known = random.permutation(half.people)[: max(3, round(len(half.people) * 2 / 3))].tolist()
        gallery, taught = drawn_gallery(half.faces, known, (samples,), number)
        asked = half.faces.among(~taught)
        of_pairs = beside(half.blank, gallery, asked)
        numbers = {person: index for index, person in enumerate(known)}
        truth = [numbers.get(person, HELD_OUT) if person else OTHER for person in asked.person.tolist()]
        results.append(_answered(half, asked, of_pairs, np.array(truth)))
    return results


def _answered(half: Half, faces: FaceTable, of_pairs: NDArray[np.float64], truth: NDArray[np.int64]) -> Asked:
    sure = probabilities(of_pairs @ half.weights, of_pairs.shape[1])
    distance = of_pairs[:, :, 1]
    order = np.sort(np.hstack([distance, np.full((len(distance), 1), np.inf)]), axis=1)
    best = sure.argmax(axis=1)
    return Asked(faces, best, sure.max(axis=1), order[:, 0], order[:, 1] - order[:, 0], truth)


def _merged(ones: Sequence[Asked], name: str) -> NDArray[np.float64]:
    return np.concatenate([getattr(one, name) for one in ones])


def with_interval(hits: NDArray[np.bool_], groups: NDArray[np.str_]) -> str:
    """Return a share in percent with its 95 % interval, by drawing the people, or strangers' photos, anew."""
    _, group = np.unique(groups, return_inverse=True)
    struck, asked = np.bincount(group, hits), np.bincount(group)
    count = len(asked)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    low, high = np.quantile((drawn @ struck) / (drawn @ asked), (0.025, 0.975))
    return f"{100 * hits.mean():.2f} [{100 * low:.1f}, {100 * high:.1f}]"


def _shares(ones: Sequence[Asked], named: Sequence[NDArray[np.bool_]]) -> Row:
    """Return known found, of all and of findable, wrong names and strangers accepted, in percent."""
    truth, best = _merged(ones, "truth"), _merged(ones, "best")
    findable = np.concatenate([one.faces.findable for one in ones])
    large = np.concatenate([one.faces.pixels >= LEAST_PIXELS_TELLING for one in ones])
    accepted = np.concatenate(named)
    known, right = truth >= 0, best == truth

    photos = np.concatenate([one.faces.photo for one in ones])
    groups = np.concatenate([np.where(one.faces.person == "", one.faces.photo, one.faces.person) for one in ones])

    def percent(rows: NDArray[np.bool_], hits: NDArray[np.bool_]) -> str:
        return with_interval(hits[rows], groups[rows]) if rows.any() else ""

    return {
        "known found": percent(known, accepted & right),
        "of findable": percent(known & findable, accepted & right),
        "of findable, each face alike": _each_alike(photos[known & findable], (accepted & right)[known & findable]),
        "wrong names": percent(known, accepted & ~right),
        "held-out people accepted": percent(truth == HELD_OUT, accepted),
        "other strangers accepted": percent((truth == OTHER) & large, accepted),
        "strangers below 30 pixels": percent((truth == OTHER) & ~large, accepted),
        "n known": int(known.sum()),
        "n strangers": int((~known).sum()),
    }


def _each_alike(photos: NDArray[np.str_], hits: NDArray[np.bool_]) -> float:
    """Return the mean over known people's photos of the share in percent, however often each is asked."""
    _, number = np.unique(photos, return_inverse=True)
    shares = np.bincount(number, hits) / np.bincount(number)
    return round(100 * float(shares.mean()), 2) if len(shares) else float("nan")


def _old_rule(one: Asked) -> NDArray[np.bool_]:
    near = (one.distance < TOLERANCE) & (one.margin >= MARGIN)
    return near & (one.faces.pixels >= LEAST_PIXELS_TELLING) & (one.faces.sharpness >= DEFAULTS.lap_var_thresh)


def _rules(samples: int, ones: Sequence[Asked]) -> list[Row]:
    old = _shares(ones, [_old_rule(one) for one in ones])
    new = _shares(ones, [one.sure >= DEFAULTS.sure_at for one in ones])
    return [
        {"samples": samples, "rule": f"{TOLERANCE}, {MARGIN}", **old},
        {"samples": samples, "rule": "certainty", **new},
    ]


def _row(samples: int, sure: float, ones: Sequence[Asked]) -> Row:
    return {"samples": samples, "sure_at": sure, **_shares(ones, [one.sure >= sure for one in ones])}


def _condition(samples: int, name: str, ones: Sequence[Asked]) -> Row:
    of_condition = [one.at(one.faces.condition == name) for one in ones]
    told = _shares(of_condition, [one.sure >= DEFAULTS.sure_at for one in of_condition])
    return {"condition": name, "samples": samples, **told, "calibration error": _error(of_condition)}


def _drawn(halves: Sequence[Half], people: int, samples: int) -> Row:
    """Ask the strangers, and further faces of their own, of galleries of drawn people."""
    held_out, others, found, wrong = [], [], [], []
    for seed, half in enumerate(halves[:DRAWN_HALVES]):
        whole = half.faces.among((half.faces.condition == WHOLE) & (half.faces.pixels >= LEAST_PIXELS_TELLING))
        for number in range(max(1, DRAWN_AT_LEAST // people)):
            vectors = half.population.people(people, samples + 1, 31 * seed + people + samples + 1000 * number)
            gallery = gallery_of_vectors(vectors[:, :samples])
            strangers = _answered(half, whole, beside(half.blank, gallery, whole), np.full(len(whole), OTHER))
            accepted = strangers.sure >= DEFAULTS.sure_at
            held_out.append(accepted[whole.person != ""].mean())
            others.append(accepted[whole.person == ""].mean())
            own = _own_faces(vectors[:, samples])
            known = _answered(half, own, beside(half.blank, gallery, own), np.arange(people))
            sure, right = known.sure >= DEFAULTS.sure_at, known.best == known.truth
            found.append((sure & right).mean())
            wrong.append((sure & ~right).mean())
    return {
        "people": people,
        "samples": samples,
        "held-out people accepted": round(100 * float(np.mean(held_out)), 2),
        "other strangers accepted": round(100 * float(np.mean(others)), 2),
        "drawn found": round(100 * float(np.mean(found)), 1),
        "wrong names": round(100 * float(np.mean(wrong)), 2),
    }


def _by_one_photo(halves: Sequence[Half], street: bool, cover: str) -> Row:
    """Ask the strangers of each other: those of one cover, in the street or elsewhere, known by a single photo each."""
    asked, counts = [], []
    for half in halves:
        whole = half.faces.among((half.faces.condition == WHOLE) & (half.faces.person == ""))
        in_street = np.char.find(whole.photo, STREET) >= 0
        good = whole.findable & (whole.pixels >= LEAST_PIXELS)
        known = whole.among(good & (whole.cover == cover) & (in_street == street))
        strangers = whole.among(whole.pixels >= LEAST_PIXELS_TELLING)
        ratios = beside(half.blank, gallery_of_vectors(known.vectors[:, None]), strangers) @ half.weights
        ratios[strangers.photo[:, None] == known.photo] = -np.inf
        asked.append((probabilities(ratios, len(known)).max(axis=1), strangers.photo))
        counts.append(len(known))
    sure, photos = (np.concatenate(column) for column in zip(*asked))
    shares = {f"accepted at {limit}": with_interval(sure >= limit, photos) for limit in SURE_OF_STRANGERS}
    place = "in the street" if street else "elsewhere"
    return {"known by one photo": f"{cover}, {place}", "people": round(float(np.mean(counts))), **shares}


def _own_faces(vectors: NDArray[np.float32]) -> FaceTable:
    text, flags = np.full(len(vectors), "drawn"), np.ones(len(vectors), bool)
    good = np.full(len(vectors), 1e3)
    return FaceTable(vectors, text, text, text, good, good, flags, flags, text)


def _arrays(ones: Sequence[Asked]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return how sure each answer is, whether it is right, and whether the person is known."""
    sure, truth, best = (_merged(ones, name) for name in ("sure", "truth", "best"))
    known = truth >= 0
    return sure, known & (best == truth), known


def _error(ones: Sequence[Asked]) -> float:
    return round(calibration_error(*_arrays(ones)), 4)


def _reliability(ones: Sequence[Asked]) -> list[Row]:
    rows: list[Row] = [
        {"certainty": round(mean, 3), "right": round(right, 3), "share of faces": round(weight, 4)}
        for mean, right, weight in reliability(*_arrays(ones))
    ]
    return [*rows, {"certainty": "expected calibration error", "right": _error(ones)}]


def draw_reliability(rows: Sequence[Row], file: Path) -> None:
    """Draw how often it was right over how sure it was, each bin as large as the share of faces in it."""
    from PIL import Image, ImageDraw, ImageFont

    side, margin = 560, 70
    image = Image.new("RGB", (side + 2 * margin, side + 2 * margin), "white")
    pencil = ImageDraw.Draw(image)
    font = ImageFont.load_default(18)

    def place(sure: float, right: float) -> tuple[float, float]:
        return margin + sure * side, margin + (1 - right) * side

    for step in range(6):
        share = step / 5
        pencil.line([place(share, 0), place(share, 1)], fill=(225, 225, 225))
        pencil.line([place(0, share), place(1, share)], fill=(225, 225, 225))
        across, down = place(share, 0)
        pencil.text((across, down + 10), f"{100 * share:.0f} %", (40, 40, 40), font, anchor="ma")
        across, down = place(0, share)
        pencil.text((across - 10, down), f"{100 * share:.0f} %", (40, 40, 40), font, anchor="rm")
    pencil.line([place(0, 0), place(1, 1)], fill=(120, 120, 120), width=2)
    bins = [row for row in rows if "share of faces" in row]
    points = [place(row["certainty"], row["right"]) for row in bins]
    pencil.line(points, fill=(30, 100, 180), width=3)
    for row, (across, down) in zip(bins, points):
        radius = 4 + 20 * float(np.sqrt(row["share of faces"]))
        pencil.ellipse((across - radius, down - radius, across + radius, down + radius), fill=(30, 100, 180))
    middle = margin + side / 2
    pencil.text((middle, 24), "How often it is right, over how sure Kith is", (40, 40, 40), font, anchor="ma")
    pencil.text(
        (middle, side + 2 * margin - 30), "certainty (a dot as large as its share)", (40, 40, 40), font, anchor="ma"
    )
    image.save(file)
