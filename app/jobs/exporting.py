"""Write encodings.pkl from the library."""

from app.filing.encodings import write_encodings
from app.identity.gallery import Sample, good_faces, taught_samples
from app.identity.store import Store
from app.settings import Settings
from app.vision.encode import FACE_MODEL_ID
from app.vision.observations import Kind


def export_encodings(settings: Settings, store: Store, body_model_id: str | None) -> list[Sample]:
    """Write what is taught for scripts that read encodings.pkl, and return the faces in it; raises FilingFailed."""
    people = store.people.all()
    faces = good_faces(taught_samples(store.people, Kind.FACE, FACE_MODEL_ID), settings.lap_var_thresh)
    bodies = taught_samples(store.people, Kind.BODY, body_model_id) if body_model_id else []
    write_encodings(
        settings.encodings_file,
        [(people[sample.person_id].name, sample.vector) for sample in faces],
        [(people[sample.person_id].name, sample.vector) for sample in bodies],
    )
    return faces
