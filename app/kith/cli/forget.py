"""`kith forget`: a person erased for good."""

import sys
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.options import PersonArgument
from kith.errors import BadInput
from kith.jobs.erasure import WHAT, WHAT_STAYS, forget
from kith.jobs.open_library import OpenLibrary
from kith.text import printable

group = Group()


@group.register("forget", "'Anna Rossi'")
def erase(
    call: Call,
    person: PersonArgument,
    erase: Annotated[str | None, typer.Option("--erase", metavar="NAME", help="Their name, instead of asking.")] = None,
) -> None:
    """Erase all that the library holds of a person, for good; photos and copies stay."""
    with OpenLibrary(call.settings()) as opened:
        meant = opened.people.find(person)
        if erase is None and sys.stdin.isatty():
            sure = typer.confirm(printable(f"Erase {WHAT} of {meant.numbered} for good? {WHAT_STAYS}"), err=True)
            erase = typer.prompt("This cannot be undone. Type their name to do it", err=True) if sure else ""
        if not erase:
            raise BadInput(f"Nothing was erased. --erase {meant.name!r} does it without asking.")
        if erase != meant.name:
            raise BadInput(f"{erase} is not their name, {meant.name}: nothing was erased.")
        call.show_outcome(forget(opened, meant))
