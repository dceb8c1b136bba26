"""Names in photos are written and taken over in the window, each shown before it is done."""

import json
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from kith.gui.main_window import MainWindow
from kith.gui.names_dialog import NamesDialog
from tests.small_world import PLACES, World
from tests.test_import_tags import said, sample
from tests.windows import PATIENCE_MS, open_window


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A recognised world."""
    world = World(tmp_path)
    world.recognise()
    return world


@pytest.fixture
def window(qtbot: QtBot, world: World) -> MainWindow:
    """A window over it, that writes names beside the photos."""
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values | {"names_in": "photos"}), encoding="utf-8")
    return open_window(qtbot, file, lambda: world.eyes)


def opened(qtbot: QtBot, window: MainWindow) -> NamesDialog:
    """Return the dialog that is open."""
    qtbot.waitUntil(lambda: bool(window.findChildren(NamesDialog)), timeout=PATIENCE_MS)
    return window.findChildren(NamesDialog)[-1]


def press(qtbot: QtBot, button: QPushButton) -> None:
    """Press a button once it can be."""
    qtbot.waitUntil(button.isEnabled, timeout=PATIENCE_MS)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_names_are_written_when_asked(qtbot: QtBot, world: World, window: MainWindow) -> None:
    """First it is told where, then it is done, and then there is nothing left to do."""
    window.does.write_names.trigger()
    dialog = opened(qtbot, window)
    qtbot.waitUntil(dialog.do.isEnabled, timeout=PATIENCE_MS)
    sidecar = world.root / "input/6.png.xmp"
    assert f"{sidecar}: Ann, Bob" in dialog.lines.toPlainText()
    assert not sidecar.exists()
    with qtbot.waitSignal(dialog.changed, timeout=PATIENCE_MS):
        press(qtbot, dialog.do)
    assert sidecar.exists()
    assert "written." in dialog.words.text()
    assert not dialog.do.isEnabled()
    dialog.reject()
    window.does.write_names.trigger()
    again = opened(qtbot, window)
    qtbot.waitUntil(lambda: "would be written" in again.words.text(), timeout=PATIENCE_MS)
    assert not again.lines.toPlainText()
    assert "Nothing is to be written" in again.lines.placeholderText()
    again.reject()


def test_names_of_others_are_taken_over_and_undone(qtbot: QtBot, world: World, window: MainWindow) -> None:
    """Their people show before anything is changed; Ctrl+Z takes all of it back."""
    (world.root / "input/5.png.xmp").write_bytes(sample("digikam", "<b>Zoe</b>".replace("<", "&lt;"), PLACES[0]))
    window.choose_folder = lambda _title, _start: world.root / "input"
    window.does.import_names.trigger()
    dialog = opened(qtbot, window)
    (choose,) = [button for button in dialog.findChildren(QPushButton) if "Choose" in button.text()]
    assert "will be listed here" in dialog.lines.placeholderText()
    named = world.root / "input/5.png.xmp"
    named.rename(world.root / "5.png.xmp")
    press(qtbot, choose)
    qtbot.waitUntil(lambda: "names anybody" in dialog.words.text(), timeout=PATIENCE_MS)
    assert not dialog.lines.toPlainText()
    assert "Nobody was found" in dialog.lines.placeholderText()
    (world.root / "5.png.xmp").rename(named)
    press(qtbot, choose)
    qtbot.waitUntil(dialog.do.isEnabled, timeout=PATIENCE_MS)
    assert dialog.lines.toPlainText() == "<b>Zoe</b> (new): 1 face"
    assert said(world) == []
    with qtbot.waitSignal(dialog.changed, timeout=PATIENCE_MS):
        press(qtbot, dialog.do)
    assert said(world) == [("5.png", "<b>Zoe</b>", 0.06)]
    dialog.reject()
    window.desk.undo()
    qtbot.waitUntil(lambda: not window.desk.busy and said(world) == [], timeout=PATIENCE_MS)
