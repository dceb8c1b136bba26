"""`kith watch`: recognise photos as they come."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.job import ctrl_c_sets
from kith.cli.options import FOR_LOOKING, Gently, gently
from kith.cli.progress import printer_for
from kith.jobs.watch import watch_folders
from kith.process import STOPPED

group = Group()


@group.register("watch", "~/Pictures/from-the-phone --gentle", FOR_LOOKING)
def watch(
    call: Call,
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders to watch; the input folder of the settings if none."),
    ] = None,
    gentle: Gently = False,
) -> None:
    """Watch folders, and recognise the photos that come into them once they grow no more; Ctrl-C ends it.

    What came while nothing watched is recognised at the start. Photos are recognised several at a time, each time as a
    run that can be taken back; between these runs other commands and the window work as ever.
    """
    settings = gently(call.settings(), gentle)
    stop = threading.Event()
    with ctrl_c_sets(stop, "Watching no more"), printer_for(call.as_json) as show:
        for event in watch_folders(settings, folders or [settings.input_folder], stop, tell=show):
            show(event)
    raise typer.Exit(STOPPED)
