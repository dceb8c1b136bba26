"""Folders dropped onto the window, and the question what they are for."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QEvent, QMimeData, QObject, pyqtSignal
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QDialog, QWidget

from kith.gui.menus import Host, Needs, Page
from kith.gui.place import House
from kith.gui.places import HOME


class FolderDrops(QObject):
    """Takes what is dropped onto a widget while it `is_free`; `dropped` carries its path, `too_many` tells of more."""

    dropped = pyqtSignal(Path)
    too_many = pyqtSignal()

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
                self.too_many.emit() if paths[1:] else self.dropped.emit(paths[0])
        return True


def _paths(data: QMimeData | None) -> list[Path]:
    urls = data.urls() if data else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def page_about(folder: Path, house: House) -> Page:
    """Return the question what a folder is for, after which that is done."""

    def make(_host: Host, window: QWidget) -> QDialog:
        from kith.gui.dropped_folder import Choice, DroppedFolder

        def begin() -> None:
            house.go(HOME)
            if dialog.choice is Choice.PEOPLE:
                house.does.build.trigger()
            else:
                house.recognize(house.settings, {})

        dialog = DroppedFolder(folder, house.settings_file, house.settings, window)
        dialog.accepted.connect(begin)
        return dialog

    return Page(make, Needs.FILE)
