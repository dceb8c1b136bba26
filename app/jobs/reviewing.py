"""Review what was not recognised: who might it be, and what the user says of it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.errors import BadKnowledgeBase, command
from app.identity.matching import Candidate
from app.identity.photo_records import Sighting
from app.identity.review_records import Unknown
from app.identity.verdicts import Judge, Verdict
from app.jobs.editing import Editor, Outcome
from app.jobs.settling import judged
from app.photos.box import Box
from app.settings import Settings


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


def open_review(settings: Settings) -> "Review":
    """Open the library for a review, also beside a running job; close the review in the same thread.

    Raises BadKnowledgeBase and ModelMissing.
    """
    if not os.path.isfile(settings.library_file):
        raise BadKnowledgeBase(f"There is nothing to review yet: run {command('build-kb')}, then recognise a folder.")
    return Review(settings)


class Review(Editor):
    """Questions about a library's unknown people, and the user's answers, each a change as on the command line."""

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
        known = self._refiler.judge
        judge = replace(known, faces=known.faces.without(key), bodies=known.bodies.without(key))
        found = self._verdict(unknown, judge)
        if found is None:  # a job beside has looked at the photo anew, and nobody is seen there
            return Question(unknown, photo, spot)
        seen, verdict = found
        return Question(
            unknown,
            photo,
            spot,
            self._with_nearest(verdict.face if seen.face else verdict.body, names),
            by_face=seen.face is not None,
            blurred=verdict.blurred,
            likely=names.get(verdict.suggested or verdict.person_id or 0, ""),
            said=names.get(verdict.person_id or 0, "") if verdict.said else "",
        )

    def accept(self, unknown: Unknown, person_id: int) -> Outcome:
        """Say that it is this person."""
        return self.link(unknown.appearance_id, self.person(person_id))

    def name(self, unknown: Unknown, text: str) -> Outcome:
        """Say that it is the person of this name, a new one if nobody has it; raises BadInput where several have."""
        return self.link(unknown.appearance_id, self.meant(text))

    def not_this_person(self, unknown: Unknown, person_id: int) -> Outcome:
        """Say that it is not this person, who is never suggested here again."""
        return self.never(unknown.appearance_id, self.person(person_id))

    def _is_unsure(self, unknown: Unknown) -> bool:
        found = self._verdict(unknown, self._refiler.judge)
        return found is not None and found[1].suggested is not None

    def _verdict(self, unknown: Unknown, judge: Judge) -> tuple[Sighting, Verdict] | None:
        sightings = {seen.appearance_id: seen for seen in self._refiler.sightings(unknown.photo_id, judge)}
        verdicts = judged(self.store, judge, [*sightings.values()], self._refiler.evidence).appearances
        found = ((sightings[one.appearance_id], one) for one in verdicts if one.appearance_id == unknown.appearance_id)
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
