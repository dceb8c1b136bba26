"""A button whose being chosen shows."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PyQt6.QtWidgets import QPushButton

_RING = 2.0
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ChoiceButton(QPushButton):
    """Space and Enter press it only when it was reached by key, and then a ring is drawn around it in any style.

    A click does not give it the keyboard, a key held down presses it once, and no dialog makes it its default.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take Enter as Space, which only some desktops do."""
        if event is None or event.key() not in _ENTER:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self.click()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the ring."""
        super().paintEvent(event)
        if self.hasFocus():
            self._draw_ring()

    def _draw_ring(self) -> None:
        palette = self.palette()
        colour = palette.color(QPalette.ColorRole.Highlight)
        whole = self.rect().toRectF()
        inset = _RING / 2
        ring = whole.adjusted(inset, inset, -inset, -inset)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, _RING))
        painter.drawRoundedRect(ring, 3, 3)
        painter.end()
