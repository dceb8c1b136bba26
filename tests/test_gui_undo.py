"""Whatever was said can be taken back and done again in the window, also what another program said."""

import json
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from kith.gui.main_window import MainWindow
from kith.jobs.person_changes import PersonChanges
from tests.desk import ran
from tests.small_world import World
from tests.windows import PATIENCE_MS, open_window, press


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.recognise()
    return world


@pytest.fixture
def window(qtbot: QtBot, world: World) -> MainWindow:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    return open_window(qtbot, file)


def _state(world: World) -> tuple[object, ...]:
    return world.persons(), world.links(), world.ignored(), world.tree()


def _settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.desk.busy, timeout=PATIENCE_MS)


def test_keys_undo_and_redo_and_the_menu_says_what(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    window.desk.act(
        lambda library: PersonChanges(library).merge(library.people.find("Ann"), library.people.find("Bob"))
    )
    _settled(qtbot, window)
    after = _state(world)
    assert after != before
    assert "merged" in window.does.undo.text()
    for _ in range(2):
        press(qtbot, window, Qt.Key.Key_Z)
        _settled(qtbot, window)
        assert _state(world) == before
        assert "Undone" in window.status.text()
        assert "merged" in window.does.redo.text()
        press(qtbot, window, Qt.Key.Key_Y)
        _settled(qtbot, window)
        assert _state(world) == after
        assert "Done again" in window.status.text()


def test_nothing_to_undo_is_said(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    for key in (Qt.Key.Key_Z, Qt.Key.Key_Y):
        press(qtbot, window, key)
        _settled(qtbot, window)
        assert "nothing" in window.status.text()
    assert _state(world) == before


def test_a_text_field_keeps_its_own_undo(qtbot: QtBot, world: World, window: MainWindow) -> None:
    window.desk.act(lambda library: PersonChanges(library).create("Zoe"))
    _settled(qtbot, window)
    window.go("Console")
    search = window.console.search
    qtbot.waitUntil(search.hasFocus, timeout=PATIENCE_MS)
    qtbot.keyClicks(search, "word")
    qtbot.keyClick(search, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    _settled(qtbot, window)
    assert search.text() == ""
    assert "Zoe" in {person[0] for person in world.persons()}


def test_a_text_field_without_anything_to_undo_leaves_it_to_the_window(
    qtbot: QtBot, world: World, window: MainWindow
) -> None:
    window.desk.act(lambda library: PersonChanges(library).create("Zoe"))
    _settled(qtbot, window)
    window.go("Console")
    search = window.console.search
    qtbot.waitUntil(search.hasFocus, timeout=PATIENCE_MS)
    for key, people in ((Qt.Key.Key_Z, 0), (Qt.Key.Key_Y, 1)):
        qtbot.keyClick(search, key, Qt.KeyboardModifier.ControlModifier)
        _settled(qtbot, window)
        assert [person[0] for person in world.persons()].count("Zoe") == people


def test_what_another_program_did_is_seen_when_the_menu_opens(qtbot: QtBot, world: World, window: MainWindow) -> None:
    code, _, _ = ran("people", "create", "Zoe", "--settings", world.root / "settings.json")
    assert code == 0
    window.desk.look_at_steps()
    qtbot.waitUntil(lambda: "Zoe" in window.does.undo.text(), timeout=PATIENCE_MS)
    window.does.undo.trigger()
    _settled(qtbot, window)
    assert "Zoe" not in {person[0] for person in world.persons()}


def test_two_windows_on_one_library_take_back_each_others_words(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    other = open_window(qtbot, world.root / "settings.json")
    window.desk.act(lambda library: PersonChanges(library).rename(library.people.find("Ann"), "Anna"))
    _settled(qtbot, window)
    other.desk.act(lambda library: PersonChanges(library).rename(library.people.find("Bob"), "Bobby"))
    _settled(qtbot, other)
    after = _state(world)
    for _ in range(2):  # the other's newest first
        press(qtbot, window, Qt.Key.Key_Z)
        _settled(qtbot, window)
    assert _state(world) == before
    for _ in range(2):
        press(qtbot, other, Qt.Key.Key_Y)
        _settled(qtbot, other)
    assert _state(world) == after
    world.check()
    other.close()


def test_commands_undo_and_redo(world: World, window: MainWindow) -> None:
    file = world.root / "settings.json"
    assert ran("people", "rename", "Ann", "Anna", "--settings", file)[0] == 0
    assert ran("people", "undo", "--settings", file)[0] == 0
    code, out, _ = ran("people", "redo", "--settings", file)
    assert (code, "Done again" in out) == (0, True)
    code, _, err = ran("people", "redo", "--settings", file)
    assert (code, "nothing to do again" in err) == (3, True)
