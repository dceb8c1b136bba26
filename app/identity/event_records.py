"""What event evidence reads of the library: where photos lie, who was accepted in them, and their bodies."""

import json
import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from app.identity.person_records import NEWEST_OBSERVATION, Link, links_by_photo
from app.identity.places import BELOW, below
from app.identity.review_records import NOT_IGNORED
from app.photos.events import Shot
from app.vision.observations import Kind


class EventRecords:
    """Photos by the folders they lie in, and what is said of who shows in them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def folders(self, photo_id: int) -> list[Path]:
        """Return the folders where a photo was last seen."""
        rows = self._connection.execute("SELECT path FROM files WHERE photo_id = ? ORDER BY path", (photo_id,))
        return list(dict.fromkeys(Path(os.fsdecode(row[0])).parent for row in rows))

    def shots(self, folder: Path) -> list[tuple[int, Shot]]:
        """Return the photos last seen in a folder itself, with their ids."""
        rows = self._connection.execute(
            "SELECT f.path, f.photo_id, p.taken_at, f.mtime_ns FROM files f JOIN photos p ON p.id = f.photo_id "
            f"WHERE {BELOW}",
            below(folder),
        )
        found = ((key, Shot(Path(os.fsdecode(path)), taken_at, mtime)) for path, key, taken_at, mtime in rows)
        return [(key, shot) for key, shot in found if shot.path.parent == folder]

    def links(self, photo_ids: Collection[int]) -> Mapping[int, Mapping[int, Sequence[Link]]]:
        """Return all that is said of who shows in photos, by photo and appearance; nothing of the ignored."""
        return links_by_photo(self._connection, photo_ids, NOT_IGNORED)

    def bodies(self, appearance_ids: Collection[int], model_id: str) -> list[tuple[int, int, bytes]]:
        """Return the newest body of each appearance that is more than its whole photo: both ids and the vector."""
        return self._connection.execute(
            f"SELECT a.id, a.photo_id, o.vector FROM appearances a JOIN observations o ON o.id = {NEWEST_OBSERVATION} "
            "WHERE a.id IN (SELECT value FROM json_each(?3))",
            (Kind.BODY, model_id, json.dumps([*appearance_ids])),
        ).fetchall()
