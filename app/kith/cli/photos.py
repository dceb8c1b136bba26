"""`kith photos` and `kith shows`: recognised photos found by who shows, and people that no model saw."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.drawn_faces import describe_drawn, drawn
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_search import PhotoCard, PhotoSearch
from kith.jobs.references import photo_meant
from kith.jobs.user_words import Shows
from kith.library.failure_records import Failure
from kith.photos.box import Box
from kith.text import counted
from kith.values.photo_filter import PhotoFilter, PhotoState

group = Group()

_PEOPLE = "A name, another name of theirs, or #3; may be given several times."


@group.register("photos", "--with Anna --and Bob --without Carl --from 2019")
def photos(
    call: Call,
    any_of: Annotated[list[str] | None, typer.Option("--with", help=f"Any of these people shows. {_PEOPLE}")] = None,
    all_of: Annotated[list[str] | None, typer.Option("--and", help=f"All of these show. {_PEOPLE}")] = None,
    none_of: Annotated[list[str] | None, typer.Option("--without", help=f"None of these shows. {_PEOPLE}")] = None,
    sure: Annotated[bool, typer.Option("--sure", help="Somebody is known for sure.")] = False,
    unsure: Annotated[bool, typer.Option("--unsure", help="Somebody perhaps is somebody; so --with counts.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="Nobody is known, nor perhaps.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Files that could not be read, and why.")] = False,
    folder: Annotated[Path | None, typer.Option("--folder", help="In this folder and those in it.")] = None,
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="Taken then or later: 2019, 2019-05 …")] = "",
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="Taken then or earlier.")] = "",
    text: Annotated[
        str, typer.Option("--text", help="Words, each in the path or the name of somebody who shows.")
    ] = "",
) -> None:
    """List recognised photos by who shows in them, the newest first."""
    flags = {
        PhotoState.SURE: sure,
        PhotoState.UNSURE: unsure,
        PhotoState.UNKNOWN: unknown,
        PhotoState.FAILED: failed,
    }
    states = [state for state, is_wanted in flags.items() if is_wanted]
    if len(states) > 1:
        raise typer.BadParameter(f"--{states[0]} and --{states[1]} exclude each other: give one of them")
    with OpenLibrary(call.settings()) as library:
        wanted = PhotoFilter(
            all_of=_numbers(library, all_of),
            any_of=_numbers(library, any_of),
            none_of=_numbers(library, none_of),
            state=next(iter(states), None),
            folder=folder and Path(os.path.abspath(os.path.expanduser(folder))),
            since=since.strip(),
            until=until.strip(),
            text=text,
        )
        search = PhotoSearch(library)
        found = search.find(wanted)
        cards = search.cards(found.photos)
    lines = [*map(_photo_line, cards), *map(_failure_line, found.failed)]
    counts = f"{counted(len(lines), 'photo')}."
    call.show({"photos": cards, "failed": found.failed}, lines, [counts])


def _numbers(library: OpenLibrary, people: Sequence[str] | None) -> list[int]:
    return [library.people.find(text).id for text in people or ()]


def _photo_line(photo: PhotoCard) -> str:
    return "  ".join((str(photo.path or f"photo {photo.id}, gone"), *_told(photo)))


def _told(photo: PhotoCard) -> Iterator[str]:
    if photo.taken_at:
        yield photo.taken_at
    if who := ", ".join((*photo.people, *(f"{name}?" for name in photo.unsure))):
        yield who


def _failure_line(failure: Failure) -> str:
    return f"{failure.path}  {failure.reason}"


@group.register("shows", "beach.jpg Anna --box 40,20,15,25")
def shows(
    call: Call,
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo's path, or its file's name.")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who; a name that nobody has makes a new person.")],
    box: Annotated[
        str,
        typer.Option(
            "--box",
            metavar="LEFT,TOP,WIDTH,HEIGHT",
            help="Where the face is, in percent of the upright photo; without it: somewhere.",
        ),
    ] = "",
) -> None:
    """Say that a photo shows somebody whom no model saw; a face with a box is described, so that it teaches."""
    place = _box(box) if box else None
    with OpenLibrary(call.settings()) as library:
        meant = library.people.meant(person)
        word = Shows(photo_meant(library.store, photo), meant, place)
        outcome = library.say(word)
        call.show_outcome(describe_drawn(library, outcome, drawn(library) if place else ()))


def _box(text: str) -> Box:
    try:
        left, top, width, height = map(float, text.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"{text} is no box: give four numbers from 0 to 100, for example 40,20,15,25", param_hint="--box"
        ) from error
    if not (0 <= left <= left + width <= 100 and 0 <= top <= top + height <= 100):
        raise typer.BadParameter(f"{text} leaves the photo, which ends at 0 and at 100", param_hint="--box")
    return Box(left / 100, top / 100, width / 100, height / 100)
