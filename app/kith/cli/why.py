"""`kith why`: the grounds of the decisions on a photo."""

from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.explanation_lines import why_lines
from kith.jobs.open_library import OpenLibrary

group = Group()


@group.register("why", "~/Pictures/summer/IMG_1234.jpg")
def why(
    call: Call,
    photo: Annotated[
        str, typer.Argument(metavar="PHOTO", help="A photo that was recognised or learned from, or PHOTO#NUMBER.")
    ],
) -> None:
    """Tell why a photo is filed as it is: for each face the three best people, and the rule that decided.

    It reads the library only; with --set it tells what another setting would decide.
    """
    with OpenLibrary(call.settings()) as library:
        told = library.why(photo)
    call.show(told, why_lines(told))
