"""The events of a job as lines of the console, and its summary in one sentence."""

from kith.gui.console import Kind
from kith.gui.phrases import translate
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
    head = translate("Kith", "{0} done").format(counted(event.done, "photo"))
    if event.stopped:
        head = translate("Kith", "Stopped after {0:,} of {1}").format(event.done, counted(event.total, "photo"))
    if isinstance(event, RedecisionFinished):
        return translate("Kith", "{0}, {1} changed, {2} filed anew").format(
            head, counted(event.changed, "decision"), counted(event.refiled, "photo")
        )
    if isinstance(event, RecognitionFinished):
        counts = translate("Kith", "{0:,} with people known, {1:,} unsure, {2:,} unknown").format(
            event.known, event.unsure, event.unknown
        )
        return translate("Kith", "{0}, {1}, {2:,} failed").format(head, counts, len(event.failed))
    if event.stopped:
        return translate("Kith", "{0}: the knowledge base is as it was before").format(head)
    used = sum(person.used for person in event.people)
    return translate("Kith", "{0}, {1:,} teach {2}").format(head, used, counted(len(event.people), "person", "people"))


def _kind(event: PhotoDone) -> Kind:
    if event.row.people:
        return Kind.UNSURE if event.unsure else Kind.KNOWN
    return Kind.UNSURE if event.unsure else Kind.UNKNOWN
