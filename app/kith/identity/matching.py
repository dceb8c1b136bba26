"""Compare faces and bodies with the people of the gallery."""

from collections.abc import Collection, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from kith.errors import ModelMismatch
from kith.identity.gallery import Gallery
from kith.identity.nearest import NEAREST_SAMPLES, Nearest, nearest
from kith.messages import Action, Do
from kith.values.decisions import Candidate

CANDIDATES = 3
_BODIES_AT_ONCE = 256  # compared with the whole gallery: what bounds the memory


def check_same_model(gallery: Gallery, model_id: str, length: int) -> None:
    """Raise ModelMismatch where the gallery's vectors are of another model or length than the photo's."""
    if len(gallery) and (gallery.model_id != model_id or gallery.vectors.shape[1] != length):
        raise ModelMismatch(
            f"The knowledge base was made with {gallery.model_id} ({gallery.vectors.shape[1]} numbers), the photos "
            f"are analysed with {model_id} ({length} numbers): run ",
            Do(Action.BUILD_KB),
            ", or set reid_model and reid_weights back.",
        )


def nearest_people(
    gallery: Gallery, model_id: str, probes: NDArray[np.float32], never: Sequence[Collection[int]] = ()
) -> list[tuple[Candidate, ...]]:
    """Return for each face vector (probes: N x D) the three nearest people, nearest first.

    A person's distance is the mean of the Euclidean distances to their three nearest samples (to all, where they have
    fewer): measured against other rules in docs/recognition.md. `never` holds the people to leave out, for each probe
    or not at all. Raises ModelMismatch.
    """
    check_same_model(gallery, model_id, probes.shape[1])
    if not len(gallery):
        return [()] * len(probes)
    place = {person: index for index, person in enumerate(gallery.layout.people.tolist())}
    apart = [(probe, place[one]) for probe, people in enumerate(never) for one in people if one in place]
    found = nearest(gallery.layout, gallery.vectors, probes, apart, CANDIDATES + 1)
    return [candidates for part in found for candidates in _candidates(gallery, part)]


def _candidates(gallery: Gallery, found: Nearest) -> list[tuple[Candidate, ...]]:
    layout = gallery.layout
    people = layout.people[found.people].tolist()
    samples = np.minimum(layout.counts[found.people], NEAREST_SAMPLES).tolist()
    nearest_ids = gallery.appearance_ids[found.sample].tolist()
    return [
        tuple(
            Candidate(person, value, following - value, count, shown)
            for person, value, following, count, shown in zip(*row, strict=False)
            if value < inf
        )
        for row in zip(people, *_values(found.distance), samples, nearest_ids, strict=True)
    ]


def _values(distance: NDArray[np.float64]) -> tuple[list[list[float]], list[list[float]]]:
    """Return the distances of the candidates, and of who follows each."""
    following = np.hstack([distance[:, 1:], np.full((len(distance), 1), inf)])
    return distance[:, :CANDIDATES].tolist(), following[:, :CANDIDATES].tolist()


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
        for row, own, out in zip(similarities, best, left_out[start:], strict=False):
            own[np.isin(people, list(out))] = -inf
            found.append(_most_alike(gallery, row, own, starts))
    return found


def _most_alike(
    gallery: Gallery, row: NDArray[np.float32], best: NDArray[np.float32], starts: NDArray[np.intp]
) -> tuple[Candidate, ...]:
    """Return the candidates by one body's similarities to all samples (`row`) and to the people's best (`best`)."""
    shown = min(CANDIDATES + 1, len(best))
    places = np.argpartition(-best, shown - 1)[:shown]
    places = places[np.argsort(-best[places], kind="stable")]
    values = [*best[places].tolist(), -inf]
    candidates = []
    for place, value, following in zip(places[:CANDIDATES], values, values[1:], strict=False):
        if value > -inf:
            end = starts[place + 1] if place + 1 < len(starts) else len(row)
            sample = starts[place] + int(row[starts[place] : end].argmax())
            person, shown_as = int(gallery.person_ids[sample]), int(gallery.appearance_ids[sample])
            candidates.append(Candidate(person, value, value - following, 1, shown_as))
    return tuple(candidates)
