"""Photos as somebody looks for them: which ones a condition holds for, and what is shown of them."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, below, path_of, path_text
from kith.library.photo_conditions import AMONG, PhotoSets
from kith.library.soundness import text_of, whole
from kith.photos.box import SWAPPED
from kith.values.photo_condition import Below, Condition, InFolder, all_parts


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What the library says of a photo beside who shows: where it was last seen, when and by what it was taken, and its
    pixels, upright, which way up its file holds them; `image_hash` is what it is known by.
    """

    id: int
    path: Path | None
    taken_at: str | None
    camera: str | None = None
    width: int = 1
    height: int = 1
    image_hash: str = ""
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """Who shows in a photo, by number: surely, and perhaps."""

    sure: Sequence[int]
    unsure: Sequence[int]


class PhotoQueries:
    """Recognised photos, searched for."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection
        self._sets = PhotoSets(connection)

    def found(self, wanted: Condition, people_folder: Path, duplicates: Sequence[int] = ()) -> list[int]:
        """Return the photos for which a condition holds, the newest first, those of no known time last.

        Where no folder is asked for, those are left out that are known from the people folder alone.
        `duplicates` are the photos that count as such.
        """
        with self._sets.at_one_moment():
            marks = self._sets.where(wanted, duplicates)
            if not any(isinstance(part, Below | InFolder) for part in all_parts(wanted)):
                marks = marks & self._sets.outside(people_folder)
            return self._sets.newest_first(marks)

    def facts(self, photo_ids: Iterable[int]) -> dict[int, PhotoFacts]:
        """Return what is known of photos, by id."""
        among = json.dumps([*photo_ids])
        paths = dict(
            self._connection.read(
                "files",
                lambda row: (whole(row[0]), path_of(row[1])),
                f"SELECT path, photo_id, path FROM files WHERE photo_id {AMONG.format('?')} ORDER BY path DESC",
                (among,),
            )
        )
        rows = self._connection.read(
            "photos",
            lambda row: _facts(paths.get(row[0]), row),
            "SELECT id, id, taken_at, camera, width, height, orientation, image_hash FROM photos "
            f"WHERE id {AMONG.format('?')}",
            (among,),
        )
        return {facts.id: facts for facts in rows}

    def shown(self, photo_ids: Iterable[int]) -> dict[int, Shown]:
        """Return who shows in photos, each once, by photo."""
        among = json.dumps([*photo_ids])
        sure, unsure = (self._people(table, among) for table in ("accepted_links", "suggestions"))
        return {
            photo: Shown(sure[photo], [person for person in unsure[photo] if person not in sure[photo]])
            for photo in {*sure, *unsure}
        }

    def _people(self, table: str, among: str) -> defaultdict[int, list[int]]:
        rows = self._connection.execute(
            f"SELECT DISTINCT a.photo_id, l.person_id FROM appearances a JOIN {table} l ON l.appearance_id = a.id "
            f"WHERE a.photo_id {AMONG.format('?')} ORDER BY a.id",
            (among,),
        )
        people: defaultdict[int, list[int]] = defaultdict(list)
        for photo, person in rows:
            people[photo].append(person)
        return people

    def folders(self, people_folder: Path) -> list[Path]:
        """Return the folders in which recognised photos were last seen."""
        query = f"SELECT path, path FROM files WHERE NOT {BELOW}"
        paths = self._connection.read("files", lambda row: path_text(row[0]), query, below(people_folder))
        return [Path(folder) for folder in sorted({os.path.dirname(path) for path in paths})]  # noqa: PTH120 - of many


def _facts(path: Path | None, row: Sequence[Any]) -> PhotoFacts:
    key, taken_at, camera, width, height, orientation, image_hash = row
    upright = (height, width) if orientation in SWAPPED else (width, height)
    taken_at, camera = taken_at and text_of(taken_at), camera and text_of(camera)
    return PhotoFacts(whole(key), path, taken_at, camera, *upright, text_of(image_hash), orientation)
