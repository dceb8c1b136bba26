"""A walk through all that the window shows: every place, dialog and state, each by a name, to be seen or tested."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QItemSelectionModel, QPoint, Qt, QTimer
from PyQt6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QPushButton, QWidget

from kith.gui.broken_settings import BrokenSettings
from kith.gui.dropped_folder import DroppedFolder
from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.missing_folders import forget_question
from kith.gui.name_field import ask_whom
from kith.gui.people_place import PeoplePlace
from kith.gui.person_view import PersonView
from kith.gui.photos_place import PhotosPlace
from kith.gui.picture_grid import PictureGrid
from kith.gui.places import CONSOLE, HOME, PEOPLE, PHOTOS, REVIEW
from kith.gui.plain_text import message
from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.gui.settings_dialog import GROUPS, SettingsDialog
from kith.jobs.events import FolderAway
from tests.windows import PATIENCE_MS, Gate

View = tuple[str, QWidget]
Part = Callable[[MainWindow], Iterator[View]]
NOBODY, WRONG_DATE = "Nobody At All", "the day before yesterday"
_A_TICK_S = 0.3  # in which a run shows what it did
_STILL = 20  # rounds of events, each of which may break lines elsewhere


def tour(window: MainWindow) -> Iterator[View]:
    """Yield each view with its name, as it stands still; what was opened for it is closed before the next."""
    for part in PARTS:
        yield from part(window)


def stand_still(window: MainWindow, shown: QWidget | None = None) -> None:
    """Wait until all that was asked is answered and shown."""
    wait_for(lambda: not _waits(window, shown))
    for _ in range(_STILL):
        QApplication.processEvents()


def _waits(window: MainWindow, shown: QWidget | None) -> bool:
    timers = [timer for root in (window, shown) if root for timer in root.findChildren(QTimer)]
    is_asking = any(thread.name == "kith-question" for thread in threading.enumerate())
    return window.desk.busy or is_asking or any(timer.isActive() and timer.isSingleShot() for timer in timers)


# The places


def home(window: MainWindow) -> Iterator[View]:
    """Home, and its first steps."""
    window.go(HOME)
    yield _seen(window, "home")
    if window.settings_fault:
        return
    window.welcome()
    yield _seen(window, "home-first-steps")
    place = _place(window, HOME, HomePlace)
    assert place.welcome
    place.welcome.steps.more.click()
    place.welcome.steps.people.edit.setText("/nowhere/at all/people")
    place.welcome.steps.photos.edit.setText("/nowhere/at all/photos")
    place.welcome.start.click()
    yield _seen(window, "home-first-steps-refused")
    place.welcome.skip.click()


def review(window: MainWindow) -> Iterator[View]:
    """Its three queues, a face taken out, some photos only, a name typed, and what is left when all are skipped."""
    window.go(REVIEW)
    place = _place(window, REVIEW, ReviewPlace)
    stand_still(window)
    for step in Step:
        place.tabs.setCurrentIndex(step)
        yield _seen(window, f"review-{step.name.lower()}")
    for step, page in ((Step.GROUPS, place.groups), (Step.LIKELY, place.likely)):
        place.tabs.setCurrentIndex(step)
        stand_still(window)
        if place.model.line.current:
            _choose(page.grid)
            yield _seen(window, f"review-{step.name.lower()}-taken-out")
    place.tabs.setCurrentIndex(Step.GROUPS)
    place.choosing.click()
    place.filter.since.setText(WRONG_DATE)
    yield _seen(window, "review-some-only")
    place.choosing.click()
    place.groups.name.edit.setText(NOBODY)
    yield _seen(window, "review-naming")
    place.groups.name.edit.clear()
    for _ in range(place.model.line.left):
        place.buttons["skip"].click()
    yield _seen(window, "review-skipped")
    if place.again.isVisible():
        place.again.click()


def people(window: MainWindow) -> Iterator[View]:
    """The wall, nobody found on it, a person's page with its dialogs, and two people side by side."""
    window.go(PEOPLE)
    place = _place(window, PEOPLE, PeoplePlace)
    yield _seen(window, "people")
    place.search.setText(NOBODY)
    yield _seen(window, "people-nobody-found")
    place.search.clear()
    stand_still(window)
    keys = place.wall.tiles.keys()
    if keys:
        yield from _person(window, place, keys[0])
    if len(keys) > 1:
        place._ask_to_merge(keys[0], keys[1])
        yield from _dialog(window, "people-merge")


def _person(window: MainWindow, place: PeoplePlace, person: int) -> Iterator[View]:
    place.show_person(person)
    yield _seen(window, "person")
    page = place.page
    assert isinstance(page, PersonView)
    _choose(page.grid)
    page.other.edit.setText(NOBODY)
    yield _seen(window, "person-chosen")
    page.other.edit.clear()
    page.change_name()
    yield _seen(window, "person-renaming")
    page.grid.setFocus()
    page.merge.click()
    stand_still(window)
    if QApplication.activeModalWidget():  # else there is nobody else
        yield from _dialog(window, "person-merge-with-whom")
    page.details.click()
    yield from _dialog(window, "person-details", _spoil_dates)
    page.details.click()
    stand_still(window)
    details = QApplication.activeModalWidget()
    assert details
    _button(details, "Forget").click()
    yield from _dialog(window, "person-forget")
    details.close()
    place.show_wall()


def _spoil_dates(dialog: Any) -> None:
    dialog.birth.setText(WRONG_DATE)
    dialog.accept()


def checks(window: MainWindow) -> Iterator[View]:
    """What may be wrong with people, and how well they are known."""
    window.go(PEOPLE)
    place = _place(window, PEOPLE, PeoplePlace)
    place.show_checks()
    assert place.checks
    for page, name in ((0, "left-out"), (1, "findings"), (2, "measure")):
        place.checks.pages.setCurrentIndex(page)
        yield _seen(window, f"check-{name}")
    place.checks.measure.run.click()
    yield _seen(window, "check-measured")
    place.show_wall()


def photos(window: MainWindow) -> Iterator[View]:
    """The grid, with some and none found, a photo, somebody in it, and somebody to be added."""
    window.go(PHOTOS)
    place = _place(window, PHOTOS, PhotosPlace)
    place.filter.empty()
    yield _seen(window, "photos")
    for state, name in ((4, "failed"), (5, "duplicates")):
        place.filter.state.setCurrentIndex(state)
        yield _seen(window, f"photos-{name}")
    place.filter.empty()
    for field, name in ((place.filter.any_of, "no-such-person"), (place.filter.text, "none-found")):
        field.setText(NOBODY)
        yield _seen(window, f"photos-{name}")
        place.filter.empty()
    stand_still(window)
    found = place.grid.photos.found.keys
    if found:
        yield from _photo(window, place, found[0])


def _photo(window: MainWindow, place: PhotosPlace, photo: int) -> Iterator[View]:
    place.open_photo(photo)
    yield _seen(window, "photo")
    page = place.page
    if page.view and page.view.people:
        page.choose(page.view.people[0].appearance_id)
        yield _seen(window, "photo-somebody")
        page.canvas.zoom(6)
        yield _seen(window, "photo-close")
    page.draw()
    yield _seen(window, "photo-drawing")
    page.draw()
    page.add()
    yield _seen(window, "photo-adding")
    page.leave()
    place.back()


def console(window: MainWindow) -> Iterator[View]:
    """The console, and a text that is not in it."""
    window.go(CONSOLE)
    yield _seen(window, "console")
    window.console.search.setText(NOBODY)
    yield _seen(window, "console-none-found")
    window.console.search.clear()


# Menus and dialogs


def menus(window: MainWindow) -> Iterator[View]:
    """Each menu, opened."""
    bar = window.menuBar()
    assert bar
    for action in bar.actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        menu.popup(window.mapToGlobal(QPoint(0, 30)))
        yield _seen(window, f"menu-{action.text().replace('&', '').split()[0].lower()}", menu)
        menu.close()


def pages(window: MainWindow) -> Iterator[View]:
    """The pages behind the menus, as they open and where something in them was refused, marked or looked up."""
    if window.settings_fault:
        return
    does, choose = window.does, window.choose_folder
    window.choose_folder = lambda *_: window.settings.input_folder
    for name, spoil in PAGES.items():
        dialog = does.pages[getattr(does, name)].make(window, window)
        dialog.open()
        yield from _dialog(window, name, spoil)
    window.choose_folder = choose


def _refuse_folder(dialog: Any) -> None:
    dialog.input.edit.setText("/nowhere/at all")
    dialog.accept()


def _put_copies_among_people(dialog: Any) -> None:
    dialog.output.edit.setText(dialog.people.edit.text())
    dialog.accept()


def _mark_kinds(dialog: Any) -> None:
    for row in range(dialog.list.topLevelItemCount()):
        dialog.list.topLevelItem(row).setCheckState(0, Qt.CheckState.Checked)
    dialog.erase_button.click()


def _look_for_names(dialog: Any) -> None:
    _button(dialog, "Choose Folder").click()


# By the names of their actions; with what to do for a second view.
PAGES: dict[str, Callable[[Any], object] | None] = {
    "recognize": _refuse_folder,
    "filed": None,
    "first_steps": _put_copies_among_people,
    "models": lambda dialog: dialog.list.setCurrentItem(dialog.list.topLevelItem(dialog.list.topLevelItemCount() - 1)),
    "import_names": _look_for_names,
    "write_names": lambda dialog: dialog.do.click(),
    "import_people": None,
    "export_people": None,
    "privacy": _mark_kinds,
    "problem": None,
    "about": None,
}


def settings(window: MainWindow) -> Iterator[View]:
    """Each page of the settings, values that cannot be, and values that do not fit each other."""
    if window.settings_fault:
        return
    dialog = window.does.pages[window.does.settings].make(window, window)
    assert isinstance(dialog, SettingsDialog)
    dialog.open()
    for number, title in enumerate(GROUPS):
        dialog.pages.setCurrentIndex(number)
        yield _seen(window, f"settings-{title.lower()}", dialog)
    for values in ({"sure_at": "nine"}, {"sure_at": "0.5", "suggest_at": "0.9", "face_tol": "0.5"}):
        for key, text in values.items():
            field = dialog.fields[key].widget
            assert isinstance(field, QLineEdit)
            field.setText(text)
        dialog.save_button.click()
        yield _seen(window, f"settings-{'-'.join(values)}", dialog)
    dialog.reject()


def questions(window: MainWindow) -> Iterator[View]:
    """What is asked and told in boxes."""
    if window.settings_fault:
        return
    root = window.settings.folder
    people = [(f"Person {number}", root / f"people/Person {number}") for number in range(7)]
    folders = [FolderAway(name, folder, is_there=False, photos=3) for name, folder in people]
    boxes: dict[str, Callable[[], QDialog]] = {
        "question-dropped-people": lambda: _dropped(window, window.settings.dataset_folder),
        "question-dropped-photos": lambda: _dropped(window, window.settings.input_folder),
        "question-dropped-file": lambda: _dropped(window, window.settings_file),
        "question-forget": lambda: forget_question(window, folders, lambda _: None),
        "message": lambda: message(window, "That did not work.\n\nThe disk is full: make room and start again."),
    }
    for name, make in boxes.items():
        make().open()
        yield from _dialog(window, name)
    ask_whom(window, "Ariel Sharom", "Ariel Sharon", lambda: None, lambda: None)
    yield from _dialog(window, "question-did-you-mean")


def _dropped(window: MainWindow, folder: Path) -> QDialog:
    return DroppedFolder(folder, window.settings_file, window.settings, window)


def broken(window: MainWindow) -> Iterator[View]:
    """Home and the question where the settings cannot be read."""
    if not window.settings_fault:
        window.settings_file.write_text("{", encoding="utf-8")
    window.refresh()
    window.go(HOME)
    yield _seen(window, "home-broken-settings")
    box = BrokenSettings(window._in_use, window)
    box.open()
    yield from _dialog(window, "question-broken-settings", lambda dialog: dialog.again.click())


# A job


def job(window: MainWindow, gate: Gate) -> Iterator[View]:
    """A run while one watches it, being stopped, gone on with, and what it came to; photos wait at the gate."""
    if window.settings_fault:
        return
    window.go(HOME)
    window.recognize(window.settings, {})
    place = _place(window, HOME, HomePlace)
    while window.jobs.running and not place.run.grid.tiles.rowCount():
        if gate.is_shut:
            gate.open(1)  # jobs look ahead, by more the faster they get on
        _pass(_A_TICK_S)
    yield _seen(window, "run")
    window.go(CONSOLE)
    yield _seen(window, "run-console")
    window.go(HOME)
    window.does.abort.trigger()
    yield _seen(window, "run-stopping")
    gate.open_wide()
    wait_for(lambda: not window.jobs.running)
    yield _seen(window, "run-stopped")
    window.recognize(window.settings, {})
    wait_for(lambda: not window.jobs.running)
    yield _seen(window, "run-result")
    if place.result.failed.isVisible():
        place.result.failed.click()
        yield _seen(window, "run-failures")
    place.result.close_button.click()
    yield _seen(window, "run-over")


def _pass(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.002)


def wait_for(condition: Callable[[], bool], where: str = "") -> None:
    """Wait for a state, in a view."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while not condition():
        assert time.monotonic() < until, (where, QApplication.activeModalWidget())
        QApplication.processEvents()
        time.sleep(0.002)


# Small things


def _seen(window: MainWindow, name: str, shown: QWidget | None = None) -> View:
    stand_still(window, shown)
    return name, shown or window


def _dialog(window: MainWindow, name: str, then: Callable[[Any], object] | None = None) -> Iterator[View]:
    """Yield the dialog that is open, and once more when something was done in it; then close it."""
    stand_still(window)
    shown = QApplication.activeModalWidget()
    assert isinstance(shown, QDialog), name
    yield _seen(window, name, shown)
    if then:
        then(shown)
        yield _seen(window, f"{name}-then", shown)
    shown.reject()
    shown.deleteLater()


def _place(window: MainWindow, name: str, kind: type[Any]) -> Any:
    place = window.places[name]
    assert isinstance(place, kind)
    return place


def _choose(grid: PictureGrid) -> None:
    """Choose the first picture as a key does."""
    if selection := grid.selectionModel():
        flags = QItemSelectionModel.SelectionFlag
        selection.setCurrentIndex(grid.tiles.index(0), flags.ClearAndSelect)
    QApplication.processEvents()


def _button(shown: QWidget, text: str) -> QPushButton:
    return next(button for button in shown.findChildren(QPushButton) if text in button.text().replace("&", ""))


PARTS: tuple[Part, ...] = (home, review, people, checks, photos, console, menus, pages, settings, questions)
