"""Inspect a library: whether its file is whole, its tables are as they are to be, and its rows make sense."""

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache

from kith.errors import BadKnowledgeBase
from kith.library.connection import SQLITE_ERRORS, tells_damage
from kith.library.first_versions import FIRST_VERSIONS
from kith.library.migrations import TYPED, run_migrations, version_of
from kith.library.repairs import damage
from kith.library.schema import ALTERED, NEWER, TABLES
from kith.text import counted

_FAULTS_SHOWN = 5
# What SQLite's own check says of values, which are counted by table and column.
_OF_VALUES = re.compile(r"(CHECK constraint failed|NULL value|non-\w+ value|NUMERIC value|TEXT value) in ")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is wrong with a library: faults of its file as SQLite tells them, missing parts, damaged rows by table.

    `rows` tells for each table how many of its rows have a damaged value in which column; "" stands for any.
    """

    faults: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    rows: Mapping[str, Counter[str]] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.faults or self.missing or self.rows)

    def lines(self) -> list[str]:
        """Return what is wrong in words, line by line."""
        more = len(self.faults) - _FAULTS_SHOWN
        return [
            *(f"the file: {fault}" for fault in self.faults[:_FAULTS_SHOWN]),
            *([f"the file: {more} more faults"] if more > 0 else []),
            *(f"missing or altered: {part}" for part in self.missing),
            *(f"{table}: {self._told(counts)}" for table, counts in self.rows.items()),
        ]

    def _told(self, counts: Counter[str]) -> str:
        columns = ", ".join(f"{name} in {rows}" for name, rows in counts.items() if name)
        entries = counted(counts[""], "damaged entry", "damaged entries")
        return f"{entries} ({columns})"


def is_damaged(connection: sqlite3.Connection) -> bool:
    """Say whether anything is wrong with an open library."""
    return not inspect(connection).is_sound


def inspect(connection: sqlite3.Connection) -> Inspection:
    """Find out what is wrong with a library of any version; nothing is changed.

    Raises BadKnowledgeBase for another program's database, the library of a newer Kith, and where the disk fails.
    """
    try:
        version = version_of(connection)
        missing = _missing(connection, version)
        rows = damage(connection)
        faults = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    except (*SQLITE_ERRORS, BadKnowledgeBase) as error:
        if not tells_damage(_cause(error)):  # it is no library, a newer one, or cannot be read at the moment
            raise
        # Kept in no name here: an error leads to its cursors, which keep a connection from being closed.
        return Inspection((str(_cause(error)),))
    return Inspection(tuple(fault for fault in faults if not _OF_VALUES.search(fault)), missing, rows)


def _cause(error: Exception) -> BaseException | None:
    return error.__cause__ if isinstance(error, BadKnowledgeBase) else error


def reference(version: int) -> sqlite3.Connection:
    """Return an empty library of a version, in memory."""
    empty = sqlite3.connect(":memory:", isolation_level=None)
    if version >= TYPED:
        run_migrations(empty, 0)
        for table in [table for table, since in NEWER.items() if since > version]:
            drop_table(empty, table)
    else:
        for script in FIRST_VERSIONS[:version]:
            empty.executescript(script)
    return empty


def drop_table(connection: sqlite3.Connection, table: str) -> None:
    """Take a table away, and the triggers of others that write to it."""
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name != ?1 AND name GLOB ?1 || '_*'"
    for (trigger,) in connection.execute(triggers, (table,)).fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(f"DROP TABLE {table}")


def _missing(connection: sqlite3.Connection, version: int) -> tuple[str, ...]:
    present = _parts(connection)
    if version <= 0:
        return ("the number of its version" if present else "everything: it is empty",)
    wanted = dict(_wanted(version))
    for part in wanted.keys() & {part for part, since in ALTERED.items() if since > version >= TYPED}:
        if part in present:
            wanted[part] = present[part]  # as it was made then
        elif part[0] == "index":
            del wanted[part]
    if connection.execute("SELECT 1 FROM sqlite_sequence WHERE typeof(seq) != 'integer'").fetchone():
        wanted["the numbers given", "(sqlite_sequence)"] = ""
    strange = [f"{kind} {name} (strange)" for kind, name in present.keys() - wanted.keys() if kind == "trigger"]
    return (
        *(f"{kind} {name}" for (kind, name), text in wanted.items() if present.get((kind, name)) != text),
        *sorted(strange),
    )


@cache
def _wanted(version: int) -> Mapping[tuple[str, str], str]:
    with closing(reference(version)) as empty:
        return _parts(empty)


def _parts(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return tables, indexes and triggers with the text that makes them, by kind and name."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {(kind, name): " ".join(sql.split()) for kind, name, table, sql in rows if table in TABLES}
