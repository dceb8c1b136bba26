"""`kith privacy`: what Kith keeps on this computer, and erasing it."""

import sys
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.errors import BadInput
from kith.jobs.stored_files import COPIES_STAY, Kind, Stored, erase, stored_files
from kith.text import size_in_words

group = Group()


@group.register("privacy", "--erase pictures --erase logs --yes")
def privacy(
    call: Call,
    kinds: Annotated[list[Kind] | None, typer.Option("--erase", help="A kind of files to delete for good.")] = None,
    sure: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Show every file that Kith keeps, or erase kinds of them for good; your photos and filed copies stay."""
    settings, file = call.settings(), call.place_of_settings()
    stored = stored_files(settings, file)
    lines = [line for kept in stored for line in _lines(kept)]
    if not kinds:
        call.show({"stored": stored}, [*lines, COPIES_STAY.format(settings.output_folder)])
        return
    if not sure:
        _ask([kept for kept in stored if kept.kind in kinds])
    gone = erase(settings, file, kinds)
    call.show({"erased": gone}, [f"Deleted: {path}" for path in gone] or ["There is nothing of that kind."])


def _lines(kept: Stored) -> list[str]:
    head = f"{kept.kind}: {size_in_words(kept.size)}. {kept.what}."
    return [head, *(f"    {path}" for path in kept.places)]


def _ask(stored: list[Stored]) -> None:
    names = ", ".join(kept.kind for kept in stored)
    is_sure = sys.stdin.isatty() and typer.confirm(f"Delete {names} for good? This cannot be undone", err=True)
    if not is_sure:
        raise BadInput("Nothing was deleted. --yes deletes without asking.")
