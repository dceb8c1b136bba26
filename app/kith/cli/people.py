"""`kith people`: the people, and what you changed."""

import sys
from collections import Counter
from typing import Annotated

import typer

from kith.cli.command import Call, Group, example_of
from kith.cli.options import PersonArgument, pairs
from kith.cli.output import tell
from kith.errors import BadInput
from kith.jobs import drawn_faces
from kith.jobs.left_out import left_out_photos
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.person_page import person_page
from kith.jobs.phrases import IN_WORDS
from kith.library.journal import Change
from kith.messages import Action, Do, command
from kith.text import counted, printable
from kith.values.links import Source
from kith.values.persons import Person

group = Group(
    "people",
    no_args_is_help=True,
    help="The people: names, details, merging, splitting, undoing. PERSON is a name, another name of theirs, or #3.",
    epilog=example_of("people", "list"),
)


@group.register("list", "--hidden")
def show_all(
    call: Call,
    hidden: Annotated[bool, typer.Option("--hidden", help="Those who are hidden, too.")] = False,
) -> None:
    """List everybody with number, names and how many photos show them."""
    with OpenLibrary(call.settings()) as opened:
        counts = opened.store.people.counts()
        found, lines = [], []
        for person in opened.people.all().values():
            if person.hidden and not hidden:
                continue
            count = counts[person.id]
            found.append({"person": person, "photos": _counted_by_source(count)})
            lines.append(_listed(person, count))
        call.show({"people": found}, lines)
        if not found:
            tell(f"Nobody is known yet, or all are hidden: {Do(Action.BUILD_KB)} learns people.")


def _counted_by_source(count: Counter[Source]) -> dict[Source, int]:
    return {source: count[source] for source in Source}


def _listed(person: Person, count: Counter[Source]) -> str:
    told = [f"{count[source]} {_BY[source]}" for source in Source if count[source]]
    photos = ", ".join(told) or "in no photo"
    return f"#{person.id} {_names(person)}: {photos}"


_BY = {Source.DATASET: "in the people folder", Source.USER: "named by you", Source.MACHINE: "recognised"}


def _names(person: Person) -> str:
    aliases = f" ({', '.join(person.aliases)})" if person.aliases else ""
    hidden = " [hidden]" if person.hidden else ""
    return f"{person.name}{aliases}{hidden}"


@group.register("show", "Grandma")
def show_person(call: Call, person: PersonArgument) -> None:
    """Show all that is known of a person, and who in which photo is said to be them or not."""
    with OpenLibrary(call.settings()) as opened:
        meant = opened.people.find(person)
        mentions = opened.store.people.mentions(meant.id)
        found, lines = [], _detail_lines(meant)
        for photo_id, link in mentions:
            place = opened.place(photo_id, link.appearance_id)
            word, source = link.word, link.source
            found.append({"appearance": place, "word": word, "source": source})
            lines.append(f"{place} {IN_WORDS[word]}, by {_SAID_BY[source]}")
        call.show({"person": meant, "said": found}, lines)


def _detail_lines(person: Person) -> list[str]:
    details = [("born", person.birth), ("died", person.death), ("notes", person.notes)]
    known = [*details, *person.fields, ("folder", ", ".join(person.folders))]
    lines = [f"#{person.id} {_names(person)}"]
    lines += [f"    {key}: {value}" for key, value in known if value]
    return lines


_SAID_BY = {Source.DATASET: "the people folder", Source.USER: "you", Source.MACHINE: "recognition"}


@group.register("faces", "'Anna Rossi'")
def faces(call: Call, person: PersonArgument) -> None:
    """List a person's faces by how well they fit, the one that fits worst first, and who is in photos with them."""
    with OpenLibrary(call.settings()) as opened:
        page = person_page(opened, opened.people.find(person).id)
        lines = []
        for face in page.faces:
            fit = "no face to compare" if face.distance is None else f"{face.distance:.2f}"
            lines.append(f"{fit}  {opened.place(face.photo_id, face.appearance_id)}, by {_SAID_BY[face.source]}")
        lines += [f"with {name}: {counted(photos, 'photo')}" for _, name, photos in page.together]
        call.show(page, lines)


@group.register("left-out")
def left_out(call: Call) -> None:
    """List the photos in the people folder that teach nobody, with the reason and the faces in them."""
    with OpenLibrary(call.settings()) as opened:
        photos = left_out_photos(opened)
        lines = []
        for photo in photos:
            lines.append(f"{photo.person}: {photo.path}: {photo.reason}")
            lines += [f"    {photo.path}#{face}" for face, _ in photo.faces]
        if lines:
            lines.append(f"{command('link')} PHOTO#NUMBER PERSON says which face is the person.")
        call.show({"left_out": photos}, lines or ["Every photo in the people folder teaches somebody."])


@group.register("create", "'Anna Rossi'")
def create(call: Call, name: Annotated[str, typer.Argument(help="The name.")]) -> None:
    """Enter a person."""
    with OpenLibrary(call.settings()) as opened:
        call.show_outcome(PersonChanges(opened).create(name))


@group.register("rename", "Ann 'Anna Rossi' --rename-folder")
def rename(
    call: Call,
    person: PersonArgument,
    name: Annotated[str, typer.Argument(help="The new name.")],
    rename_folder: Annotated[
        bool | None,
        typer.Option("--rename-folder/--keep-folder", help="Rename their folder in the people folder as well, or not."),
    ] = None,
) -> None:
    """Give a person another name; their filed copies move along."""
    with OpenLibrary(call.settings()) as opened:
        meant = opened.people.find(person)
        changes = PersonChanges(opened)
        folder = changes.folder_of(meant)
        if rename_folder is None and folder and sys.stdin.isatty():
            rename_folder = typer.confirm(printable(f"Rename the folder {folder} as well?"), default=False, err=True)
        outcome = changes.rename(meant, name, rename_folder=bool(rename_folder))
        call.show_outcome(outcome)
        if folder and rename_folder is None:
            tell(f"{folder} keeps its name and still teaches them; --rename-folder renames it.")


@group.register("merge", "'Anna Rossi' Annie")
def merge(
    call: Call,
    kept: Annotated[str, typer.Argument(metavar="PERSON", help="Who stays.")],
    gone: Annotated[str, typer.Argument(metavar="OTHER", help="Who is the same person; the name stays as another.")],
) -> None:
    """Make two people one: photos, folders, names and details of the other go to the first."""
    with OpenLibrary(call.settings()) as opened:
        find = opened.people.find
        outcome = PersonChanges(opened).merge(find(kept), find(gone))
        call.show_outcome(outcome)


@group.register("split", "Ann '#12' beach.jpg#40 --to Eve")
def split(
    call: Call,
    person: PersonArgument,
    appearances: Annotated[list[str], typer.Argument(metavar="PHOTO#NUMBER...", help="Who is somebody else.")],
    to: Annotated[str, typer.Option("--to", help="Who they are: somebody known, or a new name.")],
) -> None:
    """Say that some who were taken for a person are somebody else."""
    with OpenLibrary(call.settings()) as opened:
        keys = {opened.appearance(text) for text in appearances}
        meant = opened.people.find(person)
        outcome = PersonChanges(opened).split(meant, keys, to)
        call.show_outcome(outcome)


@group.register("set", "Ann birth=1950-03 death= nickname=Nan --alias Annie")
def change(
    call: Call,
    person: PersonArgument,
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="birth, death, notes, or a field of your own; no value: none."),
    ] = None,
    alias: Annotated[list[str] | None, typer.Option("--alias", help="Add another name.")] = None,
    drop_alias: Annotated[list[str] | None, typer.Option("--drop-alias", help="Take another name away.")] = None,
    hidden: Annotated[bool | None, typer.Option("--hidden/--shown", help="Leave them out of lists, or not.")] = None,
) -> None:
    """Set birth and death (1950, 1950-03 or 1950-03-31), notes, other names and fields of your own."""
    given = pairs(values or [], "KEY=VALUE", "birth=1950-03")
    if "name" in given:
        raise BadInput(Do(Action.RENAME_PERSON), " gives a person another name.")
    details: dict[str, str | bool | None] = {}
    for key in ("birth", "death"):
        if key in given:
            details[key] = given.pop(key) or None
    if "notes" in given:
        details["notes"] = given.pop("notes")
    if hidden is not None:
        details["hidden"] = hidden
    aliases = dict.fromkeys(alias or [], True) | dict.fromkeys(drop_alias or [], False)
    if not (details or given or aliases):
        raise BadInput("Say what to set, for example birth=1950-03.")
    with OpenLibrary(call.settings()) as opened:
        fields = {key: value or None for key, value in given.items()}
        meant = opened.people.find(person)
        outcome = PersonChanges(opened).set(meant, details, fields, aliases)
        call.show_outcome(outcome)


@group.register("delete", "'#7'")
def delete(call: Call, person: PersonArgument) -> None:
    """Delete a person and what is said of them; photos stay, copies go to Unknown. It can be undone."""
    with OpenLibrary(call.settings()) as opened:
        meant = opened.people.find(person)
        outcome = PersonChanges(opened).delete(meant)
        call.show_outcome(outcome)


@group.register("key-face", "'Anna Rossi' IMG_1.jpg#12")
def key_face(
    call: Call,
    person: PersonArgument,
    face: Annotated[str | None, typer.Argument(metavar="[PHOTO#NUMBER]", help="Which face; the best if none.")] = None,
) -> None:
    """Choose the face that stands for a person in the window."""
    with OpenLibrary(call.settings()) as opened:
        meant = opened.people.find(person)
        chosen = opened.appearance(face) if face else None
        call.show_outcome(PersonChanges(opened).set_key_face(meant, chosen))


@group.register("undo")
def undo(call: Call) -> None:
    """Take the last change back that is not undone yet: to people, or to who is who."""
    with OpenLibrary(call.settings()) as opened:
        call.show_outcome(opened.undo())


@group.register("redo")
def redo(call: Call) -> None:
    """Do again what was undone last, unless something else was done since."""
    with OpenLibrary(call.settings()) as opened:
        call.show_outcome(drawn_faces.describe_drawn(opened, *drawn_faces.redo(opened)))


@group.register("history", "--limit 5")
def history(call: Call, limit: Annotated[int, typer.Option(help="How many changes.")] = 20) -> None:
    """List what you changed, the newest first."""
    with OpenLibrary(call.settings()) as opened:
        changes = opened.history(limit)
        call.show({"changes": changes}, map(_change_line, changes))
        if not changes:
            tell("You have changed nothing yet.")


def _change_line(change: Change) -> str:
    undone = " (undone)" if change.undone else ""
    return f"{change.id} {change.made_at} {change.summary}{undone}"
