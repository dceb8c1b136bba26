"""Plan and make the copies of a photo under the names of the people in it."""

import errno
import filecmp
import hashlib
import os
import shutil
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from app.errors import BadPhoto, FilingFailed
from app.filing.names import numbered
from app.filing.whole_files import replacing
from app.identity.copy_records import CopyRecord, CopyRecords

_OUTPUT_AT_FAULT = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR}


def plan_copies(
    records: CopyRecords,
    photo_id: int,
    name: str,
    people: Collection[int | None],
    folders: Mapping[int | None, str],
    output: Path,
) -> tuple[list[CopyRecord], list[CopyRecord]]:
    """Write down a copy for each of `people` (None: Unknown) and return the standing and the outdated records.

    A copy planned or made by an earlier run stands; one in a folder that the person had by another name is outdated.
    """
    present = records.of_photo(photo_id, output)
    standing = [
        _standing(present, person, output / folders[person])
        or records.plan(photo_id, person, output, _free_name(records, output / folders[person] / name))
        for person in people
    ]
    return standing, [record for record in present if record not in standing]


def _standing(present: Iterable[CopyRecord], person: int | None, folder: Path) -> CopyRecord | None:
    own = (record for record in present if record.person_id == person)
    return next((record for record in own if _is_same_folder(record.target.parent, folder)), None)


def _is_same_folder(one: Path, other: Path) -> bool:
    if one == other:
        return True
    with suppress(OSError):
        return one.samefile(other)  # where capitals or accents make no difference
    return False


def _free_name(records: CopyRecords, wanted: Path) -> Path:
    names = (numbered(wanted, number) for number in count(1))
    return next(path for path in names if not os.path.lexists(path) and not records.is_taken(path))


def file_copies(
    records: CopyRecords, source: Path, standing: Sequence[CopyRecord], outdated: Sequence[CopyRecord]
) -> tuple[Path, ...]:
    """Make the copies that stand for a verdict, withdraw the others, and return where the former lie.

    An outdated copy that nobody altered becomes one that is to be made. Raises BadPhoto and FilingFailed.
    """
    left = list(outdated)
    for record in standing:
        if not record.sha256 and (moved := _move(records, record, left)):
            left.remove(moved)
    copies = tuple(make_copy(records, record, source) for record in _as_they_are(records, standing))
    for record in left:
        withdraw(records, record, source)
    return copies


def _as_they_are(records: CopyRecords, standing: Iterable[CopyRecord]) -> list[CopyRecord]:
    return [records.get(record.id) or record for record in standing]


def _move(records: CopyRecords, record: CopyRecord, outdated: Iterable[CopyRecord]) -> CopyRecord | None:
    """Let an untouched copy take the place of one that is to be made, and return its former record if one could."""
    for old in outdated:
        with suppress(OSError):  # then the photo is copied instead
            if old.sha256 and old.target.is_file() and _sha256(old.target) == old.sha256:
                _rename(records, old.target, record)
                records.mark_done(record.id, old.sha256)
                records.drop(old.id)
                _clear_away(old.target.parent)
                return old
    return None


def _rename(records: CopyRecords, source: Path, record: CopyRecord) -> None:
    target = record.target
    target.parent.mkdir(parents=True, exist_ok=True)
    while not _reserve(target):
        target = _free_name(records, target)
        records.move(record.id, target)
    try:
        source.replace(target)
    except BaseException:
        target.unlink()
        raise


def _clear_away(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()  # only where it is empty


def make_copy(records: CopyRecords, record: CopyRecord, source: Path) -> Path:
    """Make a planned copy, or finish one that an earlier run began, and return where it lies.

    Nothing is overwritten: a name taken meanwhile gives way to the next free one. Raises BadPhoto where the photo
    cannot be read and FilingFailed where the output folder takes no copy.
    """
    target = record.target
    try:
        if record.sha256 and target.exists():
            return target
        _check_readable(source)
        while not _place(source, target, _part(record)):
            target = _free_name(records, target)
            records.move(record.id, target)
        records.mark_done(record.id, _sha256(target))
    except OSError as error:
        raise _explained(error, source, target) from error
    return target


def _check_readable(source: Path) -> None:
    try:
        source.open("rb").close()
    except OSError as error:
        raise BadPhoto(source, f"could not be copied: {error.strerror or error}") from error


def _part(record: CopyRecord) -> Path:
    return record.target.with_name(f".kith-{record.id}.part")


def _place(source: Path, target: Path, part: Path) -> bool:
    """Copy by way of a hidden file; False where another file has the name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not _reserve(target):
        return target.is_file() and filecmp.cmp(source, target, shallow=False)
    try:
        with replacing(target, part):
            shutil.copyfile(source, part)
            _take_times_and_mode(source, part)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return True


def _take_times_and_mode(source: Path, part: Path) -> None:
    """Do what the file system allows (FAT knows few modes); a read-only copy could not be withdrawn on Windows."""
    with suppress(OSError):
        shutil.copystat(source, part)
        part.chmod(part.stat().st_mode | stat.S_IWUSR)


def _reserve(target: Path) -> bool:
    """Take the name with an empty file; an empty one is what a killed run left of its own."""
    try:
        target.open("xb").close()
    except FileExistsError:
        left = target.lstat()
        return stat.S_ISREG(left.st_mode) and left.st_size == 0
    return True


def _explained(error: OSError, source: Path, target: Path) -> BadPhoto | FilingFailed:
    if error.errno in _OUTPUT_AT_FAULT:
        return FilingFailed(
            f"No copy could be written to {target.parent}: {error.strerror}. "
            "Free some space or choose another output folder, then start again: it goes on where it stopped."
        )
    return BadPhoto(source, f"could not be copied to {target}: {error.strerror or error}")


def withdraw(records: CopyRecords, record: CopyRecord, source: Path) -> None:
    """Take back a copy whose verdict has changed; a copy that somebody altered meanwhile is theirs and stays."""
    try:
        _part(record).unlink(missing_ok=True)
        if record.target.is_file() and _is_as_made(record, source):
            _check_readable(source)  # the copy may be the last one there is
            record.target.unlink()
            _clear_away(record.target.parent)
    except OSError as error:
        raise _explained(error, source, record.target) from error
    records.drop(record.id)


def _is_as_made(record: CopyRecord, source: Path) -> bool:
    """Say whether the target holds what Kith put there, be it only the name that a killed run took."""
    if record.sha256:
        return _sha256(record.target) == record.sha256
    return record.target.stat().st_size == 0 or filecmp.cmp(source, record.target, shallow=False)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
