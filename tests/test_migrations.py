"""Libraries of earlier versions: brought up to date with nothing lost, a copy kept, or left as they are."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from kith.errors import BadInput, BadKnowledgeBase, FilingFailed
from kith.jobs.backup import back_up
from kith.library import migrations
from kith.library.first_versions import FIRST_VERSIONS
from kith.library.inspection import drop_table, inspect
from kith.library.migrations import version_of
from kith.library.schema import JOURNALLED, NEWER, TABLES
from kith.library.store import open_store
from kith.settings import Settings
from kith.values.links import Link, Source, Word
from kith.values.persons import Person
from tests.desk import REPOSITORY
from tests.making import enter, face, posix_only

ROWS = """
    INSERT INTO photos (id, image_hash, width, height, orientation, added_at) VALUES (3, 'a', 4, 3, 1, 't'),
        (4, 'b', 4, 3, 6, 't');
    INSERT INTO files VALUES ('/people/Ann/a.jpg', 3, 1, 2), ('/in/b.jpg', 4, 1, 2);
    INSERT INTO analyses (id, photo_id, engine_id, orientation, made_at) VALUES (1, 3, 'e', 1, 't'),
        (2, 4, 'e', 6, 't');
    INSERT INTO appearances (id, photo_id, x, y, w, h) VALUES (7, 3, 0, 0, 1, 1), (8, 4, 0, 0, 0.5, 1),
        (9, 4, 0.5, 0, 0.5, 1);
    INSERT INTO observations (appearance_id, analysis_id, kind, model_id, x, y, w, h, score, sharpness, pixels,
        frontality, weak, vector) VALUES (7, 1, 'face', 'm', 0, 0, 1, 1, 1, 1, 99, 1, 0, x'0000803f'),
        (8, 2, 'face', 'm', 0, 0, 1, 1, 1, 1, 99, 1, 0, x'00000040');
    INSERT INTO persons (id, name, folder, added_at) VALUES (2, 'Grandma', 'Ann', 't1'), (5, 'Bob', NULL, 't2'),
        (6, 'Bob', 'Bob', 't3');
    INSERT INTO links (id, appearance_id, person_id, word, source, score, model_id, made_at) VALUES
        (11, 7, 2, 'is', 'dataset', NULL, NULL, 't'), (12, 8, 5, 'is_not', 'user', NULL, NULL, 't'),
        (13, 8, 6, 'is', 'machine', 0.37000000000000011, 'm', 't'), (15, 9, 5, 'is', 'user', NULL, NULL, 't');
    INSERT INTO copies (id, photo_id, person_id, output, target, made_at) VALUES
        (1, 4, 6, '/out', '/out/Bob/b.jpg', 't'), (2, 3, NULL, '/out', '/out/Unknown/a.jpg', 't');
"""
KEPT = ("photos", "files", "analyses", "appearances", "observations", "links", "copies")


def _make_old(library: Path, version: int = 1, rows: str = ROWS) -> None:
    with closing(sqlite3.connect(library)) as connection:
        first, *following = FIRST_VERSIONS[:version]
        connection.executescript(f"{first}{rows}{''.join(following)} PRAGMA user_version = {version};")


def _dump(library: Path, tables: Sequence[str] = KEPT) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(f"{library.as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables}


def _ask(library: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(library)) as connection:
        return connection.execute(query).fetchall()


def _root_pages(library: Path) -> dict[object, object]:
    rows = _ask(library, "SELECT tbl_name, rootpage FROM sqlite_master WHERE type = 'table'")
    return {table: page for table, page in rows}  # noqa: C416 - of pairs, not of tuples of any length


def _without_new_columns(rows: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows without the columns that later versions add at the end, which no earlier row fills."""
    added = {"photos": (None, None, 2), "copies": (None, None, None, "copy", None)}
    for table, values in added.items():
        assert all(row[-len(values) :] == values for row in rows[table])
    return {table: [row[: len(row) - len(added.get(table, ()))] for row in own] for table, own in rows.items()}


def _copies(library: Path) -> list[Path]:
    return sorted(library.parent.glob("library.sqlite.v*"))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.mark.parametrize("version", range(1, migrations.TYPED))
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_an_earlier_library_is_brought_up_to_date_with_every_row(library: Path, version: int, journal: str) -> None:
    _make_old(library, version)
    with closing(sqlite3.connect(library)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    before = _dump(library)
    with closing(open_store(library)) as store:
        assert store.people.all() == {
            2: Person(2, "Grandma", ("Ann",)),
            5: Person(5, "Bob"),
            6: Person(6, "Bob", ("Bob",)),
        }
        assert store.people.links(8) == [
            Link(8, 5, Word.IS_NOT, Source.USER),
            Link(8, 6, Word.IS, Source.MACHINE, 0.37000000000000011, "m"),
        ]
        assert store.people.add("Eve") == 7
        with store.change("rename", "Grandma renamed to Nan"):
            store.edits.rename(2, "Nan")
        store.undo()
        assert store.people.all()[2].name == "Grandma"
    assert _without_new_columns(_dump(library)) == before
    with closing(sqlite3.connect(library)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA user_version").fetchone() == (migrations.VERSION,)
        added = "SELECT id, added_at FROM persons WHERE id < 7 ORDER BY id"
        assert connection.execute(added).fetchall() == [(2, "t1"), (5, "t2"), (6, "t3")]


def test_a_library_of_version_three_gets_the_tables_that_are_newer(library: Path) -> None:
    _make_old(library)
    open_store(library).close()
    before = _dump(library)
    with closing(sqlite3.connect(library)) as connection:
        for table in NEWER:
            drop_table(connection, table)
        connection.execute(f"PRAGMA user_version = {migrations.TYPED}")
        assert inspect(connection).is_sound
    open_store(library).close()
    assert _dump(library) == before
    with closing(sqlite3.connect(library)) as connection:
        assert inspect(connection).is_sound
        assert version_of(connection) == migrations.VERSION
    assert {path.name.split(".")[2][:2] for path in _copies(library)} == {"v1", "v3"}


def test_a_library_of_version_seven_is_sound_as_it_was_made_then(library: Path) -> None:
    open_store(library, create=True).close()
    with closing(sqlite3.connect(library)) as connection:
        drop_table(connection, "standing")
        connection.executescript(
            "ALTER TABLE runs RENAME COLUMN filed TO was; ALTER TABLE photos RENAME COLUMN colours TO was; "
            "DROP INDEX analyses_by_photo; DROP INDEX copies_by_photo; "
            "CREATE INDEX copies_by_photo ON copies (photo_id, output); PRAGMA user_version = 7"
        )
        assert inspect(connection).lines() == []
        connection.executescript("DROP TABLE run_copies; DROP TABLE runs")
        assert not inspect(connection).is_sound


def test_tables_that_are_as_they_are_to_be_are_not_made_anew(library: Path) -> None:
    with closing(open_store(library, create=True)) as store:
        store._connection.executescript(
            "INSERT INTO photos (id, image_hash, width, height, orientation, added_at) VALUES (3, 'a', 4, 3, 1, 't')"
        )
        store._connection.execute(
            "INSERT INTO written_names (photo_id, path, names, sha256) VALUES (3, '/a.xmp', ?, 'b')",
            ('{"mwg": ["0.1 0.1 0.2 0.2 Ann"], "in_image": ["Ann"]}',),
        )
        store._connection.execute("DROP INDEX links_by_source")
        store._connection.execute("CREATE INDEX links_by_source ON links (source, word)")
        store._connection.execute("PRAGMA user_version = 8")
    with closing(sqlite3.connect(library)) as connection:
        assert inspect(connection).lines() == []
    before, places = _dump(library, ["photos", "written_names"]), _root_pages(library)
    with closing(open_store(library)) as store:
        (record,) = store.names.of_photo(3).values()
        assert record.written == {"mwg": ["0.1 0.1 0.2 0.2 Ann"], "in_image": ["Ann"]}
    assert (_dump(library, ["photos", "written_names"]), _root_pages(library)) == (before, places)
    with closing(sqlite3.connect(library)) as connection:
        assert version_of(connection) == migrations.VERSION
        assert inspect(connection).lines() == []


def test_a_table_of_version_seven_is_made_anew_and_no_other(library: Path) -> None:
    new = library.with_name("new.sqlite")
    for path in (library, new):
        open_store(path, create=True).close()
    with closing(sqlite3.connect(library)) as connection:
        drop_table(connection, "standing")
        connection.executescript(
            "DROP TABLE runs; CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, began_at TEXT NOT NULL, "
            "ended_at TEXT, job TEXT NOT NULL, undone_at TEXT, told TEXT) STRICT; "
            "INSERT INTO runs (id, began_at, job) VALUES (7, 't', 'j'); "
            "DROP INDEX copies_by_photo; CREATE INDEX copies_by_photo ON copies (photo_id, output); "
            "CREATE INDEX strange ON photos (width); PRAGMA user_version = 7"
        )
    places = _root_pages(library)
    open_store(library).close()
    made = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
    assert _ask(library, made) == _ask(new, made)
    assert _ask(library, "SELECT * FROM runs") == [(7, "t", None, "j", None, None, None)]
    after = _root_pages(library)
    assert {table for table in places if places[table] != after[table]} == {"runs"}


def test_that_a_library_is_brought_up_to_date_is_said_before(
    library: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_old(library)
    said: list[str] = []
    keep = migrations._keep_copy

    def kept(path: Path, version: int) -> Path:
        said.extend(record.getMessage() for record in caplog.records)
        return keep(path, version)

    monkeypatch.setattr(migrations, "_keep_copy", kept)
    for _ in range(2):
        open_store(library).close()
    assert said == ["The library is brought up to date, which can take a minute for a million photos."]
    assert [record.getMessage() for record in caplog.records] == said


def test_a_migrated_library_and_a_new_one_have_the_same_tables(library: Path) -> None:
    _make_old(library)
    new = library.with_name("new.sqlite")
    open_store(library).close()
    open_store(new, create=True).close()
    old, fresh = (sorted(map(str, _dump(path, ["sqlite_master"])["sqlite_master"])) for path in (library, new))
    without_place = [re.sub(r", \d+, ", ", ", row, count=1) for row in old]
    assert without_place == [re.sub(r", \d+, ", ", ", row, count=1) for row in fresh]


def test_foreign_keys_hold_after_a_migration(library: Path) -> None:
    _make_old(library)
    open_store(library).close()
    with closing(open_store(library)) as store, pytest.raises(sqlite3.IntegrityError), store.transaction():
        store._connection.execute("DELETE FROM persons WHERE id = 2")


def test_every_column_of_a_journalled_table_is_journalled(library: Path) -> None:
    with closing(open_store(library, create=True)) as store:
        for table, columns in JOURNALLED.items():
            rows = store._connection.execute(f"PRAGMA table_info({table})")
            assert tuple(row[1] for row in rows) == columns


# The copy


def test_a_copy_is_kept_as_the_file_was_for_its_owner_only(library: Path) -> None:
    _make_old(library)
    before = _dump(library, [*KEPT, "persons"])
    open_store(library).close()
    (copy,) = _copies(library)
    assert re.fullmatch(r"library\.sqlite\.v1-\d{4}-\d\d-\d\d\.bak", copy.name)
    assert _dump(copy, [*KEPT, "persons"]) == before
    if os.name == "posix":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in library.parent.iterdir() if path.suffix in {".bak-wal", ".bak-journal"}] == []


def test_what_only_the_log_holds_yet_is_in_the_copy(library: Path) -> None:
    _make_old(library)
    with closing(sqlite3.connect(library)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("PRAGMA wal_autocheckpoint = 0")
        with other:
            other.execute("UPDATE persons SET name = 'Late' WHERE id = 2")
        open_store(library).close()
    (copy,) = _copies(library)
    assert _dump(copy, ["persons"])["persons"][0][1] == "Late"


def test_a_copy_kept_before_is_not_overwritten(library: Path) -> None:
    _make_old(library)
    open_store(library).close()
    (first,) = _copies(library)
    first.write_bytes(b"mine")
    library.unlink()
    _make_old(library)
    open_store(library).close()
    assert first.read_bytes() == b"mine"
    assert len(_copies(library)) == 2


@pytest.mark.parametrize("times", [1, 2])
def test_a_new_library_and_one_up_to_date_are_not_copied(library: Path, times: int) -> None:
    for _ in range(times):
        open_store(library, create=True).close()
    assert _copies(library) == []


def test_of_two_programs_that_open_it_at_once_one_migrates(library: Path) -> None:
    _make_old(library)
    names, failures = [], []

    def run() -> None:
        try:
            with closing(open_store(library)) as store:
                names.append([person.name for person in store.people.all().values()])
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert names == [["Grandma", "Bob", "Bob"]] * 4
    assert len(_copies(library)) == 1


def test_a_library_at_work_in_another_program_gets_its_log_when_that_has_ended(library: Path) -> None:
    open_store(library, create=True).close()
    with closing(sqlite3.connect(library, isolation_level=None)) as other, ThreadPoolExecutor(1) as thread:
        other.execute("PRAGMA journal_mode = DELETE")  # as where it was restored just now
        other.execute("BEGIN IMMEDIATE")  # SQLite refuses the log to whoever reads the file, and does not wait
        opened = thread.submit(lambda: open_store(library).close())
        with pytest.raises(TimeoutError):
            opened.result(timeout=0.3)
        other.execute("ROLLBACK")
        opened.result()
    assert library.read_bytes()[18:20] == b"\2\2"  # sqlite.org/fileformat2.html, 1.3.3: it has a log


@posix_only
def test_a_library_on_a_file_system_without_wal_is_brought_up_to_date_too(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_old(library)
    connect = partial(sqlite3.connect, uri=True)
    monkeypatch.setattr(sqlite3, "connect", lambda path, **more: connect(f"{path.as_uri()}?vfs=unix-none", **more))
    with closing(open_store(library)) as store:
        with store.change("rename", "Grandma renamed to Nan"):
            store.edits.rename(2, "Nan")
        store.undo()
        assert store.forget(store.people.all()[6], []) is True
    monkeypatch.undo()
    (copy,) = _copies(library)
    assert [row[1] for row in _dump(copy, ["persons"])["persons"]] == ["Grandma", "Bob", "Bob"]
    assert [row[1] for row in _dump(library, ["persons"])["persons"]] == ["Grandma", "Bob"]
    assert not library.with_name("library.sqlite-wal").exists()


# What goes wrong


def _untouched(library: Path, before: bytes) -> None:
    assert library.read_bytes() == before
    assert _copies(library) == []
    with closing(sqlite3.connect(library)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_migration_that_fails_leaves_everything_as_it_was(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make_old(library)
    before = library.read_bytes()
    monkeypatch.setattr(migrations, "INDEXES", "CREATE TABLE late (id);\nCREATE TABLE late (id);")
    with pytest.raises(BadKnowledgeBase, match="late already exists"):
        open_store(library)
    _untouched(library, before)


CHANGES = "INSERT INTO changes VALUES (1, 't', 'a', 's', 0, 0, NULL), (2, 't', 'a', 's', 0, 0, NULL);"
# Damage: what was done to a library, the rows that are gone from each table then, and those that are mended.
DAMAGES: dict[str, tuple[str, dict[str, int], dict[str, int]]] = {
    "links to nobody": ("DELETE FROM persons WHERE id = 5", {"links": 2}, {}),
    "appearances without photo": (
        "DELETE FROM photos WHERE id = 4",
        {"photos": 0, "files": 1, "analyses": 1, "appearances": 2, "observations": 1, "links": 3, "copies": 1},
        {},
    ),
    "an observation of no look": ("DELETE FROM analyses WHERE id = 2", {"observations": 1}, {}),
    "a copy for nobody": ("UPDATE copies SET person_id = 99 WHERE id = 1", {}, {"copies": 1}),
    "an empty vector": ("UPDATE observations SET vector = x'' WHERE id = 1", {"observations": 1}, {}),
    "a vector cut short": ("UPDATE observations SET vector = x'0000803f00' WHERE id = 1", {"observations": 1}, {}),
    "a vector that is text": ("UPDATE observations SET vector = 'much' WHERE id = 1", {"observations": 1}, {}),
    "a vector of no number": ("UPDATE observations SET vector = x'0000c07f' WHERE id = 1", {"observations": 1}, {}),
    "an infinite vector": ("UPDATE observations SET vector = x'0000807f' WHERE id = 1", {"observations": 1}, {}),
    "a box that is text": ("UPDATE observations SET x = 'left' WHERE id = 2", {"observations": 1}, {}),
    "an infinite box": ("UPDATE observations SET w = 9e999 WHERE id = 2", {"observations": 1}, {}),
    "half a place": ("UPDATE appearances SET w = NULL WHERE id = 9", {}, {"appearances": 1}),
    "an unknown kind": ("UPDATE observations SET kind = 'hand' WHERE id = 2", {"observations": 1}, {}),
    "an unknown word": ("UPDATE links SET word = 'maybe' WHERE id = 13", {"links": 1}, {}),
    "an unknown source": ("UPDATE links SET source = 'neighbour' WHERE id = 13", {"links": 1}, {}),
    "a score that is text": ("UPDATE links SET score = 'high' WHERE id = 13", {}, {"links": 1}),
    "no width": ("UPDATE photos SET width = 0 WHERE id = 3", {}, {"photos": 1}),
    "an impossible orientation": ("UPDATE photos SET orientation = 9 WHERE id = 3", {}, {"photos": 1}),
    "a hash that is bytes": ("UPDATE photos SET image_hash = x'00' WHERE id = 3", {}, {"photos": 1}),
    "a name that is empty": ("UPDATE persons SET name = '' WHERE id = 5", {}, {"persons": 1}),
    "a name that is no Unicode": ("UPDATE persons SET name = CAST(x'ff' AS TEXT) WHERE id = 5", {}, {"persons": 1}),
    "a path that is a number": ("INSERT INTO files VALUES (7, 3, 1, 2)", {"files": 1}, {}),
    "a path with a zero": ("INSERT INTO files VALUES ('/a' || char(0), 3, 1, 2)", {"files": 1}, {}),
    "a size that is text": ("UPDATE files SET size = 'big' WHERE photo_id = 4", {"files": 1}, {}),
    "a hash of a copy that is none": ("UPDATE copies SET sha256 = 'rubbish' WHERE id = 2", {}, {"copies": 1}),
    "a copy outside its output": ("UPDATE copies SET target = '/people/Ann/a.jpg' WHERE id = 2", {"copies": 1}, {}),
    "a journal of broken JSON": (
        f"{CHANGES} INSERT INTO change_steps VALUES (1, 1, 'links', 11, '{{\"id\": ')",
        {"changes": 1, "change_steps": 1},
        {},
    ),
    "a journal of other tables": (
        f"{CHANGES} INSERT INTO change_steps VALUES (1, 1, 'photos; DROP TABLE photos', 11, NULL)",
        {"changes": 1, "change_steps": 1},
        {},
    ),
    "a journal of no change": ("INSERT INTO change_steps VALUES (1, 9, 'links', 11, NULL)", {"change_steps": 1}, {}),
    "a change left open": ("INSERT INTO open_change VALUES (1)", {"open_change": 1}, {}),
    "a birth that is no date": ("UPDATE persons SET birth = '1950-13' WHERE id = 5", {}, {"persons": 1}),
    "a field of nobody": ("INSERT INTO person_fields VALUES (1, 77, 'nick', 'Al')", {"person_fields": 1}, {}),
}  # fmt: skip
_SINCE_TWO = ("journal", "change left open", "birth", "field")  # there were no such tables before
POSSIBLE = [
    (version, damage)
    for version in range(1, migrations.TYPED)
    for damage in DAMAGES
    if version > 1 or not any(word in damage for word in _SINCE_TWO)
]


def _run(library: Path, script: str) -> None:
    with closing(sqlite3.connect(library, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.executescript(script)


def _by_key(library: Path, tables: Sequence[str]) -> dict[str, dict[object, tuple[object, ...]]]:
    return {table: {row[0]: row for row in rows} for table, rows in _dump(library, tables).items()}


@pytest.mark.parametrize(("version", "damage"), POSSIBLE)
def test_a_damaged_library_is_brought_up_to_date_without_what_makes_no_sense(
    library: Path, version: int, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    script, removed, mended = DAMAGES[damage]
    sound = library.with_name("sound.sqlite")
    for path in (sound, library):
        _make_old(path, version)
    _run(library, script)
    tables = [table for table in TABLES if table in KEPT or (version > 1 and table not in NEWER)]
    damaged = _by_key(library, tables)
    for path in (sound, library):
        open_store(path).close()

    expected, found = _by_key(sound, tables), _by_key(library, tables)
    assert {table: len(damaged[table]) - len(found[table]) for table in removed} == removed
    for table, rows in found.items():
        assert len(damaged[table]) - len(rows) == removed.get(table, 0)
        other = [key for key, row in rows.items() if row != expected[table].get(key, row)]
        assert len(other) <= mended.get(table, 0) or (table == "analyses" and "observations" in removed), table
    with closing(sqlite3.connect(library)) as connection:
        assert inspect(connection).is_sound
    (said,) = [one.getMessage() for one in caplog.records if "Some entries were damaged" in one.getMessage()]
    assert [f"{table}: {rows}" in said for table, rows in (*removed.items(), *mended.items()) if rows].count(False) == 0
    (copy,) = _copies(library)
    assert str(copy) in said
    assert _by_key(copy, tables) == damaged
    open_store(library).close()
    assert len([one for one in caplog.records if "damaged" in one.getMessage()]) == 1


@posix_only
def test_a_disk_too_full_for_the_copy_is_told_and_nothing_changes(library: Path) -> None:
    _make_old(library)
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("UPDATE observations SET vector = zeroblob(2000000)")
    before = library.read_bytes()
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from kith.errors import BadKnowledgeBase\n"
        "from kith.library.store import open_store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "try:\n"
        "    open_store(Path(sys.argv[1]))\n"
        "except BadKnowledgeBase as error:\n"
        "    print(error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, library], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout
    assert "no copy of it could be kept" in told
    assert "Nothing was changed" in told
    _untouched(library, before)


# Backups


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "persons_dataset").mkdir()
    return Settings.at(tmp_path, {})


WRITER = """
import sys
from pathlib import Path
from kith.library.store import open_store
from tests.making import enter, face
store = open_store(Path(sys.argv[1]), create=True)
number = 0
while True:
    enter(store, f"photo {number}", face(number), face(number))
    number += 1
    if number == 20:
        print("writing", flush=True)
"""


def test_a_library_is_backed_up_whole_while_another_program_writes(settings: Settings, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(settings.library_file)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            backups = [back_up(settings, tmp_path / f"backup {number}.sqlite") for number in range(5)]
        finally:
            writer.kill()
    counts = []
    for backup in backups:
        with closing(sqlite3.connect(backup)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            photos = connection.execute("SELECT count(*) FROM photos").fetchone()[0]
            assert connection.execute("SELECT count(*) FROM observations").fetchone()[0] == 2 * photos
            counts.append(photos)
        assert backup.with_name(f"{backup.name}-wal").exists() is False
    assert 20 <= counts[0] <= counts[-1]
    assert counts == sorted(counts)
    if os.name == "posix":
        assert {stat.S_IMODE(backup.stat().st_mode) for backup in backups} == {0o600}


def test_a_backup_put_in_its_place_is_the_library(settings: Settings, tmp_path: Path) -> None:
    with closing(open_store(settings.library_file, create=True)) as store:
        enter(store, "photo", face(1))
        store.people.add("Ann")
    backup = back_up(settings, tmp_path / "backup.sqlite")
    settings.library_file.unlink()
    backup.rename(settings.library_file)
    with closing(open_store(settings.library_file)) as store:
        assert store.photos.ways_up("photo").get(1) == 1
        assert [person.name for person in store.people.all().values()] == ["Ann"]


def test_a_backup_overwrites_nothing_and_needs_a_library_and_a_folder(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadKnowledgeBase, match="no library"):
        back_up(settings, tmp_path / "backup.sqlite")
    open_store(settings.library_file, create=True).close()
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    with pytest.raises(BadInput, match="not overwritten"):
        back_up(settings, mine)
    with pytest.raises(BadInput, match="not overwritten"):
        back_up(settings, settings.library_file)
    with pytest.raises(FilingFailed, match="could not be copied"):
        back_up(settings, tmp_path / "no folder" / "backup.sqlite")
    assert mine.read_bytes() == b"mine"
