"""Decide who is in a photo: by the face where there is one, else by the body, else it is nobody known."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat

from kith.identity.assignment import Claim, assign
from kith.identity.body_candidates import (
    EVENT_SUGGEST,
    BodyMatch,
    bank_candidates,
    body_matches,
    event_bodies,
    is_sure,
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
        compare(self.faces, self.denied, [probe for probes in photos for probe in probes])
        decided = [self._by_faces(probes) for probes in photos]
        if self.body_policy is not BodyPolicy.OFF:
            decided = self._by_bodies(photos, decided, events)
        return [PhotoDecision(tuple(decisions)) for decisions in decided]

    @property
    def _reach(self) -> float:
        """How far apart faces may be for a suggestion at least."""
        return max(self.face_tol, self.face_suggest)

    def _by_faces(self, probes: Sequence[Probe]) -> list[Decision]:
        """Give the people that faces claim one-to-one, and decide on each face by what it got."""
        doubts = {probe.appearance_id: self._doubt(probe) for probe in probes if probe.undecided}
        claims = {
            probe.appearance_id: self._claims(probe, doubts[probe.appearance_id] is Reason.ACCEPTED)
            for probe in probes
            if doubts.get(probe.appearance_id, Reason.TOO_FAR) is not Reason.TOO_FAR
        }
        given = assign(claims, self._reach)
        holders = {person: appearance for appearance, person in given.items()}
        decisions = []
        for probe in probes:
            key = probe.appearance_id
            for claim in claims.get(key, ()):
                holder = holders.get(claim.person_id, key)
                if holder != key:
                    probe.out[claim.person_id] = Exclusion(claim.person_id, Reason.TAKEN, holder)
            decisions.append(self._decision(probe, doubts.get(key), given.get(key)))
        return decisions

    def _doubt(self, probe: Probe) -> Reason:
        """Return what is to be said of a face by itself: ACCEPTED, or why its nearest person is not accepted."""
        face, nearest = probe.seen.face, next(iter(probe.eligible), None)
        if nearest is None or nearest.value >= self._reach:
            return Reason.TOO_FAR
        if nearest.value >= self.face_tol:
            return Reason.UNSURE
        if self._is_blurred(probe):
            return Reason.BLURRED
        if face and face.pixels < LEAST_PIXELS_NAMED:
            return Reason.TOO_SMALL
        if nearest.margin < self.face_margin:
            return Reason.MARGIN
        return Reason.ACCEPTED

    def _is_blurred(self, probe: Probe) -> bool:
        face = probe.seen.face
        return face is not None and face.sharpness < self.least_sharpness

    def _claims(self, probe: Probe, sure: bool) -> list[Claim]:
        """Return the nearest person, and those who cannot be told from them."""
        nearest, *others = probe.eligible
        limit = min(nearest.value + self.face_margin, self._reach)
        candidates = [nearest, *(other for other in others if other.value < limit)]
        return [Claim(candidate.person_id, candidate.value, sure) for candidate in candidates]

    def _decision(self, probe: Probe, doubt: Reason | None, given: int | None) -> Decision:
        """Return the decision by the face; `doubt` is what is to be said of the face by itself, None for others."""
        excluded = self._excluded(probe)
        reason = _reason(probe, doubt, given, excluded)
        if probe.said:
            person: int | None = probe.said[0]
        else:
            person = given if reason is Reason.ACCEPTED else None
        found = Evidence.FACE if probe.seen.face else Evidence.BODY
        suggested = given if person is None else None
        return Decision(
            probe.appearance_id,
            has_face=probe.seen.face is not None,
            face=probe.shown,
            person_id=person,
            suggested=suggested,
            evidence=Evidence.NONE if person is None else found,
            blurred=self._is_blurred(probe),
            said=probe.said is not None,
            reason=reason,
            excluded=excluded,
            score=next((candidate.value for candidate in probe.eligible if candidate.person_id == given), None),
            open=self._is_open(probe, person, suggested),
        )

    def _excluded(self, probe: Probe) -> tuple[Exclusion, ...]:
        people = sorted(probe.denied)
        if probe.undecided:
            people += [candidate.person_id for candidate in probe.shown if candidate.value < self._reach]
        return tuple(probe.out[person] for person in people if person in probe.out)

    def _is_open(self, probe: Probe, person: int | None, suggested: int | None) -> bool:
        """Say whether a body may be decided on by its event: a good face like nobody's excludes everybody."""
        face, body = probe.seen.face, probe.seen.body
        if body is None or body.weak or probe.said or probe.ignored or person is not None:
            return False
        if suggested is not None:
            return self.body_policy is BodyPolicy.EVENT
        poor = face is None or face.pixels < LEAST_PIXELS_NAMED or not is_good(face, self.least_sharpness)
        return poor and self.body_policy in (BodyPolicy.EVENT, BodyPolicy.SUGGEST)

    def _by_bodies(
        self, photos: Sequence[Sequence[Probe]], decided: Sequence[list[Decision]], events: Sequence[Gallery]
    ) -> list[list[Decision]]:
        """Decide by bodies where faces do not: by those of the event first, then by those that were taught."""
        bank = bank_candidates(self.bodies, photos, self.body_policy is BodyPolicy.ANYWHERE)
        found = []
        for probes, decisions, candidates, event in zip(photos, decided, bank, events or repeat(None), strict=False):
            by_event = self._by_event(probes, decisions, event)
            found.append(self._by_bank(probes, by_event, candidates))
        return found

    def _by_event(self, probes: Sequence[Probe], decisions: list[Decision], event: Gallery | None) -> list[Decision]:
        """Decide by the bodies that resemble somebody whose face shows elsewhere in the event."""
        asked = [probe for probe, decision in zip(probes, decisions, strict=True) if decision.open]
        if not asked or event is None or not len(event):
            return decisions
        suggested = {
            decision.appearance_id: decision.suggested for decision in decisions if decision.suggested is not None
        }
        bodies = event_bodies(event, asked, _holders(decisions), suggested)
        matches = body_matches(bodies, EVENT_SUGGEST)
        return [self._with_event(decision, matches.get(decision.appearance_id)) for decision in decisions]

    def _with_event(self, decision: Decision, match: BodyMatch | None) -> Decision:
        if match is None:
            return decision
        excluded = tuple(dict.fromkeys((*decision.excluded, *match.excluded)))
        decision = replace(decision, body=match.candidates, excluded=excluded)
        best = match.given
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
        """Where nobody in the photo was named, decide by the bodies that resemble a taught one."""
        is_anybody_named = any(decision.person_id is not None for decision in decisions)
        ignored = {probe.appearance_id for probe in probes if probe.ignored}
        asked = set() if is_anybody_named else bank.keys() - ignored
        if self.body_policy is not BodyPolicy.ANYWHERE:
            asked -= {decision.appearance_id for decision in decisions if decision.suggested is not None}
        holders = _holders(decisions)
        keys = [decision.appearance_id for decision in decisions if decision.appearance_id in asked]
        matches = body_matches([without_taken(key, bank[key], holders) for key in keys], self.body_tol)
        return [
            self._with_bank(decision, bank.get(decision.appearance_id, ()), matches.get(decision.appearance_id))
            for decision in decisions
        ]

    def _with_bank(self, decision: Decision, candidates: tuple[Candidate, ...], match: BodyMatch | None) -> Decision:
        best = match.given if match else None
        if best is None:
            excluded = match.excluded if match else ()
            return replace(decision, body=decision.body or candidates, excluded=decision.excluded + excluded)
        decision = replace(decision, body=candidates)
        if self.body_policy is BodyPolicy.ANYWHERE:
            return _decided(decision, best, Reason.BODY_ACCEPTED)
        return replace(decision, suggested=best.person_id, reason=Reason.BODY_SUGGESTED, score=best.value)


def _reason(probe: Probe, doubt: Reason | None, given: int | None, excluded: Sequence[Exclusion]) -> Reason:
    """Return the rule that decides: of a face that got nobody, why those nearest to it cannot be it."""
    if doubt is None and probe.said:
        return probe.said[1]
    if doubt is None:
        return Reason.IGNORED if probe.ignored else Reason.NO_FACE
    if given is not None:
        return doubt
    against = (exclusion.reason for exclusion in excluded if exclusion.person_id not in probe.denied)
    return next(against, doubt)


def _holders(decisions: Sequence[Decision]) -> dict[int, int]:
    """Return by person the appearance that is, or perhaps is, that person."""
    holders = {}
    for decision in decisions:
        person = decision.person_id or decision.suggested
        if person is not None:
            holders[person] = decision.appearance_id
    return holders


def _decided(decision: Decision, best: Candidate, reason: Reason) -> Decision:
    person, score = best.person_id, best.value
    return replace(decision, person_id=person, suggested=None, evidence=Evidence.BODY, reason=reason, score=score)
