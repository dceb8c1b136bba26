"""Photos to decide on, one or many at once: what there is to decide by, and writing what it came to."""

import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, below, folder_of, path_text
from kith.library.person_records import links_by_photo
from kith.library.photo_records import now, observation_of
from kith.library.review_queries import newest_analysis
from kith.library.soundness import text_of, whole
from kith.library.stack_records import NOT_STACKED
from kith.values.links import Link, Source, Word
from kith.values.sightings import Case, Sighting
from kith.vision.observations import Kind, Observation

_AMONG = "IN (SELECT value FROM json_each(?1))"  # the photos asked for
_LAST_SEEN = f"""
    (SELECT p.id, {newest_analysis("p.id", "?3")} newest
        FROM photos p WHERE p.id {_AMONG}) p JOIN observations o ON o.analysis_id = p.newest
"""
_SEEN_BY = """
    (SELECT n.photo_id id, n.id analysis FROM analyses n WHERE n.id IN (SELECT value FROM json_each(?2))) p
        JOIN observations o ON o.analysis_id = p.analysis
"""


@dataclass(frozen=True, slots=True)
class Models:
    """The ids of the models that photos are decided by; empty where there is none."""

    face: str
    body: str = ""
    second_opinion: str = ""


@dataclass(frozen=True, slots=True)
class FiledCopy:
    """A copy as recorded: in which output folder, in which folder there, as text, and whether it is complete."""

    person_id: int | None
    output: Path
    folder: str
    done: bool


@dataclass(frozen=True, slots=True, eq=False)
class StoredPhoto:
    """A photo as the library knows it: what there is to decide on."""

    id: int
    case: Case


class RedecisionQueries:
    """Photos, span by span, with their newest observations and links, and their copies."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def recognised(self, people_folder: Path, among: Collection[int] | None = None) -> list[int]:
        """Return the photos that are the machine's to decide, by id: not those known from the people folder alone."""
        chosen = "" if among is None else "p.id IN (SELECT value FROM json_each(:among)) AND"
        rows = self._connection.execute(
            f"""
            SELECT p.id FROM photos p
            WHERE {chosen} (EXISTS (SELECT 1 FROM copies c WHERE c.photo_id = p.id)
                OR EXISTS (SELECT 1 FROM files f WHERE f.photo_id = p.id AND NOT {BELOW})
                OR EXISTS (SELECT 1 FROM appearances a CROSS JOIN links l ON l.appearance_id = a.id
                    WHERE a.photo_id = p.id AND l.source = 'machine')) AND {NOT_STACKED}
            ORDER BY p.id
            """,
            {**below(people_folder), "among": json.dumps([*(among or ())])},
        )
        return [row[0] for row in rows]

    def photos(self, ids: Sequence[int], models: Models, analyses: Sequence[int] = ()) -> list[StoredPhoto]:
        """Return photos as last looked at by the face model, else by any, or as `analyses` saw them.

        They are without the bodies that another model saw.
        """
        among = json.dumps([*ids])
        seen = self._seen(among, models, analyses)
        seconds = self._seconds(among, models.second_opinion) if models.second_opinion else {}
        links = links_by_photo(self._connection, ids)
        ignored = self._ignored(among)
        taken_at = self._taken_at(among)
        return [
            StoredPhoto(key, Case(_sightings(seen[key], links[key], seconds), links[key], taken_at.get(key), ignored))
            for key in ids
        ]

    def _seen(
        self, among: str, models: Models, analyses: Sequence[int]
    ) -> defaultdict[int, dict[int, dict[Kind, Observation]]]:
        def seen_of(row: Sequence[Any]) -> tuple[int, int, Observation | None]:
            photo_id, appearance_id, kind, model_id, *_ = row
            is_comparable = kind == Kind.FACE or model_id == models.body
            return photo_id, whole(appearance_id), observation_of(self._connection, row[2:]) if is_comparable else None

        rows = self._connection.read(
            "observations",
            seen_of,
            f"""
            SELECT o.id, p.id, a.id, o.kind, o.model_id, o.x, o.y, o.w, o.h, o.score,
                iif(o.kind = 'face' OR o.model_id = ?4, o.vector, NULL),
                o.sharpness, o.pixels, o.frontality, o.weak
            FROM {_SEEN_BY if analyses else _LAST_SEEN}
            LEFT JOIN appearances a ON a.id = o.appearance_id
            ORDER BY p.id, o.id
            """,
            (among, json.dumps([*analyses]), models.face, models.body),
        )
        seen: defaultdict[int, dict[int, dict[Kind, Observation]]] = defaultdict(dict)
        for photo_id, appearance_id, observation in rows:
            kinds = seen[photo_id].setdefault(appearance_id, {})
            if observation and (observation.kind not in kinds or observation.model_id == models.face):
                kinds[observation.kind] = observation
        return seen

    def _seconds(self, among: str, model_id: str) -> dict[int, Observation]:
        """Return what a model makes of faces, by appearance, whenever it was asked."""
        rows = self._connection.read(
            "observations",
            lambda row: (whole(row[0]), observation_of(self._connection, row[1:])),
            f"""
            SELECT o.id, a.id, o.kind, o.model_id, o.x, o.y, o.w, o.h, o.score, o.vector,
                o.sharpness, o.pixels, o.frontality, o.weak
            FROM appearances a JOIN observations o ON o.appearance_id = a.id AND o.kind = 'face' AND o.model_id = ?2
            WHERE a.photo_id {_AMONG} ORDER BY o.id
            """,
            (among, model_id),
        )
        return dict(rows)

    def _taken_at(self, among: str) -> dict[int, str | None]:
        query = f"SELECT id, id, taken_at FROM photos WHERE id {_AMONG}"
        return dict(self._connection.read("photos", lambda row: (row[0], row[1] and text_of(row[1])), query, (among,)))

    def _ignored(self, among: str) -> set[int]:
        rows = self._connection.execute(
            "SELECT i.appearance_id FROM ignored i JOIN appearances a ON a.id = i.appearance_id "
            f"WHERE a.photo_id {_AMONG}",
            (among,),
        )
        return {row[0] for row in rows}

    def copies(self, photo_ids: Collection[int]) -> Mapping[int, Sequence[FiledCopy]]:
        """Return the copies of photos that have some, by photo."""
        rows = self._connection.read(
            "copies",
            _filed_copy,
            f"SELECT id, photo_id, person_id, output, target, sha256 IS NOT NULL FROM copies WHERE photo_id {_AMONG}",
            (json.dumps([*photo_ids]),),
        )
        copies: defaultdict[int, list[FiledCopy]] = defaultdict(list)
        for photo_id, copy in rows:
            copies[photo_id].append(copy)
        return copies

    def files(self, photo_ids: Collection[int]) -> dict[int, str]:
        """Return where each of these photos was last seen."""
        rows = self._connection.read(
            "files",
            lambda row: (row[0], path_text(row[1])),
            f"SELECT path, photo_id, path FROM files WHERE photo_id {_AMONG} ORDER BY path DESC",
            (json.dumps([*photo_ids]),),
        )
        return dict(rows)

    def replace(self, outdated: Iterable[Link], wanted: Iterable[Link]) -> None:
        """Let the machine say `wanted` instead of `outdated`, within the caller's transaction."""
        self._connection.executemany(
            "DELETE FROM links WHERE appearance_id = ? AND person_id = ? AND source = 'machine'",
            [(link.appearance_id, link.person_id) for link in outdated],
        )
        made_at = now()
        self._connection.executemany(
            "INSERT INTO links (appearance_id, person_id, word, source, score, model_id, made_at) "
            "VALUES (?, ?, 'is', 'machine', ?, ?, ?) ON CONFLICT (appearance_id, person_id, source) DO UPDATE SET "
            "word = excluded.word, score = excluded.score, model_id = excluded.model_id, made_at = excluded.made_at",
            [(link.appearance_id, link.person_id, link.score, link.model_id, made_at) for link in wanted],
        )


def _filed_copy(row: Sequence[Any]) -> tuple[int, FiledCopy]:
    photo_id, person_id, output, target, done = row
    folder = os.path.dirname(path_text(target))  # noqa: PTH120 - of many, and quick
    return photo_id, FiledCopy(person_id, folder_of(output), folder, bool(done))


def _sightings(
    seen: Mapping[int, Mapping[Kind, Observation]],
    links: Mapping[int, Sequence[Link]],
    seconds: Mapping[int, Observation],
) -> list[Sighting]:
    """Return whom models saw, and then whom only the user saw."""
    sightings = [
        Sighting(key, kinds.get(Kind.FACE), kinds.get(Kind.BODY), seconds.get(key)) for key, kinds in seen.items()
    ]
    named = {key for key, words in links.items() if any(map(_is_named_by_user, words))}
    return [*sightings, *(Sighting(key, None, None) for key in sorted(named - seen.keys()))]


def _is_named_by_user(link: Link) -> bool:
    return link.source is Source.USER and link.word is Word.IS
