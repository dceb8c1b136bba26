"""Decide who is in a photo: the face's word when there is one, else the body's, else nobody known."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kith.identity.assignment import Claim, assign
from kith.identity.body_matching import (
    EVENT_SUGGEST,
    Likeness,
    bank_candidates,
    event_bodies,
    is_sure,
    likenesses,
    without_taken,
)
from kith.identity.gallery import Gallery, gallery_of, is_good
from kith.identity.hearing import Case, Hearing, compare, hearings_of
from kith.identity.matching import Candidate
from kith.identity.person_records import Link
from kith.identity.photo_records import Sighting
from kith.identity.vetoes import Life, Reason, Veto
from kith.settings import BodyPolicy

LEAST_PIXELS_NAMED = 30  # a narrower face is only suggested: strangers pass more often below it: docs/recognition.md


class Evidence(StrEnum):
    """What a decision rests on."""

    FACE = "face"
    BODY = "body"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who an appearance is: `person_id` where decided, `suggested` where only unsure, and the rule that says so.

    `face` and `body` are the three best people by distance and by similarity, empty without such an observation;
    `vetoed` are those of them who would have been decided on or suggested but cannot be it, and whom the user denied
    here; `score` is the distance or similarity of whom the machine decided on or suggests; `said` tells that user or
    dataset said it, not the machine; `open` that the face leaves it to the body and the other photos of the event.
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
    reason: Reason = Reason.NO_FACE
    vetoed: tuple[Veto, ...] = ()
    score: float | None = None
    open: bool = False


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
    def hangs(self) -> bool:
        """Whether it may come out otherwise when the other photos of its event are known."""
        return any(one.open for one in self.appearances)

    @property
    def faces(self) -> int:
        """How many faces show."""
        return sum(one.has_face for one in self.appearances)


def _once(people: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(person for person in people if person is not None))


@dataclass(frozen=True, slots=True)
class Judge:
    """The galleries and the thresholds of settings.json that decide, and what keeps people from being somebody.

    `denied` holds the faces of which the user said who they are not, `lives` the dates of the people who have some.
    """

    faces: Gallery
    bodies: Gallery
    face_tol: float
    body_tol: float
    body_policy: BodyPolicy
    least_sharpness: float
    face_margin: float = 0.0
    face_suggest: float = 0.0
    denied: Gallery = field(default_factory=lambda: gallery_of("", []))
    lives: Mapping[int, Life] = field(default_factory=dict)

    def photo(
        self,
        sightings: Sequence[Sighting],
        links_of: Callable[[int], Sequence[Link]],
        taken_at: str | None = None,
        ignored: Collection[int] = (),
    ) -> PhotoVerdict:
        """Return the verdict on a photo from what was observed and what user and dataset said; opens no photo.

        Raises ModelMismatch.
        """
        links = {seen.appearance_id: links_of(seen.appearance_id) for seen in sightings}
        return self.photos([Case(sightings, links, taken_at, ignored)])[0]

    def photos(self, cases: Sequence[Case]) -> list[PhotoVerdict]:
        """Return the verdicts on many photos, fastest on some thousands at once. Raises ModelMismatch."""
        photos = [hearings_of(case, self.lives) for case in cases]
        compare(self.faces, self.denied, [one for photo in photos for one in photo])
        verdicts = [self._by_faces(photo) for photo in photos]
        if self.body_policy is not BodyPolicy.OFF:
            bank = bank_candidates(self.bodies, photos, self.body_policy is BodyPolicy.ANYWHERE)
            verdicts = [
                self._by_bank(photo, self._by_event(photo, own, case.event), alike)
                for case, photo, own, alike in zip(cases, photos, verdicts, bank, strict=True)
            ]
        return [PhotoVerdict(tuple(own)) for own in verdicts]

    @property
    def _reach(self) -> float:
        """How far apart faces may be for a suggestion at least."""
        return max(self.face_tol, self.face_suggest)

    def _by_faces(self, hearings: Sequence[Hearing]) -> list[Verdict]:
        """Give the people that faces claim one-to-one, and judge each face by what it got."""
        doubts = {one.seen.appearance_id: self._doubt(one) for one in hearings if one.undecided}
        claims = {
            one.seen.appearance_id: self._claims(one, doubts[one.seen.appearance_id] is Reason.ACCEPTED)
            for one in hearings
            if one.undecided and doubts[one.seen.appearance_id] is not Reason.TOO_FAR
        }
        given = assign(claims, self._reach)
        holders = {person: appearance for appearance, person in given.items()}
        verdicts = []
        for one in hearings:
            key = one.seen.appearance_id
            lost = [claim.person_id for claim in claims.get(key, ()) if holders.get(claim.person_id, key) != key]
            one.out |= {person: Veto(person, Reason.TAKEN, holders[person]) for person in lost}
            verdicts.append(self._verdict(one, doubts.get(key), given.get(key)))
        return verdicts

    def _doubt(self, one: Hearing) -> Reason:
        """Return what is to be said of a face by itself: ACCEPTED, or why its nearest person is not accepted."""
        face, (best, second) = one.seen.face, (*one.eligible, None, None)[:2]
        if best is None or best.value >= self._reach:
            return Reason.TOO_FAR
        if best.value >= self.face_tol:
            return Reason.UNSURE
        if self._is_blurred(one):
            return Reason.BLURRED
        if face and face.pixels < LEAST_PIXELS_NAMED:
            return Reason.TOO_SMALL
        if second and second.value - best.value < self.face_margin:
            return Reason.MARGIN
        return Reason.ACCEPTED

    def _is_blurred(self, one: Hearing) -> bool:
        return one.seen.face is not None and one.seen.face.sharpness < self.least_sharpness

    def _claims(self, one: Hearing, sure: bool) -> list[Claim]:
        """Return the nearest person, and those who cannot be told from them."""
        best, *others = one.eligible
        near = min(best.value + self.face_margin, self._reach)
        return [Claim(who.person_id, who.value, sure) for who in (best, *(who for who in others if who.value < near))]

    def _verdict(self, one: Hearing, doubt: Reason | None, given: int | None) -> Verdict:
        """Return the verdict by the face; `doubt` is what is to be said of the face by itself, None for others."""
        vetoed = self._vetoed(one)
        if doubt is None:
            reason = one.said[1] if one.said else Reason.IGNORED if one.ignored else Reason.NO_FACE
        elif given is None:
            against = [veto.reason for veto in vetoed if veto.person_id not in one.denied]
            reason = next(iter(against), doubt)
        else:
            reason = doubt
        person = one.said[0] if one.said else given if reason is Reason.ACCEPTED else None
        found = Evidence.FACE if one.seen.face else Evidence.BODY
        suggested = given if person is None else None
        return Verdict(
            one.seen.appearance_id,
            has_face=one.seen.face is not None,
            face=one.shown,
            person_id=person,
            suggested=suggested,
            evidence=Evidence.NONE if person is None else found,
            blurred=self._is_blurred(one),
            said=one.said is not None,
            reason=reason,
            vetoed=vetoed,
            score=next((who.value for who in one.eligible if who.person_id == given), None),
            open=self._is_open(one, person, suggested),
        )

    def _vetoed(self, one: Hearing) -> tuple[Veto, ...]:
        near = [who.person_id for who in one.shown if who.value < self._reach] if one.undecided else []
        return tuple(one.out[person] for person in (*sorted(one.denied), *near) if person in one.out)

    def _is_open(self, one: Hearing, person: int | None, suggested: int | None) -> bool:
        """Say whether a body may be decided on by its event: a good face like nobody's speaks against everybody."""
        face, body = one.seen.face, one.seen.body
        if body is None or body.weak or one.said or one.ignored or person is not None:
            return False
        if suggested is not None:
            return self.body_policy is BodyPolicy.EVENT
        poor = face is None or face.pixels < LEAST_PIXELS_NAMED or not is_good(face, self.least_sharpness)
        return poor and self.body_policy in (BodyPolicy.EVENT, BodyPolicy.SUGGEST)

    def _by_event(self, hearings: Sequence[Hearing], verdicts: list[Verdict], event: Gallery | None) -> list[Verdict]:
        """Let the bodies speak that resemble somebody whose face shows elsewhere in the event."""
        heard = [one for one, verdict in zip(hearings, verdicts, strict=True) if verdict.open]
        if not heard or event is None or not len(event):
            return verdicts
        people = ((one.appearance_id, one.person_id or one.suggested) for one in verdicts)
        holders = {person: key for key, person in people if person is not None}
        suggested = {one.appearance_id: one.suggested for one in verdicts if one.suggested is not None}
        bodies = {one.appearance_id: one for one in event_bodies(event, heard, holders, suggested)}
        found = likenesses([*bodies.values()], EVENT_SUGGEST)
        return [
            self._with_event(one, bodies[one.appearance_id].eligible, found[one.appearance_id])
            if one.appearance_id in found
            else one
            for one in verdicts
        ]

    def _with_event(self, verdict: Verdict, body: tuple[Candidate, ...], like: Likeness) -> Verdict:
        vetoed = tuple(dict.fromkeys((*verdict.vetoed, *like.vetoed)))
        verdict, best = replace(verdict, body=body, vetoed=vetoed), like.given
        if best is None:
            return verdict
        if self.body_policy is BodyPolicy.EVENT and is_sure(best):
            return _decided(verdict, best, Reason.BODY_EVENT)
        if verdict.suggested is not None:
            return verdict
        return replace(verdict, suggested=best.person_id, reason=Reason.BODY_EVENT_SUGGESTED, score=best.value)

    def _by_bank(
        self, hearings: Sequence[Hearing], verdicts: list[Verdict], bank: Mapping[int, tuple[Candidate, ...]]
    ) -> list[Verdict]:
        """Where nobody in the photo was named, let the bodies speak that resemble a taught one."""
        files = self.body_policy is BodyPolicy.ANYWHERE
        silent = all(one.person_id is None for one in verdicts)
        heard = {key for key in bank if silent} - {one.seen.appearance_id for one in hearings if one.ignored}
        holders = {one.suggested: one.appearance_id for one in verdicts if one.suggested is not None}
        open_ = [
            without_taken(one.appearance_id, bank[one.appearance_id], holders)
            for one in verdicts
            if one.appearance_id in heard and (files or one.suggested is None)
        ]
        found = likenesses(open_, self.body_tol)
        return [self._with_bank(one, bank.get(one.appearance_id, ()), found.get(one.appearance_id)) for one in verdicts]

    def _with_bank(self, verdict: Verdict, body: tuple[Candidate, ...], like: Likeness | None) -> Verdict:
        if like is None or like.given is None:
            return replace(verdict, body=verdict.body or body, vetoed=verdict.vetoed + (like.vetoed if like else ()))
        verdict = replace(verdict, body=body)
        if self.body_policy is BodyPolicy.ANYWHERE:
            return _decided(verdict, like.given, Reason.BODY_ACCEPTED)
        score = like.given.value
        return replace(verdict, suggested=like.given.person_id, reason=Reason.BODY_SUGGESTED, score=score)


def _decided(verdict: Verdict, best: Candidate, reason: Reason) -> Verdict:
    person, score = best.person_id, best.value
    return replace(verdict, person_id=person, suggested=None, evidence=Evidence.BODY, reason=reason, score=score)
