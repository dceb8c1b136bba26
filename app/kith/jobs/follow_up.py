"""What follows from a word for all other photos: faces still unknown or unsure are decided again by what it teaches."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from kith.errors import BadPhoto, FilingFailed
from kith.jobs.decisions import machine_links, suggestions
from kith.jobs.filed_copies import output_away
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.library.redecision_queries import StoredPhoto
from kith.text import counted
from kith.values.decisions import PhotoDecision
from kith.values.links import Source

SPAN = 256  # photos decided at once: the next word waits for no more than these
Decided = tuple[StoredPhoto, PhotoDecision]


class FollowUp:
    """Decides the photos again in which somebody is unknown or unsure, until `stop` is set or a word is said beside.

    Each photo in which somebody comes out as another is one transaction, a part of the newest change if that was made
    through this library and is not undone; it is taken back with it. Its copies follow. Where the newest change was
    taken back only whom somebody perhaps is, is decided again.
    """

    def __init__(self, library: OpenLibrary, stop: threading.Event | None = None) -> None:
        self._library = library
        self._decisions = library.decisions
        self._stop = stop or threading.Event()
        self._found: Counter[int] = Counter()
        self._problems: dict[str, None] = {}
        self._hanging: list[StoredPhoto] = []
        self._suggested: dict[int, int] = {}
        self._teaches = False
        self.is_complete = False

    def run(self) -> Outcome:
        """Do it, and tell of whom more photos were found: an empty text where of nobody."""
        store = self._library.store
        if not self._decisions.are_current:
            self._decisions.forget()
        newest = store.changes.newest()
        self._teaches = newest is not None and newest.id in self._library.made  # else it was taken back meanwhile
        people_folder = self._library.settings.dataset_folder
        photo_ids = store.redecisions.recognised(people_folder, store.waiting.photos())
        decided = chain(self._by_faces(photo_ids), self._by_events())
        change_id = newest.id if newest else 0
        self.is_complete = all(self._goes_on() and self._settled(*photo, change_id) for photo in decided)
        self.is_complete = self.is_complete and self._goes_on()
        return Outcome(self._told(), tuple(self._problems))

    def _goes_on(self) -> bool:
        return not self._stop.is_set()

    def _by_faces(self, photo_ids: Sequence[int]) -> Iterator[Decided]:
        """Yield what the faces alone decide; photos that hang on others of their event are left for later."""
        for start in range(0, len(photo_ids), SPAN):
            if not self._goes_on():
                return
            photos = self._decisions.photos(photo_ids[start : start + SPAN])
            self._suggested = self._suggestions(photos)
            for photo, decision in zip(photos, self._decisions.by_faces(photos), strict=True):
                if decision.hangs and self._decisions.go_by_events:
                    self._hanging.append(photo)
                else:
                    yield photo, decision

    def _by_events(self) -> Iterator[Decided]:
        for start in range(0, len(self._hanging), SPAN):
            if not self._goes_on():
                return
            photos = self._hanging[start : start + SPAN]
            self._suggested = self._suggestions(photos)
            yield from zip(photos, map(self._decisions.decide, photos), strict=True)

    def _settled(self, photo: StoredPhoto, decision: PhotoDecision, change_id: int) -> bool:
        """Write a decision down if it names others than before; False where the user said something beside."""
        links = chain.from_iterable(photo.case.links.values())
        before = {(link.appearance_id, link.person_id) for link in links if link.source is Source.MACHINE}
        now = {(link.appearance_id, link.person_id) for link in machine_links(decision, self._decisions.decider)}
        if before == now or not self._teaches:
            return before != now or self._suggests(photo, decision)
        store, copies = self._library.store, self._library.copies
        with store.following(change_id):
            if not self._decisions.are_current:
                return False
            self._decisions.write([(photo, decision)])
            folders = copies.folders()
            plans = copies.plans(photo.id, decision.people, folders)
        self._found.update({person_id for _, person_id in now - before})
        self._problems |= dict.fromkeys(map(output_away, copies.away(photo.id, decision.people, folders)))
        try:
            self._problems |= dict.fromkeys(copies.file(plans))
        except (BadPhoto, FilingFailed) as error:
            self._problems[error.message] = None
        self._problems |= dict.fromkeys(self._library.names.follow(photo.id))
        return True

    def _suggestions(self, photos: Sequence[StoredPhoto]) -> dict[int, int]:
        """Return whom those in photos were taken for so far."""
        seen = (sighting.appearance_id for photo in photos for sighting in photo.case.sightings)
        return self._library.store.suggestions.of([*seen])

    def _suggests(self, photo: StoredPhoto, decision: PhotoDecision) -> bool:
        """Write down whom somebody is taken for now; False where the user said something beside."""
        seen = (sighting.appearance_id for sighting in photo.case.sightings)
        before = {key: self._suggested[key] for key in seen if key in self._suggested}
        if before == suggestions(decision):
            return True
        with self._library.store.transaction():
            if not self._decisions.are_current:
                return False
            self._decisions.write_suggestions([(photo, decision)])
        return True

    def _told(self) -> str:
        if not self._found:
            return ""
        names = self._library.people.names()
        found = [
            f"{counted(photos, 'more photo')} of {names.get(person_id, f'#{person_id}')}"
            for person_id, photos in self._found.most_common()
        ]
        return f"{', '.join(found)} found."


def with_the_rest(library: OpenLibrary, said: Outcome) -> Outcome:
    """Decide the rest again after a word, and return what became of both."""
    return said.followed_by(FollowUp(library).run())
