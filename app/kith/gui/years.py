"""Photos by year, as a small picture."""

from collections.abc import Sequence

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QSizePolicy, QWidget

from kith.gui.style import Tone, colour
from kith.text import counted

_HEIGHT = 48
_GAP = 4  # pixels between the words and the bars
_LEAST = 3  # pixels of a bar: one photo shows, too


class Years(QWidget):
    """A bar a year from the first to the last, as high as there are photos; nothing where no photo tells its year."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[int, int] = {}
        policies = QSizePolicy.Policy
        self.setSizePolicy(policies.Preferred, policies.Fixed)
        self.setAccessibleName(self.tr("Photos over the years"))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for bars, the words above and the years below them."""
        return QSize(220, _GAP + _HEIGHT + 2 * self.fontMetrics().lineSpacing())

    def show_years(self, years: Sequence[tuple[int, int]]) -> None:
        """Show how many photos there are of each year."""
        self._counts = dict(years)
        told = ", ".join(f"{year}: {counted(count, 'photo')}" for year, count in years)
        self.setAccessibleDescription(told)
        self.setToolTip(told)
        self.setVisible(bool(years))
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw what this is, the bars, and the first and the last year below them."""
        if not self._counts:
            return
        line, width = self.fontMetrics().lineSpacing(), self.width()
        foot = line + _GAP + _HEIGHT
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        above, below = QRectF(0, 0, width, line), QRectF(0, foot, width, line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, self.tr("Photos over the years"))
        painter.drawLine(0, foot, width, foot)
        first, last = min(self._counts), max(self._counts)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, str(first))
        if last > first:
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, str(last))
        self._draw_bars(painter, foot, first, width / (last - first + 1))
        painter.end()

    def _draw_bars(self, painter: QPainter, foot: int, first: int, width: float) -> None:
        highest, ink = max(self._counts.values()), colour(Tone.SURE, self.palette())
        for year, count in self._counts.items():
            height = max(_HEIGHT * count / highest, _LEAST)
            painter.fillRect(QRectF((year - first) * width, foot - height, max(width - 1, 1), height), ink)
