"""Forget a person for good: the one thing that cannot be undone."""

import os
import threading
from pathlib import Path

from app.errors import StoreBusy
from app.identity.person_records import Person
from app.jobs.context import open_context
from app.jobs.editing import Outcome
from app.jobs.exporting import export_encodings
from app.jobs.people import People, text_of
from app.settings import Settings

WHAT = "vectors, links, details and their place in the journal"
WHAT_STAYS = "Photos, filed copies and reports stay."


def forget(people: People, person: Person) -> Outcome:
    """Erase a person from the library and encodings.pkl, down to the bytes; photos, copies and reports stay.

    Raises StoreBusy where a job runs or another program keeps the library open, BadKnowledgeBase and FilingFailed.
    """
    settings = people.settings
    with open_context(settings, threading.Event(), "Forgetting a person") as context:
        folders = [settings.dataset_folder / folder for folder in person.folders]
        is_clean = context.store.forget(person, folders)
        if os.path.isfile(settings.encodings_file):
            export_encodings(settings, context.store, context.spec.body_model_id)
        if not is_clean:
            raise StoreBusy(
                f"{text_of(person)} is erased, but another program has {settings.library_file} open, so that its "
                "-wal file may still hold their data: close that program and open and close Kith once."
            )
    told = [f"{text_of(person)} is forgotten: {WHAT} are erased. {WHAT_STAYS}", people.warning_of_folders(person)]
    if copies := earlier_copies(settings):
        told.append(f"Earlier copies of the library still hold their data, delete them: {', '.join(map(str, copies))}.")
    return Outcome(" ".join(text for text in told if text), ())


def earlier_copies(settings: Settings) -> list[Path]:
    """Return the copies of the library that were kept beside it before it was brought up to date."""
    library = settings.library_file
    return sorted(library.parent.glob(f"{library.name}.v*.bak"))
