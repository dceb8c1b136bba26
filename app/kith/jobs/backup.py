"""Back up the library, also while a job writes to it, and put a backup in its place."""

import os
import shutil
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from kith.errors import BadInput, BadKnowledgeBase, FilingFailed, KithError
from kith.jobs.context import sole_job
from kith.jobs.engines import find_engines
from kith.jobs.export import export_encodings
from kith.jobs.library_file import check_library
from kith.library.connection import SQLITE_ERRORS, LibraryConnection, repair_advice, tells_damage
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.inspection import inspect
from kith.library.migrations import version_of
from kith.library.snapshots import check_unused, copy_library, kept_beside, new_file, put_in_place, reason_of
from kith.library.store import Store, open_store
from kith.library.write_ahead_log import foreign_logs, mark_as_copy, side_file
from kith.messages import Action, Do, Message
from kith.settings import Settings
from kith.text import counted

_SHOWN = 5  # of the files that a restored library does not know


def back_up(settings: Settings, target: Path) -> Path:
    """Copy the library as it is at one moment to a new file and return its path.

    Raises BadInput where the file is there already, BadKnowledgeBase without a library and where it is damaged, which
    is copied all the same, and FilingFailed.
    """
    library, target = settings.library_file, Path(os.path.abspath(target))
    check_library(settings)
    try:
        copy_library(library, target)
    except FileExistsError as error:
        raise BadInput(f"{target} is there already and is not overwritten: name a new file.") from error
    except (OSError, *SQLITE_ERRORS) as error:
        raise FilingFailed(f"The library could not be copied to {target}: {reason_of(error)}.") from error
    if faults := _faults(target):
        raise BadKnowledgeBase(
            f"The library is damaged, and so is its copy {target}: {'; '.join(faults)}. Keep earlier backups. ",
            repair_advice(),
            ".",
        )
    return target


def _faults(library: Path) -> list[str]:
    with closing(LibraryConnection.open(library)) as connection:
        return inspect(connection).lines()


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that is the library now: where the former one is kept, if there was one, and what to know.

    Of the files that the former library had filed since, `known` is how many this one knows now, and `unknown` are
    those of photos that it does not know.
    """

    file: Path
    library: Path
    kept: Path | None
    notes: tuple[str, ...]
    unknown: tuple[Path, ...] = ()
    known: int = 0


def restore(settings: Settings, file: Path) -> Restored:
    """Let a copy of a backup be the library; the former one is kept beside it and can be restored in turn.

    Raises BadInput where the file is no whole library, StoreBusy, BadKnowledgeBase and FilingFailed; then nothing is
    changed.
    """
    library, file = settings.library_file.resolve(), Path(os.path.abspath(file))
    if not file.is_file():
        raise BadInput(f"{file} is not there, or no file: name a backup of the library.")
    if library.exists() and file.samefile(library):
        raise BadInput(f"{file} is the library itself: name a backup of it.")
    check_library(settings, create=True)
    with sole_job(settings.library_file, "Restoring the library"):
        filed = _filed_by(library)
        try:
            kept, faults = _put_in_place(file, library)
        except OSError as error:
            raise FilingFailed(
                f"{file} could not be put in the place of {library}: {error.strerror or error}. Nothing was changed."
            ) from error
        notes = (*faults, *_follow_up(settings))
        known = _take_over(settings, kept) if kept and filed else 0
        strays = sorted(filter(os.path.lexists, filed - _filed_by(library)))
        return Restored(file, library, kept, notes, tuple(map(Path, strays)), known)


def _take_over(settings: Settings, former: Path) -> int:
    """Let the library know what the former one filed and wrote since; return how many copies, none if it is damaged.

    A copy that lies elsewhere by now stays the one that it is here, so that deciding again puts it back.
    """
    with suppress(KithError, *SQLITE_ERRORS, ValueError, TypeError), open_store(settings.library_file) as store:
        with store.former.of(former) as before, store.transaction():
            there = [record for record in before.copies() if os.path.lexists(record.target)]
            for record in there:
                _adopt(store, record)
            before.take_states()
            before.take_names()
        return len(there)
    return 0


def _adopt(store: Store, filed: CopyRecord) -> None:
    present = store.copies.of_photo(filed.photo_id, filed.output)
    gone = [own for own in present if own.kind is filed.kind and own.sha256 and not os.path.lexists(own.target)]
    if gone:
        own = gone[0]
        store.copies.adopt(own, own.person_id, filed.target)
        store.names.drop(own.target)  # what was written there went along
    else:
        own = store.copies.plan(filed.photo_id, filed.person_id, filed.output, filed.target, filed.kind)
    store.copies.complete(own, filed.sha256 or "", filed.source)


def _filed_by(library: Path) -> set[str]:
    """Return where a library filed what; nothing where it cannot be asked as it is."""
    if not library.exists() or foreign_logs(library):
        return set()
    with suppress(KithError, *SQLITE_ERRORS), closing(LibraryConnection.open(library)) as connection:
        return CopyRecords(connection).made()
    return set()


def restore_summary(done: Restored) -> list[str]:
    """Return what was done, line by line."""
    kept = Message(f"As it was before it is kept as {done.kept}: ", Do(Action.RESTORE), " goes back to it.")
    strays, more = done.unknown[:_SHOWN], len(done.unknown) - _SHOWN
    shown = ", ".join(map(str, strays)) + (f" and {more} more" if more > 0 else "")
    told = f"{counted(len(done.unknown), 'file')} in output folders, filed since then, it does not know: {shown}."
    unknown = Message(f"{told} They stay; ", Do(Action.RECOGNIZE), " knows them again where they belong.")
    return [
        f"The library is that of {done.file} now.",
        *([kept] if done.kept else []),
        *([f"{counted(done.known, 'file')} filed since then it knows from that one."] if done.known else []),
        *([unknown] if strays else []),
        Message(Do(Action.REDECIDE), " lets the filed copies that it knows follow."),
    ]


def _put_in_place(file: Path, library: Path) -> tuple[Path | None, list[str]]:
    with new_file(library.parent, library.name) as part:
        for suffix in ("", "-wal", "-journal"):
            if side_file(file, suffix).is_file():
                shutil.copyfile(side_file(file, suffix), side_file(part, suffix))
        faults = _made_ready(part, file)
        kept = None
        if library.exists():
            if not foreign_logs(library):
                check_unused(library)
            kept = kept_beside(library, "before-restore")
        put_in_place(part, library)
    return kept, faults


def _made_ready(part: Path, file: Path) -> list[str]:
    """Make the copy of a backup a file for itself and return what is damaged of it; raises BadInput."""
    for log in foreign_logs(part):
        beside = file.with_name(log.name.replace(part.name, file.name))
        raise BadInput(f"{beside} belongs to another library than {file.name}: move it away, or name another backup.")
    try:
        with closing(LibraryConnection.open(part)) as connection:
            version, inspection = version_of(connection), inspect(connection)
            mark_as_copy(connection)
    except (KithError, *SQLITE_ERRORS) as error:
        if tells_damage(error) or tells_damage(error.__cause__):
            raise BadInput(f"{file} is damaged, or no library: name another backup. Nothing was changed.") from error
        reason = error.message if isinstance(error, KithError) else str(error)
        raise BadInput(f"{file} cannot be restored: ", reason) from error
    if not version or inspection.faults:
        what = f"is damaged ({'; '.join(inspection.lines())})" if version else "is no library"
        raise BadInput(f"{file} {what}: name another backup. Nothing was changed.")
    return inspection.lines()


def _follow_up(settings: Settings) -> list[str]:
    """Open the library, which brings an earlier one up to date, and write encodings.pkl anew where it is."""
    with open_store(settings.library_file) as store:
        try:
            if settings.encodings_file.is_file():
                export_encodings(settings, store, find_engines(settings)[0].body_model_id)
        except KithError as error:
            return [Message(f"{settings.encodings_file.name} is still that of the former library: ", error.message)]
    return []
