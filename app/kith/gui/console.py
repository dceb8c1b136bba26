"""The console: what happened, line by line, bounded, coloured by kind, with a filter."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from itertools import chain, islice

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QEvent, QTimer
from PyQt6.QtGui import QAction, QFont, QPalette, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kith.gui.phrases import in_window, translate
from kith.gui.plain_text import Label, in_order
from kith.gui.read_pane import ReadPane
from kith.gui.style import Tone, colour
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
    QT_TRANSLATE_NOOP("Kith", "All lines"): frozenset(Kind),
    QT_TRANSLATE_NOOP("Kith", "Problems"): frozenset({Kind.PROBLEM, Kind.LEFT_OUT}),
    QT_TRANSLATE_NOOP("Kith", "Unsure and unknown"): frozenset({Kind.UNSURE, Kind.UNKNOWN}),
}
TONES = {
    Kind.UNSURE: Tone.UNSURE,
    Kind.UNKNOWN: Tone.UNKNOWN,
    Kind.LEFT_OUT: Tone.UNSURE,
    Kind.PROBLEM: Tone.PROBLEM,
    Kind.NOTICE: Tone.NOTICE,
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
        self.kinds = self._make_kinds()
        self.search = self._make_search()
        self._lay_out(save)
        self._formats = _formats(self.palette())

    def _make_kinds(self) -> ComboBox:
        kinds = ComboBox()
        kinds.addItems([translate("Kith", name) for name in FILTERS])
        kinds.setAccessibleName(self.tr("Which lines are shown"))
        kinds.currentIndexChanged.connect(self._show_again)
        return kinds

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setPlaceholderText(self.tr("Show only lines with this text"))
        search.setAccessibleName(self.tr("Show only lines with this text"))
        search.setClearButtonEnabled(True)
        search.textChanged.connect(self._show_again)
        return search

    def add(self, kind: Kind, text: str) -> None:
        """Add a line, with the time of day."""
        now = datetime.now()  # noqa: DTZ005 - their own clock
        shown = printable(in_window(text))  # a file's name must not break its line, turn it round or fail to be saved
        line = Line(f"{now:%H:%M:%S}", kind, shown)
        self._waiting.append(line)
        if not self._timer.isActive():
            self._timer.start()

    def lines(self) -> list[str]:
        """Return the lines that the filter admits."""
        lines = chain(self._kept, self._waiting)
        return [str(line) for line in self._admitted(lines)]

    def newest(self, count: int) -> list[str]:
        """Return the last lines, whatever is shown here."""
        newest = islice(chain(reversed(self._waiting), reversed(self._kept)), count)
        return [str(line) for line in newest][::-1]

    def as_text(self) -> str:
        """Return the lines that the filter admits."""
        return "".join(f"{line}\n" for line in self.lines())

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take the colours of a new theme."""
        super().changeEvent(event)
        if event and event.type() == QEvent.Type.PaletteChange:
            self._formats = _formats(self.palette())
            self._show_again()

    def _lay_out(self, save: QAction) -> None:
        label = Label(self.tr("&Show"))
        label.setBuddy(self.kinds)
        button = QToolButton()
        button.setDefaultAction(save)
        tools = QHBoxLayout()
        tools.addWidget(label)
        tools.addWidget(self.kinds)
        tools.addWidget(self.search, 1)
        tools.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(tools)
        column.addWidget(self.text, 1)

    def _admitted(self, lines: Iterable[Line]) -> Iterator[Line]:
        kinds = list(FILTERS.values())[self.kinds.currentIndex()]
        wanted = self.search.text().casefold()
        for line in lines:
            if line.kind in kinds and wanted in line.text.casefold():
                yield line

    def _flush(self) -> None:
        size = min(LINES_AT_ONCE, len(self._waiting))
        batch = [self._waiting.popleft() for _ in range(size)]
        self._kept.extend(batch)
        self._write(batch)
        if not self._waiting:
            self._timer.stop()

    def _show_again(self) -> None:
        self.text.clear()
        self.text.say_why_empty(bool(self._kept))
        self._write(self._kept)

    def _write(self, lines: Iterable[Line]) -> None:
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        formats = self._formats
        for line in self._admitted(lines):
            if cursor.position():
                cursor.insertBlock()
            cursor.insertText(f"{line.time}  ", formats[Kind.UNKNOWN])
            cursor.insertText(in_order(line.text), formats[line.kind])
        cursor.endEditBlock()


class _Pane(ReadPane):
    """Keeps its end in sight, through new lines and new widths, until the user scrolls away from it."""

    def __init__(self) -> None:
        super().__init__(self.tr("Console"))
        self.setMaximumBlockCount(MOST_LINES)
        self.say_why_empty(False)
        self._follows = True
        soon = QTimer(self)  # Qt itself moves the bar behind its change of range
        soon.setSingleShot(True)
        soon.setInterval(0)
        soon.timeout.connect(self._go_to_the_end)
        self._soon = soon
        # Methods, since Python may collect a closure that only its own connection to Qt's bar keeps.
        if bar := self.verticalScrollBar():
            bar.rangeChanged.connect(self._start_soon)
            bar.actionTriggered.connect(self._look)  # what the user does, and nothing else

    def say_why_empty(self, is_filtered: bool) -> None:
        """Say in an empty pane what is to be there, or that there are lines, and none is like that."""
        to_come = self.tr("Every photo gets a line here, with who is in it and the three people who are most alike.")
        self.setPlaceholderText(self.tr("No line is like that.") if is_filtered else to_come)

    def _start_soon(self) -> None:
        self._soon.start()

    def _look(self) -> None:
        if bar := self.verticalScrollBar():
            self._follows = bar.sliderPosition() == bar.maximum()

    def _go_to_the_end(self) -> None:
        bar = self.verticalScrollBar()
        if self._follows and bar:
            bar.setValue(bar.maximum())


def _formats(palette: QPalette) -> dict[Kind, QTextCharFormat]:
    formats = {}
    for kind in Kind:
        tone = TONES.get(kind)
        text_format = QTextCharFormat()
        text_format.setForeground(colour(tone, palette) if tone else palette.color(QPalette.ColorRole.Text))
        formats[kind] = text_format
    formats[Kind.SUMMARY].setFontWeight(QFont.Weight.Bold)
    return formats
