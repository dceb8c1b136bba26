"""Names of folders and files that every file system takes."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from app.filing.report import REPORT
from app.identity.person_records import Person

UNKNOWN = "Unknown"
_OWN = (UNKNOWN, REPORT)  # what Kith itself puts into an output folder: nobody's copies lie there
_ILLEGAL = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
# Windows device names, also before a dot: "Naming Files, Paths, and Namespaces" in Microsoft's documentation.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_NUMBERED = re.compile(r".* #[0-9]+", re.DOTALL)
_LONGEST = 255  # bytes: where most file systems stop
_LONGEST_PERSON = 200  # leaves room for a number


def safe_name(name: str) -> str:
    """Return a person's name as a folder name: what a file system does not take shows as `_`."""
    composed = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    text = _shortened(_ILLEGAL.sub("_", composed), _LONGEST_PERSON)
    text = re.sub(r"^\.|^ |[. ]$", "_", text)
    return f"_{text}" if not text or _RESERVED.fullmatch(text) else text


def _shortened(text: str, longest: int) -> str:
    raw = os.fsencode(text)
    return text if len(raw) <= longest else raw[:longest].decode(errors="ignore")


def folder_names(persons: Iterable[Person]) -> dict[int | None, str]:
    """Return each person's output folder; people whose names would share one carry their id.

    So do people whose names are those of Kith's own files and folders, or end as if they carried one.
    """
    known = list(persons)
    uses = Counter(safe_name(name).casefold() for name in (*_OWN, *(person.name for person in known)))
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
    if number == 1:
        return path
    ending = f" ({number}){path.suffix}"
    return path.with_name(_shortened(path.stem, _LONGEST - len(os.fsencode(ending))) + ending)
