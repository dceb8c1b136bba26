"""Photos as somebody looks for them: which ones a filter lets through, and what is shown of them."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, below, path_of, path_text
from kith.library.soundness import text_of, whole
from kith.photos.box import SWAPPED
from kith.values.partial_dates import earliest, latest
from kith.values.photo_filter import PhotoFilter, PhotoState

_KNOWN = "SELECT a.photo_id FROM {links} l JOIN appearances a ON a.id = l.appearance_id"
_WITH = {
    "sure": _KNOWN.format(links="accepted_links"),
    "perhaps": _KNOWN.format(links="suggestions"),
}
_AMONG = "IN (SELECT value FROM json_each({}))"
_LAST_MOMENT = "T~"  # after any time of a day


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What the library says of a photo beside who shows: where it was last seen, when and by what it was taken, and its
    pixels, upright.
    """

    id: int
    path: Path | None
    taken_at: str | None
    camera: str | None = None
    width: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """Who shows in a photo, by number: surely, and perhaps."""

    sure: Sequence[int]
    unsure: Sequence[int]


class PhotoQueries:
    """Recognised photos, searched for."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def found(self, wanted: PhotoFilter, people_folder: Path, named: Sequence[Sequence[int]] = ()) -> list[int]:
        """Return the photos that a filter lets through, the newest first, those of no known time last.

        Without a folder those are left out that are known from the people folder alone. `named` has for each word of
        the filter's text the people whose names it is in.
        """
        question = _Question(wanted, people_folder, named)
        query = f"SELECT p.id FROM photos p WHERE {question.condition} ORDER BY p.taken_at DESC, p.id DESC"
        return [row[0] for row in self._connection.execute(query, question.values)]

    def facts(self, photo_ids: Iterable[int]) -> dict[int, PhotoFacts]:
        """Return what is known of photos, by id."""
        among = json.dumps([*photo_ids])
        paths = dict(
            self._connection.read(
                "files",
                lambda row: (whole(row[0]), path_of(row[1])),
                f"SELECT path, photo_id, path FROM files WHERE photo_id {_AMONG.format('?')} ORDER BY path DESC",
                (among,),
            )
        )
        rows = self._connection.read(
            "photos",
            lambda row: _facts(paths.get(row[0]), row),
            f"SELECT id, id, taken_at, camera, width, height, orientation FROM photos WHERE id {_AMONG.format('?')}",
            (among,),
        )
        return {facts.id: facts for facts in rows}

    def shown(self, photo_ids: Iterable[int]) -> dict[int, Shown]:
        """Return who shows in photos, each once, by photo."""
        among = json.dumps([*photo_ids])
        sure, unsure = (self._people(table, among) for table in ("accepted_links", "suggestions"))
        return {
            photo: Shown(sure[photo], [person for person in unsure[photo] if person not in sure[photo]])
            for photo in {*sure, *unsure}
        }

    def _people(self, table: str, among: str) -> defaultdict[int, list[int]]:
        rows = self._connection.execute(
            f"SELECT DISTINCT a.photo_id, l.person_id FROM appearances a JOIN {table} l ON l.appearance_id = a.id "
            f"WHERE a.photo_id {_AMONG.format('?')} ORDER BY a.id",
            (among,),
        )
        people: defaultdict[int, list[int]] = defaultdict(list)
        for photo, person in rows:
            people[photo].append(person)
        return people

    def folders(self, people_folder: Path) -> list[Path]:
        """Return the folders in which recognised photos were last seen."""
        query = f"SELECT path, path FROM files WHERE NOT {BELOW}"
        paths = self._connection.read("files", lambda row: path_text(row[0]), query, below(people_folder))
        return [Path(folder) for folder in sorted({os.path.dirname(path) for path in paths})]  # noqa: PTH120 - of many


def _facts(path: Path | None, row: Sequence[Any]) -> PhotoFacts:
    key, taken_at, camera, width, height, orientation = row
    upright = (height, width) if orientation in SWAPPED else (width, height)
    return PhotoFacts(whole(key), path, taken_at and text_of(taken_at), camera and text_of(camera), *upright)


class _Question:
    """A filter as a condition on photos p, and its values by name."""

    def __init__(self, wanted: PhotoFilter, people_folder: Path, named: Sequence[Sequence[int]]) -> None:
        self.values: dict[str, object] = {}
        self._shown = [_WITH["sure"]]
        if wanted.state is PhotoState.UNSURE:
            self._shown.append(_WITH["perhaps"])
        parts = (self._place(wanted, people_folder), *self._people(wanted), *_state(wanted.state))
        self.condition = " AND ".join((*parts, *self._times(wanted), *self._words(wanted.text, named)))

    def _place(self, wanted: PhotoFilter, people_folder: Path) -> str:
        self.values |= below(wanted.folder or people_folder)
        outside = "" if wanted.folder else "NOT "
        return f"EXISTS (SELECT 1 FROM files f WHERE f.photo_id = p.id AND {outside}{BELOW})"

    def _people(self, wanted: PhotoFilter) -> Iterator[str]:
        for person in wanted.all_of:
            yield f"p.id IN ({self._with([person])})"
        if wanted.any_of:
            yield f"p.id IN ({self._with(wanted.any_of)})"
        if wanted.none_of:
            yield f"p.id NOT IN ({self._with(wanted.none_of)})"

    def _with(self, people: Sequence[int]) -> str:
        among = _AMONG.format(self._value(json.dumps([*people])))
        return " UNION ALL ".join(f"{shown} WHERE l.person_id {among}" for shown in self._shown)

    def _times(self, wanted: PhotoFilter) -> Iterator[str]:
        if wanted.since:
            yield f"p.taken_at >= {self._value(earliest(wanted.since).isoformat())}"
        if wanted.until:
            yield f"p.taken_at <= {self._value(latest(wanted.until).isoformat() + _LAST_MOMENT)}"

    def _words(self, text: str, named: Sequence[Sequence[int]]) -> Iterator[str]:
        for word, people in zip(text.split(), named, strict=True):
            pattern = self._value(f"%{_escaped(word)}%")
            in_path = f"SELECT 1 FROM files f WHERE f.photo_id = p.id AND f.path LIKE {pattern} ESCAPE '\\'"
            is_shown = f" OR p.id IN ({self._with(people)})" if people else ""
            yield f"(EXISTS ({in_path}){is_shown})"

    def _value(self, value: object) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def _state(state: PhotoState | None) -> Iterator[str]:
    known, perhaps = _WITH["sure"], _WITH["perhaps"]
    match state:
        case PhotoState.SURE:
            yield f"p.id IN ({known})"
        case PhotoState.UNSURE:
            yield f"p.id IN ({perhaps})"
        case PhotoState.UNKNOWN:
            yield f"p.id NOT IN ({known} UNION ALL {perhaps})"
        case PhotoState.FAILED:
            yield "0"  # what could not be read is no photo


def _escaped(word: str) -> str:
    for sign in ("\\", "%", "_"):
        word = word.replace(sign, f"\\{sign}")
    return word
