"""The bar at the left: the places of the window, and how much waits in one."""

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from kith.gui.style import ICON, SPACE, icon


class PlaceBar(QWidget):
    """A button a place, one of them pressed; `chosen` carries the name of the place turned to."""

    chosen = pyqtSignal(str)

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._icons = dict(places)
        self._group = QActionGroup(self)
        self.actions_by_place: dict[str, QAction] = {}
        self.buttons: dict[str, QToolButton] = {}
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
        text = f"{name}\n({waiting:,})" if waiting else name
        self.actions_by_place[name].setText(text)  # not the button's, which takes its action's text again and again
        self.buttons[name].setAccessibleName(self.tr("{0}, {1} waiting").format(name, waiting) if waiting else name)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take the colours of a new theme."""
        super().changeEvent(event)
        if event and event.type() == QEvent.Type.PaletteChange:
            self._draw_icons()

    def _button(self, name: str, number: int) -> QToolButton:
        action = QAction(name, self)
        action.setCheckable(True)
        action.setShortcut(f"Alt+{number}")
        action.setToolTip(self.tr("{0} (Alt+{1})").format(name, number))
        action.triggered.connect(lambda: self.chosen.emit(name))
        self._group.addAction(action)
        button = QToolButton()
        button.setDefaultAction(action)
        button.setAutoRaise(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(ICON)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policies = QSizePolicy.Policy
        button.setSizePolicy(policies.Expanding, policies.Preferred)
        button.setAccessibleName(name)
        self.actions_by_place[name] = action
        self.buttons[name] = button
        return button

    def _draw_icons(self) -> None:
        for name, action in self.actions_by_place.items():
            action.setIcon(icon(self._icons[name], self.palette()))
