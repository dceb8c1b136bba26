"""The copies of a photo under the names of the people in it: planned, made, moved along, taken back."""

import filecmp
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kith.errors import FilingFailed
from kith.filing.copy_file import LinkedFolder, check_readable, clear_away, filing_errors, free_target, make, put
from kith.filing.names import safe_photo_name
from kith.filing.own_copies import is_link, is_own, is_untouched, sha256_of
from kith.filing.renewal import follow
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.photos.outputs import mark_output
from kith.whole_files import clear_parts


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a photo's copies lie, and what is to be said of files that were left alone."""

    copies: tuple[Path, ...]
    notes: tuple[str, ...]


def plan_copies(
    records: CopyRecords,
    photo_id: int,
    name: str,
    people: Collection[int | None],
    folders: Mapping[int | None, str],
    output: Path,
    present: Sequence[CopyRecord],
) -> tuple[list[CopyRecord], list[CopyRecord]]:
    """Write down a copy for each of `people` (None: Unknown) and return the standing and the outdated records.

    `present` are the copies that it has there: one planned or made by an earlier run stands, one in a folder that the
    person had by another name is outdated.
    """
    standing = []
    for person in people:
        folder = _folder(output, folders[person])
        record = _standing(present, person, folder)
        if record is None:
            target = free_target(records, folder / safe_photo_name(name))
            record = records.plan(photo_id, person, output, target)
        standing.append(record)
    return standing, [record for record in present if record not in standing]


@lru_cache(maxsize=4096)
def _folder(output: Path, name: str) -> Path:
    """Return a person's folder, which is asked for with each of their photos."""
    return output / name


def _standing(present: Iterable[CopyRecord], person: int | None, folder: Path) -> CopyRecord | None:
    for record in present:
        if record.person_id == person and _is_same_folder(record.target.parent, folder):
            return record
    return None


def _is_same_folder(folder: Path, other: Path) -> bool:
    """Say whether two folders of an output folder are one, where capitals or accents make no difference."""
    with suppress(OSError, ValueError):
        return folder == other or (folder.parent == other.parent and folder.samefile(other))
    return False


def file_copies(
    records: CopyRecords, source: FileState, standing: Sequence[CopyRecord], outdated: Sequence[CopyRecord]
) -> Filed:
    """Make the copies that stand for a decision, let those that are made follow the photo, and withdraw the others.

    `source` is a file of the photo as it was looked at. An outdated copy that nobody altered becomes one that is to be
    made. Raises BadPhoto and FilingFailed.
    """
    left, refused = list(outdated), None
    copies: list[Path] = []
    notes: list[str] = []
    for record in [_moved(records, record, left) for record in standing]:
        try:
            filed, note = _filed(records, record, source)
        except LinkedFolder as error:
            refused = error
        else:
            copies.append(filed.target)
            notes.append(note)
    if refused:
        raise refused
    notes += [withdraw(records, record, source.path) for record in left]
    return Filed((*copies,), tuple(filter(None, notes)))


def _filed(records: CopyRecords, record: CopyRecord, source: FileState) -> tuple[CopyRecord, str]:
    if not record.sha256 or not os.path.exists(record.target):
        return make(records, record, source.path), ""
    if record.source == source:
        return record, ""
    with filing_errors(source.path, record.target):
        return follow(records, record, source)


def _moved(records: CopyRecords, record: CopyRecord, left: list[CopyRecord]) -> CopyRecord:
    """Let an untouched copy of those that are `left` take the place of one that is to be made, if one can."""
    if record.sha256 or is_link(record.target.parent):
        return record
    for old in left:
        with suppress(OSError):  # then the photo is copied instead
            if old.sha256 and is_untouched(records, old):
                record.target.parent.mkdir(exist_ok=True)
                placed = put(records, old.target, record)
                record = records.complete(placed, old.sha256, old.source)
                records.drop(old)
                clear_away(old.target.parent)
                left.remove(old)
                return record
    return record


def withdraw(records: CopyRecords, record: CopyRecord, source: Path) -> str:
    """Take back a copy whose decision has changed, and return what is to be said, if anything.

    A copy that somebody altered meanwhile is theirs and stays. Raises BadPhoto and FilingFailed.
    """
    note = ""
    with filing_errors(source, record.target):
        if not is_own(records, record):
            if os.path.lexists(record.target):
                note = f"{record.target} is no copy that Kith made, and stays where it is."
        elif _is_as_made(record, source):
            check_readable(source)  # the copy may be the last one there is
            record.target.unlink()
    if record.target.parent.parent == record.output:
        clear_away(record.target.parent)
    records.drop(record)
    return note


def _is_as_made(record: CopyRecord, source: Path) -> bool:
    """Say whether the target holds what Kith put there, be it only the name that a killed run took."""
    if record.sha256:
        return sha256_of(record.target) == record.sha256
    return record.target.stat().st_size == 0 or filecmp.cmp(source, record.target, shallow=False)


def prepare_output(records: CopyRecords, output: Path) -> None:
    """Have an output folder, marked and free of what a killed run left, as `clear_remnants`; raises FilingFailed."""
    try:
        mark_output(output)
    except OSError as error:
        raise FilingFailed(
            f"The output folder {output} cannot be used: {error.strerror}. Choose another one, then start again."
        ) from error
    clear_remnants(records, output)


def clear_remnants(records: CopyRecords, output: Path) -> None:
    """Clear away what a killed run left in an output folder, for a job that holds the library's lock."""
    unsettled = [record for record in records.unsettled(output) if record.target.parent.parent == output]
    folders = {record.target.parent for record in unsettled}
    for folder in folders:
        if not is_link(folder):
            clear_parts(folder)
    for record in unsettled:
        with suppress(OSError):
            _clear_plan(records, record)


def _clear_plan(records: CopyRecords, record: CopyRecord) -> None:
    """Take away the mere name of a copy, and its plan where the photo is gone."""
    if record.sha256:
        return
    if is_own(records, record) and record.target.stat().st_size == 0:
        record.target.unlink()
    is_gone = not any(FileState.now(original.path) for original in records.originals(record.photo_id))
    if is_gone and not os.path.lexists(record.target):
        records.drop(record)
    clear_away(record.target.parent)
