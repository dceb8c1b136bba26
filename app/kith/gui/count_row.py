"""How many photos came to what: large numbers side by side, each in the colour of what it says."""

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from kith.gui.phrases import translate
from kith.gui.plain_text import Label
from kith.gui.style import SPACE, Tone, colour

Counts = Sequence[tuple[str, int, Tone]]


class CountRow(QWidget):
    """Shows counts; the same ones again only change their numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, tuple[Label, Tone]] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4 * SPACE)
        self._row.addStretch()

    def show_counts(self, counts: Counts) -> None:
        """Show these."""
        if list(self._shown) != [name for name, _, _ in counts]:
            self._lay_out(counts)
        for name, count, _ in counts:
            self._shown[name][0].setText(f"{count:,}")

    def text(self) -> str:
        """Return what is shown, in words."""
        return ", ".join(f"{number.text()} {name}" for name, (number, _) in self._shown.items())

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take the colours of a new theme."""
        super().changeEvent(event)
        if event and event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _lay_out(self, counts: Counts) -> None:
        while self._row.count() > 1:
            item = self._row.takeAt(0)
            column = item.widget() if item else None
            if column:
                column.deleteLater()
        self._shown = {}
        for place, (name, _, tone) in enumerate(counts):
            number = Label("0", bold=True, size=1.6)
            self._shown[name] = (number, tone)
            self._row.insertWidget(place, _column(number, Label(translate("Kith", name))))
        self._colour()

    def _colour(self) -> None:
        for number, tone in self._shown.values():
            palette = number.palette()
            palette.setColor(QPalette.ColorRole.WindowText, colour(tone, self.palette()))
            number.setPalette(palette)


def _column(number: Label, name: Label) -> QWidget:
    column = QWidget()
    lines = QVBoxLayout(column)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(0)
    for label in (number, name):
        label.setAlignment(Qt.AlignmentFlag.AlignLeft)
        lines.addWidget(label)
    return column
