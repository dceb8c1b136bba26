"""Boxes with names, drawn into a picture of a photo."""

from dataclasses import dataclass

from PyQt6.QtCore import QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from kith.gui.plain_text import in_order
from kith.gui.style import Tone, colour_on_dark
from kith.photos.box import Box
from kith.text import printable

_PAD = 4
_GROUND = QColor(0, 0, 0, 190)


@dataclass(frozen=True, slots=True)
class Frame:
    """A box to be drawn into a picture, with a name at it."""

    box: Box
    name: str
    tone: Tone


def paint_frame(painter: QPainter, shown: QRect, frame: Frame) -> None:
    """Draw a box and its name where a photo is `shown`, light on a dark rim, which shows on any photo."""
    x, y, width, height = frame.box
    box = QRectF(x * shown.width(), y * shown.height(), width * shown.width(), height * shown.height())
    box.translate(shown.topLeft().toPointF())
    ink = colour_on_dark(frame.tone)
    for pen in (QPen(Qt.GlobalColor.black, 4), QPen(ink, 2)):
        painter.setPen(pen)
        painter.drawRect(box)
    if not frame.name:
        return
    metrics = painter.fontMetrics()
    text = metrics.elidedText(in_order(printable(frame.name)), Qt.TextElideMode.ElideRight, shown.width() - 2 * _PAD)
    words = QRectF(0, 0, metrics.horizontalAdvance(text) + 2 * _PAD, metrics.height())
    words.moveTopLeft(box.bottomLeft())
    words.moveRight(min(words.right(), shown.right()))
    words.moveBottom(min(words.bottom(), shown.bottom()))
    painter.fillRect(words, _GROUND)
    painter.drawText(words, Qt.AlignmentFlag.AlignCenter, text)
