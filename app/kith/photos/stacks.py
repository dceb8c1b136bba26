"""Files that are one photo: a JPEG or HEIC, which is looked at, with the raw file or clip of its name beside it."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from kith.errors import BadPhoto
from kith.photos.endings import RAW

# What cameras write beside raw files and clips, and programs make of them; the first leads.
_LEADING = (".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".hif")
_ALONG = RAW | {".mov", ".mp4"}  # of Live and Motion Photos


def stacked(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    """Return the photos that have others beside them, with these: of the same folder and name but for the ending."""
    stacks: defaultdict[tuple[str, str], list[tuple[str, Path]]] = defaultdict(list)
    paths = [*paths]
    endings = {os.fspath(path).rpartition(".")[2].lower() for path in paths}
    if _ALONG.isdisjoint(f".{ending}" for ending in endings):  # as in most folders
        return {}
    for path in paths:
        start, ending = os.path.splitext(path)  # noqa: PTH122 - of many, and quick
        ending = ending.lower()
        if ending in _ALONG or ending in _LEADING:
            folder, name = os.path.split(start)
            stacks[folder, name.casefold()].append((ending, path))
    found = {}
    for files in stacks.values():
        leading = sorted((_LEADING.index(ending), path) for ending, path in files if ending in _LEADING)
        along = [path for ending, path in files if ending in _ALONG]
        if leading and along:
            found[leading[0][1]] = along
    return found


def with_beside(paths: Iterable[Path], endings: Collection[str]) -> list[Path]:
    """Return files with those that lie beside them and are one photo with some, of these endings."""
    found = dict.fromkeys(paths)
    stacks = {(path.parent, path.stem.casefold()) for path in found if path.suffix.lower() in _ALONG.union(_LEADING)}
    for folder in {folder for folder, _ in stacks}:
        with suppress(OSError):
            beside = sorted(folder.iterdir())
            there = [path for path in beside if path.suffix.lower() in endings]
            one = [path for path in there if (path.parent, path.stem.casefold()) in stacks]
            found |= dict.fromkeys(chain.from_iterable([lead, *others] for lead, others in stacked(one).items()))
    return [*found]


def leading(photos: Iterable[Path | BadPhoto]) -> list[Path | BadPhoto]:
    """Return photos, and what cannot be listed, without the raw files of others among them."""
    listed = [*photos]
    along = set(chain.from_iterable(stacked(photo for photo in listed if isinstance(photo, Path)).values()))
    return [photo for photo in listed if photo not in along]
