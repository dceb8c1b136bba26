"""All that is printed: results to standard output, in words or as JSON, messages and progress to standard error."""

import logging
import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.progress import TextColumn

from kith.json_file import as_json_text
from kith.text import printable


def say(line: str) -> None:
    """Print a line of a result; raises FilingFailed where standard output takes none."""
    write(sys.stdout, printable(line))


def tell(line: str) -> None:
    """Print a message."""
    write(sys.stderr, printable(line))


def show(result: object, lines: Iterable[str], notes: Iterable[str], as_json: bool) -> None:
    """Print a result: as one JSON object, or in words and then the notes on it as messages."""
    if as_json:
        print_json(result)
        return
    for line in lines:
        say(line)
    for note in notes:
        tell(note)


def print_json(value: object) -> None:
    """Print a value as JSON on one line."""
    write(sys.stdout, as_json_text(value))


def write(stream: TextIO, text: str) -> None:
    """Write a line, at once."""
    stream.write(f"{text}\n")
    stream.flush()


def terminal() -> Console:
    """Return the console for progress, which takes text as it is: no markup, no `:name:` for an emoji, no colours."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def what_is_done() -> TextColumn:
    """Return the column that names what the progress is of."""
    return TextColumn("{task.description}", markup=False)


class Notices(logging.Handler):
    """Prints what the library warns of: damaged entries left out, what an update of an earlier one came to."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning."""
        tell(record.getMessage())
