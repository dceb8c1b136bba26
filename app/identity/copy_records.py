"""The record of copies: each is written down before it is made."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from app.identity.photo_records import now
from app.identity.places import path_value


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """A copy of a photo under a person's name, or under Unknown where `person_id` is None.

    `sha256` is that of the copy as it was made, None until then.
    """

    id: int
    photo_id: int
    person_id: int | None
    target: Path
    sha256: str | None


class CopyRecords:
    """Copies planned and made."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of_photo(self, photo_id: int, output: Path) -> list[CopyRecord]:
        """Return the copies of a photo in an output folder."""
        return self._where("photo_id = ? AND output = ?", photo_id, path_value(output))

    def get(self, record_id: int) -> CopyRecord | None:
        """Return a record as it is by now."""
        return next(iter(self._where("id = ?", record_id)), None)

    def _where(self, condition: str, *values: int | str | bytes) -> list[CopyRecord]:
        rows = self._connection.execute(
            f"SELECT id, photo_id, person_id, target, sha256 FROM copies WHERE {condition} ORDER BY id", values
        )
        return [
            CopyRecord(key, photo, person, Path(os.fsdecode(target)), sha256)
            for key, photo, person, target, sha256 in rows
        ]

    def photos_of(self, person_id: int) -> set[int]:
        """Return the photos with a copy under a person's name."""
        rows = self._connection.execute("SELECT photo_id FROM copies WHERE person_id = ?", (person_id,))
        return {row[0] for row in rows}

    def outputs_of(self, photo_id: int) -> list[Path]:
        """Return the output folders that a photo has copies in."""
        rows = self._connection.execute("SELECT DISTINCT output FROM copies WHERE photo_id = ?", (photo_id,))
        return [Path(os.fsdecode(row[0])) for row in rows]

    def outputs(self) -> list[Path]:
        """Return the output folders that hold copies."""
        rows = self._connection.execute(
            """
            WITH RECURSIVE outputs (output) AS (  -- from each to the next one in the index, of which there are few
                SELECT min(output) FROM copies UNION ALL
                SELECT (SELECT min(output) FROM copies WHERE output > outputs.output) FROM outputs
                WHERE outputs.output IS NOT NULL)
            SELECT output FROM outputs WHERE output IS NOT NULL
            """
        )
        return [Path(os.fsdecode(row[0])) for row in rows]

    def is_taken(self, target: Path) -> bool:
        """Say whether a copy of that name is planned or made."""
        query = "SELECT 1 FROM copies WHERE target = ?"
        return self._connection.execute(query, (path_value(target),)).fetchone() is not None

    def plan(self, photo_id: int, person_id: int | None, output: Path, target: Path) -> CopyRecord:
        """Write down a copy to come."""
        cursor = self._connection.execute(
            "INSERT INTO copies (photo_id, person_id, output, target, made_at) VALUES (?, ?, ?, ?, ?)",
            (photo_id, person_id, path_value(output), path_value(target), now()),
        )
        return CopyRecord(int(cursor.lastrowid or 0), photo_id, person_id, target, None)

    def move(self, record_id: int, target: Path) -> None:
        """Plan the copy under another name."""
        self._connection.execute("UPDATE copies SET target = ? WHERE id = ?", (path_value(target), record_id))

    def mark_done(self, record_id: int, sha256: str) -> None:
        """Say that the copy is complete, and what it holds."""
        self._connection.execute("UPDATE copies SET sha256 = ?, made_at = ? WHERE id = ?", (sha256, now(), record_id))

    def drop(self, record_id: int) -> None:
        """Forget a copy that no longer stands for a verdict."""
        self._connection.execute("DELETE FROM copies WHERE id = ?", (record_id,))
