"""The library: one SQLite file with all three layers of identity. SQL lives in this room only."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import BadKnowledgeBase
from app.identity.copy_records import CopyRecords
from app.identity.person_records import PersonRecords
from app.identity.photo_records import PhotoRecords
from app.identity.review_records import ReviewRecords
from app.identity.schema import migrate

WAIT_S = 30  # for another program's short transaction
_PRIMARY = 0xFF  # the part of an SQLite result code that names its kind: sqlite.org/rescode.html
_FILE_AT_FAULT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
}


class Store:
    """An open library; `photos`, `people`, `copies` and `reviews` speak for its tables. Close it when done."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self.photos = PhotoRecords(connection)
        self.people = PersonRecords(connection)
        self.copies = CopyRecords(connection)
        self.reviews = ReviewRecords(connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside land together, or not at all.

        Raises BadKnowledgeBase where the disk is full or fails, or the file turns out to be damaged.
        """
        try:
            with self._connection:  # commits, or rolls back
                self._connection.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & _PRIMARY not in _FILE_AT_FAULT:
                raise
            raise _unusable(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def open_store(path: Path) -> Store:
    """Open the library at `path`, creating it readable by its owner only.

    Raises BadKnowledgeBase where the file is damaged, no library, of a newer Kith, or cannot be written.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise BadKnowledgeBase(f"The library {path} cannot be opened or created: {error}") from error
    try:
        _prepare(connection)
        return Store(path, connection)
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(path, error) from error
    except BadKnowledgeBase:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection) -> None:
    migrate(connection)  # first: it refuses what is not ours to write to
    connection.execute("PRAGMA journal_mode = WAL")  # answers with another mode where the file system has no WAL
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _unusable(path: Path, error: sqlite3.Error) -> BadKnowledgeBase:
    return BadKnowledgeBase(
        f"The library {path} cannot be used ({error}). If the disk is full, free some space. If the file is damaged, "
        "put a copy of it from a backup in its place; without one, move it aside and build the knowledge base again."
    )
