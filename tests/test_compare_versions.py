"""scripts/compare_versions.py tells what is equal, and finds out a version that decides otherwise."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kith.library.store import open_store
from tests.desk import REPOSITORY

STRICTER = "import sys\nif 'recognize' in sys.argv:\n    sys.argv += ['--set', 'face_tol=0.3']\n"
PEOPLE = ("Colin_Powell", "Tony_Blair", "Vladimir_Putin", "Donald_Rumsfeld")  # the last two by name are strangers


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules of the scripts can be imported."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "scripts"))


@pytest.mark.usefixtures("scripts")
def test_answers_are_rows_without_times() -> None:
    from compare_state import answers

    out = '{"people": [{"name": "Ann", "seconds": 1.5}]}\nAnn was born 2001-02-03, named 2026-01-02T03:04:05+00:00\n'
    assert answers(out, "done in 3.2 s\n") == [
        ("0.people has", 1),
        ("0.people[0].name", "Ann"),
        (1, "Ann was born 2001-02-03, named …"),
        ("said", "done in …"),
    ]


@pytest.mark.usefixtures("scripts")
def test_rows_that_differ_are_counted_and_the_first_are_shown() -> None:
    from compare_state import compared

    before = {"recognize": {"links": [("a", 1), ("b", 2), ("b", 2)], "copies": [("c", 3)]}}
    after = {"recognize": {"links": [("b", 2), ("a", 1)], "copies": [("c", 4)]}}
    assert compared(before, before) == (
        ["| step | links | copies |", "| --- | --- | --- |", "| recognize | 3 | 1 |"],
        0,
    )
    lines, count = compared(before, after)
    assert count == 3
    assert lines[2] == "| recognize | 2, 1 differ | 1, 2 differ |"
    assert "  before: ('c', 3)" in lines
    assert "  after:  ('c', 4)" in lines


@pytest.mark.usefixtures("scripts")
def test_the_queries_fit_the_library_and_tell_no_numbers_of_its_own(tmp_path: Path) -> None:
    from compare_state import QUERIES, state

    def library(folder: Path, number: int) -> Path:
        (folder / "people").mkdir(parents=True)
        file = folder / "people/library.sqlite"
        open_store(file, create=True).close()
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(_ROWS.replace("10", str(number)))
        return folder

    found = state(library(tmp_path / "one", 10))
    assert {name: len(found[name]) for name in QUERIES} == dict.fromkeys(QUERIES, 1)
    assert found == state(library(tmp_path / "other", 77))


_ROWS = """
    INSERT INTO photos VALUES (10, 'hash', 4, 3, 1, NULL, NULL, NULL, 'then', NULL, NULL, 2);
    INSERT INTO files VALUES ('a.jpg', 10, 5, 6);
    INSERT INTO analyses VALUES (10, 10, 'engine', 1, 'then');
    INSERT INTO appearances VALUES (10, 10, 0.1, 0.2, 0.3, 0.4);
    INSERT INTO observations VALUES
        (10, 10, 10, 'face', 'model', 0.1, 0.2, 0.3, 0.4, 1, 1, 1, 1, 0, zeroblob(8), NULL);
    INSERT INTO persons (id, name, added_at) VALUES (10, 'Ann', 'then');
    INSERT INTO links VALUES (10, 10, 10, 'is', 'user', NULL, NULL, 'then');
    INSERT INTO ignored VALUES (10, 'then');
    INSERT INTO unknown_groups (appearance_id, group_id) VALUES (10, 10);
    INSERT INTO copies (id, photo_id, person_id, output, target, made_at) VALUES (10, 10, 10, 'out', 'out/a.jpg', '');
    INSERT INTO changes (id, made_at, action, summary) VALUES (10, 'then', 'link', 'Ann');
"""


@pytest.mark.bench
@pytest.mark.usefixtures("scripts")
def test_a_program_that_decides_otherwise_is_found_out_where_it_does(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from compare_versions import compare
    from compare_world import Step, World
    from versions import Version

    for person in PEOPLE:
        (tmp_path / "data/lfw10" / person).mkdir(parents=True)
        for photo in sorted((shared / "data/lfw10" / person).iterdir())[:7]:
            shutil.copy(photo, tmp_path / "data/lfw10" / person)
    shutil.copytree(REPOSITORY / "app", tmp_path / "copy/app")
    start = tmp_path / "copy/app/kith/__main__.py"
    start.write_text(STRICTER + start.read_text(encoding="utf-8"), encoding="utf-8")
    before, after = Version("before", REPOSITORY), Version("after", tmp_path / "copy")
    first = [Step(name, [name, "--json"]) for name in ("build-kb", "recognize")]
    later = [Step("people", ["people", "list", "--json"])]
    count = compare(before, after, World(tmp_path, tmp_path / "data", shared / "models"), first, later)

    told = capsys.readouterr().out
    own, opened = told.split("The library of the version before")
    titles, built, recognised = (_cells(own, step) for step in ("step", "build-kb", "recognize"))
    assert int(built[titles.index("links")]) == 10
    assert not [cell for cell in built if "differ" in cell]
    differing = {title for title, cell in zip(titles, recognised, strict=True) if "differ" in cell}
    assert differing == {"answers", "links", "copies", "report", "output"}
    assert int(recognised[titles.index("photos")]) == 28
    assert count > 0
    assert "all rows are equal" in opened


def _cells(told: str, step: str) -> list[str]:
    """Return the cells of a step's line in what was printed."""
    line = next(line for line in told.splitlines() if line.startswith(f"| {step} |"))
    return line.strip("| ").split(" | ")
