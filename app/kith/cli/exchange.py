"""`kith export people`: people in a file for a relative's library."""

from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group, example_of
from kith.jobs.export_people import export_people, export_summary

group = Group(
    "export",
    no_args_is_help=True,
    help="Files for other libraries and programs.",
    epilog=example_of("export", "people", "~/family.zip"),
)


@group.register("people", "~/family.zip Anna Ben")
def people(
    call: Call,
    file: Annotated[Path, typer.Argument(help="A new file.")],
    persons: Annotated[list[str] | None, typer.Argument(metavar="[PERSON]...", help="Whom; else everybody.")] = None,
) -> None:
    """Write people with details, taught faces and every word on them to a file, without photos.

    Faces as numbers are biometric: give the file only to whom you trust.
    """
    done = export_people(call.settings(), file, persons or ())
    call.show(done, export_summary(done))
