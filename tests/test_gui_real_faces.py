"""Thirty faces of real photos, named by groups with the keyboard alone."""

from collections import Counter
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.jobs.workers import InlineExecutor
from tests import windows
from tests.desk import POWELL, Desk
from tests.review_world import press, rest, type_name

STRANGERS = ("Ariel_Sharon", "Gerhard_Schroeder", "Hugo_Chavez", "Tony_Blair")
PHOTOS, FACES = 10, 30
MOST_WORDS = 15  # for 30 faces; some more or less, as what was taught finds others sooner or later


def test_thirty_faces_get_their_names_from_the_keyboard_alone(qtbot: QtBot, tmp_path: Path, material: Path) -> None:
    desk = Desk(tmp_path / "desk", material)
    desk.put_all(POWELL, "people/Powell")
    for person in STRANGERS:
        desk.put_all([f"lfw10/{person}/{person}_{number:04}.jpg" for number in range(1, PHOTOS + 1)], "input")
    desk.build()
    desk.recognize()
    window = windows.open_window(qtbot, desk.settings_file(), InlineExecutor)
    windows.press(qtbot, window, Qt.Key.Key_U)
    place = window.places["Review"]
    assert isinstance(place, ReviewPlace)
    rest(qtbot, place)
    words = 0
    while place.model.line.faces and place.model.step is not Step.SINGLES and words <= MOST_WORDS:
        words += 1
        (name, _), *_ = Counter(_person(face.path) for face in place.model.line.shown).most_common()
        _say(qtbot, place, name)
    rows = desk.query(
        "SELECT f.path, p.name FROM links l JOIN persons p ON p.id = l.person_id "
        "JOIN appearances a ON a.id = l.appearance_id JOIN files f ON f.photo_id = a.photo_id "
        "WHERE l.word = 'is' AND l.source != 'dataset'"
    )
    named = [(_person(Path(path)), name) for path, name in rows]
    assert len(named) >= FACES
    assert [pair for pair in named if pair[0] != pair[1]] == []
    assert words <= MOST_WORDS
    assert set(STRANGERS) <= {path.split("/")[0].replace(" ", "_") for path in desk.copies()}


def _say(qtbot: QtBot, place: ReviewPlace, name: str) -> None:
    """Say who they are: the field keeps the keyboard after a name, for the next one."""
    if place.model.step is Step.LIKELY:
        place.likely.rest()
        press(qtbot, place, Qt.Key.Key_A)
    elif isinstance(field := QApplication.focusWidget(), QLineEdit):
        qtbot.keyClicks(field, name)
        qtbot.keyClick(field, Qt.Key.Key_Return)  # on this platform a list of names that hid leaves no window active
        rest(qtbot, place)
        if window := place.window():
            windows.activate(qtbot, window)
    else:
        type_name(qtbot, place, name)


def _person(path: Path) -> str:
    return path.stem.rsplit("_", 1)[0].replace("_", " ")
