"""Home: the first steps in the window, a job while it runs, what it came to, and what to do next."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kith.gui import start
from kith.gui.broken_settings import BrokenSettings
from kith.gui.dropped_folder import DroppedFolder
from kith.gui.home_model import Do, State
from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.next_steps import LargeButton
from kith.gui.places import CONSOLE, HOME, REVIEW
from kith.gui.recognize_dialog import RecognizeDialog
from kith.gui.review_watch import ReviewWatch
from kith.gui.welcome_page import WelcomePage
from kith.jobs.overview import LastRun, Overview
from kith.settings import load
from tests.album import Album
from tests.drawn import LEFT, MIDDLE, RIGHT, draw
from tests.making import aged
from tests.windows import (
    MENUS,
    PATIENCE_MS,
    Gate,
    click,
    dialog,
    letters_twice,
    mnemonic,
    open_window,
    press_start,
    wait_for_end,
)

ANN, BOB, EVE = 0, 1, 2


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Ann and Bob are taught; in the photos are both, Ann, and Eve twice."""
    album = Album(tmp_path / "mine")
    album.save(draw((ANN, LEFT), (BOB, RIGHT), shade=3), "album/both.png")
    album.save(draw((ANN, MIDDLE), shade=4), "album/ann.png")
    album.save(draw((EVE, MIDDLE), shade=5), "album/eve.png")
    album.save(draw((EVE, LEFT), shade=6), "album/eve again.png")
    (album.root / "album/broken.png").write_bytes(b"no picture")
    aged(album.root / "album/broken.png")
    return album


def _home(window: MainWindow) -> HomePlace:
    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    return home


def _open(qtbot: QtBot, album: Album) -> MainWindow:
    return open_window(qtbot, album.settings_file(), lambda: album.eyes)


def _wait(qtbot: QtBot, state: Callable[[], bool]) -> None:
    qtbot.waitUntil(state, timeout=PATIENCE_MS)


def _advised(qtbot: QtBot, window: MainWindow, words: str) -> None:
    _wait(qtbot, lambda: words in _home(window).advice.advice.text())


def _next(window: MainWindow) -> list[LargeButton]:
    """Return the large buttons that stand out."""
    return [button for button in window.steps.findChildren(LargeButton) if button.property("next")]


def _rows(home: HomePlace) -> range:
    return range(home.result.people.tiles.rowCount())


# The plain model


def _overview(**values: object) -> Overview:
    known: dict[str, object] = {
        "people": 4, "photos": 9, "unsure": 12, "unknown": 95, "groups": 7, "new_people": (), "last": None
    }  # fmt: skip
    return Overview(**(known | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "words", "does"),
    [
        (State(fault="line 2"), "line 2", Do.MEND),
        (State(away="/drive/people"), "/drive/people is not there now", Do.LOOK_AGAIN),
        (State(), "Nobody is known yet", Do.STEPS),
        (State(stopped=True), "was stopped", Do.BUILD),
        (State(overview=_overview()), "12 unsure, 95 unknown in 7 groups", Do.REVIEW),
        (State(overview=_overview(photos=0)), "find them in a folder", Do.RECOGNIZE),
        (State(overview=_overview(new_people=("Zoe",))), "New in the people folder: Zoe", Do.BUILD),
        (State(overview=_overview(unsure=0, unknown=0)), "Every face has a name", Do.OUTPUT),
        (State(overview=_overview(last=LastRun("2026-11-27", 1, 0, 0, 0, 5))), "5 photos to go", Do.RESUME),
    ],
)
def test_what_to_do_next_is_one_sentence(state: State, words: str, does: Do) -> None:
    assert words in state.advice.text
    assert state.advice.does is does
    assert mnemonic(state.advice.button) not in MENUS


# Stories


def test_a_newcomer_comes_from_empty_settings_to_a_finished_run_without_a_menu(qtbot: QtBot, album: Album) -> None:
    album.settings.library_file.unlink()
    file = album.root / "new/settings.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"valid_exts": [".png"], "body_policy": "off"}), encoding="utf-8")
    window = open_window(qtbot, file, lambda: album.eyes)
    answers = {"Your people": "people", "Photos to recognise": "album", "Copies and report go to": "sorted"}
    window.choose_folder = lambda title, _start: album.root / answers[title]
    start.greet(window, first_time=True)
    welcome = _home(window).page
    assert isinstance(welcome, WelcomePage)
    assert not window.steps.isVisible()
    assert letters_twice(window) == []
    steps = welcome.steps
    assert not steps.privacy.isVisible()
    click(qtbot, steps.more)
    assert steps.privacy.isVisible()
    for field in (steps.people, steps.photos, steps.output):
        click(qtbot, field.button)
    _wait(qtbot, lambda: steps.people.hint.text() == "")
    click(qtbot, welcome.start)

    home = _home(window)
    _wait(qtbot, lambda: home.page is home.result)
    wait_for_end(qtbot, window)
    assert home.result.counts.text() == "2 sure, 0 unsure, 2 unknown, 1 failed"
    _wait(qtbot, lambda: [home.result.people.tiles.tile(row).name for row in _rows(home)] == ["Ann", "Bob"])
    assert (album.root / "sorted/Ann/ann.png").is_file()
    assert load(file).settings.dataset_folder == album.root / "people"
    assert home.result.reviews.text() == "Re&view Them"
    assert letters_twice(window) == []
    click(qtbot, home.result.failed)
    item = home.result.failures.item(0)
    assert item
    assert item.text().startswith("broken.png: ")
    click(qtbot, home.result.close_button)
    _advised(qtbot, window, "2 unknown in 1 group")
    assert "5 photos: 2 sure, 0 unsure, 2 unknown, 1 failed" in home.advice.last.text()


def test_folders_that_cannot_be_used_are_told_and_nothing_begins(qtbot: QtBot, album: Album) -> None:
    window = _open(qtbot, album)
    window.welcome()
    welcome = _home(window).page
    assert isinstance(welcome, WelcomePage)
    welcome.steps.photos.edit.setText(str(album.root / "nowhere"))
    click(qtbot, welcome.start)
    _wait(qtbot, lambda: "There is no folder" in welcome.problem.text())
    assert not window.jobs.running
    click(qtbot, welcome.skip)
    assert _home(window).page is _home(window).advice


def test_groups_that_become_known_later_are_told_of(qtbot: QtBot, album: Album) -> None:
    (album.root / "album/broken.png").unlink()
    album.recognise()
    window = _open(qtbot, album)
    _advised(qtbot, window, "2 unknown in 1 group")
    _home(window).advice.show_state(State())  # as where Home had looked before who waits was grouped
    window.waiting.look()
    _advised(qtbot, window, "2 unknown in 1 group")


def test_the_last_run_is_known_at_the_next_start(qtbot: QtBot, album: Album) -> None:
    (album.root / "album/broken.png").unlink()
    album.recognise()
    window = _open(qtbot, album)
    _advised(qtbot, window, "2 unknown in 1 group")
    assert "4 photos: 2 sure" in _home(window).advice.last.text()


def test_the_large_button_that_stands_out_does_what_is_advised(qtbot: QtBot, album: Album) -> None:
    (album.root / "album/broken.png").unlink()
    album.recognise()
    window = _open(qtbot, album)
    steps = window.steps
    _advised(qtbot, window, "2 unknown in 1 group")
    assert _next(window) == [steps.review]
    window.refresh()
    _wait(qtbot, lambda: _next(window) == [steps.review])
    click(qtbot, steps.review)
    assert window.place == REVIEW
    album.save(draw((EVE, MIDDLE), shade=7), "people/Eve/1.png")
    window.go(CONSOLE)
    window.go(HOME)
    _advised(qtbot, window, "New in the people folder: Eve")
    assert _next(window) == [steps.build]
    assert "Learn who is new in “people”" in steps.build.accessibleName()
    home = _home(window)
    home.advice.button.setFocus()
    home.look_again()
    _wait(qtbot, lambda: not home._is_looking)
    assert window.focusWidget() is home.advice.button, "a look in the background takes the keyboard from nobody"


def test_groups_found_after_home_looked_are_told(qtbot: QtBot, album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    (album.root / "album/broken.png").unlink()
    album.recognise()
    look = ReviewWatch.look
    monkeypatch.setattr(ReviewWatch, "look", lambda _watch: None)
    window = _open(qtbot, album)
    _advised(qtbot, window, "2 unknown.")
    look(window.waiting)
    _advised(qtbot, window, "2 unknown in 1 group")


def test_a_stopped_run_says_so_at_once_and_is_resumed(qtbot: QtBot, album: Album) -> None:
    gate = Gate(album.eyes)
    window = open_window(qtbot, album.settings_file(), gate)
    home = _home(window)
    _advised(qtbot, window, "find them in a folder")
    click(qtbot, home.advice.button)
    press_start(qtbot, dialog(qtbot, RecognizeDialog))
    gate.open(2)  # the next photo is asked for before the first is told
    _wait(qtbot, lambda: home.page is home.run and home.run.model.done > 0)
    assert not window.steps.isVisible()
    click(qtbot, window.progress.abort_button)
    assert home.run.heading.text() == "Recognize Folder: stopping …"
    gate.open_wide()
    wait_for_end(qtbot, window)
    assert home.page is home.advice
    _advised(qtbot, window, "The last run was stopped")
    assert _next(window) == []
    _wait(qtbot, lambda: window.focusWidget() is home.advice.button)
    click(qtbot, home.advice.button)
    _wait(qtbot, lambda: home.page is home.result)
    assert home.result.counts.text() == "2 sure, 0 unsure, 2 unknown, 1 failed"


def test_a_stopped_build_is_resumed(qtbot: QtBot, album: Album) -> None:
    for number in range(3):  # be one of them at work already when it is stopped
        album.save(draw((EVE, MIDDLE), shade=8 + number), f"people/Eve/{number}.png")
    gate = Gate(album.eyes)
    window = open_window(qtbot, album.settings_file(), gate)
    home = _home(window)
    _advised(qtbot, window, "New in the people folder: Eve")
    click(qtbot, home.advice.button)
    _wait(qtbot, lambda: home.page is home.run)
    click(qtbot, window.progress.abort_button)
    gate.open_wide()
    wait_for_end(qtbot, window)
    _advised(qtbot, window, "was stopped")
    click(qtbot, home.advice.button)
    wait_for_end(qtbot, window)
    _advised(qtbot, window, "find them in a folder")
    assert home.run.counts.text() == "7 learned, 0 left out, 0 failed"


def test_a_run_shows_its_newest_photos_with_boxes_and_names(qtbot: QtBot, album: Album) -> None:
    gate = Gate(album.eyes)
    window = open_window(qtbot, album.settings_file(), gate)
    run = _home(window).run
    window.recognize(window.settings, {})
    gate.open(3)
    tiles = run.grid.tiles
    _wait(qtbot, lambda: tiles.rowCount() >= 2)
    shown = {tiles.tile(row).name: tiles.tile(row) for row in range(tiles.rowCount())}
    assert {frame.name for frame in shown["both.png"].frames} == {"Ann", "Bob"}
    assert shown["both.png"].note == "Ann, Bob"
    (frame,) = shown["ann.png"].frames
    assert abs(frame.box.x - MIDDLE[0] / 240) < 0.01
    _wait(qtbot, lambda: "ann.png" in run.lines.toPlainText())
    aside = run.lines.horizontalScrollBar()
    assert aside
    assert aside.maximum() == 0, "long lines break"
    _wait(qtbot, lambda: run.counts.text().startswith("2 sure, 0 unsure"))
    gate.open_wide()
    wait_for_end(qtbot, window)


def test_closing_during_a_run_stops_it(qtbot: QtBot, album: Album) -> None:
    gate = Gate(album.eyes)
    window = open_window(qtbot, album.settings_file(), gate)
    window.recognize(window.settings, {})
    gate.open(2)
    _wait(qtbot, lambda: _home(window).run.model.done > 0)
    window.close()
    assert window.isVisible()
    gate.open_wide()
    _wait(qtbot, lambda: not window.isVisible())
    assert not window.jobs.running


def test_an_unplugged_folder_is_named_and_nothing_is_made(qtbot: QtBot, album: Album) -> None:
    people = album.root / "people"
    people.rename(album.root / "unplugged")
    window = _open(qtbot, album)
    start.greet(window, first_time=False)
    _advised(qtbot, window, f"{people} is not there now")
    assert not people.exists()
    (album.root / "unplugged").rename(people)
    click(qtbot, _home(window).advice.button)
    _advised(qtbot, window, "find them in a folder")


def test_broken_settings_are_shown_with_their_error_and_mended(qtbot: QtBot, album: Album) -> None:
    file = album.settings_file()
    good = file.read_text(encoding="utf-8")
    file.write_text("{", encoding="utf-8")
    window = open_window(qtbot, file, lambda: album.eyes)
    _advised(qtbot, window, "line 1")
    click(qtbot, _home(window).advice.button)
    told = dialog(qtbot, BrokenSettings)
    file.write_text(good, encoding="utf-8")
    click(qtbot, told.again)
    _advised(qtbot, window, "find them in a folder")


# Folders dropped onto the window


def _drop(window: MainWindow, *paths: Path) -> bool:
    """Drag folders over the window and let them go; return whether they were taken."""
    data, copy = QMimeData(), Qt.DropAction.CopyAction
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    middle = window.rect().center()
    enter = QDragEnterEvent(middle, copy, data, button, none)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(middle), copy, data, button, none))
    return enter.isAccepted()


def test_a_dropped_folder_of_photos_is_recognised(qtbot: QtBot, album: Album) -> None:
    file = album.settings_file()
    (album.root / "album").rename(album.root / "summer")
    window = open_window(qtbot, file, lambda: album.eyes)
    assert _drop(window, album.root / "summer")
    asked = dialog(qtbot, DroppedFolder)
    _wait(qtbot, lambda: "holds no folders of photos" in asked.hint.text())
    assert not asked.people.isEnabled()
    click(qtbot, asked.photos)
    _wait(qtbot, lambda: _home(window).page is _home(window).result)
    assert load(file).settings.input_folder == album.root / "summer"
    assert load(file).settings.dataset_folder == album.root / "people"


def test_people_are_learned_from_a_dropped_folder_of_folders(qtbot: QtBot, album: Album) -> None:
    album.save(draw((EVE, MIDDLE), shade=9), "friends/Eve/1.png")
    window = _open(qtbot, album)
    assert _drop(window, album.root / "friends")
    asked = dialog(qtbot, DroppedFolder)
    _wait(qtbot, lambda: "holds folders of photos" in asked.hint.text())
    click(qtbot, asked.people)
    _wait(qtbot, lambda: window.jobs.built is True)
    wait_for_end(qtbot, window)
    assert window.settings.dataset_folder == album.root / "friends"


def test_of_several_folders_none_is_taken(qtbot: QtBot, album: Album) -> None:
    window = _open(qtbot, album)
    assert _drop(window, album.root / "album", album.root / "people")
    assert QApplication.activeModalWidget() is None
    assert "one folder at a time" in window.status.text()


def test_what_is_no_folder_is_refused_and_nothing_is_taken_during_a_run(qtbot: QtBot, album: Album) -> None:
    gate = Gate(album.eyes)
    window = open_window(qtbot, album.settings_file(), gate)
    assert _drop(window, album.root / "album/ann.png")
    asked = dialog(qtbot, DroppedFolder)
    _wait(qtbot, lambda: "no folder" in asked.hint.text())
    assert not asked.photos.isEnabled()
    click(qtbot, asked.neither)
    window.recognize(window.settings, {})
    assert not _drop(window, album.root / "album")
    gate.open_wide()
    wait_for_end(qtbot, window)
