"""Why a photo is filed as it is: each decision with its grounds, from the library alone."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kith.errors import BadInput, BadPhoto
from kith.identity.decision import LEAST_PIXELS_NAMED, Decider
from kith.identity.event_evidence import EventEvidence
from kith.jobs.engines import find_engines
from kith.jobs.judging import decider_of, evidence_for
from kith.jobs.library import check_library
from kith.jobs.references import appearance_meant, parted, photo_meant
from kith.jobs.refiling import Refiler
from kith.jobs.settling import judged
from kith.jobs.wording import display_names
from kith.library.store import Store, open_store
from kith.photos.box import Box
from kith.photos.pixels import load_rgb
from kith.settings import Settings
from kith.values.decisions import Candidate, Decision, Reason
from kith.values.sightings import Sighting

_LOOKED_AT = 64  # pixels, where only is asked whether a photo can be read


@dataclass(frozen=True, slots=True)
class Likeness:
    """A person it might be, and their known photo that is most alike (where its file is known).

    `value` is the distance of faces or the similarity of bodies, `margin` how far the next person is behind (None:
    there is no other), `samples` how many of the person's photos `value` is the mean over.
    """

    person: str
    value: float
    margin: float | None
    samples: int
    nearest: str


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A person it cannot be, by which rule, and the face that speaks against them, if there is one."""

    person: str
    rule: Reason
    by: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision on an appearance: who it is or, if only suggested, might be, and the rule that says so."""

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


@dataclass(frozen=True, slots=True)
class Why:
    """All decisions on a photo, with the thresholds that hold today; `taken_at` is empty where it is not known.

    `edited_at` tells since when words said of an earlier content of its file count for this one, empty where none do.
    """

    photo: str
    taken_at: str
    edited_at: str
    thresholds: Mapping[str, float | str]
    appearances: tuple[Explanation, ...]


def why(settings: Settings, photo: str | Path) -> Why:
    """Decide a photo once more from what is stored, and give the grounds; nothing is changed.

    `photo` is a path, a file's name, or PHOTO#NUMBER for one appearance only. Raises BadInput for a photo that the
    library does not know, BadPhoto for one that cannot be read, BadKnowledgeBase, ModelMissing and ModelMismatch.
    """
    check_library(settings)
    spec, _ = find_engines(settings)
    with open_store(settings.library_file) as store:
        photo_id, appearance_id, shown = _meant(store, str(photo))
        decider = decider_of(settings, store, spec.body_model_id)
        evidence = evidence_for(decider, settings, store)
        witness = _Witness(store, Refiler(settings, store, spec.body_model_id), decider, evidence)
        return witness.explain(photo_id, appearance_id, shown)


def _meant(store: Store, text: str) -> tuple[int, int | None, str]:
    """Return the photo, the only appearance asked about if it is one, and the photo's path."""
    path = Path(os.path.abspath(text))
    if os.path.lexists(path) or store.photos.at_path(path):
        _check_readable(store, path)
        return photo_meant(store, str(path)), None, str(path)
    appearance_id = appearance_meant(store, text) if parted(text)[1] is not None else None
    photo_id = photo_meant(store, text) if appearance_id is None else store.photos.photo_of(appearance_id) or 0
    return photo_id, appearance_id, str(next(iter(store.reviews.files(photo_id)), text))


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


@dataclass(frozen=True, slots=True)
class _Witness:
    """Tells of a photo what the library knows."""

    store: Store
    refiler: Refiler
    decider: Decider
    evidence: EventEvidence

    def explain(self, photo_id: int, appearance_id: int | None, photo: str) -> Why:
        known = self.decider
        sightings = self.refiler.sightings(photo_id, known)
        decisions = judged(self.store, known, sightings, self.evidence).appearances
        seen = {one.appearance_id: one for one in sightings}
        taken_at = self.store.gallery.taken_at(sightings[0].appearance_id) if sightings else None
        names = display_names(self.store.people.all().values())
        told = [
            self._told(number, seen[one.appearance_id], self._apart(one, known, sightings), names)
            for number, one in enumerate(decisions, start=1)
            if appearance_id in (None, one.appearance_id)
        ]
        edited_at = self.store.carried.since(photo_id)
        return Why(photo, taken_at or "", edited_at or "", _thresholds(known), tuple(told))

    def _apart(self, decision: Decision, known: Decider, sightings: Sequence[Sighting]) -> Decision:
        """Return the decision on an appearance that teaches as if it did not: it is not compared with itself."""
        key = decision.appearance_id
        decider = replace(known, faces=known.faces.without(key), bodies=known.bodies.without(key))
        if decider.faces is known.faces and decider.bodies is known.bodies:
            return decision
        return next(
            one for one in judged(self.store, decider, sightings, self.evidence).appearances if one.appearance_id == key
        )

    def _told(self, number: int, seen: Sighting, decision: Decision, names: Mapping[int, str]) -> Explanation:
        face = seen.face
        observed = [one for one in (seen.face, seen.body) if one]
        _, box = self.store.reviews.place(seen.appearance_id)
        return Explanation(
            self._label(seen.appearance_id),
            f"{'face' if face else 'body'} {number}, {_place(box)}",
            names.get(decision.person_id or 0, ""),
            names.get(decision.suggested or 0, ""),
            decision.reason,
            tuple(self._likeness(one, names) for one in decision.face),
            tuple(self._likeness(one, names) for one in decision.body),
            tuple(
                RuledOut(names[one.person_id], one.reason, self._speaks(one.by, seen.appearance_id))
                for one in decision.excluded
            ),
            face.pixels if face else 0.0,
            face.sharpness if face else 0.0,
            tuple(one.model_id for one in observed),
        )

    def _likeness(self, one: Candidate, names: Mapping[int, str]) -> Likeness:
        photo_id, _ = self.store.reviews.place(one.nearest)
        source = self.refiler.source(photo_id)
        margin = None if one.margin == float("inf") else one.margin
        return Likeness(names[one.person_id], one.value, margin, one.samples, str(source or ""))

    def _speaks(self, by: int | None, own: int) -> str:
        return "" if by is None or by == own else self._label(by)

    def _label(self, appearance_id: int) -> str:
        photo_id, _ = self.store.reviews.place(appearance_id)
        return self.refiler.label(photo_id, appearance_id)


def _place(box: Box) -> str:
    """Return in words where in the upright photo a box lies."""
    across, down = box.x + box.w / 2, box.y + box.h / 2
    column = "left" if across < 0.4 else "right" if across > 0.6 else ""
    row = "top" if down < 0.33 else "bottom" if down > 0.67 else ""
    return f"at the {row} {column}".strip() if row else f"{column} of the middle" if column else "in the middle"


def _thresholds(decider: Decider) -> dict[str, float | str]:
    return {
        "face_tol": decider.face_tol,
        "face_margin": decider.face_margin,
        "face_suggest": decider.face_suggest,
        "least sharpness": decider.least_sharpness,
        "least pixels": LEAST_PIXELS_NAMED,
        "body_tol": decider.body_tol,
        "body_policy": decider.body_policy.value,
    }
