"""Edit a library: find whom a text means, make changes, let the filed copies follow, undo."""

import os
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kith.errors import BadInput, FilingFailed, command
from kith.jobs.engines import find_engines
from kith.jobs.library import check_library
from kith.jobs.naming import cleaned, hints_on, who
from kith.jobs.references import appearance_meant
from kith.jobs.refiling import Refiler
from kith.jobs.wording import IN_WORDS, display_names
from kith.library.journal import Change
from kith.library.store import Store, open_store
from kith.settings import Settings
from kith.values.links import Source, Word, said_to_be
from kith.values.persons import Person

SHOWN = 3  # photos that somebody is in twice


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, in words, which copies could not follow, and what may be worth a second look."""

    text: str
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class Editor:
    """A library open to be edited, also beside a running job: a context, or to be closed in the same thread.

    Opening raises BadKnowledgeBase and ModelMissing; anything here may raise BadInput and BadKnowledgeBase.
    """

    tells_likeness = True

    def __init__(self, settings: Settings) -> None:
        check_library(settings)
        spec, _ = find_engines(settings)
        self.settings = settings
        self.store: Store = open_store(settings.library_file)
        self._refiler = Refiler(settings, self.store, spec.body_model_id)
        self._made: list[int] = []  # changes, the newest last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.store.__exit__(kind, error, at)

    def close(self) -> None:
        """Close the library."""
        self.store.close()

    def find(self, text: str) -> Person:
        """Return the person of a name, another name or a number (#3); raises BadInput for none and for several."""
        person = who(self.persons().values(), text)
        if person is None:
            raise BadInput(f"Nobody is called {text}: {command('people', 'list')} shows everybody.")
        return person

    def meant(self, text: str) -> Person | str:
        """Return the person whom a text means as in `find`, or the name of somebody new."""
        return who(self.persons().values(), text) or cleaned(text)

    def persons(self) -> dict[int, Person]:
        """Return everybody by number."""
        return self.store.people.all()

    def person(self, person_id: int) -> Person:
        """Return the person of a number; raises BadInput where there is none any more."""
        person = self.persons().get(person_id)
        if person is None:
            raise BadInput(f"There is no person #{person_id} any more: they were merged or deleted meanwhile.")
        return person

    def names(self) -> dict[int, str]:
        """Return the name to show for each person."""
        return display_names(self.persons().values())

    def appearance(self, text: str) -> int:
        """Return the appearance that `PHOTO#NUMBER` means; raises BadInput and BadPhoto."""
        return appearance_meant(self.store, text)

    def label(self, appearance_id: int) -> str:
        """Return what an appearance is called in words."""
        return self._refiler.label(self.store.photos.photo_of(appearance_id) or 0, appearance_id)

    def place(self, photo_id: int, appearance_id: int) -> str:
        """Return `PHOTO#NUMBER` with the photo's path, as `appearance` takes it."""
        return f"{self._refiler.source(photo_id) or photo_id}#{appearance_id}"

    # The user's words on who is who

    def link(self, appearance_id: int, meant: Person | str) -> Outcome:
        """Say that an appearance is a person, or somebody new of that name."""
        text = f"{self.label(appearance_id)} {IN_WORDS[Word.IS]} {self.shown(meant)}"
        return self._name([appearance_id], meant, text, text)

    def never(self, appearance_id: int, person: Person | None = None) -> Outcome:
        """Say that an appearance is not a person, or not who it is said to be."""
        denied = person or self._linked(appearance_id)
        text = f"{self.label(appearance_id)} {IN_WORDS[Word.IS_NOT]} {self.shown(denied)}"
        problems = self.change("link", text, lambda: self.store.edits.never(appearance_id, denied.id))
        return Outcome(f"{text}.", problems)

    def shown(self, meant: Person | str) -> str:
        """Return the name to show for a person, be it somebody new."""
        return self.names()[meant.id] if isinstance(meant, Person) else meant

    def _name(self, appearance_ids: Sequence[int], meant: Person | str, summary: str, text: str) -> Outcome:
        """Say in one change who appearances are, and tell it as `text`; whoever is in a photo twice by that is told."""

        def edit() -> None:
            person_id = meant.id if isinstance(meant, Person) else self.store.people.add(meant)
            for key in appearance_ids:
                self.store.edits.name(key, person_id)

        likeness = self._likeness(meant)
        problems = self.change("link", summary, edit)
        new = "" if isinstance(meant, Person) else f" {meant} is new."
        return Outcome(f"{text}.{new}", problems, (*likeness, *self._twice(appearance_ids)))

    def _likeness(self, meant: Person | str, renamed: Person | None = None) -> tuple[str, ...]:
        """Return whom somebody new, or `renamed` by a new name, is called much like, in a sentence or none."""
        if isinstance(meant, Person) or not self.tells_likeness:
            return ()
        return hints_on([one for one in self.persons().values() if one != renamed], meant)

    def _twice(self, appearance_ids: Iterable[int]) -> tuple[str, ...]:
        """Return where one of these and somebody else in the photo are said to be one person, in a sentence or none."""
        told = {}
        for key in appearance_ids:
            person_id, photo_id = said_to_be(self.store.people.links(key)), self.store.photos.photo_of(key) or 0
            others = self.store.photos.appearances(photo_id)
            same = [other for other in others if said_to_be(self.store.people.links(other)) == person_id]
            if person_id is not None and len(same) > 1:
                told[photo_id] = f"{' and '.join(map(self.label, same))} are {self.names()[person_id]}"
        if not told:
            return ()
        more = f", and so on in {len(told) - SHOWN} more photos" if len(told) > SHOWN else ""
        return (
            (
                f"Twice in one photo: {', '.join([*told.values()][:SHOWN])}{more}. That is right for a mirror or a "
                f"collage; else {command('people', 'undo')} takes it back."
            ),
        )

    def _linked(self, appearance_id: int) -> Person:
        links = self.store.people.links(appearance_id)
        by_machine = next((one.person_id for one in links if one.source is Source.MACHINE), None)
        person_id = said_to_be(links) or by_machine
        if person_id is None:
            raise BadInput(f"Nobody is said to be {self.label(appearance_id)}: name the person.")
        return self.persons()[person_id]

    # Changes

    def history(self, limit: int = -1) -> list[Change]:
        """Return what the user did, the newest first."""
        return self.store.changes.history(limit)

    def undo(self) -> Outcome:
        """Take the newest change back that is not undone."""
        taken_back = self._take_back()
        if taken_back is None:
            raise BadInput("There is nothing to undo.")
        return taken_back[1]

    def _take_back(self, only: Container[int] | None = None) -> tuple[int, Outcome] | None:
        """Take the newest change back if it is one of `only`, and return its number and what became of it."""
        before = self._refiler.folders()
        undone = self.store.undo(only)
        if undone is None:
            return None
        problems = [text for now, then in undone.folders if (text := self._rename_back(now, then))]
        problems += self._refiler.follow(undone.photo_ids, self._renamed(before))
        return undone.change.id, Outcome(f"Undone: {undone.change.summary}.", tuple(problems))

    def change(
        self, action: str, summary: str, edit: Callable[[], object], also: Collection[int] = ()
    ) -> tuple[str, ...]:
        """Make an edit one change, let the copies of its photos and of `also` follow, and return what could not."""
        before = self._refiler.folders()
        with self.store.change(action, summary) as change_id:
            edit()
        self._made.append(change_id)
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
        if not os.path.isdir(root / now) or os.path.lexists(root / then):
            return ""
        try:
            with self.store.transaction():
                self.move_folder(root / now, root / then)
        except FilingFailed as error:
            return str(error)
        return ""
