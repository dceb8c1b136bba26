"""Questions about single people who were not recognised: who each might be."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.jobs.open_library import OpenLibrary
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


class Review:
    """Looks up who an open library's unknown people might be."""

    def __init__(self, library: OpenLibrary) -> None:
        self._people = library.people
        self._reviews = library.store.reviews
        self._decisions = library.decisions

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

    def _decision(self, unknown: Unknown, apart: int) -> Decision | None:
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
