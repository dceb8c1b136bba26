"""A photo that is moved itself: it lies in one place at least at any moment, and its times and mode go along.

First it gets its new name, by a second link on one disk, else as a copy that is read again; then the library knows
where it lies; then its old name goes. A killed move is completed from whatever step it came to.
"""

import filecmp
import os
from contextlib import suppress
from pathlib import Path

from kith.errors import BadPhoto
from kith.filing.copy_file import LinkedFolder, clear_away, filing_errors, folder_made, free_target
from kith.filing.names import numbered
from kith.filing.own_copies import is_file, is_own, leads_out, sha256_of
from kith.library.copy_records import UNSETTLED, CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.whole_files import sync, take_name, whole_copy


def move(records: CopyRecords, record: CopyRecord) -> CopyRecord:
    """Move a photo to the name that is planned for it, or the next free one, and return its record.

    Raises BadPhoto and FilingFailed.
    """
    source = record.moved_from
    if source is None:
        raise BadPhoto(record.target, "could not be moved: nobody knows where it lay")
    if leads_out(record):
        raise LinkedFolder(source, f"could not be moved: {record.target.parent} is a link")
    if os.path.lexists(source) and not os.access(source.parent, os.W_OK):
        raise BadPhoto(source, f"could not be moved: nothing in {source.parent} may be changed")
    with filing_errors(source, record):
        if not os.path.lexists(source) and is_file(record.target):
            return _settled(records, record, sha256_of(record.target))  # a killed run came as far as that
        with folder_made(record):
            sha256 = sha256_of(source)
            record = _named(records, record, source)
            record = records.complete(record, sha256, FileState(os.fspath(source), UNSETTLED, 0))
            return _settled(records, record, sha256)


def _named(records: CopyRecords, record: CopyRecord, source: Path) -> CopyRecord:
    """Give a photo a second name, the one planned, or the next free one. Raises OSError."""
    while not (_holds_it(record.target, source) or give_name(source, record.target)):
        record = records.move(record, free_target(records, record.target))
    return record


def _holds_it(target: Path, source: Path) -> bool:
    """Say whether a killed run came as far as to give it that name."""
    if not is_file(target):
        return False
    if target.samefile(source):
        return True
    is_as_old = target.stat().st_mtime_ns == source.stat().st_mtime_ns
    return is_as_old and filecmp.cmp(target, source, shallow=False)


def _settled(records: CopyRecords, record: CopyRecord, sha256: str) -> CopyRecord:
    """Take the old name away, where it is not needed any more. Raises OSError."""
    source = record.moved_from
    assert source is not None
    records.relocate(record.photo_id, source, record.target)
    if os.path.lexists(source):
        remove_name(source, record.target)
    return records.complete(record, sha256, FileState.now(record.target))


def give_back(records: CopyRecords, record: CopyRecord) -> Path | None:
    """Move a photo back to where it lay, or beside what lies there by now; None where there is none to move.

    Raises BadPhoto and FilingFailed.
    """
    home = record.moved_from
    if home is None or not is_own(records, record):
        return None
    with filing_errors(record.target, record):
        home.parent.mkdir(parents=True, exist_ok=True)
        number, place = 1, home
        while not (_holds_it(place, record.target) or give_name(record.target, place)):
            number += 1
            place = numbered(home, number)
        records.relocate(record.photo_id, record.target, place)
        remove_name(record.target, place)
    records.drop(record)
    clear_away(record)
    return place


def give_name(file: Path, name: Path) -> bool:
    """Let a file have a second name, on another disk a copy of it; False where something has it. Raises OSError."""
    try:
        os.link(file, name, follow_symlinks=False)
    except FileExistsError:
        return False
    except (OSError, NotImplementedError):  # another disk, or one without hard links
        return _copy(file, name)
    sync(name.parent)
    return True


def _copy(source: Path, name: Path) -> bool:
    with whole_copy(source, name.parent) as part:
        return take_name(part, name)


def remove_name(path: Path, other: Path) -> None:
    """Take one of a file's two names away, of two equal files the first. Raises OSError, also where they differ."""
    is_second = path.samefile(other) and path.stat().st_nlink > 1
    if not is_second and (path.samefile(other) or sha256_of(path) != sha256_of(other)):
        raise OSError(f"{other} is not what {path} is")
    path.unlink()
    with suppress(OSError):
        sync(path.parent)


def take_over(records: CopyRecords, moved: CopyRecord, copy: CopyRecord) -> CopyRecord:
    """Let a photo that was moved take the place of an untouched copy of it, and return the record of that place.

    Raises OSError.
    """
    moved.target.replace(copy.target)
    sync(copy.target.parent)
    records.relocate(moved.photo_id, moved.target, copy.target)
    taken = records.become(copy, moved.kind, moved.moved_from)
    records.drop(moved)
    clear_away(moved)
    return records.complete(taken, copy.sha256 or "", FileState.now(copy.target))
