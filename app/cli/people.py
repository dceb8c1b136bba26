"""`kith people` and the commands on who is who in a photo."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Overrides, SettingsFile, pairs, settings_for_run
from app.cli.printing import printable
from app.errors import BadInput, command
from app.identity.person_records import Person, Source
from app.jobs.backup import back_up
from app.jobs.editing import Outcome
from app.jobs.forgetting import WHAT, WHAT_STAYS, forget
from app.jobs.people import People, open_people, text_of
from app.jobs.wording import IN_WORDS

people = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The people: names, details, merging, splitting, undoing. PERSON is a name, another name of theirs, or #3.",
    epilog=f"Example: {command('people')} list",
)
words = typer.Typer(rich_markup_mode=None)

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="A name, another name of theirs, or #3.")]
AppearanceArgument = Annotated[
    str, typer.Argument(metavar="PHOTO#NUMBER", help="Who is meant in a photo, as people show and why tell it.")
]


@contextmanager
def _opened(file: Path | None, overrides: list[str] | None) -> Iterator[People]:
    with closing(open_people(settings_for_run(file, overrides))) as opened:
        yield opened


def _say(outcome: Outcome) -> None:
    for line in outcome.text.split("\n"):
        typer.echo(printable(line))
    for problem in outcome.problems:
        sys.stderr.write(f"{printable(problem)}\n")


@people.command("list", epilog=f"Example: {command('people', 'list')} --hidden")
def show_all(
    hidden: Annotated[bool, typer.Option("--hidden", help="Those who are hidden, too.")] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """List everybody with number, names and how many photos show them."""
    with _opened(settings, overrides) as opened:
        counts = opened.store.people.counts()
        shown = [person for person in opened.persons().values() if hidden or not person.hidden]
        for person in shown:
            count = counts[person.id]
            told = ", ".join(f"{count[source]} {_BY[source]}" for source in Source if count[source])
            typer.echo(printable(f"#{person.id} {_names(person)}: {told or 'in no photo'}"))
        if not shown:
            sys.stderr.write(f"Nobody is known yet, or all are hidden: {command('build-kb')} learns people.\n")


_BY = {Source.DATASET: "taught", Source.USER: "named by you", Source.MACHINE: "recognised"}


def _names(person: Person) -> str:
    aliases = f" ({', '.join(person.aliases)})" if person.aliases else ""
    return f"{person.name}{aliases}{' [hidden]' if person.hidden else ''}"


@people.command("show", epilog=f"Example: {command('people', 'show')} Grandma")
def show(person: PersonArgument, settings: SettingsFile = None, overrides: Overrides = None) -> None:
    """Show all that is known of a person, and who in which photo is said to be them or not."""
    with _opened(settings, overrides) as opened:
        one = opened.find(person)
        details = [("born", one.birth), ("died", one.death), ("notes", one.notes)]
        typer.echo(printable(f"#{one.id} {_names(one)}"))
        for key, value in [*details, *one.fields, ("folder", ", ".join(one.folders))]:
            if value:
                typer.echo(printable(f"    {key}: {value}"))
        for photo_id, link in opened.store.people.mentions(one.id):
            place = opened.place(photo_id, link.appearance_id)
            typer.echo(printable(f"{place} {IN_WORDS[link.word]}, by {_SAID_BY[link.source]}"))


_SAID_BY = {Source.DATASET: "the people folder", Source.USER: "you", Source.MACHINE: "recognition"}


@people.command("create", epilog=f"Example: {command('people', 'create')} 'Anna Rossi'")
def create(
    name: Annotated[str, typer.Argument(help="The name.")], settings: SettingsFile = None, overrides: Overrides = None
) -> None:
    """Enter a person."""
    with _opened(settings, overrides) as opened:
        _say(opened.create(name))


@people.command("rename", epilog=f"Example: {command('people', 'rename')} Ann 'Anna Rossi' --rename-folder")
def rename(
    person: PersonArgument,
    name: Annotated[str, typer.Argument(help="The new name.")],
    rename_folder: Annotated[
        bool | None,
        typer.Option("--rename-folder/--keep-folder", help="Rename their folder in the people folder as well, or not."),
    ] = None,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Give a person another name; their filed copies move along."""
    with _opened(settings, overrides) as opened:
        one = opened.find(person)
        folder = opened.folder_of(one)
        if rename_folder is None and folder and sys.stdin.isatty():
            rename_folder = typer.confirm(f"Rename the folder {folder} as well?", default=False)
        _say(opened.rename(one, name, rename_folder=bool(rename_folder)))
        if folder and rename_folder is None:
            sys.stderr.write(f"{folder} keeps its name and still teaches them; --rename-folder renames it.\n")


@people.command("merge", epilog=f"Example: {command('people', 'merge')} 'Anna Rossi' Annie")
def merge(
    kept: Annotated[str, typer.Argument(metavar="PERSON", help="Who stays.")],
    gone: Annotated[str, typer.Argument(metavar="OTHER", help="Who is the same person; the name stays as another.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Make two people one: photos, folders, names and details of the other go to the first."""
    with _opened(settings, overrides) as opened:
        _say(opened.merge(opened.find(kept), opened.find(gone)))


@people.command("split", epilog=f"Example: {command('people', 'split')} Ann '#12' beach.jpg#40 --to Eve")
def split(
    person: PersonArgument,
    appearances: Annotated[list[str], typer.Argument(metavar="PHOTO#NUMBER...", help="Who is somebody else.")],
    to: Annotated[str, typer.Option("--to", help="Who they are: somebody known, or a new name.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Say that some who were taken for a person are somebody else."""
    with _opened(settings, overrides) as opened:
        keys = {opened.appearance(one) for one in appearances}
        _say(opened.split(opened.find(person), keys, to))


@people.command(
    "set", epilog=f"Example: {command('people', 'set')} Ann birth=1950-03 death= nickname=Nan --alias Annie"
)
def change(
    person: PersonArgument,
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="birth, death, notes, or a field of your own; no value: none."),
    ] = None,
    alias: Annotated[list[str] | None, typer.Option("--alias", help="Add another name.")] = None,
    drop_alias: Annotated[list[str] | None, typer.Option("--drop-alias", help="Take another name away.")] = None,
    hidden: Annotated[bool | None, typer.Option("--hidden/--shown", help="Leave them out of lists, or not.")] = None,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Set birth and death (1950, 1950-03 or 1950-03-31), notes, other names and fields of your own."""
    given = pairs(values or [], "birth=1950-03")
    if "name" in given:
        raise BadInput(f"{command('people', 'rename')} gives a person another name.")
    details: dict[str, str | bool | None] = {key: given.pop(key) or None for key in ("birth", "death") if key in given}
    if "notes" in given:
        details["notes"] = given.pop("notes")
    if hidden is not None:
        details["hidden"] = hidden
    aliases = dict.fromkeys(alias or [], True) | dict.fromkeys(drop_alias or [], False)
    if not (details or given or aliases):
        raise BadInput("Say what to set, for example birth=1950-03.")
    with _opened(settings, overrides) as opened:
        fields = {key: value or None for key, value in given.items()}
        _say(opened.set(opened.find(person), details, fields, aliases))


@people.command("delete", epilog=f"Example: {command('people', 'delete')} '#7'")
def delete(person: PersonArgument, settings: SettingsFile = None, overrides: Overrides = None) -> None:
    """Delete a person and what is said of them; photos stay, copies go to Unknown. It can be undone."""
    with _opened(settings, overrides) as opened:
        _say(opened.delete(opened.find(person)))


@people.command("undo", epilog=f"Example: {command('people', 'undo')}")
def undo(settings: SettingsFile = None, overrides: Overrides = None) -> None:
    """Take the last change back that is not undone yet: to people, or to who is who."""
    with _opened(settings, overrides) as opened:
        _say(opened.undo())


@people.command("history", epilog=f"Example: {command('people', 'history')} --limit 5")
def history(
    limit: Annotated[int, typer.Option(help="How many changes.")] = 20,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """List what you changed, the newest first."""
    with _opened(settings, overrides) as opened:
        changes = opened.history(limit)
        if not changes:
            sys.stderr.write("You have changed nothing yet.\n")
        for one in changes:
            typer.echo(printable(f"{one.id} {one.made_at} {one.summary}{' (undone)' if one.undone else ''}"))


@words.command("link", epilog=f"Example: {command('link')} beach.jpg#12 'Anna Rossi'")
def link(
    appearance: AppearanceArgument,
    person: PersonArgument,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Say who somebody in a photo is."""
    with _opened(settings, overrides) as opened:
        _say(opened.link(opened.appearance(appearance), opened.find(person)))


@words.command("unlink", epilog=f"Example: {command('unlink')} beach.jpg#12 'Anna Rossi' --never")
def unlink(
    appearance: AppearanceArgument,
    person: Annotated[str | None, typer.Argument(help="Who; whoever they are said to be if not named.")] = None,
    never: Annotated[bool, typer.Option("--never", help="Say that it is not this person, and never will be.")] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Take back what you said of somebody in a photo, or with --never say who it is not."""
    with _opened(settings, overrides) as opened:
        key, one = opened.appearance(appearance), opened.find(person) if person else None
        _say(opened.never(key, one) if never else opened.unlink(key, one))


@words.command("forget", epilog=f"Example: {command('forget')} 'Anna Rossi'")
def erase(
    person: PersonArgument,
    erase: Annotated[str | None, typer.Option("--erase", metavar="NAME", help="Their name, instead of asking.")] = None,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Erase all that the library holds of a person, for good; photos and copies stay."""
    with _opened(settings, overrides) as opened:
        one = opened.find(person)
        if erase is None and sys.stdin.isatty():
            sure = typer.confirm(f"Erase {WHAT} of {text_of(one)} for good? {WHAT_STAYS}")
            erase = typer.prompt("This cannot be undone. Type their name to do it") if sure else ""
        if not erase:
            raise BadInput(f"Nothing was erased. --erase {one.name!r} does it without asking.")
        if erase != one.name:
            raise BadInput(f"{erase} is not their name, {one.name}: nothing was erased.")
        _say(forget(opened, one))


@words.command("backup", epilog=f"Example: {command('backup')} ~/backups/library.sqlite")
def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the copy.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Copy the library to a file, also while a job is at work. To go back, put the file in its place."""
    target = back_up(settings_for_run(settings, overrides), file)
    typer.echo(printable(f"The library as it is now: {target}"))
