"""All that is printed: results to standard output, messages and progress to standard error, or results as JSON."""

import dataclasses
import json
import logging
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from kith.jobs.events import (
    BuildFinished,
    Event,
    Notice,
    PhotoDone,
    PhotoFailed,
    PhotoLearned,
    PhotosDone,
    RecognitionFinished,
    RedecisionFinished,
    Started,
)
from kith.jobs.outcome import Outcome
from kith.jobs.wording import build_summary, line_of, recognition_summary, redecision_summary
from kith.text import printable

Show = Callable[[Event], None]


def say(line: str) -> None:
    """Print a line of a result; raises FilingFailed where standard output takes none."""
    _write(sys.stdout, printable(line))


def tell(line: str) -> None:
    """Print a message."""
    _write(sys.stderr, printable(line))


def show(result: object, lines: Iterable[str], as_json: bool) -> None:
    """Print a result: as one JSON object, or in words."""
    if as_json:
        _write(sys.stdout, as_json_text(result))
        return
    for line in lines:
        say(line)


def show_outcome(outcome: Outcome, as_json: bool) -> None:
    """Print what became of a change; what could not follow it, and what may be worth a second look, as messages."""
    show(outcome, [outcome.text], as_json)
    for line in () if as_json else (*outcome.problems, *outcome.hints):
        tell(line)


def as_json_text(value: object) -> str:
    """Return a value as JSON in ASCII: a dataclass as an object, a number that is none as null."""
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def terminal() -> Console:
    """Return the console for progress, which takes text as it is: no markup, no `:name:` for an emoji, no colours."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def what_is_done() -> TextColumn:
    """Return the column that names what the progress is of."""
    return TextColumn("{task.description}", markup=False)


@contextmanager
def printer_for(as_json: bool) -> Iterator[Show]:
    """Give the function that prints an event, with a progress bar where standard error is a terminal."""
    if as_json:
        yield _print_json
        return
    console = terminal()
    with _progress(console) as progress:
        bar = progress.add_task("photos", total=None)

        def show_event(event: Event) -> None:
            for text, is_result in _lines(event):
                _print(text, is_result, progress)
            match event:
                case Started():
                    progress.update(bar, total=event.total)
                case PhotoLearned() | PhotoDone() | PhotoFailed() | PhotosDone():
                    progress.update(bar, completed=event.done)

        yield show_event


def _progress(console: Console) -> Progress:
    columns = (what_is_done(), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


class Notices(logging.Handler):
    """Prints what the library warns of: damaged entries left out, what an update of an earlier one came to."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning."""
        tell(record.getMessage())


class _Rate(ProgressColumn):
    """Photos per second."""

    def render(self, task: Task) -> Text:
        """Return the rate as text."""
        return Text(f"{task.speed:.1f} photos/s" if task.speed else "")


def _print(text: str, is_result: bool, progress: Progress) -> None:
    """Print a line above the bar; text meant for a file or pipe goes there untouched."""
    stream = sys.stdout if is_result else sys.stderr
    if stream.isatty() and progress.console.is_terminal:
        progress.console.print(printable(text), soft_wrap=True)
    else:
        _write(stream, printable(text))


def _lines(event: Event) -> list[tuple[str, bool]]:
    """Return the lines of an event, each with whether it is a result."""
    match event:
        case PhotoDone() | PhotoFailed() | PhotoLearned():
            return [(line_of(event), isinstance(event, PhotoDone))]
        case BuildFinished():
            return [(line, True) for line in build_summary(event)]
        case RecognitionFinished(total=1, output=None):
            return []  # the one photo asked about has its line
        case RecognitionFinished():
            return [(line, True) for line in recognition_summary(event)]
        case RedecisionFinished():
            return [(line, True) for line in redecision_summary(event)]
        case Notice():
            return [(event.text, False)]
        case Started() | PhotosDone():
            return []


def _print_json(event: Event) -> None:
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event) if field.name != "decision"}
    _write(sys.stdout, as_json_text({"event": type(event).__name__, **fields}))
