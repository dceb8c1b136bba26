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
from io import BufferedRandom, FileIO
from pathlib import Path

from kith.errors import BadPhoto, FilingFailed, Unreadable
from kith.filing.names import numbered
from kith.filing.own_copies import is_file, leads_out, mark_of, sha256_of
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.messages import Setting
from kith.policies import FileAs
from kith.whole_files import complete, part_file, part_name, sync, take_name, take_place

_OUTPUT_AT_FAULT = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR}
_NOT_EVERYWHERE = {FileAs.HARD_LINK, FileAs.SYMBOLIC_LINK}
_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}
_PIECE = 2**20  # bytes


class LinkedFolder(BadPhoto):
    """A person's folder leads out of the output folder."""


def make(records: CopyRecords, record: CopyRecord, source: Path, over: bool = False) -> CopyRecord:
    """Make what is planned of a photo's file and return its record; `over` takes the place of what is there.

    Else nothing is overwritten: a name taken meanwhile gives way to the next free one. Raises BadPhoto where the photo
    cannot be read or the folder is a link, and FilingFailed where the output folder takes nothing.
    """
    folder = record.target.parent
    if leads_out(record):
        raise LinkedFolder(source, f"could not be copied: {folder} is a link, and copies stay in the output folder")
    check_readable(source)
    if record.sha256:
        records.begin(record, source)
    with filing_errors(source, record), folder_made(record):
        state = FileState.now(source)
        if record.kind is FileAs.COPY:
            record, mark = _copied(records, record, source, over)
        else:
            record = linked(records, record, source, over)
            mark = mark_of(record)
        return records.complete(record, mark, state)


def _copied(records: CopyRecords, record: CopyRecord, source: Path, over: bool) -> tuple[CopyRecord, str]:
    """Copy a photo's file, and return the record and the SHA-256 of what was copied. Raises BadPhoto and OSError."""
    with part_file(record.target.parent, 0o600) as (file, part):
        sha256 = copy_content(source, file)
        complete(file)
        take_times_and_mode(source, part)
        if over:
            take_place(part, record.target)
        else:
            record = put(records, part, record)
    return record, sha256


def linked(records: CopyRecords, record: CopyRecord, source: Path, over: bool) -> CopyRecord:
    """Make a link to a photo's file under the name that is planned, or the next free one. Raises OSError."""
    link = link_to(source, record.kind)
    if over:
        part = part_name(record.target.parent)
        link(part)
        take_place(part, record.target)
        with suppress(FileNotFoundError):  # a hard link to the same file stays
            part.unlink()
        return record
    while True:
        try:
            link(record.target)
        except FileExistsError:
            if _leads_to(record, Path(os.path.realpath(source))):
                return record
            record = records.move(record, free_target(records, record.target))
        else:
            sync(record.target.parent)
            return record


def link_to(source: Path, kind: FileAs) -> Callable[[Path], None]:
    """Return what makes a link to a photo's file under a free name, as `os.link`."""
    real = os.path.realpath(source)
    return partial(os.symlink, real) if kind is FileAs.SYMBOLIC_LINK else partial(os.link, real)


def _leads_to(record: CopyRecord, source: Path) -> bool:
    """Say whether the target is such a link already."""
    if record.kind is FileAs.SYMBOLIC_LINK:
        return record.target.is_symlink() and record.target.readlink() == source
    return is_file(record.target) and record.target.samefile(source)


def check_readable(source: Path) -> None:
    """Raise BadPhoto where a photo cannot be read."""
    with _readable(source) as photo:
        _read(photo, source, 1)


def photo_sha256(source: Path) -> str:
    """Return the SHA-256 of a photo's file. Raises BadPhoto."""
    try:
        return sha256_of(source)
    except OSError as error:
        raise _unreadable(source, error) from error


def copy_content(source: Path, file: BufferedRandom) -> str:
    """Copy a photo into a new file, and return the SHA-256 of the copy. Raises BadPhoto, and OSError of the copy."""
    with _readable(source) as photo:
        with suppress(OSError, AttributeError):  # what the system cannot do by itself is done, or told, below
            while os.copy_file_range(photo.fileno(), file.fileno(), _PIECE):
                pass
        file.seek(0, os.SEEK_END)
        while piece := _read(photo, source, _PIECE):
            file.write(piece)
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _readable(source: Path) -> Iterator[FileIO]:
    try:
        photo = source.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(source, error) from error
    with photo:
        yield photo


def _read(photo: FileIO, source: Path, size: int) -> bytes:
    try:
        return photo.read(size)
    except OSError as error:
        raise _unreadable(source, error) from error


def _unreadable(source: Path, error: OSError) -> BadPhoto:
    return Unreadable(source, f"could not be copied: {error.strerror or error}", error.errno)


def take_times_and_mode(source: Path, part: Path) -> None:
    """Do what the file system allows (FAT knows few modes); a read-only copy could not be withdrawn on Windows."""
    with suppress(OSError):
        shutil.copystat(source, part)
        part.chmod(part.stat().st_mode | stat.S_IWUSR)


@contextmanager
def folder_made(record: CopyRecord) -> Iterator[None]:
    """Have the folder of a target, a new one only if something comes to lie in it. Raises OSError as `make_folder`."""
    make_folder(record)
    try:
        yield
    except BaseException:
        clear_away(record)
        raise


def make_folder(record: CopyRecord) -> None:
    """Have the folder of a target, below the output folder, which is not made anew. Raises OSError where it is gone."""
    record.output.stat()
    folder = record.target.parent
    for part in reversed((folder, *folder.parents)):
        if part != record.output and part.is_relative_to(record.output):
            part.mkdir(exist_ok=True)


def clear_away(record: CopyRecord) -> None:
    """Remove the folder of a target, and those around it within the output folder, where they are empty."""
    clear_folder(record.target.parent, record.output)


def clear_folder(folder: Path, output: Path) -> None:
    """Remove a folder and those around it within the output folder, where they are empty."""
    with suppress(OSError):
        while folder != output and folder.is_relative_to(output):
            folder.rmdir()
            folder = folder.parent


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
def filing_errors(source: Path, record: CopyRecord) -> Iterator[None]:
    """Say in plain words why a copy could not be written or taken back: BadPhoto, or FilingFailed for all of them."""
    try:
        yield
    except OSError as error:
        raise _explained(error, source, record) from error


def _explained(error: OSError, source: Path, record: CopyRecord) -> BadPhoto | FilingFailed:
    target, output = record.target, record.output
    if not os.path.isdir(output):
        return FilingFailed(
            f"The output folder {output} is not there any more: connect its drive, or choose another output folder, "
            "then start again: it goes on where it stopped."
        )
    if record.kind in _NOT_EVERYWHERE and error.errno in _CANNOT_LINK:
        return FilingFailed(
            f"No {record.kind} to {source} can be made in {output}: {error.strerror}. Hard links want one disk. ",
            Setting("file_as"),
            " copy works everywhere.",
        )
    if error.errno in _OUTPUT_AT_FAULT:
        return FilingFailed(
            f"No copy could be written to {target.parent}: {error.strerror}. "
            "Free some space or choose another output folder, then start again: it goes on where it stopped."
        )
    return Unreadable(source, f"could not be copied to {target}: {error.strerror or error}", error.errno)
