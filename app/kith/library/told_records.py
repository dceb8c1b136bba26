"""What another library tells: its photos, what was seen there, by which codes it knows people, and its other words."""

from collections.abc import Collection

from kith.library.connection import LibraryConnection
from kith.library.photo_records import IMPORTED, now, to_blob
from kith.vision.observations import Observation

_TOLD = f"{IMPORTED}people"  # stands for the models that looked at a photo: another library's


class ToldRecords:
    """Rows taken over from another library, each within the caller's change."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def photo(self, image_hash: str, orientation: int) -> int | None:
        """Return the photo with this image data: one that is here, else one that was told of."""
        row = self._connection.execute(
            "SELECT id FROM photos WHERE image_hash IN (?1, ?2) ORDER BY image_hash = ?2, orientation != ?3, id",
            (image_hash, f"{IMPORTED}{image_hash}", orientation),
        ).fetchone()
        return row[0] if row else None

    def enter_photo(self, image_hash: str, orientation: int, taken_at: str | None, phash: int | None) -> int:
        """Enter a photo that is not here, and return its number."""
        return self._insert(
            "photos (image_hash, width, height, orientation, taken_at, phash, added_at) VALUES (?, 1, 1, ?, ?, ?, ?)",
            *(f"{IMPORTED}{image_hash}", orientation, taken_at, phash, now()),
        )

    def models_of(self, appearance_id: int) -> set[tuple[str, str]]:
        """Return as which kind which models saw somebody."""
        rows = self._connection.execute(
            "SELECT DISTINCT kind, model_id FROM observations WHERE appearance_id = ?", (appearance_id,)
        )
        return {(kind, model) for kind, model in rows}

    def add_observation(self, photo_id: int, appearance_id: int, seen: Observation) -> None:
        """Enter what a model saw of somebody in the other library."""
        box, qualities = seen.box, (seen.score, seen.sharpness, seen.pixels, seen.frontality)
        self._insert(
            "observations (appearance_id, analysis_id, kind, model_id, x, y, w, h, score, sharpness, pixels, "
            "frontality, weak, vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            *(appearance_id, self._look(photo_id), seen.kind, seen.model_id, *box, *qualities, to_blob(seen.vector)),
        )

    def length(self, model_id: str) -> int | None:
        """Return how many numbers the vectors of a model have here, None where there are none."""
        row = self._connection.execute(
            "SELECT length(vector) / 4 FROM observations WHERE model_id = ? LIMIT 1", (model_id,)
        ).fetchone()
        return row[0] if row else None

    def without_place(self, photo_id: int) -> list[int]:
        """Return who shows in a photo nobody knows where."""
        rows = self._connection.execute(
            "SELECT id FROM appearances WHERE photo_id = ? AND x IS NULL ORDER BY id", (photo_id,)
        )
        return [row[0] for row in rows]

    def know_as(self, person_id: int, codes: Collection[str]) -> None:
        """Know a person by codes of another library, from now on."""
        self._connection.executemany(
            "INSERT INTO person_ids (person_id, code) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(person_id, code) for code in codes],
        )

    def contradict(self, appearance_id: int, person_id: int | None, word: str) -> None:
        """Keep a word that contradicts what is said here."""
        self._connection.execute(
            "INSERT INTO contradictions (appearance_id, person_id, word, made_at) SELECT ?1, ?2, ?3, ?4 WHERE NOT "
            "EXISTS (SELECT 1 FROM contradictions WHERE appearance_id = ?1 AND person_id IS ?2 AND word = ?3)",
            (appearance_id, person_id, word, now()),
        )

    def contradictions(self, appearance_id: int) -> list[tuple[int | None, str]]:
        """Return what other libraries said of an appearance against what is said here: person and word."""
        return self._connection.execute(
            "SELECT person_id, word FROM contradictions WHERE appearance_id = ? ORDER BY id", (appearance_id,)
        ).fetchall()

    def _look(self, photo_id: int) -> int:
        """Return the look at a photo that was told of, entered now or before."""
        there = "SELECT id FROM analyses WHERE photo_id = ? AND engine_id = ?"
        row = self._connection.execute(there, (photo_id, _TOLD)).fetchone()
        if row:
            return int(row[0])
        made = "analyses (engine_id, made_at, photo_id, orientation) SELECT ?, ?, id, orientation FROM photos"
        return self._insert(f"{made} WHERE id = ?", _TOLD, now(), photo_id)

    def _insert(self, row: str, *values: object) -> int:
        return int(self._connection.execute(f"INSERT INTO {row}", values).lastrowid or 0)
