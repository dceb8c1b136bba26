"""What a check-up of the knowledge base reads: which photos teach, how alike they look, when they were taken."""

import json
from collections.abc import Iterable

from kith.library.connection import LibraryConnection
from kith.library.soundness import text_of, whole
from kith.values.samples import PhotoTraits


class HealthRecords:
    """Facts about photos."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def looks(self, photo_ids: Iterable[int]) -> dict[int, PhotoTraits]:
        """Return what is known of the looks of these photos."""
        photos = dict.fromkeys(photo_ids)
        rows = self._connection.read(
            "photos",
            lambda row: (row[0], PhotoTraits(row[1] and whole(row[1]), row[2] and text_of(row[2]))),
            "SELECT id, id, phash, taken_at FROM photos WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([*photos]),),
        )
        return dict.fromkeys(photos, PhotoTraits(None, None)) | dict(rows)
