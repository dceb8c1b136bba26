"""What the library that was here before filed and wrote since: a library that takes its place takes it over."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from kith.library.connection import LibraryConnection
from kith.library.copy_records import COLUMNS, CopyRecord, record_of

_OF_PHOTO = """JOIN former.photos q ON q.id = c.photo_id
    JOIN photos p ON p.image_hash = q.image_hash AND p.orientation = q.orientation"""
_PERSON = "(SELECT min(n.id) FROM persons n JOIN former.persons m ON m.name = n.name WHERE m.id = c.person_id)"


class FormerRecords:
    """Reads a former library, attached to this one; photos are the same by their image data, people by their name."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    @contextmanager
    def of(self, file: Path) -> Iterator[Self]:
        """Have the former library at hand, outside of any transaction."""
        self._connection.execute("ATTACH DATABASE ? AS former", (os.fspath(file),))
        try:
            yield self
        finally:
            self._connection.execute("DETACH DATABASE former")

    def copies(self) -> list[CopyRecord]:
        """Return the copies and links that it alone knows, of photos known here; those of no person here are nobody's.

        They have no number here.
        """
        rows = self._connection.execute(
            f"SELECT c.id, 0, p.id, {_PERSON}, {_PERSON}, {COLUMNS} FROM former.copies c {_OF_PHOTO} "
            "WHERE c.sha256 IS NOT NULL AND c.kind != 'move' "
            "AND NOT EXISTS (SELECT 1 FROM copies o WHERE o.target = c.target) ORDER BY c.id"
        )
        return [record_of(row[1:]) for row in rows]

    def take_states(self) -> None:
        """Know what the copies that both know hold, and what they were made of: it is what lies there now."""
        self._connection.execute(
            "UPDATE copies SET sha256 = c.sha256, source = c.source, source_size = c.source_size, "
            f"source_mtime_ns = c.source_mtime_ns FROM former.copies c {_OF_PHOTO} WHERE c.target = copies.target "
            "AND p.id = copies.photo_id AND c.kind = copies.kind AND c.sha256 IS NOT NULL AND copies.sha256 IS NOT NULL"
        )

    def take_names(self) -> None:
        """Know which names it wrote to files of photos known here, for these hold them now."""
        self._connection.execute(
            "INSERT INTO written_names (photo_id, path, names, sha256) "
            f"SELECT p.id, c.path, c.names, c.sha256 FROM former.written_names c {_OF_PHOTO} WHERE TRUE "
            "ON CONFLICT (path) DO UPDATE SET photo_id = excluded.photo_id, names = excluded.names, "
            "sha256 = excluded.sha256"
        )
