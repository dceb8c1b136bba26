"""Faces that one model saw and another one is still to describe."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kith.library.connection import LibraryConnection
from kith.library.person_records import NEWEST_OBSERVATION, TAUGHT
from kith.library.photo_records import PhotoRecords, box_of
from kith.library.soundness import whole
from kith.photos.box import Box
from kith.vision.observations import Appearance, Kind, Observation


@dataclass(frozen=True, slots=True)
class Undescribed:
    """The faces of a photo that are to be described, by appearance (boxes of stored pixels), and who saw them there."""

    photo_id: int
    analysis_id: int
    places: Mapping[int, Box]


class DescriptionQueries:
    """What further models have to say of faces."""

    def __init__(self, connection: LibraryConnection, photos: PhotoRecords) -> None:
        self._connection = connection
        self._photos = photos

    def taught(self, seen_by: str, not_by: str) -> list[Undescribed]:
        """Return the faces that dataset and user teach, which the one model saw and the other did not, by photo."""
        rows = self._connection.read(
            "observations",
            lambda row: (whole(row[0]), whole(row[1]), whole(row[2]), box_of(row[3:])),
            f"""
            SELECT o.id, a.id, a.photo_id, o.analysis_id, o.x, o.y, o.w, o.h
            FROM accepted_links l JOIN appearances a ON a.id = l.appearance_id
            JOIN observations o ON o.id = {NEWEST_OBSERVATION}
            WHERE {TAUGHT} AND a.x IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM observations d WHERE d.appearance_id = a.id AND d.kind = ?1 AND d.model_id = ?3)
            ORDER BY a.photo_id, a.id
            """,
            (Kind.FACE, seen_by, not_by),
        )
        return self._by_photo(rows)

    def _by_photo(self, rows: Iterable[tuple[int, int, int, Box]]) -> list[Undescribed]:
        found: defaultdict[tuple[int, int], dict[int, Box]] = defaultdict(dict)
        for appearance_id, photo_id, analysis_id, box in rows:
            found[photo_id, analysis_id][appearance_id] = box
        return [Undescribed(*key, places) for key, places in found.items()]

    def drawn(self, model_id: str) -> list[Undescribed]:
        """Return the faces that the user drew and this model has not described, by photo.

        Only the user saw them: no detector gives them a score.
        """
        rows = self._connection.read(
            "appearances",
            lambda row: (whole(row[0]), whole(row[1]), whole(row[2]), box_of(row[3:])),
            f"""
            SELECT a.id, a.id, a.photo_id, n.id, a.x, a.y, a.w, a.h
            FROM links l JOIN appearances a ON a.id = l.appearance_id
            JOIN analyses n ON n.id = (
                SELECT max(id) FROM analyses WHERE photo_id = a.photo_id AND engine_id NOT GLOB 'import:*')
            WHERE l.source = 'user' AND {TAUGHT} AND l.word = 'is' AND a.x IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM observations o WHERE o.appearance_id = a.id AND (o.score != 0 OR o.model_id = ?))
            ORDER BY a.photo_id, a.id
            """,
            (model_id,),
        )
        return self._by_photo(rows)

    def add(self, faces: Undescribed, described: Iterable[tuple[int, Observation]]) -> None:
        """Let what a further model made of faces join the look that found them, within the caller's transaction."""
        for appearance_id, observation in described:
            self._photos.add_observations(appearance_id, faces.analysis_id, Appearance(observation.box, (observation,)))
