"""The window over a desk: opened, clicked, and its jobs let go on photo by photo."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, TypeVar

from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QKeySequence, QPalette, QWheelEvent
from PyQt6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from kith.gui.first_start import FirstStart
from kith.gui.main_window import MainWindow
from kith.gui.recognize_dialog import RecognizeDialog
from kith.jobs.workers import ExecutorFactory, InlineExecutor
from kith.settings import load
from tests.desk import PATIENCE_MS as PATIENCE_MS
from tests.desk import is_analysis

MENUS = "FEKRH"  # which open a menu with Alt
LIGHT = QPalette(QColor("#f0f0f0"), QColor("#f0f0f0"))  # Qt reckons the rest, by its lightness
LIGHT.setColor(QPalette.ColorRole.Base, QColor("white"))
DARK = QPalette(QColor("#323232"), QColor("#323232"))
DARK.setColor(QPalette.ColorRole.Base, QColor("#242424"))
for palette in (LIGHT, DARK):
    palette.setColor(QPalette.ColorRole.Highlight, QColor("#308cc6"))
SomeDialog = TypeVar("SomeDialog", bound=QDialog)


class Gate(InlineExecutor):
    """Analyses a photo each time it is opened, and every photo once it is wide open: by itself, or by `eyes`."""

    def __init__(self, eyes: Executor | None = None) -> None:
        self._eyes = eyes or InlineExecutor()
        self._tickets = threading.Semaphore(0)
        self._wide = threading.Event()

    def __call__(self) -> "Gate":
        return self

    @property
    def is_shut(self) -> bool:
        """Whether as many photos have gone through as were let."""
        return not self._tickets._value

    def open(self, photos: int) -> None:
        """Let so many more photos through."""
        self._tickets.release(photos)

    def open_wide(self) -> None:
        """Let all photos through from now on."""
        self._wide.set()
        self._tickets.release()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if is_analysis(fn):
            assert self._wide.is_set() or self._tickets.acquire(timeout=PATIENCE_MS / 1000)
        return self._eyes.submit(fn, *args, **kwargs)


def open_window(qtbot: QtBot, settings_file: Path, executor: ExecutorFactory | None = InlineExecutor) -> MainWindow:
    """Show a window and wait until keys reach it."""
    window = MainWindow(load(settings_file), executor)
    qtbot.addWidget(window)
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
        window.activateWindow()
    return window


def activate(qtbot: QtBot, window: QWidget) -> None:
    """Let keys reach a window, as after a list that was open over it."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE_MS)


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key) -> None:
    """Press a shortcut of the window, together with Ctrl."""
    activate(qtbot, window)
    qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)


def click(qtbot: QtBot, button: QAbstractButton | None) -> None:
    """Click a button as a person does: it must be there to be seen."""
    assert button is not None
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def mnemonic(text: str) -> str:
    """Return the letter that is pressed with Alt for a text, in capitals, or nothing."""
    return QKeySequence.mnemonic(text).toString().removeprefix("Alt+")


def letters_twice(window: MainWindow) -> list[str]:
    """Return which letters are two things with Alt in what shows now, so that none of them is done."""
    menus = window.menuBar()
    assert menus
    texts = [action.text() for action in menus.actions()]
    texts += [one.text() for one in window.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()]
    texts += [one.text() for one in window.findChildren(QLabel) if one.isVisible() and one.buddy()]
    for tabs in window.findChildren(QTabBar):
        texts += [tabs.tabText(tab) for tab in range(tabs.count()) if tabs.isVisible()]
    letters = Counter(filter(None, map(mnemonic, texts)))
    assert set(letters) >= set(MENUS)
    return [letter for letter, times in letters.items() if times > 1]


def dialog(qtbot: QtBot, kind: type[SomeDialog]) -> SomeDialog:
    """Wait for a dialog and return it."""
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=PATIENCE_MS)
    found = QApplication.activeModalWidget()
    assert isinstance(found, kind)
    return found


def wait_for_end(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the running job's thread has ended."""
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=PATIENCE_MS)


def console_has(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Wait until the console shows a text."""
    qtbot.waitUntil(lambda: text in window.console.text.toPlainText(), timeout=PATIENCE_MS)


def build(qtbot: QtBot, window: MainWindow) -> None:
    """Click Build KB and wait for its end."""
    click(qtbot, window.steps.build)
    wait_for_end(qtbot, window)


def press_start(qtbot: QtBot, asked: RecognizeDialog | FirstStart) -> None:
    """Press the button of a dialog whose folders are looked at in a thread, and wait until it goes or says why not."""
    ended: list[int] = []
    asked.finished.connect(ended.append)
    click(qtbot, asked.start)
    qtbot.waitUntil(lambda: bool(ended) or asked.start.isEnabled(), timeout=PATIENCE_MS)


def start_recognition(qtbot: QtBot, window: MainWindow) -> None:
    """Click Recognize Folder and take the folders as they are offered."""
    click(qtbot, window.steps.recognize)
    asked = dialog(qtbot, RecognizeDialog)
    press_start(qtbot, asked)


def turn_wheel(widget: QWidget | None, notches: int = -1) -> None:
    """Turn the wheel over a widget: whoever heeds it first, the widget or what it lies in, as Qt asks them in turn."""
    while widget:
        middle = QPointF(widget.rect().center())
        around = widget.mapToGlobal(middle)
        plain = Qt.KeyboardModifier.NoModifier
        turn = QWheelEvent(
            middle, around, QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, plain, Qt.ScrollPhase(0), False
        )
        QApplication.sendEvent(widget, turn)
        if turn.isAccepted() or widget.isWindow():
            return
        widget = widget.parentWidget()
