"""`kith people` and the commands on who is who in a photo."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.options import Overrides, ResultAsJson, SettingsFile, pairs, settings_for_run
from kith.cli.printing import show, show_outcome, tell
from kith.errors import BadInput, command
from kith.jobs.backup import back_up, restore, restore_summary
from kith.jobs.erasure import WHAT, WHAT_STAYS, forget
from kith.jobs.open_library import OpenLibrary
from kith.jobs.user_words import Is, IsNot, TakenBack
from kith.jobs.wording import IN_WORDS
from kith.text import printable
from kith.values.links import Source
from kith.values.persons import Person

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
def _opened(file: Path | None, overrides: list[str] | None) -> Iterator[OpenLibrary]:
    with OpenLibrary(settings_for_run(file, overrides)) as opened:
        yield opened


@people.command("list", epilog=f"Example: {command('people', 'list')} --hidden")
def show_all(
    hidden: Annotated[bool, typer.Option("--hidden", help="Those who are hidden, too.")] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """List everybody with number, names and how many photos show them."""
    with _opened(settings, overrides) as opened:
        counts = opened.store.people.counts()
        shown = [person for person in opened.people.all().values() if hidden or not person.hidden]
        found = [{"person": person, "photos": {one: counts[person.id][one] for one in Source}} for person in shown]
        show({"people": found}, (_listed(person, counts[person.id]) for person in shown), as_json)
        if not shown:
            tell(f"Nobody is known yet, or all are hidden: {command('build-kb')} learns people.")


def _listed(person: Person, count: Counter[Source]) -> str:
    told = ", ".join(f"{count[source]} {_BY[source]}" for source in Source if count[source])
    return f"#{person.id} {_names(person)}: {told or 'in no photo'}"


_BY = {Source.DATASET: "taught", Source.USER: "named by you", Source.MACHINE: "recognised"}


def _names(person: Person) -> str:
    aliases = f" ({', '.join(person.aliases)})" if person.aliases else ""
    return f"{person.name}{aliases}{' [hidden]' if person.hidden else ''}"


@people.command("show", epilog=f"Example: {command('people', 'show')} Grandma")
def show_person(
    person: PersonArgument, settings: SettingsFile = None, overrides: Overrides = None, as_json: ResultAsJson = False
) -> None:
    """Show all that is known of a person, and who in which photo is said to be them or not."""
    with _opened(settings, overrides) as opened:
        one = opened.people.find(person)
        said = [
            (opened.place(photo_id, link.appearance_id), link)
            for photo_id, link in opened.store.people.mentions(one.id)
        ]
        lines = [f"{place} {IN_WORDS[link.word]}, by {_SAID_BY[link.source]}" for place, link in said]
        found = [{"appearance": place, "word": link.word, "source": link.source} for place, link in said]
        show({"person": one, "said": found}, [*_detail_lines(one), *lines], as_json)


def _detail_lines(one: Person) -> list[str]:
    details = [("born", one.birth), ("died", one.death), ("notes", one.notes)]
    known = [*details, *one.fields, ("folder", ", ".join(one.folders))]
    return [f"#{one.id} {_names(one)}", *(f"    {key}: {value}" for key, value in known if value)]


_SAID_BY = {Source.DATASET: "the people folder", Source.USER: "you", Source.MACHINE: "recognition"}


@people.command("create", epilog=f"Example: {command('people', 'create')} 'Anna Rossi'")
def create(
    name: Annotated[str, typer.Argument(help="The name.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Enter a person."""
    with _opened(settings, overrides) as opened:
        show_outcome(opened.people.create(name), as_json)


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
    as_json: ResultAsJson = False,
) -> None:
    """Give a person another name; their filed copies move along."""
    with _opened(settings, overrides) as opened:
        one = opened.people.find(person)
        folder = opened.people.folder_of(one)
        if rename_folder is None and folder and sys.stdin.isatty():
            rename_folder = typer.confirm(printable(f"Rename the folder {folder} as well?"), default=False, err=True)
        show_outcome(opened.people.rename(one, name, rename_folder=bool(rename_folder)), as_json)
        if folder and rename_folder is None:
            tell(f"{folder} keeps its name and still teaches them; --rename-folder renames it.")


@people.command("merge", epilog=f"Example: {command('people', 'merge')} 'Anna Rossi' Annie")
def merge(
    kept: Annotated[str, typer.Argument(metavar="PERSON", help="Who stays.")],
    gone: Annotated[str, typer.Argument(metavar="OTHER", help="Who is the same person; the name stays as another.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Make two people one: photos, folders, names and details of the other go to the first."""
    with _opened(settings, overrides) as opened:
        show_outcome(opened.people.merge(opened.people.find(kept), opened.people.find(gone)), as_json)


@people.command("split", epilog=f"Example: {command('people', 'split')} Ann '#12' beach.jpg#40 --to Eve")
def split(
    person: PersonArgument,
    appearances: Annotated[list[str], typer.Argument(metavar="PHOTO#NUMBER...", help="Who is somebody else.")],
    to: Annotated[str, typer.Option("--to", help="Who they are: somebody known, or a new name.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Say that some who were taken for a person are somebody else."""
    with _opened(settings, overrides) as opened:
        keys = {opened.appearance(one) for one in appearances}
        show_outcome(opened.people.split(opened.people.find(person), keys, to), as_json)


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
    as_json: ResultAsJson = False,
) -> None:
    """Set birth and death (1950, 1950-03 or 1950-03-31), notes, other names and fields of your own."""
    given = pairs(values or [], "KEY=VALUE", "birth=1950-03")
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
        show_outcome(opened.people.set(opened.people.find(person), details, fields, aliases), as_json)


@people.command("delete", epilog=f"Example: {command('people', 'delete')} '#7'")
def delete(
    person: PersonArgument, settings: SettingsFile = None, overrides: Overrides = None, as_json: ResultAsJson = False
) -> None:
    """Delete a person and what is said of them; photos stay, copies go to Unknown. It can be undone."""
    with _opened(settings, overrides) as opened:
        show_outcome(opened.people.delete(opened.people.find(person)), as_json)


@people.command("undo", epilog=f"Example: {command('people', 'undo')}")
def undo(settings: SettingsFile = None, overrides: Overrides = None, as_json: ResultAsJson = False) -> None:
    """Take the last change back that is not undone yet: to people, or to who is who."""
    with _opened(settings, overrides) as opened:
        show_outcome(opened.undo(), as_json)


@people.command("history", epilog=f"Example: {command('people', 'history')} --limit 5")
def history(
    limit: Annotated[int, typer.Option(help="How many changes.")] = 20,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """List what you changed, the newest first."""
    with _opened(settings, overrides) as opened:
        changes = opened.history(limit)
        lines = (f"{one.id} {one.made_at} {one.summary}{' (undone)' if one.undone else ''}" for one in changes)
        show({"changes": changes}, lines, as_json)
        if not changes:
            tell("You have changed nothing yet.")


@words.command("link", epilog=f"Example: {command('link')} beach.jpg#12 'Anna Rossi'")
def link(
    appearance: AppearanceArgument,
    person: Annotated[
        str, typer.Argument(metavar="PERSON", help="Who it is; a name that nobody has makes a new person.")
    ],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Say who somebody in a photo is."""
    with _opened(settings, overrides) as opened:
        show_outcome(opened.say(Is([opened.appearance(appearance)], opened.people.meant(person))), as_json)


@words.command("unlink", epilog=f"Example: {command('unlink')} beach.jpg#12 'Anna Rossi' --never")
def unlink(
    appearance: AppearanceArgument,
    person: Annotated[str | None, typer.Argument(help="Who; whoever they are said to be if not named.")] = None,
    never: Annotated[bool, typer.Option("--never", help="Say that it is not this person, and never will be.")] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Take back what you said of somebody in a photo, or with --never say who it is not."""
    with _opened(settings, overrides) as opened:
        key, one = opened.appearance(appearance), opened.people.find(person) if person else None
        show_outcome(opened.say(IsNot(key, one) if never else TakenBack(key, one)), as_json)


@words.command("forget", epilog=f"Example: {command('forget')} 'Anna Rossi'")
def erase(
    person: PersonArgument,
    erase: Annotated[str | None, typer.Option("--erase", metavar="NAME", help="Their name, instead of asking.")] = None,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Erase all that the library holds of a person, for good; photos and copies stay."""
    with _opened(settings, overrides) as opened:
        one = opened.people.find(person)
        if erase is None and sys.stdin.isatty():
            sure = typer.confirm(printable(f"Erase {WHAT} of {one.numbered} for good? {WHAT_STAYS}"), err=True)
            erase = typer.prompt("This cannot be undone. Type their name to do it", err=True) if sure else ""
        if not erase:
            raise BadInput(f"Nothing was erased. --erase {one.name!r} does it without asking.")
        if erase != one.name:
            raise BadInput(f"{erase} is not their name, {one.name}: nothing was erased.")
        show_outcome(forget(opened, one), as_json)


@words.command("backup", epilog=f"Example: {command('backup')} ~/backups/library.sqlite")
def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the copy.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Copy the library to a file, also while a job is at work; `restore` goes back to it."""
    target = back_up(settings_for_run(settings, overrides), file)
    show({"backup": target}, [f"The library as it is now: {target}"], as_json)


@words.command("restore", epilog=f"Example: {command('restore')} ~/backups/library.sqlite")
def go_back(
    file: Annotated[Path, typer.Argument(help="A backup of the library.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Put a copy of a backup in the place of the library, which is kept beside it and can be restored in turn."""
    done = restore(settings_for_run(settings, overrides), file)
    show(done, restore_summary(done), as_json)
    for note in () if as_json else done.notes:
        tell(note)
