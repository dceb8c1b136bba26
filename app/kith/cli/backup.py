"""`kith backup` and `kith restore`: copies of the library, and going back to one."""

from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.backup import back_up, restore, restore_summary

group = Group()


@group.register("backup", "~/backups/library.sqlite")
def backup(
    call: Call,
    file: Annotated[Path, typer.Argument(help="A new file for the copy.")],
) -> None:
    """Copy the library to a file, also while a job is at work; `restore` goes back to it."""
    target = back_up(call.settings(), file)
    call.show({"backup": target}, [f"The library as it is now: {target}"])


@group.register("restore", "~/backups/library.sqlite")
def go_back(
    call: Call,
    file: Annotated[Path, typer.Argument(help="A backup of the library.")],
) -> None:
    """Put a copy of a backup in the place of the library, which is kept beside it and can be restored in turn."""
    done = restore(call.settings(), file)
    call.show(done, restore_summary(done), done.notes)
