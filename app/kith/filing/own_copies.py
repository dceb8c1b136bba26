"""Which recorded copies are Kith's to move, replace or remove: a record may be wrong, an original is never touched."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from kith.library.copy_records import CopyRecord, CopyRecords
from kith.text import folded

# Numbers that Windows alone has: of links, and of junctions.
_LINKS = {getattr(stat, "IO_REPARSE_TAG_SYMLINK", None), getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)}


def is_link(folder: Path) -> bool:
    """Say whether a folder is a link to another one, or a junction of Windows."""
    try:
        found = folder.lstat()
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) in _LINKS


def is_own(records: CopyRecords, record: CopyRecord) -> bool:
    """Say whether the target can be a copy that Kith made: a file in a folder of its output, and no original."""
    target = record.target
    if target.parent.parent != record.output or not target.is_absolute() or not _is_plain(target):
        return False
    return not is_link(target.parent) and is_file(target) and not _is_original(records, record)


def is_untouched(records: CopyRecords, record: CopyRecord) -> bool:
    """Say whether the target is a complete copy as Kith made it. Raises OSError."""
    return record.sha256 is not None and is_own(records, record) and sha256_of(record.target) == record.sha256


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
