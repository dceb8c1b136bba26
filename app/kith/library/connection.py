"""A connection to a library: faults of its file or disk are told in words, rows that make no sense are left out."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Never, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from kith.errors import BadKnowledgeBase
from kith.library.open_files import LOCK, note_closed, note_opened
from kith.library.soundness import vector_of
from kith.messages import Action, Do, Message
from kith.text import counted, printable
from kith.vision.face_model import vector_lengths

T = TypeVar("T")

SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)  # an error's text may hold what is no text in a damaged file
WAIT_S = 30  # for another program's short transaction
_ROWS_AT_ONCE = 256
_NEWEST = 1000  # vectors, of which most of a model tell how long its vectors are
_PRIMARY = 0xFF  # the part of an SQLite result code that names its kind: sqlite.org/rescode.html
_BUSY = "Another program is at work on it: wait until it has ended, or stop it."
_RIGHTS = "See to the rights on the file and on its folder, and whether the disk can be written to."
_ADVICE = {
    sqlite3.SQLITE_FULL: "The disk is full: free some space, then do it again.",
    sqlite3.SQLITE_IOERR: "The disk is full or fails: free some space or see to the disk, then do it again.",
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PROTOCOL: _BUSY,
    sqlite3.SQLITE_READONLY: _RIGHTS,
    sqlite3.SQLITE_PERM: _RIGHTS,
    sqlite3.SQLITE_CANTOPEN: _RIGHTS,
}
_DAMAGE = {
    sqlite3.SQLITE_CORRUPT: "The file is damaged: ",
    sqlite3.SQLITE_NOTADB: "The file is damaged, or no library: ",
}


def repair_advice() -> Message:
    """Return what to do about a damaged library."""
    return Message(
        Do(Action.REPAIR_LIBRARY),
        " saves what can be read of it, ",
        Do(Action.RESTORE, "FILE"),
        " puts a backup in its place",
    )


def tells_damage(error: BaseException | None) -> bool:
    """Say whether it is damage of the file that an error of SQLite tells, and not the disk or another program."""
    return isinstance(error, SQLITE_ERRORS) and _kind(error) not in _ADVICE


def tells_of_others(error: BaseException | None) -> bool:
    """Say whether it is another program at work on the file that an error of SQLite tells."""
    return isinstance(error, SQLITE_ERRORS) and _ADVICE.get(_kind(error)) == _BUSY


def _kind(error: Exception) -> int:
    no_text = sqlite3.SQLITE_CORRUPT if isinstance(error, UnicodeDecodeError) else 0
    return int(getattr(error, "sqlite_errorcode", no_text)) & _PRIMARY


def _raise_told(path: Path, error: Exception) -> Never:
    """Raise BadKnowledgeBase where the file or its disk is at fault for an error of SQLite, else the error."""
    advice = _advice(_kind(error))
    if not advice:
        raise error
    raise BadKnowledgeBase(f"The library {path} cannot be used ({printable(str(error))}). ", advice) from error


def _advice(kind: int) -> str:
    damage = _DAMAGE.get(kind)
    return Message(damage, repair_advice(), ".") if damage else _ADVICE.get(kind, "")


class Damaged(ValueError):
    """A row that makes no sense for what another says: its table and key."""

    def __init__(self, table: str, key: object) -> None:
        super().__init__(table, key)
        self.table, self.key = table, key


class DamagedRows:
    """The rows of a library that make no sense and were left out when they were read, each counted once."""

    def __init__(self) -> None:
        self._rows: set[tuple[str, object]] = set()

    def add(self, table: str, key: object) -> None:
        """Say that a row, or a part of it, was left out."""
        self._rows.add((table, key))

    def message(self) -> str:
        """Return what to say of them; empty where there are none."""
        if not self._rows:
            return ""
        entries = counted(len(self._rows), "entry of the library is", "entries of the library are")
        check = Do(Action.CHECK_LIBRARY)
        return Message(f"{entries} damaged and left out: ", check, " tells more, --repair repairs it.")


def _telling(method: Callable[..., T]) -> Callable[..., T]:
    """Return a method of a cursor that tells the faults of file and disk in words."""

    def telling(self: "_Cursor", *values: Any) -> T:
        try:
            return method(self, *values)
        except SQLITE_ERRORS as error:
            _raise_told(self.connection.path, error)

    return telling


class _Cursor(sqlite3.Cursor):
    connection: "LibraryConnection"

    execute = _telling(sqlite3.Cursor.execute)
    executemany = _telling(sqlite3.Cursor.executemany)
    fetchone = _telling(sqlite3.Cursor.fetchone)
    fetchmany = _telling(sqlite3.Cursor.fetchmany)
    fetchall = _telling(sqlite3.Cursor.fetchall)

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        while rows := self.fetchmany(_ROWS_AT_ONCE):
            yield from rows


class LibraryConnection(sqlite3.Connection):
    """A connection in which an SQLite error is a BadKnowledgeBase wherever it arises, unless the mistake is ours."""

    path: Path
    left_out: DamagedRows
    _file: tuple[int, int] | None
    _lengths: dict[str, int]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Connect to the file at `path`; raises BadKnowledgeBase."""
        with LOCK:
            try:
                opened = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, factory=cls)
            except sqlite3.Error as error:
                _raise_told(path, error)
            opened._file = note_opened(path)
        opened.path = path
        opened.left_out = DamagedRows()
        opened._lengths = vector_lengths()
        opened.text_factory = lambda text: text.decode("utf-8", "replace")
        return opened

    def close(self) -> None:
        """Close the file."""
        with LOCK:
            super().close()
            file, self._file = self._file, None
            note_closed(file)

    def state(self) -> tuple[int, int]:
        """Return what is another after anything was written by anybody (sqlite.org/pragma.html#pragma_data_version)."""
        (version,) = self.execute("PRAGMA data_version").fetchone()
        return version, self.total_changes

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all that is read inside be of one moment."""
        if self.in_transaction:
            yield
            return
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("COMMIT")

    def execute(self, sql: str, values: Any = ()) -> _Cursor:
        """Run a statement."""
        cursor = self.cursor(_Cursor)  # one made by itself would leave a reference behind for as long as this is open
        cursor.execute(sql, values)
        return cursor

    def executemany(self, sql: str, values: Iterable[Any]) -> _Cursor:
        """Run a statement for each of the values."""
        cursor = self.cursor(_Cursor)
        cursor.executemany(sql, values)
        return cursor

    def read(self, table: str, make: Callable[[Sequence[Any]], T], query: str, values: object = ()) -> Iterator[T]:
        """Yield what `make` makes of the rows of a query, without their first column: the row's key in `table`.

        A row of which it raises ValueError or TypeError is damaged and left out; Damaged tells of another row.
        """
        for row in self.execute(query, values):
            try:
                made = make(row[1:])
            except Damaged as error:
                self.left_out.add(error.table, error.key)
            except (ValueError, TypeError):
                self.left_out.add(table, row[0])
            else:
                yield made

    def vector(self, model_id: str, blob: object) -> NDArray[np.float32]:
        """Return the vector that a model made; raises ValueError where it is none or of another length than others."""
        vector = vector_of(blob)
        if model_id not in self._lengths:
            self._lengths[model_id] = self._length(model_id)
        if len(vector) != self._lengths[model_id]:
            raise ValueError(blob)
        return vector

    def _length(self, model_id: str) -> int:
        """Return how long the vectors of a model are: most of its newest, if possible among the newest of all."""
        for among in ("id > (SELECT max(id) FROM observations) - ?2 AND model_id = ?1", "model_id = ?1 LIMIT ?2"):
            row = self.execute(
                f"SELECT length(vector) FROM (SELECT vector FROM observations WHERE {among}) "
                "GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
                (model_id, _NEWEST),
            ).fetchone()
            if row:
                break
        return int(row[0]) // 4
