"""Everything in the window can be reached and seen by keyboard, named by a screen reader, and read in any light."""

import importlib
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QBrush, QColor, QPalette
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QTabBar,
    QTextEdit,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

import kith.gui
from kith.gui.main_window import MainWindow
from kith.gui.places import HOME, PEOPLE
from kith.gui.style import LEAST_CONTRAST, Tone, colour, colour_on_dark, contrast, is_dark, readable, take_colours
from tests.making import aged
from tests.review_world import review_world
from tests.window_tour import PAGES, View, broken, job, tour, wait_for
from tests.window_watch import marked, touches, translations
from tests.windows import DARK, LIGHT, Gate, open_window

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QTabBar
)  # fmt: skip
NEED_MORE = {"Histogram", "NearGroup", "Years"}  # people, groups and dates than there are here
MOST = 400  # presses of Tab
ROLES, GROUPS = QPalette.ColorRole, QPalette.ColorGroup
PAIRS = (
    (ROLES.WindowText, ROLES.Window), (ROLES.Text, ROLES.Base), (ROLES.ButtonText, ROLES.Button),
    (ROLES.PlaceholderText, ROLES.Base), (ROLES.HighlightedText, ROLES.Highlight), (ROLES.Link, ROLES.Base),
    (ROLES.ToolTipText, ROLES.ToolTipBase),
)  # fmt: skip


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate before eyes that see a world with faces known, unsure and unknown, some in groups, and photos to come."""
    world = review_world(tmp_path)
    (tmp_path / "input/broken.png").write_bytes(b"no picture")
    aged(tmp_path / "input/broken.png")
    (tmp_path / "settings.json").write_text(json.dumps(world.values), encoding="utf-8")
    for number in range(24):
        world.put(number % 5, f"input/{number}", (10 + number, 9))
    return Gate(world.eyes)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, gate: Gate) -> MainWindow:
    return open_window(qtbot, tmp_path / "settings.json", gate)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def palette(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[QPalette]:
    before = qapp.palette()
    take_colours(qapp, request.param)
    yield qapp.palette()
    take_colours(qapp, before)


def _all_views(window: MainWindow, gate: Gate) -> Iterator[View]:
    """Walk through all that the window shows, each view with the keyboard in it."""
    for name, shown in chain(tour(window), job(window, gate), broken(window)):
        if not isinstance(shown, QMenu):
            wait_for(lambda: _is_active(shown), name)  # noqa: B023 - it is called at once
        yield name, shown


def _is_active(shown: QWidget) -> bool:
    shown.activateWindow()
    return shown.isActiveWindow()


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


def _problems(shown: QWidget, known: set[str]) -> Iterator[str]:
    """Yield what is wrong with the controls of a view; how one shows the keyboard is looked at once for its kind."""
    controls = _controls(shown)
    reached = _reached(shown) if controls else set()
    for widget in controls:
        if not _said(widget):
            yield f"no name: {_described(widget)}"
        if not _is_reached(widget, reached) and not _is_empty(widget):
            yield f"not reached by Tab: {_described(widget)}"
        kind = f"{_described(widget)} {widget.styleSheet()}"
        if kind not in known and widget in reached and not _is_empty(widget):
            known.add(kind)
            if not _shows_focus(shown, widget):
                yield f"no visible focus: {_described(widget)}"


def _described(widget: QWidget) -> str:
    parent = widget.parentWidget()
    return f"{type(widget).__name__} {_said(widget)!r} in {type(parent).__name__}"


# Names, keys and focus


def test_every_control_is_named_reached_and_seen_and_every_text_read_wherever_they_show(
    palette: QPalette, window: MainWindow, gate: Gate, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And every text can be translated, and none of it all touches the disk in the window's own thread."""
    known: set[str] = set()
    seen: set[type] = set()
    problems = set()
    touched = touches(monkeypatch)
    with translations(qapp) as asked:
        for name, shown in _all_views(window, gate):
            problems |= {f"{name}: {problem}" for problem in _pale(shown)}
            if not is_dark(palette):
                problems |= {f"{name}: {problem}" for problem in _problems(shown, known)}
            seen |= {type(widget) for widget in [shown, *shown.findChildren(QWidget)] if widget.isVisible()}
    assert problems == set()
    assert set(touched) == set()
    contexts = {context for context, _ in marked()} | {kind.__name__ for kind in _kinds()}
    assert {(context, text) for context, text in asked.texts if context in contexts} - marked() == set()
    assert {kind.__name__ for kind in _kinds() - seen} <= NEED_MORE


def _kinds() -> set[type]:
    """Return every kind of widget that the program has, but for those that others are made from."""
    folder = Path(kith.gui.__file__).parent
    modules = [importlib.import_module(f"kith.gui.{path.stem}") for path in sorted(folder.glob("*.py"))]
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    own = {kind for kind in kinds if issubclass(kind, QWidget) and kind.__module__.startswith("kith.gui")}
    return {kind for kind in own if not any(other is not kind and issubclass(other, kind) for other in own)}


def test_every_page_of_the_menus_is_walked(window: MainWindow) -> None:
    walked = {getattr(window.does, name) for name in [*PAGES, "settings"]}
    assert walked == set(window.does.pages)


# Colours


def test_the_contrast_is_reckoned_as_the_standard_says() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("tone", Tone)
def test_every_tone_can_be_read(palette: QPalette, tone: Tone) -> None:
    for role in (ROLES.Base, ROLES.Window, ROLES.AlternateBase):
        assert contrast(colour(tone, palette), palette.color(role)) >= LEAST_CONTRAST, role
    assert contrast(colour_on_dark(tone), QColor(60, 60, 60)) >= LEAST_CONTRAST


def test_colours_of_a_system_that_cannot_be_read_are_mended() -> None:
    pale = QPalette(QColor("#cccccc"), QColor("#eeeeee"))
    for role in (ROLES.WindowText, ROLES.Text, ROLES.ButtonText, ROLES.PlaceholderText, ROLES.Link):
        pale.setColor(role, QColor("#aaaaaa"))
    mended = readable(pale).resolve(pale)
    for group in (GROUPS.Active, GROUPS.Inactive, GROUPS.Disabled):
        for ink, ground in PAIRS:
            assert contrast(mended.color(group, ink), mended.color(group, ground)) >= LEAST_CONTRAST, (group, ink)
    assert mended.color(ROLES.Window) == pale.color(ROLES.Window)


def test_colours_that_can_be_read_stay() -> None:
    clear = QPalette(QColor("#ffffff"), QColor("#ffffff"))
    clear.setColor(ROLES.Text, QColor("#102030"))
    assert readable(clear).color(GROUPS.Active, ROLES.Text) == QColor("#102030")


def test_the_rim_of_a_box_to_be_ticked_is_seen(palette: QPalette, window: MainWindow) -> None:
    window.go(PEOPLE)
    box = window.findChild(QCheckBox)
    assert box
    rim = box.palette().color(ROLES.Window).darker(140).lighter(110)  # as Qt's Fusion draws it
    for ground in (ROLES.Base, ROLES.Window):
        assert contrast(rim, palette.color(ground)) >= 3  # WCAG 2.2, 1.4.11


def test_the_next_step_can_be_read(palette: QPalette, window: MainWindow) -> None:
    window.go(HOME)
    (button,) = [one for one in window.steps.findChildren(QAbstractButton) if one.property("next")]
    drawn = button.grab().toImage()
    ground = drawn.pixelColor(button.width() // 2, 6)
    for label in button.findChildren(QLabel):
        assert contrast(label.palette().color(label.foregroundRole()), ground) >= LEAST_CONTRAST


def _pale(shown: QWidget) -> Iterator[str]:
    for text, ink, ground in _texts(shown):
        if contrast(ink, ground) < LEAST_CONTRAST:
            yield f"{text}: {ink.name()} on {ground.name()}"


def _texts(shown: QWidget) -> Iterator[tuple[str, QColor, QColor]]:
    """Yield what can be read in a view, with its ink and its ground: also what is disabled, selected or a hint."""
    for widget in shown.findChildren(QWidget):
        if not widget.isVisible():
            continue
        group = GROUPS.Active if widget.isEnabled() else GROUPS.Disabled
        for text, ink, ground in _pairs(widget):
            if text:
                yield text, ink, widget.palette().color(group, ground) if isinstance(ground, ROLES) else ground


def _pairs(widget: QWidget) -> Iterator[tuple[str, QColor, QPalette.ColorRole | QColor]]:
    group = GROUPS.Active if widget.isEnabled() else GROUPS.Disabled

    def ink(role: QPalette.ColorRole) -> QColor:
        return widget.palette().color(group, role)

    match widget:
        case QLabel():
            yield widget.text(), ink(widget.foregroundRole()), _ground(widget)
        case QPushButton():
            yield widget.text(), ink(ROLES.ButtonText), ROLES.Button
        case QCheckBox() | QToolButton() | QGroupBox():
            text = widget.title() if isinstance(widget, QGroupBox) else widget.text()
            yield text, ink(ROLES.WindowText), QApplication.palette().color(group, ROLES.Window)
        case QLineEdit():
            yield widget.text(), ink(ROLES.Text), ROLES.Base
            yield widget.placeholderText(), ink(ROLES.PlaceholderText), ROLES.Base
        case QComboBox():
            yield widget.currentText(), ink(ROLES.ButtonText), ROLES.Button
        case QTabBar():
            yield widget.tabText(0), ink(ROLES.WindowText), ROLES.Window
        case QProgressBar():
            yield widget.text(), ink(ROLES.HighlightedText), ROLES.Highlight
        case QAbstractItemView():
            yield "selected", ink(ROLES.HighlightedText), ROLES.Highlight
            yield from ((text, colour, ROLES.Base) for text, colour in _entries(widget))


def _entries(view: QAbstractItemView) -> Iterator[tuple[str, QColor]]:
    model = view.model()
    for row in range(min(model.rowCount(), 20) if model else 0):
        for column in range(5):
            index = model.index(row, column) if model else None
            brush = index.data(Qt.ItemDataRole.ForegroundRole) if index else None
            if index and isinstance(brush, QBrush):
                yield str(index.data()), brush.color()


def _ground(label: QLabel) -> QPalette.ColorRole | QColor:
    button = label.parentWidget()
    if isinstance(button, QAbstractButton):
        return button.grab().toImage().pixelColor(button.width() // 2, 6)
    return label.backgroundRole()
