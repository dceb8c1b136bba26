"""What keeps somebody from being in the gallery: who the user said they are not."""

from kith.library.connection import LibraryConnection
from kith.library.person_records import TAUGHT, samples
from kith.values.samples import Sample
from kith.vision.observations import Kind


class GalleryQueries:
    """Faces, and who they are not."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def denied(self, model_id: str) -> list[Sample]:
        """Return the faces of which the user said that they are not somebody, ordered by that person."""
        return samples(
            self._connection, "links", f"l.word = 'is_not' AND l.source = 'user' AND {TAUGHT}", Kind.FACE, model_id
        )
