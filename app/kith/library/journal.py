"""The journal: what the user did to persons and links, taking the newest of it back, and doing it again."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kith.errors import BadKnowledgeBase
from kith.library.connection import LibraryConnection, repair_advice
from kith.library.photo_records import now
from kith.library.schema import BLOBS, JOURNALLED, REAL
from kith.library.soundness import former_row, whole
from kith.values.links import Source

_Step = tuple[str, int, Mapping[str, Any] | None]
# What an import entered stays where others go by it since: its photo came, a detector saw the same face.
_STAYS = {
    "photos": "EXISTS (SELECT 1 FROM files WHERE photo_id = photos.id) OR "
    "EXISTS (SELECT 1 FROM analyses WHERE photo_id = photos.id) OR "
    "EXISTS (SELECT 1 FROM appearances WHERE photo_id = photos.id)",
    "analyses": "EXISTS (SELECT 1 FROM observations WHERE analysis_id = analyses.id)",
    "appearances": "EXISTS (SELECT 1 FROM observations WHERE appearance_id = appearances.id AND score != 0)",
}


@dataclass(frozen=True, slots=True)
class Change:
    """Something the user did; `summary` says it in words."""

    id: int
    made_at: str
    action: str
    summary: str
    undone: bool


@dataclass(slots=True)
class Turned:
    """A change taken back or done again: its photos, and dataset folders as (known by now, known by from now on).

    `settings` are the values, as JSON, that everything is to be decided by from now on. `heirs` are who has a person's
    folder again, by that person's number.
    """

    change: Change
    photo_ids: set[int] = field(default_factory=set)
    folders: list[tuple[str, str]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    heirs: dict[int, int] = field(default_factory=dict)


class Journal:
    """Changes, and the rows as they were before each; the tables' triggers write the rows down."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def begin(self, action: str, summary: str) -> int:
        """Open a change within the caller's transaction: from now on every row touched is written down."""
        cursor = self._connection.execute(
            "INSERT INTO changes (made_at, action, summary) VALUES (?, ?, ?)",
            (now(), action, summary.encode(errors="backslashreplace").decode()),  # a file's name may be no Unicode
        )
        self._connection.execute("INSERT INTO open_change (change_id) VALUES (?)", (cursor.lastrowid,))
        return int(cursor.lastrowid or 0)

    def resume(self, change_id: int) -> bool:
        """Open a change again for what follows from it; False where it left no trace or is undone by now."""
        return bool(
            self._connection.execute(
                "INSERT INTO open_change SELECT id FROM changes WHERE id = ? AND undone_at IS NULL", (change_id,)
            ).rowcount
        )

    def end(self, change_id: int) -> None:
        """Close it; a change that changed nothing leaves no trace, any other makes what is undone final."""
        self._connection.execute("DELETE FROM open_change")
        self._note_newest(change_id)
        left_none = self._connection.execute(
            "DELETE FROM changes WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM change_steps WHERE change_id = ?1)",
            (change_id,),
        ).rowcount
        if not left_none:
            make_final(self._connection)

    def _note_newest(self, change_id: int) -> None:
        """Note the newest link and person: what is newer, others have said and made since."""
        self._connection.execute(
            "UPDATE changes SET last_link = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'links'), 0), "
            "last_person = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'persons'), 0) "
            "WHERE id = ?",
            (change_id,),
        )

    def history(self, limit: int = -1) -> list[Change]:
        """Return changes, the newest first."""
        return self._changes("TRUE ORDER BY id DESC", limit)

    def newest(self) -> Change | None:
        """Return the newest change that is not undone, which `undo` would take back."""
        return next(iter(self._changes("undone_at IS NULL ORDER BY id DESC", 1)), None)

    def _changes(self, which: str, limit: int) -> list[Change]:
        rows = self._connection.execute(
            f"SELECT id, made_at, action, summary, undone_at IS NOT NULL FROM changes WHERE {which} LIMIT ?", (limit,)
        )
        return [Change(key, made_at, action, summary, bool(undone)) for key, made_at, action, summary, undone in rows]

    def newest_undone(self) -> Change | None:
        """Return the change undone last, which `redo` would do again; None where a newer one made that final."""
        which = (
            "undone_at IS NOT NULL AND EXISTS (SELECT 1 FROM change_steps s WHERE s.change_id = changes.id) ORDER BY id"
        )
        return next(iter(self._changes(which, 1)), None)

    def state(self) -> tuple[int, int]:
        """Return what is different after any change or undo, for whoever keeps persons in memory."""
        return self._connection.execute(  # type: ignore[no-any-return]
            "SELECT coalesce(max(id), 0), count(undone_at) FROM changes"
        ).fetchone()

    def photos(self, change_id: int) -> set[int]:
        """Return the photos whose links or ignored appearances a change touched."""
        rows = self._connection.execute(
            """
            WITH touched (key) AS (
                SELECT CASE WHEN json_valid(before) THEN json_extract(before, '$.appearance_id') END FROM change_steps
                WHERE change_id = ?1 AND table_name IN ('links', 'ignored')
                UNION SELECT l.appearance_id FROM change_steps s JOIN links l ON l.id = s.row_id
                WHERE s.change_id = ?1 AND s.table_name = 'links'
                UNION SELECT row_id FROM change_steps WHERE change_id = ?1 AND table_name = 'ignored')
            SELECT DISTINCT photo_id FROM appearances JOIN touched ON id = key
            """,
            (change_id,),
        )
        return {row[0] for row in rows}

    def undo(self) -> Turned | None:
        """Take the newest change back that is not undone, within the caller's transaction; None if there is none.

        Every row becomes what it was, but what a build has said since goes over what the dataset said before. What the
        machine said before is for the caller to decide anew. A person made by the change stays if the dataset has taken
        them up since; one whom it took away goes again when it is redone.
        """
        return self._turn(self.newest(), is_undone=True)

    def redo(self) -> Turned | None:
        """Do again what was undone last, in the same way; None if nothing was since the newest change was made."""
        return self._turn(self.newest_undone(), is_undone=False)

    def _turn(self, change: Change | None, is_undone: bool) -> Turned | None:
        """Give every row that a change touched what it was before: its triggers write down the way back."""
        if change is None:
            return None
        self._connection.execute("PRAGMA defer_foreign_keys = ON")
        turned = Turned(change, self.photos(change.id))
        steps = self._steps(change.id)
        self._connection.execute("DELETE FROM change_steps WHERE change_id = ?", (change.id,))
        self._connection.execute("INSERT INTO open_change (change_id) VALUES (?)", (change.id,))
        try:
            for step in steps:
                self._take_back(turned, *step)
        except (sqlite3.IntegrityError, ValueError, TypeError) as error:
            raise _cannot_be_turned() from error
        self._connection.execute("DELETE FROM open_change")
        turned.photo_ids |= self.photos(change.id)  # also of appearances that were not there before
        self._note_newest(change.id)
        undone_at = now() if is_undone else None
        self._connection.execute("UPDATE changes SET undone_at = ? WHERE id = ?", (undone_at, change.id))
        return turned

    def _take_back(self, turned: Turned, table: str, row_id: int, before: Mapping[str, Any] | None) -> None:
        if before is not None:
            self._restore(turned, table, row_id, before)
        elif table == "persons" and (turned.change.undone or not self._is_taken_up(row_id)):
            self._take_person_away(turned, row_id)
        elif table == "persons":
            return  # whom the change made, and the dataset or a word has taken up since
        else:
            stays = _STAYS.get(table, "FALSE")
            self._connection.execute(
                f"DELETE FROM {table} WHERE {JOURNALLED[table][0]} = ? AND NOT ({stays})", (row_id,)
            )

    def _steps(self, change_id: int) -> list[_Step]:
        rows = self._connection.execute(
            "SELECT table_name, row_id, before FROM change_steps WHERE change_id = ? ORDER BY id DESC", (change_id,)
        )
        try:
            return [(table, whole(row_id), former_row(table, before)) for table, row_id, before in rows]
        except (ValueError, TypeError) as error:
            raise _cannot_be_turned() from error

    def _restore(self, turned: Turned, table: str, row_id: int, before: Mapping[str, Any]) -> None:
        if table == "links" and self._build_said_since(turned.change, before):
            self._connection.execute("DELETE FROM links WHERE id = ?", (row_id,))
            return
        if table == "applied_settings":
            turned.settings[before["key"]] = before["value"]
        if table == "person_folders":
            query = "SELECT folder, person_id FROM person_folders WHERE id = ?"
            folder, owner = self._connection.execute(query, (row_id,)).fetchone() or (before["folder"], None)
            if folder != before["folder"]:
                turned.folders.append((folder, before["folder"]))
            if owner is not None:
                turned.heirs[owner] = before["person_id"]
            self._take_back_folder(turned, before["folder"], before["person_id"])
        self._write_row(table, row_id, before)

    def _write_row(self, table: str, row_id: int, row: Mapping[str, Any]) -> None:
        """Change a row in place if it is there: one replaced would be written down as gone and come anew."""
        values = _exact(row.items())
        columns = ", ".join(f"{column} = ?" for column in row)
        changed = self._connection.execute(
            f"UPDATE OR REPLACE {table} SET {columns} WHERE {JOURNALLED[table][0]} = ?", (*values, row_id)
        ).rowcount
        if not changed:
            marks = ", ".join("?" * len(row))
            self._connection.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({marks})", values)

    def _take_back_folder(self, turned: Turned, folder: str, person_id: int) -> None:
        """Give a restored person what a build has since let their folder teach somebody else, and nobody else."""
        row = self._connection.execute(
            "SELECT person_id FROM person_folders WHERE folder = ?1 AND person_id != ?2 AND NOT EXISTS "
            "(SELECT 1 FROM person_folders o WHERE o.person_id = person_folders.person_id AND o.folder != ?1)",
            (folder, person_id),
        ).fetchone()
        if row is None:
            return
        turned.photo_ids |= self._photos_of(row[0])
        taught = "person_id = ? AND source = 'dataset' AND id > (SELECT last_link FROM changes WHERE id = ?)"
        since = (*row, turned.change.id)
        self._connection.execute(f"UPDATE OR IGNORE links SET person_id = ? WHERE {taught}", (person_id, *since))
        self._connection.execute(f"DELETE FROM links WHERE {taught}", since)
        if self._is_made_by_build(row[0], turned.change):
            self._connection.execute("UPDATE copies SET person_id = ? WHERE person_id = ?", (person_id, *row))
            self._connection.execute("DELETE FROM links WHERE person_id = ?", row)
            self._connection.execute("DELETE FROM person_folders WHERE person_id = ?", row)
            self._connection.execute("DELETE FROM persons WHERE id = ?", row)

    def _is_made_by_build(self, person_id: int, since: Change) -> bool:
        return bool(
            self._connection.execute(
                "SELECT 1 FROM persons WHERE id = ?1 AND id > (SELECT last_person FROM changes WHERE id = ?2) "
                "AND NOT EXISTS (SELECT 1 FROM change_steps s JOIN changes c ON c.id = s.change_id "
                "WHERE s.table_name = 'persons' AND s.row_id = ?1 AND s.before IS NULL AND c.undone_at IS NULL)",
                (person_id, since.id),
            ).fetchone()
        )

    def _photos_of(self, person_id: int) -> set[int]:
        rows = self._connection.execute(
            "SELECT a.photo_id FROM links l JOIN appearances a ON a.id = l.appearance_id WHERE l.person_id = ?1 "
            "UNION SELECT photo_id FROM copies WHERE person_id = ?1",
            (person_id,),
        )
        return {row[0] for row in rows}

    def _build_said_since(self, change: Change, link: Mapping[str, Any]) -> bool:
        """Say whether a build has spoken of the appearance since; what the machine has said since is taken away."""
        since = f"appearance_id = ? AND source = ? AND id > (SELECT last_link FROM changes WHERE id = {change.id})"
        self._connection.execute(f"DELETE FROM links WHERE {since}", (link["appearance_id"], Source.MACHINE))
        found = self._connection.execute(f"SELECT 1 FROM links WHERE {since}", (link["appearance_id"], Source.DATASET))
        return link["source"] == Source.DATASET and found.fetchone() is not None

    def _is_taken_up(self, person_id: int) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM person_folders WHERE person_id = ?1 "
            "UNION ALL SELECT 1 FROM links WHERE person_id = ?1 AND source != 'machine'",
            (person_id,),
        )
        return found.fetchone() is not None

    def _take_person_away(self, turned: Turned, person_id: int) -> None:
        """Take a person away; what a build has said of them since is said of whoever has their folder now, if any."""
        turned.photo_ids |= self._photos_of(person_id)
        heir = turned.heirs.get(person_id, person_id)
        self._connection.execute(
            "UPDATE OR IGNORE links SET person_id = ? WHERE person_id = ? AND source = 'dataset'", (heir, person_id)
        )
        for table in ("links", "person_folders"):
            self._connection.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))
        self._connection.execute("UPDATE copies SET person_id = NULL WHERE person_id = ?", (person_id,))
        self._connection.execute("DELETE FROM persons WHERE id = ?", (person_id,))


def make_final(connection: sqlite3.Connection) -> None:
    """Keep what is undone from being done again: a newer change stands on what it finds."""
    connection.execute(
        "DELETE FROM change_steps WHERE change_id IN (SELECT id FROM changes WHERE undone_at IS NOT NULL)"
    )


def _cannot_be_turned() -> BadKnowledgeBase:
    return BadKnowledgeBase(
        "The change cannot be undone, its record is damaged: ", repair_advice(), ". Nothing was changed."
    )


def _exact(values: Iterable[tuple[str, Any]]) -> list[Any]:
    return [_exact_value(name, value) for name, value in values]


def _exact_value(name: str, value: Any) -> Any:
    if value is None or name not in REAL | BLOBS:
        return value
    return float(value) if name in REAL else bytes.fromhex(value)
