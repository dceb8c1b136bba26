"""The bar at the left: the places of the window, and how much waits in one."""

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QFontMetrics, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from kith.gui.phrases import translate
from kith.gui.style import ICON, SPACE, Tone, colour, icon

_BADGE_SIZE = 0.85  # of the usual letters
_MARK = 3  # pixels


class PlaceButton(QToolButton):
    """Has a badge beside its icon where something waits in its place."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = ""

    @property
    def waiting(self) -> str:
        """What the badge says, empty where there is none."""
        return self._waiting

    def show_waiting(self, count: int) -> None:
        """Show how many wait, or that nobody does."""
        self._waiting = f"{count:,}" if count else ""
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the badge over the button, and a mark beside that of the place one is at, to be seen in any theme."""
        super().paintEvent(event)
        if self.isChecked():
            painter = QPainter(self)
            painter.fillRect(0, SPACE, _MARK, self.height() - 2 * SPACE, colour(Tone.NOTICE, self.palette()))
            painter.end()
        if self._waiting:
            self._draw_badge()

    def _draw_badge(self) -> None:
        palette = self.palette()
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * _BADGE_SIZE)
        metrics = QFontMetrics(font)
        height = metrics.height() + 1
        width = max(height, metrics.horizontalAdvance(self._waiting) + SPACE)
        left = min(self.width() // 2 + SPACE // 2, self.width() - width - 1)
        place = QRectF(left, 1, width, height)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(Tone.NOTICE, palette))
        painter.drawRoundedRect(place, height / 2, height / 2)
        painter.setPen(palette.color(QPalette.ColorRole.Base))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._waiting)
        painter.end()


class PlaceBar(QWidget):
    """A button a place, one of them pressed; `chosen` carries the name of the place turned to."""

    chosen = pyqtSignal(str)

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._icons = dict(places)
        self._group = QActionGroup(self)
        self.actions_by_place: dict[str, QAction] = {}
        self.buttons: dict[str, PlaceButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE // 2, SPACE, SPACE // 2, SPACE)
        column.setSpacing(SPACE // 2)
        for number, name in enumerate(self._icons, 1):
            column.addWidget(self._button(name, number))
        column.addStretch()
        self._draw_icons()

    def turn_to(self, name: str) -> None:
        """Show which place one is at."""
        self.actions_by_place[name].setChecked(True)

    def count(self, name: str, waiting: int) -> None:
        """Show how much waits in a place."""
        self.buttons[name].show_waiting(waiting)
        shown = self.actions_by_place[name].text()
        self.buttons[name].setAccessibleName(self.tr("{0}, {1} waiting").format(shown, waiting) if waiting else shown)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take the colours of a new theme."""
        super().changeEvent(event)
        if event and event.type() == QEvent.Type.PaletteChange:
            self._draw_icons()

    def _button(self, name: str, number: int) -> PlaceButton:
        shown = translate("Kith", name)
        action = QAction(shown, self)
        action.setCheckable(True)
        action.setShortcut(f"Alt+{number}")
        action.setToolTip(self.tr("{0} (Alt+{1})").format(shown, number))
        action.triggered.connect(lambda: self.chosen.emit(name))
        self._group.addAction(action)
        button = PlaceButton()
        button.setDefaultAction(action)
        button.setAutoRaise(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(ICON)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policies = QSizePolicy.Policy
        button.setSizePolicy(policies.Expanding, policies.Preferred)
        button.setAccessibleName(shown)
        self.actions_by_place[name] = action
        self.buttons[name] = button
        return button

    def _draw_icons(self) -> None:
        for name, action in self.actions_by_place.items():
            action.setIcon(icon(self._icons[name], self.palette()))
