"""Which names of people Kith wrote where: only these are ever taken out again."""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import path_of, path_value
from kith.library.soundness import text_of, whole
from kith.library.written_fields import packed, unpacked


@dataclass(frozen=True, slots=True)
class NameRecord:
    """A file, a sidecar or a photo itself, with what Kith wrote to it of a photo's people, by field of the XMP.

    `sha256` is that of the whole file as it then was to be, empty where it may not have come to that.
    """

    photo_id: int
    path: Path
    written: Mapping[str, Sequence[str]]
    sha256: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it is known to have been written."""
        return bool(self.sha256)


class NameRecords:
    """Reads and writes them."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def of_photo(self, photo_id: int) -> dict[Path, NameRecord]:
        """Return where the people of a photo were written."""
        return {record.path: record for record in self._where("photo_id = ?", photo_id)}

    def people_of(self, photo_ids: Collection[int]) -> dict[int, list[Collection[str] | None]]:
        """Return the names of people in each file to which some of a photo's were written, by photo.

        None stands for a file that they may not have reached.
        """
        rows = self._connection.execute(
            "SELECT photo_id, sha256, names FROM written_names WHERE photo_id IN (SELECT value FROM json_each(?))",
            (json.dumps([*photo_ids]),),
        )
        found: dict[int, list[Collection[str] | None]] = {}
        for photo_id, sha256, names in rows:
            found.setdefault(photo_id, []).append(_names_in(names) if sha256 else None)
        return found

    def at(self, path: Path) -> NameRecord | None:
        """Return what was written to a file."""
        return next(iter(self._where("path = ?", path_value(path))), None)

    def _where(self, condition: str, *values: int | str | bytes) -> list[NameRecord]:
        query = f"SELECT id, photo_id, path, names, sha256 FROM written_names WHERE {condition} ORDER BY id"
        return list(self._connection.read("written_names", _record, query, values))

    def save(self, record: NameRecord) -> None:
        """Enter what is Kith's in a file."""
        self._connection.execute(
            "INSERT INTO written_names (photo_id, path, names, sha256) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT (path) DO UPDATE SET photo_id = ?1, names = ?3, sha256 = ?4",
            (record.photo_id, path_value(record.path), packed(record.written), record.sha256),
        )

    def move(self, before: Path, now: Path) -> None:
        """Say that a file has another name."""
        self._connection.execute("DELETE FROM written_names WHERE path = ?", (path_value(now),))
        self._connection.execute(
            "UPDATE written_names SET path = ? WHERE path = ?", (path_value(now), path_value(before))
        )

    def drop(self, path: Path) -> None:
        """Say that nothing of Kith's is in a file any more."""
        self._connection.execute("DELETE FROM written_names WHERE path = ?", (path_value(path),))

    def photos(self) -> set[int]:
        """Return the photos whose people were written anywhere."""
        return {row[0] for row in self._connection.execute("SELECT photo_id FROM written_names")}

    def photos_of(self, person_id: int) -> set[int]:
        """Return those of them in which somebody is said to be this person."""
        rows = self._connection.execute(
            "SELECT w.photo_id FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "JOIN written_names w ON w.photo_id = a.photo_id WHERE l.person_id = ?",
            (person_id,),
        )
        return {row[0] for row in rows}

    def people(self, photo_id: int) -> list[tuple[int, int, str]]:
        """Return who surely shows in a photo: appearance, person and name, those said first by user or dataset."""
        rows = self._connection.execute(
            "SELECT a.id, n.id, n.name FROM appearances a JOIN accepted_links l ON l.appearance_id = a.id "
            "JOIN persons n ON n.id = l.person_id WHERE a.photo_id = ? "
            "AND NOT EXISTS (SELECT 1 FROM ignored i WHERE i.appearance_id = a.id) "
            "ORDER BY a.id, l.source = 'user' DESC, l.source = 'dataset' DESC",
            (photo_id,),
        )
        return [(appearance, person, name) for appearance, person, name in rows]

    def size(self, photo_id: int) -> tuple[int, int]:
        """Return a photo's width and height as stored."""
        query = "SELECT width, height FROM photos WHERE id = ?"
        return self._connection.execute(query, (photo_id,)).fetchone()  # type: ignore[no-any-return]


@lru_cache(maxsize=4096)  # the same few people show again and again
def _names_in(text: str) -> Collection[str]:
    """Return the names of people in what was written to a file; none where it is nothing of the kind."""
    with suppress(ValueError, TypeError):
        return frozenset(unpacked(text).get("in_image", ()))
    return frozenset()


def _record(row: Sequence[Any]) -> NameRecord:
    """Return a record from its columns; raises ValueError or TypeError."""
    photo_id, path, names, sha256 = row
    return NameRecord(whole(photo_id), path_of(path), unpacked(names), text_of(sha256))
