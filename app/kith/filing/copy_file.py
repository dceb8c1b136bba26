"""One copy, made whole under a name that nothing else has."""

import errno
import filecmp
import hashlib
import os
import shutil
import stat
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from kith.errors import BadPhoto, FilingFailed
from kith.filing.names import numbered
from kith.filing.own_copies import is_file, is_link, sha256_of
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.whole_files import complete, part_file, take_name, take_place

_OUTPUT_AT_FAULT = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR}
_PIECE = 2**20  # bytes


class LinkedFolder(BadPhoto):
    """A person's folder leads out of the output folder."""


def make(records: CopyRecords, record: CopyRecord, source: Path, over: bool = False) -> CopyRecord:
    """Make a copy of a photo's file and return its record; `over` takes the place of the copy that is there.

    Else nothing is overwritten: a name taken meanwhile gives way to the next free one. Raises BadPhoto where the photo
    cannot be read or the folder is a link, and FilingFailed where the output folder takes no copy.
    """
    folder = record.target.parent
    if is_link(folder):
        raise LinkedFolder(source, f"could not be copied: {folder} is a link, and copies stay in the output folder")
    check_readable(source)
    if record.sha256:
        records.begin(record, source)
    with filing_errors(source, record.target), _folder_made(folder):
        with part_file(folder, 0o600) as (file, part):
            state = FileState.now(source)
            sha256 = _copy(source, file)
            complete(file)
            _take_times_and_mode(source, part)
            if over:
                take_place(part, record.target)
            else:
                record = put(records, part, record)
        return records.complete(record, sha256, state)


def check_readable(source: Path) -> None:
    """Raise BadPhoto where a photo cannot be read."""
    next(_pieces(source), None)


def photo_sha256(source: Path) -> str:
    """Return the SHA-256 of a photo's file. Raises BadPhoto."""
    try:
        return sha256_of(source)
    except OSError as error:
        raise _unreadable(source, error) from error


def _copy(source: Path, file: BinaryIO) -> str:
    """Copy a photo's file and return the SHA-256 of what was copied. Raises BadPhoto and OSError of the copy."""
    digest = hashlib.sha256()
    for piece in _pieces(source):
        file.write(piece)
        digest.update(piece)
    return digest.hexdigest()


def _pieces(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            yield from iter(partial(file.read, _PIECE), b"")
    except OSError as error:
        raise _unreadable(source, error) from error


def _unreadable(source: Path, error: OSError) -> BadPhoto:
    return BadPhoto(source, f"could not be copied: {error.strerror or error}")


def _take_times_and_mode(source: Path, part: Path) -> None:
    """Do what the file system allows (FAT knows few modes); a read-only copy could not be withdrawn on Windows."""
    with suppress(OSError):
        shutil.copystat(source, part)
        part.chmod(part.stat().st_mode | stat.S_IWUSR)


@contextmanager
def _folder_made(folder: Path) -> Iterator[None]:
    """Have a person's folder, a new one only if something comes to lie in it; the output folder itself is there."""
    is_new = not os.path.isdir(folder)
    folder.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        if is_new:
            clear_away(folder)
        raise


def clear_away(folder: Path) -> None:
    """Remove a person's folder where it is empty."""
    with suppress(OSError):
        folder.rmdir()


def put(records: CopyRecords, file: Path, record: CopyRecord) -> CopyRecord:
    """Give a file the name planned for it, or the next free one, and return the record. Raises OSError."""
    while not (take_name(file, record.target) or _take_over(file, record.target)):
        record = records.move(record, free_target(records, record.target))
    return record


def _take_over(file: Path, target: Path) -> bool:
    """Take what a killed run left under the name: the whole copy, or nothing but the name."""
    if not is_file(target):
        return False
    if target.stat().st_size == 0:
        take_place(file, target)
        return True
    if filecmp.cmp(file, target, shallow=False):
        file.unlink()
        return True
    return False


def free_target(records: CopyRecords, wanted: Path) -> Path:
    """Return the name, numbered where another file has it, be that only planned."""

    def is_free(number: int) -> bool:
        path = numbered(wanted, number)
        return not os.path.lexists(path) and not records.is_taken(path)

    return numbered(wanted, _first_free(is_free))


def _first_free(is_free: Callable[[int], bool]) -> int:
    """Return a number that is free behind one that is taken, in few steps also where thousands are."""
    free = 1
    while not is_free(free):
        free *= 2
    return bisect_left(range(free), True, lo=free // 2 + 1, key=is_free)


@contextmanager
def filing_errors(source: Path, target: Path) -> Iterator[None]:
    """Say in plain words why a copy could not be written or taken back: BadPhoto, or FilingFailed for all of them."""
    try:
        yield
    except OSError as error:
        raise _explained(error, source, target) from error


def _explained(error: OSError, source: Path, target: Path) -> BadPhoto | FilingFailed:
    output = target.parent.parent
    if not os.path.isdir(output):
        return FilingFailed(
            f"The output folder {output} is not there any more: connect its drive, or choose another output folder, "
            "then start again: it goes on where it stopped."
        )
    if error.errno in _OUTPUT_AT_FAULT:
        return FilingFailed(
            f"No copy could be written to {target.parent}: {error.strerror}. "
            "Free some space or choose another output folder, then start again: it goes on where it stopped."
        )
    return BadPhoto(source, f"could not be copied to {target}: {error.strerror or error}")
