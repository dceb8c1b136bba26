"""Subjective and linking layers: persons, and who says that an appearance is one of them."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.identity.photo_records import now
from app.vision.observations import Kind


class Word(StrEnum):
    """What a link says."""

    IS = "is"
    IS_NOT = "is_not"


class Source(StrEnum):
    """Who says it."""

    DATASET = "dataset"
    USER = "user"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the name the user gave; `folder` is theirs in the dataset."""

    id: int
    name: str
    folder: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A word about an appearance; `score` and `model_id` are the machine's grounds."""

    appearance_id: int
    person_id: int
    word: Word
    source: Source
    score: float | None = None
    model_id: str | None = None


class PersonRecords:
    """Persons and links."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> dict[int, Person]:
        """Return every person by id."""
        rows = self._connection.execute("SELECT id, name, folder FROM persons ORDER BY id")
        return {row[0]: Person(*row) for row in rows}

    def add(self, name: str, folder: str | None = None) -> int:
        """Enter a person and return their id."""
        cursor = self._connection.execute(
            "INSERT INTO persons (name, folder, added_at) VALUES (?, ?, ?)", (name, folder, now())
        )
        return int(cursor.lastrowid or 0)

    def give_folder(self, person_id: int, folder: str) -> None:
        """Say that the person's folder was renamed; their name follows if it was the folder's."""
        self._connection.execute(
            "UPDATE persons SET name = CASE name WHEN folder THEN ?1 ELSE name END, folder = ?1 WHERE id = ?2",
            (folder, person_id),
        )

    def say(self, link: Link) -> None:
        """Enter a link in place of the same source's earlier word about this appearance and person."""
        self._connection.execute(
            "INSERT OR REPLACE INTO links (appearance_id, person_id, word, source, score, model_id, made_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (link.appearance_id, link.person_id, link.word, link.source, link.score, link.model_id, now()),
        )

    def replace_dataset_links(self, wanted: Iterable[tuple[int, int]]) -> None:
        """Make the dataset say exactly these (appearance, person) pairs."""
        rows = self._connection.execute("SELECT appearance_id, person_id FROM links WHERE source = 'dataset'")
        present, target = set(rows), set(wanted)
        self._connection.executemany(
            "DELETE FROM links WHERE source = 'dataset' AND appearance_id = ? AND person_id = ?", present - target
        )
        for appearance_id, person_id in sorted(target - present):
            self.say(Link(appearance_id, person_id, Word.IS, Source.DATASET))

    def replace_machine_links(self, appearance_ids: Sequence[int], links: Iterable[Link]) -> None:
        """Make these all that the machine says of these appearances."""
        self._connection.executemany(
            "DELETE FROM links WHERE source = 'machine' AND appearance_id = ?", [(key,) for key in appearance_ids]
        )
        for link in links:
            self.say(link)

    def links(self, appearance_id: int) -> list[Link]:
        """Return all that is said of an appearance."""
        rows = self._connection.execute(
            "SELECT appearance_id, person_id, word, source, score, model_id FROM links WHERE appearance_id = ?",
            (appearance_id,),
        )
        return [_link(row) for row in rows]

    def named_by_user(self, photo_id: int) -> set[int]:
        """Return the appearances in a photo that the user named, whatever models see there."""
        rows = self._connection.execute(
            "SELECT a.id FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "WHERE a.photo_id = ? AND l.source = 'user' AND l.word = 'is'",
            (photo_id,),
        )
        return {row[0] for row in rows}

    def dataset_links(self, photo_ids: Collection[int]) -> list[tuple[int, int]]:
        """Return the dataset's (appearance, person) pairs in these photos."""
        rows = self._connection.execute(
            "SELECT a.photo_id, a.id, l.person_id FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "WHERE l.source = 'dataset'"
        )
        return [(appearance, person) for photo, appearance, person in rows if photo in photo_ids]

    def dataset_persons(self, photo_ids: Iterable[int]) -> dict[int, int]:
        """Return photo id → person id as the dataset's links have it."""
        rows = self._connection.execute(
            "SELECT a.photo_id, l.person_id FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "WHERE l.source = 'dataset'"
        )
        wanted = set(photo_ids)
        return {photo: person for photo, person in rows if photo in wanted}

    def taught(self, kind: Kind, model_id: str) -> list[tuple[int, int, int, float, float, bytes]]:
        """Return what dataset and user teach: the newest observation of each appearance that is somebody.

        Rows of person id, appearance id, photo id, sharpness, frontality, vector. A user's word goes over the
        dataset's: an appearance the user named otherwise, or said is not the person, is left out for that person.
        """
        return self._connection.execute(
            """
            SELECT l.person_id, a.id, a.photo_id, o.sharpness, o.frontality, o.vector
            FROM links l
            JOIN appearances a ON a.id = l.appearance_id
            JOIN observations o ON o.id = (
                SELECT max(id) FROM observations WHERE appearance_id = a.id AND kind = ?1 AND model_id = ?2 AND NOT weak
            )
            WHERE l.word = 'is' AND (l.source = 'user' OR l.source = 'dataset' AND NOT EXISTS (
                SELECT 1 FROM links u WHERE u.appearance_id = a.id AND u.source = 'user'
                AND (u.word = 'is' OR u.person_id = l.person_id)))
            ORDER BY l.person_id, a.id
            """,
            (kind, model_id),
        ).fetchall()

    def taught_models(self, kind: Kind) -> set[str]:
        """Return the ids of the models that made the observations which dataset and user teach."""
        rows = self._connection.execute(
            "SELECT DISTINCT o.model_id FROM observations o JOIN links l ON l.appearance_id = o.appearance_id "
            "WHERE o.kind = ? AND NOT o.weak AND l.word = 'is' AND l.source IN ('dataset', 'user')",
            (kind,),
        )
        return {row[0] for row in rows}


def _link(row: tuple[int, int, str, str, float | None, str | None]) -> Link:
    appearance_id, person_id, word, source, score, model_id = row
    return Link(appearance_id, person_id, Word(word), Source(source), score, model_id)
