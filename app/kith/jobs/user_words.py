"""What a user says of appearances: each word is a value that checks itself and tells how it is written down."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kith.errors import BadInput
from kith.jobs.people import People
from kith.jobs.phrases import IN_WORDS
from kith.jobs.references import label_of, photo_label
from kith.library.store import Store
from kith.messages import Action, Do
from kith.photos.box import Box
from kith.text import counted
from kith.values.links import Source, Word, said_to_be
from kith.values.persons import Person

LEAST_BOX = 0.002  # of the photo's width or height: less holds no face


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

    def said(self, store: Store) -> Said:
        """Return the word as it can be written down."""
        people = People(store)
        shown = people.shown(self.person)
        if self.group is None and len(self.appearances) == 1:
            text = f"{label_of(store, self.appearances[0])} {IN_WORDS[Word.IS]} {shown}"
            summary = text
        else:
            faces = counted(len(self.appearances), "face")
            text = f"{faces} named {shown}"
            among = f" of group {self.group}" if self.group else ""
            summary = f"{faces}{among} named {shown}"
        new = f" {self.person} is new." if isinstance(self.person, str) else ""
        hints = () if self.meant else people.likeness(self.person)
        return Said("link", summary, f"{text}.{new}", lambda: self._write(store), hints, self.appearances)

    def _write(self, store: Store) -> None:
        person_id = People(store).entered(self.person)
        for appearance in self.appearances:
            store.edits.name(appearance, person_id)


@dataclass(frozen=True, slots=True)
class IsNot:
    """It is not a person, or not who it is said to be."""

    appearance: int
    person: Person | None = None

    def said(self, store: Store) -> Said:
        """Return the word as it can be written down; raises BadInput where nobody is said to be it."""
        people = People(store)
        denied = self.person or people.known(self.appearance)
        label = label_of(store, self.appearance)
        text = f"{label} {IN_WORDS[Word.IS_NOT]} {people.shown(denied)}"
        return Said("link", text, f"{text}.", lambda: store.edits.never(self.appearance, denied.id))


@dataclass(frozen=True, slots=True)
class AreNot:
    """They are not a person."""

    appearances: Sequence[int]
    person: Person

    def said(self, store: Store) -> Said:
        """Return the word as it can be written down."""
        if len(self.appearances) == 1:
            return IsNot(self.appearances[0], self.person).said(store)
        text = f"{counted(len(self.appearances), 'face')} are not {People(store).shown(self.person)}"
        return Said("link", text, f"{text}.", lambda: self._write(store))

    def _write(self, store: Store) -> None:
        for appearance in self.appearances:
            store.edits.never(appearance, self.person.id)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What the user said of it and a person, be it *is* or *is not*, no longer counts."""

    appearance: int
    person: Person | None = None

    def said(self, store: Store) -> Said:
        """Return the word as it can be written down; raises BadInput where the user has said nothing."""
        person = self.person or People(store).known(self.appearance)
        shown = label_of(store, self.appearance)
        links = store.people.links(self.appearance)
        sources = [link.source for link in links if link.person_id == person.id]
        if Source.USER not in sources:
            says = f"; the {sources[0]} says so" if sources else ""
            raise BadInput(
                f"You never said that {shown} is {person.numbered}{says}: ",
                Do(Action.SAY_NEVER),
                " says that it is not.",
            )
        summary = f"{shown} and {person.name}: your word taken back"
        text = f"What you said of {shown} and {person.numbered} is taken back."
        return Said("unlink", summary, text, lambda: store.edits.take_back(self.appearance, person.id))


@dataclass(frozen=True, slots=True)
class Ignored:
    """They are nobody to know."""

    appearances: Iterable[int]

    def said(self, store: Store) -> Said:
        """Return the word as it can be written down; raises BadInput where user or dataset said who one is."""
        appearances = list(dict.fromkeys(self.appearances))
        for key in appearances:
            links = store.people.links(key)
            if said_to_be(links) is not None:
                raise BadInput(
                    f"{label_of(store, key)} is somebody known: ", Do(Action.SAY_NEVER), " says that it is not."
                )
        ignored = _ignored(store)
        new = [key for key in appearances if key not in ignored]
        if not new:
            raise BadInput("They are ignored already.")
        text = f"{_count(store, new)} ignored"
        return Said("ignore", text, f"{text}.", lambda: store.groups.ignore(new))


@dataclass(frozen=True, slots=True)
class Heeded:
    """They are no longer ignored."""

    appearances: Iterable[int]

    def said(self, store: Store) -> Said:
        """Return the word as it can be written down; raises BadInput where none of them is ignored."""
        back = sorted(_ignored(store).intersection(self.appearances))
        if not back:
            raise BadInput("None of them is ignored: ", Do(Action.SHOW_IGNORED), " shows who is.")
        text = f"{_count(store, back)} no longer ignored"
        return Said("heed", text, f"{text}.", lambda: store.groups.heed(back))


@dataclass(frozen=True, slots=True)
class Shows:
    """A photo shows a person, or somebody new of that name, whom no model saw: at a box of the upright photo, or at no
    known place.
    """

    photo: int
    person: Person | str
    box: Box | None = None
    meant: bool = False

    def said(self, store: Store) -> Said:
        """Return the word as it can be written down; raises BadInput for a box that is none in a photo."""
        people = People(store)
        shown = people.shown(self.person)
        name = photo_label(store, self.photo)
        where = "" if self.box else " without a box"
        text = f"{name} shows {shown}{where}"
        box = self.box and _within(self.box).to_stored(store.photos.look(self.photo).orientation)

        def write() -> None:
            appearance = store.photos.add_appearance(self.photo, box)
            store.edits.name(appearance, people.entered(self.person))

        hints = () if self.meant else people.likeness(self.person)
        new = f" {self.person} is new." if isinstance(self.person, str) else ""
        return Said("draw", text, f"{text}.{new}", write, hints)


def _within(box: Box) -> Box:
    """Return the part of a box that lies in its photo; raises BadInput where that is next to nothing."""
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    within = Box(left, top, min(box.x + box.w, 1.0) - left, min(box.y + box.h, 1.0) - top)
    if min(within.w, within.h) < LEAST_BOX:
        raise BadInput("The box is too small, or lies outside the photo: draw it around the face.")
    return within


UserWord = Shows | Is | IsNot | AreNot | TakenBack | Ignored | Heeded


def _ignored(store: Store) -> set[int]:
    return {key for key, _ in store.groups.ignored()}


def _count(store: Store, appearances: Sequence[int]) -> str:
    if len(appearances) == 1:
        return label_of(store, appearances[0])
    photos = Counter(map(store.photos.photo_of, appearances))
    return f"{len(appearances)} people in {counted(len(photos), 'photo')}"
