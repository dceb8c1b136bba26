"""What one library can tell another of its people: the words of dataset and user, and what was seen there."""

import json
from collections.abc import Collection
from typing import Any

from kith.library.connection import LibraryConnection

# Whom the dataset or the user spoke of, in this order; the machine's own decisions are for each library to make.
_WORDS = (
    "FROM links l WHERE l.source IN ('dataset', 'user') AND l.person_id IN (SELECT value FROM json_each(:people)) "
    "ORDER BY l.id"
)
_SPOKEN_OF = f"IN (SELECT l.appearance_id {_WORDS})"


class ExchangeQueries:
    """Rows as they go into a file for others; `people` are numbers of persons."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def words(self, people: Collection[int]) -> list[tuple[Any, ...]]:
        """Return (appearance, person, word, source, made at)."""
        return self._rows(f"SELECT l.appearance_id, l.person_id, l.word, l.source, l.made_at {_WORDS}", people)

    def appearances(self, people: Collection[int]) -> list[tuple[Any, ...]]:
        """Return (appearance, image hash, orientation) of those spoken of."""
        return self._rows(
            "SELECT a.id, p.image_hash, p.orientation FROM appearances a JOIN photos p ON p.id = a.photo_id "
            f"WHERE a.id {_SPOKEN_OF} ORDER BY a.id",
            people,
        )

    def observations(self, people: Collection[int]) -> list[tuple[Any, ...]]:
        """Return (appearance, kind, model, x, y, w, h, sharpness, pixels, frontality, vector) of those spoken of."""
        return self._rows(
            "SELECT o.appearance_id, o.kind, o.model_id, o.x, o.y, o.w, o.h, o.sharpness, o.pixels, o.frontality, "
            f"o.vector FROM observations o WHERE o.appearance_id {_SPOKEN_OF} AND o.weak = 0 ORDER BY o.id",
            people,
        )

    def _rows(self, query: str, people: Collection[int]) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, {"people": json.dumps([*people])}).fetchall()
