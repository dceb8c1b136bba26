"""Bring a library to the newest version: its tables, its rows, indexes and triggers as they are today."""

import logging
import sqlite3
from collections.abc import Container, Iterator
from pathlib import Path

from kith.errors import BadKnowledgeBase
from kith.library.connection import LibraryConnection, repair_advice
from kith.library.first_versions import FIRST_VERSIONS
from kith.library.repairs import Mended, mend
from kith.library.schema import INDEXES, TABLES, TRIGGERS, definition
from kith.library.snapshots import copy_library, free_name, reason_of
from kith.messages import Setting
from kith.text import printable

TYPED = len(FIRST_VERSIONS) + 1  # the first version of typed tables
VERSION = 9  # in which written_names may leave out what follows: library.written_fields
# Before version 3 all files of a photo had the orientation of the last one looked at: such files are read again.
_FORGET_WAYS_UP = """
    UPDATE files SET mtime_ns = -1 WHERE photo_id IN (
        SELECT photo_id FROM analyses GROUP BY photo_id HAVING count(DISTINCT orientation) > 1)
    AND photo_id IN (SELECT photo_id FROM files GROUP BY photo_id HAVING count(*) > 1)"""
_OURS = {"appearances", "observations", "person_folders", "change_steps"}  # tables that no other program has

_log = logging.getLogger(__name__)


def migrate(connection: LibraryConnection) -> None:
    """Bring the library to the newest version in one transaction, after a copy of an older file was put beside it.

    Rows that make no sense are mended or left out, which is told; the copy has them. Raises BadKnowledgeBase for a
    newer one, another program's database and one that is too damaged, which stay as they are.
    """
    if version_of(connection) == VERSION:
        return
    connection.execute("PRAGMA foreign_keys = OFF")  # a table is replaced: sqlite.org/lang_altertable.html, 7
    connection.execute("BEGIN IMMEDIATE")
    try:
        _bring_up_to_date(connection)
    except BaseException:
        if connection.in_transaction:  # a full or failing disk has ended it already
            connection.execute("ROLLBACK")
        raise


def _bring_up_to_date(connection: LibraryConnection) -> None:
    version = version_of(connection)  # another program may have done it meanwhile
    if 0 < version < VERSION:
        _log.warning("The library is brought up to date, which can take a minute for a million photos.")
    copy = _keep_copy(connection.path, version) if 0 < version < VERSION else None
    try:
        done = run_migrations(connection, version)
        connection.execute("COMMIT")
    except BaseException as error:
        if copy:
            copy.unlink()
        if isinstance(error, sqlite3.Error):
            raise BadKnowledgeBase(
                f"The library {connection.path} cannot be brought up to date ({printable(str(error))}), ",
                "it is damaged: ",
                repair_advice(),
                ". Nothing was changed.",
            ) from error
        raise
    if done:
        _log.warning("The library was brought up to date. %s The copy %s has it as it was.", done, copy)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a library, 0 for an empty file.

    Raises BadKnowledgeBase for a newer one and for another program's database.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and not tables & _OURS:
        raise BadKnowledgeBase(
            "This is another program's database and no library of Kith: let ",
            Setting("library_path"),
            " name a file of its own. Nothing was changed.",
        )
    if version > VERSION:
        raise BadKnowledgeBase(
            f"This library was written by a newer Kith (version {version}, this one knows {VERSION}): "
            "update Kith. Nothing was changed."
        )
    return version


def run_migrations(connection: sqlite3.Connection, version: int) -> Mended:
    """Make a library of this version one of today, within the caller's transaction without foreign keys.

    Returns what of it was damaged.
    """
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        _begin(connection)
        return Mended()
    connection.execute("PRAGMA ignore_check_constraints = ON")  # of rows that are to be mended
    present = _texts(connection, "table")
    is_anew = any(table in present and present[table] != _made(table) for table in TABLES)
    done = mend(connection) if is_anew else Mended()  # where no row is to be put elsewhere, `check` tells of damage
    for script in FIRST_VERSIONS[version:]:
        for statement in _statements(script):
            connection.execute(statement)
    if version < TYPED:
        done += mend(connection)
    connection.execute("PRAGMA ignore_check_constraints = OFF")
    done += _make_strict(connection)
    if version < TYPED:
        connection.execute(_FORGET_WAYS_UP)
    for reckoned in ("duplicates", "standing"):  # what is left may tell others
        connection.execute(f"DELETE FROM {reckoned}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    return done


def _make_strict(connection: sqlite3.Connection) -> Mended:
    """Put the rows of all tables that are others today into these, typed; numbers once given are never given again."""
    done = Mended()
    _drop(connection, "trigger", set())  # they name tables that are on their way
    present = _texts(connection, "table")
    for table in TABLES:
        if present.get(table) == _made(table):
            continue
        connection.execute(f"CREATE TABLE new_{table} {definition(table)}")
        columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
        if columns:
            (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            copied = connection.execute(f"INSERT OR IGNORE INTO new_{table} ({columns}) SELECT {columns} FROM {table}")
            done.removed[table] += rows - copied.rowcount  # numbers or names that two rows have
            connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (f"new_{table}",))
            connection.execute(
                "INSERT INTO sqlite_sequence SELECT ?, seq FROM sqlite_sequence WHERE name = ?", (f"new_{table}", table)
            )
            connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    done += mend(connection) if done else Mended()  # what referred to them
    _make_indexes_and_triggers(connection)
    return done


def _made(table: str) -> str:
    return f'CREATE TABLE "{table}" {definition(table)}'  # the name in quotes, as where it was renamed


def _texts(connection: sqlite3.Connection, kind: str) -> dict[str, str]:
    """Return what makes each table, index or trigger, by name."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL"
    return dict(connection.execute(query, (kind,)).fetchall())


def _drop(connection: sqlite3.Connection, kind: str, but: Container[str]) -> None:
    """Drop all indexes, or triggers, but those that are made so."""
    for name, text in _texts(connection, kind).items():
        if text not in but:
            quoted = name.replace('"', '""')
            connection.execute(f'DROP {kind} "{quoted}"')


def _begin(connection: sqlite3.Connection) -> None:
    """Make the tables of today in an empty library."""
    for table in TABLES:
        connection.execute(_made(table))
    _make_indexes_and_triggers(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _make_indexes_and_triggers(connection: sqlite3.Connection) -> None:
    wanted = {statement.strip().removesuffix(";"): None for statement in _statements(INDEXES + TRIGGERS)}
    _drop(connection, "index", wanted)
    present = {*_texts(connection, "index").values()}
    for statement in wanted:
        if statement not in present:
            connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _keep_copy(path: Path, version: int) -> Path:
    """Put a copy beside the library as `library.sqlite.v1-2024-05-31.bak`, under a name that is free."""
    target = free_name(path, f"v{version}")
    try:
        copy_library(path, target)
    except (OSError, sqlite3.Error) as error:
        raise BadKnowledgeBase(
            f"The library {path} is of an earlier Kith and is to be brought up to date, but no copy of it could be "
            f"kept at {target} first ({reason_of(error)}): free some space there, then start again. Nothing was "
            "changed."
        ) from error
    return target
