"""What the user does to people: each is one change that can be undone, and the filed copies follow."""

import os
import threading
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from kith.errors import BadInput
from kith.filing.names import safe_name
from kith.jobs.context import open_context
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.people_folder import move_folder
from kith.jobs.person_names import as_text, cleaned, new_name, same_name
from kith.library.person_edits import lived
from kith.messages import Action, Do, Message, joined
from kith.values.links import Word
from kith.values.partial_dates import check_date
from kith.values.persons import Person

_LIFE = frozenset({"birth", "death"})

Details = Mapping[str, str | bool | None]


class PersonChanges:
    """Changes of the people of an open library, and of their folders; raises BadInput and BadKnowledgeBase."""

    def __init__(self, library: OpenLibrary) -> None:
        self._library = library
        self._change = library.change
        self._people = library.people
        self._store = library.store
        self._records = self._store.people
        self._edits = self._store.edits
        self._folder = library.settings.dataset_folder

    def create(self, name: str) -> Outcome:
        """Enter a person."""
        name = new_name(name)
        hints = self._people.likeness(name)
        problems = self._change("create", f"{name} is new", lambda: self._records.add(name))
        number = max(self._people.all())
        text = Message(f"{name} is #{number}.", self._namesakes(name))
        return Outcome(text, problems, hints)

    def rename(self, person: Person, name: str, rename_folder: bool = False) -> Outcome:
        """Give a person another name, and their folder in the people folder only if told to.

        Raises StoreBusy and FilingFailed for the folder.
        """
        name = new_name(name)
        folder = self.folder_of(person) if rename_folder else None
        if name == person.name:
            raise BadInput(f"{name} is their name already.")
        hints = self._people.likeness(name, person)
        told = f"{person.name} is {name} now."
        sole_job: AbstractContextManager[object] = nullcontext()
        renamed = None
        if folder:
            renamed = folder.with_name(safe_name(name))
            told += f" Their folder is {renamed}."
            sole_job = open_context(self._library.settings, threading.Event(), "Renaming a folder")

        def edit() -> None:
            self._edits.rename(person.id, name)
            if folder and renamed:
                self._rename_folder(folder, renamed)

        with sole_job:
            problems = self._change("rename", f"{person.name} renamed to {name}", edit)
        return Outcome(Message(told, self._namesakes(name)), problems, hints)

    def merge(self, kept: Person, gone: Person) -> Outcome:
        """Let one person be another, whose names, folders, photos and details they get."""
        if kept.id == gone.id:
            raise BadInput(f"{kept.numbered} and {gone.numbered} are one person already.")
        summary = f"{gone.numbered} merged into {kept.numbered}"
        filed = self._store.copies.photos_of(gone.id)
        problems = self._change("merge", summary, lambda: self._edits.merge(kept.id, gone.id), filed)
        told = f"{gone.numbered} is {kept.numbered} from now on, and so are their photos."
        hints = self._people.twice(self._said_to_be(kept))
        return Outcome(told, problems, hints)

    def split(self, person: Person, appearance_ids: Collection[int], name: str) -> Outcome:
        """Say that appearances of a person are somebody else, of whom a name nobody has makes a new person."""
        target = self._people.meant(name)
        if isinstance(target, Person) and target.id == person.id:
            raise BadInput(f"{cleaned(name)} is {person.numbered}: name somebody else.")
        theirs = self._said_to_be(person)
        for key in appearance_ids:
            if key not in theirs:
                raise BadInput(f"{self._library.label(key)} is not {person.numbered}, as far as anybody has said.")
        faces = f"{len(appearance_ids)} of {person.name}'s appearances"
        likeness = self._people.likeness(target)

        def edit() -> None:
            self._edits.split(appearance_ids, person.id, self._people.entered(target))

        problems = self._change("split", f"{faces} split off as {self._people.shown(target)}", edit)
        twice = self._people.twice(appearance_ids)
        return Outcome(f"{faces} are {self._people.shown(target)} now.", problems, likeness + twice)

    def delete(self, person: Person) -> Outcome:
        """Delete a person; photos and appearances stay."""
        summary = f"{person.numbered} deleted"
        filed = self._store.copies.photos_of(person.id)
        problems = self._change("delete", summary, lambda: self._edits.delete(person.id), filed)
        told = [f"{person.numbered} is deleted."]
        if warning := self.warning_of_folders(person):
            told.append(warning)
        return Outcome(joined(told), problems)

    def set(
        self, person: Person, details: Details, fields: Mapping[str, str | None], aliases: Mapping[str, bool]
    ) -> Outcome:
        """Set birth, death, notes, hidden; fields (None takes one away); aliases (False takes one away)."""
        checked = _checked(person, details)
        fields = {cleaned(key): value and as_text(value) for key, value in fields.items()}
        aliases = {(new_name if wanted else cleaned)(alias): wanted for alias, wanted in aliases.items()}

        def edit() -> None:
            self._edits.describe(person.id, checked)
            for key, value in fields.items():
                self._edits.set_field(person.id, key, value)
            for alias, wanted in aliases.items():
                set_alias = self._edits.add_alias if wanted else self._edits.drop_alias
                set_alias(person.id, alias)

        also: Collection[int] = ()
        if not _LIFE.isdisjoint(checked):
            also = {photo for photo, _ in self._records.mentions(person.id)}
        names = ", ".join([*checked, *fields, *(f"alias {alias}" for alias in aliases)])
        problems = self._change("set", f"{person.name}: {names} changed", edit, also)
        return Outcome(f"{person.numbered}: {names} changed.", problems)

    def set_key_face(self, person: Person, appearance_id: int | None) -> Outcome:
        """Let one of a person's faces stand for them, or with None the best by itself."""
        if appearance_id is not None and appearance_id not in self._said_to_be(person):
            raise BadInput(
                f"{self._library.label(appearance_id)} is not {person.numbered}, as far as anybody has said."
            )
        shown = self._library.label(appearance_id) if appearance_id else "their best photo"
        told = f"{person.name} is shown by {shown}"
        problems = self._change("set key face", told, lambda: self._edits.set_key_face(person.id, appearance_id))
        return Outcome(f"{told}.", problems)

    def folder_of(self, person: Person) -> Path | None:
        """Return the folder in the people folder that is a person's own by its name, or the only one they have."""
        folders = person.folders
        own = safe_name(person.name)
        if own not in folders:
            if len(folders) != 1:
                return None
            own = folders[0]
        path = self._folder / own
        return path if os.path.isdir(path) else None

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

    def _rename_folder(self, before: Path, now: Path) -> None:
        is_taken = os.path.lexists(now) and not now.samefile(before)
        if is_taken:
            raise BadInput(f"{now} is there already: move its photos, or rename the person without the folder.")
        self._edits.move_folder(before.name, now.name)
        move_folder(self._store, before, now)

    def _said_to_be(self, person: Person) -> Collection[int]:
        """Return the appearances that anybody says are the person."""
        mentions = self._records.mentions(person.id)
        return {link.appearance_id for _, link in mentions if link.word is Word.IS}

    def _namesakes(self, name: str) -> str:
        people = self._people.all().values()
        several = [person for person in people if same_name(person.name, name)]
        if len(several) < 2:
            return ""
        numbers = " and ".join(f"#{person.id}" for person in several)
        told = f" {len(several)} people are called so, {numbers}: "
        return Message(told, Do(Action.MERGE_PEOPLE), " makes one of two.")


def _checked(person: Person, details: Details) -> Details:
    checked = {key: _detail(key, value) for key, value in details.items()}
    birth = checked.get("birth", person.birth)
    death = checked.get("death", person.death)
    if isinstance(birth, str) and isinstance(death, str) and not lived(birth, death):
        raise BadInput(f"{person.name} cannot have died ({death}) before being born ({birth}).")
    return checked


def _detail(key: str, value: str | bool | None) -> str | bool | None:
    if not isinstance(value, str):
        return value
    return check_date(value) if key in _LIFE else as_text(value)
