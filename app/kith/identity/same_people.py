"""Whether somebody of another library is a person known here, by their faces."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from kith.identity.comparison import Quality, nearest_people
from kith.identity.decision import Decider
from kith.identity.gallery import Gallery, is_good
from kith.identity.nearest import distance_from
from kith.values.decisions import Candidate
from kith.vision.observations import Observation

FACES = 16  # of a person: more tell no more of who it is
_MOST = 0.5  # of the faces


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How much somebody of another library resembles a person here: the share of their faces.

    Of `sure` ones this person would be named, of `likely` ones at least suggested.
    """

    sure: float
    likely: float

    @property
    def is_sure(self) -> bool:
        """Whether most of their faces would be named so."""
        return self.sure > _MOST

    @property
    def is_likely(self) -> bool:
        """Whether of at least half of their faces this person would be suggested."""
        return self.likely >= _MOST


def telling_faces(faces: Sequence[Observation], least_sharpness: float) -> list[Observation]:
    """Return the good faces of somebody, or else the sharpest; at most FACES of them, from first to last."""
    good = [face for face in faces if is_good(face, least_sharpness)]
    if not good:
        good = sorted(faces, key=lambda face: face.sharpness)[-1:]
    step = -(-len(good) // FACES) or 1
    return good[::step]


def resemblances(decider: Decider, faces: Mapping[int, Sequence[Observation]]) -> dict[int, dict[int, Resemblance]]:
    """Return whom of the people known here the faces of each of some others resemble, the most alike first.

    Raises ModelMismatch.
    """
    everybody = [face for own in faces.values() for face in own]
    if not everybody or not len(decider.faces):
        return {number: {} for number in faces}
    vectors = np.stack([face.vector for face in everybody])
    quality = Quality.of(everybody, decider.calibration)
    candidates = iter(nearest_people(decider.faces, decider.faces.model_id, vectors, quality=quality))
    return {number: _of_one(decider, [*islice(candidates, len(own))]) for number, own in faces.items()}


def _of_one(decider: Decider, faces: Sequence[Sequence[Candidate]]) -> dict[int, Resemblance]:
    sure, likely = Counter[int](), Counter[int]()
    for candidates in faces:
        sure.update(first.person_id for first in candidates[:1] if _is_sure(decider, first))
        likely.update(person.person_id for person in candidates if _is_likely(decider, person))
    order = sorted({*sure, *likely}, key=lambda person: (-sure[person], -likely[person], person))
    return {person: Resemblance(sure[person] / len(faces), likely[person] / len(faces)) for person in order}


def distance_between(gallery: Gallery, person_id: int, faces: Sequence[Observation]) -> float | None:
    """Return how far somebody's faces are from a person here, the median; None where there is nothing to compare."""
    samples = gallery.vectors[gallery.person_ids == person_id]
    if not faces or not len(samples):
        return None
    return float(np.median([distance_from(face.vector, samples) for face in faces]))


def _is_sure(decider: Decider, person: Candidate) -> bool:
    if decider.face_tol and person.value > decider.face_tol:
        return False
    if person.certainty is None:
        return bool(decider.face_tol)
    return person.certainty >= decider.sure_at


def _is_likely(decider: Decider, person: Candidate) -> bool:
    if person.certainty is None:
        return person.value <= decider.face_suggest
    return person.certainty >= decider.suggest_at
