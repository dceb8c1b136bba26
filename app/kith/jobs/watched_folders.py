"""Folders that are watched: which photos in them are new, and whole by now.

What a folder holds is always read from the folder itself. Events of the system and the folders' own times only say when
to read, so that nothing is missed for good where an event is.
"""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from kith.jobs.arrivals import Arrivals
from kith.jobs.folder_events import FolderEvents, is_kept_elsewhere
from kith.jobs.storage import identity
from kith.library.paths import FileState
from kith.photos.outputs import output_around
from kith.photos.search import find_photos
from kith.settings import Settings

POLL_S = 10.0  # between two looks at the times of all folders where no event may come
SAFETY_S = 60.0  # where events come
ALL_S = 3600.0  # after which all is read anew, for photos that changed in place where no event came
_GRAIN_S = 3.0  # a folder's time may be that coarse: what came within it is looked for once more
_SHARE = 10  # a folder that changes all the time is read a tenth of the time at the most

KnownFiles = Callable[[Collection[FileState]], Collection[Path]]
T = TypeVar("T")


class WatchedFolders:
    """Folders with all below them; `known` says which files the library knows as they are.

    `arrivals` are the photos in them that it does not know. Close it when done; `look` and all of `arrivals` are for
    one thread at a time.
    """

    def __init__(self, roots: Iterable[Path], settings: Settings, outputs: Collection[Path], known: KnownFiles) -> None:
        self._roots = [_Root(root, settings, outputs) for root in _apart(roots)]
        self._known = known
        self._events = FolderEvents(settings.valid_exts)
        self._next_read = self._next_read_of_all = 0.0
        self.arrivals = Arrivals()

    @property
    def roots(self) -> list[Path]:
        """The folders."""
        return [root.path for root in self._roots]

    def look(self, now: float) -> list[str]:
        """See what came, changed and went, and return what there is to say; raises KithError of the library's."""
        for folder in {*_all_of(self._events.changed)}:
            for root in self._roots:
                root.changed(folder)
        for file, is_open in _all_of(self._events.files):
            (self.arrivals.opened if is_open else self.arrivals.closed)(file)
        told = [text for root in self._roots for text in root.look(now, self._events, self.arrivals)]
        self.arrivals.look(now)
        if now >= self._next_read_of_all:
            self._next_read_of_all = now + ALL_S
            for root in self._roots:
                root.forget()
        if now >= self._next_read:
            began = time.monotonic()
            self._read(now)
            self._next_read = now + _SHARE * (time.monotonic() - began)
        return told

    def _read(self, now: float) -> None:
        for root in self._roots:
            new = self.arrivals.are_new(root.read())
            known = self._known(new)
            self.arrivals.add([file for file in new if file.path not in known], root.path, now)

    def close(self) -> None:
        """Watch nothing any more."""
        self._events.close()


class _Root:
    """A watched folder: the folders in it and their times, and which are to be read anew."""

    def __init__(self, path: Path, settings: Settings, outputs: Collection[Path]) -> None:
        self.path = path
        self._settings, self._outputs = settings, outputs
        self._identity: tuple[int, int] | None = None
        self._is_away = False
        self._is_polled = False
        self._next_poll = 0.0
        self._times: dict[Path, int] = {}
        self._to_read: set[Path] = set()
        self._told_of: set[Path] = set()
        self._suspects: set[Path] = set()

    def look(self, now: float, events: FolderEvents, arrivals: Arrivals) -> Iterator[str]:
        """See whether the folder is there, and where it is time for that, which of the folders changed."""
        if now < self._next_poll and self._is_polled:
            return
        found = identity(self.path)
        if found != self._identity:
            self._identity = found
            arrivals.forget(self.path)
            self.forget()
            yield from self._came(events) if found else self._went(events)
        if found and now >= self._next_poll:
            self._poll()
        if now >= self._next_poll:
            self._next_poll = now + (POLL_S if self._is_polled else SAFETY_S)

    def changed(self, folder: Path) -> None:
        """Hear that something changed in a folder."""
        if folder.is_relative_to(self.path):
            self._told_of.add(folder)
            self._to_read.add(folder)

    def forget(self) -> None:
        """Know nothing of what lies in the folder: all is read anew."""
        self._times.clear()
        self._to_read = {self.path} if self._identity else set()

    def read(self) -> Iterator[Path]:
        """Yield the photos in the folders that changed, and in those that are new."""
        folders, self._to_read = {self._known_above(folder) for folder in self._to_read}, set()
        for folder in sorted(folders):
            if output_around(folder, self._outputs):
                continue
            known = [other for other in self._times if other.parent == folder != other]
            self._times.pop(folder, None)
            found = find_photos(
                folder,
                self._settings.valid_exts,
                recursive=self._settings.recursive,
                leave_out=known,
                outputs=self._outputs,
                listed=self._note_time,
            )
            yield from (photo for photo in found if isinstance(photo, Path))

    def _came(self, events: FolderEvents) -> Iterator[str]:
        problem = events.watch(self.path, self._settings.recursive)
        self._is_polled = bool(problem) or is_kept_elsewhere(self.path)
        self._next_poll = 0.0
        if self._is_away:
            yield f"{self.path} is there again, and watched."
        if problem:
            yield f"The system tells of no changes in {self.path} ({problem}): it is looked at every {POLL_S:.0f} s."
        self._is_away = False

    def _went(self, events: FolderEvents) -> Iterator[str]:
        events.forget(self.path)
        self._is_away = self._is_polled = True
        yield f"{self.path} is not there now: is its drive plugged in, its share mounted? It is watched once it is."

    def _poll(self) -> None:
        """See which folders have another time than when they were read; where no event told of that, look often."""
        suspects: set[Path] = set()
        for folder, before in [*self._times.items()]:
            time_now = _time_of(folder)
            if time_now is None:
                del self._times[folder]
            elif time_now != before:
                self._to_read.add(folder)
                suspects |= {folder} if before and folder not in self._told_of else set()
        self._is_polled |= bool(self._suspects - self._told_of)  # the system had time enough to tell
        self._suspects = suspects
        self._told_of.clear()

    def _note_time(self, folder: Path) -> None:
        """Remember a folder's time as it was read; as none where that is so young that more may have come since."""
        time_now = _time_of(folder) or 0
        is_young = abs(time.time() - time_now / 1e9) < _GRAIN_S
        self._times[folder] = 0 if is_young else time_now

    def _known_above(self, folder: Path) -> Path:
        while folder not in self._times and folder != self.path:
            folder = folder.parent
        return folder


def _apart(roots: Iterable[Path]) -> list[Path]:
    """Return the folders written out, without those that lie in others of them."""
    folders = sorted({Path(os.path.abspath(root)) for root in roots})
    return [
        folder for folder in folders if not any(folder.is_relative_to(other) for other in folders if other != folder)
    ]


def _time_of(folder: Path) -> int | None:
    with suppress(OSError):
        return folder.stat().st_mtime_ns
    return None


def _all_of(queue: SimpleQueue[T]) -> Sequence[T]:
    found: list[T] = []
    with suppress(Empty):
        while True:
            found.append(queue.get_nowait())
    return found
