"""Who waits for a word, looked up in the background whenever the library has come to rest after a change."""

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from kith.gui.library_desk import LibraryDesk

if TYPE_CHECKING:  # loaded by the thread that reads, after the window shows
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.review_queues import Waiting


class ReviewWatch(QObject):
    """Tells with `asking` that it looks from now on, then with `found` who waits, or with `failed` why nobody is.

    `counted` carries how many faces wait: by what the library says, or by what the user has said already. `now` is who
    waited when it last looked, None where that is not known.
    """

    asking = pyqtSignal()
    found = pyqtSignal(object)
    failed = pyqtSignal(str)
    counted = pyqtSignal(int)

    def __init__(self, desk: LibraryDesk) -> None:
        super().__init__()
        self.now: Waiting | None = None
        self._desk = desk
        self._is_looking = False
        self._is_outdated = False
        desk.settled.connect(self.look)

    def look(self) -> None:
        """Look now, or again when the look under way has ended."""
        self._is_outdated = self._is_looking
        if self._is_looking:
            return
        self._is_looking = True
        self.asking.emit()
        self._desk.read(partial(_waiting, self.now), self._find, self._fail)

    def _find(self, waiting: "Waiting") -> None:
        self._is_looking = False
        self.now = waiting
        self.counted.emit(len(waiting.faces))
        self.found.emit(waiting)
        self._look_again()

    def _fail(self, text: str) -> None:
        self._is_looking = False
        self.now = None
        self.counted.emit(0)
        self.failed.emit(text)
        self._look_again()

    def _look_again(self) -> None:
        if self._is_outdated:
            self.look()


def _waiting(before: "Waiting | None", library: "OpenLibrary") -> "Waiting":
    """Return who waits: what was known `before` itself where that is so still, since to go by many takes long."""
    from kith.jobs.review_queues import waiting

    now = waiting(library)
    return before if before and before == now else now
