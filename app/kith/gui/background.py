"""Work off the GUI thread, its results handed back on it."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

T = TypeVar("T")

PAUSE_MS = 250  # somebody who types pauses longer only when they look at what they typed


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
        future = self._pool.submit(task)
        future.add_done_callback(lambda ended: self._ended.emit(then, ended))

    def close(self) -> None:
        """Return when all tasks have ended; tell nothing more."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def drop(self) -> None:
        """Return at once: tasks at work end by themselves, others never begin; tell nothing more."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, then: Callable[["Future[Any]"], None], future: "Future[Any]") -> None:
        if not self._closed:
            then(future)


class _Question(QObject):
    """A task in a thread of its own; once cancelled it is told to stop and not heard of any more."""

    _answered = pyqtSignal(object)

    def __init__(self, task: Callable[[threading.Event], T], then: Callable[[T], None]) -> None:
        super().__init__()
        self._then: Callable[[Any], None] = then
        self._stop = threading.Event()
        self._answered.connect(self._tell)
        # A drive that does not answer holds up this thread alone, and not the end of the program.
        thread = threading.Thread(target=self._answer, args=(task,), name="kith-question", daemon=True)
        thread.start()

    def cancel(self) -> None:
        """Want no answer any more."""
        self._stop.set()

    def _answer(self, task: Callable[[threading.Event], T]) -> None:
        future: Future[T] = Future()
        try:
            answer = task(self._stop)
            future.set_result(answer)
        except Exception as error:  # noqa: BLE001 - raised where the answer is heard
            future.set_exception(error)
        with suppress(RuntimeError):  # Qt's half of this object is gone: the program ends
            self._answered.emit(future)

    def _tell(self, answer: "Future[Any]") -> None:
        if not self._stop.is_set():
            self._then(answer.result())


class Newest(QObject):
    """Answers the newest of several questions, once none came for a moment; those before it are cancelled.

    A question is a task that ends early when its event is set. None is answered after the owner is gone.
    """

    def __init__(self, owner: QObject, pause_ms: int = PAUSE_MS) -> None:
        super().__init__(owner)
        self._asked: list[_Question] = []
        pause = QTimer(self)
        pause.setSingleShot(True)
        pause.setInterval(pause_ms)
        pause.timeout.connect(self._end_pause)  # no lambda: it may be collected before the timer is
        self._pause = pause
        self._begin: Callable[[], object] = lambda: None
        self.destroyed.connect(partial(_cancel, self._asked))

    def ask(self, task: Callable[[threading.Event], T], then: Callable[[T], None]) -> None:
        """Ask instead of what was asked before; `then` is called with the answer."""
        self.drop()
        self._begin = lambda: self._asked.append(_Question(task, then))
        self._pause.start()

    def _end_pause(self) -> None:
        self._begin()

    def drop(self) -> None:
        """Want no answer any more."""
        self._pause.stop()
        _cancel(self._asked)
        self._asked.clear()


def _cancel(questions: Iterable[_Question]) -> None:
    for question in questions:
        question.cancel()
