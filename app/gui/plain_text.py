"""Words on the screen: always plain text, for a person or a file may be called `<img src=…>`."""

from html import escape

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QMessageBox, QWidget

_LONGEST = 1500  # characters of a message; the console has the rest


class Label(QLabel):
    """Shows its text as it stands; a multiple of the usual font size, lines broken if it `wraps`."""

    def __init__(self, text: str = "", *, bold: bool = False, size: float = 1.0, wraps: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wraps)
        font = self.font()
        font.setBold(bold)
        font.setPointSizeF(font.pointSizeF() * size)
        self.setFont(font)
        self.setText(text)


def wrapped(text: str = "", *, bold: bool = False) -> Label:
    """Return a label that breaks its lines."""
    return Label(text, bold=bold, wraps=True)


def set_tip(widget: QWidget, text: str) -> None:
    """Tell more about a widget while the mouse rests on it; Qt guesses from a tip whether it is plain."""
    escaped = escape(text, quote=False)
    widget.setToolTip(text if escaped == text else f'<p style="white-space: pre-wrap">{escaped}</p>')


def message(parent: QWidget | None, text: str, icon: QMessageBox.Icon = QMessageBox.Icon.Warning) -> QMessageBox:
    """Return a box that tells something, no larger than a screen."""
    box = QMessageBox(icon, "Kith", "", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …")
    return box
