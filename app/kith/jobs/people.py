"""What the user does to people and links: each is one change that can be undone, and the filed copies follow."""

import os
import threading
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from pathlib import Path

from kith.errors import BadInput, command
from kith.filing.names import safe_name
from kith.jobs.context import open_context
from kith.jobs.editing import Editor, Outcome
from kith.jobs.naming import as_text, cleaned, same_name
from kith.library.person_edits import lived
from kith.settings import Settings
from kith.values.links import Source, Word
from kith.values.partial_dates import check_date
from kith.values.persons import Person

Details = Mapping[str, str | bool | None]


def open_people(settings: Settings) -> "People":
    """Open the library to edit its people; raises BadKnowledgeBase and ModelMissing."""
    return People(settings)


class People(Editor):
    """The people of a library and what is said of them, to be edited; raises BadInput and BadKnowledgeBase."""

    # Persons

    def create(self, name: str) -> Outcome:
        """Enter a person."""
        name = cleaned(name)
        hints = self._likeness(name)
        problems = self.change("create", f"{name} is new", lambda: self.store.people.add(name))
        new = max(self.persons())
        return Outcome(f"{name} is #{new}.{self._namesakes(name)}", problems, hints)

    def rename(self, person: Person, name: str, rename_folder: bool = False) -> Outcome:
        """Give a person another name, and their folder in the people folder only if told to.

        Raises StoreBusy and FilingFailed for the folder.
        """
        name, folder = cleaned(name), self.folder_of(person) if rename_folder else None
        if name == person.name:
            raise BadInput(f"{name} is their name already.")
        hints = self._likeness(name, person)

        def edit() -> None:
            self.store.edits.rename(person.id, name)
            if folder:
                self._rename_folder(folder, folder.with_name(safe_name(name)))

        with open_context(self.settings, threading.Event(), "Renaming a folder") if folder else nullcontext():
            problems = self.change("rename", f"{person.name} renamed to {name}", edit)
        told = f" Their folder is {folder.with_name(safe_name(name))}." if folder else ""
        return Outcome(f"{person.name} is {name} now.{told}{self._namesakes(name)}", problems, hints)

    def folder_of(self, person: Person) -> Path | None:
        """Return the folder in the people folder that is a person's own by its name, or the only one they have."""
        own = [folder for folder in person.folders if folder == safe_name(person.name)] or person.folders
        path = self.settings.dataset_folder / own[0] if len(own) == 1 else None
        return path if path and os.path.isdir(path) else None

    def merge(self, kept: Person, gone: Person) -> Outcome:
        """Let one person be another, whose names, folders, photos and details they get."""
        if kept.id == gone.id:
            raise BadInput(f"{text_of(kept)} and {text_of(gone)} are one person already.")
        problems = self.change(
            "merge",
            f"{gone.name} (#{gone.id}) merged into {kept.name} (#{kept.id})",
            lambda: self.store.edits.merge(kept.id, gone.id),
            self.store.copies.photos_of(gone.id),
        )
        told = f"{text_of(gone)} is {text_of(kept)} from now on, and so are their photos."
        said = (link for _, link in self.store.people.mentions(kept.id) if link.word is Word.IS)
        return Outcome(told, problems, self._twice({link.appearance_id for link in said}))

    def split(self, person: Person, appearance_ids: Collection[int], name: str) -> Outcome:
        """Say that appearances of a person are somebody else, of whom a name nobody has makes a new person."""
        target = self.meant(name)
        if isinstance(target, Person) and target.id == person.id:
            raise BadInput(f"{cleaned(name)} is {text_of(person)}: name somebody else.")
        for key in appearance_ids:
            links = self.store.people.links(key)
            if not any(link.person_id == person.id and link.word is Word.IS for link in links):
                raise BadInput(f"{self.label(key)} is not {text_of(person)}, as far as anybody has said.")
        faces, hints = f"{len(appearance_ids)} of {person.name}'s appearances", self._likeness(target)

        def edit() -> None:
            target_id = target.id if isinstance(target, Person) else self.store.people.add(target)
            self.store.edits.split(appearance_ids, person.id, target_id)

        problems = self.change("split", f"{faces} split off as {self.shown(target)}", edit)
        return Outcome(f"{faces} are {self.shown(target)} now.", problems, (*hints, *self._twice(appearance_ids)))

    def delete(self, person: Person) -> Outcome:
        """Delete a person; photos and appearances stay."""
        problems = self.change(
            "delete",
            f"{person.name} (#{person.id}) deleted",
            lambda: self.store.edits.delete(person.id),
            self.store.copies.photos_of(person.id),
        )
        return Outcome(f"{text_of(person)} is deleted. {self.warning_of_folders(person)}".rstrip(), problems)

    def set(
        self, person: Person, details: Details, fields: Mapping[str, str | None], aliases: Mapping[str, bool]
    ) -> Outcome:
        """Set birth, death, notes, hidden; fields (None takes one away); aliases (False takes one away)."""
        checked = _checked(person, details)
        fields = {cleaned(key): value and as_text(value) for key, value in fields.items()}
        aliases = {cleaned(alias): wanted for alias, wanted in aliases.items()}

        def edit() -> None:
            self.store.edits.describe(person.id, checked)
            for key, value in fields.items():
                self.store.edits.set_field(person.id, key, value)
            for alias, wanted in aliases.items():
                (self.store.edits.add_alias if wanted else self.store.edits.drop_alias)(person.id, alias)

        lives = checked.keys() & {"birth", "death"}
        also = {photo for photo, _ in self.store.people.mentions(person.id)} if lives else set()
        names = [*checked, *fields, *(f"alias {alias}" for alias in aliases)]
        problems = self.change("set", f"{person.name}: {', '.join(names)} changed", edit, also)
        return Outcome(f"{text_of(person)}: {', '.join(names)} changed.", problems)

    # Appearances

    def unlink(self, appearance_id: int, person: Person | None = None) -> Outcome:
        """Take back what the user said of an appearance and a person, be it *is* or *is not*."""
        person, shown = person or self._linked(appearance_id), self.label(appearance_id)
        links = [link for link in self.store.people.links(appearance_id) if link.person_id == person.id]
        if all(link.source is not Source.USER for link in links):
            says = f"; the {links[0].source} says so" if links else ""
            raise BadInput(
                f"You never said that {shown} is {text_of(person)}{says}: {command('unlink', '--never')} says that it "
                "is not."
            )
        problems = self.change(
            "unlink",
            f"{shown} and {person.name}: your word taken back",
            lambda: self.store.edits.take_back(appearance_id, person.id),
        )
        return Outcome(f"What you said of {shown} and {text_of(person)} is taken back.", problems)

    def _rename_folder(self, before: Path, now: Path) -> None:
        if os.path.lexists(now) and not now.samefile(before):
            raise BadInput(f"{now} is there already: move its photos, or rename the person without the folder.")
        self.store.edits.move_folder(before.name, now.name)
        self.move_folder(before, now)

    def _namesakes(self, name: str) -> str:
        several = [one for one in self.persons().values() if same_name(one.name, name)]
        if len(several) < 2:
            return ""
        numbers = " and ".join(f"#{one.id}" for one in several)
        return f" {len(several)} people are called so, {numbers}: {command('people', 'merge')} makes one of two."

    def warning_of_folders(self, person: Person) -> str:
        """Say which folders would teach a person again who is no more; empty where there is none."""
        paths = [self.settings.dataset_folder / name for name in person.folders]
        folders = [str(path) for path in paths if os.path.isdir(path)]
        if not folders:
            return ""
        return (
            f"The photos in {' and '.join(folders)} would teach them again at the next {command('build-kb')}: "
            "move them out of the people folder if you do not want that."
        )


def text_of(person: Person) -> str:
    """Return name and number."""
    return f"{person.name} (#{person.id})"


def _checked(person: Person, details: Details) -> Details:
    checked = {
        key: (check_date if key in {"birth", "death"} else as_text)(value) if isinstance(value, str) else value
        for key, value in details.items()
    }
    birth, death = checked.get("birth", person.birth), checked.get("death", person.death)
    if isinstance(birth, str) and isinstance(death, str) and not lived(birth, death):
        raise BadInput(f"{person.name} cannot have died ({death}) before being born ({birth}).")
    return checked
