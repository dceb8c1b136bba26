"""The bodies of people whose faces show in the event of a photo: clothes stay the same within one."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kith.identity.gallery import Gallery, gallery_of
from kith.photos.events import Shot, events_of
from kith.values.decisions import Evidence, PhotoDecision
from kith.values.links import Link, Source, known_as
from kith.values.samples import Sample

_FOLDERS_KEPT = 16

NamedAppearances = tuple[tuple[int, int], ...]  # appearances and who they are


class EventReader(Protocol):
    """What evidence reads of photos: where they lie, who was accepted in them, and their bodies."""

    def folders(self, photo_id: int) -> Sequence[Path]:
        """Return the folders where a photo was last seen."""

    def shots(self, folder: Path) -> Sequence[tuple[int, Shot]]:
        """Return the photos last seen in a folder itself, with their ids."""

    def links(self, photo_ids: Collection[int]) -> Mapping[int, Mapping[int, Sequence[Link]]]:
        """Return all that is said of who shows in photos, by photo and appearance; nothing of the ignored."""

    def bodies(self, appearance_ids: Collection[int], model_id: str) -> Sequence[tuple[int, int, NDArray[np.float32]]]:
        """Return the newest body of each appearance: the ids of appearance and photo, and the vector."""


class EventEvidence:
    """Collects them, from what the library says and from decisions that are not written yet.

    It remembers ids, and the bodies of one event. `forget` what changed meanwhile.
    """

    def __init__(
        self, records: EventReader, face_model_ids: Collection[str], body_model_id: str, gap_hours: float
    ) -> None:
        self._records = records
        self._face_model_ids = face_model_ids
        self._body_model_id = body_model_id
        self._gap_hours = gap_hours
        self._learned: dict[int, NamedAppearances] = {}
        self._folders: dict[Path, dict[int, frozenset[int]]] = {}
        self._gathered: tuple[frozenset[int], Gallery] | None = None

    def forget(self) -> None:
        """Go by what the library says, as it is now."""
        self._learned.clear()
        self._folders.clear()
        self._gathered = None

    def learn(self, photo_id: int, decision: PhotoDecision) -> None:
        """Let this decision on a photo hold instead of what the library says."""
        named = []
        for decided in decision.appearances:
            person = decided.person_id
            if person is not None and (decided.said or decided.evidence is Evidence.FACE):
                named.append((decided.appearance_id, person))
        if self._learned.get(photo_id) != tuple(named):
            self._learned[photo_id] = tuple(named)
            self._gathered = None

    def bodies(self, photo_id: int) -> Gallery:
        """Return the bodies of whom user, dataset or their faces named in the photos of the event.

        A photo that lies in several folders may belong to several events.
        """
        together = self._together(photo_id)
        if self._gathered is None or self._gathered[0] is not together:
            self._gathered = together, self._gallery(together)
        _, bodies = self._gathered
        return bodies

    def _together(self, photo_id: int) -> frozenset[int]:
        found = []
        for folder in self._records.folders(photo_id):
            event = self._events_in(folder).get(photo_id)
            if event:
                found.append(event)
        return found[0] if len(found) == 1 else frozenset().union(*found)

    def _events_in(self, folder: Path) -> dict[int, frozenset[int]]:
        """Return for each photo of a folder the photos of its event."""
        events = self._folders.get(folder)
        if events is None:
            if len(self._folders) >= _FOLDERS_KEPT:
                self._folders.clear()
            events = self._find_events(folder)
            self._folders[folder] = events
        return events

    def _find_events(self, folder: Path) -> dict[int, frozenset[int]]:
        shots = self._records.shots(folder)
        photos: defaultdict[int, set[int]] = defaultdict(set)
        numbers = events_of([shot for _, shot in shots], self._gap_hours)
        for (photo_id, _), number in zip(shots, numbers, strict=True):
            if number is not None:
                photos[number].add(photo_id)
        found: dict[int, frozenset[int]] = {}
        for event in map(frozenset, photos.values()):
            for photo_id in event:
                others = found.get(photo_id)
                found[photo_id] = others | event if others else event
        return found

    def _gallery(self, photo_ids: frozenset[int]) -> Gallery:
        model_id = self._body_model_id
        named = self._named(photo_ids)
        rows = self._records.bodies(named.keys(), model_id)
        samples = [Sample(named[key], key, photo, 0.0, 0.0, vector) for key, photo, vector in rows]
        samples.sort(key=attrgetter("person_id", "appearance_id"))
        return gallery_of(model_id, samples)

    def _named(self, photo_ids: frozenset[int]) -> dict[int, int]:
        learned = self._learned
        named: dict[int, int] = {}
        for photo in photo_ids & learned.keys():
            named.update(learned[photo])
        links_of_photos = self._records.links(photo_ids - learned.keys())
        for photo_links in links_of_photos.values():
            for appearance_id, links in photo_links.items():
                person = self._accepted(links)
                if person is not None:
                    named[appearance_id] = person
        return named

    def _accepted(self, links: Sequence[Link]) -> int | None:
        """Return whom user or dataset named, or the machine by the face, whatever model it went by."""
        by_face = self._face_model_ids
        counted = [link for link in links if link.source is not Source.MACHINE or link.model_id in by_face]
        return known_as(counted)
