"""What scripts/house.py counts in small packages, whose figures can be counted by hand."""

from pathlib import Path
from typing import Any

import pytest

from tests.desk import REPOSITORY

PACKAGE = {
    "__init__.py": '"""A package."""\n',
    "asking.py": '''"""Ask.

Not a line of code.
"""

from rooms.cellar.store import Store, open_store


def ask(question: "str | None", store: Store) -> list[str]:
    """Answer."""
    # first a note
    found = store.rows(question)
    return [
        one.name
        for one in found
        if one
        if not one.hidden
    ]


def ask_all() -> None:
    with open_store() as opened:
        _told(opened.rows(""))


def _told(x):
    for y in x:
        print(y)
''',
    "attic/__init__.py": "",
    "attic/boxes.py": '''from ..cellar import store


def first(values):
    """Add up."""
    total = 0
    for value in values:
        if value > 1 and value < 9:
            total += value
    return total


def second(numbers):
    result = 0
    for number in numbers:
        if number > 1 and number < 9:
            result += number
    return result


def third(numbers):
    result = 0
    for number in numbers:
        if number > 1 and number < 8:
            result += number
    return result
''',
    "cellar/__init__.py": "",
    "cellar/store.py": '''from contextlib import contextmanager


class Store:
    """Holds rows."""

    def rows(self, question):
        """Return rows."""
        return self._read()

    def _read(self):
        from rooms.attic.boxes import first

        return sorted(first([]), key=_turn)


@contextmanager
def open_store() -> "Store":
    yield Store()


def _turn(row):
    return _turn_again(row)


def _turn_again(row):
    return _turn(row)
''',
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(REPOSITORY / "scripts"))
    for name, text in PACKAGE.items():
        path = tmp_path / "rooms" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "rooms"


@pytest.fixture
def figures(package: Path) -> dict[str, Any]:
    from house import measure

    return measure(package, ["asking.ask_all", "no.such"])


def _parsed(folder: Path, text: str) -> Any:
    from house_code import modules_in

    (folder / "line.py").write_text(text, encoding="utf-8")
    return modules_in(folder / "line.py")[0]


def test_sizes(figures: dict[str, Any]) -> None:
    assert figures["modules"] == 6
    assert figures["functions"] == 11
    assert figures["median function"] == 3
    assert figures["public functions with docstring, %"] == round(100 * 3 / 7)
    assert figures["functions over 60 lines"] == []


def test_habits_are_told_with_their_places(figures: dict[str, Any]) -> None:
    assert figures["loop variables `one`"] == ["rooms.asking:15"]
    assert figures["loop variables of one letter"] == ["rooms.asking:27"]
    assert figures["comprehensions of more than two clauses"] == ["rooms.asking:13"]
    assert figures["modules named by a gerund"] == ["rooms.asking"]
    assert figures["rooms that import both ways"] == ["attic and cellar"]
    assert figures["circles of imports"] == [["rooms.attic.boxes", "rooms.cellar.store"]]
    assert figures["bodies said twice"] == [["rooms.attic.boxes:4 first", "rooms.attic.boxes:13 second"]]


def test_the_longest_chain_follows_what_is_entered_called_and_handed_over(figures: dict[str, Any]) -> None:
    chain = figures["asking.ask_all: deep"]
    assert chain[:3] == ["rooms.asking.ask_all", "rooms.cellar.store.Store.rows", "rooms.cellar.store.Store._read"]
    assert len(chain) == 4
    ways = figures["asking.ask_all: modules"]
    assert ways == ["rooms.asking", "rooms.cellar.store", "rooms.attic.boxes"]
    assert "no.such: deep" not in figures


@pytest.mark.parametrize(
    ("line", "operations"),
    [
        ("total = 1", 0),
        ("total: dict[str, int | None] = {}", 0),
        ("total = first + second * -third", 3),
        ("total += row.values()[0]", 4),
        ("fits = low < value < high and not hidden or last", 5),
        ("names = [row.name for row in rows if row]", 3),
        ("key = lambda row: 1 if row else 2", 2),
    ],
)
def test_operations(package: Path, line: str, operations: int) -> None:
    from house_code import operations_in

    assert operations_in(_parsed(package.parent, line).tree) == operations


def test_lines_hold_no_comment_and_no_docstring(package: Path) -> None:
    from house_code import lines_of

    text = '"""Text\n\nof three lines."""\n\n# a note\nvalue = (\n    1,\n)\nif value:\n    text = """two\nlines"""\n'
    assert lines_of(_parsed(package.parent, text)) == (6, 3)


def test_two_packages_are_told_side_by_side(figures: dict[str, Any]) -> None:
    from house import table

    fewer = {name: found for name, found in figures.items() if not name.startswith("asking.")}
    rows = table({"before": figures, "after": {**fewer, "modules": 5, "median function": 2.5}}).splitlines()
    assert rows[0] == "| measure | before | after |"
    assert rows[2] == "| modules | 6 | 5 |"
    assert {"| bodies said twice | 1 | 1 |", "| median function | 3 | 2.5 |", "| asking.ask_all: deep | 4 |  |"} <= {
        *rows
    }
