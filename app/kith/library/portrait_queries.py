"""The face that stands for each person, and how many photos show them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.photo_records import IMPORTED, box_of
from kith.photos.box import Box
from kith.values.links import Source
from kith.values.samples import LEAST_FRONTALITY
from kith.vision.observations import Kind

# Whose face stands for a person, the most wanted first: one chosen by the user, taught or named, recognised.
_CHOSEN = "(l.person_id, l.appearance_id) IN (SELECT person_id, appearance_id FROM key_faces)"
_WAYS = (_CHOSEN, f"l.source IN ('{Source.DATASET}', '{Source.USER}')", f"l.source = '{Source.MACHINE}'")
# How good a face is to know somebody by, as one number, which takes no sorting: from the front, more than the whole
# photo, large up to 200 pixels, sharp.
_GOOD = f"""(o.frontality >= {LEAST_FRONTALITY}) * 2e6 + (1 - o.weak) * 1e6
    + round(min(o.pixels, 200)) * 4e3 + min(o.sharpness, 3999)"""
_BEST = f"""
    SELECT l.person_id, o.id, max({_GOOD}) FROM json_each(?) who CROSS JOIN accepted_links l ON l.person_id = who.value
    JOIN observations o ON o.appearance_id = l.appearance_id AND o.kind = '{Kind.FACE}'
    WHERE {{condition}} GROUP BY l.person_id"""
_HAS_FILE = "EXISTS (SELECT 1 FROM files f WHERE f.photo_id = a.photo_id)"
_LIES_SOMEWHERE = f"EXISTS (SELECT 1 FROM appearances a WHERE a.id = l.appearance_id AND {_HAS_FILE})"


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
        people = [row[0] for row in self._connection.execute("SELECT id FROM persons")]
        for way in _WAYS:
            best = self._best(way, [person for person in people if person not in found])
            portraits = self._portraits(best, way)
            gone = [person for person in best if person not in portraits]  # whose best photo lies nowhere
            others = self._best(f"{way} AND {_LIES_SOMEWHERE}", gone) if gone else {}
            found |= portraits | self._portraits(others, way)
        return found

    def of(self, person_id: int) -> Portrait | None:
        """Return a person's face."""
        for way in _WAYS:
            best = self._best(f"{way} AND {_LIES_SOMEWHERE}", [person_id])
            if portrait := self._portraits(best, way).get(person_id):
                return portrait
        return None

    def _best(self, condition: str, people: Sequence[int]) -> dict[int, int]:
        """Return the observation of the best face of each person, by their number."""
        rows = self._connection.execute(_BEST.format(condition=condition), (json.dumps([*people]),))
        return {person: observation for person, observation, _ in rows}

    def _portraits(self, best: Mapping[int, int], way: str) -> dict[int, Portrait]:
        """Return those of these faces whose photos lie somewhere."""

        def portrait(row: Sequence[Any]) -> tuple[int, Portrait]:
            observation, appearance, photo, orientation, *box = row
            shown = Portrait(appearance, photo, box_of(box).to_upright(orientation), way == _CHOSEN)
            return observation, shown

        rows = self._connection.read(
            "observations",
            portrait,
            f"""
            SELECT o.id, o.id, a.id, a.photo_id, p.orientation, o.x, o.y, o.w, o.h
            FROM observations o JOIN appearances a ON a.id = o.appearance_id JOIN photos p ON p.id = a.photo_id
            WHERE o.id IN (SELECT value FROM json_each(?)) AND {_HAS_FILE}
            """,
            (json.dumps([*best.values()]),),
        )
        found = dict(rows)
        return {person: found[observation] for person, observation in best.items() if observation in found}

    def photo_counts(self) -> dict[int, int]:
        """Return in how many photos each person is, by their number, but for those that only others have."""
        rows = self._connection.execute(
            "SELECT l.person_id, count(DISTINCT a.photo_id) FROM accepted_links l "
            "JOIN appearances a ON a.id = l.appearance_id WHERE a.photo_id NOT IN "
            f"(SELECT id FROM photos WHERE image_hash GLOB '{IMPORTED}*') GROUP BY l.person_id"
        )
        return dict(rows.fetchall())
