"""The log beside a library (-wal, or -journal): what SQLite reads as a part of it must be its own.

SQLite goes by the name alone: after a kill it adds what the log holds to whatever file lies there, be it a copy put
back in the library's place (sqlite.org/howtocorrupt.html). So a library bears a number, SQLite's `application_id`, that
is drawn anew whenever a log begins, and each log begins with the page that bears it: docs/decisions/028.
"""

import os
import secrets
import sqlite3
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from kith.errors import BadKnowledgeBase
from kith.library.connection import WAIT_S, LibraryConnection, tells_of_others
from kith.library.open_files import is_open
from kith.messages import Action, Do

LONGEST = 4_000_000  # bytes of log: then it is brought into the library, as SQLite does by itself after 1,000 pages
SUFFIXES = ("-wal", "-journal", "-shm")
# sqlite.org/fileformat2.html: 1.3 the database header, 3 the rollback journal, 4.1 the write-ahead log
_HEADER = 100
_WAL_HEADER, _WAL_FRAME, _JOURNAL_HEADER = 32, 24, 28
_WAL_MAGIC = bytes.fromhex("377f06")
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_LOOKS = 3  # another program may be writing just now
_PAUSE_S = 0.01


def side_file(library: Path, suffix: str) -> Path:
    """Return the path of a file that SQLite keeps beside a library, or beside what a link of that name leads to."""
    return Path(os.path.realpath(library) + suffix)


def check_log(library: Path) -> None:
    """Raise BadKnowledgeBase where a log beside a library is another's; nothing is changed.

    A library that this process has open was looked at before that.
    """
    if is_open(library):
        return
    for log in foreign_logs(library):
        raise BadKnowledgeBase(
            f"{log} belongs to another library than the {library.name} beside it, perhaps because a copy was put in "
            "its place. Together they would be neither: ",
            Do(Action.RESTORE, "FILE"),
            " puts a backup in its place, ",
            Do(Action.REPAIR_LIBRARY),
            f" sets that file aside and goes on with {library.name} as it is. Nothing was changed.",
        )


def foreign_logs(library: Path) -> list[Path]:
    """Return the logs beside a library that are another's."""
    logs = {"-wal": _is_foreign_wal, "-journal": _is_foreign_journal}
    return [
        side_file(library, suffix)
        for suffix, is_foreign in logs.items()
        if all(is_foreign(library, side_file(library, suffix)) for _ in range(_LOOKS))
    ]


def keep_log(connection: LibraryConnection) -> None:
    """Have changes written to a log beside the library first, where its file system knows such logs.

    SQLite does not wait for another program that asks for it at this moment, since both are reading the file.
    """
    end = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except BadKnowledgeBase as error:
            if not tells_of_others(error.__cause__) or time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def mark_as_copy(connection: sqlite3.Connection) -> None:
    """Make a copy of a library a file for itself, without a log, that no log of the library belongs to."""
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute(f"PRAGMA application_id = {_drawn()}")


class Log:
    """The log of an open library, to be brought into it from time to time."""

    def __init__(self, connection: sqlite3.Connection, library: Path) -> None:
        self._connection, self._file = connection, str(side_file(library, "-wal"))
        self._limit = LONGEST
        self._is_journal = connection.execute("PRAGMA journal_mode").fetchone() != ("wal",)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # it is `begin` that does it
        connection.execute("PRAGMA journal_size_limit = 0")  # so the file is as long as what is in it

    def begin(self) -> None:
        """Bring a long log into the library, and begin a new one with a new number; before a transaction that writes.

        While others read what is in it the log goes on.
        """
        if self._is_journal or 0 < _size(self._file) < self._limit:
            return
        self._write(self._number())  # killed from here on, the log tells both numbers
        number = _drawn()
        self._write(number)
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._write(number)
        self._limit = _size(self._file) + LONGEST

    def sign(self) -> None:
        """Let the journal of a transaction, where there is no log, begin with the page that bears the number."""
        if self._is_journal:
            self._write(self._number())

    def _number(self) -> int:
        return int(self._connection.execute("PRAGMA application_id").fetchone()[0])

    def _write(self, number: int) -> None:
        self._connection.execute(f"PRAGMA application_id = {number}")  # writes the page also where it is the same


def _drawn() -> int:
    return secrets.randbits(31)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - for each transaction, and quick
    except OSError:
        return 0


def _start_of(path: Path, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError:
        return b""


def _is_foreign_wal(library: Path, log: Path) -> bool:
    """Say whether a log holds pages, and no first page with the number of this library."""
    before = _start_of(library, _HEADER)
    numbers = {_number(page) if place == 1 else None for place, page in _wal_pages(log)}
    if len(before) < _HEADER or not numbers or before != _start_of(library, _HEADER):
        return False  # nothing in it, or another program is at work on the library just now
    is_mere_copy = before[18] == 1  # the header says that no log was ever begun beside it
    return is_mere_copy or (numbers != {None} and _number(before) not in numbers)


def _wal_pages(log: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the place of each page in a log and its first bytes, as far as the log belongs to its present beginning."""
    with suppress(OSError), log.open("rb") as file:
        header = file.read(_WAL_HEADER)
        if len(header) == _WAL_HEADER and header.startswith(_WAL_MAGIC):
            (page_size,) = struct.unpack(">I", header[8:12])
            stride = _WAL_FRAME + (65536 if page_size == 1 else page_size)
            if not _is_whole(header, _read_at(file, _WAL_HEADER, stride)):
                return
            for frame in _frames(file, _WAL_HEADER, stride, _WAL_FRAME):
                if frame[8:16] != header[16:24]:
                    return
                yield int.from_bytes(frame[:4]), frame[_WAL_FRAME:]


def _is_whole(header: bytes, frame: bytes) -> bool:
    """Say whether the first page of a log is the one that its frame announces.

    Where that page could not be written, one of the log's former beginning stands there. Of later pages that does no
    harm: the first has told the number. The checksum is that of sqlite.org/fileformat2.html, 4.2.
    """
    order = ">" if header[3] & 1 else "<"
    summed = frame[:8] + frame[_WAL_FRAME:]
    first, second = struct.unpack(">2I", header[24:32])
    for word, next_word in struct.iter_unpack(f"{order}2I", summed[: len(summed) // 8 * 8]):
        first = (first + word + second) & 0xFFFFFFFF
        second = (second + next_word + first) & 0xFFFFFFFF
    return frame[16:_WAL_FRAME] == struct.pack(">2I", first, second)


def _is_foreign_journal(library: Path, log: Path) -> bool:
    """Say whether a rollback journal holds a first page that was not this library's before its last change."""
    first = next((page for place, page in _journal_pages(log) if place == 1), None)
    now = _start_of(library, _HEADER)
    if first is None:
        return False
    own_counters = _counter(now), _counter(now) - 1
    return _number(first) != _number(now) or _counter(first) not in own_counters


def _journal_pages(log: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the place of each page in a journal and its first bytes, part by part."""
    start = 0
    with suppress(OSError), log.open("rb") as file:
        while (header := _read_at(file, start, _JOURNAL_HEADER)).startswith(_JOURNAL_MAGIC):
            count, _, _, sector_size, page_size = struct.unpack(">5I", header[8:].ljust(20, b"\0"))
            if not (sector_size and page_size):
                return
            stride = page_size + 8
            frames = _frames(file, start + sector_size, stride, 4)
            for frame in islice(frames, count or None):
                yield int.from_bytes(frame[:4]), frame[4:]
            if not count:  # the last part, whose length is not told yet
                return
            sectors = -(-count * stride // sector_size)
            start += (1 + sectors) * sector_size


def _frames(file: BinaryIO, start: int, stride: int, header: int) -> Iterator[bytes]:
    while len(frame := _read_at(file, start, header + _HEADER)) == header + _HEADER:
        yield frame
        start += stride


def _read_at(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _number(page: bytes) -> bytes:
    return page[68:72]


def _counter(page: bytes) -> int:
    return int.from_bytes(page[24:28])
