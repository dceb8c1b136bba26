"""Home between jobs: what happened last, and what to do next as one sentence with a button."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from kith.gui.fitting_dialog import ScrolledPage
from kith.gui.home_model import Do, State
from kith.gui.plain_text import Label, wrapped
from kith.gui.style import SPACE


class AdvicePage(QWidget):
    """Shows a state; `wanted` carries what the user pressed for."""

    wanted = pyqtSignal(Do)

    def __init__(self) -> None:
        super().__init__()
        self._does: Do | None = None
        self.heading = Label(self.tr("What to do next"), bold=True, size=1.3)
        self.advice = wrapped()
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._press)
        self.last, self.known = wrapped(), wrapped()
        self.hint = wrapped(self.tr("Or drop a folder of photos onto this window."))
        self._lay_out()
        self._show_all(False)

    def show_state(self, state: State) -> None:
        """Show how things stand."""
        advice = state.advice
        self._does = advice.does
        self.advice.setText(advice.text)
        self.button.setText(advice.button)
        self.last.setText(state.last)
        self.known.setText(state.known)
        self._show_all(True)
        for label in (self.last, self.known):
            label.setVisible(bool(label.text()))

    def add(self, widget: QWidget) -> None:
        """Show something else below all."""
        self._page.insertWidget(self._page.count() - 1, widget)

    def _show_all(self, are_visible: bool) -> None:
        for widget in (self.heading, self.advice, self.button, self.hint, self.last, self.known):
            widget.setVisible(are_visible)

    def _press(self) -> None:
        if self._does:
            self.wanted.emit(self._does)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch()
        self._page = page = QVBoxLayout()
        page.setSpacing(SPACE)
        page.addWidget(self.heading)
        page.addWidget(self.advice)
        page.addLayout(row)
        page.addSpacing(SPACE)
        for label in (self.last, self.known, self.hint):
            page.addWidget(label)
        page.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(ScrolledPage(page))
