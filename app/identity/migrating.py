"""Bring a library to the newest version, and copy one while it is in use."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

from app.errors import BadKnowledgeBase
from app.identity.photo_records import now
from app.identity.schema import FIRST_VERSIONS, INDEXES, TABLES, TRIGGERS

VERSION = len(FIRST_VERSIONS) + 1
# Before version 3 all files of a photo had the orientation of the last one looked at: such files are read again.
_FORGET_WAYS_UP = """
    UPDATE files SET mtime_ns = -1 WHERE photo_id IN (
        SELECT photo_id FROM analyses GROUP BY photo_id HAVING count(DISTINCT orientation) > 1)
    AND photo_id IN (SELECT photo_id FROM files GROUP BY photo_id HAVING count(*) > 1)"""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the library to the newest version in one transaction, after a copy of an older file was put beside it.

    Raises BadKnowledgeBase for a newer one and for another program's database, which stay as they are.
    """
    if _version(connection) == VERSION:
        return
    connection.execute("PRAGMA foreign_keys = OFF")  # a table is replaced: sqlite.org/lang_altertable.html, 7
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another program may have done it meanwhile
        copy = _keep_copy(path, version) if 0 < version < VERSION else None
        try:
            _run(connection, version)
            connection.commit()
        except BaseException:
            if copy:
                copy.unlink()
            raise
    except BaseException:
        connection.rollback()
        raise


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "appearances" not in tables:
        raise BadKnowledgeBase(
            "This is another program's database and no library of Kith: let library_path in the settings name a file "
            "of its own. Nothing was changed."
        )
    if version > VERSION:
        raise BadKnowledgeBase(
            f"This library was written by a newer Kith (version {version}, this one knows {VERSION}): "
            "update Kith. Nothing was changed."
        )
    return version


def _run(connection: sqlite3.Connection, version: int) -> None:
    for script in FIRST_VERSIONS[version:]:
        for statement in _statements(script):
            connection.execute(statement)
    make_strict(connection)
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise BadKnowledgeBase(
            f"The library is damaged ({len(broken)} of its entries point at nothing): put a copy of it from a backup "
            "in its place. Nothing was changed."
        )
    connection.execute(f"PRAGMA user_version = {VERSION}")


def make_strict(connection: sqlite3.Connection) -> None:
    """Put all rows into the typed tables of today; numbers once given are never given again."""
    for table, definition in TABLES.items():
        connection.execute(f"CREATE TABLE new_{table} {definition}")
        columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
        connection.execute(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table}")
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (f"new_{table}",))
        connection.execute(
            "INSERT INTO sqlite_sequence SELECT ?, seq FROM sqlite_sequence WHERE name = ?", (f"new_{table}", table)
        )
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    for statement in _statements(INDEXES + TRIGGERS):
        connection.execute(statement)
    connection.execute(_FORGET_WAYS_UP)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _keep_copy(path: Path, version: int) -> Path:
    """Put a copy beside the library as `library.sqlite.v1-2024-05-31.bak`, under a name that is free."""
    names = (f"{path.name}.v{version}-{now()[:10]}{f'-{number}' if number > 1 else ''}.bak" for number in count(1))
    target = next(path.with_name(name) for name in names if not os.path.lexists(path.with_name(name)))
    try:
        copy_library(path, target)
    except (OSError, sqlite3.Error) as error:
        raise BadKnowledgeBase(
            f"The library {path} is of an earlier Kith and is to be brought up to date, but no copy of it could be "
            f"kept at {target} first ({error}): free some space there, then start again. Nothing was changed."
        ) from error
    return target


def copy_library(path: Path, target: Path) -> None:
    """Copy a library as it is at one moment, also while others write to it, to a new file of its owner's only.

    Raises FileExistsError, OSError and sqlite3.Error, and leaves no part of a copy then.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(path, timeout=30)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without -wal beside it
    except BaseException:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                target.with_name(target.name + suffix).unlink()
        raise
