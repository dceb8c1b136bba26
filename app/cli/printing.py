"""Print the events of a job: results to standard output, messages and progress to standard error."""

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from app.jobs.events import (
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
from app.jobs.wording import build_summary, line_of, recognition_summary, redecision_summary

Show = Callable[[Event], None]
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # a file's name must not command the terminal


@contextmanager
def printer_for(as_json: bool) -> Iterator[Show]:
    """Give the function that prints an event, with a progress bar where standard error is a terminal."""
    if as_json:
        yield _print_json
        return
    console = Console(stderr=True)
    with _progress(console) as progress:
        bar = progress.add_task("photos", total=None)

        def show(event: Event) -> None:
            for text, is_result in _lines(event):
                _print(text, is_result, progress)
            match event:
                case Started():
                    progress.update(bar, total=event.total)
                case PhotoLearned() | PhotoDone() | PhotoFailed() | PhotosDone():
                    progress.update(bar, completed=event.done)

        yield show


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


class _Rate(ProgressColumn):
    """Photos per second."""

    def render(self, task: Task) -> Text:
        """Return the rate as text."""
        return Text(f"{task.speed:.1f} photos/s" if task.speed else "")


def printable(text: str) -> str:
    """Return a line with what could command a terminal shown as an escape."""
    return _UNPRINTABLE.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def _print(text: str, is_result: bool, progress: Progress) -> None:
    """Print a line above the bar; text meant for a file or pipe goes there untouched."""
    stream = sys.stdout if is_result else sys.stderr
    text = printable(text)
    if stream.isatty() and progress.console.is_terminal:
        progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        stream.write(text + "\n")
        stream.flush()


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
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event) if field.name != "verdict"}
    sys.stdout.write(json.dumps({"event": type(event).__name__, **fields}, default=_plain) + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)
