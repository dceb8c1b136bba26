"""What a job tells while it runs: the window, the command line and the tests read the same events."""

from dataclasses import dataclass
from pathlib import Path

from kith.filing.report import ReportRow
from kith.messages import Message
from kith.values.decisions import PhotoDecision

Endings = tuple[tuple[str, int], ...]  # how many files have each ending, the most frequent first


@dataclass(frozen=True, slots=True)
class Started:
    """The job knows how many photos there are."""

    job: str
    total: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about the whole run, or about a photo beside who shows in it."""

    text: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The job waits, and why; an empty reason tells that it goes on."""

    reason: str

    @property
    def line(self) -> str:
        """That in words."""
        return Message("Waiting: ", self.reason) if self.reason else "Going on."


@dataclass(frozen=True, slots=True)
class PhotosDone:
    """So many photos are done, of the last of which there is nothing to tell."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class PhotoLearned:
    """A photo of the knowledge base was looked at; `left_out` says why it teaches nothing, empty if it does."""

    done: int
    total: int
    path: Path
    person: str
    left_out: str


@dataclass(frozen=True, slots=True)
class PhotoDone:
    """A photo was recognised and filed: `line` in words, `row` as in the report, `unsure` people only suggested."""

    done: int
    total: int
    path: Path
    line: str
    row: ReportRow
    unsure: tuple[str, ...]
    decision: PhotoDecision


@dataclass(frozen=True, slots=True)
class PhotoFailed:
    """A photo could not be used; the run goes on."""

    done: int
    total: int
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A photo of the knowledge base that teaches nothing, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class PersonTaught:
    """What a person's folder came to: photos used, photos left out and why, and advice where they are few."""

    name: str
    used: int
    left_out: tuple[LeftOut, ...]
    advice: str = ""


@dataclass(frozen=True, slots=True)
class FolderAway:
    """A person's folder that is not there now, or has no photo now, and how many photos it taught.

    What it taught is kept, unless the user said to forget it.
    """

    person: str
    path: Path
    is_there: bool
    photos: int
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class BuildFinished:
    """The summary of a knowledge base build; `analysed` photos were new, `stopped` tells that it is partial.

    `left_out` counts the pictures whose ending is none of a photo, by ending.
    """

    total: int
    done: int
    analysed: int
    failed: tuple[PhotoFailed, ...]
    people: tuple[PersonTaught, ...]
    seconds: float
    stopped: bool
    away: tuple[FolderAway, ...] = ()
    left_out: Endings = ()

    @property
    def came_to_nothing(self) -> bool:
        """Whether not one photo teaches, each having failed or been left out."""
        return not self.stopped and not any(person.used for person in self.people)


@dataclass(frozen=True, slots=True)
class RecognitionFinished:
    """The summary of a folder's recognition; `left_out` as of a build."""

    total: int
    done: int
    analysed: int
    failed: tuple[PhotoFailed, ...]
    people: tuple[tuple[str, int], ...]
    known: int
    unsure: int
    unknown: int
    seconds: float
    stopped: bool
    output: Path | None
    report: Path | None
    left_out: Endings = ()

    @property
    def came_to_nothing(self) -> bool:
        """Whether every photo failed."""
        return 0 < self.done == len(self.failed)


@dataclass(frozen=True, slots=True)
class PersonChange:
    """How often a person is named where they were not, no longer named, or somebody else now; each by photo.

    Who became this person counts among `gained`.
    """

    name: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    now: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class RedecisionFinished:
    """The summary of deciding again: `changed` appearances, and `refiled` photos, whose copies followed.

    Of a preview it is what would change; photos whose copies could not follow are in `failed`. Photos show somebody
    `known`, are `unsure` or `unknown` now.
    """

    total: int
    done: int
    preview: bool
    people: tuple[PersonChange, ...]
    changed: int
    refiled: int
    failed: tuple[PhotoFailed, ...]
    seconds: float
    stopped: bool
    known: int = 0
    unsure: int = 0
    unknown: int = 0

    @property
    def came_to_nothing(self) -> bool:
        """Whether no photo's copies could follow."""
        return 0 < self.done == len(self.failed)


Finished = BuildFinished | RecognitionFinished | RedecisionFinished
Event = Started | Notice | Waits | PhotosDone | PhotoLearned | PhotoDone | PhotoFailed | Finished
