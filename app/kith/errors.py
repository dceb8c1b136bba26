"""Errors a user can act on; everything else is a bug and keeps its traceback in the log.

KithError
├── BadPhoto        one photo cannot be read; the run goes on
│   └── Unreadable    the system does not give its file: the photo's fault, or that of the disk it lies on
├── BadInput        a folder or file the user named is missing or of no use
│   ├── BadSetting    a setting cannot have a value
│   └── BadSearch     a search cannot be read
├── BadKnowledgeBase  the knowledge base is missing, empty, damaged or of another version
│   └── NobodyTaught  it knows nobody yet
├── ModelMissing    a model file is missing, damaged or not the one that was asked for
├── ModelMismatch   two models disagree about what they compare
├── StoreBusy       another job works on the same library
├── NoWorkers       no process can be started to look at photos
└── FilingFailed    a copy, a report or what was to be printed could not be written
"""

from pathlib import Path

from kith.messages import Message, Part


class KithError(Exception):
    """What went wrong and what to do about it: its kind is the class, its message text and data for whoever words it.

    As text it reads as on the command line.
    """

    message: Message

    def __init__(self, *parts: Part) -> None:
        super().__init__(*parts)
        self.message = Message(*parts)

    def __str__(self) -> str:
        return str(self.message)


class BadPhoto(KithError):
    """One photo that cannot be used; `path` says which and `reason` why."""

    def __init__(self, path: Path, reason: str) -> None:
        Exception.__init__(self, path, reason)
        self.path = path
        self.reason = reason
        self.message = Message(f"{path}: ", reason)


class Unreadable(BadPhoto):
    """A photo whose file the system does not give: its own fault, or its disk's.

    `number` is the system's (`errno`), TOO_LONG where the file was waited for in vain, None where there is none.
    """

    TOO_LONG = -1

    def __init__(self, path: Path, reason: str, number: int | None) -> None:
        super().__init__(path, reason)
        self.args = (path, reason, number)
        self.number = number


class BadInput(KithError):
    """A folder or file that the user named is missing or of no use."""


class BadSearch(BadInput):
    """A search that cannot be read; `at` says how many letters stand before the place, `reason` what is wrong there."""

    def __init__(self, text: str, at: int, reason: str) -> None:
        Exception.__init__(self, text, at, reason)
        self.at = at
        self.reason = reason
        self.message = Message(f"{reason}, where ▸ stands: {text[:at]}▸{text[at:]}")


class BadSetting(BadInput):
    """A value that a setting cannot have; `key` says which setting and `reason` why."""

    def __init__(self, key: str, reason: str) -> None:
        Exception.__init__(self, key, reason)
        self.key = key
        self.reason = reason
        self.message = Message(f"{key}: ", reason)


class BadKnowledgeBase(KithError):
    """The knowledge base is missing, empty, damaged or written by a newer Kith."""


class NobodyTaught(BadKnowledgeBase):
    """The knowledge base knows nobody yet."""


class ModelMissing(KithError):
    """A model file is missing, damaged or not the one that was asked for."""


class ModelMismatch(KithError):
    """Vectors of two models met, which are never compared."""


class StoreBusy(KithError):
    """Another job works on the same library."""


class NoWorkers(KithError):
    """No process can be started to look at photos."""


class FilingFailed(KithError):
    """A copy, a report or what was to be printed could not be written."""
