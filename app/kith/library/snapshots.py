"""Whole copies of a library: made, kept beside it, and put in its place."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from glob import escape
from pathlib import Path

from kith.errors import StoreBusy
from kith.library.connection import WAIT_S
from kith.library.photo_records import now
from kith.library.write_ahead_log import SUFFIXES, check_log, mark_as_copy, side_file
from kith.text import printable
from kith.whole_files import numbered_names, sync, take_name, take_place

_WITH_CONTENT = ("", "-wal", "-journal")


@contextmanager
def new_file(folder: Path, name: str) -> Iterator[Path]:
    """Give a hidden file of its owner's only to be written, which is gone afterwards unless it was moved.

    Raises OSError.
    """
    handle, text = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    os.close(handle)
    part = Path(text)
    try:
        yield part
    finally:
        for path in (part, *(side_file(part, suffix) for suffix in SUFFIXES)):
            with suppress(OSError):
                path.unlink()


def copy_library(library: Path, target: Path) -> None:
    """Copy a library as it is at one moment, also while others write to it, to a new file of its owner's only.

    Raises FileExistsError, OSError, sqlite3.Error, and BadKnowledgeBase where the log beside it is another's; the file
    appears whole or not at all.
    """
    check_log(library)
    if os.path.lexists(target):
        raise FileExistsError(target)
    with new_file(target.parent, target.name) as part:
        try:
            with closing(sqlite3.connect(library, timeout=WAIT_S)) as source, closing(sqlite3.connect(part)) as copy:
                source.backup(copy)
                mark_as_copy(copy)
        except UnicodeDecodeError as error:  # in the text of an error of SQLite
            raise sqlite3.DatabaseError("its tables are damaged") from error
        _appear(part, target)


def kept_beside(library: Path, why: str) -> Path:
    """Copy a library that nobody works on with its logs, damaged as it may be, to `library.sqlite.<why>-<date>.bak`.

    Raises OSError.
    """
    target = free_name(library, why)
    for suffix in _WITH_CONTENT:
        source = side_file(library, suffix)
        if source.is_file():
            with new_file(library.parent, library.name) as part:
                shutil.copyfile(source, part)
                _appear(part, side_file(target, suffix))
    return target


def free_name(library: Path, why: str) -> Path:
    """Return where a copy of a library may be kept beside it, under a name that is free."""
    names = numbered_names(library.with_name(f"{library.name}.{why}-{now()[:10]}"), ".bak")
    return next(name for name in names if _is_free(name))


def _is_free(path: Path) -> bool:
    return not any(os.path.lexists(side_file(path, suffix)) for suffix in _WITH_CONTENT)


def put_in_place(part: Path, library: Path) -> None:
    """Let a whole file of a library take its place, and the logs of the former one go. Raises OSError.

    Killed in between, the logs are known not to be the new one's.
    """
    sync(part)
    take_place(part, library)
    for suffix in SUFFIXES:
        side_file(library, suffix).unlink(missing_ok=True)
    sync(library.parent)


def kept_copies(library: Path) -> list[Path]:
    """Return the copies of a library that were kept beside it, and what is left of copies that were never complete."""
    name, folder = escape(library.name), library.parent
    return sorted([*folder.glob(f"{name}.*.bak*"), *folder.glob(f".{name}.*.part*")])


def _appear(part: Path, target: Path) -> None:
    """Give a file its name, which nothing else must have. Raises FileExistsError and OSError."""
    sync(part)
    if not take_name(part, target):
        raise FileExistsError(target)


def check_unused(library: Path) -> None:
    """Raise StoreBusy where another program keeps a library open; one that is damaged passes."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(library, timeout=1, isolation_level=None)) as own:
        own.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            own.execute("BEGIN EXCLUSIVE")
            own.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise StoreBusy(
                    f"Another program, perhaps Kith's window, has {library} open: close it first."
                ) from error


def reason_of(error: Exception) -> str:
    """Return in words why a copy could not be made."""
    return printable((error.strerror if isinstance(error, OSError) else None) or str(error))
