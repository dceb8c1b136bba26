"""A photo with everybody who shows in it: where, who they are, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from kith.errors import BadInput
from kith.jobs.explanation import Why
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_names import alike
from kith.photos.box import Box
from kith.values.decisions import Candidate, Decision, Reason
from kith.values.links import Link, Source, Word, accepted_link
from kith.values.sightings import Sighting


class Standing(StrEnum):
    """What is made of somebody in a photo."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """Somebody in a photo: `name` is who they surely or perhaps are, `box` where in the upright photo they show.

    `body` is the box of their body where `box` is that of their face; without a box nobody knows where they are.
    `certainty` is how likely a face is they, where the machine says so; `source` whose word it is; `is_face` tells a
    face from a body. `said_of` is of whom the user said something.
    """

    appearance_id: int
    standing: Standing
    name: str = ""
    certainty: float | None = None
    source: Source | None = None
    box: Box | None = None
    is_face: bool = True
    person_id: int | None = None
    said_of: int | None = None
    body: Box | None = None


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo as the library knows it, of so many pixels upright; `path` is where it lies or was last seen."""

    id: int
    path: Path | None
    taken_at: str
    camera: str
    width: int
    height: int
    people: tuple[ShownPerson, ...]


def view_photo(library: OpenLibrary, photo_id: int) -> PhotoView:
    """Return a photo as it is decided by what is stored; raises BadInput for one that the library does not know."""
    store, decisions = library.store, library.decisions
    facts = store.search.facts([photo_id]).get(photo_id)
    if facts is None:
        raise BadInput("The library knows this photo no longer: recognise its folder again.")
    photo = decisions.photo(photo_id)
    decided = {decision.appearance_id: decision for decision in decisions.decide(photo).appearances}
    names = library.people.names()
    people = []
    for seen in photo.case.sightings:
        links = photo.case.links.get(seen.appearance_id, ())
        decision = decided.get(seen.appearance_id)
        if decision and not _stands_for_nobody(seen, decision):
            shown = _person(library, seen, decision, links, names)
            body = seen.body.box.to_upright(facts.orientation) if seen.body and seen.face else None
            people.append(replace(shown, body=body))
    path = store.reviews.source(photo_id)
    taken_at, camera = facts.taken_at or "", facts.camera or ""
    return PhotoView(photo_id, path, taken_at, camera, facts.width, facts.height, tuple(people))


def alike_to(library: OpenLibrary, text: str) -> str:
    """Return whose name one that nobody has is much like; empty for nobody's. Raises BadInput."""
    people = library.people.all()
    person = alike(people.values(), text)
    return library.people.names()[person.id] if person else ""


def why_of(library: OpenLibrary, appearance_id: int) -> Why:
    """Return the grounds of the decision on one appearance."""
    return library.why(f"#{appearance_id}")


def others_in(view: PhotoView, appearance_id: int) -> list[int]:
    """Return who else in a photo is nobody known, and not ignored yet."""
    unknown = (Standing.UNKNOWN, Standing.UNSURE)
    return [
        person.appearance_id
        for person in view.people
        if person.standing in unknown and person.appearance_id != appearance_id
    ]


def _person(
    library: OpenLibrary, seen: Sighting, decision: Decision, links: Sequence[Link], names: dict[int, str]
) -> ShownPerson:
    key = seen.appearance_id
    person = decision.person_id or decision.suggested
    link = accepted_link(links)
    said = link.source if link and link.person_id == decision.person_id else None
    standing = _standing(decision)
    source = (said or Source.MACHINE) if person else None
    certainty = _certainty(decision.face, person) if source is Source.MACHINE else None
    is_seen = seen.face or seen.body
    box = library.store.reviews.place(key)[1] if is_seen else library.store.reviews.entered(key)
    if seen.body and seen.body.weak and not seen.face:
        box = None  # the whole photo stands for somebody: nobody knows where
    is_face = seen.face is not None or not is_seen
    name = names.get(person or 0, "")
    return ShownPerson(key, standing, name, certainty, source, box, is_face, person, _said_of(links))


def _said_of(links: Sequence[Link]) -> int | None:
    """Return of whom the user said something, of whom it is rather than of whom it is not."""
    said = [link for link in links if link.source is Source.USER]
    said.sort(key=lambda link: link.word is not Word.IS)
    return said[0].person_id if said else None


def _stands_for_nobody(seen: Sighting, decision: Decision) -> bool:
    """Say whether it is the whole photo, taken for a body where nobody shows, and nobody is made of it."""
    is_weak = seen.body is not None and seen.body.weak and seen.face is None
    return is_weak and decision.person_id is None and decision.suggested is None


def _standing(decision: Decision) -> Standing:
    if decision.person_id is not None:
        return Standing.SURE
    if decision.reason is Reason.IGNORED:
        return Standing.IGNORED
    return Standing.UNSURE if decision.suggested is not None else Standing.UNKNOWN


def _certainty(candidates: Sequence[Candidate], person_id: int | None) -> float | None:
    return next((one.certainty for one in candidates if one.person_id == person_id), None)
