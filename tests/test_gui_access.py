"""Everything in the window can be reached and seen by keyboard, named by a screen reader, and read in any light."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTabBar,
    QTabWidget,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from kith.gui.broken_settings import BrokenSettings
from kith.gui.dropped_folder import DroppedFolder
from kith.gui.main_window import MainWindow
from kith.gui.menus import Page
from kith.gui.places import HOME, PLACES
from kith.gui.settings_in_use import SettingsInUse
from kith.gui.style import Tone, colour, colour_on_dark
from kith.settings import load
from tests.small_world import World
from tests.windows import DARK, LIGHT, PATIENCE_MS, letters_twice, open_window

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QTabBar
)  # fmt: skip
MOST = 400  # presses of Tab
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
PAGES = [
    "recognize", "filed", "settings", "first_steps", "models", "import_names", "write_names", "import_people",
    "export_people", "privacy", "problem", "about",
]  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Faces that are known, unsure and unknown, some of them in a group."""
    world = World(tmp_path)
    world.put(7, "input")
    world.recognise()
    return world


@pytest.fixture
def window(qtbot: QtBot, world: World) -> MainWindow:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values | {"process_dir": "input"}), encoding="utf-8")
    return open_window(qtbot, file, lambda: world.eyes)


def _settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.desk.busy and not _asks(), timeout=PATIENCE_MS)
    for _ in range(20):
        QApplication.processEvents()


def _asks() -> bool:
    """Say whether a question is open, about the disk or how things stand."""
    return any(thread.name == "kith-question" for thread in threading.enumerate())


def _controls(shown: QWidget) -> list[QWidget]:
    """Return what one can do something with, without the parts that Qt makes such things of."""
    found = [widget for widget in shown.findChildren(QWidget) if isinstance(widget, CONTROLS)]
    return [widget for widget in found if widget.isVisible() and widget.isEnabled() and not _is_part(widget)]


def _is_part(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    return (
        isinstance(parent, CONTROLS)
        or isinstance(widget, QHeaderView)
        or widget.objectName().startswith("qt_")
        or (isinstance(widget, QAbstractButton) and isinstance(parent, QTabBar))
    )


def _said(widget: QWidget) -> str:
    """Return what a screen reader calls a control, as Qt works that out."""
    named = [widget.accessibleName()]
    if isinstance(widget, QAbstractButton):
        named.append(widget.text())
    if isinstance(widget, QTabBar):
        named.append(widget.tabText(0))
    labels = widget.window().findChildren(QLabel)
    named += [label.text() for label in labels if label.buddy() and widget in (label.buddy(), _proxy(label))]
    return "".join(named).strip()


def _proxy(label: QLabel) -> QWidget | None:
    buddy = label.buddy()
    return buddy.focusProxy() if buddy else None


def _reached(shown: QWidget) -> set[QWidget]:
    """Return all that get the keyboard as Tab is pressed again and again."""
    reached: set[QWidget] = set()
    first: QWidget | None = None
    for _ in range(MOST):
        QtBot.keyClick(QApplication.focusWidget() or shown, Qt.Key.Key_Tab)
        at = QApplication.focusWidget()
        if at is None or at is first:
            break
        first = first or at
        reached.add(at)
    return reached


def _is_reached(widget: QWidget, reached: set[QWidget]) -> bool:
    if widget in reached:
        return True
    parent = widget.parentWidget()
    siblings = parent.findChildren(QAbstractButton) if parent else []
    group = isinstance(widget, QAbstractButton) and widget.autoExclusive() and any(one in reached for one in siblings)
    return bool(group)  # the others of a group by the arrow keys


def _shows_focus(shown: QWidget, widget: QWidget) -> bool:
    """Say whether a control looks otherwise when it has the keyboard; what Enter presses is framed all the while."""
    if isinstance(widget, QPushButton) and widget.isDefault():
        return True
    _bring_into_sight(widget)
    corner = widget.mapTo(shown, widget.rect().topLeft())
    place = QRect(corner, widget.size()).adjusted(-4, -4, 4, 4)
    widget.clearFocus()
    before = shown.grab(place).toImage()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    shown.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)  # as the Tab key itself does
    return bool(before != shown.grab(place).toImage())


def _bring_into_sight(widget: QWidget) -> None:
    """Scroll as the Tab key does."""
    around = widget.parentWidget()
    while around:
        if isinstance(around, QScrollArea):
            around.ensureWidgetVisible(widget)
        around = around.parentWidget()
    QApplication.processEvents()


def _is_empty(widget: QWidget) -> bool:
    """Say whether nothing is in a list: there is nothing to be done in it."""
    model = widget.model() if isinstance(widget, QAbstractItemView) else None
    return model is not None and model.rowCount() == 0


def _check(shown: QWidget) -> None:
    controls = _controls(shown)
    assert controls
    unnamed = [_described(widget) for widget in controls if not _said(widget)]
    assert not unnamed, f"no name: {unnamed}"
    reached = _reached(shown)
    unreached = [
        _described(widget) for widget in controls if not _is_reached(widget, reached) and not _is_empty(widget)
    ]
    assert not unreached, f"not reached by Tab: {unreached}"
    unseen = [
        _described(widget)
        for widget in controls
        if widget in reached and not _is_empty(widget) and not _shows_focus(shown, widget)
    ]
    assert not unseen, f"no visible focus: {unseen}"


def _described(widget: QWidget) -> str:
    parent = widget.parentWidget()
    return f"{type(widget).__name__} {_said(widget)!r} in {type(parent).__name__}"


# Names, keys and focus


@pytest.mark.parametrize("place", PLACES)
def test_every_control_of_a_place_is_named_reached_and_seen(qtbot: QtBot, window: MainWindow, place: str) -> None:
    window.go(place)
    _settled(qtbot, window)
    assert letters_twice(window) == []
    _check(window)


def test_every_control_of_the_first_steps_is(qtbot: QtBot, window: MainWindow) -> None:
    window.welcome()
    _settled(qtbot, window)
    assert letters_twice(window) == []
    _check(window)


def test_every_page_of_the_menus_is_walked(window: MainWindow) -> None:
    assert [getattr(window.does, name) for name in PAGES] == list(window.does.pages)


@pytest.mark.parametrize("name", PAGES)
def test_every_control_of_a_dialog_is(qtbot: QtBot, window: MainWindow, name: str) -> None:
    page: Page = window.does.pages[getattr(window.does, name)]
    shown = page.make(window, window)
    _walk(qtbot, shown)


def _broken(file: Path, window: MainWindow) -> QDialog:
    file.write_text("{", encoding="utf-8")
    return BrokenSettings(SettingsInUse(load(file)), window)


def _dropped(file: Path, window: MainWindow) -> QDialog:
    return DroppedFolder(file.parent / "people", file, window.settings, window)


@pytest.mark.parametrize("make", [_broken, _dropped])
def test_every_control_of_a_question_is(
    qtbot: QtBot, window: MainWindow, make: Callable[[Path, MainWindow], QDialog]
) -> None:
    _walk(qtbot, make(window.settings_file, window))


def _walk(qtbot: QtBot, shown: QDialog) -> None:
    shown.open()
    qtbot.waitUntil(lambda: not getattr(shown, "busy", False) and shown.isActiveWindow(), timeout=PATIENCE_MS)
    for _ in range(20):
        QApplication.processEvents()
    tabs = shown.findChildren(QTabWidget)
    for number in range(tabs[0].count() if tabs else 1):
        if tabs:
            tabs[0].setCurrentIndex(number)
        _check(shown)
    shown.reject()


# Colours


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def palette(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[QPalette]:
    before = qapp.palette()
    qapp.setPalette(request.param)
    yield request.param
    qapp.setPalette(before)


def _luminance(ink: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(ink.redF()) + 0.7152 * linear(ink.greenF()) + 0.0722 * linear(ink.blueF())


def _contrast(ink: QColor, ground: QColor) -> float:
    lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_is_reckoned_as_the_standard_says() -> None:
    assert _contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert _contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("tone", Tone)
def test_every_tone_can_be_read(palette: QPalette, tone: Tone) -> None:
    roles = QPalette.ColorRole
    for role in (roles.Base, roles.Window, roles.AlternateBase):
        assert _contrast(colour(tone, palette), palette.color(role)) >= LEAST_CONTRAST, role
    assert _contrast(colour_on_dark(tone), QColor(60, 60, 60)) >= LEAST_CONTRAST


@pytest.mark.parametrize("place", PLACES)
def test_every_text_of_a_place_can_be_read(qtbot: QtBot, palette: QPalette, window: MainWindow, place: str) -> None:
    window.go(place)
    _settled(qtbot, window)
    pale = []
    for label in window.findChildren(QLabel):
        if label.isVisible() and label.isEnabled() and label.text():
            ink = label.palette().color(label.foregroundRole())
            ground = _ground(label, palette)
            if _contrast(ink, ground) < LEAST_CONTRAST:
                pale.append(f"{label.text()}: {ink.name()} on {ground.name()}")
    assert not pale


def test_the_next_step_can_be_read(palette: QPalette, window: MainWindow) -> None:
    window.go(HOME)
    (button,) = [one for one in window.steps.findChildren(QAbstractButton) if one.property("next")]
    drawn = button.grab().toImage()
    ground = drawn.pixelColor(button.width() // 2, 6)
    for label in button.findChildren(QLabel):
        assert _contrast(label.palette().color(label.foregroundRole()), ground) >= LEAST_CONTRAST


def _ground(label: QLabel, palette: QPalette) -> QColor:
    parent = label.parentWidget()
    if isinstance(parent, QAbstractButton):
        return parent.grab().toImage().pixelColor(parent.width() // 2, 6)
    return palette.color(label.backgroundRole())
