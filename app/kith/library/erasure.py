"""Erase a person for good: what a law on biometric data, or a friend, may ask for."""

import json
import sqlite3

from kith.library.journal import make_final
from kith.library.photo_records import IMPORTED
from kith.values.persons import Person

# Who user or dataset or machine says is the person ?1, but for those of whom the user says otherwise.
_APPEARANCES = """
    SELECT DISTINCT l.appearance_id FROM links l
    WHERE l.person_id = ?1 AND l.word = 'is' AND (l.source = 'user' OR NOT EXISTS (
        SELECT 1 FROM links u WHERE u.appearance_id = l.appearance_id AND u.source = 'user'
        AND (u.word = 'is' OR u.person_id = ?1)))"""
_OWNED = (
    "person_folders",
    "aliases",
    "person_fields",
    "key_faces",
    "person_ids",
    "contradictions",
    "links",
    "suggestions",
)


def erase_person(connection: sqlite3.Connection, person: Person) -> None:
    """Delete vectors, links, details and journal entries of a person, within the caller's transaction.

    Photos and filed copies stay where they are, but nothing in the library says any more whom these copies show. A
    photo of theirs is not analysed again, so no vector comes back, but for those that taught them: these would teach
    the person again if they stayed in the people folder.
    """
    make_final(connection)
    _cut_journal(connection, person)
    keys = connection.execute(_APPEARANCES, (person.id,)).fetchall()
    connection.execute(
        "UPDATE analyses SET engine_id = 'forgotten ' || id || ' ' || engine_id WHERE engine_id NOT LIKE 'forgotten %' "
        "AND photo_id IN (SELECT a.photo_id FROM appearances a JOIN links l ON l.appearance_id = a.id "
        "WHERE l.person_id = ? AND l.source = 'dataset')",
        (person.id,),
    )
    connection.executemany(
        "UPDATE photos SET image_hash = 'forgotten:' || id WHERE image_hash GLOB ? "
        "AND id = (SELECT photo_id FROM appearances WHERE id = ?)",
        [(f"{IMPORTED}*", *key) for key in keys],
    )
    for table in ("observations", "ignored", "unknown_groups", "key_faces", "contradictions"):
        connection.executemany(f"DELETE FROM {table} WHERE appearance_id = ?", keys)
    connection.execute(
        "DELETE FROM written_names WHERE EXISTS (SELECT 1 FROM copies c WHERE c.person_id = ? "
        "AND written_names.path IN (c.target, c.target || '.xmp'))",
        (person.id,),
    )
    for table in (*_OWNED, "copies"):
        connection.execute(f"DELETE FROM {table} WHERE person_id = ?", (person.id,))
    connection.execute("DELETE FROM written_names WHERE instr(names, ?)", (person.name,))  # out of reach
    connection.execute("DELETE FROM persons WHERE id = ?", (person.id,))
    connection.execute("DELETE FROM calibrations")  # fitted to their faces too


def _cut_journal(connection: sqlite3.Connection, person: Person) -> None:
    """Drop the changes up to the newest that holds their data: nothing older can be undone past a gap.

    What is damaged may hold them.
    """
    _drop_up_to(connection, _newest(connection, "before IS NOT NULL AND NOT json_valid(before) AND ? IS NULL", None))
    former = connection.execute(
        "SELECT json_extract(before, '$.name') FROM change_steps WHERE table_name = 'persons' AND row_id = ?1 "
        "AND before IS NOT NULL UNION SELECT json_extract(before, '$.name') FROM change_steps "
        "WHERE table_name = 'aliases' AND json_extract(before, '$.person_id') = ?1",
        (person.id,),
    )
    names = {person.name, *person.aliases, *person.folders, *(row[0] for row in former)}
    found = [
        _newest(connection, "table_name = 'persons' AND row_id = ?", person.id),
        _newest(connection, "json_extract(before, '$.person_id') = ?", person.id),
    ]
    for table in _OWNED:
        of_theirs = f"table_name = '{table}' AND row_id IN (SELECT id FROM {table} WHERE person_id = ?)"
        found.append(_newest(connection, of_theirs, person.id))
    for name in names:
        found.append(_newest(connection, "instr(before, ?)", json.dumps(name, ensure_ascii=False)))
        told = connection.execute("SELECT max(id) FROM changes WHERE instr(summary, ?)", (name,))
        found.append(told.fetchone()[0])
    _drop_up_to(connection, max((key for key in found if key), default=None))


def _drop_up_to(connection: sqlite3.Connection, newest: int | None) -> None:
    connection.execute("DELETE FROM change_steps WHERE change_id <= ?", (newest,))
    connection.execute("DELETE FROM changes WHERE id <= ?", (newest,))


def _newest(connection: sqlite3.Connection, condition: str, value: int | str | None) -> int | None:
    query = f"SELECT max(change_id) FROM change_steps WHERE {condition}"
    return connection.execute(query, (value,)).fetchone()[0]  # type: ignore[no-any-return]


def scrub(connection: sqlite3.Connection) -> bool:
    """Rewrite the file without what was deleted; return whether its log (-wal) could be emptied, too."""
    connection.execute("VACUUM")
    return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
