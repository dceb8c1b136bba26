"""Undo and redo by key are the program's while the field with the keyboard has nothing of its own to take back."""

from PyQt6.QtCore import QEvent, QObject
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QApplication, QLineEdit, QWidget


class FieldUndo(QObject):
    """Leaves both keys to the window's menu, which Qt's fields keep for themselves though nothing happens then."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._watch)

    def _watch(self, _left: QWidget | None, entered: QWidget | None) -> None:
        if isinstance(entered, QLineEdit):
            entered.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Refuse a key for a field that could do nothing with it."""
        if isinstance(watched, QLineEdit) and isinstance(event, QKeyEvent) and _is_idle(watched, event):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def _is_idle(field: QLineEdit, event: QKeyEvent) -> bool:
    """Say whether a field is asked to take the key to undo or to redo, and has nothing to undo or to redo."""
    if event.type() != QEvent.Type.ShortcutOverride:
        return False
    is_undo, is_redo = (event.matches(key) for key in (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo))
    return (is_undo and not field.isUndoAvailable()) or (is_redo and not field.isRedoAvailable())
