"""A question about photos in SQL: a condition on rows `p` of the photos, and its values by name."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from kith.library.paths import BELOW, below
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
    all_parts,
)
from kith.values.photo_filter import PhotoState

AMONG = "IN (SELECT value FROM json_each({}))"
_LINKED = "SELECT a.photo_id FROM {} l JOIN appearances a ON a.id = l.appearance_id"
_SURE, _PERHAPS = _LINKED.format("accepted_links"), _LINKED.format("suggestions")
# Whoever it is: in the order of the photos, since links, which lie by person, would jump about among them.
_ANYBODY = "SELECT a.photo_id FROM appearances a CROSS JOIN {} l ON l.appearance_id = a.id"
_ANYBODY_SURE, _ANYBODY_PERHAPS = _ANYBODY.format("accepted_links"), _ANYBODY.format("suggestions")
_STATES = {
    PhotoState.SURE: f"p.id IN ({_ANYBODY_SURE})",
    PhotoState.UNSURE: f"p.id IN ({_ANYBODY_PERHAPS})",
    PhotoState.UNKNOWN: f"p.id NOT IN ({_ANYBODY_SURE} UNION ALL {_ANYBODY_PERHAPS})",
    PhotoState.FAILED: "0",  # what could not be read is no photo
}
_FACES = (
    "SELECT a.photo_id FROM appearances a WHERE EXISTS "
    "(SELECT 1 FROM observations o WHERE o.appearance_id = a.id AND o.kind = 'face') GROUP BY a.photo_id"
)
_LAST_MOMENT = "T~"  # after any time of a day


class PhotoQuestion:
    """A condition as SQL; where no folder is asked for, photos known from the people folder alone are left out."""

    def __init__(self, wanted: Condition, people_folder: Path, duplicates: Sequence[int] = ()) -> None:
        self.values: dict[str, object] = {}
        self._duplicates = duplicates
        self.sql = self._sql(wanted, perhaps=False)
        if not any(isinstance(part, Below | InFolder) for part in all_parts(wanted)):
            self.sql += f" AND {self._file(f'NOT {self._below(people_folder)}')}"

    def _sql(self, wanted: Condition, perhaps: bool) -> str:
        match wanted:
            case AllOf(parts):
                perhaps = perhaps or InState(PhotoState.UNSURE) in parts
                return f"({' AND '.join(['1', *(self._sql(part, perhaps) for part in parts)])})"
            case AnyOf(parts):
                return f"({' OR '.join(['0', *(self._sql(part, perhaps) for part in parts)])})"
            case Not(part):
                return f"NOT {self._sql(part, perhaps)}"
            case Shows(people, perhaps=also):
                return self._shows(people, perhaps or also)
            case Words(text, people):
                in_path = self._file(f"f.path {self._like(text)}")
                return f"({in_path} OR {self._shows(people, perhaps)})" if people else in_path
        return self._of_photo(wanted)

    def _of_photo(self, wanted: Taken | Below | InFolder | Faces | Camera | InState) -> str:
        match wanted:
            case Taken(since, until):
                return self._taken(since, until)
            case Below(folder):
                return self._file(self._below(folder))
            case InFolder(name):
                return self._file(f"replace(f.path, '\\', '/') {self._like(f'/{name}/')}")
            case Faces(least, most):
                return self._faces(least, most)
            case Camera(text):
                return f"coalesce(p.camera {self._like(text)}, 0)"
            case InState(PhotoState.DUPLICATES):
                return f"p.id {AMONG.format(self._value(json.dumps(self._duplicates)))}"
            case InState(state):
                return _STATES[state]

    def _shows(self, people: tuple[int, ...], perhaps: bool) -> str:
        among = AMONG.format(self._value(json.dumps(people)))
        linked = [_SURE, _PERHAPS] if perhaps else [_SURE]
        return "p.id IN (" + " UNION ALL ".join(f"{one} WHERE l.person_id {among}" for one in linked) + ")"

    def _taken(self, since: str, until: str) -> str:
        bounds = ["p.taken_at IS NOT NULL"]
        if since:
            bounds.append(f"p.taken_at >= {self._value(earliest(since).isoformat())}")
        if until:
            bounds.append(f"p.taken_at <= {self._value(latest(until).isoformat() + _LAST_MOMENT)}")
        return f"({' AND '.join(bounds)})"

    def _faces(self, least: int, most: int | None) -> str:
        if least == 0:
            return "1" if most is None else f"NOT {self._faces(most + 1, None)}"
        count = f"count(*) >= {self._value(least)}"
        if most is not None:
            count += f" AND count(*) <= {self._value(most)}"
        return f"p.id IN ({_FACES} HAVING {count})"

    def _file(self, condition: str) -> str:
        return f"p.id IN (SELECT f.photo_id FROM files f WHERE {condition})"

    def _below(self, folder: Path) -> str:
        values = below(folder)
        return re.sub(r":(\w+)", lambda name: self._value(values[name[1]]), BELOW)

    def _like(self, text: str) -> str:
        for sign in ("\\", "%", "_"):
            text = text.replace(sign, f"\\{sign}")
        return f"LIKE {self._value(f'%{text}%')} ESCAPE '\\'"

    def _value(self, value: object) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"
