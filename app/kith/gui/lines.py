"""The events of a job as lines of the console, and its summary in one sentence."""

from kith.gui.console import Kind
from kith.jobs.events import (
    BuildFinished,
    Event,
    Finished,
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
from kith.text import counted

Lines = list[tuple[Kind, str]]


def lines_of(event: Event) -> Lines:
    """Return what the console says of an event."""
    match event:
        case PhotoDone():
            return [(_kind(event), line_of(event))]
        case PhotoFailed():
            return [(Kind.PROBLEM, line_of(event))]
        case PhotoLearned():
            return [(Kind.LEFT_OUT if event.left_out else Kind.KNOWN, line_of(event))]
        case Notice():
            return [(Kind.NOTICE, event.text)]
        case Waits():
            return [(Kind.NOTICE, event.line)]
        case Started():
            return [(Kind.SUMMARY, f"{event.job}: {counted(event.total, 'photo')}")]
        case BuildFinished() | RecognitionFinished() | RedecisionFinished():
            return [(Kind.SUMMARY, line) for line in summary_of(event)]
        case PhotosDone():
            return []


def headline(event: Finished) -> str:
    """Return the summary in one sentence, for the status line."""
    head = f"{counted(event.done, 'photo')} done"
    if event.stopped:
        head = f"Stopped after {event.done} of {counted(event.total, 'photo')}"
    if isinstance(event, RedecisionFinished):
        return f"{head}, {counted(event.changed, 'decision')} changed, {counted(event.refiled, 'photo')} filed anew"
    if isinstance(event, RecognitionFinished):
        counts = f"{event.known} with people known, {event.unsure} unsure, {event.unknown} unknown"
        return f"{head}, {counts}, {len(event.failed)} failed"
    if event.stopped:
        return f"{head}: the knowledge base is as it was before"
    used = sum(person.used for person in event.people)
    return f"{head}, {used} teach {counted(len(event.people), 'person', 'people')}"


def _kind(event: PhotoDone) -> Kind:
    if event.row.people:
        return Kind.UNSURE if event.unsure else Kind.KNOWN
    return Kind.UNSURE if event.unsure else Kind.UNKNOWN
