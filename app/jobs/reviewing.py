"""Review what was not recognised: who might it be, and what the user says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.errors import BadKnowledgeBase, command
from app.identity.matching import Candidate
from app.identity.person_records import Word
from app.identity.photo_records import Sighting
from app.identity.review_records import Unknown
from app.identity.store import Store, open_store
from app.identity.verdicts import Judge, Verdict
from app.jobs.engines import find_engines
from app.jobs.naming import cleaned, who
from app.jobs.refiling import Refiler
from app.jobs.settling import judged
from app.jobs.wording import IN_WORDS, display_names
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
    if not settings.library_file.is_file():
        raise BadKnowledgeBase(f"There is nothing to review yet: run {command('build-kb')}, then recognise a folder.")
    spec, _ = find_engines(settings)
    store = open_store(settings.library_file)
    return Review(store, Refiler(settings, store, spec.body_model_id))


class Review:
    """Questions about a library's unknown people, and the user's answers; each answer is a change of its own.

    An answer is a user's link, after which the photo is filed again. It returns the person's name, and raises BadPhoto
    or FilingFailed where only the filing failed. Anything here may raise BadKnowledgeBase and ModelMismatch.
    """

    def __init__(self, store: Store, refiler: Refiler) -> None:
        self._store = store
        self._refiler = refiler

    def close(self) -> None:
        """Close the library."""
        self._store.close()

    def unknowns(self) -> list[Unknown]:
        """Return who is unknown or unsure in photos that are still there: faces, then bodies like somebody known."""
        there: dict[int, bool] = {}
        return [
            one
            for one in self._store.reviews.unknowns()
            if there.setdefault(one.photo_id, self._refiler.file_of(one.photo_id) is not None)
            and (one.has_face or self._is_unsure(one))
        ]

    def names(self) -> dict[int, str]:
        """Return the name to show for each person."""
        return display_names(self._store.people.all().values())

    def question(self, unknown: Unknown) -> Question:
        """Return whom an appearance might be, never whom the user said it is not."""
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

    def accept(self, unknown: Unknown, person_id: int) -> str:
        """Say that it is this person."""
        return self._say(unknown, Word.IS, self.names()[person_id], lambda: person_id)

    def name(self, unknown: Unknown, text: str) -> str:
        """Say that it is the person of this name, a new one if nobody has it; raises BadInput where several have."""
        name = cleaned(text)
        person = who(self._store.people.all().values(), name)
        if person:
            return self.accept(unknown, person.id)
        return self._say(unknown, Word.IS, name, lambda: self._store.people.add(name))

    def not_this_person(self, unknown: Unknown, person_id: int) -> str:
        """Say that it is not this person, who is never suggested here again."""
        return self._say(unknown, Word.IS_NOT, self.names()[person_id], lambda: person_id)

    def _is_unsure(self, unknown: Unknown) -> bool:
        found = self._verdict(unknown, self._refiler.judge)
        return found is not None and found[1].suggested is not None

    def _verdict(self, unknown: Unknown, judge: Judge) -> tuple[Sighting, Verdict] | None:
        sightings = {seen.appearance_id: seen for seen in self._refiler.sightings(unknown.photo_id, judge)}
        verdicts = judged(self._store, judge, [*sightings.values()], self._refiler.evidence).appearances
        found = ((sightings[one.appearance_id], one) for one in verdicts if one.appearance_id == unknown.appearance_id)
        return next(found, None)

    def _with_nearest(self, candidates: Sequence[Candidate], names: dict[int, str]) -> tuple[Suggestion, ...]:
        return tuple(
            Suggestion(one.person_id, names[one.person_id], one.value, self._spot(one.nearest)) for one in candidates
        )

    def _spot(self, appearance_id: int) -> Spot:
        photo_id, box = self._store.reviews.place(appearance_id)
        return Spot(self._refiler.file_of(photo_id), box)

    def _say(self, unknown: Unknown, word: Word, name: str, person: Callable[[], int]) -> str:
        """Write down the user's word, decide the photo again and file it."""
        key, edits = unknown.appearance_id, self._store.edits
        shown = self._refiler.label(unknown.photo_id, key)
        with self._store.change("review", f"{shown} {IN_WORDS[word]} {name}"):
            person_id = person()
            (edits.name if word is Word.IS else edits.never)(key, person_id)
            plans = self._refiler.settle(unknown.photo_id)
        self._refiler.forget_judge()  # it teaches from now on, or no longer
        self._refiler.file(plans)
        return self.names()[person_id]
