"""The switch in Home: the input folder is watched while the window is open, beside all else."""

import shutil
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.places import HOME
from kith.gui.watch_row import WatchRow
from kith.settings import load
from tests.album import ANN, BOB, Album
from tests.drawn import LEFT, MIDDLE, RIGHT, draw
from tests.windows import PATIENCE_MS, Gate, click, console_has, open_window, press, wait_for_end


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Album:
    """Ann and Bob are taught; one photo waits to be recognised. Photos grow no more after a blink."""
    monkeypatch.setattr("kith.jobs.arrivals.SETTLED_S", 0.2)
    monkeypatch.setattr("kith.jobs.watch.TICK_S", 0.05)
    album = Album(tmp_path / "mine")
    album.save(draw((ANN, MIDDLE), shade=4), "album/ann.png")
    return album


@pytest.fixture
def file(album: Album) -> Path:
    """The settings, by which nothing is watched."""
    return album.settings_file()


def _home(window: MainWindow) -> HomePlace:
    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    return home


def _row(window: MainWindow) -> WatchRow:
    (row,) = window.findChildren(WatchRow)
    return row


def _line_has(qtbot: QtBot, window: MainWindow, words: str) -> None:
    qtbot.waitUntil(lambda: words in _row(window).told.text(), timeout=PATIENCE_MS)


def test_photos_are_recognised_as_they_come_and_the_switch_is_remembered(
    qtbot: QtBot, album: Album, file: Path
) -> None:
    window = open_window(qtbot, file, lambda: album.eyes)
    assert not _row(window).told.isVisible()
    click(qtbot, _row(window).box)
    _line_has(qtbot, window, "album: 1 new photo recognised")
    made = album.save(draw((ANN, LEFT), (BOB, RIGHT), shade=5), "made/both.png")
    shutil.copyfile(made, album.album / "both.png")
    _line_has(qtbot, window, "2 new photos recognised")
    wait_for_end(qtbot, window)
    assert {*album.tree()} == {"Ann/ann.png", "Ann/both.png", "Bob/both.png"}
    assert _home(window).page is _home(window).advice
    window.close()
    assert load(file).settings.watch
    again = open_window(qtbot, file, lambda: album.eyes)
    _line_has(qtbot, again, "0 new photos recognised")
    assert _row(again).box.isChecked()
    assert again.does.watch.isChecked()
    press(qtbot, again, Qt.Key.Key_T)
    assert _row(again).told.text() == ""
    assert not _row(again).box.isChecked()
    assert not load(file).settings.watch
    again.close()


def test_what_comes_while_another_job_is_at_work_waits_for_its_end(qtbot: QtBot, album: Album, file: Path) -> None:
    gate = Gate(album.eyes)
    album.save(draw((BOB, MIDDLE), shade=9), "people/Bob/9.png")
    window = open_window(qtbot, file, gate)
    click(qtbot, window.steps.build)
    window.does.watch.trigger()
    _line_has(qtbot, window, "waiting: Build KB")
    gate.open_wide()
    _line_has(qtbot, window, "1 new photo recognised")
    wait_for_end(qtbot, window)
    window.close()


def test_whoever_aborts_what_came_by_itself_watches_no_more(qtbot: QtBot, album: Album, file: Path) -> None:
    for shade in range(5, 9):
        album.save(draw((ANN, MIDDLE), shade=shade), f"album/{shade}.png")
    gate = Gate(album.eyes)
    window = open_window(qtbot, file, gate)
    click(qtbot, _row(window).box)
    qtbot.waitUntil(lambda: window.jobs.running, timeout=PATIENCE_MS)
    click(qtbot, window.progress.abort_button)
    gate.open_wide()
    wait_for_end(qtbot, window)
    console_has(qtbot, window, "is watched no more")
    assert not _row(window).box.isChecked()
    assert not load(file).settings.watch
    window.close()


def test_what_keeps_it_from_watching_is_told_and_tried_again(
    qtbot: QtBot, album: Album, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kith.gui.watcher._AGAIN_S", 0.05)
    library = album.settings.library_file.rename(album.root / "elsewhere")
    window = open_window(qtbot, file, lambda: album.eyes)
    click(qtbot, _row(window).box)
    _line_has(qtbot, window, "There is no library")
    assert "Knowledge Base ▸ Build KB" in _row(window).told.text()
    library.rename(album.settings.library_file)
    _line_has(qtbot, window, "1 new photo recognised")
    wait_for_end(qtbot, window)
    window.close()
