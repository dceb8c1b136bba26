"""`kith learn-moves`: copies moved by hand to another person's folder, taken as the user's word."""

from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.moved_copies import MovedCopies
from kith.jobs.open_library import OpenLibrary
from kith.messages import Action, Do, Message
from kith.text import counted

group = Group()


@group.register("learn-moves", "--yes")
def learn_moves(
    call: Call,
    yes: Annotated[bool, typer.Option("--yes", help="Take them as your word, not only list them.")] = False,
) -> None:
    """Find copies that you moved from one person's folder to another's, and take that as your word of who shows."""
    with OpenLibrary(call.settings()) as library:
        moved = MovedCopies(library)
        moves = moved.found()
        if yes and moves:
            call.show_outcome(moved.take_as_word(moves))
            return
    told = f"{counted(len(moves), 'copy was', 'copies were')} moved by hand"
    notes = [Message(f"{told}: ", Do(Action.LEARN_MOVES), " takes that as your word.")] if moves else [f"{told}."]
    call.show(
        {"moves": [{"path": move.path, "told": move.line} for move in moves]}, [move.line for move in moves], notes
    )
