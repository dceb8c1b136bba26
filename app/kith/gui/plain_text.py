"""Words on the screen: the window's own, and plain text, for a person or a file may be called `<img src=…>`."""

import re
from html import escape

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QIcon, QPainter, QPaintEvent, QShowEvent
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QMessageBox, QSizePolicy, QWidget

from kith.gui.phrases import in_window
from kith.text import printable

_LONGEST = 800  # characters of a message; the console has the rest
_LONG_WORD = re.compile(r"[^\s/\\-]{25,}")  # so many characters where Qt breaks no line by itself
_LETTERS = r"\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"  # Hebrew, Arabic and others written from right to left
_RIGHT_TO_LEFT = re.compile(rf"[{_LETTERS}](?:[{_LETTERS} .'’-]*[{_LETTERS}])?")
_PIECE, _NARROW_PIECE = 32, 8  # characters of it that stay together, of the widest letters, too


class Label(QLabel):
    """Shows its text as it stands; a multiple of the usual font size, lines broken if it `wraps`."""

    def __init__(
        self, text: str = "", *, bold: bool = False, size: float = 1.0, wraps: bool = False, piece: int = _PIECE
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wraps)
        font = self.font()
        font.setBold(bold)
        usual = font.pointSizeF()
        font.setPointSizeF(usual * size)
        self.setFont(font)
        self._text = ""
        self._piece = piece
        self.setText(text)

    def setText(self, text: str | None) -> None:  # noqa: N802 - Qt's name
        """Show a text; where lines are broken a long word is broken as well, rather than cut off or asked room for."""
        meant = in_window(text or "")
        shown = _safe(meant)
        if self.wordWrap():
            shown = _breakable(shown, self._piece)
        self._text = meant
        super().setText(shown)

    def text(self) -> str:
        """Return the text as it is meant, with no signs that only help to show it."""
        return self._text


class OneLine(Label):
    """A line that asks for no width; what there is no room for is in its tip."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        policies = QSizePolicy.Policy
        self.setSizePolicy(policies.Ignored, policies.Preferred)

    def setText(self, text: str | None) -> None:  # noqa: N802 - Qt's name
        """Show a text as far as there is room."""
        super().setText(text)
        set_tip(self, self.text())

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw it, with dots where it is cut."""
        painter, room = QPainter(self), self.contentsRect()
        shown = self.fontMetrics().elidedText(QLabel.text(self), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()


def wrapped(text: str = "", *, bold: bool = False) -> Label:
    """Return a label that breaks its lines."""
    return Label(text, bold=bold, wraps=True)


def narrow() -> Label:
    """Return a label that breaks its lines and asks for no width: no long name in it widens the window."""
    label = Label(wraps=True, piece=_NARROW_PIECE)
    policies = QSizePolicy.Policy
    label.setSizePolicy(policies.Ignored, policies.Preferred)
    return label


def set_tip(widget: QWidget, text: str) -> None:
    """Tell more about a widget while the mouse rests on it."""
    widget.setToolTip(tip(text))


def tip(text: str) -> str:
    """Return a text as Qt shows it as it stands, though it guesses from a tip whether it is plain."""
    text = _safe(text)
    escaped = escape(text, quote=False)
    return text if escaped == text else f'<p style="white-space: pre-wrap">{escaped}</p>'


def in_order(text: str) -> str:
    """Return a text in which a name written from right to left leaves all around it in its place."""
    return _RIGHT_TO_LEFT.sub("\N{RIGHT-TO-LEFT ISOLATE}\\g<0>\N{POP DIRECTIONAL ISOLATE}", text)


def line(text: str) -> str:
    """Return a text for an entry of a list that breaks its lines, however long a name in it."""
    return _breakable(in_order(printable(text)), _NARROW_PIECE)


def without_icons(dialog: QDialog) -> None:
    """Let the answers of a dialog be words alone: some desktops put an old picture beside some of them."""
    for box in dialog.findChildren(QDialogButtonBox):
        for button in box.buttons():
            button.setIcon(QIcon())


class _Message(QMessageBox):
    """Its answers, some of which Qt adds as it shows, are words alone."""

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take the pictures off."""
        without_icons(self)
        super().showEvent(event)


def message(parent: QWidget | None, text: str, icon: QMessageBox.Icon = QMessageBox.Icon.Warning) -> QMessageBox:
    """Return a box that tells something, no larger than a screen."""
    box = _Message(icon, "Kith", "", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    shown = _safe(text)
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]} …"
    box.setText(_breakable(shown, _PIECE))
    return box


def _safe(text: str) -> str:
    """Return a text that shows as it is read, whatever names are in it; its line breaks stay."""
    lines = in_window(text).split("\n")
    return in_order("\n".join(map(printable, lines)))


def _breakable(text: str, piece: int) -> str:
    """Return a text whose long words can be broken, which does not show where they are not."""

    def broken(found: re.Match[str]) -> str:
        word = found[0]
        return "\N{ZERO WIDTH SPACE}".join(word[start : start + piece] for start in range(0, len(word), piece))

    return _LONG_WORD.sub(broken, text)
