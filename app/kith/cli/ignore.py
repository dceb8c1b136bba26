"""`kith ignore`: who is nobody to know."""

from collections.abc import Sequence
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Heeded, Ignored

group = Group()


@group.register("ignore", "--others ~/Pictures/street.jpg")
def ignore(
    call: Call,
    who: Annotated[list[str] | None, typer.Argument(metavar="[PHOTO#NUMBER]...", help="Whom to ignore.")] = None,
    others: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Everybody in this photo who is nobody known.")
    ] = None,
    number: Annotated[int | None, typer.Option("--group", help="Everybody in this group of unknown people.")] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Heed them again: for --others, everybody in the photo.")
    ] = False,
) -> None:
    """Ignore strangers, statues and pictures: never asked about, never named by Kith, whatever model looks."""
    if sum(choice is not None for choice in (who or None, others, number)) != 1:
        raise BadInput("Say whom to ignore: PHOTO#NUMBER, or --others PHOTO, or --group NUMBER.")
    with OpenLibrary(call.settings()) as library:
        appearances = _appearances(library, who or [], others, number, undo)
        word = Heeded(appearances) if undo else Ignored(appearances)
        call.show_outcome(library.say(word))


def _appearances(
    library: OpenLibrary, who: Sequence[str], others: str | None, number: int | None, undo: bool
) -> list[int]:
    unknowns = Unknowns(library)
    if number is not None:
        return unknowns.ever_in_group(number) if undo else unknowns.in_group(number)
    if others is not None:
        return unknowns.all_in_photo(others) if undo else unknowns.in_photo(others)
    return [library.appearance(text) for text in who]
