"""Lines to be read, by keyboard too."""

from PyQt6.QtGui import QFocusEvent, QFontDatabase, QPainter, QPaintEvent, QPalette, QPen
from PyQt6.QtWidgets import QPlainTextEdit

_RING = 2


class ReadPane(QPlainTextEdit):
    """Text in letters of one width that nobody writes in; a ring shows that it has the keyboard, as no cursor does."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(text)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.setFont(font)

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the ring."""
        super().focusInEvent(event)
        self._draw_again()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw no ring."""
        super().focusOutEvent(event)
        self._draw_again()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the ring over the text."""
        super().paintEvent(event)
        viewport = self.viewport()
        if viewport and self.hasFocus():
            painter = QPainter(viewport)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), _RING))
            painter.drawRect(viewport.rect().adjusted(1, 1, -1, -1))
            painter.end()

    def _draw_again(self) -> None:
        if viewport := self.viewport():
            viewport.update()
