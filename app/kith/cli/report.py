"""`kith report`: all that is known of the photos in an output folder, as a page to look at and as data."""

import os
import threading
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.output import terminal
from kith.cli.progress import photo_progress
from kith.jobs.full_report import FullReport
from kith.jobs.open_library import OpenLibrary
from kith.jobs.output_report import rewrite_report
from kith.photos.outputs import DATA, PAGE

group = Group()


@group.register("report", "--output ~/Pictures/sorted")
def report(
    call: Call,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The output folder; that of the settings if none is named.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write only the page, and to here.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Write only the data, and to here.")
    ] = None,
) -> None:
    """Write report.csv anew, report.html (a page that needs no network) and report.json (everything, for programs)."""
    settings = call.settings()
    folder = Path(os.path.abspath(output)) if output else settings.output_folder
    chosen = [Path(os.path.abspath(path)) for path in (html, data) if path]
    targets = chosen or [folder / PAGE, folder / DATA]
    with OpenLibrary(settings) as library:
        full = FullReport(library, folder)
        if not chosen:
            rewrite_report(library.store, library.decisions, folder)
        for target in targets:
            _write(full, target)
    call.show({"written": targets}, map(str, targets))


def _write(full: FullReport, target: Path) -> None:
    with photo_progress(terminal()) as progress:
        bar = progress.add_task(target.name, total=None)
        full.write(target, lambda done, total: progress.update(bar, completed=done, total=total), threading.Event())
