"""The library: one SQLite file with all three layers of identity. SQL lives in this room only."""

import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from kith.errors import BadKnowledgeBase, KithError
from kith.library.calibration_records import CalibrationRecords
from kith.library.carried_links import CarriedWords
from kith.library.connection import DamagedRows, LibraryConnection, repair_advice
from kith.library.copy_records import CopyRecords
from kith.library.description_queries import DescriptionQueries
from kith.library.duplicate_queries import DuplicateQueries
from kith.library.erasure import erase_person, scrub
from kith.library.event_queries import EventQueries
from kith.library.exchange_queries import ExchangeQueries
from kith.library.failure_records import FailureRecords
from kith.library.former_records import FormerRecords
from kith.library.gallery_queries import GalleryQueries
from kith.library.group_records import GroupRecords
from kith.library.health_queries import HealthQueries
from kith.library.import_records import ImportRecords
from kith.library.inspection import is_damaged
from kith.library.journal import Journal, Turned
from kith.library.migrations import migrate
from kith.library.name_records import NameRecords
from kith.library.open_files import LOCK, is_open
from kith.library.person_edits import PersonEdits
from kith.library.person_queries import PersonQueries
from kith.library.person_records import ACCEPTED_LINKS, PersonRecords
from kith.library.photo_queries import PhotoQueries
from kith.library.photo_records import PhotoRecords
from kith.library.portrait_queries import PortraitQueries
from kith.library.redecision_queries import RedecisionQueries
from kith.library.review_queries import ReviewQueries
from kith.library.run_records import RunRecords
from kith.library.setting_records import SettingRecords
from kith.library.stack_records import StackRecords
from kith.library.standing_records import StandingRecords
from kith.library.suggestion_records import SuggestionRecords
from kith.library.told_records import ToldRecords
from kith.library.waiting_queries import WaitingQueries
from kith.library.write_ahead_log import Log, check_log, keep_log
from kith.values.persons import Person

_log = logging.getLogger(__name__)


class Store:
    """An open library; `photos`, `people`, `copies` and `reviews` speak for its tables. Close it when done.

    What the user does goes through `edits` within a `change`, which `changes` remembers and can take back. As a context
    it is closed at its end; an error that nobody expected and that the library's own damage may explain, is told so.
    """

    def __init__(self, connection: LibraryConnection) -> None:
        self.path = connection.path
        self._connection = connection
        self._write_ahead = Log(connection, connection.path)
        self.photos = PhotoRecords(connection)
        self.people = PersonRecords(connection)
        self.suggestions = SuggestionRecords(connection)
        self.failures = FailureRecords(connection)
        self.search = PhotoQueries(connection)
        self.duplicates = DuplicateQueries(connection)
        self.standing = StandingRecords(connection)
        self.exchange = ExchangeQueries(connection)
        self.imports = ImportRecords(connection)
        self.told = ToldRecords(connection)
        self.health = HealthQueries(connection)
        self.stacks = StackRecords(connection)
        self.copies = CopyRecords(connection)
        self.runs = RunRecords(connection)
        self.names = NameRecords(connection)
        self.former = FormerRecords(connection)
        self.reviews = ReviewQueries(connection)
        self.waiting = WaitingQueries(connection)
        self.redecisions = RedecisionQueries(connection)
        self.groups = GroupRecords(connection)
        self.gallery = GalleryQueries(connection)
        self.portraits = PortraitQueries(connection)
        self.persons = PersonQueries(connection)
        self.events = EventQueries(connection)
        self.calibrations = CalibrationRecords(connection)
        self.settings = SettingRecords(connection)
        self.descriptions = DescriptionQueries(connection, self.photos)
        self.carried = CarriedWords(connection, self.photos, self.people)
        self.edits = PersonEdits(connection, self.people)
        self.changes = Journal(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if isinstance(error, Exception) and not isinstance(error, KithError) and is_damaged(self._connection):
                _log.info("met in a damaged library", exc_info=error)
                raise BadKnowledgeBase(
                    f"The library {self.path} is damaged, which made this impossible: ", repair_advice(), "."
                ) from error
        finally:
            self.close()

    def state(self) -> tuple[int, int]:
        """Return what is another after anything was written by anybody."""
        return self._connection.state()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside land together, or not at all.

        Raises BadKnowledgeBase where the disk is full or fails, or the file turns out to be damaged.
        """
        self._write_ahead.begin()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._write_ahead.sign()
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(BadKnowledgeBase):  # of what ended it is told; a failing disk may have rolled it back already
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            raise

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

    def undo(self) -> Turned | None:
        """Take the newest change back that is not undone; None where nothing is taken back."""
        with self.transaction():
            return self.changes.undo()

    def redo(self) -> Turned | None:
        """Do again what was undone last, unless something else was done since; None where nothing is done again."""
        with self.transaction():
            return self.changes.redo()

    def forget(self, person: Person, folders: Iterable[Path]) -> bool:
        """Erase a person for good, with the places of photos in these folders of theirs, down to the file's bytes.

        Returns whether the log beside the file (-wal) could be emptied, too: another program may be reading.
        """
        self._connection.execute("PRAGMA secure_delete = ON")
        with self.transaction():
            for folder in folders:
                self.photos.forget_missing_files(folder, ())
            erase_person(self._connection, person)
        return scrub(self._connection)

    def close(self) -> None:
        """Close the file; what was left out of it is told."""
        told = self._connection.left_out.message()
        if told:
            self._connection.left_out = DamagedRows()
            _log.warning(told)
        self._connection.close()


def _look_whether_it_opens(path: Path, create: bool) -> None:
    """Raise BadKnowledgeBase where a file cannot be opened, or with `create` made, which SQLite would do unasked."""
    try:
        os.close(os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600))
    except OSError as error:
        done = "created" if create else "opened"
        raise BadKnowledgeBase(f"The library {path} cannot be {done}: {error.strerror or error}.") from error


def open_store(path: Path, create: bool = False) -> Store:
    """Open the library at `path`; only where `create` says so one is made, readable by its owner only.

    Raises BadKnowledgeBase where the file is not there, damaged, no library, of a newer Kith, or cannot be written.
    """
    with LOCK:
        if not is_open(path):  # else its locks would be gone
            check_log(path)
            _look_whether_it_opens(path, create)
        connection = LibraryConnection.open(path)
    try:
        migrate(connection)  # first: it refuses what is not ours to write to
        keep_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # for a row that another replaces, too
        connection.execute(ACCEPTED_LINKS)
        if connection.execute("SELECT 1 FROM open_change").fetchone():  # no change leaves it there when it ends
            connection.execute("DELETE FROM open_change")
            connection.left_out.add("open_change", None)
        return Store(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise BadKnowledgeBase(f"The library {path} cannot be used ({error}): ", repair_advice(), ".") from error
        raise
