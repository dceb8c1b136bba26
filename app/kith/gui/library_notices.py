"""What the library warns of, in the console: damaged entries left out, what an update of an earlier one came to."""

import logging

from PyQt6.QtCore import QObject, pyqtSignal

from kith.gui.console import Console, Kind


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
        self._told.warned.emit(record.getMessage())

    def _show(self, text: str) -> None:
        from kith.gui.lines import in_window_words  # loads the jobs, which the window need not have before it shows

        self._console.add(Kind.NOTICE, in_window_words(text))
