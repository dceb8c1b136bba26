"""Files that show the same picture: exactly, by their image data, or nearly, by their perceptual hashes."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from kith.errors import BadKnowledgeBase
from kith.identity.alike_photos import best_alike
from kith.library.duplicate_queries import PictureFile
from kith.library.store import Store
from kith.settings import Settings
from kith.text import printable, size_in_words

if TYPE_CHECKING:  # which asks for what is better than a photo
    from kith.jobs.open_library import OpenLibrary


class Likeness(StrEnum):
    """What a file of a group is beside the best one."""

    BEST = "best"
    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file of a group; `date` is when its photo was taken, else when the file was written (ISO 8601)."""

    path: Path
    likeness: Likeness
    width: int
    height: int
    size: int
    date: str


@dataclass(frozen=True, slots=True)
class Best:
    """The best file of each photo, and for photos that are nearly the same as a better one that one."""

    files: Mapping[int, PictureFile]
    photos: Mapping[int, int]

    def of(self, photo_id: int) -> PictureFile:
        """Return the best file that shows what a photo shows."""
        return self.files[self.photos.get(photo_id, photo_id)]


def best_of(files: Iterable[PictureFile]) -> Best:
    """Say of files, the best first, which is the best of those that show the same."""
    best: dict[int, PictureFile] = {}
    for file in files:
        best.setdefault(file.photo_id, file)
    return Best(best, _best_photos({file.photo_id: file.phash for file in best.values()}))


def _best_photos(hashes: Mapping[int, int | None]) -> dict[int, int]:
    """Return which photos are nearly the same as which best, of all by their perceptual hashes, the best first."""
    telling = {photo: phash for photo, phash in hashes.items() if phash is not None}
    photos = [*telling]
    alike = best_alike([*telling.values()])
    return {photos[index]: photos[leader] for index, leader in alike.items()}


def find_duplicates(library: "OpenLibrary", folder: Path | None = None) -> list[list[Duplicate]]:
    """Return the groups of files, below a folder if one is given, that show the same: the best of each first."""
    files = [file for file in library.store.duplicates.files() if not folder or file.path.is_relative_to(folder)]
    files = [file for file in files if os.path.lexists(file.path)]
    return [[_told(file, group[0]) for file in group] for group in _groups(files)]


def files_like(store: Store, people: Path, photos: Collection[int]) -> list[list[PictureFile]]:
    """Return the groups of files that show the same as some photos, the best first, but for the people folder's."""
    files = [file for file in store.duplicates.files() if not file.path.is_relative_to(people)]
    there = [[file for file in group if os.path.lexists(file.path)] for group in _groups(files)]
    return [group for group in there if len(group) > 1 and any(file.photo_id in photos for file in group)]


def better_than(store: Store, settings: Settings, photo_id: int) -> tuple[Path | None, bool]:
    """Return the file of a better photo that is nearly the same, and whether that one is filed for this one, too."""
    known = store.duplicates.known()
    if known is not None and photo_id not in known:
        return None, False

    def is_filed(photo: int) -> bool:
        return bool(store.copies.of_photo(photo, settings.output_folder))

    group = next(iter(files_like(store, settings.dataset_folder, [photo_id])), [])
    better = [*takewhile(lambda file: file.photo_id != photo_id, group)]
    filed = [] if is_filed(photo_id) else [file for file in better if is_filed(file.photo_id)]
    best = next(iter([*filed, *better]), None)
    return best and best.path, bool(filed)


def duplicate_photos(store: Store) -> list[int]:
    """Return the photos that are the same as others, or lie in several files: group by group, the best first.

    They are reckoned once, and kept until any file is another.
    """
    known = store.duplicates.known()
    if known is None:
        try:
            with store.transaction():
                known = _reckoned(store)
                store.duplicates.keep(known)
        except BadKnowledgeBase:  # that nothing can be written just now, nobody needs to know who only looks
            known = _reckoned(store)
    return known


def _reckoned(store: Store) -> list[int]:
    files = store.duplicates.hashes()
    best = _best_photos(dict(files))
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for photo_id, _ in files:
        groups[best.get(photo_id, photo_id)].append(photo_id)
    together = chain.from_iterable(group for group in groups.values() if len(group) > 1)
    return list(dict.fromkeys(together))


def _groups(files: Iterable[PictureFile]) -> list[list[PictureFile]]:
    files = list(files)
    best = best_of(files)
    groups: defaultdict[PictureFile, list[PictureFile]] = defaultdict(list)
    for file in files:
        groups[best.of(file.photo_id)].append(file)
    return [group for group in groups.values() if len(group) > 1]


def _told(file: PictureFile, best: PictureFile) -> Duplicate:
    written = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC).isoformat(timespec="seconds")
    return Duplicate(file.path, likeness(file, best), file.width, file.height, file.size, file.taken_at or written)


def likeness(file: PictureFile, best: PictureFile) -> Likeness:
    """Return what a file of a group is beside the best one."""
    if file is best:
        return Likeness.BEST
    return Likeness.EXACT if file.photo_id == best.photo_id else Likeness.NEAR


def duplicate_lines(groups: Iterable[Iterable[Duplicate]]) -> Iterator[str]:
    """Yield the groups as text, line by line."""
    for group in groups:
        for file in group:
            pixels = f"{file.width} × {file.height}"
            told = f"{file.likeness:5}  {pixels:>13}  {size_in_words(file.size):>8}  {file.date}  "
            told += printable(str(file.path))
            yield told if file.likeness is Likeness.BEST else f"  {told}"
