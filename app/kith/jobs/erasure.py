"""Forget a person for good: the one thing that cannot be undone."""

import glob
import os
import threading
from pathlib import Path

from kith.errors import BadInput, StoreBusy
from kith.filing.encodings import BEFORE_KITH
from kith.jobs.context import Context, open_context
from kith.jobs.export import export_encodings
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_changes import PersonChanges
from kith.jobs.written_names import WrittenNames
from kith.library.snapshots import kept_copies
from kith.messages import joined
from kith.settings import Settings
from kith.values.persons import Person

WHAT = "vectors, links, details and their place in the journal"
WHAT_STAYS = "Photos, filed copies and reports stay; their name is taken out of the XMP that Kith wrote."


def forget(library: OpenLibrary, person: Person) -> Outcome:
    """Erase a person from the library and encodings.pkl, down to the bytes; photos, copies and reports stay.

    Raises StoreBusy where a job runs or another program keeps the library open, BadKnowledgeBase and FilingFailed.
    """
    settings = library.settings
    folders = [settings.dataset_folder / folder for folder in person.folders]
    with open_context(settings, threading.Event(), "Forgetting a person") as context:
        written = WrittenNames(context.store, settings)
        left = [note for photo in written.photos_of(person.id) for note in written.follow(photo, {person.id})]
        is_clean = context.store.forget(person, folders)
        refused = _export_again(context)
        if not is_clean:
            raise StoreBusy(
                f"{person.numbered} is erased, but another program has {settings.library_file} open, so that its "
                "-wal file may still hold their data: close that program and open and close Kith once."
            )
    told = [f"{person.numbered} is forgotten: {WHAT} are erased. {WHAT_STAYS}"]
    told += [PersonChanges(library).warning_of_folders(person), refused, *left]
    if copies := earlier_copies(settings):
        told.append(f"Earlier copies still hold their data, delete them: {', '.join(map(str, copies))}.")
    return Outcome(joined(filter(None, told)))


def _export_again(context: Context) -> str:
    """Write encodings.pkl anew where it is, and return why it stays as it is, if so."""
    if not os.path.isfile(context.settings.encodings_file):
        return ""
    try:
        export_encodings(context.settings, context.store, context.spec.body_model_id)
    except BadInput as error:
        return error.message
    return ""


def earlier_copies(settings: Settings) -> list[Path]:
    """Return the copies kept of the library before it was updated, repaired or replaced, and of an encodings.pkl."""
    export = settings.encodings_file
    of_export = export.parent.glob(f"{glob.escape(export.name)}.{BEFORE_KITH}*")
    return [*kept_copies(settings.library_file.resolve()), *sorted(of_export)]
