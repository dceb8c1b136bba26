"""Decide who is in a photo: the face's word when there is one, else the body's, else nobody known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.identity.gallery import Gallery
from app.identity.matching import Candidate, most_alike_people, nearest_people
from app.identity.person_records import Link, Source, Word
from app.identity.photo_records import Sighting
from app.settings import BodyPolicy

LEAST_PIXELS = 30  # a narrower face is only suggested: strangers pass more often below it: docs/recognition.md


class Evidence(StrEnum):
    """What a decision rests on."""

    FACE = "face"
    BODY = "body"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who an appearance is: `person_id` where decided, `suggested` where only unsure.

    `face` and `body` are the three best people by distance and by similarity, empty without such an observation;
    `said` tells that user or dataset said it, not the machine.
    """

    appearance_id: int
    has_face: bool
    face: tuple[Candidate, ...] = ()
    body: tuple[Candidate, ...] = ()
    person_id: int | None = None
    suggested: int | None = None
    evidence: Evidence = Evidence.NONE
    blurred: bool = False
    said: bool = False


@dataclass(frozen=True, slots=True)
class PhotoVerdict:
    """The verdicts of a photo's appearances, the largest face first."""

    appearances: tuple[Verdict, ...]

    @property
    def people(self) -> tuple[int, ...]:
        """The people decided on, each once."""
        return _once(one.person_id for one in self.appearances)

    @property
    def unsure(self) -> tuple[int, ...]:
        """The people suggested only."""
        return tuple(person for person in _once(one.suggested for one in self.appearances) if person not in self.people)

    @property
    def evidence(self) -> Evidence:
        """What the photo's people rest on."""
        found = {one.evidence for one in self.appearances if one.person_id is not None}
        return next((kind for kind in (Evidence.FACE, Evidence.BODY) if kind in found), Evidence.NONE)

    @property
    def faces(self) -> int:
        """How many faces show."""
        return sum(one.has_face for one in self.appearances)


def _once(people: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(person for person in people if person is not None))


@dataclass(frozen=True, slots=True)
class Judge:
    """The galleries and the thresholds of settings.json that decide."""

    faces: Gallery
    bodies: Gallery
    face_tol: float
    body_tol: float
    body_policy: BodyPolicy
    least_sharpness: float

    def photo(self, sightings: Sequence[Sighting], links_of: Callable[[int], Sequence[Link]]) -> PhotoVerdict:
        """Return the verdict on a photo from what was observed and what user and dataset said; opens no photo.

        Raises ModelMismatch.
        """
        ordered = sorted(sightings, key=lambda seen: -seen.face.pixels if seen.face else 0)
        links = {seen.appearance_id: links_of(seen.appearance_id) for seen in ordered}
        verdicts = [self._by_face(seen, links[seen.appearance_id]) for seen in ordered]
        if self.body_policy is not BodyPolicy.OFF:
            silent = all(one.person_id is None for one in verdicts)
            verdicts = [
                self._by_body(verdict, seen, links, silent) for verdict, seen in zip(verdicts, ordered, strict=True)
            ]
        return PhotoVerdict(tuple(verdicts))

    def _by_face(self, seen: Sighting, links: Sequence[Link]) -> Verdict:
        said, face = _said(links), seen.face
        if face is None:
            evidence = Evidence.NONE if said is None else Evidence.BODY
            return Verdict(seen.appearance_id, False, person_id=said, evidence=evidence, said=said is not None)
        candidates = nearest_people(self.faces, face.model_id, face.vector, _never(links))
        near = candidates[0].person_id if candidates and candidates[0].value < self.face_tol else None
        blurred = face.sharpness < self.least_sharpness
        sure = near if face.pixels >= LEAST_PIXELS and not blurred else None
        person = sure if said is None else said
        return Verdict(
            seen.appearance_id,
            has_face=True,
            face=candidates,
            person_id=person,
            suggested=near if person is None else None,
            evidence=Evidence.NONE if person is None else Evidence.FACE,
            blurred=blurred,
            said=said is not None,
        )

    def _by_body(self, verdict: Verdict, seen: Sighting, links: Mapping[int, Sequence[Link]], silent: bool) -> Verdict:
        if seen.body is None or (seen.body.weak and self.body_policy is not BodyPolicy.ANYWHERE):
            return verdict
        never = _never(links[seen.appearance_id])
        candidates = most_alike_people(self.bodies, seen.body.model_id, seen.body.vector, never)
        alike = silent and candidates and candidates[0].value > self.body_tol
        verdict = replace(verdict, body=candidates)
        if not alike:
            return verdict
        if self.body_policy is BodyPolicy.ANYWHERE:
            return replace(verdict, person_id=candidates[0].person_id, suggested=None, evidence=Evidence.BODY)
        return replace(verdict, suggested=verdict.suggested or candidates[0].person_id)


def _said(links: Sequence[Link]) -> int | None:
    """Return whom user or dataset named, the user before the dataset."""
    denied = _never(links)
    for source in (Source.USER, Source.DATASET):
        for link in links:
            if link.source is source and link.word is Word.IS and link.person_id not in denied:
                return link.person_id
    return None


def _never(links: Sequence[Link]) -> set[int]:
    return {link.person_id for link in links if link.word is Word.IS_NOT and link.source is Source.USER}
