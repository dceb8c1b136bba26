"""What a check-up of the knowledge base reads: which photos teach, how alike they look, when they were taken."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from kith.identity.connection import LibraryConnection
from kith.identity.soundness import text_of, whole


@dataclass(frozen=True, slots=True)
class PhotoLook:
    """A photo's perceptual hash, and when it was taken (ISO 8601): None where nothing is known."""

    phash: int | None
    taken_at: str | None


class HealthRecords:
    """Facts about photos."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def looks(self, photo_ids: Iterable[int]) -> dict[int, PhotoLook]:
        """Return what is known of the looks of these photos."""
        photos = dict.fromkeys(photo_ids)
        rows = self._connection.read(
            "photos",
            lambda row: (row[0], PhotoLook(row[1] and whole(row[1]), row[2] and text_of(row[2]))),
            "SELECT id, id, phash, taken_at FROM photos WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([*photos]),),
        )
        return dict.fromkeys(photos, PhotoLook(None, None)) | dict(rows)
