"""Which library files this process has open.

POSIX lets go of all locks that a process has on a file when it closes any handle of it. So nothing here may open and
close a library by itself while SQLite has it open: another process would think itself alone, and take the log away
from under this one (sqlite.org/howtocorrupt.html, 2.2).
"""

import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

LOCK = threading.RLock()  # held from looking whether a file is open until it is
_open: Counter[tuple[int, int]] = Counter()


def file_of(path: Path) -> tuple[int, int] | None:
    """Return which file lies at a path, None where none does."""
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


def is_open(path: Path) -> bool:
    """Say whether a connection of this process has the file at a path open."""
    return _open[file] > 0 if (file := file_of(path)) else False


def note_opened(path: Path) -> tuple[int, int] | None:
    """Note that a connection has opened the file at a path, and return which file that is."""
    file = file_of(path)
    if file:
        _open[file] += 1
    return file


def note_closed(file: tuple[int, int] | None) -> None:
    """Note that a connection has closed that file."""
    if file:
        _open[file] -= 1
