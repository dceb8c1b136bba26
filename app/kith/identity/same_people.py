"""Whether somebody of another library is a person known here, by their faces."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kith.identity.comparison import Quality, nearest_people
from kith.identity.decision import Decider
from kith.identity.gallery import Gallery, is_good
from kith.identity.nearest import distance_from
from kith.values.decisions import Candidate
from kith.vision.observations import Observation

FACES = 64  # of a person: more tell no more of who it is
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


def resemblances(decider: Decider, faces: Sequence[Observation]) -> dict[int, Resemblance]:
    """Return whom of the people known here somebody's faces resemble, the most alike first; raises ModelMismatch."""
    if not faces or not len(decider.faces):
        return {}
    vectors = np.stack([face.vector for face in faces])
    quality = Quality.of(faces, decider.calibration)
    sure, likely = Counter[int](), Counter[int]()
    for candidates in nearest_people(decider.faces, decider.faces.model_id, vectors, quality=quality):
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
