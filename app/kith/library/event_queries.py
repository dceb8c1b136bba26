"""What event evidence reads of the library: where photos lie, who was accepted in them, and their bodies."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, below, path_text
from kith.library.person_records import NEWEST_OBSERVATION, links_by_photo
from kith.library.review_queries import NOT_IGNORED, files_of
from kith.library.soundness import text_of, whole
from kith.photos.events import Shot
from kith.values.links import Link
from kith.vision.observations import Kind


class EventQueries:
    """Photos by the folders they lie in, and what is said of who shows in them."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def folders(self, photo_id: int) -> list[Path]:
        """Return the folders where a photo was last seen."""
        return list(dict.fromkeys(path.parent for path in files_of(self._connection, photo_id)))

    def shots(self, folder: Path) -> list[tuple[int, Shot]]:
        """Return the photos last seen in a folder itself, with their ids."""
        rows = self._connection.read(
            "files",
            lambda row: (row[0], Shot(path_text(row[1]), row[2] and text_of(row[2]), whole(row[3]))),
            "SELECT f.path, p.id, f.path, p.taken_at, f.mtime_ns FROM files f JOIN photos p ON p.id = f.photo_id "
            f"WHERE {BELOW}",
            below(folder),
        )
        name = os.fspath(folder)
        return [(key, shot) for key, shot in rows if os.path.dirname(shot.path) == name]  # noqa: PTH120 - quick

    def links(self, photo_ids: Collection[int]) -> Mapping[int, Mapping[int, Sequence[Link]]]:
        """Return all that is said of who shows in photos, by photo and appearance; nothing of the ignored."""
        return links_by_photo(self._connection, photo_ids, NOT_IGNORED)

    def bodies(self, appearance_ids: Collection[int], model_id: str) -> list[tuple[int, int, NDArray[np.float32]]]:
        """Return the newest body of each appearance that is more than its whole photo: both ids and the vector."""
        rows = self._connection.read(
            "observations",
            lambda row: (row[0], row[1], self._connection.vector(model_id, row[2])),
            f"SELECT o.id, a.id, a.photo_id, o.vector FROM appearances a "
            f"JOIN observations o ON o.id = {NEWEST_OBSERVATION} WHERE a.id IN (SELECT value FROM json_each(?3))",
            (Kind.BODY, model_id, json.dumps([*appearance_ids])),
        )
        return list(rows)
