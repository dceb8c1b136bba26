"""Review what was not recognised: who might it be, and what the user says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kith.errors import BadInput
from kith.identity.decision import Decider
from kith.jobs.editing import Editor, Outcome
from kith.jobs.library import check_library
from kith.jobs.naming import alike
from kith.jobs.settling import judged
from kith.library.review_records import Unknown
from kith.photos.box import Box
from kith.settings import Settings
from kith.values.decisions import Candidate, Decision
from kith.values.sightings import Sighting


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in an upright photo; no `path` where its file is gone or was changed since it was looked at."""

    path: Path | None
    box: Box


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whom it might be: `value` is a face's distance or a body's similarity, `nearest` their most alike known one."""

    person_id: int
    name: str
    value: float
    nearest: Spot


@dataclass(frozen=True, slots=True)
class Question:
    """Who is this, in the photo of that name? With the best suggestions, by face or else by body.

    `likely` names who is near enough by now, `said` whom the user has named.
    """

    unknown: Unknown
    photo: str
    spot: Spot
    suggestions: tuple[Suggestion, ...] = ()
    by_face: bool = True
    blurred: bool = False
    likely: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class TakenBack(Outcome):
    """An answer that was taken back; `unknown` is who it was about."""

    unknown: Unknown = field(kw_only=True)


def open_review(settings: Settings) -> "Review":
    """Open the library for a review, also beside a running job; close the review in the same thread.

    Raises BadKnowledgeBase and ModelMissing.
    """
    check_library(settings)
    return Review(settings)


class Review(Editor):
    """Questions about a library's unknown people, and the user's answers, each a change as on the command line."""

    tells_likeness = False  # who names somebody new is asked before, by `alike`

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._answers: dict[int, Unknown] = {}  # by the number of their change

    def unknowns(self) -> list[Unknown]:
        """Return who is unknown or unsure in photos that are still there: faces, then bodies like somebody known."""
        there: dict[int, bool] = {}
        return [
            one
            for one in self.store.reviews.unknowns()
            if there.setdefault(one.photo_id, self._refiler.file_of(one.photo_id) is not None)
            and (one.has_face or self._is_unsure(one))
        ]

    def question(self, unknown: Unknown) -> Question:
        """Return whom an appearance might be, never whom the user said it is not."""
        self._refiler.keep_up()
        key = unknown.appearance_id
        spot, names = self._spot(key), self.names()
        source = spot.path or self._refiler.source(unknown.photo_id)
        photo = source.name if source else ""
        known = self._refiler.decider
        decider = replace(known, faces=known.faces.without(key), bodies=known.bodies.without(key))
        found = self._decision(unknown, decider)
        if found is None:  # a job beside has looked at the photo anew, and nobody is seen there
            return Question(unknown, photo, spot)
        seen, decision = found
        return Question(
            unknown,
            photo,
            spot,
            self._with_nearest(decision.face if seen.face else decision.body, names),
            by_face=seen.face is not None,
            blurred=decision.blurred,
            likely=names.get(decision.suggested or decision.person_id or 0, ""),
            said=names.get(decision.person_id or 0, "") if decision.said else "",
        )

    def accept(self, unknown: Unknown, person_id: int) -> Outcome:
        """Say that it is this person."""
        return self._answered(unknown, lambda: self.link(unknown.appearance_id, self.person(person_id)))

    def name(self, unknown: Unknown, text: str) -> Outcome:
        """Say that it is the person of this name, a new one if nobody has it; raises BadInput where several have."""
        return self._answered(unknown, lambda: self.link(unknown.appearance_id, self.meant(text)))

    def alike(self, text: str) -> tuple[int, str] | None:
        """Return whom a name was perhaps meant for that nobody has, by number and name to show; raises BadInput."""
        person = alike(self.persons().values(), text)
        return (person.id, self.names()[person.id]) if person else None

    def not_this_person(self, unknown: Unknown, person_id: int) -> Outcome:
        """Say that it is not this person, who is never suggested here again."""
        return self._answered(unknown, lambda: self.never(unknown.appearance_id, self.person(person_id)))

    def undo(self) -> TakenBack:
        """Take the newest answer of this review back, and let the copies follow.

        Raises BadInput where there is none, and where something was changed elsewhere since, which is left alone.
        """
        taken_back = self._take_back(self._answers)
        if taken_back is None:
            raise BadInput(self._why_not_undone())
        change_id, outcome = taken_back
        return TakenBack(outcome.text, outcome.problems, unknown=self._answers[change_id])

    def _answered(self, unknown: Unknown, say: Callable[[], Outcome]) -> Outcome:
        """Say something of somebody, and remember of whom."""
        before = len(self._made)
        try:
            return say()
        finally:
            self._answers |= dict.fromkeys(self._made[before:], unknown)

    def _why_not_undone(self) -> str:
        standing = [one for one in self.history() if not one.undone]
        if not any(one.id in self._answers for one in standing):
            return "There is no answer of this review to take back."
        newest = standing[0].summary
        return f"Nothing is taken back, since something was changed elsewhere: {newest}. Take that back first."

    def _is_unsure(self, unknown: Unknown) -> bool:
        found = self._decision(unknown, self._refiler.decider)
        return found is not None and found[1].suggested is not None

    def _decision(self, unknown: Unknown, decider: Decider) -> tuple[Sighting, Decision] | None:
        sightings = {seen.appearance_id: seen for seen in self._refiler.sightings(unknown.photo_id, decider)}
        decisions = judged(self.store, decider, [*sightings.values()], self._refiler.evidence).appearances
        found = ((sightings[one.appearance_id], one) for one in decisions if one.appearance_id == unknown.appearance_id)
        return next(found, None)

    def _with_nearest(self, candidates: Sequence[Candidate], names: dict[int, str]) -> tuple[Suggestion, ...]:
        return tuple(
            Suggestion(one.person_id, names[one.person_id], one.value, self._spot(one.nearest))
            for one in candidates
            if one.person_id in names  # else forgotten beside this review
        )

    def _spot(self, appearance_id: int) -> Spot:
        photo_id, box = self.store.reviews.place(appearance_id)
        return Spot(self._refiler.file_of(photo_id), box)
