"""Many copies made together: they wait for the disk at the same time, and not one after the other.

Of a copy to be made where nothing stands in its way all is done as `copy_file.make` does it, in the same order: the
content is on the disk before the copy takes its name, the name before the library says that the copy is complete. What
goes otherwise than expected is left for `make`, which knows what to do and to say: nothing of it lies there then.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from io import BufferedRandom
from pathlib import Path

from kith.errors import BadPhoto
from kith.filing.copy_file import check_readable, copy_content, link_to, make_folder, take_times_and_mode
from kith.filing.own_copies import leads_out, mark_of
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.policies import FileAs
from kith.whole_files import begin_writing, complete, give_free_name, part_file, sync

MOST = 128  # photos: as many files are open at a time, and as many copies are lost where a run is killed
_AT_ONCE = 4  # threads: the processors read and hash while the disk writes

Planned = tuple[CopyRecord, Path]  # a copy and the photo's file


@dataclass(slots=True)
class _Made:
    """A copy being made: its photo as it was before, and what tells that the copy is as it was made."""

    record: CopyRecord
    source: FileState
    file: BufferedRandom | None = None
    part: Path | None = None
    mark: str = ""

    def write(self) -> None:
        if self.file:
            self.mark = copy_content(self.source.path, self.file)
            begin_writing(self.file)
        else:
            check_readable(self.source.path)

    def finish(self) -> None:
        if self.file and self.part:
            complete(self.file)
            take_times_and_mode(self.source.path, self.part)

    def name(self) -> None:
        if self.part:
            give_free_name(self.part, self.record.target)
        else:
            link_to(self.source.path, self.record.kind)(self.record.target)
            self.mark = mark_of(self.record)


def make_together(
    records: CopyRecords, transaction: Callable[[], AbstractContextManager[None]], planned: Sequence[Planned]
) -> dict[int, CopyRecord]:
    """Make copies that are planned, all of one output folder, and return the records of those that were, by their ids.

    Those that could not be made are planned still. Raises BadKnowledgeBase.
    """
    with ExitStack() as open_parts, ThreadPoolExecutor(_AT_ONCE) as threads:
        one_of_each = {record.target.parent: record for record, _ in planned}
        is_there = {folder: _has_folder(record) for folder, record in one_of_each.items()}
        at_hand = [(record, source) for record, source in planned if is_there[record.target.parent]]
        made = [one for record, source in at_hand if (one := _begun(open_parts, record, source))]
        for step, by in ((_Made.write, threads.map), (_Made.finish, threads.map), (_Made.name, map)):
            made = [one for one, is_done in zip(made, by(partial(_done, step), made), strict=True) if is_done]
        folders = [*{one.record.target.parent for one in made}]
        synced = dict(zip(folders, threads.map(partial(_done, sync), folders), strict=True))
    done = [one for one in made if synced[one.record.target.parent]]
    with transaction():
        return {one.record.id: records.complete(one.record, one.mark, one.source) for one in done}


def _done(step: Callable[..., None], what: object) -> bool:
    try:
        step(what)
    except (OSError, BadPhoto):
        return False
    return True


def _has_folder(record: CopyRecord) -> bool:
    """Make the folder of a target, of an output that is there; False where that cannot be, or it leads elsewhere."""
    try:
        if leads_out(record):
            return False
        make_folder(record)
    except OSError:
        return False
    return True


def _begun(open_parts: ExitStack, record: CopyRecord, source: Path) -> _Made | None:
    """Begin a copy, a link by itself; None where something is in its way."""
    state = FileState.now(source)
    if state is None:
        return None
    try:
        if os.path.lexists(record.target):
            return None
        if record.kind is not FileAs.COPY:
            return _Made(record, state)
        return _Made(record, state, *open_parts.enter_context(part_file(record.target.parent, 0o600)))
    except OSError:
        return None
