"""The file of the library that a command works with: there already, unless the command is one that teaches."""

import os

from kith.errors import BadKnowledgeBase
from kith.jobs.folder_checks import check_people
from kith.jobs.people_folder import away
from kith.library.store import Store, open_store
from kith.messages import Action, Do, Message, Setting
from kith.settings import Settings


def open_records(settings: Settings, create: bool = False) -> Store:
    """Open the records of the library, or begin one where `create` says so; raises BadKnowledgeBase and BadInput."""
    check_library(settings, create)
    return open_store(settings.library_file, create)


def check_library(settings: Settings, create: bool = False) -> None:
    """Raise BadKnowledgeBase where there is no library, or with `create` where none can be begun.

    Raises BadInput where it would be begun in a folder of copies.
    """
    library = settings.library_file
    if os.path.exists(library):
        return
    has_folder = os.path.isdir(library.parent)
    if os.path.lexists(library) or not has_folder:
        is_away = not has_folder and not settings.library_path
        why = away(settings) if is_away else _elsewhere(settings)
        raise BadKnowledgeBase(f"The library {library} is not there. ", why)
    if not create:
        raise BadKnowledgeBase(
            f"There is no library at {library} yet: run ", Do(Action.BUILD_KB), " to make one. ", _elsewhere(settings)
        )
    if not settings.library_path:
        check_people(settings.dataset_folder)


def _elsewhere(settings: Settings) -> Message:
    place = Setting("library_path" if settings.library_path else "dataset_dir")
    return Message(
        "If it lies on a drive or a share that is missing, plug it in or mount it; if it lies elsewhere, ",
        place,
        " names the place.",
    )
