"""Review under real clicks and keys: three queues, and nothing said that was not visibly chosen."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor, QImage, QKeyEvent, QPalette
from PyQt6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from kith.gui.main_window import MainWindow
from kith.gui.phrases import GONE
from kith.gui.picture_label import PictureLabel
from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.gui.thumbnails import Picture
from kith.jobs.person_changes import PersonChanges
from kith.photos.box import Box
from tests.review_world import FACES, GROUPS, LIKELY, TWINS, open_review, press, rest, review_world, type_name
from tests.small_world import World
from tests.windows import PATIENCE_MS, click, dialog, open_window

Key = Qt.Key
PRESSING = [Key.Key_Space, Key.Key_Return]
Opened = tuple[MainWindow, ReviewPlace]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return review_world(tmp_path)


@pytest.fixture
def opened(qtbot: QtBot, world: World) -> Opened:
    return open_review(qtbot, world)


@pytest.fixture
def place(opened: Opened) -> ReviewPlace:
    return opened[1]


@pytest.fixture
def single(qtbot: QtBot, place: ReviewPlace) -> ReviewPlace:
    """The review at its single faces."""
    place.tabs.setCurrentIndex(Step.SINGLES)
    rest(qtbot, place)
    place.single.rest()
    return place


def _said(world: World) -> list[tuple[str, str, str]]:
    """Return what the user said: of which photo, whose name, and the word."""
    rows = world.query(
        "SELECT f.path, p.name, l.word FROM links l JOIN persons p ON p.id = l.person_id "
        "JOIN appearances a ON a.id = l.appearance_id JOIN files f ON f.photo_id = a.photo_id "
        "WHERE l.source = 'user' ORDER BY l.id"
    )
    return [(Path(path).name, name, word) for path, name, word in rows]


def _state(world: World) -> tuple[object, ...]:
    """Return all that is said, ignored and filed."""
    return world.persons(), world.links(), world.ignored(), world.tree()


def _tab(place: ReviewPlace) -> str:
    return place.tabs.tabText(place.tabs.currentIndex()).replace("&", "")


def _shown(place: ReviewPlace) -> list[str]:
    return [face.path.name for face in place.model.line.shown]


# Groups


def test_a_name_typed_once_is_everybodys_in_the_group(qtbot: QtBot, world: World, opened: Opened) -> None:
    window, place = opened
    assert (_tab(place), _shown(place)) == ("Groups (2)", GROUPS)
    assert window.bar.buttons["Review"].waiting == f"{FACES}"
    for elsewhere in ("Console", "Review"):
        window.go(elsewhere)
        assert window.bar.buttons["Review"].waiting == f"{FACES}"
    type_name(qtbot, place, "Zoe")
    assert _said(world) == [(photo, "Zoe", "is") for photo in GROUPS]
    assert window.bar.buttons["Review"].waiting == f"{FACES - 3}"
    assert _tab(place) == "Groups (1)"
    world.check()


def test_a_face_taken_out_is_left_for_later(qtbot: QtBot, world: World, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_Right, Key.Key_Space)
    assert "2 faces" in place.groups.heading.text()
    press(qtbot, place, Key.Key_Right, Key.Key_Space)
    assert place.groups.heading.text() == "Who is this?", "of one face"
    press(qtbot, place, Key.Key_Space)
    type_name(qtbot, place, "Zoe")
    assert _said(world) == [(GROUPS[0], "Zoe", "is"), (GROUPS[2], "Zoe", "is")]


def test_buttons_about_nobody_name_nobody(qtbot: QtBot, likely: ReviewPlace) -> None:
    while likely.model.line.current:
        press(qtbot, likely, Key.Key_S)
    words = [likely.buttons[name].text() for name in ("confirm", "deny")]
    assert words == ["All are this person (A)", "Not this person (X)"]


def test_a_click_takes_a_face_out_and_in_again(qtbot: QtBot, place: ReviewPlace) -> None:
    grid = place.groups.grid
    middle = grid.visualRect(grid.tiles.index(0)).center()
    for taken_out in (1, 0):
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)
        assert len(place.model.line.taken_out) == taken_out
        assert grid.tiles.tile(0).faded == bool(taken_out)


def test_a_group_is_ignored_by_one_key(qtbot: QtBot, world: World, opened: Opened) -> None:
    window, place = opened
    press(qtbot, place, Key.Key_I)
    assert len(world.ignored()) == len(GROUPS)
    assert window.bar.buttons["Review"].waiting == f"{FACES - 3}"
    assert window.status.text() == "3 people in 3 photos ignored."


def test_two_people_are_told_apart_by_one_key(qtbot: QtBot, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_Space, Key.Key_P)
    assert _shown(place) == GROUPS[1:]
    alone = [queue.faces[0].path.name for queue in place.model.lines[Step.SINGLES].queues.values()]
    assert GROUPS[0] in alone


def test_the_next_queue_follows_when_one_is_empty(qtbot: QtBot, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_I, Key.Key_I)
    assert _tab(place) == "Likely (2)"
    press(qtbot, place, Key.Key_S, Key.Key_S)
    assert _tab(place) == "Single faces (2)"


# Likely


@pytest.fixture
def likely(qtbot: QtBot, place: ReviewPlace) -> ReviewPlace:
    """The review at the likely faces."""
    place.tabs.setCurrentIndex(Step.LIKELY)
    place.likely.rest()
    return place


def test_all_likely_faces_are_confirmed_by_one_key(qtbot: QtBot, world: World, likely: ReviewPlace) -> None:
    assert likely.buttons["confirm"].text() == "This is Bob (A)"
    assert likely.likely.grid.tiles.tile(0).name == "98 % likely"
    press(qtbot, likely, Key.Key_A)
    assert _said(world) == [(LIKELY, "Bob", "is")]


def test_a_wrong_one_is_taken_out_and_denied(qtbot: QtBot, world: World, likely: ReviewPlace) -> None:
    press(qtbot, likely, Key.Key_X)
    assert _said(world) == [], "nothing is taken out"
    press(qtbot, likely, Key.Key_Space)
    press(qtbot, likely, Key.Key_A)
    assert _said(world) == [], "all are taken out"
    press(qtbot, likely, Key.Key_X)
    assert _said(world) == [(LIKELY, "Bob", "is_not")]


def test_those_taken_out_can_be_given_their_own_name(qtbot: QtBot, world: World, likely: ReviewPlace) -> None:
    press(qtbot, likely, Key.Key_Space)
    type_name(qtbot, likely, "Zoe")
    assert _said(world) == [(LIKELY, "Zoe", "is")]
    assert likely.model.step is Step.LIKELY
    assert not likely.likely.name.isEnabled()
    assert likely.window().focusWidget() is likely.likely.grid, "where letters are keys of the page"


# Single faces


def test_keys_accept_and_refuse_the_candidate_of_their_number(qtbot: QtBot, world: World, single: ReviewPlace) -> None:
    names = [card.name.text() for card in single.single.cards if card.isVisible()]
    assert len(names) == 3
    press(qtbot, single, Key.Key_C)
    assert _said(world) == [(TWINS, names[1], "is_not")]
    assert [card.name.text() for card in single.single.cards if card.isVisible()] == [names[0], names[2]]
    press(qtbot, single, Key.Key_3)
    assert len(_said(world)) == 1, "nobody has that number any more"
    press(qtbot, single, Key.Key_2)
    assert _said(world)[1:] == [(TWINS, names[2], "is")]


def test_candidates_are_told_with_percentage_distance_and_samples(single: ReviewPlace) -> None:
    for card in single.single.cards:
        assert " likely, distance " in card.value.text()
        assert card.value.text().endswith(("1 sample", "2 samples"))
    assert single.single.heading.text() == "Nobody known: nobody is likely enough."


def test_all_others_in_the_photo_are_ignored(qtbot: QtBot, world: World, single: ReviewPlace) -> None:
    face = single.model.face
    assert face
    press(qtbot, single, Key.Key_O)
    (((ignored,),)) = world.ignored()
    assert ignored != face.id
    assert single.model.face == face
    press(qtbot, single, Key.Key_O)
    assert single.note.text() == "Nobody else unknown is in that photo."


def test_back_to_a_face_answered_shows_the_answer_which_another_replaces(
    qtbot: QtBot, world: World, single: ReviewPlace
) -> None:
    names = [card.name.text() for card in single.single.cards]
    press(qtbot, single, Key.Key_1, Key.Key_B)
    assert single.single.heading.text() == f"You said: {names[0]}."
    press(qtbot, single, Key.Key_2)
    assert _said(world) == [(TWINS, names[1], "is")]


def test_an_answer_before_the_next_face_shows_is_not_taken_for_it(
    qtbot: QtBot, world: World, single: ReviewPlace
) -> None:
    for _ in range(3):  # no event in between lets the first one's end be told
        qtbot.keyClick(single.single, Key.Key_1)
    rest(qtbot, single)
    assert len(_said(world)) == 1


def test_an_answer_about_a_photo_that_vanishes_is_kept(qtbot: QtBot, world: World, single: ReviewPlace) -> None:
    (world.root / "input" / TWINS).unlink()
    for copy in (world.root / "output").rglob(TWINS):
        copy.unlink()
    press(qtbot, single, Key.Key_1)
    assert len(_said(world)) == 1
    assert "is kept" in single.note.text() or TWINS in single.note.text()


def test_a_photo_that_is_gone_is_shown_as_such(qtbot: QtBot, single: ReviewPlace) -> None:
    single.single.face.show_picture(Picture(None, Box(0, 0, 1, 1)))
    assert single.single.face.text() == GONE


def test_the_face_its_photo_and_the_nearest_known_faces_are_shown(qtbot: QtBot, single: ReviewPlace) -> None:
    view = single.single
    labels = [view.face, view.photo, *(card.picture for card in view.cards)]
    qtbot.waitUntil(lambda: not any(label.pixmap().isNull() for label in labels), timeout=PATIENCE_MS)
    assert _count(view.photo, QColor(255, 196, 0)) > 100
    assert _count(view.face, QColor(255, 196, 0)) == 0


def _count(label: PictureLabel, colour: QColor) -> int:
    image = label.pixmap().toImage()
    return sum(image.pixelColor(x, y) == colour for x in range(image.width()) for y in range(image.height()))


# Skipping, and the way back


def test_skipped_is_skipped_for_this_session_and_back_leads_there(qtbot: QtBot, place: ReviewPlace) -> None:
    first = _shown(place)
    press(qtbot, place, Key.Key_S)
    second = _shown(place)
    assert second != first
    press(qtbot, place, Key.Key_B)
    assert _shown(place) == first
    press(qtbot, place, Key.Key_S)
    place.house.go("Console")
    place.house.go("Review")
    rest(qtbot, place)
    assert _shown(place) == second
    assert place.progress.text() == "1 to go, 1 skipped"


def test_what_was_skipped_is_asked_again_on_wish(qtbot: QtBot, place: ReviewPlace) -> None:
    first = _shown(place)
    press(qtbot, place, Key.Key_S, Key.Key_S)
    assert _tab(place) == "Likely (2)"
    place.tabs.setCurrentIndex(Step.GROUPS)
    assert "skipped: 2" in place.message.text()
    press(qtbot, place, Key.Key_R)
    assert _shown(place) == first


# What has the keyboard


def _nothing(qtbot: QtBot, place: ReviewPlace) -> None:
    pass


def _skip_and_back(qtbot: QtBot, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_S, Key.Key_B)


def _skip_by_click(qtbot: QtBot, place: ReviewPlace) -> None:
    click(qtbot, place.buttons["skip"])
    rest(qtbot, place)


def _leave_the_name(qtbot: QtBot, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_N)
    qtbot.keyClicks(QApplication.focusWidget(), "zzz")
    press(qtbot, place, Key.Key_Escape)


def _click_beside(qtbot: QtBot, place: ReviewPlace) -> None:
    qtbot.mouseClick(place.single.face, Qt.MouseButton.LeftButton)


def _look_away_and_back(qtbot: QtBot, place: ReviewPlace) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    with qtbot.waitActive(other, timeout=PATIENCE_MS):
        other.show()
        other.activateWindow()
    with qtbot.waitActive(place.window(), timeout=PATIENCE_MS):
        place.window().activateWindow()


WAYS = [_nothing, _skip_and_back, _skip_by_click, _leave_the_name, _click_beside, _look_away_and_back]


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", PRESSING)
def test_space_and_enter_say_nothing_where_nothing_is_chosen(
    qtbot: QtBot,
    world: World,
    place: ReviewPlace,
    step: Step,
    way: Callable[[QtBot, ReviewPlace], None],
    key: Qt.Key,
) -> None:
    place.tabs.setCurrentIndex(step)
    rest(qtbot, place)
    way(qtbot, place)
    shown = _shown(place)
    press(qtbot, place, key, key)
    assert _said(world) == []
    assert world.ignored() == []
    assert _shown(place) == shown


@pytest.mark.parametrize("key", PRESSING)
def test_nor_after_an_answer(qtbot: QtBot, world: World, single: ReviewPlace, key: Qt.Key) -> None:
    click(qtbot, single.single.cards[0].accept_button)
    rest(qtbot, single)
    said = _said(world)
    assert len(said) == 1
    press(qtbot, single, key, key)
    assert _said(world) == said


@pytest.mark.parametrize("key", PRESSING)
def test_a_candidate_reached_by_key_is_ringed_and_then_taken(
    qtbot: QtBot, world: World, single: ReviewPlace, key: Qt.Key
) -> None:
    second = single.single.cards[1].accept_button
    assert not _ring_is_drawn(second)
    for _ in range(100):
        if second.hasFocus():
            break
        press(qtbot, single, Key.Key_Tab)
    assert _ring_is_drawn(second)
    assert _said(world) == []
    name = single.single.cards[1].name.text()
    press(qtbot, single, key)
    assert _said(world) == [(TWINS, name, "is")]


def _ring_is_drawn(button: QPushButton) -> bool:
    """Say whether a ring in the theme's colour goes around a button."""
    picture: QImage = button.grab().toImage()
    ring = button.palette().color(QPalette.ColorRole.Highlight)
    middle = picture.height() // 2
    return any(_near(picture.pixelColor(x, middle), ring) for x in range(3))


def _near(colour: QColor, other: QColor) -> bool:
    return max(abs(a - b) for a, b in zip(colour.getRgb(), other.getRgb(), strict=True)) < 40


def test_a_click_leaves_the_keyboard_where_it_was(place: ReviewPlace) -> None:
    for button in place.findChildren(QPushButton):
        assert not button.focusPolicy() & Qt.FocusPolicy.ClickFocus, button.text()
        assert not button.autoDefault(), button.text()


def test_keys_of_the_page_are_dead_while_a_name_is_typed(qtbot: QtBot, world: World, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_N)
    qtbot.keyClicks(QApplication.focusWidget(), "sibapxtro123")
    assert place.groups.name.edit.text() == "sibapxtro123"
    assert (_said(world), world.ignored()) == ([], [])
    assert _shown(place) == GROUPS


@pytest.mark.parametrize("key", [Key.Key_I, Key.Key_S])
def test_a_key_held_down_deals_with_one_group(qtbot: QtBot, place: ReviewPlace, key: Qt.Key) -> None:
    plain, text = Qt.KeyboardModifier.NoModifier, "i" if key == Key.Key_I else "s"
    press(qtbot, place, key)
    for _ in range(3):
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            QApplication.sendEvent(place.groups.grid, QKeyEvent(kind, key, plain, text, True))
        rest(qtbot, place)
    assert place.model.step is Step.GROUPS


# Taking back


def _turn(qtbot: QtBot, place: ReviewPlace, key: Qt.Key) -> None:
    """Press Ctrl and a key in Review, and wait until all has followed."""
    with qtbot.waitActive(place.window(), timeout=PATIENCE_MS):
        place.window().activateWindow()
    place.setFocus()
    press(qtbot, place, key, ctrl=True)


def _undo(qtbot: QtBot, place: ReviewPlace) -> None:
    _turn(qtbot, place, Key.Key_Z)


def _split(qtbot: QtBot, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_Space, Key.Key_P)


def _name_group(qtbot: QtBot, place: ReviewPlace) -> None:
    type_name(qtbot, place, "Zoe")


def _ignore_group(qtbot: QtBot, place: ReviewPlace) -> None:
    press(qtbot, place, Key.Key_I)


def _confirm(qtbot: QtBot, place: ReviewPlace) -> None:
    place.tabs.setCurrentIndex(Step.LIKELY)
    place.likely.rest()
    press(qtbot, place, Key.Key_A)


def _deny(qtbot: QtBot, place: ReviewPlace) -> None:
    place.tabs.setCurrentIndex(Step.LIKELY)
    place.likely.rest()
    press(qtbot, place, Key.Key_Space, Key.Key_X)


def _at_single(key: Qt.Key) -> Callable[[QtBot, ReviewPlace], None]:
    def act(qtbot: QtBot, place: ReviewPlace) -> None:
        place.tabs.setCurrentIndex(Step.SINGLES)
        rest(qtbot, place)
        place.single.rest()
        press(qtbot, place, key)

    return act


ACTS = {
    "name group": _name_group,
    "ignore group": _ignore_group,
    "split": _split,
    "confirm": _confirm,
    "deny": _deny,
    "accept": _at_single(Key.Key_1),
    "refuse": _at_single(Key.Key_X),
    "ignore": _at_single(Key.Key_I),
    "ignore others": _at_single(Key.Key_O),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_every_kind_of_act_is_taken_back_in_rows_and_files_asked_again_and_done_again(
    qtbot: QtBot, world: World, opened: Opened, act: Callable[[QtBot, ReviewPlace], None]
) -> None:
    _, place = opened
    before, waiting = _state(world), place.model.waiting
    act(qtbot, place)
    step = place.model.step
    after, left = _state(world), place.model.waiting
    assert (after, left) != (before, waiting)
    _undo(qtbot, place)
    rest(qtbot, place)
    assert _state(world) == before
    assert place.model.waiting == waiting
    assert place.note.text().startswith("Undone: ")
    assert step in Step
    _turn(qtbot, place, Key.Key_Y)
    rest(qtbot, place)
    assert _state(world) == after
    assert place.model.waiting == left
    assert place.note.text().startswith("Done again: ")
    world.check()


def test_what_is_taken_back_is_shown_again(qtbot: QtBot, opened: Opened) -> None:
    _, place = opened
    type_name(qtbot, place, "Zoe")
    press(qtbot, place, Key.Key_Escape, Key.Key_I)
    assert _tab(place) == "Likely (2)"
    _undo(qtbot, place)
    rest(qtbot, place)
    assert (_tab(place), len(_shown(place))) == ("Groups (1)", 2)
    _undo(qtbot, place)
    rest(qtbot, place)
    assert (_tab(place), _shown(place)) == ("Groups (2)", GROUPS)


# Names much like known ones


@pytest.fixture
def sharon(qtbot: QtBot, world: World) -> ReviewPlace:
    """A review where Ariel Sharon is known."""
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Ariel Sharon")
    return open_review(qtbot, world)[1]


def test_yes_takes_the_known_person(qtbot: QtBot, world: World, sharon: ReviewPlace) -> None:
    type_name(qtbot, sharon, " Ariel  Sharom")
    box = dialog(qtbot, QMessageBox)
    assert box.text() == "Ariel Sharom: did you mean Ariel Sharon?"
    assert _said(world) == []
    click(qtbot, box.button(QMessageBox.StandardButton.Yes))
    rest(qtbot, sharon)
    assert {name for _, name, _ in _said(world)} == {"Ariel Sharon"}


def test_no_makes_a_new_person_and_is_not_asked_again(qtbot: QtBot, world: World, sharon: ReviewPlace) -> None:
    type_name(qtbot, sharon, "Ariel Sharom")
    click(qtbot, dialog(qtbot, QMessageBox).button(QMessageBox.StandardButton.No))
    rest(qtbot, sharon)
    assert {name for _, name, _ in _said(world)} == {"Ariel Sharom"}
    _undo(qtbot, sharon)
    rest(qtbot, sharon)
    sharon.groups.name.edit.setText("ariel sharom")
    click(qtbot, sharon.groups.name.button)
    rest(qtbot, sharon)
    assert {name for _, name, _ in _said(world)} == {"ariel sharom"}


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Escape])
def test_enter_once_too_often_decides_nothing(qtbot: QtBot, world: World, sharon: ReviewPlace, key: Qt.Key) -> None:
    type_name(qtbot, sharon, "Ariel Sharom")
    qtbot.keyClick(dialog(qtbot, QMessageBox), key)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=PATIENCE_MS)
    assert _said(world) == []
    assert sharon.groups.name.edit.text() == "Ariel Sharom"


def test_a_name_that_several_have_is_asked_about(qtbot: QtBot, world: World) -> None:
    with world.library() as library:
        library.store.people.add("Bob")
    place = open_review(qtbot, world)[1]
    place.groups.name.edit.setText("bob")
    field = place.groups.name
    assert (field.button.text(), field.hint.text()) == ("Name", ""), "nobody new"
    click(qtbot, field.button)
    assert "2 people are called bob" in place.note.text()
    assert (_said(world), place.groups.name.edit.text()) == ([], "bob")


# Nothing to be asked


def test_whom_the_window_knew_for_its_count_is_asked_about_at_once(qtbot: QtBot, world: World) -> None:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    window = open_window(qtbot, file, lambda: world.eyes)
    qtbot.waitUntil(lambda: window.waiting.now is not None and not window.desk.busy, timeout=PATIENCE_MS)
    known = window.waiting.now
    window.go("Review")
    place = window.places["Review"]
    assert isinstance(place, ReviewPlace)
    assert place.model.line.current
    rest(qtbot, place)
    assert place.model.waiting is window.waiting.now is known  # nothing was said or seen meanwhile


def test_nobody_to_review_is_a_friendly_word(qtbot: QtBot, world: World) -> None:
    for photo in (world.root / "input").iterdir():
        photo.unlink()
    window, place = open_review(qtbot, world)
    assert "There is no unknown or unsure face" in place.message.text()
    assert place.message.isVisible()
    assert window.bar.buttons["Review"].waiting == ""
    press(qtbot, place, Key.Key_1, Key.Key_S, Key.Key_I)
    assert _said(world) == []


def test_nothing_recognised_yet_says_what_to_do_in_the_windows_words(qtbot: QtBot, world: World) -> None:
    world.settings.library_file.unlink()
    place = open_review(qtbot, world)[1]
    assert "Knowledge Base ▸ Build KB" in place.message.text()


# Choosing


def test_only_a_folder_or_a_span_of_dates_is_asked_about(qtbot: QtBot, world: World) -> None:
    (world.root / "input/trip").mkdir()
    for photo in OTHERS_MOVED:
        (world.root / "input" / photo).rename(world.root / "input/trip" / photo)
    world.originals.clear()
    world.recognise()
    place = open_review(qtbot, world)[1]
    press(qtbot, place, Key.Key_F)
    assert place.filter.since.hasFocus()
    menu = place.filter.folder
    menu.setCurrentIndex(menu.findText("trip"))
    menu.activated.emit(menu.currentIndex())
    assert [place.tabs.tabText(tab).split("(")[1] for tab in range(3)] == ["1)", "0)", "1)"]
    menu.setCurrentIndex(0)
    menu.activated.emit(0)
    place.filter.since.setText("2004-13")
    place.filter.since.editingFinished.emit()
    assert "2004-13 is no date" in place.note.text()
    place.filter.since.setText("2004")
    place.filter.since.editingFinished.emit()
    assert place.message.text() == "Nothing is left here."
    click(qtbot, place.choosing)
    assert _tab(place) == "Groups (2)"
    assert not place.filter.isVisible()


OTHERS_MOVED = ["7.png", "14.png"]
