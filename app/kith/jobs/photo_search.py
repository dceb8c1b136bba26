"""Photos searched for: by who shows, how sure that is, where they lie, when they were taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.jobs.open_library import OpenLibrary
from kith.library.failure_records import Failure
from kith.text import folded
from kith.values.partial_dates import check_partial
from kith.values.photo_filter import PhotoFilter, PhotoState


@dataclass(frozen=True, slots=True)
class Found:
    """The photos that a filter lets through, by number in their order, or the files that are none."""

    photos: Sequence[int]
    failed: Sequence[Failure] = ()


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
        """Return what a filter lets through; raises BadInput for dates that are none."""
        for date in filter(None, (wanted.since, wanted.until)):
            check_partial(date)
        if wanted.state is PhotoState.FAILED:
            return Found((), self._failures(wanted))
        named = [self._called(word) for word in wanted.text.split()]
        people_folder = self._library.settings.dataset_folder
        return Found(self._store.search.found(wanted, people_folder, named))

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
        return Choices(by_name, self._store.search.folders(self._library.settings.dataset_folder))

    def _failures(self, wanted: PhotoFilter) -> list[Failure]:
        failures = self._store.failures
        found = failures.below(wanted.folder) if wanted.folder else failures.all()
        words = [folded(word) for word in wanted.text.split()]
        return [failure for failure in found if all(word in folded(str(failure.path)) for word in words)]

    def _called(self, word: str) -> list[int]:
        wanted = folded(word)
        people = self._library.people.all().values()
        return [
            person.id for person in people if any(wanted in folded(name) for name in (person.name, *person.aliases))
        ]
