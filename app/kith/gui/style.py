"""How the window looks: distances, colours for light and dark themes, and icons."""

from collections.abc import Iterator
from enum import Enum, auto
from functools import cache
from pathlib import Path

from PyQt6.QtCore import QByteArray, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QApplication, QScrollArea

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


LEAST_CONTRAST = 4.5  # to 1 between text and ground, WCAG 2.2, 1.4.3; here of disabled texts, too
_STEPS = 50  # from a colour to black or white
_AROUND_BOXES = "#aaaaaa"  # of which Qt makes the rim of a box: it is 3 to 1 on dark and light grounds
_Roles = QPalette.ColorRole
_TEXTS = {
    _Roles.WindowText: (_Roles.Window, _Roles.Base, _Roles.Button),
    _Roles.Text: (_Roles.Base, _Roles.Window),
    _Roles.ButtonText: (_Roles.Button, _Roles.Window),
    _Roles.PlaceholderText: (_Roles.Base,),
    _Roles.ToolTipText: (_Roles.ToolTipBase,),
    _Roles.Link: (_Roles.Base, _Roles.Window),
}
_GROUPS = (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled)

# Each of that contrast at least.
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


def contrast(ink: QColor, ground: QColor) -> float:
    """Return the contrast of two colours, from 1 to 21, as WCAG 2.2 reckons it."""
    lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(ink: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(ink.redF()) + 0.7152 * linear(ink.greenF()) + 0.0722 * linear(ink.blueF())


def be_readable(app: QApplication) -> None:
    """Let all be told apart in the colours of the system, light or dark, also after these have changed."""
    take_colours(app, QPalette())
    if hints := app.styleHints():
        hints.colorSchemeChanged.connect(lambda _: take_colours(app, QPalette()))


def take_colours(app: QApplication, palette: QPalette) -> None:
    """Take these colours, those of the system where they are none, so that texts and boxes to be ticked are seen."""
    app.setPalette(palette)
    app.setPalette(readable(app.palette()).resolve(palette))
    boxes = QPalette()
    boxes.setColor(_Roles.Window, QColor(_AROUND_BOXES))
    for kind in ("QCheckBox", "QTreeView"):
        app.setPalette(boxes, kind)


def readable(palette: QPalette) -> QPalette:
    """Return a palette of those colours alone that others must stand in for, so that all texts can be read."""
    better = QPalette()
    for group in _GROUPS:
        for role, ink in _better(palette, group):
            better.setColor(group, role, ink)
    return better


def _better(palette: QPalette, group: QPalette.ColorGroup) -> Iterator[tuple[QPalette.ColorRole, QColor]]:
    for role, behind in _TEXTS.items():
        grounds = [palette.color(group, ground) for ground in behind]
        yield role, _away_from(_laid_on(palette.color(group, role), grounds[0]), *grounds)
    text = palette.color(group, _Roles.HighlightedText)
    yield _Roles.Highlight, _away_from(palette.color(group, _Roles.Highlight), text)


def _laid_on(ink: QColor, ground: QColor) -> QColor:
    """Return the colour that half-transparent ink has on its ground."""
    share = ink.alphaF()
    pairs = zip((ink.redF(), ink.greenF(), ink.blueF()), (ground.redF(), ground.greenF(), ground.blueF()), strict=True)
    return QColor.fromRgbF(*(part * share + below * (1 - share) for part, below in pairs))


def _away_from(ink: QColor, *grounds: QColor) -> QColor:
    """Return a colour, no nearer to black or white than it takes to be told from each of these."""
    middle = sum(ground.lightnessF() for ground in grounds) / len(grounds)
    end = 1.0 if middle < 0.5 else 0.0
    for step in range(_STEPS + 1):
        share = step / _STEPS
        parts = (part + (end - part) * share for part in (ink.redF(), ink.greenF(), ink.blueF()))
        moved = QColor.fromRgbF(*parts)
        if all(contrast(moved, ground) >= LEAST_CONTRAST for ground in grounds):
            break
    return moved


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


def let_shine_through(scrolled: QScrollArea) -> None:
    """Have no ground of its own behind what scrolls: on a page of tabs it would be a box of another colour."""
    for widget in (scrolled.viewport(), scrolled.widget()):
        if widget:
            widget.setAutoFillBackground(False)


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
