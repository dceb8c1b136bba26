"""What tells of photo files which is the best of those that show the same picture."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kith.library.connection import LibraryConnection
from kith.library.paths import path_text
from kith.library.soundness import text_of, whole
from kith.photos.box import SWAPPED

# A camera's own file tells when or by what it was taken, which what is made of it often does not.
_BEST_FIRST = (
    "FROM files f JOIN photos p ON p.id = f.photo_id ORDER BY p.width * p.height DESC, p.colours DESC, "
    "coalesce(p.taken_at, p.camera) IS NULL, f.size DESC, f.mtime_ns, f.path"
)


class PictureFile(NamedTuple):
    """A photo's file as last seen: its pixels, upright, its bytes, when it was written and taken, and its pHash."""

    path_text: str
    photo_id: int
    width: int
    height: int
    size: int
    mtime_ns: int
    taken_at: str | None
    phash: int | None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.path_text)


class DuplicateQueries:
    """Files of photos, and which photos were found to be the same."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def files(self) -> list[PictureFile]:
        """Return all files of photos, the best first: docs/decisions/056-duplicates.md says by what."""
        query = (
            "SELECT f.path, f.path, p.id, p.width, p.height, p.orientation, f.size, f.mtime_ns, p.taken_at, p.phash "
            f"{_BEST_FIRST}"
        )
        return list(self._connection.read("files", _file, query))

    def hashes(self) -> list[tuple[int, int | None]]:
        """Return of all files their photo and its pHash, in the order of `files`."""
        query = f"SELECT f.path, p.id, p.phash {_BEST_FIRST}"
        return list(self._connection.read("files", _hash, query))

    def known(self) -> list[int] | None:
        """Return the photos that were found to be the same as others; None where any file changed since."""
        rows = self._connection.read(
            "duplicates", lambda row: [whole(one) for one in json.loads(row[0])], "SELECT id, photos FROM duplicates"
        )
        return next(iter(rows), None)

    def keep(self, photos: Sequence[int]) -> None:
        """Write down which photos are the same as others, within the caller's transaction."""
        self._connection.execute("DELETE FROM duplicates")
        self._connection.execute("INSERT INTO duplicates (photos) VALUES (?)", (json.dumps([*photos]),))


def _file(row: Sequence[Any]) -> PictureFile:
    path, photo_id, width, height, orientation, size, mtime_ns, taken_at, phash = row
    if orientation in SWAPPED:
        width, height = height, width
    whole(width + height + size + mtime_ns)  # of many, and quick: each is one if all are
    hashed = None if phash is None else whole(phash)
    told = taken_at and text_of(taken_at)
    return PictureFile(path_text(path), photo_id, width, height, size, mtime_ns, told, hashed)


def _hash(row: Sequence[Any]) -> tuple[int, int | None]:
    photo_id, phash = row
    return whole(photo_id), None if phash is None else whole(phash)
