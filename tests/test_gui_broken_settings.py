"""A settings file that cannot be read: shown as broken, kept for repair, and no ground to work on by defaults."""

import json
from pathlib import Path

import pytest
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QDialog, QLabel, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from kith.gui import start
from kith.gui.broken_settings import BrokenSettings
from kith.gui.first_start import FirstStart
from kith.gui.main_window import MainWindow
from kith.gui.people_place import PeoplePlace
from kith.gui.places import HOME, PEOPLE, PHOTOS, REVIEW
from kith.gui.recognize_dialog import RecognizeDialog
from kith.gui.review_place import ReviewPlace
from kith.gui.settings_dialog import SettingsDialog
from kith.settings import load, load_user_settings, user_settings_file
from tests.desk import finished, kith
from tests.windows import PATIENCE_MS, click, console_has, dialog, open_window, press_start, wait_for_end

GOOD = '{"dataset_dir": "mine", "face_tol": 0.5}'
BROKEN = '{"dataset_dir": "mine",\n "face_tol" 0.5}'
WHERE = "line 2, column 13"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A broken file whose values are all there still."""
    file = tmp_path / "settings.json"
    file.write_text(BROKEN, encoding="utf-8")
    return file


@pytest.fixture
def window(qtbot: QtBot, file: Path) -> MainWindow:
    return open_window(qtbot, file)


def _told(qtbot: QtBot, window: MainWindow) -> BrokenSettings:
    start.greet(window, first_time=False)
    return dialog(qtbot, BrokenSettings)


def test_the_fault_is_told_instead_of_a_first_start(qtbot: QtBot, file: Path, window: MainWindow) -> None:
    told = _told(qtbot, window)
    assert str(file) in told.fault.text()
    assert WHERE in told.fault.text()
    console_has(qtbot, window, WHERE)
    assert window.status.text() == "The settings file cannot be read"
    assert file.read_text(encoding="utf-8") == BROKEN


def test_no_place_is_that_of_a_first_start(qtbot: QtBot, window: MainWindow) -> None:
    """What would be told of the folders of the defaults is not about those of the user."""
    for name in (PEOPLE, PHOTOS, REVIEW):
        window.go(name)
        place = window.places[name]
        qtbot.waitUntil(lambda: any(WHERE in text for text in _read(place)), timeout=PATIENCE_MS)  # noqa: B023
        assert not any("persons_dataset" in text or "Nobody is known" in text for text in _read(place))
    window.go(PEOPLE)
    people = window.places[PEOPLE]
    assert isinstance(people, PeoplePlace)
    people.show_checks()
    assert people.checks
    for page in (people.checks.left_out, people.checks.findings):
        people.checks.pages.setCurrentWidget(page)
        qtbot.waitUntil(lambda: WHERE in page.words.text(), timeout=PATIENCE_MS)  # noqa: B023
        assert not any(button.isVisible() and button.isEnabled() for button in page.findChildren(QPushButton))
    window.go(HOME)
    assert not any(button.property("next") for button in window.steps.findChildren(QPushButton))
    assert not any("Start here" in text for text in _read(window))


def _read(shown: QWidget) -> list[str]:
    return [label.text() for label in shown.findChildren(QLabel) if label.isVisible()]


def test_the_file_is_opened_mended_and_read_again(
    qtbot: QtBot, file: Path, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile()) or True))
    told = _told(qtbot, window)
    click(qtbot, told.look)
    assert [Path(path) for path in opened] == [file]
    click(qtbot, told.again)
    assert told.isVisible()
    assert "still cannot be read" in told.problem.text()
    file.write_text("{", encoding="utf-8")
    click(qtbot, told.again)
    assert "line 1, column 2" in told.fault.text()
    file.write_text(GOOD, encoding="utf-8")
    click(qtbot, told.again)
    assert not told.isVisible()
    assert window.settings.dataset_folder == file.parent / "mine"
    assert "“mine”" in window.steps.build.accessibleName()
    assert window.status.text() == "Ready"


def test_a_file_that_nothing_opens_is_named(
    qtbot: QtBot, file: Path, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    told = _told(qtbot, window)
    click(qtbot, told.look)
    assert str(file) in told.problem.text()


def test_defaults_are_used_when_the_user_says_so_and_the_file_is_left(
    qtbot: QtBot, file: Path, window: MainWindow
) -> None:
    click(qtbot, _told(qtbot, window).without)
    click(qtbot, window.steps.build)
    wait_for_end(qtbot, window)
    box = dialog(qtbot, QMessageBox)
    assert str(file.parent / "persons_dataset") in box.text()
    box.accept()
    (file.parent / "input").mkdir()
    click(qtbot, window.steps.recognize)
    press_start(qtbot, dialog(qtbot, RecognizeDialog))
    console_has(qtbot, window, "The settings could not be saved")
    wait_for_end(qtbot, window)
    assert file.read_text(encoding="utf-8") == BROKEN


def test_put_aside_it_keeps_its_values_and_the_first_steps_follow(qtbot: QtBot, file: Path, window: MainWindow) -> None:
    click(qtbot, _told(qtbot, window).afresh)
    welcome = dialog(qtbot, FirstStart)
    assert file.with_name("settings.json.broken").read_text(encoding="utf-8") == BROKEN
    welcome.people.edit.setText(str(file.parent / "people"))
    welcome.photos.edit.clear()
    welcome.output.edit.setText(str(file.parent / "output"))
    press_start(qtbot, welcome)
    assert load(file).settings.dataset_folder == file.parent / "people"
    assert file.with_name("settings.json.broken").read_text(encoding="utf-8") == BROKEN


def test_a_file_that_cannot_be_put_aside_is_left(
    qtbot: QtBot, file: Path, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    told = _told(qtbot, window)
    click(qtbot, told.afresh)
    assert told.isVisible()
    assert "could not be put aside" in told.problem.text()
    assert file.read_text(encoding="utf-8") == BROKEN


@pytest.mark.parametrize("action", ["build", "recognize", "review", "settings", "first_steps"])
def test_undecided_nothing_is_done_by_default_folders(
    qtbot: QtBot, file: Path, window: MainWindow, action: str
) -> None:
    _told(qtbot, window).reject()
    getattr(window.does, action).trigger()
    assert dialog(qtbot, BrokenSettings).isVisible()
    assert not window.jobs.running
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name]


@pytest.mark.parametrize("kind", [SettingsDialog, FirstStart])
def test_what_writes_settings_asks_again_even_where_defaults_will_do(
    qtbot: QtBot, file: Path, window: MainWindow, kind: type[QDialog]
) -> None:
    click(qtbot, _told(qtbot, window).without)
    (window.does.settings if kind is SettingsDialog else window.does.first_steps).trigger()
    told = dialog(qtbot, BrokenSettings)
    told.reject()
    file.write_text(GOOD, encoding="utf-8")
    (window.does.settings if kind is SettingsDialog else window.does.first_steps).trigger()
    dialog(qtbot, kind).reject()


def test_broken_while_the_window_is_open_the_settings_read_before_are_used(
    qtbot: QtBot, file: Path, tmp_path: Path
) -> None:
    file.write_text(GOOD, encoding="utf-8")
    window = open_window(qtbot, file)
    file.write_text(BROKEN, encoding="utf-8")
    assert window.settings.dataset_folder == tmp_path / "mine"
    window.does.review.trigger()
    assert isinstance(window.places["Review"], ReviewPlace)
    window.go("Home")
    click(qtbot, window.steps.build)
    wait_for_end(qtbot, window)
    box = dialog(qtbot, QMessageBox)
    assert str(tmp_path / "mine") in box.text()
    console_has(qtbot, window, "the settings read before it broke are used")
    box.accept()
    window.does.settings.trigger()
    assert "Before" in dialog(qtbot, BrokenSettings).without.text()


def test_the_settings_dialog_itself_overwrites_no_broken_file(qtbot: QtBot, file: Path) -> None:
    settings = SettingsDialog(file)
    qtbot.addWidget(settings)
    settings.open()
    assert WHERE in settings.problems.text()
    click(qtbot, settings.save_button)
    assert settings.isVisible()
    assert WHERE in settings.failure.text()
    assert file.read_text(encoding="utf-8") == BROKEN


SHOWN = """
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

def end():
    if QApplication.activeModalWidget():
        print(sorted(type(widget).__name__ for widget in QApplication.topLevelWidgets() if widget.isVisible()))
        QApplication.closeAllWindows()
        QApplication.quit()

run = QApplication.exec
def exec(*_):
    timer = QTimer(timeout=end)
    timer.start(10)
    return run()
QApplication.exec = exec
"""


def test_the_program_starts_with_the_users_broken_file_and_touches_nothing() -> None:
    kept = json.dumps(load_user_settings().settings.model_dump(mode="json"))
    broken = kept.replace(": 0.96", " 0.96")
    user_settings_file().write_text(broken, encoding="utf-8")
    code, out, err = finished(kith(code=SHOWN))
    assert (code, out.strip()) == (0, "['BrokenSettings', 'MainWindow']"), err
    assert user_settings_file().read_text(encoding="utf-8") == broken
    beside = {path.name for path in user_settings_file().parent.iterdir()}
    assert beside <= {"settings.json", "window.ini"}, "nothing but where the window was"
