"""Check the library itself, its file and its entries, and repair what can be repaired."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kith.errors import FilingFailed
from kith.jobs.context import sole_job
from kith.jobs.library_file import check_library
from kith.library.connection import SQLITE_ERRORS, LibraryConnection, repair_advice
from kith.library.inspection import Inspection, inspect
from kith.library.salvage import Salvaged, salvage
from kith.library.snapshots import check_unused, free_name, kept_beside, new_file, put_in_place, reason_of
from kith.library.write_ahead_log import foreign_logs, side_file
from kith.messages import Message
from kith.settings import Settings


@dataclass(frozen=True, slots=True)
class LibraryChecked:
    """What is wrong with a library, in words; where it was repaired, what was done and where it is kept as it was."""

    library: Path
    faults: tuple[str, ...]
    repaired: bool = False
    done: tuple[str, ...] = ()
    kept: Path | None = None


def inspect_library(settings: Settings) -> LibraryChecked:
    """Look at the file of the library and at all of its entries, and change nothing; raises BadKnowledgeBase."""
    check_library(settings)
    library = settings.library_file.resolve()
    if logs := foreign_logs(library):
        return LibraryChecked(library, tuple(f"{log.name} belongs to another library" for log in logs))
    return LibraryChecked(library, tuple(_inspection(library).lines()))


def repair_library(settings: Settings) -> LibraryChecked:
    """Check the library and put in its place a new one of all that can be read and makes sense, if need be.

    It is kept beside as it was. Raises StoreBusy, FilingFailed, and BadKnowledgeBase where nothing can be saved.
    """
    check_library(settings)
    library = settings.library_file.resolve()
    with sole_job(settings.library_file, "Repairing the library"):
        checked = inspect_library(settings)
        try:
            if logs := foreign_logs(library):
                return _without(logs, library, checked)
            return _repaired(library, checked) if checked.faults else checked
        except (OSError, *SQLITE_ERRORS) as error:
            raise FilingFailed(
                f"{library} could not be repaired: {reason_of(error)}. Nothing of it is lost."
            ) from error


def _inspection(library: Path) -> Inspection:
    with closing(LibraryConnection.open(library)) as connection:
        return inspect(connection)


def _without(logs: Sequence[Path], library: Path, checked: LibraryChecked) -> LibraryChecked:
    """Set the logs of another library aside, and repair what is wrong then."""
    kept = free_name(library, "foreign")
    for log in logs:
        log.rename(side_file(kept, log.name.removeprefix(library.name)))
    done = f"set aside: {', '.join(log.name for log in logs)}"
    then = LibraryChecked(library, (*checked.faults, *_inspection(library).lines()), True, (done,), kept)
    return then if then.faults == checked.faults else _repaired(library, then)


def _repaired(library: Path, checked: LibraryChecked) -> LibraryChecked:
    check_unused(library)
    kept = kept_beside(library, "damaged")
    with new_file(library.parent, library.name) as part:
        salvaged = salvage(library, part)
        put_in_place(part, library)
    return LibraryChecked(library, checked.faults, True, (*checked.done, *_told(salvaged)), kept)


def _told(salvaged: Salvaged) -> Iterator[str]:
    saved = [f"{rows} {table}" for table, rows in salvaged.saved.items() if rows]
    yield f"saved: {', '.join(saved)}"
    if salvaged.unread:
        yield f"not all could be read of: {', '.join(salvaged.unread)}"
    if salvaged.mended:
        yield str(salvaged.mended)


def library_summary(checked: LibraryChecked) -> list[str]:
    """Return what was found and done, line by line."""
    if not checked.faults:
        return [f"{checked.library} is whole and sound."]
    faults = [f"damaged: {fault}" for fault in checked.faults]
    if not checked.repaired:
        return [*faults, Message(f"{checked.library} is damaged: ", repair_advice(), ".")]
    return [
        *faults,
        *checked.done,
        f"{checked.library} is repaired. As it was it is kept as {checked.kept}.",
    ]
