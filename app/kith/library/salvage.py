"""Save what can be read of a damaged library into a new one."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kith.errors import BadKnowledgeBase
from kith.library.connection import SQLITE_ERRORS
from kith.library.inspection import reference
from kith.library.migrations import VERSION, run_migrations
from kith.library.repairs import Mended
from kith.library.schema import TABLES
from kith.library.write_ahead_log import mark_as_copy

_FIRST, _LAST = -(2**63), 2**62  # row numbers
_MOST_GAPS = 10_000  # between rows that can be read, after which what is left of a table is given up
_Columns = dict[str, str]  # with their types
_Row = tuple[Any, ...]


@dataclass(slots=True)
class Salvaged:
    """Rows saved by table, the tables of which not all could be read, and what had to be mended."""

    saved: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)
    mended: Mended = field(default_factory=Mended)


def salvage(library: Path, target: Path) -> Salvaged:
    """Write all that can be read of a library of any version, and makes sense, into the empty file `target`.

    Raises BadKnowledgeBase where that is nothing, and sqlite3.Error where `target` cannot be written.
    """
    done = Salvaged()
    with closing(sqlite3.connect(library)) as source, closing(sqlite3.connect(target, isolation_level=None)) as new:
        source.text_factory = lambda text: text.decode("utf-8", "replace")
        source.execute("PRAGMA writable_schema = ON")  # reads also a file cut short, and past tables it cannot make out
        present = _tables_in(source)
        version = min(range(VERSION, 0, -1), key=lambda number: _difference(present, number))
        new.execute("BEGIN")
        for table, columns in _tables(version).items():
            _save(source, new, table, columns, present.get(table, {}), done)
        if not +done.saved:
            raise BadKnowledgeBase(f"Nothing can be read of {library}.")
        _keep_numbers(source, new)
        if "change_steps" in done.unread:  # nothing can be undone past a gap
            new.execute("DELETE FROM change_steps")
        done.mended = run_migrations(new, version)
        new.execute("COMMIT")
        mark_as_copy(new)
    return done


@cache
def _tables(version: int) -> Mapping[str, _Columns]:
    with closing(reference(version)) as empty:
        return _tables_in(empty)


def _tables_in(connection: sqlite3.Connection) -> dict[str, _Columns]:
    columns_of = {table: _columns(connection, table) for table in TABLES}
    return {table: columns for table, columns in columns_of.items() if columns}


def _columns(connection: sqlite3.Connection, table: str) -> _Columns:
    with suppress(*SQLITE_ERRORS):
        return {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}
    return {}


def _difference(present: Mapping[str, _Columns], version: int) -> int:
    """Return by how many columns a library differs from one of this version."""
    return len(_places(_tables(version)) ^ _places(present))


def _places(tables: Mapping[str, _Columns]) -> set[tuple[str, str]]:
    return {(table, name) for table, columns in tables.items() for name in columns}


def _save(
    source: sqlite3.Connection,
    new: sqlite3.Connection,
    table: str,
    columns: _Columns,
    present: _Columns,
    done: Salvaged,
) -> None:
    """Copy what can be read of a table into one that takes everything."""
    made = ("id INTEGER PRIMARY KEY AUTOINCREMENT" if name == "id" else name for name in columns)
    new.execute(f"CREATE TABLE {table} ({', '.join(made)})")
    known = [name for name in columns if name in present]
    rows = _Reading(source, table, ", ".join(known))
    if known:
        marks = ", ".join("?" * len(known))
        insert = f"INSERT OR IGNORE INTO {table} ({', '.join(known)}) VALUES ({marks})"
        done.saved[table] = new.executemany(insert, rows).rowcount
    if rows.failed or not known:
        done.unread.append(table)


class _Reading:
    """The rows of a table, without those that cannot be read; `failed` tells whether there were any."""

    def __init__(self, source: sqlite3.Connection, table: str, columns: str) -> None:
        self._source, self._table, self._columns = source, table, columns
        self.failed = False

    def __iter__(self) -> Iterator[_Row]:
        return self._from_both_ends() if self._table == "files" else self._by_number()

    def _by_number(self) -> Iterator[_Row]:
        last = _FIRST
        for _ in range(_MOST_GAPS):
            try:
                for row in self._source.execute(self._after(), (last,)):
                    if row[0] <= last:
                        raise sqlite3.DatabaseError("pages that lead back to each other")
                    last = row[0]
                    yield row[1:]
                return
            except SQLITE_ERRORS:
                self.failed = True
                following = self._next_readable(last)
                if following is None:
                    return
                last = following

    def _after(self) -> str:
        return f"SELECT rowid, {self._columns} FROM {self._table} WHERE rowid > ? ORDER BY rowid"

    def _next_readable(self, last: int) -> int | None:
        """Return the least number behind which rows can be read again; None where there are no more."""
        step = 1
        while not self._is_readable(last + step):
            step *= 2
            if last + step > _LAST:
                return None
        unreadable, readable = last + step // 2, last + step
        while readable - unreadable > 1:  # not by bisect, which takes no 64 bits
            middle = (unreadable + readable) // 2
            if self._is_readable(middle):
                readable = middle
            else:
                unreadable = middle
        return readable

    def _is_readable(self, number: int) -> bool:
        try:
            row = self._source.execute(f"{self._after()} LIMIT 1", (number,)).fetchone()
        except SQLITE_ERRORS:
            return False
        return row is None or row[0] > number

    def _from_both_ends(self) -> Iterator[_Row]:
        """Yield the rows of a table without numbers, forwards and then backwards up to what cannot be read."""
        seen = set()
        for order in ("", "DESC"):
            try:
                for row in self._source.execute(f"SELECT {self._columns} FROM {self._table} ORDER BY path {order}"):
                    if row in seen:
                        return
                    seen.add(row)
                    yield row
                return
            except SQLITE_ERRORS:
                self.failed = True


def _keep_numbers(source: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Let numbers once given never be given again."""
    with suppress(*SQLITE_ERRORS):
        for table, number in source.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
            if table in TABLES and isinstance(number, int) and 0 < number < _LAST:
                given = new.execute("DELETE FROM sqlite_sequence WHERE name = ? RETURNING seq", (table,)).fetchone()
                highest = max(number, given[0] if given else 0)
                new.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, highest))
