"""Photos searched for: by who shows, how sure that is, where they lie, when they were taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.jobs.duplicates import duplicate_photos
from kith.jobs.open_library import OpenLibrary
from kith.jobs.search_text import SearchText
from kith.library.failure_records import Failure
from kith.text import folded
from kith.values.partial_dates import check_partial
from kith.values.photo_condition import (
    AllOf,
    AnyOf,
    Below,
    Condition,
    InFolder,
    InState,
    Not,
    Shows,
    Taken,
    Words,
    all_parts,
)
from kith.values.photo_filter import PhotoFilter, PhotoState


@dataclass(frozen=True, slots=True)
class Found:
    """The photos that a filter lets through, by number in their order, and the files that are none.

    `hints` say which words of its text are nobody's name.
    """

    photos: Sequence[int]
    failed: Sequence[Failure] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoCard:
    """A photo as a list shows it: where it was last seen, when it was taken, and who surely and who perhaps shows."""

    id: int
    path: Path | None
    taken_at: str
    people: tuple[str, ...]
    unsure: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What photos can be filtered by: the people by number with the names to show, and the folders."""

    people: dict[int, str]
    folders: Sequence[Path]


class PhotoSearch:
    """The recognised photos of a library; raises BadInput and BadKnowledgeBase."""

    def __init__(self, library: OpenLibrary) -> None:
        self._library = library
        self._store = library.store

    def find(self, wanted: PhotoFilter) -> Found:
        """Return what a filter lets through; raises BadInput for dates that are none, BadSearch for such a text."""
        for date in filter(None, (wanted.since, wanted.until)):
            check_partial(date)
        reader = self._library.kept("search", lambda: SearchText(self._library.people.all().values()))
        condition = _condition(wanted, reader.read(wanted.text))
        parts = list(all_parts(condition))
        failed = self._failures(condition) if InState(PhotoState.FAILED) in parts else ()
        duplicates = duplicate_photos(self._store) if InState(PhotoState.DUPLICATES) in parts else []
        photos = self._store.search.found(condition, self._library.settings.dataset_folder, duplicates)
        if wanted.state is PhotoState.DUPLICATES:
            among = {*photos}
            photos = [photo for photo in duplicates if photo in among]  # side by side
        return Found(photos, failed, tuple(reader.hints(parts)))

    def cards(self, photos: Sequence[int]) -> list[PhotoCard]:
        """Return photos as a list shows them, in their order; those that are gone from the library are left out."""
        facts, shown = self._store.search.facts(photos), self._store.search.shown(photos)
        names = self._library.people.names()

        def called(people: Sequence[int]) -> tuple[str, ...]:
            return tuple(names[person] for person in people if person in names)

        cards = []
        for key in photos:
            if photo := facts.get(key):
                who = shown.get(key)
                sure, unsure = (called(who.sure), called(who.unsure)) if who else ((), ())
                cards.append(PhotoCard(key, photo.path, photo.taken_at or "", sure, unsure))
        return cards

    def choices(self) -> Choices:
        """Return what there is to filter by."""
        names = self._library.people.names()
        by_name = dict(sorted(names.items(), key=lambda person: person[1].casefold()))
        people = self._library.settings.dataset_folder
        folders = self._library.kept("folders", lambda: self._store.search.folders(people))
        return Choices(by_name, folders)

    def _failures(self, condition: Condition) -> list[Failure]:
        return [failure for failure in self._store.failures.all() if _holds(condition, failure.path)]


def _condition(wanted: PhotoFilter, words: Condition) -> Condition:
    parts: list[Condition] = [Shows((person,)) for person in wanted.all_of]
    if wanted.any_of:
        parts.append(Shows(tuple(wanted.any_of)))
    if wanted.none_of:
        parts.append(Not(Shows(tuple(wanted.none_of))))
    if wanted.state:
        parts.append(InState(wanted.state))
    if wanted.folder:
        parts.append(Below(wanted.folder))
    if wanted.since or wanted.until:
        parts.append(Taken(wanted.since, wanted.until))
    return AllOf((*parts, words))


def _holds(condition: Condition, path: Path) -> bool:
    """Say whether a condition holds for a file that could not be read: only where it lies is known."""
    match condition:
        case AllOf(parts):
            return all(_holds(part, path) for part in parts)
        case AnyOf(parts):
            return any(_holds(part, path) for part in parts)
        case Not(part):
            return not _holds(part, path)
        case Words(text):
            return folded(text) in folded(str(path))
        case Below(folder):
            return path.is_relative_to(folder)
        case InFolder(name):
            return f"/{folded(name)}/" in folded(path.as_posix())
    return condition == InState(PhotoState.FAILED)
