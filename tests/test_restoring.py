"""Backups are whole and can be gone back to, also by hand after a kill: never is a library mixed with another's log."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kith.errors import BadInput, BadKnowledgeBase, StoreBusy
from kith.jobs.backup import back_up, restore
from kith.jobs.context import sole_job
from kith.jobs.erasure import earlier_copies
from kith.jobs.library_check import inspect_library, library_summary, repair_library
from kith.library.first_versions import FIRST_VERSIONS
from kith.library.migrations import VERSION
from kith.library.snapshots import copy_library
from kith.library.store import open_store
from kith.library.write_ahead_log import foreign_logs
from kith.settings import Settings
from tests.desk import REPOSITORY
from tests.forks import Forks, forks
from tests.making import enter, face, posix_only

WRITER = """
import sys
from pathlib import Path
from kith.library.store import open_store
from tests.forks import Forks, forks
from tests.making import enter, face
store = open_store(Path(sys.argv[1]), create=True)
number = int(sys.argv[2])
while True:
    enter(store, f"photo {number}", face(number), face(number))
    number += 1
    if number % 50 == 0:
        print(number, flush=True)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "people").mkdir()
    made = Settings.at(tmp_path, {"dataset_dir": "people", "body_policy": "off"})
    open_store(made.library_file, create=True).close()
    return made


@pytest.fixture
def library(settings: Settings) -> Path:
    return settings.library_file


@contextmanager
def _writing(library: Path, first: int, until: int) -> Iterator[None]:
    """Let another program enter photos from number `first` to `until`, and more in here, and kill it then."""
    command = [sys.executable, "-c", WRITER, str(library), str(first)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            while int(writer.stdout.readline()) < until:
                pass
            yield
        finally:
            writer.kill()


def _photos(library: Path) -> list[int]:
    """Return the numbers of the photos in a library that is whole."""
    with closing(open_store(library)) as store:
        connection = store._connection
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute("SELECT image_hash FROM photos ORDER BY id").fetchall()
        assert connection.execute("SELECT count(*) FROM observations").fetchone() == (2 * len(rows),)
    return [int(text.split()[1]) for (text,) in rows]


def _sqlite_backup(library: Path, target: Path) -> None:
    with closing(sqlite3.connect(library)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


WAYS: dict[str, Callable[[Path, Path], object]] = {
    "kith": copy_library,
    "cp": shutil.copyfile,
    "sqlite": _sqlite_backup,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("until", [1050, 2500])  # within the first log, and behind its end
def test_a_backup_put_by_hand_beside_a_killed_programs_log_is_not_mixed_with_it(
    library: Path, tmp_path: Path, way: str, until: int
) -> None:
    with _writing(library, 0, 100):
        pass
    kept = _photos(library)
    WAYS[way](library, tmp_path / "backup.sqlite")
    with _writing(library, 1000, until):
        pass
    assert library.with_name("library.sqlite-wal").stat().st_size > 0
    shutil.copytree(library.parent, tmp_path / "killed")
    assert len(_photos(tmp_path / "killed/library.sqlite")) >= len(kept) + until - 1000  # its own log is its own

    shutil.copyfile(tmp_path / "backup.sqlite", library)
    before = _content(library)
    with pytest.raises(BadKnowledgeBase, match=r"-wal belongs to another library.*restore.*Nothing was changed"):
        open_store(library)
    with pytest.raises(BadKnowledgeBase, match="belongs to another library"):
        copy_library(library, tmp_path / "other.sqlite")
    assert _content(library) == before


def test_a_log_whose_first_page_could_not_be_written_is_still_the_librarys_own(library: Path, tmp_path: Path) -> None:
    log = library.with_name("library.sqlite-wal")
    with closing(sqlite3.connect(library, isolation_level=None)) as connection:
        connection.execute("PRAGMA application_id = 1")
        before = log.read_bytes()
        connection.execute("PRAGMA application_id = 2")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.execute("PRAGMA application_id = 2")  # at the beginning of the log, with the salts of a new one
        page = 32 + 24
        torn = log.read_bytes()[:page] + before[page:]
        shutil.copyfile(library, tmp_path / "library.sqlite")
    (tmp_path / "library.sqlite-wal").write_bytes(torn)
    assert foreign_logs(tmp_path / "library.sqlite") == []
    open_store(tmp_path / "library.sqlite").close()


def _content(library: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in library.parent.iterdir()}


def test_a_copy_of_the_file_of_a_library_in_use_is_its_own_or_refused(library: Path, tmp_path: Path) -> None:
    """Such a copy is no backup; put back after a kill, it is what its log makes of it, or known to be another's."""
    for number in range(3):
        for path in library.parent.glob("library.sqlite*"):
            path.unlink()
        with _writing(library, 0, 100 + 500 * number):
            shutil.copyfile(library, tmp_path / "copy.sqlite")
        shutil.copytree(library.parent, tmp_path / f"killed {number}")
        shutil.copyfile(tmp_path / "copy.sqlite", library)
        if not foreign_logs(library):
            assert _photos(library) == _photos(tmp_path / f"killed {number}/library.sqlite")


JOURNALLING = """
import sqlite3, sys, time
from functools import partial
from pathlib import Path
from kith.library.store import open_store
connect = partial(sqlite3.connect, uri=True)
sqlite3.connect = lambda path, **more: connect(f"{path.as_uri()}?vfs=unix-none", **more)  # which has no log
store = open_store(Path(sys.argv[1]))
store._connection.execute("PRAGMA cache_size = 2")  # so that much is written before the transaction ends
with store.transaction():
    store._connection.execute("UPDATE observations SET vector = zeroblob(length(vector)), mirror = NULL")
    print("written", flush=True)
    time.sleep(60)
"""


@posix_only
@pytest.mark.parametrize("way", WAYS)
def test_a_backup_beside_the_journal_of_a_killed_program_is_not_mixed_with_it(
    library: Path, tmp_path: Path, way: str
) -> None:
    """So it is on file systems that have no log."""
    for name in ("photo 0", "photo 1"):
        with closing(open_store(library)) as store:
            enter(store, name, *[face(*range(128))] * 200)
        with closing(sqlite3.connect(library)) as connection:
            assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        if name == "photo 0":
            WAYS[way](library, tmp_path / "backup.sqlite")
    command = [sys.executable, "-c", JOURNALLING, str(library)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.kill()
    assert library.with_name("library.sqlite-journal").stat().st_size > 0
    shutil.copytree(library.parent, tmp_path / "killed")
    with closing(open_store(tmp_path / "killed/library.sqlite")) as store:
        assert [*store.photos.ways_up("photo 1")] == [1]

    shutil.copyfile(tmp_path / "backup.sqlite", library)
    with pytest.raises(BadKnowledgeBase, match="-journal belongs to another library"):
        open_store(library)


# Going back


def _enter(library: Path, *numbers: int) -> None:
    with closing(open_store(library)) as store:
        for number in numbers:
            enter(store, f"photo {number}", face(number), face(number))


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Path:
    """A backup of photos 1 and 2; the library has photo 3 since."""
    _enter(settings.library_file, 1, 2)
    made = back_up(settings, tmp_path / "backup.sqlite")
    _enter(settings.library_file, 3)
    return made


def test_a_backup_is_gone_back_to_and_from(settings: Settings, library: Path, backup: Path) -> None:
    there = backup.read_bytes()
    done = restore(settings, backup)
    assert _photos(library) == [1, 2]
    assert backup.read_bytes() == there
    assert done.kept is not None
    assert done.kept.parent == library.parent
    assert earlier_copies(settings) == [done.kept]
    again = restore(settings, done.kept)
    assert _photos(library) == [1, 2, 3]
    assert again.kept not in {None, done.kept}
    if os.name == "posix":
        assert {path.stat().st_mode & 0o777 for path in library.parent.glob("library.sqlite*.bak")} == {0o600}
        assert library.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_program_wrote_is_kept_with_its_log(settings: Settings, library: Path, backup: Path) -> None:
    with _writing(library, 1000, 1100):
        pass
    kept = restore(settings, backup).kept
    assert not library.with_name("library.sqlite-wal").exists()
    assert _photos(library) == [1, 2]
    assert kept
    restore(settings, kept)
    assert {3, *range(1000, 1100)} <= {*_photos(library)}


@pytest.mark.parametrize("by_hand", ["restore", "repair"])
def test_a_backup_put_by_hand_is_made_the_library(
    settings: Settings, library: Path, backup: Path, tmp_path: Path, by_hand: str
) -> None:
    with _writing(library, 1000, 1100):
        pass
    shutil.copyfile(backup, library)
    assert inspect_library(settings).faults == ("library.sqlite-wal belongs to another library",)
    if by_hand == "restore":
        restore(settings, backup)
    else:
        done = repair_library(settings)
        assert "set aside: library.sqlite-wal" in library_summary(done)
    assert _photos(library) == [1, 2]
    assert library_summary(inspect_library(settings)) == [f"{library} is whole and sound."]
    kept = library.parent.glob("library.sqlite.*.bak-wal")
    assert [path.stat().st_size > 0 for path in kept] == [True]


def test_a_damaged_library_gives_way_to_a_backup_and_is_kept(settings: Settings, library: Path, backup: Path) -> None:
    library.write_bytes(rubbish := b"no library" * 1000)
    kept = restore(settings, backup).kept
    assert _photos(library) == [1, 2]
    assert kept
    assert kept.read_bytes() == rubbish


def test_without_a_library_a_backup_becomes_one(settings: Settings, library: Path, backup: Path) -> None:
    library.unlink()
    assert restore(settings, backup).kept is None
    assert _photos(library) == [1, 2]


def test_an_earlier_backup_is_brought_up_to_date(settings: Settings, library: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        old.executescript(
            f"{FIRST_VERSIONS[0]} INSERT INTO persons VALUES (1, 'Ann', NULL, 't'); PRAGMA user_version = 1"
        )
    restore(settings, tmp_path / "old.sqlite")
    with closing(open_store(library)) as store:
        assert store.people.all()[1].name == "Ann"


def _no_backup(path: Path, backup: Path, kind: str) -> None:
    content = backup.read_bytes()
    match kind:
        case "a folder":
            path.mkdir()
        case "text":
            path.write_text("no library, but long enough to be looked at" * 100)
        case "empty":
            path.touch()
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "holed":
            path.write_bytes(content[:8192] + bytes(8192) + content[16384:])
        case "another program's":
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("CREATE TABLE photos (id)")
        case "newer":
            path.write_bytes(content)
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "is not there"),
        ("a folder", "is not there, or no file"),
        ("text", "other is damaged, or no library: name another backup"),
        ("empty", "is no library"),
        ("cut", "damaged"),
        ("holed", "damaged"),
        ("another program's", "another program's database"),
        ("newer", "newer Kith"),
    ],
)
def test_what_is_no_whole_library_is_refused(
    settings: Settings, library: Path, backup: Path, tmp_path: Path, kind: str, said: str
) -> None:
    _no_backup(tmp_path / "other", backup, kind)
    before = _content(library)
    with pytest.raises(BadInput, match=said) as refused:
        restore(settings, tmp_path / "other")
    assert str(tmp_path / "other") in str(refused.value)
    assert not any(word in str(refused.value) for word in (".part", "--repair"))  # which would work on the good library
    assert _content(library) | {"library.sqlite.lock": b""} == before | {"library.sqlite.lock": b""}


@posix_only
def test_a_library_that_is_a_link_stays_one(settings: Settings, library: Path, backup: Path, tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    library.rename(tmp_path / "drive/real.sqlite")
    library.symlink_to(tmp_path / "drive/real.sqlite")
    with _writing(library, 1000, 1100):
        pass
    shutil.copyfile(backup, library)
    with pytest.raises(BadKnowledgeBase, match="belongs to another library"):
        open_store(library)
    restore(settings, backup)
    assert library.is_symlink()
    assert _photos(tmp_path / "drive/real.sqlite") == [1, 2]
    assert {path.parent.name for path in earlier_copies(settings)} == {"drive"}


def test_the_library_itself_is_no_backup_of_it(settings: Settings, library: Path, backup: Path) -> None:
    with pytest.raises(BadInput, match="is the library itself"):
        restore(settings, library)


def test_a_library_in_use_is_left_alone(settings: Settings, library: Path, backup: Path) -> None:
    with sole_job(library, "Build KB"), pytest.raises(StoreBusy, match="Build KB"):
        restore(settings, backup)
    with closing(open_store(library)), pytest.raises(StoreBusy, match="open: close it"):
        restore(settings, backup)
    assert _photos(library) == [1, 2, 3]


# Killed, and on a full disk

KILLED_AT = """
import os, sys
from pathlib import Path
from kith.library.write_ahead_log import foreign_logs
from kith.jobs.backup import back_up, restore
from kith.settings import Settings
settings = Settings.at(Path(sys.argv[1]), {"dataset_dir": "people", "body_policy": "off"})
left = int(sys.argv[4])

def hook(event, arguments):
    global left
    if event in {"os.rename", "os.remove", "os.link", "shutil.copyfile", "tempfile.mkstemp"}:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)

sys.addaudithook(hook)
{"back_up": back_up, "restore": restore}[sys.argv[2]](settings, Path(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Processes that may be killed."""
    with forks(tmp_path_factory.mktemp("children")) as started:
        yield started


def _killed(children: Forks, tmp_path: Path, act: str, file: Path, step: int) -> bool:
    """Run a backup or a restoring, killed before its step of that number; return whether it came so far."""
    code, told = children.run(KILLED_AT, "-c", tmp_path, act, file, str(step))
    assert code in (0, -signal.SIGKILL), told
    return code != 0


@posix_only
def test_killed_at_any_step_a_restoring_leaves_a_whole_library(
    children: Forks, settings: Settings, library: Path, backup: Path, tmp_path: Path
) -> None:
    step = 1
    while _killed(children, tmp_path, "restore", backup, step):
        try:
            assert _photos(library) in ([1, 2], [1, 2, 3])
        except BadKnowledgeBase:  # the log was not yet put away
            restore(settings, backup)
            assert _photos(library) == [1, 2]
        step += 1
    assert step > 5
    assert _photos(library) == [1, 2]


@posix_only
def test_a_killed_backup_leaves_nothing_under_its_name(
    children: Forks, settings: Settings, backup: Path, tmp_path: Path
) -> None:
    target, step = tmp_path / "new.sqlite", 1
    while _killed(children, tmp_path, "back_up", target, step):
        assert not target.exists() or _photos(target) == [1, 2, 3]
        target.unlink(missing_ok=True)
        step += 1
    assert step > 2
    assert _photos(target) == [1, 2, 3]


FULL = """
import resource, signal, sys
from pathlib import Path
from kith.errors import FilingFailed
from kith.library.write_ahead_log import foreign_logs
from kith.jobs.backup import back_up, restore
from kith.jobs.library_check import repair_library
from kith.settings import Settings
settings = Settings.at(Path(sys.argv[1]), {"dataset_dir": "people", "body_policy": "off"})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
acts = {"back_up": back_up, "restore": restore, "repair": lambda settings, _: repair_library(settings)}
try:
    acts[sys.argv[2]](settings, Path(sys.argv[3]))
except FilingFailed as error:
    print(error)
"""


@posix_only
@pytest.mark.parametrize("act", ["back_up", "restore", "repair"])
def test_on_a_full_disk_nothing_is_lost(
    children: Forks, settings: Settings, library: Path, backup: Path, tmp_path: Path, act: str
) -> None:
    if act == "repair":
        with closing(sqlite3.connect(library, isolation_level=None)) as connection:
            connection.execute("DROP INDEX links_by_person")
    before = _content(library)
    file = backup if act == "restore" else tmp_path / "new.sqlite"
    code, told = children.run(FULL, "-c", tmp_path, act, file)
    assert code == 0
    assert "could not be" in told
    assert _content(library) | {"library.sqlite.lock": b""} == before | {"library.sqlite.lock": b""}
    assert not (tmp_path / "new.sqlite").exists()
    assert not [*tmp_path.glob(".*")]


# What is damaged


def test_a_backup_of_a_damaged_library_says_so(settings: Settings, backup: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(settings.library_file, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE observations SET vector = x'00' WHERE id = 1")
    target = tmp_path / "new.sqlite"
    with pytest.raises(BadKnowledgeBase, match=r"damaged, and so is its copy.*observations: 1 damaged entry"):
        back_up(settings, target)
    assert target.is_file()


def test_what_is_damaged_of_a_backup_is_told(settings: Settings, library: Path, backup: Path) -> None:
    with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE observations SET vector = x'00' WHERE id = 1")
    assert restore(settings, backup).notes == ("observations: 1 damaged entry (vector in 1)",)
