"""Work off the GUI thread, its results handed back on it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

T = TypeVar("T")


class Background(QObject):
    """Threads that run tasks in the order given; what each comes to is told on the GUI thread."""

    _ended = pyqtSignal(object, object)

    def __init__(self, threads: int = 1) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="kith-background")
        self._closed = False
        self._ended.connect(self._tell)

    def run(self, task: Callable[[], T], then: Callable[["Future[T]"], None]) -> None:
        """Run a task and call `then` with its finished future, unless all was closed meanwhile."""
        self._pool.submit(task).add_done_callback(lambda future: self._ended.emit(then, future))

    def close(self, *, drop_waiting: bool = False) -> None:
        """Return when all tasks have ended, but for those to be dropped that have not begun; tell nothing more."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=drop_waiting)

    def _tell(self, then: Callable[["Future[Any]"], None], future: "Future[Any]") -> None:
        if not self._closed:
            then(future)
