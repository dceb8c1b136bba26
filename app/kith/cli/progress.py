"""A job's events on the terminal: as lines with a progress bar below, or as JSON."""

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from kith.cli.output import print_json, terminal, what_is_done, write
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
    Waits,
)
from kith.jobs.phrases import line_of, summary_of
from kith.text import printable

Show = Callable[[Event], None]


@contextmanager
def printer_for(as_json: bool) -> Iterator[Show]:
    """Give the function that prints an event, with a progress bar where standard error is a terminal."""
    if as_json:
        yield _print_event
        return
    console = terminal()
    with photo_progress(console) as progress:
        bar = progress.add_task("photos", total=None)

        def show_event(event: Event) -> None:
            for text, is_result in _lines(event):
                _print(text, is_result, progress)
            match event:
                case Started():
                    progress.reset(bar, total=event.total, visible=True)
                case PhotoLearned() | PhotoDone() | PhotoFailed() | PhotosDone():
                    progress.update(bar, completed=event.done)
                case BuildFinished() | RecognitionFinished() | RedecisionFinished():
                    progress.update(bar, visible=False)

        yield show_event


def photo_progress(console: Console) -> Progress:
    """Return a bar of photos with rate and time left, drawn only on a terminal."""
    columns = (what_is_done(), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


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
        write(stream, printable(text))


def _lines(event: Event) -> list[tuple[str, bool]]:
    """Return the lines of an event, each with whether it is a result."""
    match event:
        case PhotoDone() | PhotoFailed() | PhotoLearned():
            return [(line_of(event), isinstance(event, PhotoDone))]
        case RecognitionFinished(total=1, output=None):
            return []  # the one photo asked about has its line
        case BuildFinished() | RecognitionFinished() | RedecisionFinished():
            return [(line, True) for line in summary_of(event)]
        case Notice():
            return [(event.text, False)]
        case Waits():
            return [(event.line, False)]
        case Started() | PhotosDone():
            return []


def _print_event(event: Event) -> None:
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event) if field.name != "decision"}
    print_json({"event": type(event).__name__, **fields})
