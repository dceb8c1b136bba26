"""How the window looks: distances, colours for light and dark themes, and icons."""

from enum import Enum, auto
from functools import cache
from pathlib import Path

from PyQt6.QtCore import QByteArray, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PyQt6.QtSvg import QSvgRenderer

SPACE = 8  # pixels between what belongs together; twice that between what does not
ROUND = 6  # pixels of a rounded corner
ICON = QSize(20, 20)
_ICONS = Path(__file__).parent / "icons"


class Tone(Enum):
    """What a colour says."""

    SURE = auto()
    UNSURE = auto()
    UNKNOWN = auto()
    PROBLEM = auto()
    NOTICE = auto()


# Each at least 4.5 to 1 against the background, the contrast that WCAG 2.2 asks for text.
_ON_LIGHT = {
    Tone.SURE: "#1b6e3c",
    Tone.UNSURE: "#8a5300",
    Tone.UNKNOWN: "#666666",
    Tone.PROBLEM: "#b3261e",
    Tone.NOTICE: "#0b57a4",
}
_ON_DARK = {
    Tone.SURE: "#7fd6a0",
    Tone.UNSURE: "#f2c14e",
    Tone.UNKNOWN: "#adadad",
    Tone.PROBLEM: "#ff9a90",
    Tone.NOTICE: "#8ab4f8",
}


def is_dark(palette: QPalette) -> bool:
    """Say whether texts stand on a dark ground."""
    return palette.color(QPalette.ColorRole.Base).lightness() < 128


def colour(tone: Tone, palette: QPalette) -> QColor:
    """Return a tone's colour, readable on the ground of this palette."""
    colours = _ON_DARK if is_dark(palette) else _ON_LIGHT
    return QColor(colours[tone])


def colour_on_dark(tone: Tone) -> QColor:
    """Return a tone's colour where the ground is dark whatever the theme: on a photo, with a rim."""
    return QColor(_ON_DARK[tone])


def icon(name: str, palette: QPalette) -> QIcon:
    """Return an icon in the colours of a palette: its file's name without the ending."""
    drawn = QIcon()
    groups, modes = QPalette.ColorGroup, QIcon.Mode
    for group, mode in ((groups.Active, modes.Normal), (groups.Disabled, modes.Disabled)):
        ink = palette.color(group, QPalette.ColorRole.WindowText)
        for scale in (1, 2):
            drawn.addPixmap(_pixmap(name, ink.name(), scale), mode)
    return drawn


@cache
def _pixmap(name: str, ink: str, scale: int) -> QPixmap:
    drawing = (_ICONS / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", ink)
    pixmap = QPixmap(ICON * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap
