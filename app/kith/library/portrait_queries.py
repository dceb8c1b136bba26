"""The face that stands for each person, and how many photos show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from kith.library.connection import LibraryConnection
from kith.library.photo_records import box_of
from kith.photos.box import Box
from kith.values.links import Source
from kith.values.samples import LEAST_FRONTALITY
from kith.vision.observations import Kind

# The best first: chosen by the user, taught or named before recognised, from the front before averted, larger, sharper.
_BEST = f"""
    SELECT l.person_id, l.appearance_id, a.photo_id, k.id IS NOT NULL AS chosen,
        p.orientation, o.x, o.y, o.w, o.h,
        row_number() OVER (PARTITION BY l.person_id ORDER BY k.id IS NULL, l.source = '{Source.MACHINE}',
            o.frontality < {LEAST_FRONTALITY}, o.weak, min(o.pixels, 200) DESC, o.sharpness DESC, a.id) AS place
    FROM accepted_links l JOIN appearances a ON a.id = l.appearance_id JOIN photos p ON p.id = a.photo_id
    JOIN observations o ON o.appearance_id = a.id AND o.kind = '{Kind.FACE}'
    LEFT JOIN key_faces k ON k.person_id = l.person_id AND k.appearance_id = l.appearance_id
    WHERE EXISTS (SELECT 1 FROM files f WHERE f.photo_id = a.photo_id)"""


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
        return self._portraits("1", ())

    def of(self, person_id: int) -> Portrait | None:
        """Return a person's face."""
        return self._portraits("person_id = ?", (person_id,)).get(person_id)

    def _portraits(self, condition: str, values: Iterable[object]) -> dict[int, Portrait]:
        rows = self._connection.read(
            "observations",
            lambda row: (row[0], Portrait(row[1], row[2], box_of(row[5:]).to_upright(row[4]), bool(row[3]))),
            f"SELECT person_id, person_id, appearance_id, photo_id, chosen, orientation, x, y, w, h "
            f"FROM ({_BEST}) WHERE place = 1 AND {condition} ORDER BY person_id",
            (*values,),
        )
        return dict(rows)

    def photo_counts(self) -> dict[int, int]:
        """Return in how many photos each person is, by their number."""
        rows = self._connection.execute(
            "SELECT l.person_id, count(DISTINCT a.photo_id) FROM accepted_links l "
            "JOIN appearances a ON a.id = l.appearance_id GROUP BY l.person_id"
        )
        return dict(rows.fetchall())
