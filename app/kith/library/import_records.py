"""Vectors taken over from elsewhere: samples of people without a photo that could be looked at."""

import hashlib
import sqlite3

from kith.library.photo_records import IMPORTED, now, to_blob
from kith.vision.observations import Kind, Vector

_GOOD_SHARPNESS, _GOOD_PIXELS, _FRONTAL = 1e9, 150, 1  # nothing is known but that it was meant to teach


class ImportRecords:
    """Samples without a photo."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def appearance(self, kind: Kind, model_id: str, vector: Vector) -> int:
        """Return the appearance that stands for a vector, entered now or at an earlier import."""
        blob = to_blob(vector)
        image_hash = IMPORTED + hashlib.sha256(f"{kind} {model_id} ".encode() + blob).hexdigest()
        found = self._connection.execute(
            "SELECT a.id FROM appearances a JOIN photos p ON p.id = a.photo_id WHERE p.image_hash = ?", (image_hash,)
        ).fetchone()
        return int(found[0]) if found else self._enter(image_hash, kind, model_id, blob)

    def _enter(self, image_hash: str, kind: Kind, model_id: str, blob: bytes) -> int:
        photo_id = self._insert(
            "photos (image_hash, width, height, orientation, added_at) VALUES (?, 1, 1, 1, ?)", image_hash, now()
        )
        analysis_id = self._insert(
            "analyses (photo_id, engine_id, orientation, made_at) VALUES (?, ?, 1, ?)", photo_id, IMPORTED, now()
        )
        appearance_id = self._insert("appearances (photo_id) VALUES (?)", photo_id)
        self._insert(
            "observations (appearance_id, analysis_id, kind, model_id, x, y, w, h, score, sharpness, pixels, "
            "frontality, weak, vector) VALUES (?, ?, ?, ?, 0, 0, 1, 1, 1, ?, ?, ?, 0, ?)",
            *(appearance_id, analysis_id, kind, model_id, _GOOD_SHARPNESS, _GOOD_PIXELS, _FRONTAL, blob),
        )
        return appearance_id

    def _insert(self, row: str, *values: object) -> int:
        return int(self._connection.execute(f"INSERT INTO {row}", values).lastrowid or 0)
