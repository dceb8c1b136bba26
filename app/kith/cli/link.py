"""`kith link` and `kith unlink`: what you say on who is who in a photo."""

from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.unknowns import RestOption
from kith.jobs.follow_up import with_the_rest
from kith.jobs.open_library import OpenLibrary
from kith.jobs.user_words import Is, IsNot, TakenBack

group = Group()

AppearanceArgument = Annotated[
    str, typer.Argument(metavar="PHOTO#NUMBER", help="Who is meant in a photo, as people show and why tell it.")
]


@group.register("link", "beach.jpg#12 'Anna Rossi'")
def link(
    call: Call,
    appearance: AppearanceArgument,
    person: Annotated[
        str, typer.Argument(metavar="PERSON", help="Who it is; a name that nobody has makes a new person.")
    ],
    rest: RestOption = False,
) -> None:
    """Say who somebody in a photo is."""
    with OpenLibrary(call.settings()) as opened:
        key = opened.appearance(appearance)
        meant = opened.people.meant(person)
        outcome = opened.say(Is([key], meant))
        call.show_outcome(with_the_rest(opened, outcome) if rest else outcome)


@group.register("unlink", "beach.jpg#12 'Anna Rossi' --never")
def unlink(
    call: Call,
    appearance: AppearanceArgument,
    person: Annotated[str | None, typer.Argument(help="Who; whoever they are said to be if not named.")] = None,
    never: Annotated[bool, typer.Option("--never", help="Say that it is not this person, and never will be.")] = False,
) -> None:
    """Take back what you said of somebody in a photo, or with --never say who it is not."""
    with OpenLibrary(call.settings()) as opened:
        key = opened.appearance(appearance)
        meant = opened.people.find(person) if person else None
        word = IsNot(key, meant) if never else TakenBack(key, meant)
        call.show_outcome(opened.say(word))
