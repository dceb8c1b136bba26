"""Folders dropped onto the window."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QEvent, QMimeData, QObject, pyqtSignal
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QWidget


class FolderDrops(QObject):
    """Takes what is dropped onto a widget while it `is_free`; `dropped` carries the first path of it."""

    dropped = pyqtSignal(Path)

    def __init__(self, widget: QWidget, is_free: Callable[[], bool]) -> None:
        super().__init__(widget)
        self._is_free = is_free
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Take drags of files and folders of this computer, and tell of what is let go."""
        if not isinstance(event, QDropEvent) or event.type() not in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            return super().eventFilter(watched, event)
        paths = _paths(event.mimeData())
        if paths and self._is_free():
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                self.dropped.emit(paths[0])
        return True


def _paths(data: QMimeData | None) -> list[Path]:
    urls = data.urls() if data else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
