"""Review what was not recognised: who might it be, and what the user says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_names import alike
from kith.jobs.user_words import Is, IsNot, UserWord
from kith.library.review_queries import Unknown
from kith.photos.box import Box
from kith.values.decisions import Candidate, Decision, Reason


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in an upright photo; no `path` where its file is gone or was changed since it was looked at."""

    path: Path | None
    box: Box


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whom it might be: `value` is a face's distance or a body's similarity, `nearest` their most alike known one.

    `certainty` is how likely it is that a face is they: None of bodies. The value rests on so many `samples`.
    """

    person_id: int
    name: str
    value: float
    nearest: Spot
    certainty: float | None = None
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Who is this, in the photo of that name? With the best suggestions, by face or else by body.

    `likely` names who is near enough by now, `said` whom the user has named; `reason` is the rule that decides.
    """

    unknown: Unknown
    photo: str
    spot: Spot
    suggestions: tuple[Suggestion, ...] = ()
    by_face: bool = True
    blurred: bool = False
    likely: str = ""
    said: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class TakenBackAnswer(Outcome):
    """An answer that was taken back; `unknown` is who it was about."""

    unknown: Unknown = field(kw_only=True)


class Review:
    """Questions about an open library's unknown people, and the user's answers, each a word as on the command line."""

    def __init__(self, library: OpenLibrary) -> None:
        self.library = library
        self._people = library.people
        self._reviews = library.store.reviews
        self._decisions = library.decisions
        self._answers: dict[int, Unknown] = {}  # by the number of their change

    def unknowns(self) -> list[Unknown]:
        """Return who is unknown or unsure in photos that are still there: faces, then bodies like somebody known."""
        unknowns = self._reviews.unknowns(self._decisions.face_model_id)
        photos = dict.fromkeys(unknown.photo_id for unknown in unknowns)
        there = {photo_id for photo_id in photos if self._reviews.file_of(photo_id)}
        asked = [unknown for unknown in unknowns if unknown.photo_id in there]
        return [unknown for unknown in asked if unknown.has_face or self._is_unsure(unknown)]

    def question(self, unknown: Unknown) -> Question:
        """Return whom an appearance might be, never whom the user said it is not."""
        if not self._decisions.are_current:
            self._decisions.forget()
        key, names = unknown.appearance_id, self._people.names()
        spot = self._spot(key)
        source = spot.path or self._reviews.source(unknown.photo_id)
        photo = source.name if source else ""
        decision = self._decision(unknown, apart=key)
        if decision is None:  # a job beside has looked at the photo anew, and nobody is seen there
            return Question(unknown, photo, spot)
        candidates = decision.face if decision.has_face else decision.body
        known = decision.person_id or 0
        likely = decision.suggested or known
        return Question(
            unknown,
            photo,
            spot,
            self._suggestions(candidates, names),
            by_face=decision.has_face,
            blurred=decision.blurred,
            likely=names.get(likely, ""),
            said=names.get(known, "") if decision.said else "",
            reason=decision.reason,
        )

    def accept(self, unknown: Unknown, person_id: int) -> Outcome:
        """Say that it is this person."""
        person = self._people.by_number(person_id)
        return self._answer(unknown, Is([unknown.appearance_id], person))

    def name(self, unknown: Unknown, text: str) -> Outcome:
        """Say that it is the person of this name, a new one if nobody has it; raises BadInput where several have.

        A new name is meant as it is: whether it is a known one mistyped is asked before, by `alike`.
        """
        person = self._people.meant(text)
        return self._answer(unknown, Is([unknown.appearance_id], person, meant=True))

    def alike(self, text: str) -> tuple[int, str] | None:
        """Return whom a name was perhaps meant for that nobody has, by number and name to show; raises BadInput."""
        person = alike(self._people.all().values(), text)
        return (person.id, self._people.shown(person)) if person else None

    def not_this_person(self, unknown: Unknown, person_id: int) -> Outcome:
        """Say that it is not this person, who is never suggested here again."""
        person = self._people.by_number(person_id)
        return self._answer(unknown, IsNot(unknown.appearance_id, person))

    def undo(self) -> TakenBackAnswer:
        """Take the newest answer of this review back, and let the copies follow.

        Raises BadInput where there is none, and where something was changed elsewhere since, which is left alone.
        """
        taken_back = self.library.take_back(self._answers)
        if taken_back is None:
            raise BadInput(self._why_not_undone())
        change_id, outcome = taken_back
        return TakenBackAnswer(outcome.text, outcome.problems, unknown=self._answers[change_id])

    def _answer(self, unknown: Unknown, word: UserWord) -> Outcome:
        """Say something of somebody, and remember of whom, also where the copies could not follow."""
        made = self.library.made
        before = len(made)
        try:
            return self.library.say(word)
        finally:
            self._answers |= dict.fromkeys(made[before:], unknown)

    def _why_not_undone(self) -> str:
        standing = [change for change in self.library.history() if not change.undone]
        if not any(change.id in self._answers for change in standing):
            return "There is no answer of this review to take back."
        newest = standing[0].summary
        return f"Nothing is taken back, since something was changed elsewhere: {newest}. Take that back first."

    def _is_unsure(self, unknown: Unknown) -> bool:
        decision = self._decision(unknown)
        return decision is not None and decision.suggested is not None

    def _decision(self, unknown: Unknown, apart: int | None = None) -> Decision | None:
        photo = self._decisions.photo(unknown.photo_id)
        decided = self._decisions.decide(photo, apart)
        for decision in decided.appearances:
            if decision.appearance_id == unknown.appearance_id:
                return decision
        return None

    def _suggestions(self, candidates: Sequence[Candidate], names: dict[int, str]) -> tuple[Suggestion, ...]:
        suggestions = []
        for candidate in candidates:
            person_id = candidate.person_id
            if person_id in names:  # else forgotten beside
                nearest = self._spot(candidate.nearest)
                certainty, samples = candidate.certainty, candidate.samples
                name = names[person_id]
                suggestion = Suggestion(person_id, name, candidate.value, nearest, certainty, samples)
                suggestions.append(suggestion)
        return tuple(suggestions)

    def _spot(self, appearance_id: int) -> Spot:
        photo_id, box = self._reviews.place(appearance_id)
        return Spot(self._reviews.file_of(photo_id), box)
