"""`kith unknowns`: groups of unknown people, to be named."""

from collections.abc import Sequence
from typing import Annotated

import typer

from kith.cli.command import Call, Group, example_of
from kith.errors import BadInput
from kith.jobs import unknowns
from kith.jobs.follow_up import with_the_rest
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.review_queues import Queue, confirm, queues_of, waiting
from kith.jobs.review_queues import deny as deny_faces
from kith.jobs.unknowns import Example, Unknowns
from kith.messages import Action, Do
from kith.text import counted, percent

LEAST = 2  # faces of a group
RestOption = Annotated[
    bool, typer.Option("--rest", help="Decide all faces that are still unknown again by what this teaches.")
]

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
    rest: RestOption = False,
) -> None:
    """Say who a whole group is; `kith people undo` takes it back."""
    with OpenLibrary(call.settings()) as library:
        outcome = Unknowns(library).name(number, person)
        call.show_outcome(with_the_rest(library, outcome) if rest else outcome)


@group.register("likely")
def likely(call: Call) -> None:
    """Show by person the faces that are likely theirs and wait for your word, the surest first."""
    with OpenLibrary(call.settings()) as library:
        found = queues_of(waiting(library)).likely
        result = [{"person": queue.name, "person_id": queue.id, "faces": queue.faces} for queue in found]
        call.show({"likely": result}, _likely_lines(found))


@group.register("confirm", "Anna --but beach.jpg#12")
def confirm_likely(
    call: Call,
    person: Annotated[str, typer.Argument(help="Whose likely faces are meant.")],
    but: Annotated[list[str] | None, typer.Option(metavar="PHOTO#NUMBER", help="Leave this one out.")] = None,
    deny: Annotated[bool, typer.Option("--deny", help="Say of those left out that they are not this person.")] = False,
    rest: RestOption = False,
) -> None:
    """Say that all faces that are likely a person's are; `kith people undo` takes it back."""
    with OpenLibrary(call.settings()) as library:
        meant = library.people.find(person)
        out = {library.appearance(text) for text in but or ()}
        found = next((queue.faces for queue in queues_of(waiting(library)).likely if queue.id == meant.id), ())
        faces = [face.id for face in found if face.id not in out]
        if not faces and not (deny and out):
            raise BadInput(f"No face waits that is likely {meant.name}: ", Do(Action.SHOW_LIKELY), " shows them.")
        outcome = Outcome("")
        if deny and out:
            outcome = deny_faces(library, meant.id, sorted(out))
        if faces:
            outcome = outcome.followed_by(confirm(library, meant.id, faces))
        call.show_outcome(with_the_rest(library, outcome) if rest else outcome)


def _likely_lines(found: Sequence[Queue]) -> list[str]:
    lines = []
    for queue in found:
        lines.append(f"{queue.name}: {counted(len(queue.faces), 'face')}")
        for face in queue.faces:
            sure = "" if face.certainty is None else f"{percent(face.certainty)} likely, "
            lines.append(f"    {face.path}#{face.id}: {sure}distance {face.value:.2f}")
    return (
        [*lines, f"{Do(Action.CONFIRM_LIKELY)} PERSON says that they are."] if lines else ["No face is likely anybody."]
    )


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
