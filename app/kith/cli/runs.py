"""`kith runs` and `kith undo`: what each run filed, and taking it back."""

from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.filing_runs import undo_run
from kith.jobs.open_library import OpenLibrary
from kith.library.run_records import FilingRun
from kith.text import counted

group = Group()


@group.register("runs")
def runs(call: Call) -> None:
    """List the runs that filed photos, the newest first."""
    with OpenLibrary(call.settings()) as library:
        found = library.store.runs.all()
    call.show({"runs": found}, map(run_line, found), [] if found else ["No run has filed anything yet."])


def run_line(run: FilingRun) -> str:
    """Return a run as a list shows it."""
    state = "" if run.ended_at else "did not come to its end"
    state = "taken back" if run.is_undone else "taken back in part" if run.undone_at else state
    filed = f"{counted(run.made, 'file')} filed, {counted(run.photos, 'photo')}"
    places = ", ".join(map(str, run.outputs))
    return "  ".join(filter(None, (f"{run.id}", run.began_at, run.job, filed, places, state)))


@group.register("undo", "3")
def undo(
    call: Call,
    run: Annotated[int, typer.Argument(metavar="RUN", help="Its number: kith runs lists them.", min=1)],
    photo: Annotated[str, typer.Option("--photo", metavar="PHOTO", help="Only what it did with this photo.")] = "",
) -> None:
    """Take back what a run filed: copies and links go, photos that were moved lie where they lay before."""
    with OpenLibrary(call.settings()) as library:
        call.show_outcome(undo_run(library, run, photo))
