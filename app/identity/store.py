"""The library: one SQLite file with all three layers of identity. SQL lives in this room only."""

import os
import sqlite3
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import BadKnowledgeBase
from app.identity.carried_words import CarriedWords
from app.identity.copy_records import CopyRecords
from app.identity.erasing import erase_person, scrub
from app.identity.event_records import EventRecords
from app.identity.gallery_records import GalleryRecords
from app.identity.group_records import GroupRecords
from app.identity.health_records import HealthRecords
from app.identity.import_records import ImportRecords
from app.identity.journal import Journal, Undone
from app.identity.migrating import migrate
from app.identity.person_edits import PersonEdits
from app.identity.person_records import Person, PersonRecords
from app.identity.photo_records import PhotoRecords
from app.identity.redecision_records import RedecisionRecords
from app.identity.review_records import ReviewRecords

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
    """An open library; `photos`, `people`, `copies` and `reviews` speak for its tables. Close it when done.

    What the user does goes through `edits` within a `change`, which `changes` remembers and can take back.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self.photos = PhotoRecords(connection)
        self.people = PersonRecords(connection)
        self.imports = ImportRecords(connection)
        self.health = HealthRecords(connection)
        self.copies = CopyRecords(connection)
        self.reviews = ReviewRecords(connection)
        self.redecisions = RedecisionRecords(connection)
        self.groups = GroupRecords(connection)
        self.gallery = GalleryRecords(connection)
        self.events = EventRecords(connection)
        self.carried = CarriedWords(connection, self.photos, self.people)
        self.edits = PersonEdits(connection, self.people)
        self.changes = Journal(connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside land together, or not at all.

        Raises BadKnowledgeBase where the disk is full or fails, or the file turns out to be damaged.
        """
        with self._told(), self._connection:  # commits, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & _PRIMARY not in _FILE_AT_FAULT:
                raise
            raise _unusable(self.path, error) from error

    @contextmanager
    def change(self, action: str, summary: str) -> Iterator[int]:
        """Make what happens inside one transaction that `undo` can take back, and give its number.

        `summary` says in words what the user did.
        """
        with self.transaction():
            change_id = self.changes.begin(action, summary)
            yield change_id
            self.changes.end(change_id)

    @contextmanager
    def following(self, change_id: int | None) -> Iterator[None]:
        """Make what happens inside one transaction that belongs to a change made before, or to none."""
        with self.transaction():
            resumed = change_id is not None and self.changes.resume(change_id)
            yield
            if resumed and change_id is not None:
                self.changes.end(change_id)

    def undo(self, only: Container[int] | None = None) -> Undone | None:
        """Take the newest change back that is not undone, if it is one of `only`; None where nothing is taken back."""
        with self.transaction():
            newest = self.changes.newest()
            return self.changes.undo() if newest and (only is None or newest.id in only) else None

    def forget(self, person: Person, folders: Iterable[Path]) -> bool:
        """Erase a person for good, with the places of photos in these folders of theirs, down to the file's bytes.

        Returns whether the log beside the file (-wal) could be emptied, too: another program may be reading.
        """
        self._connection.execute("PRAGMA secure_delete = ON")
        with self.transaction():
            for folder in folders:
                self.photos.forget_missing_files(folder, ())
            erase_person(self._connection, person)
        with self._told():
            return scrub(self._connection)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def open_store(path: Path, create: bool = False) -> Store:
    """Open the library at `path`; only where `create` says so one is made, readable by its owner only.

    Raises BadKnowledgeBase where the file is not there, damaged, no library, of a newer Kith, or cannot be written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600))
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise BadKnowledgeBase(f"The library {path} cannot be {'created' if create else 'opened'}: {error}") from error
    try:
        _prepare(connection, path)
        return Store(path, connection)
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(path, error) from error
    except BadKnowledgeBase:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)  # first: it refuses what is not ours to write to
    connection.execute("PRAGMA journal_mode = WAL")  # answers with another mode where the file system has no WAL
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _unusable(path: Path, error: sqlite3.Error) -> BadKnowledgeBase:
    return BadKnowledgeBase(
        f"The library {path} cannot be used ({error}). If the disk is full, free some space. If the file is damaged, "
        "put a copy of it from a backup in its place; without one, move it aside and build the knowledge base again."
    )
