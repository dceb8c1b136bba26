"""Whether an output folder takes what a run is to file: its disk's free space, rights, and how long its paths get."""

import os
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path

from kith.errors import FilingFailed
from kith.filing.copies import Filing
from kith.filing.name_files import SIDECAR
from kith.filing.names import LONGEST_PATH, PATH_ROOM
from kith.jobs.duplicates import best_of
from kith.jobs.filed_copies import Plan
from kith.jobs.known_files import KnownFiles
from kith.library.copy_records import CopyRecord
from kith.library.store import Store
from kith.messages import Message, Setting
from kith.policies import Duplicates, FileAs
from kith.settings import Settings
from kith.text import counted, size_in_words

_SAMPLE = 4096  # bytes at either end of a file

Waiting = tuple[Path, int | None, int]  # a file to be filed, its photo, if that is known, and its size


def check_room(store: Store, settings: Settings, photos: Collection[Path], known: KnownFiles, filing: Filing) -> None:
    """Raise FilingFailed where the output folder cannot take what of these photos is not filed there yet.

    What they take at the least is reckoned: each is filed once, if it is no duplicate as far as that is `known`.
    """
    if filing.file_as is FileAs.HARD_LINK:
        _check_that_it_is_one_disk(photos, filing.output)
    room = _Room(store, settings, filing, known)
    waiting = room.waiting(photos)
    free = shutil.disk_usage(_standing(filing.output)).free
    if sum(size for _, _, size in waiting) <= free:
        return
    needed = room.least(waiting)
    if needed > free:
        links = _links_to((path for path, _, _ in waiting), filing.output)
        raise FilingFailed(*_too_little(needed, free, filing.output, links, "at least "))


def _check_that_it_is_one_disk(photos: Iterable[Path], output: Path) -> None:
    disk = _standing(output).stat().st_dev
    for folder in {os.path.dirname(path) for path in photos}:  # noqa: PTH120 - of many, and quick
        with suppress(OSError):
            if os.stat(folder).st_dev != disk:  # noqa: PTH116
                raise FilingFailed(
                    f"No hard link to photos in {folder} can be made in {output}, which is on another disk: nothing "
                    "was filed. Choose an output folder on theirs, or let ",
                    Setting("file_as"),
                    " be copy.",
                )


def check_lengths(filing: Filing) -> None:
    """Raise FilingFailed where the folders of people are so deep that no file in them could have a name."""
    folders = [filing.folder(person, None) for person in filing.folders]
    longest = max(folders, key=lambda folder: len(os.fsencode(folder)))
    if len(os.fsencode(longest)) > LONGEST_PATH - PATH_ROOM:
        raise FilingFailed(
            f"The path {longest} is too long for photos in it to have names: choose an output folder with a shorter "
            "path, or let ",
            Setting("file_under"),
            " name fewer folders.",
        )


def left_behind(store: Store, photos: Iterable[Path], filing: Filing) -> Iterator[str]:
    """Say that files of other programs beside photos stay where they are when these are moved."""
    if filing.file_as is not FileAs.MOVE:
        return
    there = cache(lambda folder: {file.name.casefold(): file.name for file in folder.iterdir()})
    beside = []
    for path in photos:
        with suppress(OSError):
            names = there(path.parent)
            found = {names.get(f"{stem}{SIDECAR}".casefold()) for stem in (path.name, path.stem)}
            beside += [path.with_name(name) for name in found if name and not store.names.at(path.with_name(name))]
    if beside:
        files = counted(len(beside), "file")
        yield f"{files} of other programs, such as {beside[0].name}, will stay where the photos lay that are moved."


def _links_to(photos: Iterable[Path], output: Path) -> FileAs:
    """Return which links to photos take no room there: hard links reach no other disk."""
    disk = _standing(output).stat().st_dev
    for photo in photos:
        with suppress(OSError):
            if photo.stat().st_dev != disk:
                return FileAs.SYMBOLIC_LINK
    return FileAs.HARD_LINK


def _too_little(needed: int, free: int, output: Path, kind: FileAs, least: str = "") -> tuple[str | Setting, ...]:
    takes = f"Filing these photos takes {least}{size_in_words(needed)} in {output}"
    advice = "Free some space, choose another output folder, or let "
    links = Setting("file_as"), f" be {kind}, which takes none."
    return f"{takes}, where {size_in_words(free)} are free: nothing was filed. {advice}", *links


def _standing(folder: Path) -> Path:
    """Return a folder, or the one around it that is there already."""
    return next((path for path in (folder, *folder.parents) if os.path.isdir(path)), folder)


@dataclass(frozen=True, slots=True)
class _Room:
    store: Store
    settings: Settings
    filing: Filing
    known: KnownFiles

    def waiting(self, photos: Collection[Path]) -> list[Waiting]:
        """Return the files that are to be filed and take room there."""
        kind = self.filing.file_as
        if kind in (FileAs.HARD_LINK, FileAs.SYMBOLIC_LINK):
            return []
        photo_at = {file.path_text: file.photo_id for file in self.known.files}
        disk = _standing(self.filing.output).stat().st_dev
        failed = {failure.path for failure in self.store.failures.all()}
        found = []
        for path in photos:
            photo_id = photo_at.get(os.fspath(path))
            if photo_id in self.known.filed or path in failed:
                continue
            with suppress(OSError):
                if (status := path.stat()).st_dev != disk or kind is FileAs.COPY:
                    found.append((path, photo_id, status.st_size))
        return found

    def least(self, waiting: Iterable[Waiting]) -> int:
        """Return how many bytes they take if duplicates, known or to be expected, are filed once."""
        files = self.known.files
        is_once = self.settings.duplicates is Duplicates.FILE_ONCE
        lesser: Collection[int] = best_of(files).photos if is_once else ()
        sizes: dict[int, int] = {}
        seen: defaultdict[int, set[Path]] = defaultdict(set)
        unseen: defaultdict[int, set[Path]] = defaultdict(set)
        for file in files:
            seen[file.size].add(file.path)
        for path, photo_id, size in waiting:
            if photo_id is None:
                unseen[size].add(path)
            elif photo_id not in lesser:
                sizes[photo_id] = min(size, sizes.get(photo_id, size))
        return sum(sizes.values()) + sum(size * _distinct(unseen[size], seen[size]) for size in unseen)


def _distinct(paths: Collection[Path], known: Collection[Path]) -> int:
    """Return how many of files, all of one size, are told apart by how they begin and end, and from those known."""
    if len(paths) == 1 and not known:
        return 1
    return len({*map(_ends, paths)} - {*map(_ends, known)})


def _ends(path: Path) -> bytes:
    with suppress(OSError), path.open("rb") as file:
        begin = file.read(_SAMPLE)
        file.seek(max(os.fstat(file.fileno()).st_size - _SAMPLE, 0))
        return begin + file.read(_SAMPLE)
    return b""


@dataclass(slots=True)
class PlannedRoom:
    """What a run that is only told would write, and whether there is room for it.

    `made` is which files, of how many bytes, would be made of each photo's file: what is planned last counts.
    """

    output: Path
    made: dict[str, dict[str, int]] = field(default_factory=dict)

    def plan(self, plans: Iterable[Plan]) -> bool:
        """Have a photo's files be filed so; return whether that is not what was planned of them before."""
        disk, before = _standing(self.output).stat().st_dev, dict(self.made)
        for source, standing, _ in plans:
            new = [record for record in standing if not record.sha256]
            sizes = {record.target_text: source.size * _takes_room(record, disk) for record in new}
            self.made[source.path_text] = sizes
        return self.made != {**self.made, **before}

    def told(self) -> Iterator[Message]:
        """Say what is to be said of it."""
        folder = _standing(self.output)
        free = shutil.disk_usage(folder).free
        files = dict(chain.from_iterable(made.items() for made in self.made.values()))  # of the same photo one
        size = sum(files.values())
        planned = f"{counted(len(files), 'new file')}, which take {size_in_words(size)}"
        yield Message(f"Planned are {planned}; {size_in_words(free)} are free in {folder}.")
        if size > free:
            yield Message(*_too_little(size, free, self.output, _links_to(map(Path, self.made), self.output)))
        if not os.access(folder, os.W_OK):
            yield Message(f"Nothing can be written to {folder}: choose another output folder, or see to its rights.")


def _takes_room(record: CopyRecord, disk: int) -> bool:
    if record.kind is FileAs.MOVE and record.moved_from:
        with suppress(OSError):
            return record.moved_from.stat().st_dev != disk
    return record.kind in (FileAs.COPY, FileAs.MOVE)
