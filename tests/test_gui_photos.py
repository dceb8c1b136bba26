"""Photos: the grid and its filter, a photo large, and everything that can be said there and taken back."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication, QListWidgetItem, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from kith.gui import photo_page
from kith.gui.main_window import MainWindow
from kith.gui.photos_place import PhotosPlace
from kith.jobs.photo_view import ShownPerson, Standing
from kith.jobs.workers import InlineExecutor
from kith.library.store import open_store
from kith.settings import Settings
from kith.values.links import Source
from kith.values.photo_filter import PhotoState
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind
from tests.album import ANN, BOB, EVE, Album
from tests.clips import save_clip
from tests.drawn import COLOURS, LEFT, RIGHT, SIDE, STRIPE, draw
from tests.windows import PATIENCE_MS, open_window

LYING = 5  # the shade of the photo with a face that no model sees


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Ann alone, Ann and Bob, Eve whom nobody knows, and Ann beside Eve whose face is not the right way up."""
    album = Album(tmp_path)
    album.save(draw((ANN, LEFT)), "album/ann.png")
    album.save(draw((ANN, LEFT), (BOB, RIGHT)), "album/both.png")
    album.save(draw((EVE, RIGHT)), "album/eve.png")
    missed = draw((ANN, LEFT), (EVE, RIGHT), shade=LYING)
    x, y = RIGHT
    missed.paste((220, 200, 180), (x, y, x + SIDE, y + STRIPE))
    album.save(missed, "album/trip/missed.png")
    album.recognise()
    return album


@pytest.fixture
def window(qtbot: QtBot, album: Album) -> MainWindow:
    file = album.root / "settings.json"
    file.write_text(json.dumps(album.settings.model_dump(mode="json")), encoding="utf-8")
    return open_window(qtbot, file, lambda: album.eyes)


def _settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.desk.busy, timeout=PATIENCE_MS)


@pytest.fixture
def place(qtbot: QtBot, window: MainWindow, album: Album) -> PhotosPlace:
    window.go("Photos")
    place = window.places["Photos"]
    assert isinstance(place, PhotosPlace)
    place.page.executor = lambda: album.eyes
    qtbot.waitUntil(lambda: bool(place.grid.photos.found.keys), timeout=PATIENCE_MS)
    return place


def _names(qtbot: QtBot, place: PhotosPlace) -> list[str]:
    """Return the names of the photos in the grid, once they are known."""
    found = place.grid.photos.found
    qtbot.waitUntil(lambda: all(map(found.tile, range(len(found.keys)))), timeout=PATIENCE_MS)
    return sorted(tile.name for tile in map(found.tile, range(len(found.keys))) if tile)


def _key(qtbot: QtBot, place: PhotosPlace, name: str) -> int:
    _names(qtbot, place)
    found = place.grid.photos.found
    return next(key for row, key in enumerate(found.keys) if (tile := found.tile(row)) and tile.name == name)


def _open(qtbot: QtBot, place: PhotosPlace, name: str) -> None:
    """Open a photo of the grid with the keyboard."""
    key = _key(qtbot, place, name)
    place.grid.choose(key)
    place.grid.setFocus()
    qtbot.keyClick(place.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(place.page.view and place.page.view.id == key), timeout=PATIENCE_MS)


def _somebody(place: PhotosPlace, name: str) -> ShownPerson:
    assert place.page.view
    return next(person for person in place.page.view.people if person.name == name)


def _click(qtbot: QtBot, place: PhotosPlace, person: ShownPerson) -> None:
    middle = place.page.canvas.place_of(person).center().toPoint()
    qtbot.mouseClick(place.page.canvas, Qt.MouseButton.LeftButton, pos=middle)


def _until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=PATIENCE_MS)


def _shown(place: PhotosPlace) -> list[tuple[str, Standing]]:
    assert place.page.view
    return [(person.name, person.standing) for person in place.page.view.people]


def _type(qtbot: QtBot, place: PhotosPlace, name: str) -> None:
    edit = place.page.panel.name.edit
    _until(qtbot, edit.isEnabled)
    edit.setFocus()
    qtbot.keyClicks(edit, name)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def test_the_grid_shows_all_recognised_photos_and_who_is_in_them(qtbot: QtBot, place: PhotosPlace) -> None:
    assert _names(qtbot, place) == ["ann.png", "both.png", "eve.png", "missed.png"]
    found = place.grid.photos.found
    notes = {tile.name: tile.note for tile in map(found.tile, range(4)) if tile}
    assert notes["both.png"] == "Ann, Bob"
    assert notes["eve.png"] == "nobody known"
    assert place.count.text() == "4 photos"


def test_the_filter_narrows_the_grid_and_clear_empties_it(qtbot: QtBot, place: PhotosPlace, album: Album) -> None:
    bar, keys = place.filter, place.grid.photos.found

    def finds(*names: str) -> None:
        """Wait until the grid shows these photos, which it does not before."""
        _until(qtbot, lambda: sorted(tile.name for tile in map(keys.tile, range(len(keys.keys))) if tile) == [*names])

    qtbot.keyClicks(bar.all_of, "Ann; Bob")
    finds("both.png")
    qtbot.mouseClick(bar.clear, Qt.MouseButton.LeftButton)
    finds("ann.png", "both.png", "eve.png", "missed.png")
    qtbot.keyClicks(bar.none_of, "ann")
    finds("eve.png")
    bar.empty()
    bar.folder.setCurrentIndex(bar.folder.findData(str(album.root / "album" / "trip")))
    finds("missed.png")
    bar.empty()
    bar.state.setCurrentIndex(bar.state.findData(PhotoState.UNKNOWN))
    finds("eve.png")
    bar.empty()
    qtbot.keyClicks(bar.text, "both bob")
    finds("both.png")


def test_a_name_or_date_that_is_none_is_said_and_leaves_the_grid(qtbot: QtBot, place: PhotosPlace) -> None:
    bar = place.filter
    qtbot.keyClicks(bar.any_of, "Zoe")
    _until(qtbot, lambda: bar.hint.text() == "Nobody is called Zoe.")
    bar.empty()
    qtbot.keyClicks(bar.since, "in May")
    _until(qtbot, lambda: "is no date" in bar.hint.text())
    assert len(place.grid.photos.found.keys) == 4
    bar.empty()
    _until(qtbot, bar.hint.isHidden)


def test_a_file_that_is_no_photo_is_found_with_the_reason(
    qtbot: QtBot, place: PhotosPlace, window: MainWindow, album: Album
) -> None:
    (album.album / "broken.png").write_bytes(b"no photo")
    with pytest.raises(AssertionError):  # it fails, as it should
        album.recognise()
    window.desk.look_again()
    place.filter.state.setCurrentIndex(place.filter.state.findData(PhotoState.FAILED))
    found = place.grid.photos.found
    _until(qtbot, lambda: [key < 0 for key in found.keys] == [True])
    tile = found.tile(0)
    assert tile
    assert tile.name == "broken.png"
    assert tile.note
    assert place.count.text() == "1 file that could not be read"


def test_a_confidently_wrong_face_is_corrected_and_that_undone(
    qtbot: QtBot, place: PhotosPlace, window: MainWindow, album: Album
) -> None:
    before, files = album.said(), album.tree()
    _open(qtbot, place, "both.png")
    bob = _somebody(place, "Bob")
    assert bob.standing is Standing.SURE
    _click(qtbot, place, bob)
    panel = place.page.panel
    _until(qtbot, lambda: "surely theirs" in panel.why.text())
    assert panel.question.text() == "This is Bob. Or somebody else?"
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_N)
    _until(qtbot, lambda: ("Bob", Standing.SURE) not in _shown(place))
    _type(qtbot, place, "Eve Adams")
    _until(qtbot, lambda: ("Eve Adams", Standing.SURE) in _shown(place))
    assert place.page.canvas.frame.is_fitted
    window.desk.undo()
    _until(qtbot, lambda: ("Eve Adams", Standing.SURE) not in _shown(place))
    window.desk.undo()
    _until(qtbot, lambda: ("Bob", Standing.SURE) in _shown(place))
    _settled(qtbot, window)
    assert [row[1:6] for row in album.said()] == [row[1:6] for row in before]
    assert album.tree() == files


def test_a_name_much_like_another_is_confirmed(qtbot: QtBot, place: PhotosPlace, window: MainWindow) -> None:
    _open(qtbot, place, "eve.png")
    (eve,) = place.page.view.people if place.page.view else ()
    _click(qtbot, place, eve)
    _type(qtbot, place, "Georgina Meyer")
    _until(qtbot, lambda: ("Georgina Meyer", Standing.SURE) in _shown(place))
    place.page.stepped.emit(-1)
    _settled(qtbot, window)
    _open_first_ann(qtbot, place)
    _type(qtbot, place, "Georgina Meier")
    _until(qtbot, lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "did you mean Georgina Meyer?" in box.text()
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Yes), Qt.MouseButton.LeftButton)
    _until(qtbot, lambda: ("Georgina Meyer", Standing.SURE) in _shown(place))


def test_whom_kith_names_is_confirmed_and_then_said_by_the_user(
    qtbot: QtBot, place: PhotosPlace, window: MainWindow
) -> None:
    _open(qtbot, place, "both.png")
    _click(qtbot, place, _somebody(place, "Bob"))
    assert place.page.panel.confirm.isEnabled()
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_Y)
    _until(qtbot, lambda: _somebody(place, "Bob").source is Source.USER)
    _settled(qtbot, window)
    assert not place.page.panel.confirm.isEnabled()


def _open_first_ann(qtbot: QtBot, place: PhotosPlace) -> None:
    place.back()
    _open(qtbot, place, "ann.png")
    _click(qtbot, place, _somebody(place, "Ann"))


def test_ignoring_and_heeding_and_taking_back(qtbot: QtBot, place: PhotosPlace, window: MainWindow) -> None:
    _open(qtbot, place, "eve.png")
    (eve,) = place.page.view.people if place.page.view else ()
    _click(qtbot, place, eve)
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_I)
    _until(qtbot, lambda: _shown(place) == [("", Standing.IGNORED)])
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_I)
    _until(qtbot, lambda: _shown(place) == [("", Standing.UNKNOWN)])
    _type(qtbot, place, "Ann")
    _until(qtbot, lambda: _shown(place) == [("Ann", Standing.SURE)])
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_T)
    _until(qtbot, lambda: _shown(place) != [("Ann", Standing.SURE)])
    place.page.choose(None)
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_O)
    _until(qtbot, lambda: _shown(place) == [("", Standing.IGNORED)])
    _settled(qtbot, window)


def test_letters_are_no_keys_while_a_name_is_typed(qtbot: QtBot, place: PhotosPlace, window: MainWindow) -> None:
    _open(qtbot, place, "eve.png")
    (eve,) = place.page.view.people if place.page.view else ()
    _click(qtbot, place, eve)
    edit = place.page.panel.name.edit
    edit.setFocus()
    qtbot.keyClicks(edit, "nitodb 01+-")
    assert edit.text() == "nitodb 01+-"
    _settled(qtbot, window)
    assert _shown(place) == [("", Standing.UNKNOWN)]
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.text() == ""
    assert place.page.isVisible()


def _draw_over(qtbot: QtBot, place: PhotosPlace, corner: tuple[int, int]) -> None:
    canvas, frame = place.page.canvas, place.page.canvas.frame
    qtbot.keyClick(canvas, Qt.Key.Key_D)
    assert canvas.is_drawing
    x, y = corner
    first = QPoint(round(frame.x + x * frame.scale), round(frame.y + y * frame.scale))
    last = first + QPoint(round(SIDE * frame.scale), round(SIDE * frame.scale))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    qtbot.mouseMove(canvas, first + QPoint(20, 20))
    qtbot.mouseMove(canvas, last)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=last)


def test_a_missed_face_is_drawn_described_and_teaches_and_is_undone(
    qtbot: QtBot, place: PhotosPlace, window: MainWindow, album: Album
) -> None:
    before = _rows(album)
    _open(qtbot, place, "missed.png")
    assert _shown(place) == [("Ann", Standing.SURE)]
    _draw_over(qtbot, place, RIGHT)
    assert "did you draw" in place.page.panel.question.text()
    _type(qtbot, place, "Eve")
    _until(qtbot, lambda: ("Eve", Standing.SURE) in _shown(place))
    eve = _somebody(place, "Eve")
    assert eve.box
    assert eve.box.x == pytest.approx(RIGHT[0] / 240, abs=0.02)
    _until(qtbot, lambda: "described" in window.status.text())
    _settled(qtbot, window)
    with closing(open_store(album.settings.library_file)) as store:
        taught = store.people.taught(Kind.FACE, default_face_model().id)
    assert eve.appearance_id in {sample.appearance_id for sample in taught}
    place.back()
    _open(qtbot, place, "eve.png")  # whom the drawn face makes known
    _until(qtbot, lambda: _shown(place) == [("Eve", Standing.SURE)])
    window.desk.undo()
    _settled(qtbot, window)
    assert _rows(album) == before


def _rows(album: Album) -> list[list[tuple[object, ...]]]:
    with closing(open_store(album.settings.library_file)) as store:
        tables = ("appearances", "observations", "persons", "ignored")
        return [store._connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]


def test_a_drawn_face_that_cannot_be_described_stays_said(qtbot: QtBot, place: PhotosPlace, window: MainWindow) -> None:
    _open(qtbot, place, "missed.png")
    _draw_over(qtbot, place, (120, 100))  # nothing but ground
    _type(qtbot, place, "Eve")
    _until(qtbot, lambda: "teaches nothing yet" in window.status.text())
    _settled(qtbot, window)
    assert ("Eve", Standing.SURE) in _shown(place)


def test_somebody_is_added_without_a_box(qtbot: QtBot, place: PhotosPlace, window: MainWindow) -> None:
    _open(qtbot, place, "ann.png")
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_B)
    _type(qtbot, place, "Bob")
    _until(qtbot, lambda: ("Bob", Standing.SURE) in _shown(place))
    assert _somebody(place, "Bob").box is None
    assert "no box" in _lines(place)[1]
    window.desk.undo()
    _until(qtbot, lambda: _shown(place) == [("Ann", Standing.SURE)])
    window.desk.redo()
    _until(qtbot, lambda: ("Bob", Standing.SURE) in _shown(place))


def _lines(place: PhotosPlace) -> list[str]:
    people = place.page.panel.people
    items: list[QListWidgetItem | None] = [people.item(row) for row in range(people.count())]
    return [item.text() for item in items if item]


def test_left_and_right_and_back_to_the_same_place(qtbot: QtBot, place: PhotosPlace) -> None:
    order = place.grid.photos.found.keys
    _open(qtbot, place, "eve.png")
    first = order.index(place.page.photo_id)
    step = 1 if first + 1 < len(order) else -1
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_Right if step > 0 else Qt.Key.Key_Left)
    wanted = order[first + step]
    _until(qtbot, lambda: bool(place.page.view and place.page.view.id == wanted))
    qtbot.keyClick(place.page.canvas, Qt.Key.Key_Escape)
    assert place.grid.isVisible()
    assert place.grid.current_key() == wanted
    assert place.grid.hasFocus()


def test_keys_and_the_wheel_zoom_and_a_drag_moves(qtbot: QtBot, place: PhotosPlace) -> None:
    _open(qtbot, place, "ann.png")
    canvas, frame = place.page.canvas, place.page.canvas.frame
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert frame.scale == pytest.approx(1.25)
    for _ in range(6):
        _turn(canvas, Qt.KeyboardModifier.ControlModifier)
    assert frame.scale == pytest.approx(1.25**7)
    before = frame.x
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    qtbot.mouseMove(canvas, QPoint(180, 200))
    qtbot.mouseMove(canvas, QPoint(150, 200))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(150, 200))
    assert frame.x < before
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    assert frame.scale == pytest.approx(1.25**6)
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert frame.is_fitted
    _turn(canvas, Qt.KeyboardModifier.NoModifier)
    assert frame.is_fitted


def _turn(canvas: QWidget, keys: Qt.KeyboardModifier) -> None:
    middle = QPointF(100, 100)
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(middle, middle, QPoint(), QPoint(0, 120), none, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(canvas, event)


def test_a_photo_that_is_gone_is_said_and_the_others_go_on(
    qtbot: QtBot, place: PhotosPlace, album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(photo_page, "open_outside", opened.append)
    (album.album / "eve.png").unlink()
    _open(qtbot, place, "eve.png")
    _until(qtbot, lambda: "not there any more" in place.page.canvas._problem)
    place.back()
    _open(qtbot, place, "ann.png")
    _until(qtbot, lambda: not place.page.canvas._image.isNull())
    assert place.page.canvas._problem == ""
    for name in ("folder", "open"):
        qtbot.mouseClick(place.page.buttons[name], Qt.MouseButton.LeftButton)
    assert opened == [album.album, album.album / "ann.png"]


def test_the_place_opens_at_a_photo_or_a_person(qtbot: QtBot, place: PhotosPlace, window: MainWindow) -> None:
    key = _key(qtbot, place, "both.png")
    window.go("Home")
    window.go("Photos", key)
    _until(qtbot, lambda: bool(place.page.view and place.page.view.id == key))
    window.go("Photos", "Bob")
    _until(qtbot, lambda: len(place.grid.photos.found.keys) == 1)
    assert _names(qtbot, place) == ["both.png"]


def test_without_a_library_the_place_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    (tmp_path / "people").mkdir()
    file.write_text(json.dumps({"dataset_dir": "people"}), encoding="utf-8")
    window = open_window(qtbot, file, InlineExecutor)
    window.go("Photos")
    place = window.places["Photos"]
    assert isinstance(place, PhotosPlace)
    _until(qtbot, lambda: bool(place.hint.text()))


def test_a_video_is_shown_at_the_moment_of_whom_one_chooses(
    qtbot: QtBot, place: PhotosPlace, window: MainWindow, album: Album
) -> None:
    album.settings = Settings.at(album.root, {**album.settings.model_dump(), "valid_exts": [".png", ".mp4"]})
    save_clip(album.album / "film.mp4", [(0, draw((ANN, LEFT))), (2, draw((BOB, RIGHT), shade=255))], 4)
    album.recognise()
    window.desk.look_again()
    _until(qtbot, lambda: "film.mp4" in _names(qtbot, place))
    _open(qtbot, place, "film.mp4")
    page = place.page

    def shown(colour: tuple[int, int, int], corner: tuple[int, int]) -> bool:
        image = page.canvas._image
        if image.isNull():
            return False
        pixel = image.pixelColor(corner[0] + SIDE // 2, corner[1] + SIDE * 3 // 4)
        return max(abs(one - other) for one, other in zip(pixel.getRgb(), (*colour, 255), strict=True)) < 40

    _until(qtbot, lambda: shown(COLOURS[ANN], LEFT))
    bob = _somebody(place, "Bob")
    assert bob.box
    assert bob.box.moment == 2000
    assert not page.canvas.place_of(bob).isEmpty()
    page.choose(bob.appearance_id)
    _until(qtbot, lambda: shown(COLOURS[BOB], RIGHT))
    assert [person.name for person in page.canvas._people] == ["Bob"]
    listed = [item.text() for row in range(2) if (item := page.panel.people.item(row))]
    assert any(text.startswith("Bob") and "0:02" in text for text in listed)
