"""What tells of photo files which is the best of those that show the same picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import path_of
from kith.library.soundness import text_of, whole
from kith.photos.box import SWAPPED


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A photo's file as last seen: its pixels, upright, its bytes, when it was written and taken, and its pHash."""

    path: Path
    photo_id: int
    width: int
    height: int
    size: int
    mtime_ns: int
    taken_at: str | None
    phash: int | None

    @property
    def rank(self) -> tuple[int, int, int, Path]:
        """What the best has least of: the most pixels, then the largest file, then the oldest one come first."""
        return -self.width * self.height, -self.size, self.mtime_ns, self.path


class DuplicateQueries:
    """Files of photos."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def files(self) -> list[PictureFile]:
        """Return all files of photos."""
        query = (
            "SELECT f.path, f.path, p.id, p.width, p.height, p.orientation, f.size, f.mtime_ns, p.taken_at, p.phash "
            "FROM files f JOIN photos p ON p.id = f.photo_id"
        )
        return list(self._connection.read("files", _file, query))


def _file(row: Sequence[Any]) -> PictureFile:
    path, photo_id, width, height, orientation, size, mtime_ns, taken_at, phash = row
    if orientation in SWAPPED:
        width, height = height, width
    hashed = None if phash is None else whole(phash)
    return PictureFile(
        path_of(path), photo_id, whole(width), whole(height), whole(size), whole(mtime_ns),
        taken_at and text_of(taken_at), hashed,
    )  # fmt: skip
