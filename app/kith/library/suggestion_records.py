"""Whom the machine takes appearances for without being sure: kept as it decides, so that it can be searched for."""

import json
from collections.abc import Collection, Mapping

from kith.library.connection import LibraryConnection


class SuggestionRecords:
    """Reads and writes them."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def replace(self, appearances: Collection[int], wanted: Mapping[int, int]) -> None:
        """Make appearance → person all that is suggested of `appearances`, within the caller's transaction."""
        present = self.of(appearances)
        gone = [(key,) for key in present if key not in wanted]
        new = [(key, person) for key, person in wanted.items() if present.get(key) != person]
        self._connection.executemany("DELETE FROM suggestions WHERE appearance_id = ?", gone)
        self._connection.executemany("INSERT OR REPLACE INTO suggestions VALUES (?, ?)", new)

    def of(self, appearances: Collection[int]) -> dict[int, int]:
        """Return whom these are taken for, by appearance."""
        query = "SELECT * FROM suggestions WHERE appearance_id IN (SELECT value FROM json_each(?))"
        return dict(self._connection.execute(query, (json.dumps([*appearances]),)).fetchall())
