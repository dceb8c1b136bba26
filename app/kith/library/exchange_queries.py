"""What one library can tell another of its people: the words of dataset and user, and what was seen there."""

import json
from collections.abc import Collection
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.photo_records import observation_of
from kith.library.soundness import whole
from kith.vision.observations import Observation

# Whom the dataset or the user spoke of, in this order; the machine's own decisions are for each library to make.
_AMONG = "IN (SELECT value FROM json_each(:people))"
_WORDS = f"FROM links l WHERE l.source IN ('dataset', 'user') AND l.person_id {_AMONG} ORDER BY l.id"
_SPOKEN_OF = f"""IN (SELECT l.appearance_id FROM (SELECT * {_WORDS}) l
    UNION SELECT appearance_id FROM key_faces WHERE person_id {_AMONG}
    UNION SELECT appearance_id FROM ignored WHERE :ignored)"""


class ExchangeQueries:
    """Rows as they go into a file for others; `people` are numbers of persons, with whoever is ignored if told so."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def words(self, people: Collection[int]) -> list[tuple[Any, ...]]:
        """Return (appearance, person, word, source, made at)."""
        return self._rows(f"SELECT l.appearance_id, l.person_id, l.word, l.source, l.made_at {_WORDS}", people)

    def appearances(self, people: Collection[int], ignored: bool = False) -> list[tuple[Any, ...]]:
        """Return (appearance, image hash, orientation, taken at, perceptual hash, box or nulls) of those spoken of."""
        return self._rows(
            "SELECT a.id, p.image_hash, p.orientation, p.taken_at, p.phash, a.x, a.y, a.w, a.h "
            f"FROM appearances a JOIN photos p ON p.id = a.photo_id WHERE a.id {_SPOKEN_OF} ORDER BY a.id",
            people,
            ignored,
        )

    def observations(self, people: Collection[int], ignored: bool = False) -> list[tuple[int, Observation]]:
        """Return what was seen of those spoken of, each with their appearance."""
        rows = self._connection.read(
            "observations",
            lambda row: (whole(row[0]), observation_of(self._connection, row[1:])),
            "SELECT o.id, o.appearance_id, o.kind, o.model_id, o.x, o.y, o.w, o.h, o.score, o.vector, o.sharpness, "
            f"o.pixels, o.frontality, o.weak FROM observations o WHERE o.appearance_id {_SPOKEN_OF} AND o.weak = 0 "
            "ORDER BY o.id",
            _asked(people, ignored),
        )
        return list(rows)

    def key_faces(self) -> dict[int, int]:
        """Return the appearances that the user chose to stand for people, by person."""
        return dict(self._connection.execute("SELECT person_id, appearance_id FROM key_faces").fetchall())

    def codes(self) -> dict[str, int]:
        """Return by which codes libraries know people, each with the person's number here."""
        return dict(self._connection.execute("SELECT code, person_id FROM person_ids ORDER BY id").fetchall())

    def give_codes(self, people: Collection[int]) -> None:
        """See to it that each of these people has a code of their own, within the caller's transaction."""
        self._connection.execute(
            f"INSERT INTO person_ids (person_id, code) SELECT id, lower(hex(randomblob(16))) FROM persons "
            f"WHERE id {_AMONG} AND id NOT IN (SELECT person_id FROM person_ids) ORDER BY id",
            {"people": json.dumps([*people])},
        )

    def _rows(self, query: str, people: Collection[int], ignored: bool = False) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, _asked(people, ignored)).fetchall()


def _asked(people: Collection[int], ignored: bool) -> dict[str, object]:
    return {"people": json.dumps([*people]), "ignored": ignored}
