"""Decide who is in a photo: by the face where there is one, else by the body, else it is nobody known."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from kith.identity.assignment import Claim, assign
from kith.identity.body_candidates import (
    EVENT_SUGGEST,
    Asked,
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
from kith.identity.second_opinion import SecondOpinion
from kith.policies import BodyPolicy
from kith.values.calibration import Calibration
from kith.values.decisions import Candidate, Decision, Evidence, Exclusion, PhotoDecision, Reason
from kith.values.links import Link
from kith.values.sightings import Case, Sighting

LEAST_PIXELS_TELLING = 30  # a narrower face that is like nobody's excludes nobody: docs/recognition.md


@dataclass(frozen=True, slots=True)
class Decider:
    """The galleries and the thresholds of settings.json that decide, and what keeps people from being somebody.

    A face is named where its person is at least `sure_at` likely, and suggested from `suggest_at` on. `face_tol`,
    `face_margin` and `face_suggest` are the user's own limits on distances, which hold besides; 0 sets none. Without a
    calibration there are only these; without a limit either nobody is named. `second` is asked where the first network
    is not sure. `denied` holds the faces of which the user said who they are not, `lives` the dates of the people who
    have some.
    """

    faces: Gallery
    bodies: Gallery
    face_tol: float
    body_tol: float
    body_policy: BodyPolicy
    least_sharpness: float
    face_margin: float = 0.0
    face_suggest: float = 0.0
    calibration: Calibration | None = None
    sure_at: float = 1.0
    suggest_at: float = 1.0
    denied: Gallery = field(default_factory=lambda: gallery_of("", []))
    lives: Mapping[int, Life] = field(default_factory=dict)
    second: SecondOpinion | None = None

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
        return self.compared(self.compare(cases), events)

    def compare(self, cases: Sequence[Case]) -> list[list[Probe]]:
        """Return the faces of photos with whom they resemble; may be done beside other work. Raises ModelMismatch."""
        photos = [probes_of(case, self.lives, self.faces.model_id) for case in cases]
        everybody = [probe for probes in photos for probe in probes]
        compare(self.faces, self.denied, everybody, self.calibration)
        if self.second:
            self._hear(self.second, everybody)
        return photos

    def compared(self, photos: Sequence[Sequence[Probe]], events: Sequence[Gallery] = ()) -> list[PhotoDecision]:
        """Return the decisions on photos whose faces have been compared, `events` as `photos` takes them."""
        decided = [self._by_faces(probes) for probes in photos]
        if self.body_policy is not BodyPolicy.OFF:
            decided = self._by_bodies(photos, decided, events)
        return [PhotoDecision(tuple(decisions)) for decisions in decided]

    def _hear(self, second: SecondOpinion, probes: Sequence[Probe]) -> None:
        """Let the second network speak of the faces of which the first is not sure."""
        people = len(self.faces.people)
        for probe in probes:
            face = probe.seen.second
            if face and self._is_unsure(probe):
                probe.shown = second.on(face, probe.shown, people)
                probe.eligible = second.on(face, probe.eligible, people)

    def _is_unsure(self, probe: Probe) -> bool:
        """Say whether a face is somebody's perhaps, and more certainty would make it theirs."""
        nearest = next(iter(probe.eligible), None)
        if not probe.undecided or nearest is None or nearest.certainty is None:
            return False
        is_too_far = self.face_tol and nearest.value >= self.face_tol
        is_too_close = self.face_margin and nearest.margin < self.face_margin
        if is_too_far or is_too_close or self._is_blurred(probe):
            return False
        return self._may_be(nearest) and nearest.certainty < self.sure_at

    def _may_be(self, candidate: Candidate) -> bool:
        """Whether a person is likely, or near, enough to be suggested."""
        limit = max(self.face_tol, self.face_suggest)
        if candidate.certainty is None:
            return candidate.value < limit
        if self.face_suggest and candidate.value >= limit:
            return False
        return candidate.certainty >= min(self.suggest_at, self.sure_at)

    def _by_faces(self, probes: Sequence[Probe]) -> list[Decision]:
        """Give the people that faces claim one-to-one, and decide on each face by what it got."""
        doubts: dict[int, Reason] = {}
        claims: defaultdict[int | None, dict[int, list[Claim]]] = defaultdict(dict)
        for probe in probes:
            if probe.undecided:
                key = probe.appearance_id
                doubt = self._doubt(probe)
                doubts[key] = doubt
                if doubt is not Reason.TOO_FAR:
                    claims[probe.moment][key] = self._claims(probe, sure=doubt is Reason.ACCEPTED)
        nobody = max(self.face_tol, self.face_suggest) if self.calibration is None else 1 - self.suggest_at
        given = {moment: assign(together, nobody) for moment, together in claims.items()}
        holders = {(moment, person): key for moment, of_faces in given.items() for key, person in of_faces.items()}
        decisions = []
        for probe in probes:
            key, moment = probe.appearance_id, probe.moment
            for claim in claims.get(moment, {}).get(key, ()):
                person = claim.person_id
                holder = holders.get((moment, person), key)
                if holder != key:
                    probe.out[person] = Exclusion(person, Reason.TAKEN, holder)
            decision = self._decision(probe, doubts.get(key), given.get(moment, {}).get(key))
            decisions.append(decision)
        return decisions

    def _doubt(self, probe: Probe) -> Reason:
        """Return what is to be said of a face by itself: ACCEPTED, or why its nearest person is not accepted."""
        nearest = next(iter(probe.eligible), None)
        if nearest is None or not self._may_be(nearest):
            return Reason.TOO_FAR
        if self.face_tol and nearest.value >= self.face_tol:
            return Reason.UNSURE
        if nearest.certainty is not None and _without_rivals(probe.eligible) < self.sure_at:
            return Reason.UNSURE
        if self._is_blurred(probe):
            return Reason.BLURRED
        if self.face_margin and nearest.margin < self.face_margin:
            return Reason.MARGIN
        if nearest.certainty is None and not self.face_tol:
            return Reason.NOT_MEASURED
        if nearest.certainty is not None and nearest.certainty < self.sure_at:
            return Reason.MARGIN
        return Reason.ACCEPTED

    def _is_blurred(self, probe: Probe) -> bool:
        face = probe.seen.face
        return face is not None and face.sharpness < self.least_sharpness

    def _claims(self, probe: Probe, sure: bool) -> list[Claim]:
        """Return the nearest person, and those who cannot be told from them."""
        nearest, *others = probe.eligible
        limit = nearest.value + self.face_margin
        alike = [other for other in others if other.certainty is not None or other.value < limit]
        claimed = [nearest, *filter(self._may_be, alike)]
        return [Claim(candidate.person_id, _cost(candidate), sure) for candidate in claimed]

    def _decision(self, probe: Probe, doubt: Reason | None, given: int | None) -> Decision:
        """Return the decision by the face; `doubt` is what is to be said of the face by itself, None for others."""
        excluded = self._excluded(probe)
        reason = _reason(probe, doubt, given, excluded)
        has_face = probe.seen.face is not None
        person, suggested = None, given
        if probe.said:
            person, suggested = probe.said[0], None
        elif probe.standing:
            person = probe.standing.person_id
        elif reason is Reason.ACCEPTED:
            person, suggested = given, None
        values_of_given = (candidate.value for candidate in probe.eligible if candidate.person_id == given)
        standing = probe.standing
        return Decision(
            probe.appearance_id,
            has_face=has_face,
            face=probe.shown,
            person_id=person,
            suggested=suggested,
            evidence=Evidence.NONE if person is None else _evidence(probe),
            blurred=self._is_blurred(probe),
            said=probe.said is not None,
            reason=reason,
            excluded=excluded,
            score=standing.score if standing else next(values_of_given, None),
            open=self._is_open(probe, person, suggested),
            standing=standing,
            moment=probe.moment,
            asks=self.second is not None and probe.seen.second is None and self._is_unsure(probe),
        )

    def _excluded(self, probe: Probe) -> tuple[Exclusion, ...]:
        out = probe.out
        if not out:
            return ()
        people = sorted(probe.denied)
        if probe.undecided:
            people += [candidate.person_id for candidate in probe.shown if self._may_be(candidate)]
        return tuple(out[person] for person in people if person in out)

    def _is_open(self, probe: Probe, person: int | None, suggested: int | None) -> bool:
        """Say whether a body may be decided on by its event: a good face like nobody's excludes everybody."""
        body = probe.seen.body
        if body is None or body.weak:
            return False
        if probe.said or probe.ignored or person is not None:
            return False
        if suggested is not None:
            return self.body_policy is BodyPolicy.EVENT
        return self._has_poor_face(probe) and self.body_policy in (BodyPolicy.EVENT, BodyPolicy.SUGGEST)

    def _has_poor_face(self, probe: Probe) -> bool:
        face = probe.seen.face
        if face is None or face.pixels < LEAST_PIXELS_TELLING:
            return True
        return not is_good(face, self.least_sharpness)

    def _by_bodies(
        self, photos: Sequence[Sequence[Probe]], decided: Sequence[list[Decision]], events: Sequence[Gallery]
    ) -> list[list[Decision]]:
        """Decide by bodies where faces do not: by those of the event first, then by those that were taught."""
        bank = bank_candidates(self.bodies, photos, self.body_policy is BodyPolicy.ANYWHERE)
        by_events = self._by_events(photos, decided, events) if events else decided
        return [self._by_bank(*columns) for columns in zip(photos, by_events, bank, strict=True)]

    def _by_events(
        self, photos: Sequence[Sequence[Probe]], decided: Sequence[list[Decision]], events: Sequence[Gallery]
    ) -> list[list[Decision]]:
        """Decide by the bodies that resemble somebody whose face shows elsewhere in the event, all of it at once."""
        found: list[list[Decision]] = []
        for _, together in groupby(zip(photos, decided, events, strict=True), key=lambda photo: id(photo[2])):
            group = list(together)
            _, _, event = group[0]
            asked = [_asked(probes, decisions) for probes, decisions, _ in group] if event else []
            bodies = event_bodies(event, asked) if event else [[]] * len(group)
            for (_, decisions, _), of_photo in zip(group, bodies, strict=True):
                matches = body_matches(of_photo, EVENT_SUGGEST)
                found.append(
                    [self._with_event(decision, matches.get(decision.appearance_id)) for decision in decisions]
                )
        return found

    def _with_event(self, decision: Decision, match: BodyMatch | None) -> Decision:
        if match is None:
            return decision
        excluded = dict.fromkeys((*decision.excluded, *match.excluded))
        decision = replace(decision, body=match.candidates, excluded=tuple(excluded))
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
        if not any(bank.values()):
            return decisions
        is_anybody_named = any(decision.person_id is not None for decision in decisions)
        ignored = {probe.appearance_id for probe in probes if probe.ignored}
        asked = set() if is_anybody_named else bank.keys() - ignored
        if self.body_policy is not BodyPolicy.ANYWHERE:
            asked -= _suggested(decisions).keys()
        holders = _holders(decisions)
        keys = [decision.appearance_id for decision in decisions]
        bodies = [without_taken(key, bank[key], holders) for key in keys if key in asked]
        matches = body_matches(bodies, self.body_tol)
        decided = []
        for key, decision in zip(keys, decisions, strict=True):
            by_bank = self._with_bank(decision, bank.get(key, ()), matches.get(key))
            decided.append(by_bank)
        return decided

    def _with_bank(self, decision: Decision, candidates: tuple[Candidate, ...], match: BodyMatch | None) -> Decision:
        best = match.given if match else None
        if best is None:
            excluded = match.excluded if match else ()
            if not candidates and not excluded:
                return decision
            return replace(decision, body=decision.body or candidates, excluded=decision.excluded + excluded)
        decision = replace(decision, body=candidates)
        if self.body_policy is BodyPolicy.ANYWHERE:
            return _decided(decision, best, Reason.BODY_ACCEPTED)
        return replace(decision, suggested=best.person_id, reason=Reason.BODY_SUGGESTED, score=best.value)


def _asked(probes: Sequence[Probe], decisions: Sequence[Decision]) -> Asked:
    open_ones = [probe for probe, decision in zip(probes, decisions, strict=True) if decision.open]
    return Asked(open_ones, _holders(decisions), _suggested(decisions))


def _without_rivals(candidates: Sequence[Candidate]) -> float:
    """Return how sure the first of some people would be if the others were not known."""
    first, *others = (candidate.certainty or 0.0 for candidate in candidates)
    return first / max(1 - sum(others), first)


def _cost(candidate: Candidate) -> float:
    """Return what speaks against a person: how unlikely they are, or how far away."""
    return candidate.value if candidate.certainty is None else 1 - candidate.certainty


def _reason(probe: Probe, doubt: Reason | None, given: int | None, excluded: Sequence[Exclusion]) -> Reason:
    """Return the rule that decides: of a face that got nobody, why those nearest to it cannot be it."""
    if doubt is None:
        if probe.said:
            return probe.said[1]
        if probe.ignored:
            return Reason.IGNORED
        return Reason.NO_FACE if probe.is_comparable else Reason.OTHER_MODEL
    if given is not None:
        return doubt
    against = (exclusion.reason for exclusion in excluded if exclusion.person_id not in probe.denied)
    return next(against, doubt)


def _evidence(probe: Probe) -> Evidence:
    """Return what a person that somebody said, or that the face was given, rests on."""
    face, standing = probe.seen.face, probe.standing
    if face is None or (standing and standing.model_id != face.model_id):
        return Evidence.BODY
    return Evidence.FACE


def _suggested(decisions: Sequence[Decision]) -> dict[int, int]:
    """Return by appearance whom it is perhaps."""
    return {decision.appearance_id: decision.suggested for decision in decisions if decision.suggested is not None}


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
