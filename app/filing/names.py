"""Names of folders and files that every file system takes."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from app.identity.person_records import Person

UNKNOWN = "Unknown"
_ILLEGAL = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)  # Windows device names
_LONGEST = 200  # bytes; most file systems stop at 255


def safe_name(name: str) -> str:
    """Return a person's name as a folder name: what a file system does not take shows as `_`."""
    text = _ILLEGAL.sub("_", name.encode("utf-8", "replace").decode())
    text = re.sub(r"^\.|^ |[. ]$", "_", text)
    if not text or _RESERVED.fullmatch(text):
        text += "_"
    return _shortened(text, _LONGEST)


def _shortened(text: str, longest: int) -> str:
    return text.encode()[:longest].decode(errors="ignore")


def folder_names(persons: Iterable[Person]) -> dict[int | None, str]:
    """Return each person's output folder; people whose names would share one, or take Unknown's, carry their id."""
    known = list(persons)
    uses = Counter(safe_name(person.name).casefold() for person in known)
    uses[UNKNOWN.casefold()] += 1
    names: dict[int | None, str] = {None: UNKNOWN}
    for person in known:
        name = safe_name(person.name)
        names[person.id] = f"{name} #{person.id}" if uses[name.casefold()] > 1 else name
    return names


def numbered(path: Path, number: int) -> Path:
    """Return `photo (2).jpg` for `photo.jpg` and 2, and the path itself for 1."""
    return path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
