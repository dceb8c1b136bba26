"""Everything fits on a screen of 1024 × 640, also in large letters and with long names: no text is cut off."""

import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from PyQt6.QtCore import QRect, QSize
from PyQt6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from kith.gui.broken_settings import BrokenSettings
from kith.gui.dropped_folder import DroppedFolder
from kith.gui.first_start import FirstStart
from kith.gui.help import ProblemDialog
from kith.gui.home_model import State
from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.merge_dialog import MergeDialog, WhomDialog
from kith.gui.name_field import ask_whom
from kith.gui.people_file_dialogs import ExportPeopleDialog, ImportPeopleDialog
from kith.gui.people_place import PeoplePlace
from kith.gui.person_dialog import PersonDialog
from kith.gui.photos_place import PhotosPlace
from kith.gui.picture_label import PictureLabel
from kith.gui.place_stack import OnAnyScreen
from kith.gui.places import HOME, PLACES, REVIEW
from kith.gui.plain_text import OneLine, message
from kith.gui.recognize_dialog import RecognizeDialog
from kith.gui.review_model import Step
from kith.gui.settings_dialog import SettingsDialog
from kith.gui.settings_in_use import SettingsInUse
from kith.gui.thumbnails import Thumbnails
from kith.jobs.export_people import export_people
from kith.jobs.person_changes import PersonChanges
from kith.settings import load
from tests.families import family_of
from tests.review_world import open_review, rest, review_world
from tests.small_world import World
from tests.window_tour import broken, job, tour
from tests.windows import PATIENCE_MS, Gate, open_window

ROOM = QSize(1024 - 8, 640 - 40)  # what the frame of a window and its title leave
LONG_WORD, LONG_NAME = "W" * 140, "Wilhelmina Alexandrina Constantia Theodora von und zu Hohenlohe-Schillingsfürst"


@pytest.fixture(params=[9, 14], ids=["usual", "large"])
def _letters(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    before, font = qapp.font(), qapp.font()
    font.setPointSize(request.param)
    qapp.setFont(font)
    yield
    qapp.setFont(before)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Faces that may be people of long names."""
    world = World(tmp_path)
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), LONG_WORD)
        PersonChanges(library).rename(library.people.find("Bob"), LONG_NAME)
    world.recognise()
    return world


def _file(world: World) -> Path:
    """Settings that leave much to be desired."""
    odd = {f"odd_{number}": 1 for number in range(30)}
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values | odd | {"face_tol": LONG_WORD}), encoding="utf-8")
    return file


def _settled(qtbot: QtBot, shown: QWidget) -> None:
    """Wait until a window stands still: lines that break elsewhere ask for another height, and answers come late."""
    qtbot.waitUntil(lambda: not getattr(shown, "busy", False), timeout=PATIENCE_MS)
    before = None
    for _ in range(100):
        QApplication.processEvents()
        now = [(widget.isVisible(), widget.geometry(), getattr(widget, "text", str)()) for widget in _parts(shown)]
        if now == before:
            return
        before = now
    raise AssertionError(f"{shown.windowTitle()} never stands still")


def _parts(shown: QWidget) -> list[QLabel | QAbstractButton]:
    return [*shown.findChildren(QLabel), *shown.findChildren(QAbstractButton)]


def _check(qtbot: QtBot, shown: QWidget) -> None:
    """Check that a window fits and shows all its words, as it opens and as large as the screen."""
    shown.show()
    _settled(qtbot, shown)
    assert not any(map(_scrolls, shown.findChildren(OnAnyScreen)))
    for size in (shown.size(), ROOM):
        assert _within(size)
        assert _within(shown.minimumSizeHint().expandedTo(shown.minimumSize()))
        shown.resize(size)
        _settled(qtbot, shown)
        for label in shown.findChildren(QLabel):
            if label.isVisible() and label.text() and not isinstance(label, PictureLabel):
                assert label.height() >= _height_needed(label), label.text()
                is_cut = not label.wordWrap() and label.width() < label.sizeHint().width()
                assert isinstance(label, OneLine) or not is_cut, label.text()
        for widget in _parts(shown):
            if widget.isVisible() and not _in_a_page(widget, shown):
                assert shown.rect().contains(_place(widget, shown))


def _scrolls(around: QScrollArea) -> bool:
    return any(bar and bar.maximum() for bar in (around.verticalScrollBar(), around.horizontalScrollBar()))


def _within(size: QSize) -> bool:
    return size.width() <= ROOM.width() and size.height() <= ROOM.height()


def _height_needed(label: QLabel) -> int:
    return label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()


def _in_a_page(widget: QWidget, shown: QWidget) -> bool:
    above = widget.parentWidget()
    while above and above is not shown:
        if isinstance(above, QScrollArea) and not isinstance(above, OnAnyScreen):
            return True
        above = above.parentWidget()
    return False


@pytest.mark.usefixtures("_letters")
@pytest.mark.parametrize("_letters", [14], indirect=True)
def test_every_view_fits_in_large_letters(qtbot: QtBot, tmp_path: Path) -> None:
    world = review_world(tmp_path)
    with world.library() as library:
        for name, long in (("Ann", LONG_WORD), ("Bob", LONG_NAME)):
            PersonChanges(library).rename(library.people.find(name), long)
    for number in range(20):
        world.put(number % 5, f"input/{number}", (10 + number, 9))
    file = _file(world)
    gate = Gate(world.eyes)
    window = open_window(qtbot, file, gate)
    window.resize(ROOM)
    faults = []
    for name, shown in chain(tour(window), job(window, gate), broken(window)):
        faults += [f"{name}: {fault}" for fault in _faults(shown)]
    assert faults == []


def _faults(shown: QWidget) -> Iterator[str]:
    """Yield what does not fit in a window as it is."""
    if not _within(shown.size()) or not _within(shown.minimumSizeHint().expandedTo(shown.minimumSize())):
        yield f"larger than the screen: {shown.size()}"
    for around in shown.findChildren(OnAnyScreen):
        if _scrolls(around):
            yield "scrolls on a usual screen"
    for part in _parts(shown):
        if not part.isVisible() or part.window() is not shown or not part.text() or isinstance(part, PictureLabel):
            continue
        if not _in_a_page(part, shown) and not shown.rect().contains(_place(part, shown)):
            yield f"not in sight: {part.text()}"
        if isinstance(part, QLabel) and part.height() < _height_needed(part):
            yield f"too low: {part.text()}"
        is_whole = isinstance(part, QLabel) and not isinstance(part, OneLine)
        if is_whole and not part.wordWrap() and part.width() < part.sizeHint().width():
            yield f"too narrow: {part.text()}"


def _place(part: QWidget, shown: QWidget) -> QRect:
    return part.rect().translated(part.mapTo(shown, part.rect().topLeft()))


def test_the_window_fits_on_a_screen_that_is_too_small_and_scrolls(qtbot: QtBot, world: World) -> None:
    """1024 × 640 pixels are so many where all is drawn half as large again."""
    small = QSize(682 - 8, 426 - 40)
    window = open_window(qtbot, _file(world))
    for place in PLACES:
        window.go(place)
        _wait_for_the_library(qtbot, window)
        window.tell(f"Saved /{LONG_WORD}")
        _settled(qtbot, window)
        window.resize(small)
        assert window.size() == small, place
    window.go(REVIEW)
    (around,) = window.findChildren(OnAnyScreen)
    assert _scrolls(around)


@pytest.mark.usefixtures("_letters")
def test_the_main_window_fits(qtbot: QtBot, world: World) -> None:
    window = MainWindow(load(_file(world)))
    qtbot.addWidget(window)
    window.progress.begin("Recognize Folder")
    window.progress.set_total(123_456)
    window.progress.stopping()
    _check(qtbot, window)
    window.progress.end("")


@pytest.mark.usefixtures("_letters")
def test_every_page_of_home_fits(qtbot: QtBot, world: World) -> None:
    window = MainWindow(load(_file(world)), lambda: world.eyes)
    qtbot.addWidget(window)
    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    home.advice.show_state(State(away=f"/{LONG_WORD}"))
    _check(qtbot, window)
    window.welcome()
    assert home.welcome
    home.welcome.steps.more.click()
    home.welcome.problem.setText(f"/{LONG_WORD} cannot be used: {LONG_NAME}.")
    _check(qtbot, window)
    window.recognize(window.settings, {})
    home.run.stopping()
    _check(qtbot, window)
    qtbot.waitUntil(lambda: home.page is home.result and not window.jobs.running, timeout=PATIENCE_MS)
    _check(qtbot, window)


@pytest.mark.usefixtures("_letters")
@pytest.mark.parametrize("step", Step)
def test_the_review_fits(qtbot: QtBot, world: World, step: Step) -> None:
    for photo in (7, 9, 14, 16, 19):
        world.put(photo, "input")
    world.recognise()
    window, place = open_review(qtbot, world)
    place.tabs.setCurrentIndex(step)
    rest(qtbot, place)
    if step is Step.SINGLES:
        assert {card.name.text() for card in place.single.cards} >= {LONG_WORD, LONG_NAME}
    _check(qtbot, window)
    for page in (place.groups, place.likely, place.single):
        page.name.edit.setText(LONG_WORD + "x")
    place.note.setText(f"{LONG_WORD}.jpg: {LONG_WORD}.")
    _check(qtbot, window)


def test_the_review_of_usual_names_needs_no_scrolling(qtbot: QtBot, tmp_path: Path) -> None:
    window, place = open_review(qtbot, review_world(tmp_path))
    place.tabs.setCurrentIndex(Step.SINGLES)
    rest(qtbot, place)
    _settled(qtbot, window)
    for bar in (place.single.verticalScrollBar(), place.single.horizontalScrollBar()):
        assert bar
        assert bar.maximum() == 0


@pytest.mark.usefixtures("_letters")
def test_people_fit(qtbot: QtBot, world: World) -> None:
    window = MainWindow(load(_file(world)))
    qtbot.addWidget(window)
    window.go("People")
    _wait_for_the_library(qtbot, window)
    _check(qtbot, window)
    with world.library() as library:
        number = library.people.find(LONG_WORD).id
    window.go("People", number)
    _wait_for_the_library(qtbot, window)
    _check(qtbot, window)
    place = window.places["People"]
    assert isinstance(place, PeoplePlace)
    assert place.page
    place.page.change_name()
    _check(qtbot, window)
    place.page.details.click()
    _check_dialog(qtbot, window, PersonDialog)
    place.page.merge.click()
    _wait_for_the_library(qtbot, window)
    whom = window.findChild(WhomDialog)
    assert whom
    whom.field.setText("zu Hohenlohe")
    _check(qtbot, whom)
    whom.accept()
    _check_dialog(qtbot, window, MergeDialog)


def _check_dialog(qtbot: QtBot, window: MainWindow, kind: type[QDialog]) -> None:
    dialog = window.findChild(kind)
    assert dialog
    _check(qtbot, dialog)
    dialog.reject()


@pytest.mark.usefixtures("_letters")
def test_photos_fit(qtbot: QtBot, world: World) -> None:
    window = MainWindow(load(_file(world)))
    qtbot.addWidget(window)
    window.go("Photos")
    _wait_for_the_library(qtbot, window)
    _check(qtbot, window)
    place = window.places["Photos"]
    assert isinstance(place, PhotosPlace)
    place.filter.any_of.setText(f"{LONG_WORD}; nobody")
    place.filter.changed.emit()
    _check(qtbot, window)
    with world.library() as library:
        (photo,) = library.store.photos.named(Path("input/6.png")).values()
    window.go("Photos", photo)
    _wait_for_the_library(qtbot, window)
    assert place.page.view
    place.page.choose(place.page.view.people[0].appearance_id)
    _wait_for_the_library(qtbot, window)
    _check(qtbot, window)


@pytest.mark.usefixtures("_letters")
def test_what_may_be_wrong_with_people_fits(qtbot: QtBot, world: World) -> None:
    with world.library() as library:
        (person,) = [person for person in library.people.all().values() if person.name == LONG_WORD]
    world.put(2, f"people/{person.folders[0]}")  # which lies in somebody else's folder, too
    world.build()
    window = MainWindow(load(_file(world)))
    qtbot.addWidget(window)
    window.go("People")
    place = window.places["People"]
    assert isinstance(place, PeoplePlace)
    place.show_checks()
    _wait_for_the_library(qtbot, window)
    assert place.checks
    left_out, findings = place.checks.left_out, place.checks.findings
    left_out.grid.setCurrentIndex(left_out.grid.tiles.index(0))
    assert left_out.reason.text()
    for page in (left_out, findings, place.checks.measure):
        place.checks.pages.setCurrentWidget(page)
        _wait_for_the_library(qtbot, window)
        _check(qtbot, window)
    assert findings.list.count()


def _wait_for_the_library(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.desk.busy, timeout=PATIENCE_MS)


def _first_start(file: Path, parent: QWidget) -> QDialog:
    dialog = FirstStart(file, load(file).settings, lambda *_: None, parent)
    dialog.people.edit.setText(f"/{LONG_WORD}")
    dialog.photos.edit.setText(f"/nowhere/{LONG_WORD}")
    dialog.output.edit.setText("/output")
    dialog.accept()
    return dialog


def _recognize(file: Path, parent: QWidget) -> QDialog:
    dialog = RecognizeDialog(load(file).settings, lambda *_: None, parent)
    dialog.input.edit.setText(f"/nowhere/{LONG_WORD}")
    dialog.accept()
    return dialog


def _settings(file: Path, parent: QWidget) -> QDialog:
    dialog = SettingsDialog(file, parent)
    dialog.failure.setText(f"The settings could not be saved: /{LONG_WORD} cannot be used.")
    dialog.failure.show()
    return dialog


def _broken(file: Path, parent: QWidget) -> QDialog:
    file = file.rename(file.with_name(f"{LONG_WORD}.json"))
    file.write_text("{", encoding="utf-8")
    dialog = BrokenSettings(SettingsInUse(load(file)), parent)
    dialog.again.click()
    return dialog


def _question(_: Path, parent: QWidget) -> QDialog:
    ask_whom(parent, LONG_NAME, LONG_WORD, lambda: None, lambda: None)
    return parent.findChild(QDialog)


def _import_people(file: Path, parent: QWidget) -> QDialog:
    theirs = family_of(file.parent / "theirs", {LONG_NAME: 0, LONG_WORD: 9}, [], 1000)
    export_people(theirs.settings, theirs.root / "family.zip")
    thumbnails = Thumbnails()
    dialog = ImportPeopleDialog(load(file).settings, thumbnails, parent)
    dialog.finished.connect(thumbnails.close)
    dialog.look_at(theirs.root / "family.zip")
    return dialog


def _export_people(file: Path, parent: QWidget) -> QDialog:
    return ExportPeopleDialog(load(file).settings, lambda *_: None, parent)


def _dropped(file: Path, parent: QWidget) -> QDialog:
    dialog = DroppedFolder(file.parent / LONG_WORD, file, load(file).settings, parent)
    dialog.problem.setText(f"/{LONG_WORD} cannot be used.")
    return dialog


@pytest.mark.usefixtures("_letters")
@pytest.mark.parametrize(
    "make",
    [
        _first_start,
        _recognize,
        _settings,
        _broken,
        _question,
        _dropped,
        _import_people,
        _export_people,
        lambda _, parent: ProblemDialog(parent),
        lambda _, parent: message(parent, f"/{LONG_WORD} cannot be used: " + f"{LONG_NAME}. " * 40),
    ],
    ids=[
        "first start",
        "recognize",
        "settings",
        "broken settings",
        "did you mean",
        "dropped folder",
        "import people",
        "export people",
        "report a problem",
        "message",
    ],
)
def test_every_dialog_fits(qtbot: QtBot, world: World, make: Callable[[Path, QWidget], QDialog]) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = make(_file(world), parent)
    _check(qtbot, dialog)
    dialog.reject()
