"""The window where the people folder, or a person's, is not there: it says so, makes nothing, and asks to forget."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from kith.gui import start
from kith.gui.first_start import FirstStart
from kith.gui.folders import people_problem
from kith.gui.main_window import MainWindow
from kith.gui.recognize_dialog import RecognizeDialog
from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.library.store import open_store
from kith.photos.outputs import mark_output
from tests.album import Album
from tests.windows import PATIENCE_MS, build, click, console_has, dialog, open_window, press_start, wait_for_end


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Ann and Bob are taught."""
    return Album(tmp_path / "mine")


def _file(album: Album, **changes: object) -> Path:
    file = album.root / "settings.json"
    file.write_text(json.dumps(album.settings.model_dump(mode="json") | changes), encoding="utf-8")
    return file


def _window(qtbot: QtBot, album: Album, **changes: object) -> MainWindow:
    return open_window(qtbot, _file(album, **changes), lambda: album.eyes)


def _taught(album: Album) -> set[str]:
    with closing(open_store(album.settings.library_file)) as store:
        names = store.people.all()
        return {names[key].name for key in store.people.taught_by_dataset()}


# A person


def test_after_a_build_the_user_is_asked_whether_to_forget_who_is_missing(qtbot: QtBot, album: Album) -> None:
    shutil.rmtree(album.root / "people/Bob")
    window = _window(qtbot, album)
    build(qtbot, window)
    console_has(
        qtbot, window, "is away; what it taught is kept (2 photos); “Forget” in the question that follows drops it."
    )
    asked = dialog(qtbot, QMessageBox)
    assert f"Bob: {album.root / 'people/Bob'}" in asked.text()
    assert asked.defaultButton() is not None
    assert asked.defaultButton().text() == "&Keep"
    click(qtbot, asked.defaultButton())
    assert not window.jobs.running
    assert _taught(album) == {"Ann", "Bob"}

    build(qtbot, window)
    asked = dialog(qtbot, QMessageBox)
    forget = next(button for button in asked.buttons() if button.text() == "&Forget")
    click(qtbot, forget)
    wait_for_end(qtbot, window)
    console_has(qtbot, window, "is away; what it taught is forgotten (2 photos).")
    assert _taught(album) == {"Ann"}
    assert QApplication.activeModalWidget() is None, "nobody asks twice"


# The people folder


def test_a_people_folder_that_is_gone_is_no_first_start_and_is_not_made(qtbot: QtBot, album: Album) -> None:
    people = album.root / "people"
    people.rename(album.root / "unplugged")
    window = _window(qtbot, album)
    start.greet(window, first_time=False)
    console_has(qtbot, window, f"{people}: This folder is not there now: is its drive plugged in, its share mounted?")
    assert QApplication.activeModalWidget() is None
    qtbot.waitUntil(lambda: "“people” is not there now" in window.steps.build.accessibleName(), timeout=PATIENCE_MS)
    click(qtbot, window.steps.build)
    box = dialog(qtbot, QMessageBox)
    assert "is not there now: is its drive plugged in, its share mounted?" in box.text()
    click(qtbot, box.button(QMessageBox.StandardButton.Ok))
    wait_for_end(qtbot, window)

    window.first_steps()
    welcome = dialog(qtbot, FirstStart)
    qtbot.waitUntil(lambda: "not there now" in welcome.people.hint.text(), timeout=PATIENCE_MS)
    press_start(qtbot, welcome)
    assert "not there now" in welcome.problem.text()
    assert welcome.isVisible()
    click(qtbot, welcome.later)
    assert not people.exists()
    (album.root / "unplugged").rename(people)
    window.refresh()
    qtbot.waitUntil(lambda: "not there now" not in window.steps.build.accessibleName(), timeout=PATIENCE_MS)


def test_each_queue_of_the_review_says_that_the_people_folder_is_gone(qtbot: QtBot, album: Album) -> None:
    window = open_window(qtbot, album.settings_file())
    (album.root / "people").rename(album.root / "away")
    window.go("Review")
    review = window.places["Review"]
    assert isinstance(review, ReviewPlace)
    qtbot.waitUntil(lambda: "is not there" in review.message.text(), timeout=PATIENCE_MS)
    for step in Step:
        review.tabs.setCurrentIndex(step)
        assert "is its drive plugged in" in review.message.text()
    (album.root / "away").rename(album.root / "people")
    window.waiting.look()
    qtbot.waitUntil(lambda: "There is no unknown or unsure face" in review.message.text(), timeout=PATIENCE_MS)


def test_another_people_folder_may_be_named_and_made(qtbot: QtBot, album: Album) -> None:
    (album.root / "people").rename(album.root / "unplugged")
    window = _window(qtbot, album)
    window.first_steps()
    welcome = dialog(qtbot, FirstStart)
    welcome.people.edit.setText(str(album.root / "new people"))
    qtbot.waitUntil(lambda: "will be created" in welcome.people.hint.text(), timeout=PATIENCE_MS)
    press_start(qtbot, welcome)
    assert (album.root / "new people").is_dir()
    assert not (album.root / "people").exists()


def test_an_empty_people_folder_with_a_library_elsewhere_is_no_first_start(qtbot: QtBot, album: Album) -> None:
    library = album.settings.library_file.rename(album.root / "library.sqlite")
    shutil.rmtree(album.root / "people")
    (album.root / "people").mkdir()  # as a mount point is, when its drive is not mounted
    window = _window(qtbot, album, library_path=str(library))
    start.greet(window, first_time=False)
    console_has(qtbot, window, "is its drive plugged in, its share mounted?")
    assert QApplication.activeModalWidget() is None


def test_an_empty_people_folder_may_be_one_without_its_drive(album: Album) -> None:
    shutil.rmtree(album.root / "people")
    (album.root / "people").mkdir()
    assert "is its drive plugged in" in people_problem(album.root / "people", album.settings)


# Folders of copies


def test_folders_of_copies_are_refused_as_photos_and_as_people(qtbot: QtBot, album: Album) -> None:
    for place in ("sorted/Ann", "photos", "output"):
        (album.root / place).mkdir(parents=True)
    mark_output(album.root / "sorted")
    window = _window(qtbot, album)
    click(qtbot, window.steps.recognize)
    asked = dialog(qtbot, RecognizeDialog)
    for photos in ("sorted", "sorted/Ann"):
        asked.input.edit.setText(str(album.root / photos))
        asked.problem.clear()
        press_start(qtbot, asked)
        assert "a folder that Kith files copies to" in asked.problem.text()
    asked.reject()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=PATIENCE_MS)
    window.first_steps()
    welcome = dialog(qtbot, FirstStart)
    welcome.people.edit.setText(str(album.root / "sorted"))
    press_start(qtbot, welcome)
    assert "must not teach" in welcome.problem.text()
    assert "“People folder” in the settings" in welcome.problem.text()
