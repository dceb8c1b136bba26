"""The face that stands for each person, and how many photos show them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.photo_records import IMPORTED, box_of
from kith.photos.box import Box
from kith.values.links import Source
from kith.values.samples import LEAST_FRONTALITY
from kith.vision.observations import Kind

# Whose face stands for a person, the most wanted first: one chosen by the user, taught or named, recognised. The plus
# keeps SQLite from going through all links of a source for one person's.
_CHOSEN = "(l.person_id, l.appearance_id) IN (SELECT person_id, appearance_id FROM key_faces)"
_WAYS = (_CHOSEN, f"+l.source != '{Source.MACHINE}'", f"+l.source = '{Source.MACHINE}'")
# Of these each person's best: from the front before averted, larger, sharper. Only of it the place is read.
_BEST = f"""
    SELECT o.id, best.person_id, a.id, a.photo_id, p.orientation, o.x, o.y, o.w, o.h
    FROM (SELECT l.person_id, o.id,
            row_number() OVER (PARTITION BY l.person_id ORDER BY o.frontality < {LEAST_FRONTALITY}, o.weak,
                min(o.pixels, 200) DESC, o.sharpness DESC, a.id) AS place
        FROM accepted_links l JOIN appearances a ON a.id = l.appearance_id
        JOIN observations o ON o.appearance_id = a.id AND o.kind = '{Kind.FACE}'
        WHERE {{condition}} AND EXISTS (SELECT 1 FROM files f WHERE f.photo_id = a.photo_id)) best
    CROSS JOIN observations o ON o.id = best.id CROSS JOIN appearances a ON a.id = o.appearance_id
    CROSS JOIN photos p ON p.id = a.photo_id WHERE best.place = 1"""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person's face at its box in the upright photo; `chosen` by the user, or the best."""

    appearance_id: int
    photo_id: int
    box: Box
    chosen: bool


class PortraitQueries:
    """Faces that stand for people."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def all(self) -> dict[int, Portrait]:
        """Return the face of each person of whom there is one, by their number."""
        found: dict[int, Portrait] = {}
        for way in _WAYS:
            others = "l.person_id NOT IN (SELECT value FROM json_each(?))"
            found |= self._portraits(way, others, json.dumps([*found]))
        return found

    def of(self, person_id: int) -> Portrait | None:
        """Return a person's face."""
        found = (self._portraits(way, "l.person_id = ?", person_id).get(person_id) for way in _WAYS)
        return next(filter(None, found), None)

    def _portraits(self, way: str, whose: str, value: object) -> dict[int, Portrait]:
        def portrait(row: Sequence[Any]) -> tuple[int, Portrait]:
            person, appearance, photo, orientation, *box = row
            return person, Portrait(appearance, photo, box_of(box).to_upright(orientation), way == _CHOSEN)

        query = _BEST.format(condition=f"{way} AND {whose}")
        return dict(self._connection.read("observations", portrait, query, (value,)))

    def photo_counts(self) -> dict[int, int]:
        """Return in how many photos each person is, by their number, but for those that only others have."""
        rows = self._connection.execute(
            "SELECT l.person_id, count(DISTINCT a.photo_id) FROM accepted_links l "
            "JOIN appearances a ON a.id = l.appearance_id WHERE a.photo_id NOT IN "
            f"(SELECT id FROM photos WHERE image_hash GLOB '{IMPORTED}*') GROUP BY l.person_id"
        )
        return dict(rows.fetchall())
