"""Names of folders and files that every file system takes."""

import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pathvalidate import Platform, is_valid_filename, sanitize_filename
from pathvalidate.handler import ReservedNameHandler

from kith.photos.outputs import DATA, PAGE, REPORT
from kith.text import as_read
from kith.values.persons import Person

UNKNOWN = "Unknown"
_OWN = (UNKNOWN, REPORT, PAGE, DATA)  # what Kith itself puts into an output folder: nobody's copies lie there
_CONSOLE = ("CONIN$", "CONOUT$")  # reserved on Windows, too
_EDGES = re.compile(r"^[. ]|[. ]\Z")  # hidden, or cut off by Windows
_NUMBERED = re.compile(r".* #[0-9]+", re.DOTALL)
_LONGEST = 255  # bytes: where most file systems stop
_LONGEST_PERSON = 200  # leaves room for a number
LONGEST_PATH = {"win32": 259, "darwin": 1023}.get(sys.platform, 4095)  # bytes, on Windows signs
PATH_ROOM = 60  # of it for a file's name, at the least: that of one not complete yet has 28, a sidecar's 4 more
_LONGEST_ENDING = 32


@lru_cache(maxsize=4096)  # a third of a millisecond each
def safe_name(name: str) -> str:
    """Return a person's name as a folder name: what a file system does not take shows as `_`."""
    return _safe(_shortened(unicodedata.normalize("NFC", _text(name)), _LONGEST_PERSON))


def safe_photo_name(name: str) -> str:
    """Return a photo's name as its copy bears it: itself, but for what a file system does not take."""
    return _fitting(_safe(_fitting(_text(name))))


def _text(name: str) -> str:
    """Return a name with `?` for what is no Unicode."""
    return name.encode("utf-8", "replace").decode()


def _safe(name: str) -> str:
    clean = sanitize_filename(
        _EDGES.sub("_", name), "_", Platform.UNIVERSAL, reserved_name_handler=ReservedNameHandler.as_is
    )
    before_point, _, _ = clean.partition(".")
    device = before_point.rstrip(" ")  # `con .jpg` is one on Windows, as `con` is
    is_valid = is_valid_filename(device, Platform.UNIVERSAL, additional_reserved_names=_CONSOLE)
    return clean if is_valid else f"_{clean}"


def _fitting(name: str, number: str = "", longest: int = _LONGEST) -> str:
    """Return a file's name with a number before its ending, cut where it would be too long."""
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name alone
    if len(os.fsencode(ending)) > _LONGEST_ENDING:
        stem, ending = name, ""
    tail = number + ending
    return _shortened(stem, longest - len(os.fsencode(tail))) + tail


def is_unknown(folder: str) -> bool:
    """Say whether a folder is named as the one for photos of nobody known, in whatever letters."""
    plain = unicodedata.normalize("NFKC", folder)
    return as_read(plain).strip(" .") == as_read(UNKNOWN)


def _shortened(text: str, longest: int) -> str:
    raw = os.fsencode(text)
    return text if len(raw) <= longest else raw[:longest].decode(errors="ignore")


def folder_names(persons: Iterable[Person]) -> dict[int | None, str]:
    """Return each person's output folder; people whose names would share one carry their id.

    So do people whose names are those of Kith's own files and folders, or end as if they carried one.
    """
    known = list(persons)
    everything = [*_OWN, *(person.name for person in known)]
    uses = Counter(safe_name(name).casefold() for name in everything)
    names: dict[int | None, str] = {None: UNKNOWN}
    for person in known:
        name = safe_name(person.name)
        shared = uses[name.casefold()] > 1 or is_numbered(name)
        names[person.id] = f"{name} #{person.id}" if shared else name
    return names


def is_numbered(name: str) -> bool:
    """Say whether a name ends as if it carried a number: `Ann #3`."""
    return _NUMBERED.fullmatch(name) is not None


def numbered(path: Path, number: int) -> Path:
    """Return `photo (2).jpg` for `photo.jpg` and 2, and the path itself for 1."""
    return path if number == 1 else path.with_name(_fitting(path.name, f" ({number})", _longest_in(path.parent)))


def within_limits(path: Path) -> Path:
    """Return a path that a file can have, its name cut where the path would be too long."""
    return path.with_name(_fitting(path.name, longest=_longest_in(path.parent)))


def _longest_in(folder: Path) -> int:
    """Return how many bytes the name of a file there may have, so that its sidecar's path is none too long."""
    return min(_LONGEST, max(LONGEST_PATH - len(os.fsencode(folder)) - 5, 1))
