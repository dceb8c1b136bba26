"""Why a photo is filed as it is: each decision with its grounds, from the library alone."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kith.errors import BadInput, BadPhoto
from kith.jobs.decisions import Decisions
from kith.jobs.duplicates import better_than
from kith.jobs.people import People
from kith.jobs.phrases import IN_WORDS
from kith.jobs.references import appearance_meant, files_named, label_of, parted, photo_meant
from kith.library.redecision_queries import StoredPhoto
from kith.library.store import Store
from kith.photos.box import Box
from kith.photos.pixels import load_rgb
from kith.setting_types import AUTOMATIC
from kith.settings import Settings
from kith.text import timecode
from kith.values.decisions import Candidate, Decision, Exclusion, Reason
from kith.values.links import Word
from kith.values.sightings import Sighting

_NOBODY = "nobody to know"
_LOOKED_AT = 64  # pixels, where only is asked whether a photo can be read


@dataclass(frozen=True, slots=True)
class Likeness:
    """A person it might be, and their known photo that is most alike (where its file is known).

    `value` is the distance of faces or the similarity of bodies, `margin` how far the next person is behind (None:
    there is no other), `samples` how many of the person's photos `value` is the mean over, `certainty` the probability
    that a face is they (None of bodies).
    """

    person: str
    value: float
    margin: float | None
    samples: int
    nearest: str
    certainty: float | None = None


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A person it cannot be, by which rule, and the face that speaks against them, if there is one."""

    person: str
    rule: Reason
    by: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision on an appearance: who it is or, if only suggested, might be, and the rule that says so.

    `elsewhere` tells what other libraries say against it.
    """

    appearance: str
    place: str
    person: str
    suggested: str
    rule: Reason
    by_face: tuple[Likeness, ...]
    by_body: tuple[Likeness, ...]
    ruled_out: tuple[RuledOut, ...]
    pixels: float
    sharpness: float
    models: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """All decisions on a photo, with the thresholds that hold today; `taken_at` is empty where it is not known.

    `edited_at` tells since when words said of an earlier content of its file count for this one, empty where none do.
    `one_with` are other files of the same photo; `nearly` is a better photo that is nearly the same, empty where there
    is none, which is filed for this one where that `is_left_out`.
    """

    photo: str
    taken_at: str
    edited_at: str
    thresholds: Mapping[str, float | str]
    appearances: tuple[Explanation, ...]
    one_with: tuple[str, ...] = ()
    nearly: str = ""
    is_left_out: bool = False


def explain(store: Store, decisions: Decisions, settings: Settings, text: str) -> Why:
    """Decide the photo, or the appearance in it, that a text means once more, and give the grounds.

    Raises BadInput, BadPhoto, BadKnowledgeBase, NobodyTaught and ModelMismatch.
    """
    photo_id, appearance_id, shown = _meant(store, text)
    grounds = _Grounds(store, decisions, decisions.photo(photo_id))
    told = grounds.told(appearance_id, shown)
    if appearance_id is not None:
        return told
    others = tuple(str(file) for file in store.reviews.files(photo_id) if str(file) != shown)
    better, is_left_out = better_than(store, settings, photo_id)
    return replace(told, one_with=others, nearly=str(better or ""), is_left_out=is_left_out)


def explain_photo(store: Store, decisions: Decisions, photo_id: int, shown: str) -> Why:
    """Decide a photo by its number once more, and give the grounds; `shown` is what it is called."""
    return _Grounds(store, decisions, decisions.photo(photo_id)).told(None, shown)


def _meant(store: Store, text: str) -> tuple[int, int | None, str]:
    """Return the photo, the only appearance asked about if it is one, and the photo's path."""
    path = Path(os.path.abspath(text))
    if os.path.lexists(path) or store.photos.at_path(path):
        _check_readable(store, path)
        shown = str(path)
        return photo_meant(store, shown), None, shown
    appearance_id = None
    name, number = parted(text)
    if number is None:
        photo_id = photo_meant(store, text)
    else:
        appearance_id = appearance_meant(store, text)
        photo_id = store.photos.photo_of(appearance_id) or 0
    files = [*files_named(store, text if number is None else name, photo_id), *store.reviews.files(photo_id)]
    return photo_id, appearance_id, str(files[0]) if files else text


def _check_readable(store: Store, path: Path) -> None:
    """Raise BadInput for a folder, and BadPhoto for a file that is new or changed and cannot be read."""
    if os.path.isdir(path):
        raise BadInput(f"{path} is a folder: name a photo in it.")
    if not os.path.lexists(path) or store.reviews.is_unchanged(path):
        return
    try:
        load_rgb(path, _LOOKED_AT)
    except BadPhoto as error:
        known = store.photos.at_path(path)
        decided = "what was decided on it before stands" if known else "nothing is decided on it"
        raise BadPhoto(path, f"failed, {decided}: {error.reason}") from error


class _Grounds:
    """What the library knows of a photo, and whom that makes of the people in it."""

    def __init__(self, store: Store, decisions: Decisions, photo: StoredPhoto) -> None:
        self._store = store
        self._reviews = store.reviews
        self._names = People(store).names()
        self._decisions = decisions
        self._photo = photo

    def told(self, appearance_id: int | None, photo: str) -> Why:
        """Return the grounds, those of one appearance only if it is given."""
        case = self._photo.case
        sightings = {seen.appearance_id: seen for seen in case.sightings}
        decided = self._decisions.decide(self._photo)
        explanations = []
        for number, decision in enumerate(decided.appearances, start=1):
            key = decision.appearance_id
            if appearance_id in (None, key):
                apart = self._apart(decision)
                explanations.append(self._explained(number, sightings[key], apart))
        taken_at = case.taken_at if sightings else None
        edited_at = self._store.carried.since(self._photo.id)
        thresholds = thresholds_of(self._decisions)
        return Why(photo, taken_at or "", edited_at or "", thresholds, tuple(explanations))

    def _apart(self, decision: Decision) -> Decision:
        """Return the decision on an appearance as if it did not teach: it is not compared with itself."""
        key = decision.appearance_id
        if not self._decisions.teaches(key):
            return decision
        again = self._decisions.decide(self._photo, apart=key).appearances
        return next(decision for decision in again if decision.appearance_id == key)

    def _explained(self, number: int, seen: Sighting, decision: Decision) -> Explanation:
        key, face, body = seen.appearance_id, seen.face, seen.body
        kind = "face" if face else "body"
        _, box = self._reviews.place(key)
        ruled_out = [self._ruled_out(exclusion, key) for exclusion in decision.excluded]
        pixels, sharpness = (face.pixels, face.sharpness) if face else (0.0, 0.0)
        models = [observation.model_id for observation in (face, seen.second, body) if observation]
        return Explanation(
            label_of(self._store, key),
            f"{kind} {number}, {_place(box)}",
            self._name(decision.person_id),
            self._name(decision.suggested),
            decision.reason,
            tuple(map(self._likeness, decision.face)),
            tuple(map(self._likeness, decision.body)),
            tuple(ruled_out),
            pixels,
            sharpness,
            tuple(models),
            tuple(self._elsewhere(key)),
        )

    def _elsewhere(self, appearance_id: int) -> Iterator[str]:
        for person_id, word in self._store.told.contradictions(appearance_id):
            yield f"is {_NOBODY}" if person_id is None else f"{IN_WORDS[Word(word)]} {self._name(person_id)}"

    def _name(self, person_id: int | None) -> str:
        return self._names.get(person_id or 0, "")

    def _likeness(self, candidate: Candidate) -> Likeness:
        photo_id, _ = self._reviews.place(candidate.nearest)
        source = self._reviews.source(photo_id)
        margin = None if candidate.margin == float("inf") else candidate.margin
        name = self._names[candidate.person_id]
        return Likeness(name, candidate.value, margin, candidate.samples, str(source or ""), candidate.certainty)

    def _ruled_out(self, exclusion: Exclusion, appearance_id: int) -> RuledOut:
        by = "" if exclusion.by in (None, appearance_id) else label_of(self._store, exclusion.by)
        return RuledOut(self._names[exclusion.person_id], exclusion.reason, by)


def _place(box: Box) -> str:
    """Return in words where in the upright photo a box lies, and when in a video."""
    if box.moment is not None:
        return f"{timecode(box.moment)}, {_place(box.in_frame)}"
    column = _third(box.x + box.w / 2, 0.4, 0.6, ("left", "", "right"))
    row = _third(box.y + box.h / 2, 0.33, 0.67, ("top", "", "bottom"))
    if row:
        return f"at the {row} {column}".strip()
    return f"{column} of the middle" if column else "in the middle"


def _third(place: float, low: float, high: float, names: tuple[str, str, str]) -> str:
    return names[(place >= low) + (place > high)]


def thresholds_of(decisions: Decisions) -> dict[str, float | str]:
    """Return the numbers that decisions go by, as the settings call them."""
    decider = decisions.decider
    return {
        "sure_at": decider.sure_at,
        "suggest_at": decider.suggest_at,
        "face_tol": decider.face_tol or AUTOMATIC,
        "face_margin": decider.face_margin or AUTOMATIC,
        "face_suggest": decider.face_suggest or AUTOMATIC,
        "least sharpness": decider.least_sharpness,
        "body_tol": decider.body_tol,
        "body_policy": decisions.body_policy,
    }
