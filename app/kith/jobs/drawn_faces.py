"""Faces that the user drew: described by the face network in a worker process, so that they teach."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from kith.errors import KithError
from kith.identity.gallery import shortcoming
from kith.jobs.descriptions import Asked, at_hand, described
from kith.jobs.engines import decided_device, find_engines
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.workers import ExecutorFactory, Workers, memory_for_photos, photo_pool
from kith.settings import Settings
from kith.text import counted
from kith.values.samples import LEAST_FRONTALITY
from kith.vision.observations import Observation

Described = tuple[Asked, Sequence[tuple[int, Observation]]]

NOT_DESCRIBED = "The face could not be described, so it teaches nothing yet; what you said stands."


def drawn(library: OpenLibrary) -> list[Asked]:
    """Return the faces that are drawn and still to be described, in photos that are at hand."""
    return at_hand(library.store, library.store.descriptions.drawn(library.decisions.face_model_id))


def describe(settings: Settings, asked: Sequence[Asked], executor: ExecutorFactory | None = None) -> list[Described]:
    """Return what the face network makes of drawn faces; the library is not asked, so any thread may wait for it.

    Raises the KithError that concerns all of them, such as ModelMissing.
    """
    spec, _ = find_engines(settings)
    workers = Workers(executor or partial(photo_pool, 1, 1), 1, memory_for_photos(1))
    try:
        only_faces = spec.describing(spec.face_model)
        return list(described(only_faces, decided_device(settings.device), workers, asked, drawn=True))
    finally:
        workers.close()


def keep(library: OpenLibrary, found: Sequence[Described]) -> Outcome:
    """Write descriptions of drawn faces down and decide their photos again."""
    photos = [photo.faces.photo_id for photo, faces in found if faces]
    with library.store.transaction():
        for photo, faces in found:
            there = set(library.store.photos.appearances(photo.faces.photo_id))  # it may be undone meanwhile
            library.store.descriptions.add(photo.faces, [face for face in faces if face[0] in there])
    if not photos:
        return Outcome("", (NOT_DESCRIBED,))
    decided = library.decide_again(photos)
    reasons = Counter(_why_not(library, *face) for _, faces in found for face in faces)
    teach = reasons.pop("", 0)
    text = f"{counted(teach, 'drawn face')} described: it teaches from now on." if teach else ""
    poor = [
        f"{counted(count, 'drawn face')} can teach nobody: {why}. What you said stands."
        for why, count in reasons.items()
    ]
    return Outcome(text, (*poor, *decided))


def _why_not(library: OpenLibrary, appearance_id: int, face: Observation) -> str:
    """Return why a drawn face teaches nobody, empty where it does."""
    is_turned = face.frontality < LEAST_FRONTALITY and not library.decisions.teaches(appearance_id)
    return shortcoming(face, library.settings.lap_var_thresh) or ("turned away" if is_turned else "")


def redo(library: OpenLibrary) -> tuple[Outcome, list[Asked]]:
    """Do again what was undone last; returns the drawn faces, too, that came back and are to be described anew."""
    before = {key for photo in drawn(library) for key in photo.faces.places}
    outcome = library.redo()
    return outcome, [photo for photo in drawn(library) if not before.issuperset(photo.faces.places)]


def describe_drawn(
    library: OpenLibrary, outcome: Outcome, asked: Sequence[Asked], executor: ExecutorFactory | None = None
) -> Outcome:
    """Describe what is drawn, beside the word that is said of it and stands whatever becomes of this."""
    if not asked:
        return outcome
    try:
        kept = keep(library, describe(library.settings, asked, executor))
        text = f"{outcome.text} {kept.text}".rstrip()
        return replace(outcome, text=text, problems=(*outcome.problems, *kept.problems))
    except KithError as error:
        return replace(outcome, problems=(*outcome.problems, NOT_DESCRIBED, error.message))
