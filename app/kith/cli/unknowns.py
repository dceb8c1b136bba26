"""`kith unknowns`: groups of unknown people, to be named."""

from collections.abc import Sequence
from typing import Annotated

import typer

from kith.cli.command import Call, Group, example_of
from kith.jobs import unknowns
from kith.jobs.open_library import OpenLibrary
from kith.jobs.unknowns import Example, Unknowns
from kith.messages import Action, Do
from kith.text import counted

LEAST = 2  # faces of a group

group = Group(
    "unknowns",
    invoke_without_command=True,
    help="Show unknown people: faces that resemble each other, the largest groups first.",
    epilog=example_of("unknowns", "--least 5"),
)


@group.register_listing
def listing(
    call: Call,
    context: typer.Context,
    least: Annotated[int, typer.Option(min=1, help="Show groups of at least so many faces.")] = LEAST,
    ignored: Annotated[bool, typer.Option("--ignored", help="Show who is ignored instead.")] = False,
) -> None:
    """Show unknown people: faces that resemble each other, the largest groups first."""
    if call.goes_on(context, least != LEAST, ignored):
        return
    with OpenLibrary(call.settings()) as library:
        unknowns = Unknowns(library)
        if ignored:
            examples = unknowns.ignored()
            call.show({"ignored": examples}, _ignored_lines(examples))
        else:
            groups = unknowns.groups(least)
            call.show({"groups": groups}, _group_lines(groups, least))


@group.register("name", "117 Anna")
def name_group(
    call: Call,
    number: Annotated[int, typer.Argument(metavar="group", help="The group's number.")],
    person: Annotated[str, typer.Argument(help="Who it is; a name that nobody has makes a new person.")],
) -> None:
    """Say who a whole group is; `kith people undo` takes it back."""
    with OpenLibrary(call.settings()) as library:
        call.show_outcome(Unknowns(library).name(number, person))


@group.register("split", "117 IMG_1.jpg#12 IMG_2.jpg#15")
def split_group(
    call: Call,
    number: Annotated[int, typer.Argument(metavar="group", help="The group's number.")],
    faces: Annotated[list[str], typer.Argument(metavar="PHOTO#NUMBER…", help="Those who are somebody else.")],
) -> None:
    """Say that some of a group are another person than the rest; `kith people undo` takes it back."""
    with OpenLibrary(call.settings()) as library:
        apart = [library.appearance(face) for face in faces]
        call.show_outcome(Unknowns(library).split(number, apart))


def _group_lines(groups: Sequence[unknowns.Group], least: int) -> list[str]:
    lines = []
    for group in groups:
        perhaps = f", perhaps the same as {' and '.join(map(str, group.perhaps))}" if group.perhaps else ""
        lines.append(f"Group {group.id}: {counted(group.faces, 'face')}{perhaps}")
        lines += [f"    {_place(example)}" for example in group.examples]
    if groups:
        return [
            *lines,
            f"{Do(Action.NAME_UNKNOWNS)} GROUP PERSON names one, {Do(Action.IGNORE)} --group ignores it.",
        ]
    return [f"No unknown face shows {least} times or more."]


def _ignored_lines(ignored: Sequence[Example]) -> list[str]:
    return [*map(_place, ignored)] or ["Nobody is ignored."]


def _place(example: Example) -> str:
    return f"{example.path or ''}#{example.appearance_id}"
