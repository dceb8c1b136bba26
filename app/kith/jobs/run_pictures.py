"""What a run's photos show: where each face is, and who it is taken for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kith.filing.names import folder_names
from kith.jobs.open_library import OpenLibrary
from kith.photos.box import Box
from kith.values.decisions import PhotoDecision


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in an upright photo: whom it shows, empty for nobody known; `sure` or only suggested."""

    box: Box
    name: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody in a photo, as a picture of them is found: the file, and who they are there."""

    path: Path
    appearance_id: int


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A person of a run: in how many of its photos, the folder of their copies, and their best face there."""

    person_id: int
    name: str
    photos: int
    folder: str
    path: Path
    box: Box


def marks_of(library: OpenLibrary, decisions: Iterable[PhotoDecision]) -> list[tuple[Mark, ...]]:
    """Return the marks of each photo, the largest face first; somebody whose place is not known has none."""
    names, place = library.people.names(), library.store.reviews.place
    marks = []
    for decision in decisions:
        shown = []
        for seen in decision.appearances:
            meant = seen.person_id if seen.person_id is not None else seen.suggested
            if seen.has_face or meant is not None:
                _, box = place(seen.appearance_id)
                shown.append(Mark(box, names.get(meant or 0, ""), seen.person_id is not None))
        marks.append(tuple(shown))
    return marks


def people_found(library: OpenLibrary, photos: Mapping[int, int], best: Mapping[int, Shown]) -> list[PersonFound]:
    """Return the people of a run, who is in most photos first: `photos` counts by person, `best` shows them."""
    people = library.people.all()
    names, folders = library.people.names(), folder_names(people.values())
    found = []
    for person_id, count in photos.items():
        if person_id in people:  # else deleted or merged meanwhile
            shown = best[person_id]
            _, box = library.store.reviews.place(shown.appearance_id)
            found.append(PersonFound(person_id, names[person_id], count, folders[person_id], shown.path, box))
    return sorted(found, key=lambda person: (-person.photos, person.name.casefold()))
