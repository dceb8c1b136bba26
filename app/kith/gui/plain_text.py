"""Words on the screen: the window's own, and plain text, for a person or a file may be called `<img src=…>`."""

import re
from html import escape

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QMessageBox, QSizePolicy, QWidget

from kith.gui.phrases import in_window
from kith.text import printable

_LONGEST = 800  # characters of a message; the console has the rest
_LONG_WORD = re.compile(r"[^\s/\\-]{32}(?=[^\s/\\-])")  # so many characters where Qt breaks no line by itself


class Label(QLabel):
    """Shows its text as it stands; a multiple of the usual font size, lines broken if it `wraps`."""

    def __init__(self, text: str = "", *, bold: bool = False, size: float = 1.0, wraps: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wraps)
        font = self.font()
        font.setBold(bold)
        usual = font.pointSizeF()
        font.setPointSizeF(usual * size)
        self.setFont(font)
        self._text = ""
        self.setText(text)

    def setText(self, text: str | None) -> None:  # noqa: N802 - Qt's name
        """Show a text; where lines are broken a long word is broken as well, rather than cut off or asked room for."""
        meant = in_window(text or "")
        shown = _safe(meant)
        if self.wordWrap():
            shown = _breakable(shown)
        self._text = meant
        super().setText(shown)

    def text(self) -> str:
        """Return the text as it is meant, with no signs that only help to show it."""
        return self._text


def wrapped(text: str = "", *, bold: bool = False) -> Label:
    """Return a label that breaks its lines."""
    return Label(text, bold=bold, wraps=True)


def narrow() -> Label:
    """Return a label that breaks its lines and asks for no width: no long name in it widens the window."""
    label = wrapped()
    policies = QSizePolicy.Policy
    label.setSizePolicy(policies.Ignored, policies.Preferred)
    return label


def set_tip(widget: QWidget, text: str) -> None:
    """Tell more about a widget while the mouse rests on it."""
    widget.setToolTip(tip(text))


def tip(text: str) -> str:
    """Return a text as a tip that shows it as it is read; Qt guesses from a tip whether it is plain."""
    text = _safe(text)
    escaped = escape(text, quote=False)
    return text if escaped == text else f'<p style="white-space: pre-wrap">{escaped}</p>'


def message(parent: QWidget | None, text: str, icon: QMessageBox.Icon = QMessageBox.Icon.Warning) -> QMessageBox:
    """Return a box that tells something, no larger than a screen."""
    box = QMessageBox(icon, "Kith", "", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    shown = _safe(text)
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]} …"
    box.setText(_breakable(shown))
    return box


def _safe(text: str) -> str:
    """Return a text that shows as it is read, whatever names are in it; its line breaks stay."""
    lines = in_window(text).split("\n")
    return "\n".join(map(printable, lines))


def _breakable(text: str) -> str:
    """Return a text whose long words can be broken, which does not show where they are not."""
    return _LONG_WORD.sub("\\g<0>\N{ZERO WIDTH SPACE}", text)
