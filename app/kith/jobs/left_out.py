"""People photos that teach nobody: why, and which faces show in them, by what is stored alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kith.identity.lessons import Lesson, lesson_of, readable, teachings
from kith.jobs.open_library import OpenLibrary
from kith.jobs.people_folder import folder_around
from kith.photos.box import Box
from kith.values.links import said_to_be
from kith.values.sightings import Sighting


@dataclass(frozen=True, slots=True)
class LeftOutPhoto:
    """A photo in a person's folder, why it teaches nobody, and the faces in it: number and box in the upright photo."""

    path: Path
    person_id: int
    person: str
    reason: str
    faces: tuple[tuple[int, Box], ...]


def left_out_photos(library: OpenLibrary) -> list[LeftOutPhoto]:
    """Return the people folder's photos that teach nobody, but those of which the user said who is the person."""
    return list(_left_out(library))


def _left_out(library: OpenLibrary) -> Iterator[LeftOutPhoto]:
    root, store, names = library.settings.dataset_folder, library.store, library.people.names()
    owners = {folder: person for person in library.people.all().values() for folder in person.folders}
    folder_of, lessons, sightings = {}, {}, {}
    for path, photo_id in sorted(store.photos.photos_at([root]).items()):
        around = folder_around(path, root)
        if around and (folder := readable(around.name)) in owners:
            folder_of[path] = folder
            sightings[path] = _sightings(library, photo_id)
            lessons[path] = lesson_of(photo_id, sightings[path], library.settings.lap_var_thresh)
    reasons = teachings(lessons, folder_of, {folder: owners[folder].id for folder in folder_of.values()}).reasons
    for path, lesson in lessons.items():
        person = owners[folder_of[path]]
        reason = reasons[folder_of[path]][path] or lesson.left_out
        if reason and not _is_named(library, lesson, person.id):
            faces = [seen.appearance_id for seen in sightings[path] if seen.face]
            placed = tuple((face, store.reviews.place(face)[1]) for face in faces)
            yield LeftOutPhoto(path, person.id, names[person.id], reason, placed)


def _sightings(library: OpenLibrary, photo_id: int) -> list[Sighting]:
    analysis = library.store.reviews.newest_analysis(photo_id)
    return library.store.photos.sightings(analysis) if analysis else []


def _is_named(library: OpenLibrary, lesson: Lesson, person_id: int) -> bool:
    for key in library.store.photos.appearances(lesson.photo_id):
        if said_to_be(library.store.people.links(key)) == person_id and key != lesson.appearance_id:
            return True
    return False
