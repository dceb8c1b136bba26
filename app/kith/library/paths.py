"""Paths as the library keeps them, what a file there was like, and the range of all that lie below a folder."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

_LAST_LETTER = chr(0x10FFFF)
_NUMBERS_OF_SQLITE = -(2**63), 2**63 - 1


def path_value(path: Path | str) -> str | bytes:
    """Return a path as the store keeps it: text, or bytes where the name is no Unicode (`os.fsdecode` reads both)."""
    text = os.fspath(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return text


def path_of(value: object) -> Path:
    """Return the path that the store keeps as `value`; raises ValueError or TypeError where it is none."""
    return Path(path_text(value))


@lru_cache(maxsize=16)
def folder_of(value: object) -> Path:
    """Return an output folder as `path_of` does; there are few, and many copies in each."""
    return path_of(value)


def path_text(value: object) -> str:
    """Return the path that the store keeps as `value`, as text; raises ValueError or TypeError where it is none."""
    if not isinstance(value, str | bytes):
        raise TypeError(value)
    path = os.fsdecode(value)
    if not path or "\0" in path:
        raise ValueError(value)
    return path


def time_value(mtime_ns: int) -> int:
    """Return a file's time as the store can keep it: a file may bear one after the year 2262."""
    least, most = _NUMBERS_OF_SQLITE
    return max(least, min(mtime_ns, most))


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was at one moment: by size and time it is known whether it was written to since.

    Of many it is told apart by the text of its path, since taking paths apart is slow.
    """

    path_text: str
    size: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.path_text)

    @classmethod
    def now(cls, path: Path) -> Self | None:
        """Return a file as it is, None where it is gone or cannot be reached."""
        try:
            stat = path.stat()
        except (OSError, ValueError):
            return None
        return cls(os.fspath(path), stat.st_size, time_value(stat.st_mtime_ns))

    def is_written_like(self, other: "FileState") -> bool:
        """Say whether two files, or one at two moments, are of one size and time."""
        return (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


# Of a table of paths: those below a folder, be their names Unicode (text) or not (bytes). Two searches of the index.
BELOW = "(path > :text AND path < :after_text OR path > :bytes AND path < :after_bytes)"


def below(folder: Path) -> dict[str, str | bytes]:
    """Return the parameters of BELOW for a folder."""
    start = str(folder / "_")[:-1]  # with the separator at its end, which a root has already
    text = path_value(Path(start + "_"))[:-1]
    raw = os.fsencode(start)
    unicode = (text, text + _LAST_LETTER) if isinstance(text, str) else ("", "")
    return {"text": unicode[0], "after_text": unicode[1], "bytes": raw, "after_bytes": raw + b"\xff"}
