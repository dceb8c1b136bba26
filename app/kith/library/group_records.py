"""Groups of unknown faces, and who is ignored."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.library.connection import LibraryConnection
from kith.library.photo_records import IMPORTED, now
from kith.library.review_queries import NOBODY_KNOWN, NOT_IGNORED, newest_analysis
from kith.library.soundness import whole
from kith.values.samples import LEAST_FRONTALITY, LEAST_PIXELS, Faces, Ids
from kith.vision.observations import Kind

# Samples taken over without a photo have nothing to show: whose they were is forgotten with an import undone.
UNKNOWN = f"""{NOBODY_KNOWN} AND {NOT_IGNORED}
    AND NOT EXISTS (SELECT 1 FROM photos p WHERE p.id = a.photo_id AND p.image_hash GLOB '{IMPORTED}*')"""


@dataclass(frozen=True, slots=True)
class Member:
    """An unknown face of a group and the photo it is in."""

    appearance_id: int
    photo_id: int


class GroupRecords:
    """The groups of unknown faces, and the appearances that the user ignores."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def faces(self, model_id: str, least_sharpness: float) -> Faces:
        """Return the unknown faces as the last look at each photo saw them, and everybody who is in a group."""

        def seen_of(row: Sequence[Any]) -> tuple[NDArray[np.float32], *tuple[int, ...]]:
            return self._connection.vector(model_id, row[6]), *map(whole, row[:6])

        rows = self._connection.read(
            "observations",
            seen_of,
            f"""
            WITH somebody AS MATERIALIZED (  -- else SQLite asks twice who is unknown
                SELECT a.id, a.photo_id, g.group_id, g.settled, {UNKNOWN} AS unknown
                FROM appearances a LEFT JOIN unknown_groups g ON g.appearance_id = a.id)
            SELECT o.id, a.id, a.photo_id, coalesce(a.group_id, 0), a.unknown,
                o.sharpness >= ?3 AND o.pixels >= ?4 AND o.frontality >= ?5, coalesce(a.settled, 0), o.vector
            FROM somebody a CROSS JOIN observations o ON o.appearance_id = a.id
                AND o.kind = ?1 AND o.model_id = ?2 AND o.analysis_id = {newest_analysis("a.photo_id", "?2")}
            WHERE a.unknown OR a.group_id IS NOT NULL
            ORDER BY a.id
            """,
            (Kind.FACE, model_id, least_sharpness, LEAST_PIXELS, LEAST_FRONTALITY),
        )
        first = next(rows, None)
        length = 0 if first is None else len(first[0])
        columns = [(name, np.int64) for name in ("id", "photo", "group", "unknown", "good", "settled")]
        seen = () if first is None else chain([first], rows)
        table = np.fromiter(seen, np.dtype([("vector", np.float32, (length,)), *columns]))  # no object for each
        unknown, good, settled = (table[flag].astype(np.bool_) for flag in ("unknown", "good", "settled"))
        ids, photos, groups = (table[column].copy() for column in ("id", "photo", "group"))
        return Faces(ids, table["vector"], photos, groups, unknown, good, settled)

    def save(self, faces: Faces, groups: Ids) -> None:
        """Write down the groups that faces are in now (N), but over nothing written meanwhile."""
        is_new = faces.groups == 0
        has_moved = ~is_new & (faces.groups != groups)
        self._connection.executemany(
            "INSERT INTO unknown_groups (appearance_id, group_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            zip(faces.ids[is_new].tolist(), groups[is_new].tolist(), strict=True),
        )
        self._connection.executemany(
            "UPDATE unknown_groups SET group_id = ?3 WHERE appearance_id = ?1 AND group_id = ?2",
            zip(*(column[has_moved].tolist() for column in (faces.ids, faces.groups, groups)), strict=True),
        )

    def settle(self, appearance_ids: Iterable[int], group_id: int) -> None:
        """Put appearances into a group as the user says, within the caller's change: they stay there."""
        self._connection.executemany(
            "INSERT INTO unknown_groups (appearance_id, group_id, settled) VALUES (?1, ?2, 1) "
            "ON CONFLICT (appearance_id) DO UPDATE SET group_id = ?2, settled = 1",
            [(appearance, group_id) for appearance in appearance_ids],
        )

    def largest(self, least: int, most: int | None = None) -> list[int]:
        """Return the groups of at least so many unknown members, whichever model saw them: `most`, the largest."""
        rows = self._connection.execute(
            f"SELECT g.group_id FROM unknown_groups g CROSS JOIN appearances a ON a.id = g.appearance_id "
            f"WHERE {UNKNOWN} GROUP BY g.group_id HAVING count(*) >= ? ORDER BY count(*) DESC, g.group_id LIMIT ?",
            (least, -1 if most is None else most),
        )
        return [row[0] for row in rows]

    def groups(self, model_id: str, among: Sequence[int] | None = None) -> dict[int, list[Member]]:
        """Return the unknown members of groups, of all or some, as this model sees them.

        The largest come first, of each its best faces.
        """
        chosen = "" if among is None else "AND g.group_id IN (SELECT value FROM json_each(?3))"
        rows = self._connection.execute(
            f"""
            SELECT g.group_id, a.id, a.photo_id FROM unknown_groups g CROSS JOIN appearances a ON a.id = g.appearance_id
            CROSS JOIN observations o ON o.appearance_id = a.id AND o.kind = ?1 AND o.model_id = ?2
                AND o.analysis_id = {newest_analysis("a.photo_id", "?2")}
            WHERE {UNKNOWN} {chosen}
            ORDER BY g.group_id, o.frontality >= {LEAST_FRONTALITY} DESC, o.pixels DESC, a.id
            """,
            (Kind.FACE, model_id, *([] if among is None else [json.dumps(among)])),
        )
        groups: dict[int, list[Member]] = {}
        for group, appearance, photo in rows:
            groups.setdefault(group, []).append(Member(appearance, photo))
        return dict(sorted(groups.items(), key=lambda item: -len(item[1])))

    def nobodies_in(self, photo_id: int) -> list[int]:
        """Return who shows in a photo, is nobody known and not ignored."""
        rows = self._connection.execute(
            f"SELECT a.id FROM appearances a WHERE a.photo_id = ? AND {NOBODY_KNOWN} AND {NOT_IGNORED} ORDER BY a.id",
            (photo_id,),
        )
        return [row[0] for row in rows]

    def ignored(self) -> list[tuple[int, int]]:
        """Return the (appearance, photo) pairs that the user ignores, by photo."""
        return self._connection.execute(
            "SELECT a.id, a.photo_id FROM ignored i CROSS JOIN appearances a ON a.id = i.appearance_id "
            "ORDER BY a.photo_id, a.id"
        ).fetchall()

    def group_members(self, group_id: int) -> list[int]:
        """Return everybody who was ever put into a group."""
        rows = self._connection.execute(
            "SELECT appearance_id FROM unknown_groups WHERE group_id = ? ORDER BY appearance_id", (group_id,)
        )
        return [row[0] for row in rows]

    def ignore(self, appearance_ids: Iterable[int]) -> None:
        """Say that these are nobody the user wants to know, within the caller's change."""
        self._connection.executemany(
            "INSERT INTO ignored (appearance_id, made_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(appearance, now()) for appearance in appearance_ids],
        )

    def heed(self, appearance_ids: Sequence[int]) -> None:
        """Take back that these are ignored, within the caller's change."""
        self._connection.executemany(
            "DELETE FROM ignored WHERE appearance_id = ?", [(appearance,) for appearance in appearance_ids]
        )
