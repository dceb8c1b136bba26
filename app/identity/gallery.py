"""The gallery: what dataset and user teach, of good enough quality, ready to be compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from app.identity.person_records import PersonRecords
from app.identity.photo_records import from_blob
from app.vision.observations import Kind


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One taught observation of a person; `vector` is the plain one, `mirror` that of the mirror image."""

    person_id: int
    appearance_id: int
    photo_id: int
    sharpness: float
    pixels: float
    vector: NDArray[np.float32]
    mirror: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Vectors of one model (`vectors`: S x D) with the person of each row (`person_ids`: S, ascending)."""

    model_id: str
    person_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]

    @property
    def people(self) -> NDArray[np.int64]:
        """The ids of the people in it, ascending."""
        return np.unique(self.person_ids)

    def __len__(self) -> int:
        return len(self.person_ids)


def taught_samples(people: PersonRecords, kind: Kind, model_id: str) -> list[Sample]:
    """Return every taught observation of one model, ordered by person."""
    return [
        Sample(*row[:5], from_blob(row[5]), None if row[6] is None else from_blob(row[6]))
        for row in people.taught(kind, model_id)
    ]


def sharp_enough(samples: Iterable[Sample], least: float) -> list[Sample]:
    """Leave blurred faces out, but never a whole person: of somebody who has no other, the sharpest stays."""
    kept: list[Sample] = []
    for _, of_person in groupby(samples, key=lambda sample: sample.person_id):
        own = list(of_person)
        kept += [sample for sample in own if sample.sharpness >= least] or [max(own, key=lambda s: s.sharpness)]
    return kept


def face_gallery(model_id: str, samples: Sequence[Sample]) -> Gallery:
    """Return the faces' gallery: each row the mean of a face's vector and its mirror image's."""
    return _gallery(model_id, samples, [both_sides(sample.vector, sample.mirror) for sample in samples])


def body_gallery(model_id: str, samples: Sequence[Sample]) -> Gallery:
    """Return the body bank."""
    return _gallery(model_id, samples, [sample.vector for sample in samples])


def both_sides(vector: NDArray[np.float32], mirror: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the mean of a face's vector and of its mirror image's: more known found at the same false accepts."""
    return vector if mirror is None else (vector + mirror) * np.float32(0.5)


def _gallery(model_id: str, samples: Sequence[Sample], vectors: Sequence[NDArray[np.float32]]) -> Gallery:
    ids = np.array([sample.person_id for sample in samples], np.int64)
    return Gallery(model_id, ids, np.stack(vectors) if vectors else np.empty((0, 0), np.float32))
