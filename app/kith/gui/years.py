"""Photos by year, as a small picture."""

from collections.abc import Sequence

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QSizePolicy, QWidget

from kith.gui.style import Tone, colour
from kith.text import counted

_HEIGHT = 48


class Years(QWidget):
    """A bar a year from the first to the last, as high as there are photos; nothing where no photo tells its year."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[int, int] = {}
        policies = QSizePolicy.Policy
        self.setSizePolicy(policies.Preferred, policies.Fixed)
        self.setAccessibleName(self.tr("Photos over the years"))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for bars and the years below them."""
        return QSize(220, _HEIGHT + self.fontMetrics().lineSpacing())

    def show_years(self, years: Sequence[tuple[int, int]]) -> None:
        """Show how many photos there are of each year."""
        self._counts = dict(years)
        told = ", ".join(f"{year}: {counted(count, 'photo')}" for year, count in years)
        self.setAccessibleDescription(told)
        self.setToolTip(told)
        self.setVisible(bool(years))
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the bars, and the first and the last year below them."""
        if not self._counts:
            return
        first, last = min(self._counts), max(self._counts)
        width = self.width() / (last - first + 1)
        highest = max(self._counts.values())
        painter = QPainter(self)
        ink = colour(Tone.SURE, self.palette())
        for year, count in self._counts.items():
            height = _HEIGHT * count / highest
            bar = QRectF((year - first) * width, _HEIGHT - height, max(width - 1, 1), height)
            painter.fillRect(bar, ink)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        below = QRectF(0, _HEIGHT, self.width(), self.fontMetrics().lineSpacing())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, str(first))
        if last > first:
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, str(last))
        painter.end()
