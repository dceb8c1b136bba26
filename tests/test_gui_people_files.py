"""People of relatives in the window: shown with faces first, chosen otherwise, taken over, undone; and handed on."""

import json
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from kith.filing.people_file import read_people
from kith.gui.main_window import MainWindow
from kith.gui.people_file_dialogs import ExportPeopleDialog, ImportPeopleDialog
from kith.jobs.export_people import export_people
from tests.families import family_of
from tests.small_world import World
from tests.windows import PATIENCE_MS, open_window


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A recognised world, in which Ann (0), Bob (1) and Eve (2) are known."""
    world = World(tmp_path / "ours")
    world.recognise()
    return world


@pytest.fixture
def window(qtbot: QtBot, world: World) -> MainWindow:
    """A window over it."""
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    return open_window(qtbot, file, lambda: world.eyes)


def _press(qtbot: QtBot, button: QPushButton) -> None:
    qtbot.waitUntil(button.isEnabled, timeout=PATIENCE_MS)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def _rows(dialog: ImportPeopleDialog) -> list[tuple[str, str]]:
    items = [dialog.table.topLevelItem(row) for row in range(dialog.table.topLevelItemCount())]
    return [(item.text(0), item.text(1)) for item in items if item]


def _persons(world: World) -> list[str]:
    return [name for (name,) in world.query("SELECT name FROM persons ORDER BY id")]


def test_relatives_people_are_taken_over_and_undone(qtbot: QtBot, world: World, window: MainWindow) -> None:
    """Who is whom shows first; a person chosen to be somebody else is that one; Ctrl+Z takes all of it back."""
    theirs = family_of(world.root.parent / "theirs", {"<b>Mum</b>": 0, "Zoe": 9, "Yan": 11}, [], 1000)
    export_people(theirs.settings, theirs.root / "family.zip")
    window.does.import_people.trigger()
    qtbot.waitUntil(lambda: window.findChild(ImportPeopleDialog) is not None, timeout=PATIENCE_MS)
    dialog = window.findChild(ImportPeopleDialog)
    assert dialog
    dialog.choose_files = lambda _title: [theirs.root / "family.zip"]  # type: ignore[assignment]
    _press(qtbot, dialog.file)
    qtbot.waitUntil(dialog.do.isEnabled, timeout=PATIENCE_MS)
    assert _rows(dialog) == [("<b>Mum</b>", "Ann"), ("Zoe", "somebody new"), ("Yan", "somebody new")]
    dialog.table.setCurrentItem(dialog.table.topLevelItem(2))
    assert "Yan" in dialog.asked.text()
    dialog.who.setCurrentIndex(dialog.who.findText("Bob"))
    dialog.who.activated.emit(dialog.who.currentIndex())
    qtbot.waitUntil(lambda: ("Yan", "Bob") in _rows(dialog), timeout=PATIENCE_MS)
    before = _persons(world)
    with qtbot.waitSignal(dialog.changed, timeout=PATIENCE_MS):
        _press(qtbot, dialog.do)
    assert _persons(world) == [*before, "Zoe"]
    assert dialog.words.text().startswith("1 new person")
    assert {*world.query("SELECT name FROM aliases")} == {("<b>Mum</b>",), ("Yan",)}
    dialog.reject()
    window.desk.undo()
    qtbot.waitUntil(lambda: not window.desk.busy and _persons(world) == before, timeout=PATIENCE_MS)


def test_people_are_handed_on(qtbot: QtBot, world: World, window: MainWindow) -> None:
    """Those chosen are in the file, with their faces if asked for."""
    file = world.root / "family.zip"
    window.choose_file = lambda _title, _suggestion, _kind: file
    window.does.export_people.trigger()
    qtbot.waitUntil(lambda: window.findChild(ExportPeopleDialog) is not None, timeout=PATIENCE_MS)
    dialog = window.findChild(ExportPeopleDialog)
    assert dialog
    qtbot.waitUntil(lambda: dialog.people.count() == 3, timeout=PATIENCE_MS)
    assert dialog.words.text() == "3 of 3 people chosen"
    dialog.everybody.setFocus()
    qtbot.keyClick(dialog.everybody, Qt.Key.Key_Space)
    assert (dialog.words.text(), dialog.do.isEnabled()) == ("0 of 3 people chosen", False)
    assert dialog.everybody.checkState() is Qt.CheckState.Unchecked
    for name, chosen in (("Bob", "1 of 3"), ("Ann", "2 of 3")):
        dialog.people.findItems(name, Qt.MatchFlag.MatchExactly)[0].setCheckState(Qt.CheckState.Checked)
        assert dialog.words.text() == f"{chosen} people chosen"
        assert dialog.everybody.checkState() is Qt.CheckState.PartiallyChecked
    qtbot.keyClick(dialog.everybody, Qt.Key.Key_Space)
    assert dialog.everybody.checkState() is Qt.CheckState.Checked
    bob = dialog.people.findItems("Bob", Qt.MatchFlag.MatchExactly)[0]
    bob.setCheckState(Qt.CheckState.Unchecked)
    dialog.with_faces.setChecked(True)
    with qtbot.waitSignal(dialog.changed, timeout=PATIENCE_MS):
        _press(qtbot, dialog.do)
    with file.open("rb") as opened:
        content = read_people(opened)
    assert [row.name for row in content.people] == ["Ann", "Eve"]
    assert len(content.faces) == 2
    assert str(file) in dialog.words.text()
    dialog.reject()
