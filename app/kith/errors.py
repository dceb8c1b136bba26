"""Errors a user can act on; everything else is a bug and keeps its traceback in the log.

KithError
├── BadPhoto        one photo cannot be read; the run goes on
├── BadInput        a folder or file the user named is missing or of no use
├── BadKnowledgeBase  the knowledge base is missing, empty, damaged or of another version
│   └── NobodyTaught  it knows nobody yet
├── ModelMissing    a model file is missing, damaged or not the one that was asked for
├── ModelMismatch   two models disagree about what they compare
├── StoreBusy       another job works on the same library
├── NoWorkers       no process can be started to look at photos
└── FilingFailed    a copy, a report or what was to be printed could not be written
"""

import os
from pathlib import Path


class KithError(Exception):
    """What went wrong and what to do about it, in words for the person at the keyboard."""


class BadPhoto(KithError):
    """One photo that cannot be used; `path` says which and `reason` why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class BadInput(KithError):
    """A folder or file that the user named is missing or of no use."""


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


def command(*arguments: str) -> str:
    """The command line as this user can type it, for messages: `python3 scripts/run.py build-kb`."""
    return " ".join((os.environ.get("KITH_COMMAND", "kith"), *arguments))
