"""How things stand, counted once: kept until anything is written that they are counted from."""

import json
from collections.abc import Mapping

from kith.library.connection import LibraryConnection
from kith.library.soundness import text_of, whole


class StandingRecords:
    """Reads and writes the counts; triggers take them away."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def known(self, asked: str) -> dict[str, int] | None:
        """Return what was counted by the same question, by name; None where anything changed since."""
        rows = self._connection.read(
            "standing",
            lambda row: (text_of(row[0]), {name: whole(count) for name, count in json.loads(row[1]).items()}),
            "SELECT id, asked, counts FROM standing",
        )
        return dict(rows).get(asked)

    def keep(self, asked: str, counts: Mapping[str, int]) -> None:
        """Write down what was counted by a question, within the caller's transaction."""
        self._connection.execute("DELETE FROM standing WHERE asked = ?", (asked,))
        self._connection.execute("INSERT INTO standing (asked, counts) VALUES (?, ?)", (asked, json.dumps(counts)))
