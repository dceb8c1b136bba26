"""Compare a face or a body with the people of the gallery."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelMismatch, command
from app.identity.gallery import Gallery

CANDIDATES = 3
NEAREST_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person with their distance (face) or similarity (body)."""

    person_id: int
    value: float


def check_same_model(gallery: Gallery, model_id: str, length: int) -> None:
    """Raise ModelMismatch where the gallery's vectors are of another model or length than the photo's."""
    if len(gallery) and (gallery.model_id != model_id or gallery.vectors.shape[1] != length):
        raise ModelMismatch(
            f"The knowledge base was made with {gallery.model_id} ({gallery.vectors.shape[1]} numbers), the photos "
            f"are analysed with {model_id} ({length} numbers): run {command('build-kb')}, or set reid_model and "
            "reid_weights back."
        )


def nearest_people(
    gallery: Gallery, model_id: str, probe: NDArray[np.float32], never: Collection[int] = ()
) -> tuple[Candidate, ...]:
    """Return the three people nearest to a face vector (D), nearest first, without those of `never`.

    A person's distance is the mean of the Euclidean distances to their three nearest samples (to all, where they have
    fewer): measured against other rules in docs/recognition.md. Raises ModelMismatch.
    """
    check_same_model(gallery, model_id, len(probe))
    if not len(gallery):
        return ()
    distances = np.linalg.norm(gallery.vectors - probe, axis=1)
    people, starts, counts = np.unique(gallery.person_ids, return_index=True, return_counts=True)
    ascending = distances[np.lexsort((distances, gallery.person_ids))]
    rank = np.arange(len(gallery)) - np.repeat(starts, counts)
    near = np.add.reduceat(np.where(rank < NEAREST_SAMPLES, ascending, 0), starts)
    return _best(people, near / np.minimum(counts, NEAREST_SAMPLES), never)


def most_alike_people(
    gallery: Gallery, model_id: str, probe: NDArray[np.float32], never: Collection[int] = ()
) -> tuple[Candidate, ...]:
    """Return the three people whose most alike body is most alike (cosine), without those of `never`."""
    check_same_model(gallery, model_id, len(probe))
    if not len(gallery):
        return ()
    similarities = gallery.vectors @ probe
    people, starts = np.unique(gallery.person_ids, return_index=True)
    best = _best(people, -np.maximum.reduceat(similarities, starts), never)
    return tuple(Candidate(one.person_id, -one.value) for one in best)


def nearest_sample(gallery: Gallery, person_id: int, probe: NDArray[np.float32]) -> int:
    """Return the appearance of a person of the gallery that is nearest to a vector (D)."""
    rows = np.flatnonzero(gallery.person_ids == person_id)
    distances = np.linalg.norm(gallery.vectors[rows] - probe, axis=1)
    return int(gallery.appearance_ids[rows[distances.argmin()]])


def _best(
    people: NDArray[np.int64], values: NDArray[np.floating[Any]], never: Collection[int]
) -> tuple[Candidate, ...]:
    order = np.argsort(values, kind="stable")[: CANDIDATES + len(never)]
    ranked = (Candidate(int(people[index]), float(values[index])) for index in order)
    return tuple(one for one in ranked if one.person_id not in never)[:CANDIDATES]
