"""People: the wall, a person's page, and everything that can be said there and taken back."""

import json
import threading
from pathlib import Path

import pytest
from PyQt6.QtCore import QItemSelectionModel, Qt
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QApplication, QLabel, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.merge_dialog import MergeDialog, WhomDialog
from kith.gui.people_place import NOBODY, PeoplePlace
from kith.gui.person_dialog import PersonDialog
from kith.gui.person_view import PersonView
from kith.gui.photos_place import PhotosPlace
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.gui.style import Tone, colour
from kith.gui.thumbnails import Picture
from kith.gui.years import Years
from kith.jobs.check import CheckFinished, Finding, Trouble
from kith.jobs.findings import Card
from kith.jobs.open_library import OpenLibrary
from kith.jobs.people_wall import searched, wall
from kith.jobs.person_changes import PersonChanges
from kith.jobs.person_page import person_page
from kith.jobs.user_words import Is
from tests.album import BOB, EVE, Album
from tests.desk import ran
from tests.drawn import LEFT, RIGHT, draw
from tests.small_world import DLIB, World
from tests.windows import PATIENCE_MS, activate, click, open_window, press

WALL_MENU = ["Open", "Rename…", "Merge With…", "Hide, or Show Again"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.measure(DLIB)
    world.put(7, "input")
    world.recognise()
    return world


@pytest.fixture
def window(qtbot: QtBot, world: World) -> MainWindow:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    return open_window(qtbot, file)


def _settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.desk.busy, timeout=PATIENCE_MS)


def _place(qtbot: QtBot, window: MainWindow, what: object = None) -> PeoplePlace:
    window.go("People", what)
    _settled(qtbot, window)
    place = window.places["People"]
    assert isinstance(place, PeoplePlace)
    return place


def _page(qtbot: QtBot, window: MainWindow, world: World, name: str) -> PersonView:
    with world.library() as library:
        number = library.people.find(name).id
    page = _place(qtbot, window, number).page
    assert page
    assert page.name.text() == name
    return page


def _names(place: PeoplePlace) -> list[str]:
    return [place.wall.tiles.tile(row).name for row in range(place.wall.tiles.rowCount())]


def _state(world: World) -> tuple[object, ...]:
    return world.persons(), world.links(), world.ignored(), world.tree()


def _select(page: PersonView, *keys: int) -> None:
    selection = page.grid.selectionModel()
    assert selection
    selection.clear()
    for key in keys:
        index = page.grid.tiles.index(page.grid.tiles.keys().index(key))
        selection.select(index, QItemSelectionModel.SelectionFlag.Select)


def _undone(qtbot: QtBot, window: MainWindow, world: World, before: object) -> None:
    """Take back what was done, with the key, do it again and take it back: each time all is as it was then."""
    after = _state(world)
    assert after != before
    for key, then in ((Qt.Key.Key_Z, before), (Qt.Key.Key_Y, after), (Qt.Key.Key_Z, before)):
        press(qtbot, window, key)
        _settled(qtbot, window)
        assert _state(world) == then


def test_the_wall_shows_everybody_with_their_photos_and_finds_them(
    qtbot: QtBot, world: World, window: MainWindow
) -> None:
    with world.library() as library:
        changes = PersonChanges(library)
        changes.set(library.people.find("Eve"), {"hidden": True}, {}, {})
        changes.set(library.people.find("Bob"), {}, {}, {"Zoë": True})
    place = _place(qtbot, window)
    assert _names(place) == ["Ann", "Bob"]
    place.hidden.click()
    assert _names(place) == ["Ann", "Bob", "Eve"]
    qtbot.keyClicks(place.search, "zoe")
    assert _names(place) == ["Bob"]
    place.search.setText("nobody like that")
    assert not place.wall.isVisible()
    assert "Nobody" in place.words.text()
    place.search.clear()
    assert place.unknown.isVisible()  # person 3, who is in two photos


def test_without_a_library_the_wall_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    file = tmp_path / "settings.json"
    file.write_text('{"dataset_dir": "people"}', encoding="utf-8")
    window = open_window(qtbot, file)
    place = _place(qtbot, window)
    qtbot.waitUntil(lambda: bool(place.words.text()), timeout=PATIENCE_MS)
    assert not place.wall.isVisible()


def test_an_unplugged_drive_is_no_beginning(qtbot: QtBot, world: World, window: MainWindow) -> None:
    place = _place(qtbot, window)
    people = world.root / "people"
    people.rename(world.root / "elsewhere")
    window.go("Home")
    place = _place(qtbot, window)
    qtbot.waitUntil(lambda: "plugged in" in place.words.text(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not any(one.name == "kith-question" for one in threading.enumerate()), timeout=PATIENCE_MS)
    qtbot.wait(0)
    assert NOBODY not in place.words.text()
    assert not place.wall.isVisible()
    (world.root / "elsewhere").rename(people)
    window.go("Home")
    assert _names(_place(qtbot, window)) == ["Ann", "Bob", "Eve"]
    assert place.wall.isVisible()
    assert not people.with_name("elsewhere").exists()


def test_a_wrong_face_comes_first_and_is_denied_and_moved(qtbot: QtBot, world: World, window: MainWindow) -> None:
    with world.library() as library:
        bobs = [link.appearance_id for _, link in library.store.people.mentions(library.people.find("Bob").id)]
        library.say(Is([bobs[-1]], library.people.find("Ann")))  # a slip
    before = _state(world)
    page = _page(qtbot, window, world, "Ann")
    assert page.grid.tiles.keys()[0] == bobs[-1]
    _select(page, bobs[-1])
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Qt.Key.Key_N)
    _settled(qtbot, window)
    assert bobs[-1] not in set(page.grid.tiles.keys())
    _undone(qtbot, window, world, before)
    qtbot.waitUntil(lambda: bobs[-1] in set(page.grid.tiles.keys()), timeout=PATIENCE_MS)
    _select(page, bobs[-1])
    page.other.edit.setText("Bob")
    page.other.button.click()
    _settled(qtbot, window)
    assert bobs[-1] not in set(page.grid.tiles.keys())
    with world.library() as library:
        assert bobs[-1] in {face.appearance_id for face in person_page(library, library.people.find("Bob").id).faces}
    _undone(qtbot, window, world, before)


def test_several_faces_are_split_off_as_somebody_new(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    page = _page(qtbot, window, world, "Ann")
    _select(page, *page.grid.tiles.keys()[:2])
    page.other.edit.setText("Somebody Entirely New")
    page.other.button.click()
    _settled(qtbot, window)
    assert "Somebody Entirely New" in {person[0] for person in world.persons()}
    _undone(qtbot, window, world, before)


def test_a_name_much_like_a_known_one_is_asked_about(qtbot: QtBot, world: World, window: MainWindow) -> None:
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Bob"), "Ariel Sharon")
    page = _page(qtbot, window, world, "Ann")
    _select(page, page.grid.tiles.keys()[0])
    page.other.edit.setText("Ariel Sharom")
    page.other.button.click()
    qtbot.waitUntil(lambda: page.findChild(QMessageBox) is not None, timeout=PATIENCE_MS)
    box = page.findChild(QMessageBox)
    assert box
    assert "Ariel Sharon" in box.text()
    yes = box.button(QMessageBox.StandardButton.Yes)
    assert yes
    yes.click()
    _settled(qtbot, window)
    assert "Ariel Sharom" not in {person[0] for person in world.persons()}


def test_a_name_typed_is_for_those_chosen_then_and_stays_while_others_are_decided(
    qtbot: QtBot, world: World, window: MainWindow
) -> None:
    page = _page(qtbot, window, world, "Ann")
    first, second, *_ = page.grid.tiles.keys()
    _select(page, first)
    page.other.edit.setText("Bob")
    page.look_again()  # as after what follows from the word before
    _settled(qtbot, window)
    assert page.other.edit.text() == "Bob"
    page.other.button.click()
    _select(page, second)  # at once, before it is known whether the name is much like another
    _settled(qtbot, window)
    qtbot.waitUntil(lambda: first not in set(page.grid.tiles.keys()), timeout=PATIENCE_MS)
    assert second in set(page.grid.tiles.keys())
    with world.library() as library:
        assert first in {face.appearance_id for face in person_page(library, library.people.find("Bob").id).faces}


def test_only_the_person_asked_for_last_is_shown(qtbot: QtBot, world: World, window: MainWindow) -> None:
    with world.library() as library:
        ann, bob = (library.people.find(name).id for name in ("Ann", "Bob"))
    page = _page(qtbot, window, world, "Ann")
    page.show_person(10**6)  # who is no more
    page.show_person(bob)
    _settled(qtbot, window)
    assert page.isVisible()
    assert page.name.text() == "Bob"
    assert ann != bob


def test_a_name_is_changed_where_it_stands(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    page = _page(qtbot, window, world, "Bob")
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Qt.Key.Key_F2)
    assert page.name.edit.text() == "Bob"
    qtbot.keyClicks(page.name.edit, "N or K")  # letters are no keys now
    qtbot.keyClick(page.name.edit, Qt.Key.Key_Escape)
    assert page.isVisible()
    assert page.name.text() == "Bob"
    page.rename.click()
    qtbot.keyClicks(page.name.edit, "Robert  Baker")
    qtbot.keyClick(page.name.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.name.text() == "Robert Baker", timeout=PATIENCE_MS)
    assert page.grid.hasFocus()
    _settled(qtbot, window)
    _undone(qtbot, window, world, before)
    assert page.name.text() == "Bob"


def test_people_are_renamed_merged_and_hidden_from_the_wall(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    place = _place(qtbot, window)
    ann, bob, eve = place.wall.tiles.keys()
    place.wall.setFocus()
    assert not place.person.isEnabled()
    place.wall.select_key(eve)
    click(qtbot, place.person)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text().replace("&", "") for action in menu.actions()] == WALL_MENU
    menu.close()
    activate(qtbot, window)
    place.wall.setFocus()
    qtbot.keyClick(place.wall, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: _names(place) == ["Ann", "Bob"], timeout=PATIENCE_MS)
    _settled(qtbot, window)
    _undone(qtbot, window, world, before)
    qtbot.waitUntil(lambda: _names(place) == ["Ann", "Bob", "Eve"], timeout=PATIENCE_MS)
    place.wall.select_key(bob)
    place.wall.setFocus()
    qtbot.keyClick(place.wall, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: window.findChild(WhomDialog) is not None, timeout=PATIENCE_MS)
    asked = window.findChild(WhomDialog)
    assert asked
    qtbot.keyClicks(asked.field, "nn")  # anywhere in the name
    qtbot.keyClick(asked.field, Qt.Key.Key_Return)
    merge = window.findChild(MergeDialog)
    assert merge
    assert "Ann becomes Bob" in merge.words.text()
    merge.reject()
    activate(qtbot, window)
    place.wall.setFocus()
    place.wall.select_key(ann)
    qtbot.keyClick(place.wall, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: bool(place.page and place.page.name.edit.isVisible()), timeout=PATIENCE_MS)


def test_a_key_face_is_taken_back_with_the_same_key(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    page = _page(qtbot, window, world, "Ann")
    best = _starred(page)
    other = next(key for key in _faces(page) if key != best)
    for expected in (other, best):
        _select(page, other)
        page.grid.setFocus()
        qtbot.keyClick(page.grid, Qt.Key.Key_K)
        _settled(qtbot, window)
        qtbot.waitUntil(lambda expected=expected: _starred(page) == expected, timeout=PATIENCE_MS)  # type: ignore[misc]
    for key, then in ((Qt.Key.Key_Z, other), (Qt.Key.Key_Y, best), (Qt.Key.Key_Z, other), (Qt.Key.Key_Z, best)):
        press(qtbot, window, key)
        _settled(qtbot, window)
        qtbot.waitUntil(lambda then=then: _starred(page) == then, timeout=PATIENCE_MS)  # type: ignore[misc]
    assert _state(world) == before


def _faces(page: PersonView) -> list[int]:
    return page.grid.tiles.keys()


def _starred(page: PersonView) -> int:
    (starred,) = [tile.key for tile in map(page.grid.tiles.tile, range(page.grid.tiles.rowCount())) if "★" in tile.name]
    return starred


def test_what_is_refused_of_the_details_is_said_where_they_are(qtbot: QtBot, world: World, window: MainWindow) -> None:
    page = _page(qtbot, window, world, "Bob")
    page.details.click()
    dialog = window.findChild(PersonDialog)
    assert dialog
    dialog.birth.setText("1950")
    dialog.death.setText("1940")
    dialog.name.setText("Robert")
    dialog.accept()
    qtbot.waitUntil(lambda: "cannot have died" in dialog.problem.text(), timeout=PATIENCE_MS)
    assert dialog.isVisible()
    dialog.death.setText("2000")
    dialog.accept()
    qtbot.waitUntil(lambda: page.name.text() == "Robert", timeout=PATIENCE_MS)
    with world.library() as library:
        assert [change.summary for change in library.history()] == [
            "Bob renamed to Robert",
            "Bob: birth, death changed",
        ]


def test_a_face_is_opened_in_its_photo_and_one_comes_back(qtbot: QtBot, world: World, window: MainWindow) -> None:
    page = _page(qtbot, window, world, "Ann")
    face = page.grid.tiles.keys()[0]
    page.grid.select_key(face)
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Qt.Key.Key_Return)
    photos = window.places["Photos"]
    assert isinstance(photos, PhotosPlace)
    qtbot.waitUntil(lambda: bool(photos.page.view) and not window.desk.busy, timeout=PATIENCE_MS)
    assert photos.page.panel.question.text() == "This is Ann. Or somebody else?"
    qtbot.keyClick(photos.page.canvas, Qt.Key.Key_Escape)
    assert window.place == "People"
    assert page.isVisible()
    assert page.grid.selected_keys() == [face]
    window.go("Photos")
    assert photos.grid.isVisible()


def test_an_unknown_group_is_opened_in_the_review(qtbot: QtBot, world: World, window: MainWindow) -> None:
    for photo in (9, 14):
        world.put(photo, "input")
    world.recognise()
    window.waiting.look()
    place = _place(qtbot, window)
    qtbot.waitUntil(lambda: place.unknown.tiles.rowCount() == 2, timeout=PATIENCE_MS)
    smaller = place.unknown.tiles.keys()[1]
    place.unknown.opened.emit(smaller)
    review = window.places["Review"]
    assert isinstance(review, ReviewPlace)
    qtbot.waitUntil(lambda: not review.busy, timeout=PATIENCE_MS)
    assert review.model.step is Step.GROUPS
    assert review.model.line.current
    assert review.model.line.current.id == smaller


def test_a_key_face_is_chosen_with_a_key(qtbot: QtBot, world: World, window: MainWindow) -> None:
    page = _page(qtbot, window, world, "Ann")
    other = page.grid.tiles.keys()[-1]
    _select(page, other)
    qtbot.keyClick(page.grid, Qt.Key.Key_K)
    _settled(qtbot, window)
    assert _starred(page) == other


def test_details_are_changed_and_wrong_dates_refused(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    page = _page(qtbot, window, world, "Bob")
    page.details.click()
    dialog = window.findChild(PersonDialog)
    assert dialog
    dialog.name.setText("Robert")
    dialog.birth.setText("31.12.1950")
    dialog.accept()
    assert dialog.isVisible()
    assert dialog.problem.text()
    dialog.birth.setText("1950-12")
    dialog.aliases.setText("Bobby, Bob")
    dialog.fields.setPlainText("town: Rome")
    dialog.accept()
    _settled(qtbot, window)
    with world.library() as library:
        robert = library.people.find("Robert")
        assert (robert.birth, set(robert.aliases)) == ("1950-12", {"Bobby", "Bob"})
        assert robert.fields == (("town", "Rome"),)
    assert page.name.text() == "Robert"
    after = _state(world)
    for key, then in ((Qt.Key.Key_Z, before), (Qt.Key.Key_Y, after), (Qt.Key.Key_Z, before)):
        for _ in range(2):
            press(qtbot, window, key)
            _settled(qtbot, window)
        assert _state(world) == then


def test_a_person_is_deleted_and_comes_back(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    page = _page(qtbot, window, world, "Bob")
    page.details.click()
    dialog = window.findChild(PersonDialog)
    assert dialog
    dialog.delete.click()
    _settled(qtbot, window)
    place = window.places["People"]
    assert isinstance(place, PeoplePlace)
    qtbot.waitUntil(lambda: _names(place) == ["Ann", "Eve"], timeout=PATIENCE_MS)
    _undone(qtbot, window, world, before)
    qtbot.waitUntil(lambda: _names(place) == ["Ann", "Bob", "Eve"], timeout=PATIENCE_MS)


def test_forgetting_is_asked_about_and_final(qtbot: QtBot, world: World, window: MainWindow) -> None:
    page = _page(qtbot, window, world, "Bob")
    for answer, is_gone in ((QMessageBox.StandardButton.Cancel, False), (QMessageBox.StandardButton.Yes, True)):
        page.details.click()
        dialog = window.findChildren(PersonDialog)[-1]
        dialog.forget.click()
        box = dialog.findChildren(QMessageBox)[-1]
        assert "cannot be undone" in box.text()
        button = box.button(answer)
        assert button
        button.click()
        _settled(qtbot, window)
        assert ("Bob" not in {person[0] for person in world.persons()}) == is_gone
        if not is_gone:
            dialog.reject()


def test_a_key_that_is_held_takes_nobody_out_of_what_is_selected(qtbot: QtBot, window: MainWindow) -> None:
    """Faces are shown anew while the user holds Ctrl, which by Qt's own way would toggle the one that is selected."""
    grid = PictureGrid(window.thumbnails, 50)
    qtbot.addWidget(grid)
    grid.tiles.show_tiles([Tile(key, Picture(None)) for key in (1, 2)])
    qtbot.keyPress(grid, Qt.Key.Key_Control, Qt.KeyboardModifier.ControlModifier)
    for _ in range(2):
        grid.select_key(2)
        assert grid.selected_keys() == [2]


def test_home_selects_the_first_tile_also_where_it_has_the_keyboard_already(qtbot: QtBot, window: MainWindow) -> None:
    for mode, selected in (
        (PictureGrid.SelectionMode.ExtendedSelection, [1]),
        (PictureGrid.SelectionMode.MultiSelection, []),
    ):
        grid = PictureGrid(window.thumbnails, 50)
        qtbot.addWidget(grid)
        grid.setSelectionMode(mode)
        grid.tiles.show_tiles([Tile(key, Picture(None)) for key in (1, 2)])
        grid.setCurrentIndex(grid.tiles.index(0))
        grid.clearSelection()  # as where it got the keyboard with its tiles there
        qtbot.keyClick(grid, Qt.Key.Key_Home)
        assert grid.selected_keys() == selected


def _drop(grid: PictureGrid, dragged: int, onto: int) -> None:
    """Drop a tile onto another, by their rows."""
    tiles, viewport, action = grid.tiles, grid.viewport(), Qt.DropAction.CopyAction
    data, place = tiles.mimeData([tiles.index(dragged)]), grid.visualRect(tiles.index(onto)).center()
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    assert tiles.flags(tiles.index(dragged)) & Qt.ItemFlag.ItemIsDragEnabled
    QApplication.sendEvent(viewport, QDragEnterEvent(place, action, data, buttons, keys))
    QApplication.sendEvent(viewport, QDropEvent(place.toPointF(), action, data, buttons, keys))


def test_two_people_are_merged_after_a_look_at_both(qtbot: QtBot, world: World, window: MainWindow) -> None:
    before = _state(world)
    place = _place(qtbot, window)
    _drop(place.wall, 1, 0)
    dialog = window.findChild(MergeDialog)
    assert dialog
    assert "Bob becomes Ann" in dialog.words.text()
    dialog.swap.click()
    assert "Ann becomes Bob" in dialog.words.text()
    dialog.merge.click()
    _settled(qtbot, window)
    qtbot.waitUntil(lambda: _names(place) == ["Bob", "Eve"], timeout=PATIENCE_MS)
    _undone(qtbot, window, world, before)


def test_a_person_who_is_gone_leads_back_to_the_wall(qtbot: QtBot, world: World, window: MainWindow) -> None:
    place = _place(qtbot, window, 10**6)
    qtbot.waitUntil(place.wall.isVisible, timeout=PATIENCE_MS)


def test_pages_tell_who_is_with_whom_and_when(world: World) -> None:
    with world.library() as library:
        page = person_page(library, library.people.find("Ann").id)
    assert ("Bob", 1) in {(name, photos) for _, name, photos in page.together}
    assert page.photos == len({face.photo_id for face in page.faces})
    fits = [face.distance for face in page.faces if face.distance is not None]
    assert fits == sorted(fits, reverse=True)
    assert len(fits) > 2


def test_people_are_found_by_any_name(world: World) -> None:
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Ánn Ümläut")
        people = wall(library)
    assert [person.name for person in searched(people, " ann um")] == ["Ánn Ümläut"]
    assert len(searched(people, "")) == 3


def test_the_command_lists_faces_by_fit(world: World, window: MainWindow) -> None:
    code, out, err = ran("people", "faces", "Ann", "--settings", world.root / "settings.json")
    assert code == 0, err
    lines = out.splitlines()
    assert "by the people folder" in out
    assert lines[-1].startswith("with ")


def test_a_photo_left_out_teaches_by_a_click_on_the_right_face(qtbot: QtBot, world: World, window: MainWindow) -> None:
    world.put(3, "people/Bob")
    world.put(6, "people/Ann")  # shows Bob, too
    world.build()
    world.redecide()
    place = _place(qtbot, window)
    place.health.click()
    _settled(qtbot, window)
    assert place.checks
    page = place.checks.left_out
    notes = [page.grid.tiles.tile(row).note for row in range(page.grid.tiles.rowCount())]
    assert sum("2 faces" in note for note in notes) == 2
    before = _state(world)
    face = next(key for key, note in zip(page.grid.tiles.keys(), notes, strict=True) if "2 faces" in note)
    page.grid.select_key(face)
    page.say.click()
    _settled(qtbot, window)
    assert face not in set(page.grid.tiles.keys())
    with world.library() as library:
        assert face in {shown.appearance_id for shown in person_page(library, library.people.find("Ann").id).faces}
    _undone(qtbot, window, world, before)
    qtbot.waitUntil(lambda: face in set(page.grid.tiles.keys()), timeout=PATIENCE_MS)
    code, out, err = ran("people", "left-out", "--settings", world.root / "settings.json")
    assert (code, "2 faces" in out) == (0, True), err


def test_findings_are_shown_with_their_photos_and_people(qtbot: QtBot, world: World, window: MainWindow) -> None:
    place = _place(qtbot, window)
    place.health.click()
    assert place.checks
    findings = place.checks.findings
    place.checks.pages.setCurrentWidget(findings)
    _settled(qtbot, window)
    assert findings.list.count() > 0  # few photos, at the least
    findings.list.setCurrentRow(findings.list.count() - 1)
    assert findings.grid.tiles.rowCount() > 0
    assert findings.people.count() > 1


def test_a_finding_about_everybody_fits_on_the_screen(qtbot: QtBot, world: World, window: MainWindow) -> None:
    place = _place(qtbot, window)
    place.health.click()
    assert place.checks
    findings = place.checks.findings
    place.checks.pages.setCurrentWidget(findings)
    _settled(qtbot, window)
    names = tuple(f"Person {number}" for number in range(1000))
    finding = Finding(Trouble.TWO_PEOPLE, names, f"the same photo stands under {', '.join(names)}", ())
    findings._show((CheckFinished(1000, 1000, (finding,)), [Card(finding, (), tuple(range(1000)))]))
    _settled(qtbot, window)

    def told() -> list[str]:
        return [label.text() for label in findings.findChildren(QLabel) if label.isVisible()]

    qtbot.waitUntil(lambda: "and 997 more" in told(), timeout=PATIENCE_MS)
    assert window.minimumSizeHint().width() <= 1024


def test_closing_waits_for_no_check_of_many_people(qtbot: QtBot, world: World, window: MainWindow) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def take_long(library: OpenLibrary) -> None:
        begun.set()
        go_on.wait()
        library.people.all()
        ended.set()

    window.desk.read(take_long, lambda _: None, is_long=True)
    assert begun.wait(PATIENCE_MS / 1000)
    assert window.close()
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(PATIENCE_MS / 1000)


def test_too_little_to_measure_is_said(qtbot: QtBot, world: World, window: MainWindow) -> None:
    place = _place(qtbot, window)
    place.health.click()
    assert place.checks
    measure = place.checks.measure
    measure.run.click()
    qtbot.waitUntil(lambda: "Too little" in measure.words.text(), timeout=PATIENCE_MS)
    assert measure.run.isEnabled()
    assert not measure.use.isEnabled()


def test_a_year_with_one_photo_shows_beside_one_with_many(qtbot: QtBot) -> None:
    years = Years()
    qtbot.addWidget(years)
    years.show_years([(1990, 1), (1992, 500)])
    years.resize(years.sizeHint())
    drawn, ink = years.grab().toImage(), colour(Tone.SURE, years.palette())
    heights = [sum(drawn.pixelColor(x, y) == ink for y in range(drawn.height())) for x in (5, 110, 215)]
    assert heights[0] >= 3
    assert heights[1] == 0
    assert heights[2] > heights[0]


def test_home_bar_wall_and_review_count_the_same_faces(qtbot: QtBot, tmp_path: Path) -> None:
    """Of photos that are nearly the same Review asks about those that are filed."""
    album = Album(tmp_path)
    for shade in range(20, 24):
        album.save(draw((EVE, LEFT), shade=shade), f"album/{shade}.png")
        album.save(draw((EVE, RIGHT), (BOB, LEFT), shade=shade), f"album/with Bob {shade}.png")
    album.recognise()
    window = open_window(qtbot, album.settings_file())
    place = _place(qtbot, window)
    qtbot.waitUntil(lambda: bool(window.bar.buttons["Review"].waiting), timeout=PATIENCE_MS)
    waiting = window.waiting.now
    assert waiting
    assert waiting.queues
    (group,) = waiting.queues.groups
    assert len(group.faces) == len(waiting.faces) < 8
    assert place.unknown.tiles.keys() == [group.id]
    assert f"{len(group.faces)} faces" in place.unknown.tiles.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert window.bar.buttons["Review"].waiting == str(len(group.faces))
    window.go("Home")
    home = window.places["Home"]
    assert isinstance(home, HomePlace)
    told = f"{len(group.faces)} unknown in 1 group."
    qtbot.waitUntil(lambda: told in home.advice.advice.text(), timeout=PATIENCE_MS)
