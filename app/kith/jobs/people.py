"""The people of an open library: found by what they are called, changed, and their folders in the people folder."""

import os
import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from kith.errors import BadInput, FilingFailed
from kith.filing.names import safe_name
from kith.jobs.context import open_context
from kith.jobs.outcome import Outcome
from kith.jobs.person_names import as_text, cleaned, hints_on, person_called, same_name
from kith.jobs.wording import display_names
from kith.library.person_edits import lived
from kith.messages import Action, Do, Message, joined
from kith.values.links import Word, said_to_be
from kith.values.partial_dates import check_date
from kith.values.persons import Person

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary

Details = Mapping[str, str | bool | None]
SHOWN = 3  # photos that somebody is in twice


class People:
    """The people of a library, each change to them made by way of it; raises BadInput and BadKnowledgeBase."""

    def __init__(self, library: "OpenLibrary") -> None:
        self._library = library
        self._store = library.store
        self._folder = library.settings.dataset_folder

    # Who there is

    def all(self) -> dict[int, Person]:
        """Return everybody by number."""
        return self._store.people.all()

    def names(self) -> dict[int, str]:
        """Return the name to show for each person."""
        return display_names(self.all().values())

    def shown(self, person: Person | str) -> str:
        """Return the name to show for a person, be it somebody new."""
        return self.names()[person.id] if isinstance(person, Person) else person

    def find(self, text: str) -> Person:
        """Return the person of a name, another name or a number (#3); raises BadInput for none and for several."""
        person = person_called(self.all().values(), text)
        if person is None:
            raise BadInput(f"Nobody is called {text}: ", Do(Action.LIST_PEOPLE), " shows everybody.")
        return person

    def meant(self, text: str) -> Person | str:
        """Return the person whom a text means as in `find`, or the name of somebody new."""
        return person_called(self.all().values(), text) or cleaned(text)

    def by_number(self, person_id: int) -> Person:
        """Return the person of a number; raises BadInput where there is none any more."""
        person = self.all().get(person_id)
        if person is None:
            raise BadInput(f"There is no person #{person_id} any more: they were merged or deleted meanwhile.")
        return person

    # Changes

    def entered(self, person: Person | str) -> int:
        """Return a person's number, entered within the caller's change if it is somebody new."""
        return person.id if isinstance(person, Person) else self._store.people.add(person)

    def create(self, name: str) -> Outcome:
        """Enter a person."""
        name = cleaned(name)
        hints = self.likeness(name)
        problems = self._library.change("create", f"{name} is new", lambda: self._store.people.add(name))
        return Outcome(Message(f"{name} is #{max(self.all())}.", self._namesakes(name)), problems, hints)

    def rename(self, person: Person, name: str, rename_folder: bool = False) -> Outcome:
        """Give a person another name, and their folder in the people folder only if told to.

        Raises StoreBusy and FilingFailed for the folder.
        """
        name, folder = cleaned(name), self.folder_of(person) if rename_folder else None
        if name == person.name:
            raise BadInput(f"{name} is their name already.")
        hints = self.likeness(name, person)

        def edit() -> None:
            self._store.edits.rename(person.id, name)
            if folder:
                self._rename_folder(folder, folder.with_name(safe_name(name)))

        settings = self._library.settings
        with open_context(settings, threading.Event(), "Renaming a folder") if folder else nullcontext():
            problems = self._library.change("rename", f"{person.name} renamed to {name}", edit)
        told = f" Their folder is {folder.with_name(safe_name(name))}." if folder else ""
        return Outcome(Message(f"{person.name} is {name} now.{told}", self._namesakes(name)), problems, hints)

    def merge(self, kept: Person, gone: Person) -> Outcome:
        """Let one person be another, whose names, folders, photos and details they get."""
        if kept.id == gone.id:
            raise BadInput(f"{kept.numbered} and {gone.numbered} are one person already.")
        problems = self._library.change(
            "merge",
            f"{gone.name} (#{gone.id}) merged into {kept.name} (#{kept.id})",
            lambda: self._store.edits.merge(kept.id, gone.id),
            self._store.copies.photos_of(gone.id),
        )
        told = f"{gone.numbered} is {kept.numbered} from now on, and so are their photos."
        said = (link for _, link in self._store.people.mentions(kept.id) if link.word is Word.IS)
        return Outcome(told, problems, self.twice({link.appearance_id for link in said}))

    def split(self, person: Person, appearance_ids: Collection[int], name: str) -> Outcome:
        """Say that appearances of a person are somebody else, of whom a name nobody has makes a new person."""
        target = self.meant(name)
        if isinstance(target, Person) and target.id == person.id:
            raise BadInput(f"{cleaned(name)} is {person.numbered}: name somebody else.")
        theirs = {link.appearance_id for _, link in self._store.people.mentions(person.id) if link.word is Word.IS}
        for key in appearance_ids:
            if key not in theirs:
                raise BadInput(f"{self._library.label(key)} is not {person.numbered}, as far as anybody has said.")
        faces, hints = f"{len(appearance_ids)} of {person.name}'s appearances", self.likeness(target)
        problems = self._library.change(
            "split",
            f"{faces} split off as {self.shown(target)}",
            lambda: self._store.edits.split(appearance_ids, person.id, self.entered(target)),
        )
        return Outcome(f"{faces} are {self.shown(target)} now.", problems, (*hints, *self.twice(appearance_ids)))

    def delete(self, person: Person) -> Outcome:
        """Delete a person; photos and appearances stay."""
        problems = self._library.change(
            "delete",
            f"{person.name} (#{person.id}) deleted",
            lambda: self._store.edits.delete(person.id),
            self._store.copies.photos_of(person.id),
        )
        told = [f"{person.numbered} is deleted.", self.warning_of_folders(person)]
        return Outcome(joined(filter(None, told)), problems)

    def set(
        self, person: Person, details: Details, fields: Mapping[str, str | None], aliases: Mapping[str, bool]
    ) -> Outcome:
        """Set birth, death, notes, hidden; fields (None takes one away); aliases (False takes one away)."""
        checked = _checked(person, details)
        fields = {cleaned(key): value and as_text(value) for key, value in fields.items()}
        aliases = {cleaned(alias): wanted for alias, wanted in aliases.items()}

        def edit() -> None:
            self._store.edits.describe(person.id, checked)
            for key, value in fields.items():
                self._store.edits.set_field(person.id, key, value)
            for alias, wanted in aliases.items():
                (self._store.edits.add_alias if wanted else self._store.edits.drop_alias)(person.id, alias)

        lives = checked.keys() & {"birth", "death"}
        also = {photo for photo, _ in self._store.people.mentions(person.id)} if lives else set()
        names = ", ".join([*checked, *fields, *(f"alias {alias}" for alias in aliases)])
        problems = self._library.change("set", f"{person.name}: {names} changed", edit, also)
        return Outcome(f"{person.numbered}: {names} changed.", problems)

    # What may be worth a second look

    def likeness(self, meant: Person | str, renamed: Person | None = None) -> tuple[str, ...]:
        """Return whom somebody new, or `renamed` by a new name, is called much like, in a sentence or none."""
        if isinstance(meant, Person):
            return ()
        return hints_on([person for person in self.all().values() if person != renamed], meant)

    def twice(self, appearance_ids: Iterable[int]) -> tuple[str, ...]:
        """Return where one of these and somebody else in the photo are said to be one person, in a sentence or none."""
        told = {}
        for key in appearance_ids:
            photo_id, person_id = self._store.photos.photo_of(key) or 0, self._said_to_be(key)
            same = [other for other in self._store.photos.appearances(photo_id) if self._said_to_be(other) == person_id]
            if person_id is not None and len(same) > 1:
                told[photo_id] = f"{' and '.join(map(self._library.label, same))} are {self.names()[person_id]}"
        if not told:
            return ()
        more = f", and so on in {len(told) - SHOWN} more photos" if len(told) > SHOWN else ""
        hint = Message(
            f"Twice in one photo: {', '.join([*told.values()][:SHOWN])}{more}. That is right for a mirror or a "
            "collage; else ",
            Do(Action.UNDO),
            " takes it back.",
        )
        return (hint,)

    def _said_to_be(self, appearance_id: int) -> int | None:
        return said_to_be(self._store.people.links(appearance_id))

    def _namesakes(self, name: str) -> str:
        several = [person for person in self.all().values() if same_name(person.name, name)]
        if len(several) < 2:
            return ""
        numbers = " and ".join(f"#{person.id}" for person in several)
        told = f" {len(several)} people are called so, {numbers}: "
        return Message(told, Do(Action.MERGE_PEOPLE), " makes one of two.")

    # Their folders

    def folder_of(self, person: Person) -> Path | None:
        """Return the folder in the people folder that is a person's own by its name, or the only one they have."""
        own = [folder for folder in person.folders if folder == safe_name(person.name)] or person.folders
        path = self._folder / own[0] if len(own) == 1 else None
        return path if path and os.path.isdir(path) else None

    def warning_of_folders(self, person: Person) -> str:
        """Say which folders would teach a person again who is no more; empty where there is none."""
        paths = [self._folder / name for name in person.folders]
        folders = [str(path) for path in paths if os.path.isdir(path)]
        if not folders:
            return ""
        return Message(
            f"The photos in {' and '.join(folders)} would teach them again at the next ",
            Do(Action.BUILD_KB),
            ": move them out of the people folder if you do not want that.",
        )

    def move_folder_back(self, now: str, then: str) -> str:
        """Give a folder its former name where that is possible, and return why not where it is refused."""
        before, after = self._folder / now, self._folder / then
        if not os.path.isdir(before) or os.path.lexists(after):
            return ""
        try:
            with self._store.transaction():
                self._move_folder(before, after)
        except FilingFailed as error:
            return error.message
        return ""

    def _rename_folder(self, before: Path, now: Path) -> None:
        if os.path.lexists(now) and not now.samefile(before):
            raise BadInput(f"{now} is there already: move its photos, or rename the person without the folder.")
        self._store.edits.move_folder(before.name, now.name)
        self._move_folder(before, now)

    def _move_folder(self, before: Path, now: Path) -> None:
        """Rename a folder of photos as known and on disk, within the caller's transaction. Raises FilingFailed."""
        self._store.photos.move_files(before, now)
        try:
            before.rename(now)
        except OSError as error:
            raise FilingFailed(f"{before} could not be renamed: {error.strerror or error}") from error


def _checked(person: Person, details: Details) -> Details:
    checked = {key: _detail(key, value) for key, value in details.items()}
    birth, death = checked.get("birth", person.birth), checked.get("death", person.death)
    if isinstance(birth, str) and isinstance(death, str) and not lived(birth, death):
        raise BadInput(f"{person.name} cannot have died ({death}) before being born ({birth}).")
    return checked


def _detail(key: str, value: str | bool | None) -> str | bool | None:
    if not isinstance(value, str):
        return value
    return check_date(value) if key in {"birth", "death"} else as_text(value)
