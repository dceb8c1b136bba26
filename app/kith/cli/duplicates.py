"""`kith duplicates`: files that show the same picture."""

import os
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.duplicates import duplicate_lines, find_duplicates
from kith.jobs.open_library import OpenLibrary
from kith.text import counted

group = Group()


@group.register("duplicates", "~/Pictures")
def duplicates(
    call: Call,
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="Only what lies below it.")] = None,
) -> None:
    """List photos that Kith knows and that are the same, exactly or nearly, the best of each first."""
    below = folder and Path(os.path.abspath(os.path.expanduser(folder)))
    with OpenLibrary(call.settings()) as library:
        groups = find_duplicates(library, below)
    more = sum(len(group) - 1 for group in groups)
    notes = [f"{counted(more, 'duplicate')} of {counted(len(groups), 'photo')}."]
    call.show({"groups": groups}, duplicate_lines(groups), notes)
