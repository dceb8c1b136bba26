"""What judging reads of the library beside the gallery: who is denied, who is ignored, when photos were taken."""

from kith.library.connection import LibraryConnection
from kith.library.person_records import samples
from kith.library.soundness import text_of
from kith.values.samples import Sample
from kith.vision.observations import Kind


class GalleryRecords:
    """Who a face is not, who is ignored, and the time of a photo."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def denied(self, model_id: str) -> list[Sample]:
        """Return the faces of which the user said that they are not somebody, ordered by that person."""
        return samples(self._connection, "links", "l.word = 'is_not' AND l.source = 'user'", Kind.FACE, model_id)

    def taken_at(self, appearance_id: int) -> str | None:
        """Return when the photo of an appearance was taken (ISO 8601), None where it does not say."""
        rows = self._connection.read(
            "photos",
            lambda row: row[0] and text_of(row[0]),
            "SELECT p.id, p.taken_at FROM photos p JOIN appearances a ON a.photo_id = p.id WHERE a.id = ?",
            (appearance_id,),
        )
        return next(rows, None)

    def ignored(self, appearance_id: int) -> set[int]:
        """Return the ignored appearances of the photo that an appearance is in."""
        rows = self._connection.execute(
            "SELECT i.appearance_id FROM ignored i JOIN appearances a ON a.id = i.appearance_id "
            "WHERE a.photo_id = (SELECT photo_id FROM appearances WHERE id = ?)",
            (appearance_id,),
        )
        return {row[0] for row in rows}
