"""`kith recognize`: find the people in photos and file copies."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.options import FOR_LOOKING, Gently, gently
from kith.jobs.recognize_folder import recognize_folder
from kith.messages import JobName

group = Group()


@group.register("recognize", "~/Pictures/summer --output ~/Pictures/sorted", FOR_LOOKING)
def recognize(
    call: Call,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of photos, or photos; the input folder of the settings if none."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the copies and the report.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be filed; file nothing.")] = False,
    gentle: Gently = False,
) -> None:
    """Recognise the people in folders of photos and file copies under their names.

    Single photos are only told about; with --output they are filed as well.
    """
    settings = gently(call.settings(), gentle)
    inputs = paths or [settings.input_folder]
    target = output.absolute() if output else settings.output_folder
    is_filing = bool(output) or any(os.path.isdir(path) for path in inputs)
    job = partial(recognize_folder, inputs=inputs, output=target if is_filing else None, dry_run=dry_run)
    call.run(settings, JobName.RECOGNIZE_FOLDER, job)
