"""What hands and disks do to a library: each kind of damage, done to a real file."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

Damage = Callable[[Path], None]

ESCAPES = "\x1b]0;owned\x07\x1b[31m\u202e\nred"  # what a terminal would obey
_NAN, _INFINITE = np.full(128, np.nan, "<f4").tobytes(), np.full(128, np.inf, "<f4").tobytes()


def _rows(*statements: str, values: tuple[object, ...] = ()) -> Damage:
    """Return a damage of rows, past the types and constraints of their tables, which look as before afterwards."""

    def do(library: Path) -> None:
        with closing(sqlite3.connect(library, isolation_level=None)) as connection:
            tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
            strict = tables.fetchall()
            _write_schema(
                connection, [(name, sql.replace("NOT NULL", "").replace(" STRICT", "")) for name, sql in strict]
            )
        with closing(sqlite3.connect(library, isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                changed = connection.execute(statement, values if "?" in statement else ()).rowcount
                assert changed, f"{statement} changes nothing"
            _write_schema(connection, strict)

    return do


def _write_schema(connection: sqlite3.Connection, tables: list[tuple[str, str]]) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    connection.executemany("UPDATE sqlite_master SET sql = ?2 WHERE type = 'table' AND name = ?1", tables)
    connection.execute("PRAGMA writable_schema = RESET")


def _script(script: str) -> Damage:
    def do(library: Path) -> None:
        with closing(sqlite3.connect(library, isolation_level=None)) as connection:
            connection.executescript(script)

    return do


def _bytes(change: Callable[[bytearray], bytes | bytearray]) -> Damage:
    def do(library: Path) -> None:
        library.write_bytes(change(bytearray(library.read_bytes())))

    return do


def _noise(seed: int) -> Damage:
    """Return a damage of 40 bytes anywhere behind the first page."""

    def change(content: bytearray) -> bytearray:
        random = np.random.default_rng(seed)
        for place in random.integers(4096, len(content), 40):
            content[place] = random.integers(256)
        return content

    return _bytes(change)


def _zero_pages(*places: float) -> Damage:
    def change(content: bytearray) -> bytearray:
        pages = len(content) // 4096
        for place in places:
            start = 4096 * max(1, int(place * pages))
            content[start : start + 4096] = bytes(4096)
        return content

    return _bytes(change)


def _beside(suffix: str, content: bytes) -> Damage:
    def do(library: Path) -> None:
        library.with_name(library.name + suffix).write_bytes(content)

    return do


_FACE = "(SELECT min(id) FROM observations WHERE kind = 'face')"
_TAUGHT = "(SELECT min(o.id) FROM observations o JOIN links l USING (appearance_id) WHERE l.source = 'dataset')"
_USERS = "(SELECT min(id) FROM links WHERE source = 'user')"

# Entries: the rest of the library is as good as before.
ENTRIES: dict[str, Damage] = {
    "a vector is empty": _rows(f"UPDATE observations SET vector = x'' WHERE id = {_TAUGHT}"),
    "every vector is empty": _rows("UPDATE observations SET vector = x'', mirror = x''"),
    "a vector is cut short": _rows(f"UPDATE observations SET vector = substr(vector, 1, 510) WHERE id = {_TAUGHT}"),
    "a vector is of another length": _rows(f"UPDATE observations SET vector = zeroblob(256) WHERE id = {_TAUGHT}"),
    "every vector is of another length": _rows("UPDATE observations SET vector = zeroblob(256), mirror = NULL"),
    "a vector is not a number": _rows(f"UPDATE observations SET vector = ? WHERE id = {_TAUGHT}", values=(_NAN,)),
    "a vector is infinite": _rows(f"UPDATE observations SET vector = ? WHERE id = {_TAUGHT}", values=(_INFINITE,)),
    "a vector is text": _rows(f"UPDATE observations SET vector = 'vector' WHERE id = {_TAUGHT}"),
    "a vector is missing": _rows(f"UPDATE observations SET vector = NULL WHERE id = {_TAUGHT}"),
    "a mirror is of another length": _rows(f"UPDATE observations SET mirror = x'00000000' WHERE id = {_TAUGHT}"),
    "a kind is unknown": _rows(f"UPDATE observations SET kind = 'hand' WHERE id = {_FACE}"),
    "a model is a number": _rows(f"UPDATE observations SET model_id = x'07' WHERE id = {_FACE}"),
    "a quality is missing": _rows(f"UPDATE observations SET sharpness = NULL, pixels = NULL WHERE id = {_TAUGHT}"),
    "a quality is text": _rows(f"UPDATE observations SET frontality = 'front', weak = 'no' WHERE id = {_TAUGHT}"),
    "a quality is infinite": _rows(f"UPDATE observations SET score = 9e999, sharpness = 9e999 WHERE id = {_TAUGHT}"),
    "a box is missing": _rows(f"UPDATE observations SET x = NULL, y = NULL, w = NULL, h = NULL WHERE id = {_FACE}"),
    "a box is text": _rows(f"UPDATE observations SET x = 'left', w = 'wide' WHERE id = {_FACE}"),
    "a box is infinite": _rows("UPDATE observations SET w = 9e999, y = -9e999"),
    "half a place is missing": _rows("UPDATE appearances SET y = NULL, h = NULL"),
    "a place is text": _rows("UPDATE appearances SET x = 'somewhere'"),
    "an appearance has no photo": _rows("UPDATE appearances SET photo_id = 99999 WHERE id = 1"),
    "an observation has no appearance": _rows(f"UPDATE observations SET appearance_id = 99999 WHERE id = {_FACE}"),
    "an observation has no look": _rows(f"UPDATE observations SET analysis_id = 99999 WHERE id = {_FACE}"),
    "a photo is gone": _rows("DELETE FROM photos WHERE id = 1"),
    "a photo that was filed is gone": _rows("DELETE FROM photos WHERE id = (SELECT min(photo_id) FROM copies)"),
    "an orientation is impossible": _rows(
        "UPDATE photos SET orientation = 0, width = -5", "UPDATE analyses SET orientation = 99"
    ),
    "an orientation is text": _rows("UPDATE photos SET orientation = 'up', height = 'high'"),
    "a time taken is rubbish": _rows("UPDATE photos SET taken_at = '31st of February'"),
    "a time taken is bytes": _rows("UPDATE photos SET taken_at = x'00ff', camera = x'00'"),
    "a perceptual hash is text": _rows("UPDATE photos SET phash = 'grey'"),
    "an image hash is rubbish": _rows(
        "UPDATE photos SET image_hash = x'00' WHERE id = 1", "UPDATE photos SET image_hash = '' WHERE id = 2"
    ),
    "an engine is bytes": _rows("UPDATE analyses SET engine_id = x'00ff', made_at = 7"),
    "a path is a number": _rows(
        "UPDATE files SET path = 7 WHERE photo_id = 1", "UPDATE files SET path = 1.5 WHERE photo_id = 2"
    ),
    "a path is empty": _rows(
        "UPDATE files SET path = '' WHERE photo_id = 1", "UPDATE files SET path = x'' WHERE photo_id = 5"
    ),
    "a path has a zero byte": _rows(
        "UPDATE files SET path = '/a' || char(0) || 'b' WHERE photo_id = 1",
        "UPDATE files SET path = x'2f6100' WHERE photo_id = 5",
    ),
    "a path has escapes": _rows("UPDATE files SET path = '/' || ? WHERE photo_id = 5", values=(ESCAPES,)),
    "a path is no Unicode": _rows("UPDATE files SET path = CAST(x'2fff' AS TEXT) WHERE photo_id = 1"),
    "a file is of no photo": _rows("UPDATE files SET photo_id = 99999 WHERE photo_id = 5"),
    "a file's size and time are rubbish": _rows("UPDATE files SET size = 'big', mtime_ns = 'late'"),
    "a name is empty": _rows("UPDATE persons SET name = '' WHERE id = 1"),
    "a name is bytes": _rows("UPDATE persons SET name = x'00ff' WHERE id = 1"),
    "a name is missing": _rows("UPDATE persons SET name = NULL WHERE id = 1"),
    "a name is no Unicode": _rows("UPDATE persons SET name = CAST(x'ff41' AS TEXT) WHERE id = 1"),
    "a name has escapes": _rows("UPDATE persons SET name = ? WHERE id = 1", values=(ESCAPES,)),
    "a birth is no date": _rows("UPDATE persons SET birth = 'soon', death = '2020-13-77'"),
    "notes and the rest are rubbish": _rows("UPDATE persons SET notes = NULL, hidden = 5, added_at = x'00'"),
    "a person is gone": _rows("DELETE FROM persons WHERE id = 1"),
    "a folder is bytes": _rows("UPDATE person_folders SET folder = x'00ff' WHERE id = 1"),
    "a folder has a zero byte": _rows("UPDATE person_folders SET folder = char(0) WHERE id = 1"),
    "an alias is rubbish": _rows("UPDATE aliases SET name = x'00'", "UPDATE person_fields SET key = NULL, value = 7"),
    "an alias is nobody's": _rows("UPDATE aliases SET person_id = 77", "UPDATE person_fields SET person_id = 77"),
    "a word is unknown": _rows(f"UPDATE links SET word = 'maybe' WHERE id = {_USERS}"),
    "every word is unknown": _rows("UPDATE links SET word = 'perhaps'"),
    "a source is unknown": _rows(f"UPDATE links SET source = 'neighbour' WHERE id = {_USERS}"),
    "a score is text": _rows("UPDATE links SET score = 'high', model_id = 7 WHERE source = 'machine'"),
    "a link is of nobody": _rows(f"UPDATE links SET person_id = 99999 WHERE id = {_USERS}"),
    "links are of nobody": _rows("UPDATE links SET person_id = id + 99999"),
    "a link is of no appearance": _rows(f"UPDATE links SET appearance_id = 99999 WHERE id = {_USERS}"),
    "who is ignored is nobody": _rows("UPDATE ignored SET appearance_id = 99999, made_at = NULL"),
    "a group is rubbish": _rows("UPDATE unknown_groups SET group_id = 'all'"),
    "a group is of nobody": _rows("UPDATE unknown_groups SET appearance_id = appearance_id + 99999"),
    "a target is a number": _rows(
        "UPDATE copies SET target = 7 WHERE id = 1",
        "UPDATE copies SET output = 1.5 WHERE id = (SELECT max(id) FROM copies)",
    ),
    "a target has a zero byte": _rows(
        "UPDATE copies SET target = x'2f00' WHERE id = 1",
        "UPDATE copies SET output = '/' || char(0) WHERE id = (SELECT max(id) FROM copies)",
    ),
    "a target is an original": _rows(
        "UPDATE copies SET target = (SELECT path FROM files WHERE photo_id = 1) WHERE id = 1"
    ),
    "a hash of a copy is rubbish": _rows(
        "UPDATE copies SET sha256 = 'rubbish' WHERE id = 1",
        "UPDATE copies SET sha256 = 7 WHERE id = (SELECT max(id) FROM copies)",
    ),
    "a copy is of nobody": _rows("UPDATE copies SET person_id = 99999"),
    "a copy is of no photo": _rows("UPDATE copies SET photo_id = 99999 WHERE id = 1"),
    "a change is rubbish": _rows(
        "UPDATE changes SET action = NULL, summary = x'00ff', made_at = 7, last_link = 'x', undone_at = 7"
    ),
    "a change has escapes": _rows("UPDATE changes SET summary = ?", values=(ESCAPES,)),
    "the journal is broken JSON": _rows("""UPDATE change_steps SET before = '{"id": '"""),
    "the journal is deep JSON": _rows(f"UPDATE change_steps SET before = '{'[' * 100_000}'"),
    "the journal is other JSON": _rows("UPDATE change_steps SET before = '[1, 2]'"),
    "the journal tells of other columns": _rows("""UPDATE change_steps SET before = '{"id": 1, "x) --": 2}'"""),
    "the journal tells of other tables": _rows("UPDATE change_steps SET table_name = 'photos SELECT -- '"),
    "the journal tells of unknown words": _rows("UPDATE change_steps SET before = replace(before, 'is', 'maybe')"),
    "the journal tells of nobody": _rows(
        """UPDATE change_steps SET before = replace(before, '"person_id":', '"person_id":9'), row_id = -1"""
    ),
    "the journal has no change": _rows("UPDATE change_steps SET change_id = 99999"),
    "a change was left open": _rows("INSERT INTO open_change VALUES (1), (2)"),
    "the numbers given are rubbish": _rows("UPDATE sqlite_sequence SET seq = 'many'"),
}
# Tables and versions: what needs them cannot go on.
_TABLES = ("photos", "files", "appearances", "observations", "persons", "aliases", "links", "copies", "changes")
STRUCTURE: dict[str, Damage] = {
    **{f"the table {table} is gone": _script(f"DROP TABLE {table}") for table in (*_TABLES, "open_change")},
    "most tables are gone": _script("".join(f"DROP TABLE {table};" for table in _TABLES)),
    "indexes are gone": _script("DROP INDEX links_by_person; DROP INDEX files_by_photo"),
    "triggers are gone": _script("DROP TRIGGER journal_links_update; DROP TRIGGER journal_persons_delete"),
    "columns are gone": _script(
        "DROP TRIGGER journal_photos_update; DROP TRIGGER journal_photos_delete; "
        "ALTER TABLE photos DROP COLUMN camera; ALTER TABLE copies DROP COLUMN made_at"
    ),
    "a column is another": _script("ALTER TABLE persons RENAME COLUMN notes TO remarks"),
    "a table is another": _script("DROP TABLE files; CREATE TABLE files (path); INSERT INTO files VALUES ('/a')"),
    "a trigger fails": _script("CREATE TRIGGER evil AFTER INSERT ON links BEGIN SELECT RAISE(ABORT, 'no'); END"),
    **{f"the version is {version}": _script(f"PRAGMA user_version = {version}") for version in (0, 1, 2, 3, 5, -7)},
}
# The file itself.
FILES: dict[str, Damage] = {
    "it is cut in half": _bytes(lambda content: content[: len(content) // 2]),
    "it is cut within a page": _bytes(lambda content: content[: 3 * len(content) // 4 + 1000]),
    "it is cut within the first page": _bytes(lambda content: content[:1000]),
    "it is empty": _bytes(lambda _: b""),
    "its header is zero": _bytes(lambda content: bytes(100) + content[100:]),
    "its first page is zero": _bytes(lambda content: content[:100] + bytes(3996) + content[4096:]),
    "it is text": _bytes(lambda _: b"this is no library, but long enough to be looked at\n" * 200),
    "a page is zero": _zero_pages(0.5),
    "pages are zero": _zero_pages(0.2, 0.4, 0.6, 0.8),
    "its size is wrong": _bytes(lambda content: content[:28] + (len(content) // 2048).to_bytes(4) + content[32:]),
    "a log of rubbish lies beside it": _beside("-wal", bytes(range(256)) * 40),
    "a journal of rubbish lies beside it": _beside("-journal", bytes(range(256)) * 40),
    **{f"noise {seed}": _noise(seed) for seed in range(12)},
}
