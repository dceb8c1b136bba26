"""Full and failing disks under the library: each command tells it in plain words, and goes on when there is room."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kith.jobs.export_people import export_people
from kith.jobs.person_changes import PersonChanges
from kith.settings import save
from tests.desk import REPOSITORY
from tests.families import family_of
from tests.forks import Forks, forks
from tests.small_world import World

CANNOT = 3
SHIM = REPOSITORY / "scripts/torture_shim.c"
COMPILER = shutil.which("cc") or shutil.which("gcc")
needs_shim = pytest.mark.skipif(
    sys.platform != "linux" or not COMPILER,
    reason="calls are made to fail by a library for Linux, made by a C compiler",
)
COMMAND = "from kith.cli.main import main; main()"
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with something to merge, to undo and to decide again."""
    made = World(tmp_path / "world")
    made.recognise()
    with made.library() as library:
        PersonChanges(library).rename(library.people.all()[1], "Anna")
    made.values["face_tol"] = 0.3
    save(made.root / "settings.json", made.settings)
    theirs = family_of(tmp_path / "theirs", {"Mum": 0, "Zoe": 9}, [], 1000)
    export_people(theirs.settings, made.root / "family.zip")
    return made


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Processes of which calls to the disk fail."""
    folder = tmp_path_factory.mktemp("failing")
    shim = folder / "shim.so"
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-O1", "-o", shim, SHIM, "-ldl"], check=True)
    with forks(folder, LD_PRELOAD=str(shim)) as started:
        yield started


@pytest.fixture
def run(world: World, failing: Forks) -> Command:
    """Give what runs a command of which a call to the disk fails, and returns its exit code and all it printed."""

    def run(command: str, **faults: str) -> tuple[int, str]:
        settings = world.root / "settings.json"
        return failing.run(COMMAND, "kith", *command.format(root=world.root).split(), "--settings", settings, **faults)

    return run


# What is so once a command was done.
DONE = {
    "redecide": ("SELECT 1", 1),
    "people merge #1 #2": ("SELECT count(*) FROM persons", 2),
    "people undo": ("SELECT name FROM persons WHERE id = 1", "Ann"),
    "import people {root}/family.zip --yes": ("SELECT count(*) FROM persons", 5),
    "people list": ("SELECT count(*) FROM persons", 3),
    "unknowns": ("SELECT count(*) > 0 FROM unknown_groups", 1),
    "check --library": ("SELECT 1", 1),
    "forget #3 --erase Eve": ("SELECT count(*) FROM persons", 2),
}


@needs_shim
@pytest.mark.parametrize(("error", "always"), [(errno.ENOSPC, True), (errno.EIO, False)])
@pytest.mark.parametrize("command", DONE)
def test_whichever_call_fails_it_is_told_in_words_and_done_when_there_is_room(
    world: World, run: Command, tmp_path: Path, command: str, error: int, always: bool
) -> None:
    library, output = world.settings.library_file, world.root / "output"
    shutil.copytree(world.root, tmp_path / "before")
    failed = 0
    for at in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144):
        for path in library.parent.glob("library.sqlite*"):
            path.unlink()
        shutil.rmtree(output)
        shutil.copytree(tmp_path / "before/output", output)
        shutil.copyfile(tmp_path / "before/people" / library.name, library)
        fault = {"KITH_FAIL_UNDER": str(library), "KITH_FAIL_AT": str(at), "KITH_FAIL_ERRNO": str(error)}
        fault |= {"KITH_FAIL_ALWAYS": "1"} if always else {"KITH_FAIL_READS": "1"}
        code, told = run(command, **fault)
        assert code in (0, CANNOT), told
        assert "Traceback" not in told
        failed += code == CANNOT
        assert "is damaged" not in told or not always  # what cannot be read at the moment is not damaged
        with closing(sqlite3.connect(library)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("SELECT * FROM open_change").fetchall() == []
        if code:
            assert str(library.parent) in told
            assert any(word in told for word in ("full", "rights", "damaged", os.strerror(error))), told
            code, told = run(command)
            # What the first run came to just before its end is not to be done again.
            assert code == 0 or "Nobody" in told or "nothing to undo" in told, told
        with closing(sqlite3.connect(library)) as connection:
            query, expected = DONE[command]
            assert connection.execute(query).fetchone() == (expected,)
    assert failed or command in {"people list", "unknowns", "check --library"}
