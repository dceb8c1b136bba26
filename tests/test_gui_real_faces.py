"""Real photos: a newcomer's whole story, and thirty faces named by groups with the keyboard alone."""

from collections import Counter
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from kith.gui import start
from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.people_place import PeoplePlace
from kith.gui.places import HOME
from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.gui.welcome_page import WelcomePage
from kith.jobs.workers import InlineExecutor
from kith.settings import load_user_settings
from tests import windows
from tests.desk import POWELL, POWELL_AGAIN, Desk
from tests.review_world import press, rest, type_name
from tests.windows import PATIENCE_MS

Key = Qt.Key
STRANGERS = ("Ariel_Sharon", "Gerhard_Schroeder", "Hugo_Chavez", "Tony_Blair")
PHOTOS, FACES = 10, 30
MOST_WORDS = 15  # for 30 faces; some more or less, as what was taught finds others sooner or later


def test_thirty_faces_get_their_names_from_the_keyboard_alone(qtbot: QtBot, tmp_path: Path, material: Path) -> None:
    desk = Desk(tmp_path / "desk", material)
    desk.put_all(POWELL, "people/Powell")
    for person in STRANGERS:
        desk.put_all([_of(person, number) for number in range(1, PHOTOS + 1)], "input")
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


def _waits(qtbot: QtBot, window: MainWindow, count: int) -> None:
    """Wait until the bar at the left tells of so many faces."""
    told = str(count or "")
    qtbot.waitUntil(lambda: window.bar.buttons["Review"].waiting == told, timeout=PATIENCE_MS)


def test_a_newcomer_names_corrects_and_takes_back_without_a_menu(
    qtbot: QtBot, tmp_path: Path, material: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_MODELS", str(material / "models"))
    mine = Desk(tmp_path / "my pictures", material)
    mine.put_all(POWELL, "family/Colin Powell")
    mine.put_all([*POWELL_AGAIN, *(_of("Ariel_Sharon", number) for number in range(1, 5))], "summer")
    window = MainWindow(load_user_settings(tmp_path / "no repository"), InlineExecutor)
    qtbot.addWidget(window, before_close_func=lambda shown: shown.close())
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
    start.greet(window, first_time=True)
    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    assert isinstance(home.page, WelcomePage)
    steps = home.page.steps
    for field, name in ((steps.people, "family"), (steps.photos, "summer"), (steps.output, "sorted")):
        field.edit.setText(str(mine.root / name))
    windows.click(qtbot, home.page.start)
    qtbot.waitUntil(lambda: home.page is home.result, timeout=PATIENCE_MS)
    windows.wait_for_end(qtbot, window)
    found = _filed(mine)
    assert set(found) == {"Colin Powell", "Unknown"}

    windows.click(qtbot, home.result.reviews)
    review = window.places["Review"]
    assert isinstance(review, ReviewPlace)
    rest(qtbot, review)
    before = len(review.model.waiting.faces)  # bystanders of one photo, too
    type_name(qtbot, review, "Ariel Sharon")
    named = _filed(mine)
    assert named["Ariel Sharon"] == 4
    _waits(qtbot, window, before - 4)

    windows.click(qtbot, window.bar.buttons["People"])
    rest(qtbot, review)
    people = window.places["People"]
    assert isinstance(people, PeoplePlace)
    qtbot.keyClick(people.wall, Key.Key_Home)  # Ariel Sharon is the first
    qtbot.keyClick(people.wall, Key.Key_Return)
    rest(qtbot, review)
    assert people.page
    assert people.page.name.text() == "Ariel Sharon"
    qtbot.keyClick(people.page.grid, Key.Key_Home)  # the one who fits worst
    qtbot.keyClick(people.page.grid, Key.Key_N)
    rest(qtbot, review)
    assert _filed(mine)["Ariel Sharon"] == 3
    _waits(qtbot, window, before - 3)
    for then, waiting in ((named, before - 4), (found, before)):
        windows.press(qtbot, window, Key.Key_Z)
        rest(qtbot, review)
        assert _filed(mine) == then
        _waits(qtbot, window, waiting)


def _of(person: str, number: int) -> str:
    return f"lfw10/{person}/{person}_{number:04}.jpg"


def _filed(mine: Desk) -> Counter[str]:
    """Return how many copies each folder of the output has."""
    output = mine.root / "sorted"
    return Counter(path.parent.name for path in output.glob("*/*.jpg"))


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
