"""What tells of photo files which is the best of those that show the same picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kith.library.connection import LibraryConnection
from kith.library.paths import path_of
from kith.library.soundness import text_of, whole
from kith.photos.box import SWAPPED


class PictureFile(NamedTuple):
    """A photo's file as last seen: its pixels, upright, its bytes, when it was written and taken, and its pHash."""

    path: Path
    photo_id: int
    width: int
    height: int
    size: int
    mtime_ns: int
    taken_at: str | None
    phash: int | None


class DuplicateQueries:
    """Files of photos."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def files(self) -> list[PictureFile]:
        """Return all files of photos, the best first: those of the most pixels, then the largest, then the oldest."""
        query = (
            "SELECT f.path, f.path, p.id, p.width, p.height, p.orientation, f.size, f.mtime_ns, p.taken_at, p.phash "
            "FROM files f JOIN photos p ON p.id = f.photo_id "
            "ORDER BY p.width * p.height DESC, f.size DESC, f.mtime_ns, f.path"
        )
        return list(self._connection.read("files", _file, query))


def _file(row: Sequence[Any]) -> PictureFile:
    path, photo_id, width, height, orientation, size, mtime_ns, taken_at, phash = row
    if orientation in SWAPPED:
        width, height = height, width
    whole(width + height + size + mtime_ns)  # of many, and quick: each is one if all are
    hashed = None if phash is None else whole(phash)
    told = taken_at and text_of(taken_at)
    return PictureFile(path_of(path), photo_id, width, height, size, mtime_ns, told, hashed)
