"""Tags of other programs join the appearances of a photo: the face that was found there, or one drawn anew."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kith.filing.photo_tags import Tag
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_names import person_called
from kith.jobs.user_words import LEAST_BOX
from kith.library.photo_records import Places
from kith.photos.box import Box
from kith.values.links import accepted_link, denied_by_user, said_to_be
from kith.values.persons import Person
from kith.values.sightings import SAME_PLACE_IOU
from kith.vision.observations import Kind

_MOST_LARGER = 6  # times: others draw around the whole head, or more


@dataclass(slots=True)
class Joined:
    """What became of tags: `found` and `drawn` faces named, and who is `new`; `refused` counts others by the reason."""

    found: int = 0
    drawn: int = 0
    without_place: int = 0
    known: int = 0
    new: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)

    def problems(self) -> list[str]:
        """Return what was left out, in words."""
        return [f"{count} × {reason}" if count > 1 else reason for reason, count in self.refused.items()]


class TagJoining:
    """Writes tags down as the user's words, within the caller's change."""

    def __init__(self, library: OpenLibrary, joined: Joined) -> None:
        self._store = library.store
        self._joined = joined
        self._persons: list[Person] = [*library.people.all().values()]

    def join(self, path: Path, tags: Sequence[Tag]) -> None:
        """Join the tags of one photo; those with a place come first, the best match before others."""
        photo_id = self._store.photos.at_path(path)
        if photo_id is None:
            return  # it could not be looked at
        width, height = self._store.names.size(photo_id)
        orientation = self._store.photos.look(photo_id).orientation
        placed = [(tag, tag.stored(width, height, orientation)) for tag in tags]
        free = self._store.photos.places(photo_id)
        boxes = {number: box for number, (_, box) in enumerate(placed) if box}
        matches = _matches(boxes, {key: _faces(places) for key, places in free.items()})
        for number, box in boxes.items():
            self._join_face(photo_id, placed[number][0].name, box, matches.get(number))
        for tag, place in placed:
            if place is None:
                self._join_name(photo_id, tag.name)

    def _join_face(self, photo_id: int, name: str, box: Box, appearance: int | None) -> None:
        if appearance is None:
            within = _within(box)
            if within is None:
                self._joined.refused["A region lies outside its photo."] += 1
                return
            appearance = self._store.photos.add_appearance(photo_id, within)
            self._joined.drawn += self._name(appearance, name)
        else:
            self._joined.found += self._name(appearance, name)

    def _join_name(self, photo_id: int, name: str) -> None:
        """Name somebody whose place is not said: whom the machine takes for them, or else nobody who was seen."""
        person = person_called(self._persons, name)
        for appearance in self._store.photos.appearances(photo_id) if person else ():
            link = accepted_link(self._store.people.links(appearance))
            if link and person and link.person_id == person.id:
                self._joined.found += self._name(appearance, name)
                return
        appearance = self._store.photos.add_appearance(photo_id, None)
        self._joined.without_place += self._name(appearance, name)

    def _name(self, appearance: int, name: str) -> bool:
        """Say who an appearance is, unless that is said already; return whether it was."""
        links = self._store.people.links(appearance)
        person = person_called(self._persons, name)
        said = said_to_be(links)
        if said is not None and person is not None and said == person.id:
            self._joined.known += 1
            return False
        if reason := self._why_refused(appearance, person, said, {*denied_by_user(links)}):
            self._joined.refused[reason] += 1
            return False
        if person is None:
            person = Person(self._store.people.add(name), name)
            self._persons.append(person)
            self._joined.new.add(name)
        self._store.edits.name(appearance, person.id)
        return True

    def _why_refused(self, appearance: int, person: Person | None, said: int | None, denied: set[int]) -> str:
        if said is not None:
            return "A face is said to be somebody else here, which stays."
        if person is not None and person.id in denied:
            return "You said that a face is not the person named there, which stays."
        if any(key == appearance for key, _ in self._store.groups.ignored()):
            return "A face that is named there is ignored here, which stays."
        return ""


def _faces(places: Places) -> list[Box]:
    """Return where the face of an appearance is: as found, and as drawn."""
    entered = None if Kind.BODY in places else places.get(None)
    return [box for box in (places.get(Kind.FACE), entered) if box]


def _matches(tags: dict[int, Box], faces: dict[int, list[Box]]) -> dict[int, int]:
    """Return which face each tag is around, no face twice: those that overlap most come first."""
    pairs = [
        (tag.iou(face), number, key)
        for number, tag in tags.items()
        for key, boxes in faces.items()
        for face in boxes
        if _is_around(tag, face)
    ]
    found: dict[int, int] = {}
    for _, number, key in sorted(pairs, reverse=True):
        if number not in found and key not in found.values():
            found[number] = key
    return found


def _is_around(tag: Box, face: Box) -> bool:
    """Say whether two boxes are of one face: they overlap well, or the centre of each lies in the other."""
    if tag.iou(face) >= SAME_PLACE_IOU:
        return True
    tag_area, face_area = tag.w * tag.h, face.w * face.h
    is_alike = tag_area <= _MOST_LARGER * face_area and face_area <= _MOST_LARGER * tag_area
    return is_alike and _holds_centre(tag, face) and _holds_centre(face, tag)


def _holds_centre(box: Box, other: Box) -> bool:
    x, y = other.x + other.w / 2, other.y + other.h / 2
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h


def _within(box: Box) -> Box | None:
    """Return the part of a box that lies in its photo, None where that is next to nothing."""
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    within = Box(left, top, min(box.x + box.w, 1.0) - left, min(box.y + box.h, 1.0) - top)
    return within if min(within.w, within.h) >= LEAST_BOX else None
