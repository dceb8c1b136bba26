"""A file appears whole under its name, or not at all, and nothing is written through a link.

It is written as a new hidden file in the same folder, whose name nobody can foresee, and reaches the disk before it
takes its name; so does the name before anything goes by it.
"""

import errno
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedRandom
from itertools import count
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

_CANNOT_SYNC = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOTSUP}  # folders, on Windows and on some shares
_PART = re.compile(r"\.kith-[0-9a-f]+\.part")  # those of earlier versions, too, which bore a copy's number


@contextmanager
def part_file(folder: Path, mode: int = 0o666) -> Iterator[tuple[BufferedRandom, Path]]:
    """Give a new hidden file to be written, and its path; what is left of it in the end is taken away.

    `complete` it, then let it take its name. Raises OSError.
    """
    path = part_name(folder)
    try:
        with open(path, "x+b", opener=partial(os.open, mode=mode)) as file:  # a new file: no link leads to one
            _hold(file)
            yield file, path
    finally:
        with suppress(OSError):
            path.unlink()


def part_name(folder: Path) -> Path:
    """Return the name of a hidden file that nobody can foresee."""
    return folder / f".kith-{secrets.token_hex(8)}.part"


def begin_writing(file: BinaryIO) -> None:
    """Have the system begin to write a file to the disk, where it can, so that `complete` waits the less for it."""
    file.flush()
    with suppress(OSError, AttributeError):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def complete(file: BinaryIO) -> None:
    """Close a file when what was written to it is on the disk."""
    file.flush()
    os.fsync(file.fileno())
    file.close()


@contextmanager
def whole_copy(source: Path, folder: Path) -> Iterator[Path]:
    """Give a hidden copy of a file, with its times and mode, that is on the disk and may take a name in a folder.

    What is left of it in the end is taken away. Raises OSError.
    """
    with source.open("rb") as original, part_file(folder, 0o600) as (file, part):
        shutil.copyfileobj(original, file)
        complete(file)
        shutil.copystat(source, part)
        yield part


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Give a file to be written that takes the name `path` when all went well; else what was there stays.

    What a killed process left of an earlier one goes. Raises OSError.
    """
    clear_parts(path.parent)
    with part_file(path.parent, mode) as (file, part):
        yield file
        complete(file)
        take_place(part, path)


def take_place(part: Path, path: Path) -> None:
    """Let a complete file take a name on its disk, whatever has it. Raises OSError."""
    part.replace(path)
    sync(path.parent)


def take_name(file: Path, name: Path) -> bool:
    """Let a complete file take a name on its disk; False, and nothing done, where something has it. Raises OSError."""
    try:
        give_free_name(file, name)
    except FileExistsError:
        return False
    sync(name.parent)
    return True


def give_free_name(file: Path, name: Path) -> None:
    """Do as `take_name`, but for the disk, which is to `sync` the folder afterwards; raises FileExistsError, too."""
    try:
        os.link(file, name)
    except FileExistsError:
        raise
    except OSError:  # the file system has no hard links, or the cause shows again
        _move_to_reserved(file, name)
    else:
        file.unlink()


def _move_to_reserved(file: Path, name: Path) -> None:
    """Take a name by an empty file first, so that nothing is overwritten."""
    name.open("xb").close()
    try:
        file.replace(name)
    except BaseException:
        name.unlink()
        raise


def sync(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder where the system can. Raises OSError."""
    try:
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def numbered_names(path: Path, ending: str = "") -> Iterator[Path]:
    """Yield the names to try until one is free: `path` with this ending, then with `-2`, `-3` … before the ending."""
    yield path.with_name(f"{path.name}{ending}")
    for number in count(2):
        yield path.with_name(f"{path.name}-{number}{ending}")


def clear_parts(folder: Path) -> None:
    """Take away the hidden files that killed processes left in a folder; what is being written there stays."""
    for part in parts_in(folder):
        with suppress(OSError):
            _clear(part)


def parts_in(folder: Path) -> list[Path]:
    """Return the hidden files in a folder that are being written, or were when a process was killed."""
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if _PART.fullmatch(entry.name))
    return []


def _clear(part: Path) -> None:
    if part.is_symlink():
        if len(part.name) == len(part_name(part.parent).name):
            part.unlink()  # a symbolic link that was to be filed; others' may lead anywhere, and stay
        return
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
