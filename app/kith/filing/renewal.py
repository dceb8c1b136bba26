"""A copy follows its original: what was edited, turned or tagged is copied anew."""

import os
from collections.abc import Iterable
from contextlib import suppress

from kith.filing.copy_file import free_target, make, photo_sha256
from kith.filing.own_copies import is_own, is_untouched, sha256_of
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.policies import FileAs


def follow(records: CopyRecords, record: CopyRecord, source: FileState) -> tuple[CopyRecord, str]:
    """Let a complete copy be what its original is by now; return its record, and what is to be said, if anything.

    `source` is a file of the photo as it was looked at. A copy follows the file it was made of; once that is gone, or
    where an earlier version did not write it down, one that holds the same, else `source`. Raises as `make`.
    """
    if record.kind is FileAs.SYMBOLIC_LINK and str(record.target.readlink()) == os.path.realpath(source.path):
        return records.follow(record, source), ""
    if FileState.now(source.path) != source:
        return record, ""  # written to since: the next look will tell what it is now
    originals = records.originals(record.photo_id)
    if record.kind is FileAs.SYMBOLIC_LINK:
        same = None
    elif record.source and _still_holds(record.source, originals):
        if record.source.path != source.path:
            return record, ""
        same = source if photo_sha256(source.path) == record.sha256 else None
    else:
        same = _holding_the_same(record, [source, *originals])
    if same:
        return records.follow(record, same), ""
    return _renewed(records, record, source)


def _still_holds(made_of: FileState, originals: Iterable[FileState]) -> bool:
    """Say whether the file that a copy was made of is there and is the photo."""
    known = any(original.path == made_of.path for original in originals)
    return known and FileState.now(made_of.path) is not None


def _holding_the_same(record: CopyRecord, originals: Iterable[FileState]) -> FileState | None:
    """Return a file that holds what the copy held: by size and time if possible, else by what is in it."""
    unchanged = [original for original in dict.fromkeys(originals) if FileState.now(original.path) == original]
    made_of = record.source or FileState.now(record.target)  # a copy bears the time of its original
    for original in unchanged:
        if made_of and original.is_written_like(made_of):
            return original
    for original in unchanged:
        with suppress(OSError):
            if sha256_of(original.path) == record.sha256:
                return original
    return None


def _renewed(records: CopyRecords, record: CopyRecord, source: FileState) -> tuple[CopyRecord, str]:
    """Copy the photo anew: over an untouched copy, else beside what lies there."""
    former = record.target
    if is_untouched(records, record):
        return make(records, record, source.path, over=True), ""
    if record.kind is not FileAs.COPY:
        return record, ""  # no link of Kith's any more
    fresh = photo_sha256(source.path)
    if is_own(records, record) and sha256_of(former) == fresh:  # a killed run did not come to write it down
        return records.complete(record, fresh, source), ""
    moved = records.move(record, free_target(records, former))
    record = make(records, moved, source.path)
    return record, f"{former} is not as Kith made it and stays: the photo as it is now is filed as {record.target}."
