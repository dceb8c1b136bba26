"""What a person is told: text with the actions and settings it names as data, which each front end words its own way.

As text a message reads as on the command line and in the log; the window asks for its own words by `worded`.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Self


class JobName(StrEnum):
    """The long jobs as people know them."""

    BUILD_KB = "Build KB"
    RECOGNIZE_FOLDER = "Recognize Folder"
    DECIDE_AGAIN = "Decide Again"


class Action(Enum):
    """What a message tells a person to do; its value is the command that does it."""

    BUILD_KB = "build-kb"
    FORGET_MISSING = "build-kb --forget-missing"
    RECOGNIZE = "recognize"
    REDECIDE = "redecide"
    WHY = "why"
    IMPORT_KB = "import-kb"
    NAME_BODY_MODEL = "import-kb --body-model"
    DOWNLOAD_MODELS = "models download"
    ADD_MODELS = "models add"
    LIST_PEOPLE = "people list"
    SHOW_PERSON = "people show"
    RENAME_PERSON = "people rename"
    MERGE_PEOPLE = "people merge"
    UNDO = "people undo"
    LEARN_MOVES = "learn-moves --yes"
    LIST_RUNS = "runs"
    UNDO_RUN = "undo"
    SAY_NEVER = "unlink --never"
    SHOW_UNKNOWNS = "unknowns"
    SHOW_LIKELY = "unknowns likely"
    CONFIRM_LIKELY = "unknowns confirm"
    SHOW_IGNORED = "unknowns --ignored"
    NAME_UNKNOWNS = "unknowns name"
    IGNORE = "ignore"
    EVALUATE = "evaluate"
    CHECK_LIBRARY = "check --library"
    REPAIR_LIBRARY = "check --library --repair"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Do:
    """An action to be done, and to what: a file, the name of a model."""

    action: Action
    argument: str = ""

    def __str__(self) -> str:
        return command(self.action.value, self.argument).rstrip()


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting to be changed, by its key: `dataset_dir in the settings`, or as briefly as `dataset_dir`."""

    key: str
    is_brief: bool = False

    def __str__(self) -> str:
        return self.key if self.is_brief else f"{self.key} in the settings"


Named = Do | Setting
Part = str | Named


class Message(str):
    """A text that knows its parts; parts that are messages themselves count as theirs."""

    parts: tuple[Part, ...]

    def __new__(cls, *parts: Part) -> Self:
        """Join the parts."""
        message = super().__new__(cls, "".join(map(str, parts)))
        message.parts = tuple(own for part in parts for own in _parts_of(part))
        return message

    def __reduce__(self) -> tuple[type[Self], tuple[Part, ...]]:
        return type(self), self.parts

    def worded(self, word: Callable[[Named], str]) -> str:
        """Return the text with other words for the actions and settings in it."""
        return "".join(part if isinstance(part, str) else word(part) for part in self.parts)


def _parts_of(part: Part) -> tuple[Part, ...]:
    return part.parts if isinstance(part, Message) else (part,)


def joined(messages: Iterable[str], separator: str = " ") -> Message:
    """Return texts as one message."""
    parts = [part for message in messages for part in (separator, message)]
    return Message(*parts[1:])


def command(*arguments: str) -> str:
    """Return the command line as this user can type it: `python3 scripts/run.py build-kb`."""
    return " ".join((os.environ.get("KITH_COMMAND", "kith"), *arguments))
