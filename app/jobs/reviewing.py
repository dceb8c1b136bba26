"""Review what was not recognised: who might it be, and what the user says of it."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.errors import BadInput, BadKnowledgeBase, command
from app.filing.copies import plan_copies
from app.filing.names import folder_names
from app.identity.copy_records import CopyRecord
from app.identity.gallery import Gallery
from app.identity.matching import Candidate, nearest_sample
from app.identity.person_records import Link, Source, Word
from app.identity.photo_records import Sighting
from app.identity.review_records import Unknown
from app.identity.store import Store, open_store
from app.identity.verdicts import Judge, Verdict
from app.jobs.engines import find_engines
from app.jobs.judging import judge_of
from app.jobs.settling import decide, file_copies
from app.jobs.wording import display_names
from app.photos.box import Box
from app.settings import Settings
from app.vision.observations import Observation

Plan = tuple[Path, list[CopyRecord], list[CopyRecord]]  # the photo, its copies standing, those outdated


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
    return Review(settings, open_store(settings.library_file), spec.body_model_id)


class Review:
    """Questions about a library's unknown people, and the user's answers; each answer is one short transaction.

    An answer is a user's link, after which the photo is filed again. It returns the person's name, and raises BadPhoto
    or FilingFailed where only the filing failed. Anything here may raise BadKnowledgeBase and ModelMismatch.
    """

    def __init__(self, settings: Settings, store: Store, body_model_id: str | None) -> None:
        self._settings = settings
        self._store = store
        self._body_model_id = body_model_id
        self._known: Judge | None = None

    def close(self) -> None:
        """Close the library."""
        self._store.close()

    def unknowns(self) -> list[Unknown]:
        """Return who is unknown or unsure in photos that are still there: faces, then bodies like somebody known."""
        there: dict[int, bool] = {}
        return [
            one
            for one in self._store.reviews.unknowns()
            if there.setdefault(one.photo_id, self._file(one.photo_id) is not None)
            and (one.has_face or self._is_unsure(one))
        ]

    def names(self) -> dict[int, str]:
        """Return the name to show for each person."""
        return display_names(self._store.people.all().values())

    def question(self, unknown: Unknown) -> Question:
        """Return whom an appearance might be, never whom the user said it is not."""
        key = unknown.appearance_id
        spot, names = self._spot(key), self.names()
        source = spot.path or self._source(unknown.photo_id)
        photo = source.name if source else ""
        judge = replace(self._judge, faces=self._judge.faces.without(key), bodies=self._judge.bodies.without(key))
        found = self._verdict(unknown, judge)
        if found is None:  # a job beside has looked at the photo anew, and nobody is seen there
            return Question(unknown, photo, spot)
        seen, verdict = found
        return Question(
            unknown,
            photo,
            spot,
            self._suggestions(judge, seen, verdict, names),
            by_face=seen.face is not None,
            blurred=verdict.blurred,
            likely=names.get(verdict.suggested or verdict.person_id or 0, ""),
            said=names.get(verdict.person_id or 0, "") if verdict.said else "",
        )

    def accept(self, unknown: Unknown, person_id: int) -> str:
        """Say that it is this person."""
        with self._store.transaction():
            plans = self._say(unknown, person_id, Word.IS)
        return self._file_again(person_id, plans)

    def name(self, unknown: Unknown, text: str) -> str:
        """Say that it is the person of this name, a new one if nobody has it; raises BadInput where several have."""
        with self._store.transaction():
            person_id = self._called(text)
            plans = self._say(unknown, person_id, Word.IS)
        return self._file_again(person_id, plans)

    def not_this_person(self, unknown: Unknown, person_id: int) -> str:
        """Say that it is not this person, who is never suggested here again."""
        with self._store.transaction():
            plans = self._say(unknown, person_id, Word.IS_NOT)
        return self._file_again(person_id, plans)

    @property
    def _judge(self) -> Judge:
        self._known = self._known or judge_of(self._settings, self._store, self._body_model_id)
        return self._known

    def _is_unsure(self, unknown: Unknown) -> bool:
        found = self._verdict(unknown, self._judge)
        return found is not None and found[1].suggested is not None

    def _verdict(self, unknown: Unknown, judge: Judge) -> tuple[Sighting, Verdict] | None:
        sightings = {seen.appearance_id: seen for seen in self._sightings(unknown.photo_id, judge)}
        verdicts = judge.photo([*sightings.values()], self._store.people.links).appearances
        found = ((sightings[one.appearance_id], one) for one in verdicts if one.appearance_id == unknown.appearance_id)
        return next(found, None)

    def _sightings(self, photo_id: int, judge: Judge) -> list[Sighting]:
        """Return what the last look saw, without the bodies of another model than the gallery's."""
        analysis = self._store.reviews.newest_analysis(photo_id)
        return [
            seen if seen.body and seen.body.model_id == judge.bodies.model_id else replace(seen, body=None)
            for seen in self._store.photos.sightings(analysis or 0)
        ]

    def _suggestions(
        self, judge: Judge, seen: Sighting, verdict: Verdict, names: dict[int, str]
    ) -> tuple[Suggestion, ...]:
        if seen.face:
            return self._with_nearest(judge.faces, seen.face, verdict.face, names)
        return self._with_nearest(judge.bodies, seen.body, verdict.body, names) if seen.body else ()

    def _with_nearest(
        self, gallery: Gallery, seen: Observation, candidates: Sequence[Candidate], names: dict[int, str]
    ) -> tuple[Suggestion, ...]:
        return tuple(
            Suggestion(
                one.person_id,
                names[one.person_id],
                one.value,
                self._spot(nearest_sample(gallery, one.person_id, seen.vector)),
            )
            for one in candidates
        )

    def _spot(self, appearance_id: int) -> Spot:
        photo_id, box = self._store.reviews.place(appearance_id)
        return Spot(self._file(photo_id), box)

    def _file(self, photo_id: int) -> Path | None:
        reviews = self._store.reviews
        return next((path for path in reviews.files(photo_id) if reviews.is_unchanged(path)), None)

    def _called(self, text: str) -> int:
        name, names = " ".join(text.split()), self.names()
        if not name:
            raise BadInput("Type a name first.")
        persons = self._store.people.all()
        found = [key for key, shown in names.items() if shown == name]
        found = found or [key for key, person in persons.items() if same_name(person.name, name)]
        if len(found) > 1:
            choice = " or ".join(names[key] for key in found)
            raise BadInput(f"{len(found)} people are called {name}: say which one, {choice}.")
        return found[0] if found else self._store.people.add(name)

    def _say(self, unknown: Unknown, person_id: int, word: Word) -> list[Plan]:
        """Write down the user's word and return the plan of copies for each output folder."""
        store, photo_id, judge = self._store, unknown.photo_id, self._judge
        if word is Word.IS:
            store.reviews.take_back_names(unknown.appearance_id)
        store.people.say(Link(unknown.appearance_id, person_id, word, Source.USER))
        people = decide(store, judge, self._sightings(photo_id, judge)).people or (None,)
        self._known = None  # it teaches from now on, or no longer
        source = self._source(photo_id)
        if source is None:
            return []
        folders = folder_names(store.people.all().values())
        # An output folder that is gone, perhaps with its drive, is not made anew for one photo.
        outputs = [output for output in store.reviews.outputs(photo_id) if output.is_dir()]
        return [
            (source, *plan_copies(store.copies, photo_id, source.name, people, folders, output)) for output in outputs
        ]

    def _source(self, photo_id: int) -> Path | None:
        """Return where the photo lies, or else where it was last seen."""
        return self._file(photo_id) or next(iter(self._store.reviews.files(photo_id)), None)

    def _file_again(self, person_id: int, plans: list[Plan]) -> str:
        for source, standing, outdated in plans:
            file_copies(self._store.copies, source, standing, outdated)
        return self.names()[person_id]


def same_name(one: str, other: str) -> bool:
    """Say whether two names are one to a reader: capitals and the way accents are composed do not count."""
    return unicodedata.normalize("NFC", one).casefold() == unicodedata.normalize("NFC", other).casefold()
