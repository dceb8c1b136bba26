"""Make a judge from the knowledge base."""

from app.errors import BadKnowledgeBase, ModelMismatch, command
from app.identity.gallery import Gallery, gallery_of, good_faces, taught_samples
from app.identity.person_records import PersonRecords
from app.identity.store import Store
from app.identity.verdicts import Judge
from app.jobs.context import Context
from app.settings import BodyPolicy, Settings
from app.vision.encode import FACE_MODEL_ID
from app.vision.observations import Kind


def judge_from(context: Context) -> Judge:
    """Return the judge of a job; raises as `judge_of`."""
    return judge_of(context.settings, context.store, context.spec.body_model_id)


def judge_of(settings: Settings, store: Store, body_model_id: str | None) -> Judge:
    """Return the judge over what dataset and user teach; without a body model it goes by faces only.

    Raises BadKnowledgeBase where nobody is taught and ModelMismatch where the bodies are another model's.
    """
    faces = taught_samples(store.people, Kind.FACE, FACE_MODEL_ID)
    if not faces:
        raise BadKnowledgeBase(
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
    )


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
