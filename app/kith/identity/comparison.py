"""Compare faces and bodies with the people of the gallery."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from kith.errors import ModelMismatch
from kith.identity.certainty import evidence, probabilities, typicality
from kith.identity.gallery import Gallery
from kith.identity.nearest import NEAREST_SAMPLES, Nearest, nearest
from kith.messages import Action, Do
from kith.values.calibration import Calibration
from kith.values.decisions import Candidate

CANDIDATES = 3
_BODIES_AT_ONCE = 256  # compared with the whole gallery: what bounds the memory


class SeenFace(Protocol):
    """A face, observed or just cut out: its width in pixels, and its sharpness."""

    @property
    def pixels(self) -> float:
        """How wide it is."""

    @property
    def sharpness(self) -> float:
        """How sharp it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """What makes sure of faces: a calibration of their model, and how wide (pixels) and how sharp each is (N)."""

    calibration: Calibration
    pixels: NDArray[np.float64]
    sharpness: NDArray[np.float64]

    @classmethod
    def of(cls, faces: Sequence[SeenFace], calibration: Calibration | None) -> Self | None:
        """Return that of faces, None without a calibration."""
        if calibration is None:
            return None
        pixels = np.array([face.pixels for face in faces], np.float64)
        sharpness = np.array([face.sharpness for face in faces], np.float64)
        return cls(calibration, pixels, sharpness)


def check_same_model(gallery: Gallery, model_id: str, length: int) -> None:
    """Raise ModelMismatch where the gallery's vectors are of another model or length than the photo's."""
    if not len(gallery):
        return
    known_length = gallery.vectors.shape[1]
    if gallery.model_id != model_id or known_length != length:
        raise ModelMismatch(
            f"The knowledge base was made with {gallery.model_id} ({known_length} numbers), the photos "
            f"are analysed with {model_id} ({length} numbers): run ",
            Do(Action.BUILD_KB),
            ", or set reid_model and reid_weights back.",
        )


def nearest_people(
    gallery: Gallery,
    model_id: str,
    probes: NDArray[np.float32],
    never: Sequence[Collection[int]] = (),
    quality: Quality | None = None,
) -> list[tuple[Candidate, ...]]:
    """Return for each face vector (probes: N x D) three people: with their quality the likeliest, else the nearest.

    A person's distance is the mean of the Euclidean distances to their three nearest samples (to all, where they have
    fewer): measured against other rules in docs/recognition.md. `never` holds the people to leave out, for each probe
    or not at all. Raises ModelMismatch.
    """
    check_same_model(gallery, model_id, probes.shape[1])
    if not len(gallery):
        return [()] * len(probes)
    layout = gallery.layout
    place = {person: index for index, person in enumerate(layout.people.tolist())}
    apart: list[tuple[int, int]] = []
    for row, people in enumerate(never):
        apart += [(row, place[person]) for person in people if person in place]
    found: list[tuple[Candidate, ...]] = []
    for block in nearest(layout, gallery.vectors, probes, apart, CANDIDATES + 1):
        rows = slice(len(found), len(found) + len(block.people))
        certainty = _certainties(gallery, block, probes[rows], quality, rows) if quality else None
        found += _block_candidates(gallery, block, certainty)
    return found


def _certainties(
    gallery: Gallery, block: Nearest, probes: NDArray[np.float32], quality: Quality, rows: slice
) -> NDArray[np.float64]:
    """Return how likely each of these probes is each of its nearest people (N x K)."""
    layout, calibration = gallery.layout, quality.calibration
    ratios = evidence(
        calibration,
        block.distance,
        layout.counts[block.people].astype(np.float64),
        gallery.spreads[block.people],
        typicality(calibration, probes),
        quality.pixels[rows],
        quality.sharpness[rows],
    )
    return probabilities(ratios, len(layout.people))


def _block_candidates(
    gallery: Gallery, block: Nearest, certainty: NDArray[np.float64] | None
) -> list[tuple[Candidate, ...]]:
    layout = gallery.layout
    people = layout.people[block.people]
    samples = np.minimum(layout.counts[block.people], NEAREST_SAMPLES)
    nearest_ids = gallery.appearance_ids[block.sample]
    columns = [people, block.distance, samples, nearest_ids]
    if certainty is not None:
        likeliest = np.argsort(-certainty, axis=1, kind="stable")
        columns = [np.take_along_axis(column, likeliest, axis=1) for column in (*columns, certainty)]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [_probe_candidates(*row) for row in rows]


def _probe_candidates(
    people: Sequence[int],
    distances: Sequence[float],
    samples: Sequence[int],
    nearest_ids: Sequence[int],
    certainties: Sequence[float | None] = (),
) -> tuple[Candidate, ...]:
    """Return one probe's candidates in this order."""
    following = [*distances[1:], inf]
    known = certainties or [None] * len(people)
    found = []
    columns = zip(people, distances, following, samples, nearest_ids, known, strict=True)
    for person, value, after, count, shown, certainty in islice(columns, CANDIDATES):
        if value < inf:
            found.append(Candidate(person, value, after - value, count, shown, certainty))
    return tuple(found)


def most_alike_people(
    gallery: Gallery, model_id: str, probes: NDArray[np.float32], never: Sequence[Collection[int]] = ()
) -> list[tuple[Candidate, ...]]:
    """Return for each body (probes: N x D, length 1) the three people whose most alike body is most alike (cosine).

    `never` holds the people to leave out, for each probe or not at all. Raises ModelMismatch.
    """
    check_same_model(gallery, model_id, probes.shape[1])
    if not len(gallery):
        return [()] * len(probes)
    people, starts = np.unique(gallery.person_ids, return_index=True)
    left_out = [*never] or [()] * len(probes)
    found: list[tuple[Candidate, ...]] = []
    for start in range(0, len(probes), _BODIES_AT_ONCE):
        similarities = probes[start : start + _BODIES_AT_ONCE] @ gallery.vectors.T
        best = np.maximum.reduceat(similarities, starts, axis=1)
        for of_samples, of_people, excluded in zip(similarities, best, left_out[start:], strict=False):
            of_people[np.isin(people, list(excluded))] = -inf
            candidates = _most_alike(gallery, of_samples, of_people, starts)
            found.append(candidates)
    return found


def _most_alike(
    gallery: Gallery, of_samples: NDArray[np.float32], of_people: NDArray[np.float32], starts: NDArray[np.intp]
) -> tuple[Candidate, ...]:
    """Return the candidates by one body's similarities to all samples and to the people, whose samples begin there."""
    shown = min(CANDIDATES + 1, len(of_people))
    places = np.argpartition(-of_people, shown - 1)[:shown]
    places = places[np.argsort(-of_people[places], kind="stable")]
    values = [*of_people[places].tolist(), -inf]
    ends = [*starts[1:], len(of_samples)]
    candidates = []
    for place, value, following in zip(places[:CANDIDATES], values, values[1:], strict=False):
        if value > -inf:
            begin = starts[place]
            of_person = of_samples[begin : ends[place]]
            sample = begin + of_person.argmax()
            person = int(gallery.person_ids[sample])
            nearest_id = int(gallery.appearance_ids[sample])
            candidates.append(Candidate(person, value, value - following, 1, nearest_id))
    return tuple(candidates)
