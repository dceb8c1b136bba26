"""What the people folder teaches: which face of a photo is the person, and which folder is whom."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.values.persons import Person
from kith.values.samples import LEAST_FRONTALITY, LEAST_PIXELS
from kith.values.sightings import Sighting

FolderOf = Mapping[Path, str]  # of each photo the folder of the dataset that it lies in


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one photo could teach: the appearance of its person, and why it is left out of the gallery.

    A face alone in its photo is linked also when it is blurred or turned away: the gallery leaves it out.
    """

    photo_id: int
    appearance_id: int | None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class FolderOwner:
    """Whom a folder stands for, None for somebody new; `instead_of` is the folder that was renamed to it."""

    person_id: int | None
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Teaching:
    """What folders come to: (appearance, person) pairs, and by folder and photo why it is left out, empty where not."""

    links: tuple[tuple[int, int], ...]
    reasons: Mapping[str, Mapping[Path, str]]


def lesson_of(photo_id: int, sightings: Sequence[Sighting], least_sharpness: float) -> Lesson:
    """Return what a photo in a person's folder teaches: exactly one usable face is that person."""
    faces = [(seen.appearance_id, seen.face) for seen in sightings if seen.face]
    large = [(key, face) for key, face in faces if face.pixels >= LEAST_PIXELS]
    usable = [(key, face) for key, face in large if face.sharpness >= least_sharpness]
    if len(usable) == 1:
        key, face = usable[0]
        turned = face.frontality < LEAST_FRONTALITY
        return Lesson(photo_id, key, "the face is turned away" if turned else "")
    if usable:
        return Lesson(photo_id, None, f"shows {len(usable)} faces: which one is meant is not clear")
    if len(large) == 1:
        return Lesson(photo_id, large[0][0], "the face is blurred")
    if not faces:
        return Lesson(photo_id, None, "no face found")
    return Lesson(photo_id, None, "the faces are blurred" if large else "the face is too small")


def readable(folder: str) -> str:
    """Return a folder's name as text, also where it is no valid Unicode."""
    return folder.encode("utf-8", "backslashreplace").decode()


def folders_of_photos(lessons: Mapping[Path, Lesson], folder_of: FolderOf) -> dict[int, set[str]]:
    """Return in which folders each photo (by its id) lies."""
    found: dict[int, set[str]] = {}
    for path, lesson in lessons.items():
        folders = found.setdefault(lesson.photo_id, set())
        folders.add(folder_of[path])
    return found


def owners_of_new_folders(
    folders: Iterable[str],
    persons: Collection[Person],
    folders_of: Mapping[int, Collection[str]],
    linked: Mapping[int, int],
) -> dict[str, FolderOwner]:
    """Return whom those of the folders stand for that nobody is known by yet.

    That is the person of most of its photos, if their own folder is gone (it was renamed); else somebody of its name
    without a folder; else somebody new. `linked` says by photo who the dataset's links say it is.
    """
    known = {folder for person in persons for folder in person.folders}
    names = {folder: readable(folder) for folder in folders}
    gone = {person.id: sorted(set(person.folders).difference(names.values())) for person in persons}
    folderless = {person.name: person.id for person in persons if not person.folders}
    owners = {}
    for folder, name in names.items():
        if name in known:
            continue
        photos = [photo for photo, holders in folders_of.items() if [*holders] == [folder] and photo in linked]
        former = _most_frequent(linked[photo] for photo in photos)
        if former is not None and gone.get(former):
            owners[folder] = FolderOwner(former, gone[former].pop(0))
        else:
            owners[folder] = FolderOwner(folderless.pop(name, None))
    return owners


def _most_frequent(people: Iterable[int]) -> int | None:
    return next((person for person, _ in Counter(people).most_common(1)), None)


def teachings(lessons: Mapping[Path, Lesson], folder_of: FolderOf, persons: Mapping[str, int]) -> Teaching:
    """Return what the lessons come to, where `persons` says whom each folder stands for.

    A photo in the folders of several people teaches none of them, and one that lies in a folder twice teaches once.
    """
    folders_of = folders_of_photos(lessons, folder_of)
    reasons: dict[str, dict[Path, str]] = {folder: {} for folder in persons}
    first: dict[int, Path] = {}
    links = []
    for path, lesson in lessons.items():
        folder = folder_of[path]
        others = sorted(folders_of[lesson.photo_id] - {folder})
        first_path = first.setdefault(lesson.photo_id, path)
        reasons[folder][path] = _not_taught(lesson, others, first_path, path)
        if lesson.appearance_id is not None and not others:
            links.append((lesson.appearance_id, persons[folder]))
    return Teaching(tuple(links), reasons)


def _not_taught(lesson: Lesson, others: Sequence[str], first: Path, path: Path) -> str:
    if others:
        return f"the same photo lies in the folder of {', '.join(map(readable, others))} too"
    if first != path:
        return f"the same photo as {first.name}"
    return lesson.left_out if lesson.appearance_id is None else ""
