"""The wheel over a field that has not the keyboard scrolls the page and changes no setting."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QComboBox


class ComboBox(QComboBox):
    """A menu of choices, deaf to the wheel until it was clicked or reached by key."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # Qt's own is given the keyboard by the wheel itself

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802 - Qt's name
        """Leave it to what lies around the field, unless the field has the keyboard."""
        if event and not self.hasFocus():
            event.ignore()
        else:
            super().wheelEvent(event)
