"""Who waits to be named: all of them at once, with what is shown and chosen by."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import FileState, path_text
from kith.library.photo_records import box_of
from kith.library.review_queries import NOBODY_KNOWN, NOT_IGNORED, newest_analysis
from kith.library.soundness import whole
from kith.photos.box import Box
from kith.vision.observations import Kind


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody whom nobody is said to be: at `box` of the upright photo; `group` is their group's number, or 0."""

    appearance_id: int
    photo_id: int
    has_face: bool
    box: Box
    taken_at: str
    group: int


class WaitingQueries:
    """Unknown and unsure people in filed photos."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def seen(self, face_model_id: str) -> list[Seen]:
        """Return who shows in filed photos and is not known, nor ignored, as the last look saw them: by photo.

        They are those of `ReviewQueries.unknowns`.
        """
        rows = self._connection.read(
            "observations",
            _seen,
            f"""
            SELECT o.id, a.id, a.photo_id, o.kind = '{Kind.FACE}', p.orientation, p.taken_at, coalesce(g.group_id, 0),
                o.x, o.y, o.w, o.h
            FROM appearances a JOIN photos p ON p.id = a.photo_id
            JOIN observations o ON o.appearance_id = a.id AND o.analysis_id = {newest_analysis("a.photo_id", "?1")}
            LEFT JOIN unknown_groups g ON g.appearance_id = a.id
            WHERE a.photo_id IN (SELECT photo_id FROM copies WHERE sha256 IS NOT NULL)
                AND {NOBODY_KNOWN} AND {NOT_IGNORED}
            ORDER BY a.photo_id, a.id, o.kind = '{Kind.FACE}'
            """,
            (face_model_id,),
        )
        return list({seen.appearance_id: seen for seen in rows}.values())  # of a face and a body the face

    def photos(self) -> list[int]:
        """Return the photos in which somebody is nobody known, nor ignored."""
        rows = self._connection.execute(
            f"SELECT DISTINCT a.photo_id FROM appearances a WHERE {NOBODY_KNOWN} AND {NOT_IGNORED} ORDER BY a.photo_id"
        )
        return [row[0] for row in rows]

    def files(self, photo_ids: Collection[int]) -> dict[int, list[FileState]]:
        """Return the files of photos as they were when they were last looked at."""
        rows = self._connection.read(
            "files",
            lambda row: (row[0], FileState(path_text(row[1]), row[2], row[3])),
            "SELECT path, photo_id, path, size, mtime_ns FROM files "
            "WHERE photo_id IN (SELECT value FROM json_each(?)) ORDER BY path",
            (json.dumps([*photo_ids]),),
        )
        files: defaultdict[int, list[FileState]] = defaultdict(list)
        for photo_id, file in rows:
            files[photo_id].append(file)
        return files


def _seen(row: Sequence[Any]) -> Seen:
    appearance_id, photo_id, has_face, orientation, taken_at, group, *place = row
    box = box_of(place).to_upright(orientation)
    return Seen(whole(appearance_id), whole(photo_id), bool(has_face), box, taken_at or "", whole(group))
