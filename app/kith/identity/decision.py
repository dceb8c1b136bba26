"""Decide who is in a photo: the face's word when there is one, else the body's, else nobody known."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat

from kith.identity.assignment import Claim, assign
from kith.identity.body_candidates import (
    EVENT_SUGGEST,
    Likeness,
    bank_candidates,
    event_bodies,
    is_sure,
    likenesses,
    without_taken,
)
from kith.identity.exclusions import Life
from kith.identity.gallery import Gallery, gallery_of, is_good
from kith.identity.probes import Probe, compare, probes_of
from kith.policies import BodyPolicy
from kith.values.decisions import Candidate, Decision, Evidence, Exclusion, PhotoDecision, Reason
from kith.values.links import Link
from kith.values.sightings import Case, Sighting

LEAST_PIXELS_NAMED = 30  # a narrower face is only suggested: strangers pass more often below it: docs/recognition.md


@dataclass(frozen=True, slots=True)
class Decider:
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
    ) -> PhotoDecision:
        """Return the decision on a photo from what was observed and what user and dataset said; opens no photo.

        Raises ModelMismatch.
        """
        links = {seen.appearance_id: links_of(seen.appearance_id) for seen in sightings}
        return self.photos([Case(sightings, links, taken_at, ignored)])[0]

    def photos(self, cases: Sequence[Case], events: Sequence[Gallery] = ()) -> list[PhotoDecision]:
        """Return the decisions on many photos, fastest on some thousands at once. Raises ModelMismatch.

        `events` holds for each photo the bodies of the people whose faces show in its event; without them each photo is
        decided by itself.
        """
        photos = [probes_of(case, self.lives) for case in cases]
        compare(self.faces, self.denied, [one for photo in photos for one in photo])
        decisions = [self._by_faces(photo) for photo in photos]
        if self.body_policy is not BodyPolicy.OFF:
            bank = bank_candidates(self.bodies, photos, self.body_policy is BodyPolicy.ANYWHERE)
            decisions = [
                self._by_bank(photo, self._by_event(photo, own, event), alike)
                for photo, own, alike, event in zip(photos, decisions, bank, events or repeat(None), strict=False)
            ]
        return [PhotoDecision(tuple(own)) for own in decisions]

    @property
    def _reach(self) -> float:
        """How far apart faces may be for a suggestion at least."""
        return max(self.face_tol, self.face_suggest)

    def _by_faces(self, probes: Sequence[Probe]) -> list[Decision]:
        """Give the people that faces claim one-to-one, and judge each face by what it got."""
        doubts = {one.seen.appearance_id: self._doubt(one) for one in probes if one.undecided}
        claims = {
            one.seen.appearance_id: self._claims(one, doubts[one.seen.appearance_id] is Reason.ACCEPTED)
            for one in probes
            if one.undecided and doubts[one.seen.appearance_id] is not Reason.TOO_FAR
        }
        given = assign(claims, self._reach)
        holders = {person: appearance for appearance, person in given.items()}
        decisions = []
        for one in probes:
            key = one.seen.appearance_id
            lost = [claim.person_id for claim in claims.get(key, ()) if holders.get(claim.person_id, key) != key]
            one.out |= {person: Exclusion(person, Reason.TAKEN, holders[person]) for person in lost}
            decisions.append(self._decision(one, doubts.get(key), given.get(key)))
        return decisions

    def _doubt(self, one: Probe) -> Reason:
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

    def _is_blurred(self, one: Probe) -> bool:
        return one.seen.face is not None and one.seen.face.sharpness < self.least_sharpness

    def _claims(self, one: Probe, sure: bool) -> list[Claim]:
        """Return the nearest person, and those who cannot be told from them."""
        best, *others = one.eligible
        near = min(best.value + self.face_margin, self._reach)
        return [Claim(who.person_id, who.value, sure) for who in (best, *(who for who in others if who.value < near))]

    def _decision(self, one: Probe, doubt: Reason | None, given: int | None) -> Decision:
        """Return the decision by the face; `doubt` is what is to be said of the face by itself, None for others."""
        excluded = self._excluded(one)
        if doubt is None:
            reason = one.said[1] if one.said else Reason.IGNORED if one.ignored else Reason.NO_FACE
        elif given is None:
            against = [exclusion.reason for exclusion in excluded if exclusion.person_id not in one.denied]
            reason = next(iter(against), doubt)
        else:
            reason = doubt
        person = one.said[0] if one.said else given if reason is Reason.ACCEPTED else None
        found = Evidence.FACE if one.seen.face else Evidence.BODY
        suggested = given if person is None else None
        return Decision(
            one.seen.appearance_id,
            has_face=one.seen.face is not None,
            face=one.shown,
            person_id=person,
            suggested=suggested,
            evidence=Evidence.NONE if person is None else found,
            blurred=self._is_blurred(one),
            said=one.said is not None,
            reason=reason,
            excluded=excluded,
            score=next((who.value for who in one.eligible if who.person_id == given), None),
            open=self._is_open(one, person, suggested),
        )

    def _excluded(self, one: Probe) -> tuple[Exclusion, ...]:
        near = [who.person_id for who in one.shown if who.value < self._reach] if one.undecided else []
        return tuple(one.out[person] for person in (*sorted(one.denied), *near) if person in one.out)

    def _is_open(self, one: Probe, person: int | None, suggested: int | None) -> bool:
        """Say whether a body may be decided on by its event: a good face like nobody's speaks against everybody."""
        face, body = one.seen.face, one.seen.body
        if body is None or body.weak or one.said or one.ignored or person is not None:
            return False
        if suggested is not None:
            return self.body_policy is BodyPolicy.EVENT
        poor = face is None or face.pixels < LEAST_PIXELS_NAMED or not is_good(face, self.least_sharpness)
        return poor and self.body_policy in (BodyPolicy.EVENT, BodyPolicy.SUGGEST)

    def _by_event(self, probes: Sequence[Probe], decisions: list[Decision], event: Gallery | None) -> list[Decision]:
        """Let the bodies speak that resemble somebody whose face shows elsewhere in the event."""
        heard = [one for one, decision in zip(probes, decisions, strict=True) if decision.open]
        if not heard or event is None or not len(event):
            return decisions
        people = ((one.appearance_id, one.person_id or one.suggested) for one in decisions)
        holders = {person: key for key, person in people if person is not None}
        suggested = {one.appearance_id: one.suggested for one in decisions if one.suggested is not None}
        bodies = {one.appearance_id: one for one in event_bodies(event, heard, holders, suggested)}
        found = likenesses([*bodies.values()], EVENT_SUGGEST)
        return [
            self._with_event(one, bodies[one.appearance_id].eligible, found[one.appearance_id])
            if one.appearance_id in found
            else one
            for one in decisions
        ]

    def _with_event(self, decision: Decision, body: tuple[Candidate, ...], like: Likeness) -> Decision:
        excluded = tuple(dict.fromkeys((*decision.excluded, *like.excluded)))
        decision, best = replace(decision, body=body, excluded=excluded), like.given
        if best is None:
            return decision
        if self.body_policy is BodyPolicy.EVENT and is_sure(best):
            return _decided(decision, best, Reason.BODY_EVENT)
        if decision.suggested is not None:
            return decision
        return replace(decision, suggested=best.person_id, reason=Reason.BODY_EVENT_SUGGESTED, score=best.value)

    def _by_bank(
        self, probes: Sequence[Probe], decisions: list[Decision], bank: Mapping[int, tuple[Candidate, ...]]
    ) -> list[Decision]:
        """Where nobody in the photo was named, let the bodies speak that resemble a taught one."""
        files = self.body_policy is BodyPolicy.ANYWHERE
        silent = all(one.person_id is None for one in decisions)
        heard = {key for key in bank if silent} - {one.seen.appearance_id for one in probes if one.ignored}
        holders = {one.suggested: one.appearance_id for one in decisions if one.suggested is not None}
        open_ = [
            without_taken(one.appearance_id, bank[one.appearance_id], holders)
            for one in decisions
            if one.appearance_id in heard and (files or one.suggested is None)
        ]
        found = likenesses(open_, self.body_tol)
        return [
            self._with_bank(one, bank.get(one.appearance_id, ()), found.get(one.appearance_id)) for one in decisions
        ]

    def _with_bank(self, decision: Decision, body: tuple[Candidate, ...], like: Likeness | None) -> Decision:
        if like is None or like.given is None:
            return replace(
                decision, body=decision.body or body, excluded=decision.excluded + (like.excluded if like else ())
            )
        decision = replace(decision, body=body)
        if self.body_policy is BodyPolicy.ANYWHERE:
            return _decided(decision, like.given, Reason.BODY_ACCEPTED)
        score = like.given.value
        return replace(decision, suggested=like.given.person_id, reason=Reason.BODY_SUGGESTED, score=score)


def _decided(decision: Decision, best: Candidate, reason: Reason) -> Decision:
    person, score = best.person_id, best.value
    return replace(decision, person_id=person, suggested=None, evidence=Evidence.BODY, reason=reason, score=score)
