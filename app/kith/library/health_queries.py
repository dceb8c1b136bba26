"""What a check-up of the knowledge base reads: which photos teach, how alike they look, when they were taken."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.soundness import text_of, whole
from kith.values.samples import PhotoTraits


class HealthQueries:
    """Facts about photos."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def looks(self, photo_ids: Iterable[int]) -> dict[int, PhotoTraits]:
        """Return what is known of the looks of these photos."""
        photos = list(dict.fromkeys(photo_ids))
        rows = self._connection.read(
            "photos",
            _traits,
            "SELECT id, id, phash, taken_at FROM photos WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(photos),),
        )
        nothing = dict.fromkeys(photos, PhotoTraits(None, None))
        return nothing | dict(rows)


def _traits(row: Sequence[Any]) -> tuple[int, PhotoTraits]:
    photo_id, phash, taken_at = row
    return photo_id, PhotoTraits(phash and whole(phash), taken_at and text_of(taken_at))
