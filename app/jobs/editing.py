"""Edit a library: find whom a text means, make changes, let the filed copies follow, undo."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import BadInput, BadKnowledgeBase, FilingFailed, command
from app.identity.journal import Change
from app.identity.person_records import Person
from app.identity.store import Store, open_store
from app.jobs.engines import find_engines
from app.jobs.file_identity import known_photo
from app.jobs.naming import who
from app.jobs.refiling import Refiler
from app.settings import Settings

LONGEST_NUMBER = 18  # digits that SQLite holds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, in words, and which copies could not follow."""

    text: str
    problems: tuple[str, ...] = ()


class Editor:
    """A library open to be edited, also beside a running job; close it in the same thread.

    Opening raises BadKnowledgeBase and ModelMissing; anything here may raise BadInput and BadKnowledgeBase.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.library_file.is_file():
            raise BadKnowledgeBase(f"There is no library at {settings.library_file} yet: run {command('build-kb')}.")
        spec, _ = find_engines(settings)
        self.settings = settings
        self.store: Store = open_store(settings.library_file)
        self._refiler = Refiler(settings, self.store, spec.body_model_id)

    def close(self) -> None:
        """Close the library."""
        self.store.close()

    def find(self, text: str) -> Person:
        """Return the person of a name, another name or a number (#3); raises BadInput for none and for several."""
        person = who(self.persons().values(), text)
        if person is None:
            raise BadInput(f"Nobody is called {text}: {command('people', 'list')} shows everybody.")
        return person

    def persons(self) -> dict[int, Person]:
        """Return everybody by number."""
        return self.store.people.all()

    def appearance(self, text: str) -> int:
        """Return the appearance that `PHOTO#NUMBER` means, PHOTO being a path, a photo's number or nothing.

        The number is the appearance's own in the library: a new look at the photo by other models leaves it as it is.
        """
        photo, hash_sign, number = text.rpartition("#")
        if not hash_sign or not _is_number(number):
            raise BadInput(
                f"{text}: who is meant in a photo is given as PHOTO#NUMBER, the number as {command('people', 'show')} "
                "tells it."
            )
        known = self.store.photos.photo_of(int(number))
        asked = self._photo(photo) if photo else known
        if known is None or known != asked:
            others = ", ".join(f"#{key}" for key in self.store.photos.appearances(asked or 0))
            raise BadInput(f"{text}: nobody of that number shows there{f', but {others}' if others else ''}.")
        return int(number)

    def label(self, appearance_id: int) -> str:
        """Return what an appearance is called in words."""
        return self._refiler.label(self.store.photos.photo_of(appearance_id) or 0, appearance_id)

    def place(self, photo_id: int, appearance_id: int) -> str:
        """Return `PHOTO#NUMBER` with the photo's path, as `appearance` takes it."""
        return f"{self._refiler.source(photo_id) or photo_id}#{appearance_id}"

    def _photo(self, text: str) -> int:
        path = Path(os.path.abspath(text))
        known = known_photo(self.store, path)
        if known is None and _is_number(text):
            known = int(text)
        if known is None:
            raise BadInput(f"{text} is no photo that the library knows: recognise it first.")
        return known

    def history(self, limit: int = -1) -> list[Change]:
        """Return what the user did, the newest first."""
        return self.store.changes.history(limit)

    def undo(self) -> Outcome:
        """Take the newest change back that is not undone."""
        before = self._refiler.folders()
        undone = self.store.undo()
        if undone is None:
            raise BadInput("There is nothing to undo.")
        problems = [text for now, then in undone.folders if (text := self._rename_back(now, then))]
        problems += self._refiler.follow(undone.photo_ids, self._renamed(before))
        return Outcome(f"Undone: {undone.change.summary}.", tuple(problems))

    def change(
        self, action: str, summary: str, edit: Callable[[], object], also: Collection[int] = ()
    ) -> tuple[str, ...]:
        """Make an edit one change, let the copies of its photos and of `also` follow, and return what could not."""
        before = self._refiler.folders()
        with self.store.change(action, summary) as change_id:
            edit()
        photos = self.store.changes.photos(change_id) | set(also)
        return tuple(self._refiler.follow(photos, self._renamed(before), change_id))

    def _renamed(self, before: Mapping[int | None, str]) -> set[int]:
        """Return the photos with copies under a name that is another now."""
        now = self._refiler.folders().items()
        people = [key for key, name in now if key is not None and before.get(key, name) != name]
        return {photo for key in people for photo in self.store.copies.photos_of(key)}

    def move_folder(self, before: Path, now: Path) -> None:
        """Rename a folder of photos on disk and as known, within the caller's transaction. Raises FilingFailed."""
        self.store.photos.move_files(before, now)
        try:
            before.rename(now)
        except OSError as error:
            raise FilingFailed(f"{before} could not be renamed: {error.strerror or error}") from error

    def _rename_back(self, now: str, then: str) -> str:
        root = self.settings.dataset_folder
        if not (root / now).is_dir() or os.path.lexists(root / then):
            return ""
        try:
            with self.store.transaction():
                self.move_folder(root / now, root / then)
        except FilingFailed as error:
            return str(error)
        return ""


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_NUMBER
