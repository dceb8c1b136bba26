"""Make a judge from the knowledge base."""

from kith.errors import ModelMismatch, NobodyTaught, command
from kith.identity.event_evidence import EventEvidence
from kith.identity.gallery import Gallery, Sample, gallery_of, good_faces, is_good, taught_samples
from kith.identity.person_records import PersonRecords
from kith.identity.store import Store
from kith.identity.verdicts import Judge
from kith.identity.vetoes import Life
from kith.jobs.context import Context
from kith.settings import BodyPolicy, Settings
from kith.vision.encode import FACE_MODEL_ID
from kith.vision.observations import Kind


def judge_from(context: Context) -> Judge:
    """Return the judge of a job; raises as `judge_of`."""
    return judge_of(context.settings, context.store, context.spec.body_model_id)


def judge_of(settings: Settings, store: Store, body_model_id: str | None) -> Judge:
    """Return the judge over what dataset and user teach; without a body model it goes by faces only.

    Raises NobodyTaught, and ModelMismatch where the bodies are another model's.
    """
    faces = taught_samples(store.people, Kind.FACE, FACE_MODEL_ID)
    if not faces:
        raise NobodyTaught(
            f"The knowledge base {store.path} knows nobody yet: put one folder of photos per person into "
            f"{settings.dataset_folder} and run {command('build-kb')}."
        )
    return Judge(
        faces=gallery_of(FACE_MODEL_ID, good_faces(faces, settings.lap_var_thresh)),
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


def judge_by_words(settings: Settings) -> Judge:
    """Return the judge where nobody is taught: the words of user and dataset alone say who is who."""
    nobody, bodies = gallery_of(FACE_MODEL_ID, []), gallery_of("", [])
    return Judge(nobody, bodies, settings.face_tol, settings.body_tol, BodyPolicy.OFF, settings.lap_var_thresh)


def evidence_for(judge: Judge, settings: Settings, store: Store) -> EventEvidence:
    """Return what collects the bodies of events for a judge."""
    return EventEvidence(store.events, judge.faces.model_id, judge.bodies.model_id, settings.event_gap)


def _denied(store: Store, least_sharpness: float) -> Gallery:
    """Return the faces that the user denied to be somebody, those good enough to be compared with."""
    samples = [Sample(*row) for row in store.gallery.denied(FACE_MODEL_ID)]
    return gallery_of(FACE_MODEL_ID, [one for one in samples if is_good(one, least_sharpness)])


def _bodies(people: PersonRecords, model_id: str | None) -> Gallery:
    if model_id is None:
        return gallery_of("", [])
    samples = taught_samples(people, Kind.BODY, model_id)
    others = people.taught_models(Kind.BODY) - {model_id}
    if not samples and others:
        raise ModelMismatch(
            f"The knowledge base knows bodies by {', '.join(sorted(others))}, the settings ask for {model_id}: run "
            f"{command('build-kb')}, or set reid_model and reid_weights back, or body_policy to off."
        )
    return gallery_of(model_id, samples)
