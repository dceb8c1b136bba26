"""Which recorded copies are Kith's to change: a record may be wrong, an original is touched only where it was moved."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from kith.library.copy_records import CopyRecord, CopyRecords
from kith.policies import FileAs
from kith.text import folded

# Numbers that Windows alone has: of links, and of junctions.
_LINKS = {getattr(stat, "IO_REPARSE_TAG_SYMLINK", None), getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)}


def is_link(path: Path) -> bool:
    """Say whether a path is a link to another one, or a junction of Windows."""
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) in _LINKS


def leads_out(record: CopyRecord) -> bool:
    """Say whether a folder on the way from the output folder to the target is a link."""
    folder = record.target.parent
    while folder != record.output and folder.is_relative_to(record.output):
        if is_link(folder):
            return True
        folder = folder.parent
    return False


def is_own(records: CopyRecords, record: CopyRecord) -> bool:
    """Say whether the target can be what Kith filed: a file or link in a folder of its output, and no original."""
    target = record.target
    if not record.is_placed or not target.is_absolute() or not _is_plain(target) or leads_out(record):
        return False
    if record.kind is FileAs.SYMBOLIC_LINK:
        return target.is_symlink() and not records.is_original(target)
    return is_file(target) and (record.kind is FileAs.MOVE or not _is_original(records, record))


def is_untouched(records: CopyRecords, record: CopyRecord) -> bool:
    """Say whether the target is complete and as Kith made it. Raises OSError."""
    return record.sha256 is not None and is_own(records, record) and mark_of(record) == record.sha256


def mark_of(record: CopyRecord) -> str:
    """Return what tells that a target is as it was made: a SHA-256 of what it holds, or of where a link leads.

    Raises OSError.
    """
    match record.kind:
        case FileAs.SYMBOLIC_LINK:
            return hashlib.sha256(os.fsencode(record.target.readlink())).hexdigest()
        case FileAs.HARD_LINK:
            found = record.target.stat()
            return hashlib.sha256(f"{found.st_ino}".encode()).hexdigest()
        case _:
            return sha256_of(record.target)


def is_file(path: Path) -> bool:
    """Say whether there is a file that no link leads to."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_plain(path: Path) -> bool:
    return os.path.normpath(path) == str(path)  # it leads nowhere by way of `..`


def _is_original(records: CopyRecords, record: CopyRecord) -> bool:
    """Say whether a photo was looked at there, by whatever links it was reached."""
    target = record.target
    if records.is_original(target) or records.is_original(Path(os.path.realpath(target))):
        return True
    return any(_is_same(original.path, target) for original in records.originals(record.photo_id))


def _is_same(original: Path, target: Path) -> bool:
    with suppress(OSError, ValueError):
        return original.parent.samefile(target.parent) and folded(original.name) == folded(target.name)
    return False
