"""Two kinds of things counted by size, drawn as bars, and lines where decisions are made."""

from collections.abc import Sequence

from PyQt6.QtCore import QLineF, QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from kith.gui.style import Tone, colour

_WORDS = 2  # lines of text: the names of the lines above the bars, the numbers below


class Histogram(QWidget):
    """Bars of `same` (in front, filled) and `others` (outlined), over 0 to `most`, each as high as its own highest."""

    def __init__(self, title: str, unit: str = "") -> None:
        super().__init__()
        self._unit = unit
        self._most = 1.0
        self._bars: Sequence[tuple[Sequence[int], Tone]] = ()
        self._lines: Sequence[tuple[float, str]] = ()
        self.setAccessibleName(title)
        policies = QSizePolicy.Policy
        self.setSizePolicy(policies.Expanding, policies.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for bars and words."""
        return QSize(260, 90 + _WORDS * self.fontMetrics().lineSpacing())

    def show_bars(self, same: Sequence[int], others: Sequence[int], most: float) -> None:
        """Show these counts."""
        self._bars = ((others, Tone.UNKNOWN), (same, Tone.SURE))
        self._most = most
        self.update()

    def show_lines(self, lines: Sequence[tuple[float, str]]) -> None:
        """Show where decisions are made: a value and what is decided there."""
        self._lines = lines
        words = ", ".join(f"{name} {value:g}{self._unit}" for value, name in lines)
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw bars, lines and numbers."""
        painter = QPainter(self)
        line = self.fontMetrics().lineSpacing()
        ground = QRectF(4, line, self.width() - 8, self.height() - _WORDS * line)
        for counts, tone in self._bars:
            self._draw_bars(painter, ground, counts, tone)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        painter.setPen(ink)
        painter.drawLine(ground.bottomLeft(), ground.bottomRight())
        below = QRectF(ground.left(), ground.bottom(), ground.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._most:g}{self._unit}")
        for value, name in self._lines:
            self._draw_line(painter, ground, value, name)
        painter.end()

    def _draw_bars(self, painter: QPainter, ground: QRectF, counts: Sequence[int], tone: Tone) -> None:
        highest = max(counts, default=0) or 1
        width = ground.width() / max(len(counts), 1)
        ink = colour(tone, self.palette())
        painter.setPen(QPen(ink, 1))
        filled = tone is Tone.SURE
        ink.setAlphaF(0.45)
        painter.setBrush(ink if filled else Qt.BrushStyle.NoBrush)
        for place, count in enumerate(counts):
            height = ground.height() * count / highest
            if count:
                painter.drawRect(QRectF(ground.left() + place * width, ground.bottom() - height, width - 1, height))

    def _draw_line(self, painter: QPainter, ground: QRectF, value: float, name: str) -> None:
        at = ground.left() + ground.width() * min(value / self._most, 1.0)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 2, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(at, ground.top(), at, ground.bottom()))
        width = self.fontMetrics().horizontalAdvance(name)
        left = min(max(at - width / 2, ground.left()), ground.right() - width)
        words = QRectF(left, 0, width + 2, ground.top())
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, name)
