"""All that is known of one person: their faces by how well they fit, their years, and who is with them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from kith.identity.nearest import distances_from_others
from kith.jobs.open_library import OpenLibrary
from kith.jobs.review import Spot
from kith.library.person_queries import PersonFace
from kith.values.links import Source
from kith.values.persons import Person


@dataclass(frozen=True, slots=True)
class PageFace:
    """A face of the person; `distance` is how far it is from their other faces that teach, None where none compares.

    `source` says who says that it is they.
    """

    appearance_id: int
    photo_id: int
    spot: Spot
    source: Source
    distance: float | None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person with all their faces, the one that fits worst first.

    `years` counts photos by the year they were taken, `together` tells who is with them: number, name, photos.
    `key_face` stands for them, `key_chosen` tells whether the user chose it.
    """

    person: Person
    name: str
    faces: tuple[PageFace, ...]
    photos: int
    years: tuple[tuple[int, int], ...]
    together: tuple[tuple[int, str, int], ...]
    key_face: int | None
    key_chosen: bool = False


def person_page(library: OpenLibrary, person_id: int) -> PersonPage:
    """Return what is known of a person; raises BadInput where there is none of that number."""
    person = library.people.by_number(person_id)
    store, names = library.store, library.people.names()
    known = store.persons.faces(person_id, library.decisions.face_model_id)
    fits = [(face, distance) for face, distance in zip(known, distances(known), strict=True) if face.here]
    seen = [face for face, _ in fits]
    paths = store.reviews.files_of(face.photo_id for face in seen)
    faces = [_page_face(face, distance, paths.get(face.photo_id)) for face, distance in fits]
    faces.sort(key=lambda face: (face.distance is None, -(face.distance or 0), face.appearance_id))
    year_of = {face.photo_id: int(face.taken_at[:4]) for face in seen if face.taken_at and face.taken_at[:4].isdigit()}
    together = [(key, names[key], photos) for key, photos in store.persons.together(person_id) if key in names]
    portrait = store.portraits.of(person_id)
    return PersonPage(
        person,
        names[person_id],
        tuple(faces),
        len({face.photo_id for face in seen}),
        tuple(sorted(Counter(year_of.values()).items())),
        tuple(together),
        portrait.appearance_id if portrait else None,
        bool(portrait and portrait.chosen),
    )


def distances(faces: Sequence[PersonFace]) -> list[float | None]:
    """Return how far each face is from the others of the person that user or people folder named."""
    found: list[float | None] = [None] * len(faces)
    seen = [(row, face, face.vector) for row, face in enumerate(faces) if face.vector is not None]
    if not seen:
        return found
    vectors = np.array([vector for _, _, vector in seen])
    teaches = np.array([face.source is not Source.MACHINE for _, face, _ in seen], bool)
    own = np.where(teaches, np.cumsum(teaches) - 1, -1)
    apart = distances_from_others(vectors, vectors[teaches], own).tolist()
    for (row, _, _), distance in zip(seen, apart, strict=True):
        found[row] = distance if isfinite(distance) else None
    return found


def _page_face(face: PersonFace, distance: float | None, path: Path | None) -> PageFace:
    return PageFace(face.appearance_id, face.photo_id, Spot(path, face.box), face.source, distance)
