"""A small world with something in each queue of a review, and its window."""

import json
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kith.gui.main_window import MainWindow
from kith.gui.review_place import ReviewPlace
from kith.settings import load
from tests.small_world import World
from tests.windows import PATIENCE_MS

# Three photos of one stranger, two of another, and somebody like Bob: 99 % likely, and yet not sure.
GROUPS, LIKELY = ["7.png", "8.png", "14.png"], "12.png"
OTHERS = ["9.png", "14.png"]
TWINS, BLURRED = "19.png", "16.png"  # two single faces, and one more
FACES = 9


def review_world(root: Path) -> World:
    """Return a world where all that is recognised."""
    world = World(root)
    for photo in (7, 9, 14, 16, 19):
        world.put(photo, "input")
    world.recognise()
    return world


def open_review(qtbot: QtBot, world: World) -> tuple[MainWindow, ReviewPlace]:
    """Open the window at its review, and wait until it knows who waits."""
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    window = MainWindow(load(file), lambda: world.eyes)
    qtbot.addWidget(window, before_close_func=lambda shown: shown.close())
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
        window.activateWindow()
    window.does.review.trigger()
    place = window.places["Review"]
    assert isinstance(place, ReviewPlace)
    rest(qtbot, place)
    return window, place


def rest(qtbot: QtBot, place: ReviewPlace) -> None:
    """Wait until all that was said is written down, what follows is decided, and both are shown."""
    qtbot.waitUntil(lambda: not place.busy, timeout=PATIENCE_MS)


def press(qtbot: QtBot, place: ReviewPlace, *keys: Qt.Key, ctrl: bool = False) -> None:
    """Press keys where the keyboard is, each when the one before has been dealt with."""
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    for key in keys:
        qtbot.keyClick(QApplication.focusWidget() or place, key, modifier)
        rest(qtbot, place)


def type_name(qtbot: QtBot, place: ReviewPlace, name: str) -> None:
    """Go to the field by its key, type a new name and press Enter."""
    press(qtbot, place, Qt.Key.Key_N)
    qtbot.keyClicks(QApplication.focusWidget(), name)
    press(qtbot, place, Qt.Key.Key_Return)
