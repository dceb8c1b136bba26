"""A file appears whole under its name, or not at all, and nothing is written through a link.

It is written as a new hidden file in the same folder, whose name nobody can foresee, and reaches the disk before it
takes its name.
"""

import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

_PART = re.compile(r"\.kith-[0-9a-f]+\.part")  # those of earlier versions, too, which bore a copy's number


@contextmanager
def part_file(folder: Path, mode: int = 0o666) -> Iterator[tuple[BinaryIO, Path]]:
    """Give a new hidden file to be written, and its path; what is left of it in the end is taken away.

    `complete` it, then let it take its name. Raises OSError.
    """
    path = folder / f".kith-{secrets.token_hex(8)}.part"
    try:
        with open(path, "xb", opener=partial(os.open, mode=mode)) as file:  # a new file: no link leads to one
            _hold(file)
            yield file, path
    finally:
        with suppress(OSError):
            path.unlink()


def complete(file: BinaryIO) -> None:
    """Close a file when what was written to it is on the disk."""
    file.flush()
    os.fsync(file.fileno())
    file.close()


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Give a file to be written that takes the name `path` when all went well; else what was there stays.

    What a killed process left of an earlier one goes. Raises OSError.
    """
    clear_parts(path.parent)
    with part_file(path.parent, mode) as (file, part):
        yield file
        complete(file)
        part.replace(path)


def take_name(file: Path, name: Path) -> bool:
    """Let a file have a new name on its disk; False, and nothing done, where something has it. Raises OSError."""
    try:
        os.link(file, name)
    except FileExistsError:
        return False
    except OSError:  # the file system has no hard links, or the cause shows again
        return _take_reserved(file, name)
    file.unlink()
    return True


def _take_reserved(file: Path, name: Path) -> bool:
    """Take a name by an empty file first, so that nothing is overwritten."""
    try:
        name.open("xb").close()
    except FileExistsError:
        return False
    try:
        file.replace(name)
    except BaseException:
        name.unlink()
        raise
    return True


def clear_parts(folder: Path) -> None:
    """Take away the hidden files that killed processes left in a folder; what is being written there stays."""
    with suppress(OSError), os.scandir(folder) as entries:
        left = [entry for entry in entries if _PART.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]
        for entry in left:
            with suppress(OSError):
                _clear(Path(entry.path))


def _clear(part: Path) -> None:
    with part.open("r+b") as file:
        is_left = _hold(file)
    if is_left:
        part.unlink()


def _hold(file: BinaryIO) -> bool:
    """Say by a lock that a file is being written, for as long as it is open; False where another process says so."""
    if sys.platform == "win32":
        return True  # there no open file can be taken away
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
