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
from app.identity.schema import migrate

WAIT_S = 30  # for another program's short transaction


class Store:
    """An open library; `photos`, `people` and `copies` speak for its tables. Close it when done."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self.photos = PhotoRecords(connection)
        self.people = PersonRecords(connection)
        self.copies = CopyRecords(connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside land together, or not at all."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def open_store(path: Path) -> Store:
    """Open the library at `path`, creating it readable by its owner only.

    Raises BadKnowledgeBase where the file is damaged, no library, of a newer Kith, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise BadKnowledgeBase(f"The library {path} cannot be opened or created: {error}") from error
    try:
        _prepare(connection)
        return Store(path, connection)
    except sqlite3.Error as error:
        connection.close()
        raise BadKnowledgeBase(
            f"The library {path} cannot be read ({error}). If it is damaged, put a copy of it from a backup in its "
            "place; without one, move it aside and build the knowledge base again."
        ) from error
    except BadKnowledgeBase:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")  # answers with another mode where the file system has no WAL
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection)
