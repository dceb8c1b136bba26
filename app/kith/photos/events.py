"""Which photos show one occasion: events, by the time EXIF tells, else by the names and times of neighbouring files."""

import os
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from statistics import median

HOUR_S = 3600.0
_DAY_S = 24 * HOUR_S  # local time and the file system's are less than that apart
_PHOTO_S = 1.0  # files that follow each other faster were copied, not taken
_LAST_NUMBER = re.compile(r"(.*?)(\d+)\D*")


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo's file: `taken_at` is ISO 8601 text, in the camera's local time where it names no offset."""

    path: str
    taken_at: str | None
    mtime_ns: int

    def __hash__(self) -> int:
        return hash(self.path)  # of many, and quick


def events_of(shots: Sequence[Shot], gap_hours: float) -> list[int | None]:
    """Return the number of each photo's event, None where nothing tells; the order of `shots` does not matter.

    An event is a run of photos of one folder, each at most `gap_hours` after the one before, by the time EXIF tells. A
    photo without one belongs to the event of its neighbours in a numbered series of names: if it lies between two
    photos of one event, or its file was written within the gap of a neighbour's (see docs/decisions/019-events.md).
    """
    folders: dict[str, list[Shot]] = defaultdict(list)
    for shot in shots:
        folder, _ = os.path.split(shot.path)
        folders[folder].append(shot)
    gap = gap_hours * HOUR_S
    events: list[list[Shot]] = []
    for folder in sorted(folders):
        of_folder = _FolderEvents(folders[folder], gap)
        events += of_folder.events()
    number = {shot: count for count, event in enumerate(events) for shot in event}
    return [number.get(shot) for shot in shots]


class _FolderEvents:
    """The photos of one folder, and the seconds that may lie between two of an event."""

    def __init__(self, shots: Iterable[Shot], gap: float) -> None:
        self._shots = sorted(set(shots), key=lambda shot: (shot.path, shot.mtime_ns, shot.taken_at or ""))
        self._gap = gap
        self._instants = _instants(self._shots)
        self._events: list[list[Shot]] = []
        self._event_of: dict[Shot, list[Shot]] = {}

    def events(self) -> list[list[Shot]]:
        """Return the events, those of dated photos first."""
        dated = sorted(self._instants, key=self._instants.__getitem__)
        for run in _runs(dated, self._follows):
            self._found(run)
        for before, run, after in self._undated():
            self._place(before, run, after)
        return self._events

    def _follows(self, before: Shot, shot: Shot) -> bool:
        instants = self._instants
        return instants[shot] - instants[before] <= self._gap

    def _is_written_near(self, shot: Shot, other: Shot) -> bool:
        return _between(shot, other) <= self._gap

    def _found(self, event: list[Shot]) -> None:
        self._events.append(event)
        self._event_of |= dict.fromkeys(event, event)

    def _undated(self) -> list[tuple[Shot | None, list[Shot], Shot | None]]:
        """Return the runs of undated photos in each series, with the dated ones before and after them."""
        if len(self._instants) == len(self._shots):
            return []
        found = []
        for series in _series(self._shots):
            dated = [index for index, shot in enumerate(series) if shot in self._instants]
            for left, right in pairwise([-1, *dated, len(series)]):
                before = series[left] if left >= 0 else None
                after = series[right] if right < len(series) else None
                found.append((before, series[left + 1 : right], after))
        return found

    def _place(self, before: Shot | None, run: list[Shot], after: Shot | None) -> None:
        if before and after and self._event_of[before] is self._event_of[after]:
            self._join(before, run)
            return
        honest = [side for side in (before, after) if side and self._is_honest(side)]
        alone = []
        for shot in run:
            nearest = min(honest, key=partial(_between, shot), default=None)
            if nearest and self._is_written_near(nearest, shot):
                self._join(nearest, [shot])
            else:
                alone.append(shot)
        for together in _runs(alone, self._is_written_near):
            pauses = [_between(*pair) for pair in pairwise(together)]
            if pauses and median(pauses) >= _PHOTO_S:
                self._found(together)

    def _is_honest(self, shot: Shot) -> bool:
        """Say whether a dated photo's file was written when EXIF tells."""
        written = shot.mtime_ns / 1e9
        return abs(written - self._instants[shot]) <= _DAY_S

    def _join(self, known: Shot, shots: list[Shot]) -> None:
        event = self._event_of[known]
        event += shots
        self._event_of |= dict.fromkeys(shots, event)


def _between(shot: Shot, other: Shot) -> float:
    """Return how many seconds lie between the times that their files were written."""
    return abs(shot.mtime_ns - other.mtime_ns) / 1e9


def _runs(shots: Iterable[Shot], belongs: Callable[[Shot, Shot], bool]) -> Iterator[list[Shot]]:
    """Yield the stretches in which each photo belongs to the one before."""
    run: list[Shot] = []
    for shot in shots:
        if run and not belongs(run[-1], shot):
            yield run
            run = []
        run.append(shot)
    if run:
        yield run


def _instants(shots: Iterable[Shot]) -> dict[Shot, float]:
    """Return when each dated photo was taken, in seconds.

    A time without offset is read with that of the photo of the folder nearest to it by the clocks' faces: a camera
    that knows none mostly shows the time of the telephone beside it.
    """
    clock: dict[Shot, float] = {}
    offsets: dict[Shot, float] = {}
    for shot in shots:
        with suppress(ValueError):
            moment = datetime.fromisoformat(shot.taken_at or "")
            clock[shot] = moment.replace(tzinfo=UTC).timestamp()
            offset = moment.utcoffset()
            if offset is not None:
                offsets[shot] = offset.total_seconds()
    known = sorted((clock[shot], offset) for shot, offset in offsets.items())
    instants = {}
    for shot, time in clock.items():
        ahead = offsets[shot] if shot in offsets else _offset_at(time, known)
        instants[shot] = time - ahead
    return instants


def _offset_at(time: float, known: Sequence[tuple[float, float]]) -> float:
    """Return the offset of the photo nearest to a time, of `known` times and offsets; 0 where there is none."""
    index = bisect(known, (time,))
    first = max(0, index - 1)
    near = known[first : index + 1]
    _, offset = min(near, key=lambda at: abs(at[0] - time), default=(time, 0.0))
    return offset


def _series(shots: Iterable[Shot]) -> Iterable[list[Shot]]:
    """Return the photos whose names differ by their last number only, in the order of it."""
    series: dict[str, list[Shot]] = defaultdict(list)
    numbers: dict[Shot, int] = {}
    for shot in shots:
        _, name = os.path.split(shot.path)
        stem, _ = os.path.splitext(name)  # noqa: PTH122 - of many, and quick
        parts = _LAST_NUMBER.fullmatch(stem)
        start, number = parts.groups() if parts else (name, "0")
        numbers[shot] = int(number)
        series[start.casefold() if parts else start].append(shot)
    return [sorted(shots_of_name, key=numbers.__getitem__) for shots_of_name in series.values()]
