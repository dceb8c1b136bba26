"""Whose folder in the people folder cannot be looked at now: it is not there, or has no photo any more."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from kith.errors import BadPhoto
from kith.identity.lessons import readable
from kith.jobs.people_folder import PeopleFolder, folder_around
from kith.library.store import Store
from kith.photos.endings import PICTURES
from kith.values.persons import Person


@dataclass(frozen=True, slots=True)
class MissingFolder:
    """A folder that taught a person and is missing, or one within it, with the photos known from it."""

    person: Person
    path: Path
    photos: frozenset[int]


def missing_folders(store: Store, root: Path, found: PeopleFolder, seen: Collection[int]) -> list[MissingFolder]:
    """Return the folders that taught somebody and are gone or empty now, at whatever depth.

    None of the photos `seen` is missed, wherever it was moved, nor is one that was deleted from a folder that has
    others.
    """
    known = store.photos.photos_at([root])
    files = {path: photo for path, photo in known.items() if photo not in seen}
    places = _Places(root, files, found)
    taught = store.people.taught_by_dataset()
    missing = []
    for person in store.people.all().values():
        unseen = taught.get(person.id, set()).difference(seen)
        for path, photos in places.missing(person, unseen).items():
            missing.append(MissingFolder(person, path, frozenset(photos)))
    return missing


class _Places:
    """Where in the people folder the photos lay that are not seen now."""

    def __init__(self, root: Path, files: Mapping[Path, int], found: PeopleFolder) -> None:
        self._root = root
        self._found = found
        self._present = {readable(name) for name, photos in found.photos.items() if photos}
        self._refused = {readable(folder.name) for folder in found.refused}
        self._folders: defaultdict[int, set[str]] = defaultdict(set)
        self._within: defaultdict[int, set[Path]] = defaultdict(set)
        self._is_away: dict[Path, bool] = {}
        for path, photo_id in files.items():
            if folder := folder_around(path, root):
                self._folders[photo_id].add(readable(folder.name))
                self._within[photo_id].update(self._away_within(path, folder))

    def missing(self, person: Person, photos: Collection[int]) -> dict[Path, set[int]]:
        """Return which of a person's photos lay where something is missing now."""
        gone = set(person.folders) - self._present - self._refused
        is_away = self._present.isdisjoint(person.folders)
        missing: defaultdict[Path, set[int]] = defaultdict(set)
        for photo in photos:
            folders = self._folders[photo]
            lost = folders & gone
            if is_away and not folders:  # known from where the people folder was before
                lost = gone
            places = self._within[photo] or {self._root / folder for folder in lost}
            for place in places:
                missing[place].add(photo)
        return missing

    def _away_within(self, path: Path, person: Path) -> Iterator[Path]:
        """Yield the outermost folder within a person's that is away with the photo that lay at `path`."""
        if readable(person.name) not in self._present:
            return
        for folder in reversed(path.parents):
            if folder.is_relative_to(person) and folder != person and self._has_no_photo(folder):
                yield folder
                return

    def _has_no_photo(self, folder: Path) -> bool:
        if folder not in self._is_away:
            self._is_away[folder] = folder not in self._around_photos and not _holds_pictures(folder)
        return self._is_away[folder]

    @cached_property
    def _around_photos(self) -> set[Path]:
        """All folders around what was found, which may lie behind links."""
        folders: set[Path] = set()
        for photo in chain.from_iterable(self._found.photos.values()):
            inside = photo.path / "photo" if isinstance(photo, BadPhoto) else photo
            folders.update(inside.parents)
        return folders


def _holds_pictures(folder: Path) -> bool:
    """Say whether pictures lie in a folder, also such as teach nobody, and whose links must not be kept."""
    for _, _, names in os.walk(folder):
        endings = {Path(name).suffix.lower() for name in names}
        if not PICTURES.isdisjoint(endings):
            return True
    return False
