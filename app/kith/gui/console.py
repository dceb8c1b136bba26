"""The console: what happened, line by line, bounded, coloured by kind, with a filter."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from pathlib import Path

from PyQt6.QtCore import QEvent, QTimer
from PyQt6.QtGui import QAction, QColor, QFont, QFontDatabase, QPalette, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kith.gui.phrases import in_window
from kith.gui.plain_text import Label
from kith.gui.wheel import ComboBox
from kith.text import printable

MOST_LINES = 10_000
LINES_AT_ONCE = 500
FLUSH_MS = 100


class Kind(Enum):
    """What a line tells."""

    KNOWN = auto()
    UNSURE = auto()
    UNKNOWN = auto()
    LEFT_OUT = auto()
    PROBLEM = auto()
    NOTICE = auto()
    SUMMARY = auto()


FILTERS: dict[str, frozenset[Kind]] = {
    "All lines": frozenset(Kind),
    "Problems": frozenset({Kind.PROBLEM, Kind.LEFT_OUT}),
    "Unsure and unknown": frozenset({Kind.UNSURE, Kind.UNKNOWN}),
}
# Each at least 4.5 to 1 against the background, the contrast that WCAG 2.2 asks for text.
ON_LIGHT = {
    Kind.UNSURE: "#8a5300",
    Kind.UNKNOWN: "#666666",
    Kind.LEFT_OUT: "#8a5300",
    Kind.PROBLEM: "#b3261e",
    Kind.NOTICE: "#0b57a4",
}
ON_DARK = {
    Kind.UNSURE: "#f2c14e",
    Kind.UNKNOWN: "#adadad",
    Kind.LEFT_OUT: "#f2c14e",
    Kind.PROBLEM: "#ff9a90",
    Kind.NOTICE: "#8ab4f8",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the console."""

    time: str
    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.time}  {self.text}"


class Console(QWidget):
    """Keeps the last lines and shows those that the filter admits; new ones come in together, ten times a second."""

    def __init__(self, save: QAction) -> None:
        super().__init__()
        self._kept: deque[Line] = deque(maxlen=MOST_LINES)
        self._waiting: deque[Line] = deque(maxlen=MOST_LINES)
        self._timer = QTimer(self)
        self._timer.setInterval(FLUSH_MS)
        self._timer.timeout.connect(self._flush)
        self.text = _Pane()
        self.kinds = ComboBox()
        self.kinds.addItems(FILTERS)
        self.kinds.setAccessibleName("Which lines are shown")
        self.kinds.currentIndexChanged.connect(self._show_again)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Show only lines with this text")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show_again)
        self._lay_out(save)
        self._formats = _formats(self.palette())

    def add(self, kind: Kind, text: str) -> None:
        """Add a line, with the time of day."""
        # A file's name must not break its line, turn its text round or fail to be saved.
        self._waiting.append(Line(f"{datetime.now():%H:%M:%S}", kind, printable(in_window(text))))  # noqa: DTZ005 - their own clock
        if not self._timer.isActive():
            self._timer.start()

    def lines(self) -> list[str]:
        """Return the lines that the filter admits."""
        return [str(line) for line in (*self._kept, *self._waiting) if self._admits(line)]

    def save(self, path: Path) -> None:
        """Write the lines that the filter admits into a text file; raises OSError."""
        path.write_text("".join(f"{line}\n" for line in self.lines()), encoding="utf-8")

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take the colours of a new theme."""
        super().changeEvent(event)
        if event and event.type() == QEvent.Type.PaletteChange:
            self._formats = _formats(self.palette())
            self._show_again()

    def _lay_out(self, save: QAction) -> None:
        button = QToolButton()
        button.setDefaultAction(save)
        tools = QHBoxLayout()
        label = Label("&Show")
        label.setBuddy(self.kinds)
        for widget, stretch in ((label, 0), (self.kinds, 0), (self.search, 1), (button, 0)):
            tools.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(tools)
        column.addWidget(self.text, 1)

    def _admits(self, line: Line) -> bool:
        wanted = self.search.text().casefold()
        return line.kind in FILTERS[self.kinds.currentText()] and wanted in line.text.casefold()

    def _flush(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(LINES_AT_ONCE, len(self._waiting)))]
        self._kept.extend(batch)
        self._write(line for line in batch if self._admits(line))
        if not self._waiting:
            self._timer.stop()

    def _show_again(self) -> None:
        self.text.clear()
        self._write(line for line in self._kept if self._admits(line))

    def _write(self, lines: Iterable[Line]) -> None:
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        for line in lines:
            if cursor.position():
                cursor.insertBlock()
            cursor.insertText(f"{line.time}  ", self._formats[Kind.UNKNOWN])
            cursor.insertText(line.text, self._formats[line.kind])
        cursor.endEditBlock()


class _Pane(QPlainTextEdit):
    """Keeps its end in sight, through new lines and new widths, until the user scrolls away from it."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setMaximumBlockCount(MOST_LINES)
        self.setUndoRedoEnabled(False)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setPlaceholderText(
            "Every photo gets a line here, with who is in it and the three people who are most alike."
        )
        self.setAccessibleName("Console")
        self._follows = True
        self._soon = QTimer(self)  # Qt itself moves the bar behind its change of range
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._go_to_the_end)
        # Methods, since Python may collect a closure that only its own connection to Qt's bar keeps.
        if bar := self.verticalScrollBar():
            bar.rangeChanged.connect(self._start_soon)
            bar.actionTriggered.connect(self._look)  # what the user does, and nothing else

    def _start_soon(self) -> None:
        self._soon.start()

    def _look(self) -> None:
        if bar := self.verticalScrollBar():
            self._follows = bar.sliderPosition() == bar.maximum()

    def _go_to_the_end(self) -> None:
        if self._follows and (bar := self.verticalScrollBar()):
            bar.setValue(bar.maximum())


def _formats(palette: QPalette) -> dict[Kind, QTextCharFormat]:
    base = palette.color(QPalette.ColorRole.Base)
    colours = ON_DARK if base.lightness() < 128 else ON_LIGHT
    formats = {}
    for kind in Kind:
        formats[kind] = QTextCharFormat()
        own = colours.get(kind)
        formats[kind].setForeground(QColor(own) if own else palette.color(QPalette.ColorRole.Text))
    formats[Kind.SUMMARY].setFontWeight(QFont.Weight.Bold)
    return formats
