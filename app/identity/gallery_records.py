"""What judging reads of the library beside the gallery: who is denied, who is ignored, when photos were taken."""

import sqlite3

from app.identity.person_records import SAMPLES
from app.vision.observations import Kind


class GalleryRecords:
    """Who a face is not, who is ignored, and the time of a photo."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def denied(self, model_id: str) -> list[tuple[int, int, int, float, float, bytes]]:
        """Return the faces of which the user said that they are not somebody, ordered by that person.

        Rows of person id, appearance id, photo id, sharpness, frontality, vector: of each its newest observation.
        """
        return self._connection.execute(
            f"""
            {SAMPLES}
            WHERE l.word = 'is_not' AND l.source = 'user'
            ORDER BY l.person_id, a.id
            """,
            (Kind.FACE, model_id),
        ).fetchall()

    def taken_at(self, appearance_id: int) -> str | None:
        """Return when the photo of an appearance was taken (ISO 8601), None where it does not say."""
        row = self._connection.execute(
            "SELECT p.taken_at FROM photos p JOIN appearances a ON a.photo_id = p.id WHERE a.id = ?", (appearance_id,)
        ).fetchone()
        return None if row is None else row[0]

    def ignored(self, appearance_id: int) -> set[int]:
        """Return the ignored appearances of the photo that an appearance is in."""
        rows = self._connection.execute(
            "SELECT i.appearance_id FROM ignored i JOIN appearances a ON a.id = i.appearance_id "
            "WHERE a.photo_id = (SELECT photo_id FROM appearances WHERE id = ?)",
            (appearance_id,),
        )
        return {row[0] for row in rows}
