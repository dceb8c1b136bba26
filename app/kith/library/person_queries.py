"""What the library knows of one person over several tables: their faces, their years, and who is with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.library.connection import LibraryConnection
from kith.library.photo_records import IMPORTED, box_of
from kith.photos.box import Box
from kith.values.links import Source
from kith.vision.observations import Kind

# Of an appearance a: what was seen of it last, its face by the model ?2 first, then any face, then a body.
_SEEN = """(SELECT o.id FROM observations o WHERE o.appearance_id = a.id
    ORDER BY o.kind = 'face' AND o.model_id = ?2 DESC, o.kind = 'face' DESC, o.id DESC LIMIT 1)"""


@dataclass(frozen=True, slots=True, eq=False)
class PersonFace:
    """Somebody said to be a person: by whom, at which box of the upright photo; the vector where the model saw a face.

    `score` is what the machine's word rests on, `taken_at` when the photo was taken (ISO 8601). The photo is not `here`
    where only another library told of it.
    """

    appearance_id: int
    photo_id: int
    source: Source
    score: float | None
    box: Box
    taken_at: str | None
    vector: NDArray[np.float32] | None
    here: bool = True


class PersonQueries:
    """Questions about one person."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def faces(self, person_id: int, model_id: str) -> list[PersonFace]:
        """Return everybody accepted as the person, with the vectors of a face model."""
        rows = self._connection.read(
            "observations",
            lambda row: self._face(model_id, row),
            f"""
            SELECT o.id, a.id, a.photo_id, l.source, l.score, p.taken_at, p.orientation, o.kind, o.model_id, o.vector,
                o.x, o.y, o.w, o.h, p.image_hash NOT GLOB '{IMPORTED}*'
            FROM accepted_links l JOIN appearances a ON a.id = l.appearance_id JOIN photos p ON p.id = a.photo_id
            JOIN observations o ON o.id = {_SEEN}
            WHERE l.person_id = ?1 ORDER BY a.id
            """,
            (person_id, model_id),
        )
        return list(rows)

    def _face(self, model_id: str, row: Sequence[Any]) -> PersonFace:
        key, photo, source, score, taken_at, orientation, kind, seen_by, vector, *place, here = row
        is_compared = kind == Kind.FACE and seen_by == model_id
        box = box_of(place).to_upright(orientation)
        compared = self._connection.vector(model_id, vector) if is_compared else None
        return PersonFace(key, photo, Source(source), score, box, taken_at, compared, bool(here))

    def together(self, person_id: int) -> list[tuple[int, int]]:
        """Return who is in photos with the person, and in how many: the most often first."""
        return self._connection.execute(
            """
            SELECT other.person_id, count(DISTINCT b.photo_id) AS photos
            FROM accepted_links l JOIN appearances a ON a.id = l.appearance_id
            JOIN appearances b ON b.photo_id = a.photo_id AND b.id != a.id
            JOIN accepted_links other ON other.appearance_id = b.id AND other.person_id != l.person_id
            WHERE l.person_id = ? GROUP BY other.person_id ORDER BY photos DESC, other.person_id
            """,
            (person_id,),
        ).fetchall()
