"""What a user says of appearances: each word is a value that checks itself and tells how it is written down."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kith.errors import BadInput
from kith.jobs.wording import IN_WORDS
from kith.messages import Action, Do
from kith.text import counted
from kith.values.links import Source, Word, known_as, said_to_be
from kith.values.persons import Person

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary


@dataclass(frozen=True, slots=True)
class Said:
    """A word that can be written down by `edit`: its action and summary in the history, and `text` as the answer.

    `named` are the appearances that somebody is said to be by it.
    """

    action: str
    summary: str
    text: str
    edit: Callable[[], object]
    hints: tuple[str, ...] = ()
    named: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Is:
    """They are a person, or somebody new of that name, who may be `meant` to be called much like somebody known.

    `group` is the group of unknown faces that they are said to be as.
    """

    appearances: Sequence[int]
    person: Person | str
    group: int | None = None
    meant: bool = False

    def said(self, library: "OpenLibrary") -> Said:
        """Return the word as it can be written down."""
        shown = library.people.shown(self.person)
        if self.group is None:
            text = f"{library.label(self.appearances[0])} {IN_WORDS[Word.IS]} {shown}"
            summary = text
        else:
            faces = counted(len(self.appearances), "face")
            text, summary = f"{faces} named {shown}", f"{faces} of group {self.group} named {shown}"
        new = f" {self.person} is new." if isinstance(self.person, str) else ""
        hints = () if self.meant else library.people.likeness(self.person)
        return Said("link", summary, f"{text}.{new}", lambda: self._write(library), hints, self.appearances)

    def _write(self, library: "OpenLibrary") -> None:
        person_id = library.people.entered(self.person)
        for appearance in self.appearances:
            library.store.edits.name(appearance, person_id)


@dataclass(frozen=True, slots=True)
class IsNot:
    """It is not a person, or not who it is said to be."""

    appearance: int
    person: Person | None = None

    def said(self, library: "OpenLibrary") -> Said:
        """Return the word as it can be written down; raises BadInput where nobody is said to be it."""
        denied = self.person or _known(library, self.appearance)
        text = f"{library.label(self.appearance)} {IN_WORDS[Word.IS_NOT]} {library.people.shown(denied)}"
        return Said("link", text, f"{text}.", lambda: library.store.edits.never(self.appearance, denied.id))


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What the user said of it and a person, be it *is* or *is not*, no longer counts."""

    appearance: int
    person: Person | None = None

    def said(self, library: "OpenLibrary") -> Said:
        """Return the word as it can be written down; raises BadInput where the user has said nothing."""
        person, shown = self.person or _known(library, self.appearance), library.label(self.appearance)
        links = [link for link in library.store.people.links(self.appearance) if link.person_id == person.id]
        if all(link.source is not Source.USER for link in links):
            says = f"; the {links[0].source} says so" if links else ""
            raise BadInput(
                f"You never said that {shown} is {person.numbered}{says}: ",
                Do(Action.SAY_NEVER),
                " says that it is not.",
            )
        return Said(
            "unlink",
            f"{shown} and {person.name}: your word taken back",
            f"What you said of {shown} and {person.numbered} is taken back.",
            lambda: library.store.edits.take_back(self.appearance, person.id),
        )


@dataclass(frozen=True, slots=True)
class Ignored:
    """They are nobody to know."""

    appearances: Iterable[int]

    def said(self, library: "OpenLibrary") -> Said:
        """Return the word as it can be written down; raises BadInput where user or dataset said who one is."""
        appearances = list(dict.fromkeys(self.appearances))
        links = library.store.people.links
        known = next((key for key in appearances if said_to_be(links(key)) is not None), None)
        if known is not None:
            raise BadInput(f"{library.label(known)} is somebody known: ", Do(Action.SAY_NEVER), " says that it is not.")
        ignored = library.unknowns.ignored_keys()
        new = [key for key in appearances if key not in ignored]
        if not new:
            raise BadInput("They are ignored already.")
        text = f"{_count(library, new)} ignored"
        return Said("ignore", text, f"{text}.", lambda: library.store.groups.ignore(new))


@dataclass(frozen=True, slots=True)
class Heeded:
    """They are no longer ignored."""

    appearances: Iterable[int]

    def said(self, library: "OpenLibrary") -> Said:
        """Return the word as it can be written down; raises BadInput where none of them is ignored."""
        back = sorted(library.unknowns.ignored_keys().intersection(self.appearances))
        if not back:
            raise BadInput("None of them is ignored: ", Do(Action.SHOW_IGNORED), " shows who is.")
        text = f"{_count(library, back)} no longer ignored"
        return Said("heed", text, f"{text}.", lambda: library.store.groups.heed(back))


UserWord = Is | IsNot | TakenBack | Ignored | Heeded


def _known(library: "OpenLibrary", appearance_id: int) -> Person:
    """Return who an appearance is said or decided to be."""
    person_id = known_as(library.store.people.links(appearance_id))
    if person_id is None:
        raise BadInput(f"Nobody is said to be {library.label(appearance_id)}: name the person.")
    return library.people.all()[person_id]


def _count(library: "OpenLibrary", appearances: Sequence[int]) -> str:
    if len(appearances) == 1:
        return library.label(appearances[0])
    photos = Counter(map(library.store.photos.photo_of, appearances))
    return f"{len(appearances)} people in {counted(len(photos), 'photo')}"
