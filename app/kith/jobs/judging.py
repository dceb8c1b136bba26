"""Make a decider from the knowledge base."""

from kith.errors import ModelMismatch, NobodyTaught, command
from kith.identity.decision import Decider
from kith.identity.event_evidence import EventEvidence
from kith.identity.exclusions import Life
from kith.identity.gallery import Gallery, gallery_of, good_faces, is_good
from kith.jobs.context import Context
from kith.library.person_records import PersonRecords
from kith.library.store import Store
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind


def decider_from(context: Context) -> Decider:
    """Return the decider of a job; raises as `judge_of`."""
    return decider_of(context.settings, context.store, context.spec.body_model_id)


def decider_of(settings: Settings, store: Store, body_model_id: str | None) -> Decider:
    """Return the decider over what dataset and user teach; without a body model it goes by faces only.

    Raises NobodyTaught, and ModelMismatch where the bodies are another model's.
    """
    faces = store.people.taught(Kind.FACE, default_face_model().id)
    if not faces:
        raise NobodyTaught(
            f"The knowledge base {store.path} knows nobody yet: put one folder of photos per person into "
            f"{settings.dataset_folder} and run {command('build-kb')}."
        )
    return Decider(
        faces=gallery_of(default_face_model().id, good_faces(faces, settings.lap_var_thresh)),
        bodies=_bodies(store.people, body_model_id),
        face_tol=settings.face_tol,
        body_tol=settings.body_tol,
        body_policy=settings.body_policy if body_model_id else BodyPolicy.OFF,
        least_sharpness=settings.lap_var_thresh,
        face_margin=settings.face_margin,
        face_suggest=settings.face_suggest,
        denied=_denied(store, settings.lap_var_thresh),
        lives={one.id: Life(one.birth, one.death) for one in store.people.all().values() if one.birth or one.death},
    )


def decider_by_words(settings: Settings) -> Decider:
    """Return the decider where nobody is taught: the words of user and dataset alone say who is who."""
    nobody, bodies = gallery_of(default_face_model().id, []), gallery_of("", [])
    return Decider(nobody, bodies, settings.face_tol, settings.body_tol, BodyPolicy.OFF, settings.lap_var_thresh)


def evidence_for(decider: Decider, settings: Settings, store: Store) -> EventEvidence:
    """Return what collects the bodies of events for a decider."""
    return EventEvidence(store.events, decider.faces.model_id, decider.bodies.model_id, settings.event_gap)


def _denied(store: Store, least_sharpness: float) -> Gallery:
    """Return the faces that the user denied to be somebody, those good enough to be compared with."""
    samples = store.gallery.denied(default_face_model().id)
    return gallery_of(default_face_model().id, [sample for sample in samples if is_good(sample, least_sharpness)])


def _bodies(people: PersonRecords, model_id: str | None) -> Gallery:
    if model_id is None:
        return gallery_of("", [])
    samples = people.taught(Kind.BODY, model_id)
    others = people.taught_models(Kind.BODY) - {model_id}
    if not samples and others:
        raise ModelMismatch(
            f"The knowledge base knows bodies by {', '.join(sorted(others))}, the settings ask for {model_id}: run "
            f"{command('build-kb')}, or set reid_model and reid_weights back, or body_policy to off."
        )
    return gallery_of(model_id, samples)
