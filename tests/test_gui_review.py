"""The review dialog under real clicks and keys, over real photos."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kith.errors import BadPhoto
from kith.gui.name_field import NameField
from kith.gui.phrases import GONE
from kith.gui.pictures import PictureLabel, face_picture, whole_picture
from kith.gui.review_dialog import NOBODY, ReviewDialog
from kith.photos.box import Box
from tests.desk import REPOSITORY, SCHROEDER, Desk
from tests.making import posix_only
from tests.unknowns import FACES, look_once, recognized_desk, reviewing

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 60_000  # of a machine under load


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.fixture
def desk(tmp_path: Path, material: Path, seen: Path) -> Desk:
    return recognized_desk(tmp_path / "desk", material, look_once(seen / "desk", material))


def _open(qtbot: QtBot, desk: Desk) -> ReviewDialog:
    dialog = ReviewDialog(desk.settings)
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog, timeout=PATIENCE_MS):
        dialog.open()
        dialog.activateWindow()
    _wait(qtbot, dialog)
    return dialog


def _wait(qtbot: QtBot, dialog: ReviewDialog) -> None:
    qtbot.waitUntil(lambda: not dialog.busy, timeout=PATIENCE_MS)


def _press(qtbot: QtBot, dialog: ReviewDialog, *keys: Qt.Key) -> None:
    """Press keys where the keyboard is, each when the one before has been dealt with."""
    for key in keys:
        qtbot.keyClick(dialog.focusWidget() or dialog, key)
        _wait(qtbot, dialog)


def _click(qtbot: QtBot, dialog: ReviewDialog, button: object) -> None:
    qtbot.mouseClick(button, LEFT)
    _wait(qtbot, dialog)


def _photo(dialog: ReviewDialog) -> str:
    return dialog.view.file.text()


def _copies(desk: Desk, photo: str) -> list[str]:
    return [name for name in desk.copies() if name.endswith(f"/{photo}")]


def _pictures(dialog: ReviewDialog) -> list[PictureLabel]:
    return [dialog.view.face, dialog.view.photo, *(card.picture for card in dialog.view.cards if card.isVisible())]


# Answers


def test_keys_accept_the_candidate_of_their_number(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    assert dialog.progress.text() == f"Face 1 of {FACES}"
    for key, index in ((Qt.Key.Key_1, 0), (Qt.Key.Key_2, 1), (Qt.Key.Key_3, 2)):
        photo, name = _photo(dialog), dialog.view.cards[index].name.text()
        _press(qtbot, dialog, key)
        assert _copies(desk, photo) == [f"{name}/{photo}"]
        assert dialog.note.text().endswith(f" is {name}.")
    assert dialog.progress.text() == f"Face 4 of {FACES}"
    dialog.close()


def test_a_click_accepts_and_another_refuses(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    photo, names = _photo(dialog), [card.name.text() for card in dialog.view.cards]
    _click(qtbot, dialog, dialog.view.cards[0].refuse_button)
    assert (dialog.progress.text(), _photo(dialog)) == (f"Face 1 of {FACES}", photo)
    assert [card.name.text() for card in dialog.view.cards if card.isVisible()] == names[1:]
    assert dialog.note.text().endswith(f" is not {names[0]}.")
    _press(qtbot, dialog, Qt.Key.Key_3)  # nobody has that number any more
    assert _copies(desk, photo) == [f"Unknown/{photo}"]
    _click(qtbot, dialog, dialog.view.cards[1].accept_button)
    assert _copies(desk, photo) == [f"{names[2]}/{photo}"]
    dialog.close()


@pytest.mark.parametrize("name", ["Wilhelmina " * 14, "W" * 140])
def test_a_long_name_does_not_widen_the_dialog(qtbot: QtBot, name: str) -> None:
    field = NameField()
    qtbot.addWidget(field)
    before = field.minimumSizeHint().width()
    qtbot.keyClicks(field.edit, name)
    assert "new person" in field.hint.text()
    assert field.minimumSizeHint().width() <= before + field.button.sizeHint().width()


def test_a_long_file_name_does_not_widen_the_dialog(qtbot: QtBot, desk: Desk) -> None:
    dialog = ReviewDialog(desk.settings)
    qtbot.addWidget(dialog)
    before = dialog.minimumSizeHint().width()
    dialog.note.setText(f"{'x' * 180}.jpg: Ann.")
    assert dialog.minimumSizeHint().width() == before


def test_a_new_name_is_typed_and_then_suggested(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    photo = _photo(dialog)
    _press(qtbot, dialog, Qt.Key.Key_N)
    qtbot.keyClicks(dialog.focusWidget(), "Bess 123")
    assert "new person" in dialog.view.name.hint.text()
    _press(qtbot, dialog, Qt.Key.Key_Return)
    assert _copies(desk, photo) == [f"Bess 123/{photo}"]
    assert dialog.progress.text() == f"Face 2 of {FACES}"
    assert dialog.view.cards[0].name.text() == "Bess 123"
    assert dialog.view.heading.text() == "Perhaps Bess 123."
    _press(qtbot, dialog, Qt.Key.Key_1)
    assert dialog.progress.text() == f"Face 3 of {FACES}"
    dialog.close()


def test_enter_completes_a_known_name_and_then_takes_it(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    photo, edit = _photo(dialog), dialog.view.name.edit
    _press(qtbot, dialog, Qt.Key.Key_N)
    qtbot.keyClicks(edit, "rac")
    popup = QApplication.activePopupWidget()
    qtbot.keyClick(popup or edit, Qt.Key.Key_Return)
    assert popup is not None
    assert edit.text() == "Chirac"
    assert QApplication.activePopupWidget() is None
    assert _copies(desk, photo) == [f"Unknown/{photo}"]
    _press(qtbot, dialog, Qt.Key.Key_Return)
    assert _copies(desk, photo) == [f"Chirac/{photo}"]
    dialog.close()


def test_a_part_of_a_known_name_can_be_a_new_person(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    photo = _photo(dialog)
    qtbot.keyClicks(dialog.view.name.edit, "Chi")
    qtbot.keyClick(QApplication.activePopupWidget() or dialog.view.name.edit, Qt.Key.Key_Escape)
    _click(qtbot, dialog, dialog.view.name.button)
    assert _copies(desk, photo) == [f"Chi/{photo}"]
    dialog.close()


def test_escape_leaves_the_name_before_it_closes_the_dialog(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    photo = _photo(dialog)
    _press(qtbot, dialog, Qt.Key.Key_N)
    qtbot.keyClicks(dialog.focusWidget(), "zzz")
    _press(qtbot, dialog, Qt.Key.Key_Escape)
    assert (dialog.isVisible(), dialog.view.name.edit.text()) == (True, "")
    _press(qtbot, dialog, Qt.Key.Key_S)
    assert _photo(dialog) != photo
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_name_that_several_have_is_asked_about(qtbot: QtBot, desk: Desk) -> None:
    with reviewing(desk) as review:
        review.library.store.people.add("Powell")
    dialog = _open(qtbot, desk)
    photo = _photo(dialog)
    qtbot.keyClicks(dialog.view.name.edit, "powell")
    _click(qtbot, dialog, dialog.view.name.button)
    assert "2 people are called powell" in dialog.note.text()
    assert (_photo(dialog), _copies(desk, photo)) == (photo, [f"Unknown/{photo}"])
    assert dialog.view.name.edit.text() == "powell"
    dialog.close()


# The way through


def test_skip_and_back_and_what_it_came_to(qtbot: QtBot, desk: Desk) -> None:
    before = desk.copies()
    dialog = _open(qtbot, desk)
    first = _photo(dialog)
    assert not dialog.back.isEnabled()
    _press(qtbot, dialog, Qt.Key.Key_S)
    assert dialog.progress.text() == f"Face 2 of {FACES}"
    _press(qtbot, dialog, Qt.Key.Key_B)
    assert (dialog.progress.text(), _photo(dialog)) == (f"Face 1 of {FACES}", first)
    _click(qtbot, dialog, dialog.skip)
    assert desk.copies() == before
    _press(qtbot, dialog, Qt.Key.Key_1, *[Qt.Key.Key_S] * (FACES - 2))
    assert "1 face named" in dialog.message.text()
    assert f"{FACES - 1} faces left" in dialog.message.text()
    assert dialog.message.isVisible()
    assert not dialog.skip.isEnabled()
    _click(qtbot, dialog, dialog.back)
    assert dialog.progress.text() == f"Face {FACES} of {FACES}"
    dialog.close()


def test_back_to_a_face_answered_shows_the_answer_which_another_replaces(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    photo, names = _photo(dialog), [card.name.text() for card in dialog.view.cards]
    _press(qtbot, dialog, Qt.Key.Key_1, Qt.Key.Key_B)
    assert (_photo(dialog), dialog.view.heading.text()) == (photo, f"You said: {names[0]}.")
    _press(qtbot, dialog, Qt.Key.Key_2)
    assert _copies(desk, photo) == [f"{names[1]}/{photo}"]
    dialog.close()


def test_an_answer_before_the_next_face_shows_is_not_taken_for_it(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    for _ in range(3):  # no event in between lets the first one's end be told
        qtbot.keyClick(dialog, Qt.Key.Key_1)
    _wait(qtbot, dialog)
    assert dialog.progress.text() == f"Face 2 of {FACES}"
    assert desk.query("SELECT count(*) FROM links WHERE source = 'user'") == [(1,)]
    dialog.close()


def test_an_answer_is_written_down_though_the_dialog_is_closed_at_once(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    photo, name = _photo(dialog), dialog.view.cards[0].name.text()
    qtbot.keyClick(dialog, Qt.Key.Key_1)
    dialog.close()
    assert _copies(desk, photo) == [f"{name}/{photo}"]


def test_closed_and_shown_again_it_begins_anew(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    _press(qtbot, dialog, Qt.Key.Key_1, Qt.Key.Key_S)
    dialog.close()
    dialog.open()
    _wait(qtbot, dialog)
    assert dialog.progress.text() == f"Face 1 of {FACES - 1}"
    dialog.close()


def test_nobody_to_review_is_a_friendly_word(qtbot: QtBot, desk: Desk) -> None:
    for photo in desk.input.iterdir():
        photo.unlink()
    dialog = _open(qtbot, desk)
    assert dialog.message.isVisible()
    assert dialog.message.text() == NOBODY
    assert not dialog.skip.isEnabled()
    _press(qtbot, dialog, Qt.Key.Key_1, Qt.Key.Key_S)
    assert dialog.message.text() == NOBODY
    _click(qtbot, dialog, dialog.end)
    assert not dialog.isVisible()


def test_nothing_recognized_yet_says_what_to_do_in_the_windows_words(
    qtbot: QtBot, tmp_path: Path, material: Path
) -> None:
    dialog = _open(qtbot, Desk(tmp_path / "desk", material))
    assert "Knowledge Base ▸ Build KB" in dialog.message.text()
    dialog.close()


# Pictures


def test_the_face_its_photo_and_the_nearest_known_faces_are_shown(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    qtbot.waitUntil(lambda: not any(label.pixmap().isNull() for label in _pictures(dialog)), timeout=PATIENCE_MS)
    assert len(_pictures(dialog)) == 5
    marked = dialog.view.photo.pixmap().toImage()
    assert _count(marked, QColor(255, 196, 0)) > 100
    assert _count(dialog.view.face.pixmap().toImage(), QColor(255, 196, 0)) == 0
    dialog.close()


def _count(image: QImage, colour: QColor) -> int:
    return sum(image.pixelColor(x, y) == colour for x in range(image.width()) for y in range(image.height()))


def test_a_photo_that_vanishes_is_shown_as_such_and_its_answer_is_kept(qtbot: QtBot, desk: Desk) -> None:
    dialog = _open(qtbot, desk)
    _press(qtbot, dialog, Qt.Key.Key_S)
    for name in SCHROEDER:
        (desk.input / Path(name).name).unlink(missing_ok=True)
        (desk.output / "Unknown" / Path(name).name).unlink(missing_ok=True)
    _press(qtbot, dialog, Qt.Key.Key_B)
    assert dialog.view.face.text() == dialog.view.photo.text() == GONE
    assert _photo(dialog) in [Path(name).name for name in SCHROEDER]
    _press(qtbot, dialog, Qt.Key.Key_1)
    assert "kept" in dialog.note.text()
    assert dialog.progress.text() == f"Face 2 of {FACES}"
    dialog.close()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_face_is_cut_out_of_the_upright_photo(tmp_path: Path, orientation: int) -> None:
    upright, stored = Box(0.6, 0.2, 0.1, 0.2), Box(0.6, 0.2, 0.1, 0.2).to_stored(orientation)
    size = (2000, 1000) if orientation < 5 else (1000, 2000)
    photo = Image.new("RGB", size, "blue")
    corner = round(stored.x * size[0]), round(stored.y * size[1])
    photo.paste("red", (*corner, corner[0] + 200, corner[1] + 200))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo.save(tmp_path / "photo.png", exif=exif)

    face = face_picture(tmp_path / "photo.png", upright, QSize(300, 300))
    whole = whole_picture(tmp_path / "photo.png", upright, QSize(320, 210))

    assert (face.width(), face.height()) == (300, 300)
    assert face.pixelColor(150, 150) == QColor("red")
    assert [face.pixelColor(x, y) for x, y in ((10, 10), (289, 10), (10, 289), (289, 289))] == [QColor("blue")] * 4
    assert (whole.width(), whole.height()) == (320, 160)
    assert whole.pixelColor(208, 48) == QColor("red")
    assert whole.pixelColor(192, 48) == QColor(255, 196, 0)


def test_a_face_at_the_edge_and_a_speck_are_cut_out_as_well(tmp_path: Path) -> None:
    Image.new("RGB", (400, 300), "green").save(tmp_path / "photo.png")
    for box in (Box(-0.05, 0.9, 0.3, 0.3), Box(0.5, 0.5, 0.0001, 0.0001), Box(0, 0, 1, 1)):
        face = face_picture(tmp_path / "photo.png", box, QSize(100, 100))
        assert max(face.width(), face.height()) == 100
        assert face.pixelColor(face.width() // 2, face.height() // 2) == QColor(0, 128, 0)


def test_a_photo_that_is_none_has_no_picture(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("no photo")
    with pytest.raises(BadPhoto):
        face_picture(tmp_path / "photo.jpg", Box(0, 0, 1, 1), QSize(10, 10))


@posix_only
def test_the_dialogs_load_no_network_package() -> None:
    code = (
        "import sys, kith.gui.review_dialog, kith.gui.settings_dialog\n"
        "print(sorted({'cv2', 'dlib', 'onnxruntime', 'scipy', 'torch', 'torchreid'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
