"""The files that could not be read as photos: which, and why."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, below, path_of, path_value
from kith.library.photo_records import now
from kith.library.soundness import text_of, whole


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, why it could not be read as a photo, and since when that is known (ISO 8601)."""

    id: int
    path: Path
    reason: str
    failed_at: str


class FailureRecords:
    """Reads and writes them."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def save(self, path: Path, reason: str) -> None:
        """Enter that a file cannot be read, within the caller's transaction."""
        self._connection.execute(
            "INSERT INTO failures (path, reason, failed_at) VALUES (?1, ?2, ?3) ON CONFLICT (path) DO UPDATE SET "
            "reason = ?2, failed_at = ?3 WHERE reason != ?2",
            (path_value(path), reason.encode(errors="backslashreplace").decode(), now()),
        )

    def drop(self, paths: Iterable[Path]) -> None:
        """Say that these were read by now, within the caller's transaction."""
        if self._connection.execute("SELECT 1 FROM failures LIMIT 1").fetchone():  # most libraries have none
            self._connection.executemany("DELETE FROM failures WHERE path = ?", [(path_value(path),) for path in paths])

    def drop_missing(self, folder: Path, present: Collection[Path]) -> None:
        """Forget those below a folder that are not there any more, within the caller's transaction."""
        self.drop([failure.path for failure in self.below(folder) if failure.path not in present])

    def all(self) -> list[Failure]:
        """Return every one, by path."""
        return list(self._connection.read("failures", _failure, f"{_ROWS} ORDER BY path"))

    def below(self, folder: Path) -> list[Failure]:
        """Return those below a folder, by path."""
        return list(self._connection.read("failures", _failure, f"{_ROWS} WHERE {BELOW} ORDER BY path", below(folder)))


_ROWS = "SELECT id, id, path, reason, failed_at FROM failures"


def _failure(row: Sequence[Any]) -> Failure:
    key, path, reason, failed_at = row
    return Failure(whole(key), path_of(path), text_of(reason), text_of(failed_at))
