"""Photos: the grid and its filter, a photo large, and everything that can be said there and taken back."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication, QListWidgetItem, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from kith.gui import photo_page, photos_place
from kith.gui.main_window import MainWindow
from kith.gui.photo_canvas import PhotoCanvas
from kith.gui.photos_place import PhotosPlace
from kith.gui.pictures import large_picture
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_view import PhotoView, ShownPerson, Standing, view_photo
from kith.jobs.workers import InlineExecutor
from kith.library.store import open_store
from kith.photos.box import Box
from kith.settings import Settings
from kith.values.links import Source
from kith.values.photo_filter import PhotoState
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind
from tests.album import ANN, BOB, EVE, Album
from tests.clips import save_clip
from tests.drawn import COLOURS, LEFT, RIGHT, SIDE, STRIPE, draw
from tests.making import aged
from tests.windows import PATIENCE_MS, open_window, press

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
    aged(album.album / "broken.png")
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


def test_a_file_that_is_no_photo_leads_to_its_folder(
    qtbot: QtBot, place: PhotosPlace, window: MainWindow, album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(photos_place, "open_outside", opened.append)
    broken = album.album / "broken.png"
    broken.write_bytes(b"no photo")
    aged(broken)
    with pytest.raises(AssertionError):  # it fails, as it should
        album.recognise()
    window.desk.look_again()
    place.filter.state.setCurrentIndex(place.filter.state.findData(PhotoState.FAILED))
    found = place.grid.photos.found
    _until(qtbot, lambda: [key < 0 for key in found.keys] == [True])
    place.grid.choose(found.keys[0])
    place.grid.setFocus()
    qtbot.keyClick(place.grid, Qt.Key.Key_Return)
    assert opened == [album.album]
    assert str(broken) in window.status.text()
    tile = found.tile(0)
    assert tile
    assert str(broken) in str(place.grid.photos.data(place.grid.photos.index(0), Qt.ItemDataRole.ToolTipRole))
    assert tile.note in window.status.text()


def test_a_name_typed_is_for_the_face_chosen_then(qtbot: QtBot, place: PhotosPlace, window: MainWindow) -> None:
    _choose(qtbot, place, "both.png", "Bob")
    first = place.page.photo_id
    place.page.panel.name.edit.setFocus()
    qtbot.keyClicks(place.page.panel.name.edit, "Eve Adams")
    place.page.look_again()  # as after what follows from the word before
    _settled(qtbot, window)
    assert place.page.panel.name.edit.text() == "Eve Adams"
    place.page.panel.name.edit.setFocus()
    qtbot.keyClick(place.page.panel.name.edit, Qt.Key.Key_Return)
    place.page.show_photo(_key(qtbot, place, "eve.png"))  # at once, before it is known whether the name is another's
    _settled(qtbot, window)
    _until(qtbot, lambda: _shown(place) == [("", Standing.UNKNOWN)])
    place.page.show_photo(first)
    _until(qtbot, lambda: ("Eve Adams", Standing.SURE) in _shown(place))


def test_no_key_is_about_the_photo_before(qtbot: QtBot, place: PhotosPlace, window: MainWindow, album: Album) -> None:
    _open(qtbot, place, "eve.png")
    before = _state(album)
    place.page.show_photo(10**6)  # which the library does not know
    place.page.ignore_others()
    _settled(qtbot, window)
    assert _state(album) == before
    assert place.page.view is None


def test_boxes_lie_on_the_faces_whichever_way_up_the_file_holds_the_photo(qtbot: QtBot, tmp_path: Path) -> None:
    album, upright = Album(tmp_path), draw((ANN, LEFT), (EVE, RIGHT))
    photos = {way: album.save(_turned(upright, way), f"album/turned{way}.png", way) for way in range(1, 9)}
    album.recognise()
    canvas = PhotoCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(600, 400)
    for photo in photos.values():
        with OpenLibrary(album.settings) as library:
            view = view_photo(library, library.store.photos.at_path(photo) or 0)
        canvas.show_photo(view)
        canvas.show_image(large_picture(photo))
        shown = canvas.grab().toImage()
        for person, colour in zip(view.people, (COLOURS[ANN], COLOURS[EVE]), strict=True):
            place = canvas.place_of(person)
            seen = shown.pixelColor(place.center().toPoint())
            assert max(abs(a - b) for a, b in zip(colour, (seen.red(), seen.green(), seen.blue()), strict=True)) < 40
            assert place.width() == pytest.approx(SIDE * canvas.frame.scale, rel=0.1), photo


def _turned(upright: Image.Image, orientation: int) -> Image.Image:
    """Return the pixels as a file of that orientation holds them."""
    ways = Image.Transpose
    undo = {2: ways.FLIP_LEFT_RIGHT, 3: ways.ROTATE_180, 4: ways.FLIP_TOP_BOTTOM, 5: ways.TRANSPOSE}
    undo |= {6: ways.ROTATE_90, 7: ways.TRANSVERSE, 8: ways.ROTATE_270}
    turned = upright.transpose(undo[orientation]) if orientation > 1 else upright.copy()
    turned.getexif()[ExifTags.Base.Orientation] = orientation
    return turned


def test_a_body_shows_beside_its_face_and_can_be_clicked(qtbot: QtBot) -> None:
    ann = ShownPerson(1, Standing.SURE, "Ann", box=Box(0.4, 0.1, 0.1, 0.1), body=Box(0.3, 0.1, 0.3, 0.8))
    bob = ShownPerson(2, Standing.UNKNOWN, box=Box(0.35, 0.5, 0.1, 0.1))
    canvas = PhotoCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    canvas.show()
    canvas.show_photo(PhotoView(1, None, "", "", 400, 400, (ann, bob)))
    chosen: list[int] = []
    canvas.chosen.connect(chosen.append)
    for point in (QPoint(180, 60), QPoint(220, 300), QPoint(160, 220), QPoint(20, 20)):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=point)
    assert chosen == [1, 1, 2]  # the face, the body, the face over the body, nobody


def test_names_do_not_cover_each_other_and_none_is_of_somebody_out_of_sight(qtbot: QtBot) -> None:
    canvas = PhotoCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    beside = [ShownPerson(key, Standing.UNKNOWN, box=Box(0.1 + key / 500, 0.5, 0.01, 0.01)) for key in range(1, 6)]
    away = ShownPerson(9, Standing.SURE, "Away", box=Box(0.9, 0.9, 0.05, 0.05))
    view = PhotoView(1, None, "", "", 8000, 8000, (*beside, away))
    canvas.show_photo(view)
    canvas.grab()
    assert canvas.labelled == [9, 1]
    canvas.choose(3)
    canvas.grab()
    assert canvas.labelled == [3, 9]
    canvas.zoom_to(1.0)
    canvas.frame.move(8000, 8000)
    canvas.grab()
    assert canvas.labelled == []


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


def _state(album: Album) -> tuple[object, ...]:
    """Return all that is said and filed, but the numbers that rows have got."""
    with closing(open_store(album.settings.library_file)) as store:
        ask = store._connection.execute
        links = ask(
            "SELECT a.photo_id, a.x, p.name, l.word, l.source FROM links l JOIN persons p ON p.id = l.person_id "
            "JOIN appearances a ON a.id = l.appearance_id"
        ).fetchall()
        seen = ask(
            "SELECT a.photo_id, a.x, a.y, o.model_id FROM appearances a LEFT JOIN observations o "
            "ON o.appearance_id = a.id"
        ).fetchall()
        others = [ask(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ("ignored", "suggestions")]
        names = ask("SELECT name FROM persons ORDER BY 1").fetchall()
    return sorted(links, key=repr), sorted(seen, key=repr), others, names, sorted(album.tree())


def _choose(qtbot: QtBot, place: PhotosPlace, photo: str, name: str) -> None:
    _open(qtbot, place, photo)
    person = _somebody(place, name)
    place.page.choose(person.appearance_id)


def _press(qtbot: QtBot, place: PhotosPlace, key: Qt.Key) -> None:
    place.page.canvas.setFocus()
    qtbot.keyClick(place.page.canvas, key)


def test_each_kind_of_act_is_undone_and_done_again(
    qtbot: QtBot, place: PhotosPlace, window: MainWindow, album: Album
) -> None:
    def named(name: str) -> Callable[[], None]:
        return lambda: _type(qtbot, place, name)

    def pressed(key: Qt.Key) -> Callable[[], None]:
        return lambda: _press(qtbot, place, key)

    def added() -> None:
        _press(qtbot, place, Qt.Key.Key_B)
        _type(qtbot, place, "Bob")

    def drawn() -> None:
        _draw_over(qtbot, place, RIGHT)
        _type(qtbot, place, "Eve")
        _until(qtbot, lambda: "described" in window.status.text())

    keys = Qt.Key
    acts: list[tuple[str, str, Callable[[], None]]] = [
        ("both.png", "Bob", pressed(keys.Key_Y)),
        ("both.png", "Bob", pressed(keys.Key_N)),
        ("both.png", "Bob", named("Ann")),
        ("both.png", "Bob", named("Somebody Entirely New")),
        ("eve.png", "", pressed(keys.Key_I)),
        ("eve.png", "", named("Eve")),
        ("ann.png", "Ann", added),
        ("missed.png", "Ann", drawn),
    ]
    for photo, name, act in acts:
        _choose(qtbot, place, photo, name)
        _undone_and_redone(qtbot, window, album, act)
        place.back()
        _settled(qtbot, window)


def _undone_and_redone(qtbot: QtBot, window: MainWindow, album: Album, act: Callable[[], None]) -> None:
    """Do something, take it back, do it again and take it back, by the keys: each time all is as it was then."""
    before = _state(album)
    act()
    qtbot.waitUntil(lambda: not window.desk.busy and _state(album) != before, timeout=PATIENCE_MS)
    after = _state(album)
    for key, then in ((Qt.Key.Key_Z, before), (Qt.Key.Key_Y, after), (Qt.Key.Key_Z, before)):
        press(qtbot, window, key)
        # A drawn face that came back is described anew, beside the desk.
        qtbot.waitUntil(lambda: not window.desk.busy and _state(album) == then, timeout=PATIENCE_MS)  # noqa: B023


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
