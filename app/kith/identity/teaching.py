"""What the people folder teaches: which face of a photo is the person, and which folder is whom."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.identity.gallery import LEAST_FRONTALITY
from kith.identity.person_records import PersonRecords
from kith.identity.photo_records import Sighting

LEAST_PIXELS = 40  # a narrower face teaches nobody: docs/recognition.md


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one photo could teach: the appearance of its person, and why it is left out of the gallery.

    A face alone in its photo is linked also when it is blurred or turned away: the gallery leaves it out.
    """

    photo_id: int
    appearance_id: int | None
    left_out: str = ""


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


class PersonFolders:
    """The folders of the dataset and the persons they stand for."""

    def __init__(self, people: PersonRecords, folders: Iterable[str]) -> None:
        self._people = people
        self._folders = list(folders)

    def assign(self, lessons: Mapping[Path, Lesson], owners: Mapping[Path, str]) -> dict[str, int]:
        """Return the person of each folder; a new or renamed folder is given to one, within the caller's transaction.

        The dataset's links must be still as they were.
        """
        folders_of = _folders_of(lessons, owners)
        return self._persons({photo: min(names) for photo, names in folders_of.items() if len(names) == 1})

    def teach(
        self, lessons: Mapping[Path, Lesson], owners: Mapping[Path, str], unseen: Collection[int] = ()
    ) -> dict[str, dict[Path, str]]:
        """Make the dataset's links say what the lessons say, within the caller's transaction.

        The links of `unseen` photos, whose files could not be looked at this time, stay as they are. Returns for each
        folder the photos and why they are left out, empty where they are not.
        """
        persons, folders_of = self.assign(lessons, owners), _folders_of(lessons, owners)
        reasons: dict[str, dict[Path, str]] = {folder: {} for folder in self._folders}
        first: dict[int, Path] = {}
        links = self._people.dataset_links(set(unseen) - folders_of.keys())
        for path, lesson in lessons.items():
            others = sorted(folders_of[lesson.photo_id] - {owners[path]})
            reason = _not_taught(lesson, others, first.setdefault(lesson.photo_id, path), path)
            reasons[owners[path]][path] = reason
            if lesson.appearance_id is not None and not others:
                links.append((lesson.appearance_id, persons[owners[path]]))
        self._people.replace_dataset_links(links)
        return reasons

    def _persons(self, folder_of_photo: Mapping[int, str]) -> dict[str, int]:
        """Return the person of each folder: known by it, else by its photos (renamed) or name (no folder), else new."""
        everybody = self._people.all().values()
        known = {folder: person.id for person in everybody for folder in person.folders}
        names = [readable(folder) for folder in self._folders]
        gone: dict[int, list[str]] = {}
        for folder in sorted(known.keys() - set(names)):
            gone.setdefault(known[folder], []).append(folder)
        folderless = {person.name: person.id for person in everybody if not person.folders}
        linked = self._people.dataset_persons(folder_of_photo.keys())
        persons = {}
        for folder, name in zip(self._folders, names, strict=True):
            person = known.get(name)
            if person is None:
                photos = (photo for photo, own in folder_of_photo.items() if own == folder and photo in linked)
                votes = Counter(linked[photo] for photo in photos)
                renamed = next((winner for winner, _ in votes.most_common(1) if gone.get(winner)), None)
                if renamed is not None:
                    person = renamed
                    self._people.give_folder(person, name, instead_of=gone[person].pop(0))
                elif name in folderless:
                    person = folderless.pop(name)
                    self._people.give_folder(person, name)
                else:
                    person = self._people.add(name, name)
            persons[folder] = person
        return persons


def _folders_of(lessons: Mapping[Path, Lesson], owners: Mapping[Path, str]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for path, lesson in lessons.items():
        found.setdefault(lesson.photo_id, set()).add(owners[path])
    return found


def _not_taught(lesson: Lesson, others: Sequence[str], first: Path, path: Path) -> str:
    if others:
        return f"the same photo lies in the folder of {', '.join(map(readable, others))} too"
    if first != path:
        return f"the same photo as {first.name}"
    return lesson.left_out if lesson.appearance_id is None else ""
