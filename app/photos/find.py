"""A folder becomes the paths of its photos."""

import os
import re
import stat
import sys
import threading
from collections.abc import Collection, Iterator
from pathlib import Path

from app.errors import BadPhoto


def find_photos(
    root: Path,
    extensions: Collection[str],
    *,
    recursive: bool = True,
    leave_out: Collection[Path] = (),
    stop: threading.Event | None = None,
) -> Iterator[Path | BadPhoto]:
    """Yield the photos of `root` as they are found: a folder's own first, then its subfolders', as a person sorts them.

    `extensions` have their leading dot, in any case. Left out: hidden files and folders, and the folders `leave_out`.
    Links to folders are followed, and each real folder is visited once. A folder that cannot be listed is yielded
    as a BadPhoto. Whatever else bears a photo's extension is yielded, be it a broken link: opening it says why.
    Once `stop` is set no further folder is listed.
    """
    wanted = {extension.lower() for extension in extensions}
    done = {os.path.realpath(folder) for folder in leave_out}
    waiting = [root]
    while waiting and not (stop and stop.is_set()):
        folder = waiting.pop()
        real_folder = os.path.realpath(folder)
        if real_folder in done:
            continue
        done.add(real_folder)
        try:
            entries = _visible_entries(folder)
        except OSError as error:
            yield BadPhoto(folder, f"the folder cannot be listed: {error.strerror or error}")
            continue
        folders: list[Path] = []
        for entry in entries:
            path = Path(entry)
            if _is_folder(entry):
                folders.append(path)
            elif path.suffix.lower() in wanted:
                yield path
        if recursive:
            waiting.extend(reversed(folders))


def _visible_entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not _is_hidden(entry)), key=_natural_order)


def _natural_order(entry: os.DirEntry[str]) -> tuple[list[str | int], str]:
    """Return a key that puts IMG_2 before IMG_10, whatever the case; the bare name settles a tie."""
    parts = re.split(r"([0-9]+)", entry.name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], entry.name


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    if sys.platform == "win32":
        return bool(entry.stat(follow_symlinks=False).st_file_attributes & stat.FILE_ATTRIBUTE_HIDDEN)
    return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that is closed to us
        return False
