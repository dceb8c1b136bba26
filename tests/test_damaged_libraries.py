"""Whatever hands or a disk did to a library: no command ends as a bug, and what is sound goes on."""

import json
import pickle
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from kith.jobs.backup import back_up
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Ignored, Is, IsNot
from kith.settings import save
from tests.damages import ENTRIES, FILES, STRUCTURE
from tests.desk import ran
from tests.making import in_memory
from tests.small_world import World

CANNOT = 3
READING = (
    "people list --hidden",
    "people show #2",
    "people history",
    "unknowns",
    "unknowns --ignored",
    "check",
    "evaluate",
    "redecide --preview",
    "why {photo}",
)
WRITING = (
    "people create Zoe",
    "people rename #2 Rob",
    "people merge #2 #3",
    "people split #2 #{bob} --to Zoe",
    "people set #2 birth=1950 nick=Bo --alias Bobby",
    "people delete #3",
    "people undo",
    "link {photo}#{face} #3",
    "unlink {photo}#{face} #1 --never",
    "ignore --others {photo}",
    "unknowns name {group} Zoe",
    "redecide",
    "recognize {input} --output {output}",
    "build-kb",
    "import-kb {kb}",
    "forget #3 --erase Eve",
)
KEEPING = ("backup {fresh}", "restore {backup}")
Command = Callable[[str], tuple[int, str]]
Fresh = Callable[[], Path]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, networks: Path) -> Iterator[World]:
    """A world in which the user has said something of everything."""
    home = tmp_path_factory.mktemp("module home")
    (home / "cache").mkdir()
    (home / "cache/networks").symlink_to(networks, target_is_directory=True)
    root = tempfile.mkdtemp(prefix="kith-test-", dir=in_memory())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KITH_HOME", str(home))
        made = World(Path(root))
        made.put(7, "input")
        made.recognise()
        with made.library() as library:
            ann, bob, eve = (library.people.all()[key] for key in (1, 2, 3))
            faces = [key for (key,) in made.query("SELECT appearance_id FROM links WHERE source = 'machine'")]
            PersonChanges(library).set(ann, {"birth": "1950-03", "notes": "tall"}, {"nick": "Annie"}, {"Anna": True})
            PersonChanges(library).rename(bob, "Robert")
            library.say(Is([faces[0]], eve))
            library.say(IsNot(faces[1], ann))
        with closing(OpenLibrary(made.settings)) as library:
            assert Unknowns(library).groups(2)
            library.say(Ignored([made.query("SELECT max(appearance_id) FROM unknown_groups")[0][0]]))
    save(made.root / "settings.json", made.settings)
    vector = np.random.default_rng(0).normal(size=128)
    (made.root / "old.pkl").write_bytes(pickle.dumps({"encodings": [vector / 8], "names": ["Old"]}))
    back_up(made.settings, made.root / "backup.sqlite")
    yield made
    shutil.rmtree(root)


@pytest.fixture
def run(world: World) -> Command:
    """Give what runs a command line to its end and returns its exit code and all it printed."""
    (face, _), (bob,), (group,) = (
        [
            key
            for (key,) in world.query(
                "SELECT a.id FROM appearances a JOIN files f USING (photo_id) WHERE path LIKE '%/6.png'"
            )
        ],
        *world.query("SELECT min(appearance_id) FROM links WHERE person_id = 2"),
        *world.query("SELECT group_id FROM unknown_groups GROUP BY 1 HAVING count(*) > 1"),
    )
    names = {
        "photo": world.root / "input/6.png",
        "input": world.root / "input",
        "output": world.root / "output",
        "kb": world.root / "old.pkl",
        "backup": world.root / "backup.sqlite",
        "fresh": world.root / "fresh.sqlite",
        "face": face,
        "bob": bob,
        "group": group,
    }

    def run(command: str) -> tuple[int, str]:
        words = [word.format(**names) for word in command.split()]
        settings = world.root / "settings.json"
        code, out, err = ran(*words, "--settings", settings, executor=lambda: world.eyes)
        return code, out + err

    return run


@pytest.fixture
def fresh(world: World) -> Iterator[Fresh]:
    """Give what lays the library out as it was."""
    library = world.settings.library_file
    content = library.read_bytes()

    def lay_out() -> Path:
        for path in (*library.parent.glob(f"{library.name}*"), world.root / "fresh.sqlite"):
            path.unlink(missing_ok=True)
        library.write_bytes(content)
        return library

    yield lay_out
    lay_out()


# What cannot go on, since it is about the damaged entries themselves or writes to their rows; by the command's start.
STOPS = {
    "every vector is empty": ("why", "recognize", "build-kb"),
    "every vector is of another length": ("why", "recognize", "build-kb"),
    "a box is infinite": ("build-kb",),
    "every word is unknown": ("why", "recognize", "people merge", "people split"),
    "links are of nobody": ("why", "recognize", "people split"),
    "a person is gone": ("unlink",),
    "an orientation is impossible": ("unknowns name",),
    "an orientation is text": ("unknowns name",),
    "a group is rubbish": ("unknowns name",),
    "a group is of nobody": ("unknowns name",),
    "notes and the rest are rubbish": ("people rename", "people merge", "people set", "people delete"),
    "a word is unknown": ("people merge",),
    "a source is unknown": ("people merge",),
    "a score is text": ("people merge",),
    "a change is rubbish": ("people undo",),
    **{name: ("people undo",) for name in ENTRIES if name.startswith("the journal")},
    "the numbers given are rubbish": ("people", "link", "unlink", "ignore", "unknowns name"),
}
# What nothing can be saved of, since what tells of the tables is gone, and what is none of ours.
UNREADABLE = {
    "it is cut within the first page",
    "it is empty",
    "its header is zero",
    "its first page is zero",
    "it is text",
    "the version is 5",
}
UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")  # what could command a terminal


def _fits(damage: str, command: str, code: int, told: str) -> bool:
    """Say whether a command ended right: what is sound goes on, what cannot tells so, and nothing is a bug."""
    goes_on = damage in ENTRIES and not command.startswith(("backup", *STOPS.get(damage, ())))
    return code in ((0,) if goes_on else (0, CANNOT)) and "Traceback" not in told and not UNSAFE.search(told)


@pytest.mark.parametrize(("number", "damage"), [*enumerate([*ENTRIES, *STRUCTURE, *FILES])])
def test_no_command_ends_as_a_bug_and_what_is_sound_goes_on(
    number: int, damage: str, run: Command, fresh: Fresh
) -> None:
    """Each damage meets every third command that writes, and each command every third damage."""
    wrong = []
    for commands in (READING, *((command,) for command in (*WRITING[number % 3 :: 3], *KEEPING))):
        (ENTRIES | STRUCTURE | FILES)[damage](fresh())
        told = {command: run(command) for command in commands}
        wrong += [(command, end) for command, end in told.items() if not _fits(damage, command, *end)]
    assert not wrong


def _words(library: Path) -> set[tuple[object, ...]]:
    """Return what user and dataset say, as far as it makes sense."""
    with closing(sqlite3.connect(library)) as connection:
        rows = connection.execute(
            "SELECT a.id, n.id, l.word, l.source FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "JOIN photos p ON p.id = a.photo_id JOIN persons n ON n.id = l.person_id "
            "WHERE word IN ('is', 'is_not') AND source IN ('user', 'dataset')"
        )
        return set(rows)


@pytest.mark.parametrize("damage", [*ENTRIES, *STRUCTURE, *FILES])
def test_what_is_damaged_is_named_and_repaired_without_loss_of_the_rest(
    damage: str, run: Command, fresh: Fresh
) -> None:
    (ENTRIES | STRUCTURE | FILES)[damage](library := fresh())
    before, words = library.read_bytes(), set()
    with suppress(sqlite3.DatabaseError, UnicodeDecodeError):
        words = _words(library)
    code, told = run(check := "check --library")
    assert _fits(damage, check, code, told)
    is_sound = "whole and sound" in told
    assert is_sound or "damaged" in told or "newer Kith" in told
    code, told = run(repair := "check --library --repair")
    assert _fits(damage, repair, code, told)
    if is_sound:
        return
    if code:  # what nothing can be read of stays as it is
        assert damage in UNREADABLE, told
        assert library.read_bytes() == before
        return
    assert run("check --library")[1].endswith("is whole and sound.\n")
    assert _words(library) >= words
    (kept,) = library.parent.glob(f"{library.name}.*.bak")
    assert kept.read_bytes() == before
    if damage in ENTRIES:
        assert any(not run(command)[0] for command in READING if not command.startswith(STOPS.get(damage, "-")))


def test_damaged_entries_are_told_once_a_command(run: Command, fresh: Fresh) -> None:
    ENTRIES["a vector is empty"](library := fresh())
    _, told = run("recognize {input} --output {output}")
    assert told.count("1 entry of the library is damaged and left out: kith check --library tells more") == 1
    with closing(sqlite3.connect(library, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        filed = "SELECT max(appearance_id) FROM links WHERE source = 'machine'"
        connection.execute(f"UPDATE observations SET w = 9e999 WHERE appearance_id = ({filed})")
    _, told = run("redecide")
    assert told.count("2 entries of the library are damaged and left out") == 1


def test_the_library_is_checked_and_repaired_for_programs_too(run: Command, fresh: Fresh) -> None:
    library = fresh()
    assert json.loads(run("check --library --json")[1]) == {
        "library": str(library),
        "faults": [],
        "repaired": False,
        "done": [],
        "kept": None,
    }
    ENTRIES["a word is unknown"](library)
    (fault,) = json.loads(run("check --library --json")[1])["faults"]
    assert fault == "links: 1 damaged entry (word in 1)"
    repaired = json.loads(run("check --repair --json")[1])
    assert repaired["faults"] == [fault]
    assert repaired["repaired"] is True
    assert Path(repaired["kept"]).is_file()
    restored = json.loads(run("restore {backup} --json")[1])
    assert restored["library"] == str(library)
    assert Path(restored["kept"]).is_file()


def test_a_journal_that_cannot_be_undone_is_cut_by_the_repair_and_older_changes_with_it(
    run: Command, fresh: Fresh
) -> None:
    ENTRIES["the journal is broken JSON"](fresh())
    assert run("people undo")[0] == CANNOT
    assert run("check --library --repair")[0] == 0
    assert run("people undo")[0] == CANNOT
    assert "nothing to undo" in run("people undo")[1].lower()
    assert run("people create Zoe")[0] == 0
    assert run("people undo") == (0, "Undone: Zoe is new.\n")
