"""Write encodings.pkl from the library."""

from collections.abc import Iterable, Iterator, Mapping

from kith.errors import BadInput
from kith.filing.encodings import BEFORE_KITH, foreign_encodings, write_encodings
from kith.filing.old_encodings import NamedVector
from kith.identity.gallery import good_faces
from kith.library.store import Store
from kith.messages import Action, Do, Message, Setting
from kith.settings import Settings
from kith.values.persons import Person
from kith.values.samples import Sample
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind


def export_encodings(settings: Settings, store: Store, body_model_id: str | None) -> None:
    """Write what is taught for scripts that read encodings.pkl: faces as dlib describes them, whatever compares them.

    Raises BadInput where another file has its name, and FilingFailed.
    """
    records = store.people
    people = records.all()
    taught = records.taught(Kind.FACE, default_face_model().id)
    faces = good_faces(taught, settings.lap_var_thresh)
    bodies = records.taught(Kind.BODY, body_model_id) if body_model_id else []
    write_encodings(settings.encodings_file, _named(faces, people), _named(bodies, people))


def _named(samples: Iterable[Sample], people: Mapping[int, Person]) -> Iterator[NamedVector]:
    return ((people[sample.person_id].name, sample.vector) for sample in samples)


def check_export(settings: Settings) -> list[str]:
    """Return what is to be said before the export is written; raises BadInput where another file has its name."""
    export = settings.encodings_file
    if export.suffix.lower() in settings.valid_exts or _is_of_the_library(settings):
        raise BadInput(
            Setting("encodings_filename"),
            f" names {export}, which is the place of another kind of file: let it name one such as encodings.pkl.",
        )
    if not foreign_encodings(export):
        return []
    kept = f"{export.name}.{BEFORE_KITH}"
    told = f"{export} is not as this Kith wrote it, and is kept beside the new one as {kept}: "
    return [Message(told, Do(Action.IMPORT_KB), " teaches the people in such a file.")]


def _is_of_the_library(settings: Settings) -> bool:
    """Say whether the export would have the name of the library, or of a file that lies beside it."""
    export, library = settings.encodings_file, settings.library_file
    if export.parent != library.parent:
        return False
    name = export.name.casefold()
    return name.startswith(library.name.casefold())
