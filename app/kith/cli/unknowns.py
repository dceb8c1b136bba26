"""`kith unknowns` and `kith ignore`: who is nobody known."""

from collections.abc import Sequence
from typing import Annotated

import typer

from kith.cli.options import Overrides, ResultAsJson, SettingsFile, goes_on, settings_for_run
from kith.cli.printing import show, show_outcome
from kith.errors import BadInput, command
from kith.jobs.open_library import OpenLibrary
from kith.jobs.unknowns import Example, Group
from kith.jobs.user_words import Heeded, Ignored

LEAST = 2  # faces of a group

unknowns = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Show unknown people: faces that resemble each other, the largest groups first.",
    epilog=f"Example: {command('unknowns')} --least 5",
)


@unknowns.callback()
def listing(
    context: typer.Context,
    least: Annotated[int, typer.Option(min=1, help="Show groups of at least so many faces.")] = LEAST,
    ignored: Annotated[bool, typer.Option("--ignored", help="Show who is ignored instead.")] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Show unknown people: faces that resemble each other, the largest groups first."""
    if goes_on(context, least != LEAST, ignored, settings, overrides, as_json):
        return
    with OpenLibrary(settings_for_run(settings, overrides)) as library:
        if ignored:
            show({"ignored": library.unknowns.ignored()}, _ignored_lines(library.unknowns.ignored()), as_json)
        else:
            groups = library.unknowns.groups(least)
            show({"groups": groups}, _group_lines(groups, least), as_json)


@unknowns.command("name", epilog=f"Example: {command('unknowns', 'name')} 117 Anna")
def name_group(
    group: Annotated[int, typer.Argument(help="The group's number.")],
    person: Annotated[str, typer.Argument(help="Who it is; a name that nobody has makes a new person.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Say who a whole group is; `kith people undo` takes it back."""
    with OpenLibrary(settings_for_run(settings, overrides)) as library:
        show_outcome(library.unknowns.name(group, person), as_json)


def ignore(
    who: Annotated[list[str] | None, typer.Argument(metavar="[PHOTO#NUMBER]...", help="Whom to ignore.")] = None,
    others: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Everybody in this photo who is nobody known.")
    ] = None,
    group: Annotated[int | None, typer.Option(help="Everybody in this group of unknown people.")] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Heed them again: for --others, everybody in the photo.")
    ] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Ignore strangers, statues and pictures: never asked about, never named by Kith, whatever model looks."""
    if sum(choice is not None for choice in (who or None, others, group)) != 1:
        raise BadInput("Say whom to ignore: PHOTO#NUMBER, or --others PHOTO, or --group NUMBER.")
    with OpenLibrary(settings_for_run(settings, overrides)) as library:
        appearances = _appearances(library, who or [], others, group, undo)
        show_outcome(library.say(Heeded(appearances) if undo else Ignored(appearances)), as_json)


def _appearances(
    library: OpenLibrary, who: Sequence[str], others: str | None, group: int | None, undo: bool
) -> list[int]:
    unknowns = library.unknowns
    if group is not None:
        return unknowns.ever_in_group(group) if undo else unknowns.in_group(group)
    if others is not None:
        return unknowns.all_in_photo(others) if undo else unknowns.in_photo(others)
    return [library.appearance(text) for text in who]


def _group_lines(groups: Sequence[Group], least: int) -> list[str]:
    lines = []
    for one in groups:
        perhaps = f", perhaps the same as {' and '.join(map(str, one.perhaps))}" if one.perhaps else ""
        lines.append(f"Group {one.id}: {one.faces} face{'s' * (one.faces > 1)}{perhaps}")
        lines += [f"    {_place(example)}" for example in one.examples]
    if groups:
        return [
            *lines,
            f"{command('unknowns', 'name')} GROUP PERSON names one, {command('ignore')} --group ignores it.",
        ]
    return [f"No unknown face shows {least} times or more."]


def _ignored_lines(ignored: Sequence[Example]) -> list[str]:
    return [_place(one) for one in ignored] or ["Nobody is ignored."]


def _place(example: Example) -> str:
    return f"{example.path or ''}#{example.appearance_id}"
