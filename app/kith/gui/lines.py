"""The events of a job as lines of the console, and its summary in one sentence."""

from kith.errors import command
from kith.gui.console import Kind
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
from kith.jobs.wording import (
    build_summary,
    line_of,
    recognition_summary,
    redecision_summary,
)
from kith.model_registry import DOWNLOADED
from kith.settings import described
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
            return [(Kind.NOTICE, in_window_words(event.text))]
        case Started():
            return [(Kind.SUMMARY, f"{event.job}: {counted(event.total, 'photo')}")]
        case BuildFinished():
            return [(Kind.SUMMARY, in_window_words(line)) for line in build_summary(event)]
        case RecognitionFinished():
            return [(Kind.SUMMARY, in_window_words(line)) for line in recognition_summary(event)]
        case RedecisionFinished():
            return [(Kind.SUMMARY, line) for line in redecision_summary(event)]
        case PhotosDone():
            return []


def headline(event: BuildFinished | RecognitionFinished) -> str:
    """Return the summary in one sentence, for the status line."""
    head = (
        f"Stopped after {event.done} of {counted(event.total, 'photo')}"
        if event.stopped
        else f"{counted(event.done, 'photo')} done"
    )
    if isinstance(event, RecognitionFinished):
        counts = (event.known, "with people known"), (event.unsure, "unsure"), (event.unknown, "unknown")
        return ", ".join([head, *(f"{count} {what}" for count, what in counts), f"{len(event.failed)} failed"])
    if event.stopped:
        return f"{head}: the knowledge base is as it was before"
    used = sum(person.used for person in event.people)
    return f"{head}, {used} teach {counted(len(event.people), 'person', 'people')}"


def in_window_words(text: str) -> str:
    """Return a message that names commands and keys with the menus and labels that stand for them."""
    for setting in described():
        label = f"“{setting.label}” in the settings"
        text = text.replace(f"{setting.key} in the settings", label).replace(f"{setting.key} adds", f"{label} adds")
    text = text.replace(f"{command('build-kb', '--forget-missing')} drops it", "you are asked whether to forget it")
    models = command("models", "download")
    for model in DOWNLOADED:
        text = text.replace(f"{models} {model.name}", models)
    text = text.replace(models, "Help ▸ First Steps…").replace(command("build-kb"), "Knowledge Base ▸ Build KB")
    return text.replace(command("people", "undo"), "Ctrl+Z")


def _kind(event: PhotoDone) -> Kind:
    if event.row.people:
        return Kind.UNSURE if event.unsure else Kind.KNOWN
    return Kind.UNSURE if event.unsure else Kind.UNKNOWN
