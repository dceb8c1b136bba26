"""What the library warns of, in the console: damaged entries left out, what an update of an earlier one came to."""

import logging

from PyQt6.QtCore import QObject, pyqtSignal

from kith.gui.console import Console, Kind
from kith.gui.phrases import in_window
from kith.messages import Message


class _Told(QObject):
    warned = pyqtSignal(str)


class LibraryNotices(logging.Handler):
    """Adds the library's warnings, from whatever thread, to the console."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console
        self._told = _Told(console)
        self._told.warned.connect(self._show)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a warning over to the thread of the window."""
        told = record.msg
        text = told if isinstance(told, Message) else record.getMessage()
        self._told.warned.emit(in_window(text))

    def _show(self, text: str) -> None:
        self._console.add(Kind.NOTICE, text)
