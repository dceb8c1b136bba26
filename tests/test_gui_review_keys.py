"""The keyboard in the review: nothing is answered that was not visibly chosen, and every answer can be taken back."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor, QImage, QKeyEvent, QPalette
from PyQt6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from kith.gui import pictures
from kith.gui.review_dialog import ReviewDialog
from kith.jobs.person_changes import PersonChanges
from kith.photos.pixels import load_rgb
from tests.small_world import World
from tests.windows import PATIENCE_MS, click, dialog

Key = Qt.Key
PRESSING = [Key.Key_Space, Key.Key_Return]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Several faces of nobody known."""
    world = World(tmp_path)
    world.recognise()
    return world


@pytest.fixture
def review(qtbot: QtBot, world: World) -> ReviewDialog:
    return _open(qtbot, world)


def _open(qtbot: QtBot, world: World) -> ReviewDialog:
    review = ReviewDialog(world.settings)
    qtbot.addWidget(review, before_close_func=lambda shown: shown.close())
    with qtbot.waitActive(review, timeout=PATIENCE_MS):
        review.open()
        review.activateWindow()
    _wait(qtbot, review)
    return review


def _wait(qtbot: QtBot, review: ReviewDialog) -> None:
    qtbot.waitUntil(lambda: not review.busy, timeout=PATIENCE_MS)


def _press(qtbot: QtBot, review: ReviewDialog, *keys: Qt.Key, ctrl: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    for key in keys:
        qtbot.keyClick(QApplication.focusWidget() or review, key, modifier)
        _wait(qtbot, review)


def _name(qtbot: QtBot, review: ReviewDialog, name: str) -> None:
    """Type a name for the face shown, and press its button."""
    review.view.name.edit.setText(name)
    click(qtbot, review.view.name.button)
    _wait(qtbot, review)


def _said(world: World) -> list[tuple[str, str]]:
    """Return what the user said, by name."""
    return world.query(
        "SELECT p.name, l.word FROM links l JOIN persons p ON p.id = l.person_id WHERE l.source = 'user' ORDER BY l.id"
    )


def _ring_is_drawn(button: QPushButton) -> bool:
    """Say whether a ring in the theme's colour goes around a button."""
    picture: QImage = button.grab().toImage()
    ring = button.palette().color(QPalette.ColorRole.Highlight)
    middle = picture.height() // 2
    return any(_near(picture.pixelColor(x, middle), ring) for x in range(3))


def _near(colour: QColor, other: QColor) -> bool:
    return max(abs(a - b) for a, b in zip(colour.getRgb(), other.getRgb(), strict=True)) < 40


# What has the keyboard


def _skip(qtbot: QtBot, review: ReviewDialog) -> None:
    _press(qtbot, review, Key.Key_S)


def _skip_and_back(qtbot: QtBot, review: ReviewDialog) -> None:
    _press(qtbot, review, Key.Key_S, Key.Key_B)


def _skip_by_click(qtbot: QtBot, review: ReviewDialog) -> None:
    click(qtbot, review.skip)
    _wait(qtbot, review)


def _leave_the_name(qtbot: QtBot, review: ReviewDialog) -> None:
    _press(qtbot, review, Key.Key_N)
    qtbot.keyClicks(QApplication.focusWidget(), "zzz")
    _press(qtbot, review, Key.Key_Escape)


def _look_away_and_back(qtbot: QtBot, review: ReviewDialog) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    with qtbot.waitActive(other, timeout=PATIENCE_MS):
        other.show()
        other.activateWindow()
    with qtbot.waitActive(review, timeout=PATIENCE_MS):
        review.activateWindow()


def _click_beside(qtbot: QtBot, review: ReviewDialog) -> None:
    qtbot.mouseClick(review.view.face, Qt.MouseButton.LeftButton)


def _nothing(qtbot: QtBot, review: ReviewDialog) -> None:
    pass


WAYS = [_nothing, _skip, _skip_and_back, _skip_by_click, _leave_the_name, _look_away_and_back, _click_beside]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", PRESSING)
def test_space_and_enter_answer_nothing_where_nothing_is_chosen(
    qtbot: QtBot, world: World, review: ReviewDialog, way: Callable[[QtBot, ReviewDialog], None], key: Qt.Key
) -> None:
    way(qtbot, review)
    shown = review.progress.text()
    _press(qtbot, review, key, key)
    assert _said(world) == []
    assert review.progress.text() == shown
    assert review.isVisible()


@pytest.mark.parametrize("key", PRESSING)
@pytest.mark.parametrize("answer", [0, 1, "refuse"])
def test_nor_after_an_answer(qtbot: QtBot, world: World, review: ReviewDialog, answer: int | str, key: Qt.Key) -> None:
    card = review.view.cards[answer if isinstance(answer, int) else 0]
    click(qtbot, card.refuse_button if answer == "refuse" else card.accept_button)
    _wait(qtbot, review)
    said = _said(world)
    assert len(said) == 1
    shown = review.progress.text()
    _press(qtbot, review, key, key)
    assert _said(world) == said
    assert review.progress.text() == shown


@pytest.mark.parametrize("key", PRESSING)
def test_a_candidate_reached_by_key_is_ringed_and_then_taken(
    qtbot: QtBot, world: World, review: ReviewDialog, key: Qt.Key
) -> None:
    second = review.view.cards[1].accept_button
    assert not _ring_is_drawn(second)
    while not second.hasFocus():
        _press(qtbot, review, Key.Key_Tab)
    assert _ring_is_drawn(second)
    assert _said(world) == []
    name = review.view.cards[1].name.text()
    _press(qtbot, review, key)
    assert _said(world) == [(name, "is")]


def test_whatever_button_has_the_keyboard_is_ringed(qtbot: QtBot, world: World, review: ReviewDialog) -> None:
    _press(qtbot, review, Key.Key_S)
    review.view.name.edit.setText("somebody")
    _press(qtbot, review, Key.Key_Tab)
    first, ringed = QApplication.focusWidget(), set()
    while True:
        focused = QApplication.focusWidget()
        if isinstance(focused, QPushButton):
            assert _ring_is_drawn(focused), focused.text()
            assert not focused.isDefault()
            ringed.add(focused.text())
        qtbot.keyClick(focused, Key.Key_Tab)
        if QApplication.focusWidget() is first:
            break
    assert {"Accept (1)", "Not this person", "Add person", "Back (B)", "Undo (Ctrl+Z)", "Skip (S)", "Close"} <= ringed
    assert _said(world) == []


def test_a_click_leaves_the_keyboard_where_it_was(qtbot: QtBot, review: ReviewDialog) -> None:
    for button in review.findChildren(QPushButton):
        assert not button.focusPolicy() & Qt.FocusPolicy.ClickFocus, button.text()
        assert not button.autoDefault(), button.text()


@pytest.mark.parametrize("key", [Key.Key_1, Key.Key_S])
def test_a_key_held_down_deals_with_one_face(qtbot: QtBot, world: World, review: ReviewDialog, key: Qt.Key) -> None:
    plain, text = Qt.KeyboardModifier.NoModifier, "1" if key == Key.Key_1 else "s"
    _press(qtbot, review, key)
    for _ in range(3):
        QApplication.sendEvent(review.view, QKeyEvent(QEvent.Type.ShortcutOverride, key, plain, text, True))
        QApplication.sendEvent(review.view, QKeyEvent(QEvent.Type.KeyPress, key, plain, text, True))
        _wait(qtbot, review)
    assert review.progress.text().startswith("Face 2 ")
    assert len(_said(world)) <= 1


def test_the_dialog_closes_while_a_picture_is_read(qtbot: QtBot, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        reading.set()
        assert go_on.wait(PATIENCE_MS / 1000)
        return load_rgb(*arguments)

    monkeypatch.setattr(pictures, "load_rgb", slow)
    review = _open(qtbot, world)
    assert reading.wait(PATIENCE_MS / 1000)
    review.close()
    assert not review.isVisible()
    assert not go_on.is_set()
    go_on.set()
    qtbot.wait(20)
    assert review.view.face.pixmap().isNull()


# Taking back


def _state(world: World) -> tuple[object, ...]:
    """Return all that is said and filed."""
    return world.persons(), world.links(), world.tree()


def test_an_answer_is_taken_back_with_its_words_and_its_face_shown_again(
    qtbot: QtBot, world: World, review: ReviewDialog
) -> None:
    before = _state(world)
    shown, photo = review.progress.text(), review.view.file.text()
    name = review.view.cards[0].name.text()
    _press(qtbot, review, Key.Key_1)
    assert _state(world) != before
    _press(qtbot, review, Key.Key_Z, ctrl=True)
    assert _state(world) == before
    assert (review.progress.text(), review.view.file.text()) == (shown, photo)
    assert review.note.text().startswith(f"Undone: {photo}#")
    assert review.note.text().endswith(f"is {name}.")
    assert not review.view.heading.text().startswith("You said")
    world.check()


def test_every_answer_of_the_review_is_taken_back_one_by_one(qtbot: QtBot, world: World, review: ReviewDialog) -> None:
    states = [_state(world)]
    click(qtbot, review.view.cards[0].refuse_button)
    _wait(qtbot, review)
    states.append(_state(world))
    _name(qtbot, review, "Somebody New")
    states.append(_state(world))
    _press(qtbot, review, Key.Key_1)
    for expected in reversed(states):
        click(qtbot, review.undo)
        _wait(qtbot, review)
        assert _state(world) == expected
    assert review.progress.text().startswith("Face 1 ")
    click(qtbot, review.undo)
    _wait(qtbot, review)
    assert review.note.text() == "There is no answer of this review to take back."
    assert _state(world) == states[0]
    world.check()


def test_an_answer_changed_is_taken_back_to_the_one_before(qtbot: QtBot, world: World, review: ReviewDialog) -> None:
    first = review.view.cards[0].name.text()
    _press(qtbot, review, Key.Key_1, Key.Key_B, Key.Key_2)
    _press(qtbot, review, Key.Key_Z, ctrl=True)
    assert review.view.heading.text() == f"You said: {first}."
    assert _said(world) == [(first, "is")]


def test_the_last_answer_of_all_can_be_taken_back(qtbot: QtBot, world: World, review: ReviewDialog) -> None:
    faces = len(review._round.unknowns)
    _press(qtbot, review, *[Key.Key_S] * (faces - 1), Key.Key_1)
    assert "1 face named" in review.message.text()
    _press(qtbot, review, Key.Key_Z, ctrl=True)
    assert review.progress.text() == f"Face {faces} of {faces}"
    assert _said(world) == []
    _press(qtbot, review, Key.Key_S)
    assert "0 faces named" in review.message.text()


def test_what_was_changed_elsewhere_since_is_left_alone(qtbot: QtBot, world: World, review: ReviewDialog) -> None:
    _press(qtbot, review, Key.Key_1)
    with world.library() as library:
        PersonChanges(library).create("Zoe")
    before = _state(world)
    _press(qtbot, review, Key.Key_Z, ctrl=True)
    assert _state(world) == before
    assert "changed elsewhere" in review.note.text()
    assert "Zoe is new" in review.note.text()
    with world.library() as library:
        library.undo()
    _press(qtbot, review, Key.Key_Z, ctrl=True)
    assert _said(world) == []


def test_answers_of_an_earlier_review_are_left_alone(qtbot: QtBot, world: World, review: ReviewDialog) -> None:
    _press(qtbot, review, Key.Key_1)
    review.close()
    said = _said(world)
    again = _open(qtbot, world)
    _press(qtbot, again, Key.Key_Z, ctrl=True)
    assert _said(world) == said
    assert "no answer of this review" in again.note.text()


def test_in_the_name_field_the_key_takes_back_typing_only(qtbot: QtBot, world: World, review: ReviewDialog) -> None:
    _press(qtbot, review, Key.Key_1)
    said = _said(world)
    _press(qtbot, review, Key.Key_N)
    qtbot.keyClicks(QApplication.focusWidget(), "Zo")
    _press(qtbot, review, Key.Key_Z, ctrl=True)
    assert (_said(world), review.view.name.edit.text()) == (said, "")


# Names much like known ones


def _asked(qtbot: QtBot, review: ReviewDialog, name: str) -> QMessageBox:
    _name(qtbot, review, name)
    return dialog(qtbot, QMessageBox)


@pytest.fixture
def sharon(qtbot: QtBot, world: World) -> ReviewDialog:
    """A review where Ariel Sharon is known."""
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Ariel Sharon")
    return _open(qtbot, world)


def test_yes_takes_the_known_person(qtbot: QtBot, world: World, sharon: ReviewDialog) -> None:
    box = _asked(qtbot, sharon, " Ariel  Sharom")
    assert box.text() == "Ariel Sharom: did you mean Ariel Sharon?"
    assert _said(world) == []
    click(qtbot, box.button(QMessageBox.StandardButton.Yes))
    _wait(qtbot, sharon)
    assert _said(world) == [("Ariel Sharon", "is")]
    assert "Ariel Sharom" not in [row[0] for row in world.persons()]


def test_no_makes_a_new_person_and_is_not_asked_again(qtbot: QtBot, world: World, sharon: ReviewDialog) -> None:
    click(qtbot, _asked(qtbot, sharon, "Ariel Sharom").button(QMessageBox.StandardButton.No))
    with qtbot.waitActive(sharon, timeout=PATIENCE_MS):
        sharon.activateWindow()
    _wait(qtbot, sharon)
    assert _said(world) == [("Ariel Sharom", "is")]
    _press(qtbot, sharon, Key.Key_Z, ctrl=True)
    assert _said(world) == []
    _name(qtbot, sharon, "ariel sharom")
    assert QApplication.activeModalWidget() is sharon
    assert _said(world) == [("ariel sharom", "is")]


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Escape])
def test_enter_once_too_often_decides_nothing(qtbot: QtBot, world: World, sharon: ReviewDialog, key: Qt.Key) -> None:
    _press(qtbot, sharon, Key.Key_N)
    qtbot.keyClicks(QApplication.focusWidget(), "Ariel Sharom")
    _press(qtbot, sharon, Key.Key_Return)
    qtbot.keyClick(dialog(qtbot, QMessageBox), key)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is sharon, timeout=PATIENCE_MS)
    assert _said(world) == []
    assert sharon.view.name.edit.text() == "Ariel Sharom"


def test_a_name_like_nobodys_is_taken_at_once(qtbot: QtBot, world: World, sharon: ReviewDialog) -> None:
    _name(qtbot, sharon, "Golda Meir")
    assert _said(world) == [("Golda Meir", "is")]
