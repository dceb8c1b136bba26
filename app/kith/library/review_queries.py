"""What a review reads of the library: who is not known yet, where somebody shows, and where copies were filed."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kith.library.connection import LibraryConnection
from kith.library.paths import path_of, path_value, time_value
from kith.library.photo_records import IMPORTED, box_of
from kith.photos.box import Box

# What was taken over from another library is no look at a photo.
_NEWEST = f"""(
    SELECT max(n.id) FROM analyses n JOIN photos q ON q.id = n.photo_id AND q.orientation = n.orientation
    WHERE n.photo_id = {{photo}} AND n.engine_id NOT GLOB '{IMPORTED}*'{{condition}})"""
NOBODY_KNOWN = "NOT EXISTS (SELECT 1 FROM accepted_links l WHERE l.appearance_id = a.id)"
NOT_IGNORED = "NOT EXISTS (SELECT 1 FROM ignored i WHERE i.appearance_id = a.id)"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An appearance that nobody is said to be; `group` is the number of its group, or 0."""

    appearance_id: int
    photo_id: int
    has_face: bool
    group: int = 0


def newest_analysis(photo: str, face_model: str) -> str:
    """Return what selects the last look at a photo by a face model, else by any, at its present orientation.

    Both are columns or parameters. The name of the way of looking holds that of the model, between blanks.
    """
    by_it = f" AND instr(n.engine_id || ' ', ' ' || {face_model} || ' ')"
    looks = (_NEWEST.format(photo=photo, condition=condition) for condition in (by_it, ""))
    return f"coalesce({', '.join(looks)})"


class ReviewQueries:
    """Unknown appearances and places in photos."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def unknowns(self, face_model_id: str) -> list[Unknown]:
        """Return who shows in filed photos and is not known: faces first, photos of nobody known before others.

        Left out are the ignored, and what only another analysis than `newest_analysis` saw, since recognising would not
        file by it.
        """
        rows = self._connection.execute(
            f"""
            SELECT a.id, a.photo_id, max(o.kind = 'face') AS has_face, coalesce(g.group_id, 0)
            FROM appearances a LEFT JOIN unknown_groups g ON g.appearance_id = a.id
            JOIN observations o ON o.appearance_id = a.id
                AND o.analysis_id = {newest_analysis("a.photo_id", "?1")}
            WHERE a.photo_id IN (SELECT photo_id FROM copies WHERE sha256 IS NOT NULL)
                AND {NOBODY_KNOWN} AND {NOT_IGNORED}
            GROUP BY a.id
            ORDER BY has_face DESC,
                EXISTS (SELECT 1 FROM copies c WHERE c.photo_id = a.photo_id AND c.person_id IS NULL) DESC,
                a.photo_id, max(o.pixels) DESC
            """,
            (face_model_id,),
        )
        return [Unknown(key, photo, bool(has_face), group) for key, photo, has_face, group in rows]

    def newest_analysis(self, photo_id: int) -> int | None:
        """Return the id of the last look at a photo at its present orientation."""
        query = f"SELECT {_NEWEST.format(photo='?', condition='')}"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        return None if row is None else row[0]

    def place(self, appearance_id: int) -> tuple[int, Box]:
        """Return photo id and box, in the upright photo, of an appearance's newest face, or else body."""
        rows = self._connection.read(
            "observations",
            lambda row: (row[0], box_of(row[2:]).to_upright(row[1])),
            "SELECT o.id, p.id, p.orientation, o.x, o.y, o.w, o.h FROM observations o "
            "JOIN appearances a ON a.id = o.appearance_id JOIN photos p ON p.id = a.photo_id "
            "WHERE a.id = ? ORDER BY o.kind = 'face' DESC, o.id DESC",
            (appearance_id,),
        )
        seen = next(rows, None)
        if seen:
            return seen
        row = self._connection.execute("SELECT photo_id FROM appearances WHERE id = ?", (appearance_id,)).fetchone()
        return row[0] if row else 0, self.entered(appearance_id) or Box(0, 0, 1, 1)

    def entered(self, appearance_id: int) -> Box | None:
        """Return the box of an appearance, in the upright photo, as entered; None where nobody knows it."""
        rows = self._connection.read(
            "appearances",
            lambda row: box_of(row[1:]).to_upright(row[0]),
            "SELECT a.id, p.orientation, a.x, a.y, a.w, a.h FROM appearances a "
            "JOIN photos p ON p.id = a.photo_id WHERE a.id = ? AND a.x IS NOT NULL",
            (appearance_id,),
        )
        return next(rows, None)

    def files(self, photo_id: int) -> list[Path]:
        """Return where a photo was last seen."""
        return files_of(self._connection, photo_id)

    def file_of(self, photo_id: int) -> Path | None:
        """Return where a photo lies unchanged, None where it does nowhere."""
        return next(filter(self.is_unchanged, self.files(photo_id)), None)

    def files_of(self, photo_ids: Iterable[int]) -> dict[int, Path]:
        """Return where photos lie unchanged, those that do."""
        found: dict[int, Path] = {}
        for photo_id, path, then in self._seen_at(photo_ids):
            if photo_id not in found and _state(path) == then:
                found[photo_id] = path
        return found

    def _seen_at(self, photo_ids: Iterable[int]) -> Iterator[tuple[int, Path, tuple[int, int]]]:
        """Yield where photos were last seen, with size and time of the file then."""
        return self._connection.read(
            "files",
            lambda row: (row[0], path_of(row[1]), (row[2], row[3])),
            "SELECT path, photo_id, path, size, mtime_ns FROM files "
            "WHERE photo_id IN (SELECT value FROM json_each(?)) ORDER BY photo_id, path",
            (json.dumps(list(dict.fromkeys(photo_ids))),),
        )

    def sources(self, photo_ids: Iterable[int]) -> dict[int, Path]:
        """Return where photos lie, or else where they were last seen."""
        seen, lying = dict[int, Path](), set[int]()
        for photo_id, path, then in self._seen_at(photo_ids):
            if photo_id not in lying and _state(path) == then:
                lying.add(photo_id)
                seen[photo_id] = path
            seen.setdefault(photo_id, path)
        return seen

    def source(self, photo_id: int) -> Path | None:
        """Return where a photo lies, or else where it was last seen."""
        return self.sources([photo_id]).get(photo_id)

    def is_unchanged(self, path: Path) -> bool:
        """Say whether a file is there, as it was when it was last looked at."""
        now = _state(path)
        if now is None:
            return False
        row = self._connection.execute(
            "SELECT size, mtime_ns FROM files WHERE path = ?", (path_value(path),)
        ).fetchone()
        return bool(row == now)


def _state(path: Path) -> tuple[int, int] | None:
    """Return size and time of a file as the store keeps them, None where there is none."""
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_size, time_value(now.st_mtime_ns)


def files_of(connection: LibraryConnection, photo_id: int) -> list[Path]:
    """Return where a photo was last seen."""
    query = "SELECT path, path FROM files WHERE photo_id = ? ORDER BY path"
    return list(connection.read("files", lambda row: path_of(row[0]), query, (photo_id,)))
