"""What is filed of a photo under the names of the people in it: planned, made, moved along, taken back."""

import filecmp
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from kith.errors import FilingFailed
from kith.filing.copy_file import (
    LinkedFolder,
    check_readable,
    clear_away,
    filing_errors,
    free_target,
    make,
    make_folder,
    put,
)
from kith.filing.moves import give_back, move, take_over
from kith.filing.names import safe_photo_name, within_limits
from kith.filing.own_copies import is_file, is_link, is_own, is_untouched, leads_out, mark_of
from kith.filing.places import Places
from kith.filing.renewal import follow
from kith.library.copy_records import UNSETTLED, CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.photos.outputs import MARKER, mark_output
from kith.policies import FileAs
from kith.whole_files import clear_parts

Folders = Mapping[int | None, str]  # everybody's folder, that of nobody under None


@dataclass(frozen=True, slots=True)
class Filing:
    """How photos are filed into an output folder: under which names, in which folders, and as what."""

    output: Path
    folders: Folders
    places: Places = field(default_factory=Places)
    file_as: FileAs = FileAs.COPY

    def folder(self, person: int | None, taken_at: str | None) -> Path:
        """Return where photos of a person go that were taken then."""
        return _folder(self.output, self.places, self.folders[person], taken_at and taken_at[:10])


@lru_cache(maxsize=4096)
def _folder(output: Path, places: Places, person: str, day: str | None) -> Path:
    return places.folder(output, person, day)


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a photo's copies lie, and what is to be said of files that were left alone."""

    copies: tuple[str, ...]  # as text, since taking paths apart is slow
    notes: tuple[str, ...]


def plan_copies(
    records: CopyRecords,
    filing: Filing,
    photo_id: int,
    source: FileState,
    taken_at: str | None,
    people: Collection[int | None],
    present: Sequence[CopyRecord],
) -> tuple[list[CopyRecord], list[CopyRecord]]:
    """Write down a copy for each of `people` (None: Unknown) and return the standing and the outdated records.

    `present` are the copies that it has there: one planned or made by an earlier run stands, one in a folder that the
    person had by another name, or that the pattern named otherwise, is outdated.
    """
    standing = []
    kind = _kind(records, filing, photo_id, source, present)
    for person in people:
        folder = filing.folder(person, taken_at)
        record = _standing(present, person, folder)
        if record is None:
            path = source.path
            target = _target(records, within_limits(folder / safe_photo_name(path.name)), path, kind)
            moved_from = path if kind is FileAs.MOVE else None
            record = records.plan(photo_id, person, filing.output, target, kind, moved_from)
            kind = FileAs.COPY if kind is FileAs.MOVE else kind  # one of the people has the photo, the others a copy
        standing.append(record)
    return standing, [record for record in present if record not in standing]


def _kind(
    records: CopyRecords, filing: Filing, photo_id: int, source: FileState, present: Sequence[CopyRecord]
) -> FileAs:
    """Return as what to file what is new: a photo is moved once, and where it was copied before it is not moved."""
    if filing.file_as is FileAs.MOVE and (present or records.is_moved(photo_id) or not is_file(source.path)):
        return FileAs.COPY
    return filing.file_as


def _target(records: CopyRecords, wanted: Path, source: Path, kind: FileAs) -> Path:
    """Return a name for a copy: a file that holds the photo already, as of a library that is no more, is taken over."""
    if kind is FileAs.COPY and is_file(wanted) and not records.is_taken(wanted) and not records.is_original(wanted):
        with suppress(OSError):
            if filecmp.cmp(source, wanted, shallow=False) and not source.samefile(wanted):
                return wanted
    return free_target(records, wanted)


def _standing(present: Iterable[CopyRecord], person: int | None, folder: Path) -> CopyRecord | None:
    for record in present:
        if record.person_id == person and _lies_in(record, folder):
            return record
    return None


def _lies_in(record: CopyRecord, folder: Path) -> bool:
    """Say whether a copy lies in a folder of the output, where capitals or accents make no difference."""
    own = os.path.dirname(record.target_text)  # noqa: PTH120 - of many, and quick
    if os.path.normcase(own) == os.path.normcase(folder):
        return True
    with suppress(OSError, ValueError):
        return own.count(os.sep) == os.fspath(folder).count(os.sep) and folder.samefile(own)
    return False


def file_copies(
    records: CopyRecords, source: FileState, standing: Sequence[CopyRecord], outdated: Sequence[CopyRecord]
) -> Filed:
    """Make what stands for a decision, let what is made follow the photo, and withdraw the rest.

    `source` is a file of the photo as it was looked at. An outdated copy that nobody altered becomes one that is to be
    made; one that somebody took away is not made again. Raises BadPhoto and FilingFailed.
    """
    left, refused = list(outdated), None
    copies: list[str] = []
    notes: list[str] = []
    made: list[CopyRecord] = []
    for record in [_moved(records, record, left) for record in standing]:
        try:
            filed, note, source = _filed(records, record, source)
        except LinkedFolder as error:
            refused = error
            continue
        made.append(filed)
        notes.append(note)
        if os.path.lexists(filed.target_text):
            copies.append(filed.target_text)
        else:  # somebody took it away, unless all of the output folder is
            with filing_errors(source.path, filed):
                filed.output.stat()
    if refused:
        raise refused
    left.sort(key=lambda record: record.kind is FileAs.MOVE)  # the photo itself last: the others are compared with it
    notes += [withdraw(records, record, source.path, made) for record in left]
    return Filed((*copies,), tuple(filter(None, notes)))


def _filed(records: CopyRecords, record: CopyRecord, source: FileState) -> tuple[CopyRecord, str, FileState]:
    """Return the record of what is filed, what is to be said, and the photo's file: a moved one is elsewhere."""
    is_settled = record.source is None or record.source.size != UNSETTLED
    if record.kind is FileAs.MOVE:
        if not record.sha256 or not is_settled:
            record = move(records, record)
        return record, "", FileState.now(record.target) or source
    if not record.sha256:
        return make(records, record, source.path), "", source
    if record.source == source or not os.path.lexists(record.target_text):
        return record, "", source
    with filing_errors(source.path, record):
        filed, note = follow(records, record, source)
        return filed, note, source


def _moved(records: CopyRecords, record: CopyRecord, left: list[CopyRecord]) -> CopyRecord:
    """Let something untouched of those that are `left` take the place of what is to be made, if it can.

    A photo that was moved itself goes before all copies of it.
    """
    if record.sha256 or leads_out(record):
        return record
    for old in left:
        if old.is_made and old.person_id == record.person_id and not os.path.lexists(old.target):
            left.remove(old)  # somebody took it away: they want none in the person's new folder either
            records.drop(old)
            return records.complete(record, old.sha256 or "", old.source)
    for old in sorted(left, key=lambda old: old.kind is not FileAs.MOVE):
        with suppress(OSError):  # then the photo is filed anew instead
            if _can_become(old, record) and is_untouched(records, old):
                make_folder(record)
                placed = put(records, old.target, records.become(record, old.kind, old.moved_from))
                if old.kind is FileAs.MOVE:
                    records.relocate(old.photo_id, old.target, placed.target)
                source = FileState.now(placed.target) if old.kind is FileAs.MOVE else old.source
                record = records.complete(placed, old.sha256 or "", source)
                records.drop(old)
                clear_away(old)
                left.remove(old)
                return record
    return record


def _can_become(old: CopyRecord, planned: CopyRecord) -> bool:
    return bool(old.sha256) and (old.kind is FileAs.MOVE or old.kind is planned.kind is not FileAs.SYMBOLIC_LINK)


def withdraw(records: CopyRecords, record: CopyRecord, source: Path, made: Iterable[CopyRecord] = ()) -> str:
    """Take back what was filed by a decision that has changed, and return what is to be said, if anything.

    A copy that somebody altered meanwhile is theirs and stays. A photo that was moved itself takes the place of one of
    the copies `made`, or goes back to where it lay. Raises BadPhoto and FilingFailed.
    """
    if record.kind is FileAs.MOVE:
        return _withdraw_photo(records, record, made)
    note = ""
    with filing_errors(source, record):
        if not is_own(records, record):
            if os.path.lexists(record.target):
                note = f"{record.target} is no copy that Kith made, and stays where it is."
        elif _is_as_made(record, source):
            if record.kind is not FileAs.SYMBOLIC_LINK:
                check_readable(source)  # the copy may be the last one there is
            record.target.unlink()
        else:
            note = f"{record.target} is not as Kith made it, and stays."
    if record.is_placed:
        clear_away(record)
    records.drop(record)
    return note


def _withdraw_photo(records: CopyRecords, record: CopyRecord, made: Iterable[CopyRecord]) -> str:
    if not record.sha256 and not os.path.lexists(record.target):
        records.drop(record)  # it was not moved yet
        return ""
    if not is_own(records, record):
        records.drop(record)
        return ""
    for copy in made:
        with suppress(OSError):
            if copy.kind is FileAs.COPY and is_untouched(records, copy) and is_untouched(records, record):
                take_over(records, record, copy)
                return ""
    place = give_back(records, record)
    return (
        f"{record.moved_from} is taken: the photo lies at {place} now."
        if place not in (None, record.moved_from)
        else ""
    )


def _is_as_made(record: CopyRecord, source: Path) -> bool:
    """Say whether the target holds what Kith put there, be it only the name that a killed run took."""
    if record.sha256:
        return mark_of(record) == record.sha256
    if record.kind is FileAs.SYMBOLIC_LINK:
        return str(record.target.readlink()) == os.path.realpath(source)
    return record.target.stat().st_size == 0 or filecmp.cmp(source, record.target, shallow=False)


def prepare_output(records: CopyRecords, output: Path) -> None:
    """Have an output folder, marked and free of what a killed run left, as `clear_remnants`; raises FilingFailed.

    One that is made anew, or of which somebody emptied all, gets all copies again.
    """
    try:
        if not os.path.lexists(output / MARKER):
            for record in records.missing(output):
                records.plan_anew(record) if record.kind is not FileAs.MOVE else records.drop(record)
        mark_output(output)
    except OSError as error:
        raise FilingFailed(
            f"The output folder {output} cannot be used: {error.strerror}. Choose another one, then start again."
        ) from error
    clear_remnants(records, output)


def clear_remnants(records: CopyRecords, output: Path) -> None:
    """Clear away what a killed run left in an output folder, for a job that holds the library's lock."""
    for record in clear_half_written(records, output):
        with suppress(OSError):
            _clear_plan(records, record)


def clear_half_written(records: CopyRecords, output: Path) -> list[CopyRecord]:
    """Clear away files that were not written to their end, and return the copies that are planned."""
    unsettled = [record for record in records.unsettled(output) if record.is_placed]
    folders = {record.target.parent for record in unsettled}
    clear_parts(output)  # of the report
    for folder in folders:
        if not is_link(folder):
            clear_parts(folder)
    return unsettled


def _clear_plan(records: CopyRecords, record: CopyRecord) -> None:
    """Take away the mere name of a copy, and its plan where the photo is gone."""
    if record.sha256:
        return
    if record.kind is not FileAs.SYMBOLIC_LINK and is_own(records, record) and record.target.stat().st_size == 0:
        record.target.unlink()
    is_gone = not any(FileState.now(original.path) for original in records.originals(record.photo_id))
    if is_gone and not os.path.lexists(record.target):
        records.drop(record)
    clear_away(record)
