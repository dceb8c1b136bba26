"""Back up the library, also while a job writes to it."""

import os
import sqlite3
from pathlib import Path

from app.errors import BadInput, FilingFailed
from app.identity.whole_copies import copy_library
from app.jobs.library import check_library
from app.settings import Settings


def back_up(settings: Settings, target: Path) -> Path:
    """Copy the library as it is at one moment to a new file and return its path.

    Raises BadInput where the file is there already, BadKnowledgeBase without a library, and FilingFailed.
    """
    library, target = settings.library_file, Path(os.path.abspath(target))
    check_library(settings)
    try:
        copy_library(library, target)
    except FileExistsError as error:
        raise BadInput(f"{target} is there already and is not overwritten: name a new file.") from error
    except (OSError, sqlite3.Error) as error:
        raise FilingFailed(f"The library could not be copied to {target}: {error}") from error
    return target
