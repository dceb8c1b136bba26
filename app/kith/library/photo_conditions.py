"""A question about photos as sets of them: SQLite looks each part up, marks by number join them.

At a million photos joining them takes a millisecond; SQLite would try each photo in each set.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, below
from kith.library.stack_records import NOT_STACKED
from kith.values.partial_dates import earliest, latest
from kith.values.photo_condition import (
    AllOf,
    AnyOf,
    Below,
    Camera,
    Condition,
    Faces,
    InFolder,
    InState,
    Not,
    Shows,
    Taken,
    Words,
)
from kith.values.photo_filter import PhotoState

AMONG = "IN (SELECT value FROM json_each({}))"
_LINKED = "SELECT a.photo_id FROM {} l CROSS JOIN appearances a ON a.id = l.appearance_id"
_SURE, _PERHAPS = _LINKED.format("accepted_links"), _LINKED.format("suggestions")
# Whoever it is: in the order of the photos, since links, which lie by person, would jump about among them.
_ANYBODY_SURE = "SELECT a.photo_id FROM appearances a CROSS JOIN accepted_links l ON l.appearance_id = a.id"
_FACES = (
    "SELECT a.photo_id FROM appearances a WHERE EXISTS "
    "(SELECT 1 FROM observations o WHERE o.appearance_id = a.id AND o.kind = 'face')"
)
_NEWEST_FIRST = f"SELECT p.id FROM photos p WHERE {NOT_STACKED} ORDER BY p.taken_at DESC, p.id DESC"
_LAST_MOMENT = "T~"  # after any time of a day
_AT_ONCE = 20_000  # rows
_MOST_KEPT = 24  # answers, of a megabyte each in a library of a million photos

Marks = NDArray[np.bool_]
Numbers = NDArray[np.int64]
_Asked = tuple[object, ...]


class PhotoSets:
    """Sets of photos, as marks by their number, to be looked up `at_one_moment`.

    What was found is kept while nothing is written to the library.
    """

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection
        self._state: object = None
        self._kept: OrderedDict[_Asked, NDArray[Any]] = OrderedDict()

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Let all that is looked up inside be of one moment, whatever others write meanwhile."""
        with self._connection.reading():
            state = self._connection.state()
            if state != self._state:
                self._state = state
                self._kept.clear()
            yield

    def newest_first(self, marks: Marks) -> list[int]:
        """Return the numbers of marked photos, the newest first, those of no known time last."""
        found: list[int] = self._newest()[marks].tolist()
        return found

    def where(self, wanted: Condition, duplicates: Sequence[int] = (), *, perhaps: bool = False) -> Marks:
        """Return the photos for which a condition holds; `duplicates` are those that count as such.

        With `perhaps` all who are suggested count, too.
        """
        match wanted:
            case AllOf(parts):
                perhaps = perhaps or InState(PhotoState.UNSURE) in parts
                each = (self.where(part, duplicates, perhaps=perhaps) for part in parts)
                return reduce(np.logical_and, each, ~self._none())
            case AnyOf(parts):
                each = (self.where(part, duplicates, perhaps=perhaps) for part in parts)
                return reduce(np.logical_or, each, self._none())
            case Not(part):
                return ~self.where(part, duplicates, perhaps=perhaps)
            case Shows(people, perhaps=also):
                return self._shows(people, perhaps or also)
            case Words(text, people):
                in_path = self._marks(f"SELECT photo_id FROM files WHERE path {_LIKE}", _like(text))
                return in_path | self._shows(people, perhaps) if people else in_path
            case InState(PhotoState.DUPLICATES):
                return self._marked(np.array(duplicates, np.int64))
        return self._of_photo(wanted)

    def outside(self, folder: Path) -> Marks:
        """Return the photos that lie anywhere but in or below a folder."""
        return self._below(folder, "NOT ")

    def _of_photo(self, wanted: Taken | Below | InFolder | Faces | Camera | InState) -> Marks:
        match wanted:
            case Taken(since, until):
                return self._taken(since, until)
            case Below(folder):
                return self._below(folder)
            case InFolder(name):
                query = f"SELECT photo_id FROM files WHERE replace(path, '\\', '/') {_LIKE}"
                return self._marks(query, _like(f"/{name}/"))
            case Faces(least, most):
                counts = self._kept_or(self._counted, _FACES)
                return (counts >= least) & (counts <= (np.inf if most is None else most))
            case Camera(text):
                return self._marks(f"SELECT id FROM photos WHERE camera {_LIKE}", _like(text))
            case InState(state):
                return self._in_state(state)

    def _in_state(self, state: PhotoState) -> Marks:
        if state is PhotoState.FAILED:
            return self._none()  # what could not be read is no photo
        unsure = self._marks(_PERHAPS)
        if state is PhotoState.UNSURE:
            return unsure
        sure = self._marks(_ANYBODY_SURE)
        return sure if state is PhotoState.SURE else ~(sure | unsure)

    def _shows(self, people: tuple[int, ...], perhaps: bool) -> Marks:
        linked = [_SURE, _PERHAPS] if perhaps else [_SURE]
        query = " UNION ALL ".join(f"{one} WHERE l.person_id {AMONG.format('?1')}" for one in linked)
        return self._marks(query, json.dumps(people))

    def _taken(self, since: str, until: str) -> Marks:
        first = earliest(since).isoformat() if since else ""
        last = latest(until).isoformat() + _LAST_MOMENT if until else "~"
        return self._marks("SELECT id FROM photos WHERE taken_at >= ? AND taken_at <= ?", first, last)

    def _below(self, folder: Path, outside: str = "") -> Marks:
        values = below(folder)
        names = re.findall(r":(\w+)", BELOW)
        condition = re.sub(r":\w+", "?", BELOW)
        return self._marks(f"SELECT photo_id FROM files WHERE {outside}{condition}", *(values[name] for name in names))

    def _marks(self, query: str, *values: object) -> Marks:
        return self._kept_or(lambda *asked: self._marked(self._numbers(*asked)), query, *values)

    def _marked(self, numbers: Numbers) -> Marks:
        marks = self._none()
        marks[self._rows(numbers)] = True
        return marks

    def _counted(self, query: str) -> Numbers:
        """Return how often each photo is among what a query comes to."""
        return np.bincount(self._rows(self._numbers(query)), minlength=len(self._newest()))

    def _rows(self, numbers: Numbers) -> Numbers:
        """Return where photos are marked, without those that are none."""
        newest = self._newest()
        if not len(newest):
            return newest
        order = self._kept_or(lambda _: np.argsort(newest), "order")
        in_order = self._kept_or(lambda _: newest[order], "in order")
        at = np.minimum(np.searchsorted(in_order, numbers), len(newest) - 1)
        rows: Numbers = order[at[in_order[at] == numbers]]
        return rows

    def _newest(self) -> Numbers:
        """Return the numbers of all photos, the newest first, as they are marked."""
        return self._kept_or(self._numbers, _NEWEST_FIRST)

    def _none(self) -> Marks:
        return np.zeros(len(self._newest()), np.bool_)

    def _numbers(self, query: str, *values: object) -> Numbers:
        """Return the numbers that a query comes to, of its first column."""
        cursor, parts = self._connection.execute(query, values), [np.empty(0, np.int64)]
        while rows := cursor.fetchmany(_AT_ONCE):
            parts.append(np.fromiter(chain.from_iterable(rows), np.int64, len(rows)))
        return np.concatenate(parts)

    def _kept_or(self, find: Callable[..., NDArray[Any]], *asked: object) -> NDArray[Any]:
        """Return what was found before, if nothing was written since, else what is found now."""
        found = self._kept[asked] if asked in self._kept else find(*asked)
        self._kept[asked] = found
        self._kept.move_to_end(asked)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found


_LIKE = "LIKE ? ESCAPE '\\'"


def _like(text: str) -> str:
    """Return the pattern of what has a text in it."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return f"%{text}%"
