"""The faces that certainty is fitted and measured on: real ones, the same made worse, and people drawn around them.

Made worse means: shrunk to so many pixels of a face's width, out of focus, or smeared. Drawn people are vectors: a
person is a point drawn with the covariance of strangers less that of one person's faces, their samples lie around it
with the latter (times a factor of their own, since some people's faces differ more). They stand in for galleries that
no photos are at hand for: hundreds of people, and thirty samples of each.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench_detection import annotated_photos
from bench_people import PEOPLE, SHARED, STRANGERS, Face, faces_in, with_selfies
from kith.api import AlignedFace, detect_and_align_faces, encode
from kith.identity.calibration_fit import Pairs, fit
from kith.identity.certainty import FEATURES, features, typicality
from kith.identity.gallery import Gallery, gallery_of
from kith.values.calibration import Calibration
from kith.values.samples import LEAST_PIXELS, Sample
from kith.vision.alignment import sharpness
from kith.vision.dlib_faces import CHIP_PADDING
from kith.vision.observations import Rgb

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Told = tuple[Floats, Flags, Floats]  # features of pairs, whether they are one person, what each weighs

WHOLE = "as it is"
SAME_FACE = 0.3  # of intersection over union: between a face marked by hand and a square found
SIZES = (1, 1, 2, 3, 5, 8)  # samples of a person, one of these at random
DRAWN_SIZES = (1, 2, 3, 5, 8, 12, 20, 30)
DRAWN_A_DRAW = 40  # people, for each draw of real galleries
DRAWN_SHARE = 0.1  # of all pairs of different people: drawn people are harder to tell from strangers than real ones
SHRINKAGE_WITHIN = 0.3  # of the covariance of one person's faces towards the same in all directions: there are few
SHRINKAGE_BETWEEN = 0.1  # of that of strangers
FACTOR = 0.1  # deviation of the logarithm of how much a person's faces differ


@dataclass(frozen=True, eq=False)
class FaceTable:
    """Faces as arrays (N): whose they are ("" of strangers), of which photo, in what condition, how good.

    `cover` is "bare" or "masked" where all faces of a photo are marked by hand, else "".
    """

    vectors: NDArray[np.float32]
    person: NDArray[np.str_]
    photo: NDArray[np.str_]
    condition: NDArray[np.str_]
    pixels: Floats
    sharpness: Floats
    teaches: Flags
    findable: Flags
    cover: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.vectors)

    def among(self, rows: Flags) -> "FaceTable":
        """Return some of the faces."""
        return FaceTable(*(values[rows] for values in vars(self).values()))


def face_table(data: Path) -> FaceTable:
    """Return the faces of all photos, and the good ones once more in each condition."""
    os.environ.setdefault("KITH_MODELS", str(SHARED / "models"))
    faces = with_selfies(faces_in(data, PEOPLE + STRANGERS))
    aligned = _aligned(faces)
    good = [number for number, face in enumerate(faces) if face.findable and face.seen.pixels >= LEAST_PIXELS]
    tables = [replace(table(faces, [WHOLE] * len(faces)), cover=_covers(faces, data))]
    for condition, (change, pixels) in CONDITIONS.items():
        chips = [change(aligned[number].chip) for number in good]
        changed = [replace(aligned[number], chip=chip) for number, chip in zip(good, chips)]
        before = table([faces[number] for number in good], [condition] * len(good))
        sharp = np.array([sharpness(chip) for chip in chips])
        fewer = np.minimum(before.pixels, pixels)
        tables.append(replace(before, vectors=encode(changed), pixels=fewer, sharpness=sharp))
    columns = zip(*(vars(part).values() for part in tables))
    return FaceTable(*(np.concatenate(column) for column in columns))


def _aligned(faces: Sequence[Face]) -> list[AlignedFace]:
    """Return each face as it was cut out, found again by its place in the photo."""
    left = {photo: iter(detect_and_align_faces(photo)) for photo in {face.photo for face in faces}}
    return [next(left[face.photo]) for face in faces]


def _covers(faces: Sequence[Face], data: Path) -> NDArray[np.str_]:
    marked = dict(annotated_photos(data))

    def cover(face: Face) -> str:
        overlaps = {mark: face.seen.box.iou(mark.box) for mark in marked.get(face.photo, ())}
        best = max(overlaps, key=lambda mark: overlaps[mark], default=None)
        if best is None or overlaps[best] < SAME_FACE:
            return ""
        return "masked" if best.masked else "bare"

    return np.array([cover(face) for face in faces])


def table(faces: Sequence[Face], conditions: Sequence[str]) -> FaceTable:
    """Return faces, each in a condition, as arrays; nothing is known of their masks."""
    of_whole = np.array([condition == WHOLE for condition in conditions])
    return FaceTable(
        np.stack([face.seen.vector for face in faces]),
        np.array([face.person for face in faces]),
        np.array([str(face.photo) for face in faces]),
        np.array(conditions),
        np.array([face.seen.pixels for face in faces]),
        np.array([face.seen.sharpness for face in faces]),
        np.array([face.teaches() for face in faces]) & of_whole,
        np.array([face.findable for face in faces]),
        np.full(len(faces), ""),
    )


def _shrunk(width: float) -> tuple[Callable[[Rgb], Rgb], float]:
    """Return what makes a chip of a face that is so many pixels wide, and that width."""

    def change(chip: Rgb) -> Rgb:
        import cv2

        side = len(chip)
        small = max(8, round(width * (1 + 2 * CHIP_PADDING)))
        shrunk = cv2.resize(chip, (small, small), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(shrunk, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)

    return change, width


def _out_of_focus(share: float) -> tuple[Callable[[Rgb], Rgb], float]:
    def change(chip: Rgb) -> Rgb:
        import cv2

        deviation = share * len(chip) / (1 + 2 * CHIP_PADDING)
        return np.asarray(cv2.GaussianBlur(chip, (0, 0), deviation), np.uint8)

    return change, np.inf


def _smeared(share: float) -> tuple[Callable[[Rgb], Rgb], float]:
    def change(chip: Rgb) -> Rgb:
        import cv2

        length = max(1, round(share * len(chip) / (1 + 2 * CHIP_PADDING)))
        return np.asarray(cv2.filter2D(chip, -1, np.full((1, length), 1 / length, np.float32)), np.uint8)

    return change, np.inf


CONDITIONS = {
    "40 px": _shrunk(40),
    "30 px": _shrunk(30),
    "25 px": _shrunk(25),
    "20 px": _shrunk(20),
    "focus 2 %": _out_of_focus(0.02),
    "focus 3 %": _out_of_focus(0.03),
    "motion 15 %": _smeared(0.15),
}


# People drawn around real ones


@dataclass(frozen=True, eq=False)
class Population:
    """Where people lie (`centre`: D), how these differ from each other and each from themselves (factors: D x D)."""

    centre: Floats
    between: Floats
    within: Floats

    @classmethod
    def of(cls, faces: FaceTable) -> "Population":
        """Return the one that good faces are drawn from."""
        good = faces.among(faces.findable & (faces.condition == WHOLE))
        strangers = good.vectors[good.person == ""].astype(np.float64)
        within = _toward_sphere(_residual_covariance(good), SHRINKAGE_WITHIN)
        strange = _toward_sphere(np.cov(strangers.T), SHRINKAGE_BETWEEN)
        values, axes = np.linalg.eigh(strange - within)
        between = np.asarray(axes * np.sqrt(values.clip(1e-5)), np.float64)
        return cls(strangers.mean(axis=0), between, np.asarray(np.linalg.cholesky(within), np.float64))

    def people(self, count: int, samples: int, seed: int) -> NDArray[np.float32]:
        """Draw people with so many faces each: count x samples x D."""
        random = np.random.default_rng(seed)
        size = len(self.centre)
        middles = self.centre + random.normal(size=(count, size)) @ self.between.T
        factors = np.exp(random.normal(0, FACTOR, (count, 1, 1)))
        own = random.normal(size=(count, samples, size)) @ self.within.T
        return (middles[:, None] + factors * own).astype(np.float32)


def _residual_covariance(faces: FaceTable) -> Floats:
    residuals = []
    for person in sorted({*faces.person.tolist()} - {""}):
        own = faces.vectors[faces.person == person].astype(np.float64)
        if len(own) > 1:
            residuals.append((own - own.mean(axis=0)) * np.sqrt(len(own) / (len(own) - 1)))
    stacked = np.concatenate(residuals)
    covariance: Floats = stacked.T @ stacked / len(stacked)
    return covariance


def _toward_sphere(covariance: Floats, share: float) -> Floats:
    size = len(covariance)
    sphere = np.eye(size) * np.trace(covariance) / size
    return np.asarray((1 - share) * covariance + share * sphere, np.float64)


# Pairs to fit on


def parted(faces: FaceTable, seed: int) -> tuple[Flags, list[str], list[str]]:
    """Return which faces are of one half of the people and of the strangers' photos, and the people of both halves."""
    random = np.random.default_rng(100 + seed)
    people = random.permutation(sorted({*faces.person.tolist()} - {""})).tolist()
    middle = len(people) // 2 + seed % 2
    photos = random.permutation(sorted({*faces.photo[faces.person == ""].tolist()}))
    chosen = photos[: len(photos) // 2]
    stranger = faces.person == ""
    of_first = np.where(stranger, np.isin(faces.photo, chosen), np.isin(faces.person, people[:middle]))
    return of_first, people[:middle], people[middle:]


def drawn_gallery(faces: FaceTable, people: Sequence[str], sizes: Sequence[int], seed: int) -> tuple[Gallery, Flags]:
    """Return a gallery of people, numbered from 1, and which faces of the table are in photos that teach them."""
    random = np.random.default_rng(seed)
    samples: list[Sample] = []
    taught = np.zeros(len(faces), bool)
    for number, person in enumerate(people, start=1):
        pool = np.flatnonzero((faces.person == person) & faces.teaches)
        chosen = random.permutation(pool)[: random.choice(sizes)]
        taught |= (faces.person == person) & np.isin(faces.photo, faces.photo[chosen])
        samples += [Sample(number, 0, 0, 0, 0, faces.vectors[row]) for row in chosen]
    return gallery_of("", samples), taught


def gallery_of_vectors(vectors: NDArray[np.float32]) -> Gallery:
    """Return a gallery of people (P x S x D), numbered from 1."""
    samples = [Sample(number, 0, 0, 0, 0, vector) for number, own in enumerate(vectors, start=1) for vector in own]
    return gallery_of("", samples)


def beside(blank: Calibration, gallery: Gallery, faces: FaceTable) -> Floats:
    """Return the features of all faces beside all people of a gallery: N x P x F."""
    layout = gallery.layout
    distance = np.stack([_distance(faces.vectors, own) for own in _by_person(gallery)], axis=1)
    shape = distance.shape
    samples = np.broadcast_to(layout.counts.astype(float), shape)
    spread = np.broadcast_to(gallery.spreads.clip(*blank.spread), shape)
    return features(distance, samples, spread, typicality(blank, faces.vectors), faces.pixels, faces.sharpness)


def _by_person(gallery: Gallery) -> Iterator[NDArray[np.float32]]:
    for start, count in zip(gallery.layout.starts.tolist(), gallery.layout.counts.tolist()):
        yield gallery.vectors[start : start + count]


def _distance(faces: NDArray[np.float32], own: NDArray[np.float32]) -> Floats:
    from scipy.spatial.distance import cdist

    from kith.identity.nearest import NEAREST_SAMPLES

    nearest: Floats = np.sort(cdist(faces, own), axis=1)[:, :NEAREST_SAMPLES].mean(axis=1)
    return nearest


def blank_calibration(faces: FaceTable) -> Calibration:
    """Return the ranges of what was met, the weights still to be fitted."""
    good = faces.among(faces.findable & (faces.condition == WHOLE))
    centre = good.vectors[good.person == ""].astype(np.float64).mean(axis=0)
    apart = np.linalg.norm(good.vectors - centre, axis=1)
    spreads = []
    for person in sorted({*good.person.tolist()} - {""}):
        gallery, _ = drawn_gallery(good, [person], (3, 8), 0)
        spreads.append(float(gallery.spreads[0]))
    low, high = np.quantile(apart, (0.01, 0.99)).round(3).tolist()
    return Calibration(centre, (low, high), (round(0.9 * min(spreads), 3), round(1.1 * max(spreads), 3)), (), "")


def fitted(faces: FaceTable, people: Sequence[str], draws: int, seed: int, fitted_on: str) -> Calibration:
    """Return a calibration fitted on these people and on the strangers of the table."""
    blank = blank_calibration(faces)
    population = Population.of(faces)
    parts = [
        *_real_pairs(blank, faces, people, draws, seed),
        *_drawn_pairs(blank, faces, population, len(people), draws, seed),
    ]
    of_pairs, same, shares = (np.concatenate(column) for column in zip(*parts))
    pairs = Pairs(of_pairs, of_pairs[:, FEATURES.index("distance")], same, shares)
    known = int(np.isin(faces.person, people).sum())
    weights = tuple(fit(pairs, np.zeros(len(FEATURES)), known).tolist())
    return replace(blank, weights=weights, fitted_on=fitted_on)


def _real_pairs(blank: Calibration, faces: FaceTable, people: Sequence[str], draws: int, seed: int) -> Iterable[Told]:
    """Yield the pairs of drawn galleries: each draw and condition weighs alike, the worse ones together half."""
    for draw in range(draws):
        for number, person in enumerate(people):
            gallery, taught = drawn_gallery(faces, [person], SIZES, seed + 1000 * draw + number)
            asked = faces.among(~taught)
            same = asked.person == person
            weights = np.zeros(len(asked))
            for kind in (same, ~same):
                for condition in (WHOLE, *CONDITIONS):
                    rows = kind & (asked.condition == condition)
                    share = 1.0 if condition == WHOLE else 1 / len(CONDITIONS)
                    weights[rows] = share / max(rows.sum(), 1)
            weights[~same] *= 1 - DRAWN_SHARE
            yield beside(blank, gallery, asked)[:, 0], same, weights


def _drawn_pairs(
    blank: Calibration, faces: FaceTable, population: Population, people: int, draws: int, seed: int
) -> Iterable[Told]:
    """Yield the pairs of drawn people with strangers, and with further faces of their own where samples are many."""
    random = np.random.default_rng(seed)
    whole = faces.among(faces.condition == WHOLE)
    stranger = whole.person == ""
    shares = np.where(stranger, 0.5 / stranger.sum(), 0.5 / max((~stranger).sum(), 1))
    weight = 2 * DRAWN_SHARE * people / DRAWN_A_DRAW
    for number in range(draws * DRAWN_A_DRAW):
        size = int(random.choice(DRAWN_SIZES))
        (own,) = population.people(1, size + 2, seed + 7 * number)
        gallery = gallery_of_vectors(own[None, :size])
        yield beside(blank, gallery, whole)[:, 0], np.zeros(len(whole), bool), weight * shares
        if size > max(SIZES):
            yield _own_features(blank, gallery, own[size:]), np.ones(2, bool), np.full(2, weight / 2)


def _own_features(blank: Calibration, gallery: Gallery, vectors: NDArray[np.float32]) -> Floats:
    count = len(vectors)
    text = np.full(count, "")
    flags = np.zeros(count, bool)
    sharp = np.full(count, 1e3)
    table = FaceTable(vectors, text, text, text, sharp, sharp, flags, flags, text)
    return beside(blank, gallery, table)[:, 0]
