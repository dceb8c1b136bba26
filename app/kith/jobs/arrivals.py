"""Photos that came into watched folders, until they grow no more: only then are they recognised."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kith.library.paths import FileState

SETTLED_S = 3.0  # a photo that did not change for so long is whole, as far as one can see from outside
PATIENCE_S = 120.0  # the same of one that bears a name for the meantime, or proved to be cut off
OPEN_S = 3600.0  # and of one that is open for writing, in case that its closing went unheard
TOGETHER_S = 30.0  # so long a photo that is whole waits for others that are still coming
_GIVEN_UP_S = 10.0  # between two looks at those that could not be read
MOST = 512  # photos recognised together

# The names that browsers, cameras and copying programs give to what they are not done with, folders too.
_FOR_THE_MEANTIME = re.compile(
    r"~.*|.*\.(part|partial|filepart|tmp|temp|crdownload|opdownload|download)(\.[^.]*)?", re.IGNORECASE
)


@dataclass(slots=True)
class _Arriving:
    """A photo as it is since a moment (of `time.monotonic`)."""

    file: FileState
    since: float
    is_doubtful: bool


class Arrivals:
    """Photos on their way, by path; `now` is always a moment of `time.monotonic`."""

    def __init__(self) -> None:
        self._arriving: dict[Path, _Arriving] = {}
        self._open: set[Path] = set()
        self._given_up: dict[Path, FileState] = {}
        self._next_look = 0.0  # at those given up

    def __len__(self) -> int:
        return len(self._arriving)

    def are_new(self, photos: Iterable[Path]) -> list[FileState]:
        """Return the files among these that are neither on their way already nor given up as they are."""
        files = [FileState.now(photo) for photo in photos if photo not in self._arriving]
        return [file for file in files if file and file.size and self._given_up.get(file.path) != file]

    def add(self, files: Iterable[FileState], root: Path, now: float) -> None:
        """Wait for these, which lie below a root, to grow no more."""
        for file in files:
            names = file.path.relative_to(root).parts
            is_for_the_meantime = any(map(_FOR_THE_MEANTIME.fullmatch, names))
            self._arriving[file.path] = _Arriving(file, now, is_for_the_meantime)

    def opened(self, path: Path) -> None:
        """Hear that a file is being written to."""
        self._open.add(path)

    def closed(self, path: Path) -> None:
        """Hear that a file is not written to any more."""
        self._open.discard(path)

    def look(self, now: float) -> None:
        """See which changed, and which are gone; those given up that changed are on their way again."""
        for path in [*self._arriving]:
            self._look_at(path, now)
        if now < self._next_look:
            return
        self._next_look = now + _GIVEN_UP_S
        for path, before in [*self._given_up.items()]:
            if (file := FileState.now(path)) != before:
                del self._given_up[path]
                if file and path not in self._arriving:
                    self._arriving[path] = _Arriving(file, now, is_doubtful=True)

    def ready(self, now: float) -> list[Path]:
        """Return the photos to be recognised now, by path: those that are whole, once no other is about to be."""
        waited = {path: now - photo.since - self._patience(photo) for path, photo in self._arriving.items()}
        whole = sorted(path for path, over in waited.items() if over >= 0)
        are_coming = any(-SETTLED_S <= over < 0 for over in waited.values())
        is_time = len(whole) >= MOST or any(waited[path] >= TOGETHER_S for path in whole)
        return whole[:MOST] if is_time or not are_coming else []

    def is_left(self, path: Path, now: float) -> bool:
        """Say whether a photo that proved to be no whole one is left for later: it may grow on, or is gone."""
        photo = self._look_at(path, now)
        if photo is None:
            return True
        photo.is_doubtful = True
        return now - photo.since < self._patience(photo)

    def done(self, path: Path, now: float) -> None:
        """Wait no longer for a photo that was recognised, unless it changed meanwhile."""
        before = self._arriving.get(path)
        file = before and before.file
        photo = self._look_at(path, now)
        if photo and photo.file == file:
            del self._arriving[path]

    def give_up(self, path: Path, now: float) -> None:
        """Wait no longer for a photo that cannot be read, until it changes."""
        photo = self._arriving.get(path)
        if photo:
            self._given_up[path] = photo.file
        self.done(path, now)

    def forget(self, root: Path) -> None:
        """Wait for nothing below a root."""
        for path in [path for path in self._arriving if path.is_relative_to(root)]:
            del self._arriving[path]

    def _look_at(self, path: Path, now: float) -> _Arriving | None:
        photo, file = self._arriving.get(path), FileState.now(path)
        if photo is None or file is None or not file.size:
            self._arriving.pop(path, None)
            self._open.discard(path)
            return None
        if file != photo.file:
            photo.file, photo.since = file, now
        return photo

    def _patience(self, photo: _Arriving) -> float:
        if photo.file.path in self._open:
            return OPEN_S
        return PATIENCE_S if photo.is_doubtful else SETTLED_S
