"""What a check-up of the knowledge base reads: which photos teach, how alike they look, when they were taken."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoLook:
    """A photo's perceptual hash, and when it was taken (ISO 8601): None where nothing is known."""

    phash: int | None
    taken_at: str | None


class HealthRecords:
    """Facts about photos."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def looks(self, photo_ids: Iterable[int]) -> dict[int, PhotoLook]:
        """Return what is known of the looks of these photos."""
        rows = self._connection.execute(
            "SELECT id, phash, taken_at FROM photos WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([*photo_ids]),),
        )
        return {row[0]: PhotoLook(*row[1:]) for row in rows}
